"""Films of the point mass driven by policies on three codes, side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

PANELS = {"inverse": "ID", "cloning": "BC", "states": "true state"}
PAUSE = 10
"""Pictures for which an episode's end is shown."""


def film_of_paths(arms: Any, path: Path, episodes: int) -> Path:
    """From the same starts to one new goal, each policy shown two episodes of it; the file appears when complete."""
    from inscape.systems.worlds.film import write_film

    runs = {name: arms.runs[arm][0] for arm, name in PANELS.items()}
    paths = {name: np.asarray(run["paths"], dtype=float)[:episodes] for name, run in runs.items()}
    goal = np.asarray(next(iter(runs.values()))["goal"], dtype=float)
    write_film(_pictures(paths, goal), path, rate=20.0)
    return path


def _pictures(
    paths: dict[str, Float[np.ndarray, "episode time 2"]], goal: Float[np.ndarray, "2"]
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    from PIL import Image, ImageDraw

    from inscape.systems.worlds import PointMass

    world = PointMass(goal)
    world.reset(seed=0)
    rest = np.array(world.state, dtype=float)
    for episode in zip(*paths.values(), strict=True):
        length = min(len(path) for path in episode)
        for step in (*range(length), *[length - 1] * PAUSE):
            panels = []
            for name, path in zip(paths, episode, strict=True):
                rest[:2] = path[step]
                world.state = rest
                panel = Image.new("RGB", (208, 228), "white")
                panel.paste(Image.fromarray(world.picture(width=200, height=200)), (4, 24))
                ImageDraw.Draw(panel).text((8, 7), name, fill=(60, 60, 60))
                panels.append(np.asarray(panel))
            yield np.concatenate(panels, axis=1)
