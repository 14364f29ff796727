"""A film of four carts, each planned in the law that is left after the last cart; one row an arm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from inscape.studies.continual.sequences import worlds_of

PANEL = (240, 160)


def film_of_carts(
    motions: Mapping[str, Sequence[Float[np.ndarray, "time 5"]]], names: Sequence[str], path: Path
) -> Path:
    """One row an arm, one column a cart; the file appears when complete.

    motions : by the name of the arm, what was observed of each cart.
    """
    from inscape.systems.worlds.film import write_film

    worlds = worlds_of("cartpoles", len(names))
    write_film(_pictures(motions, names, worlds), path, rate=1.0 / worlds[0].dt)
    return path


def _pictures(
    motions: Mapping[str, Sequence[Float[np.ndarray, "time 5"]]], names: Sequence[str], worlds: Sequence[Any]
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    from PIL import Image, ImageDraw

    for world in worlds:
        world.reset(seed=0)
    for step in range(min(len(run) for runs in motions.values() for run in runs)):
        rows = []
        for arm, runs in motions.items():
            panels = []
            for world, name, run in zip(worlds, names, runs, strict=True):
                position, cosine, sine, velocity, spin = run[step]
                world.state = np.array([position, np.arctan2(sine, cosine), velocity, spin])
                panel = Image.fromarray(world.picture(width=PANEL[0], height=PANEL[1]))
                ImageDraw.Draw(panel).text((8, 6), f"{arm}: {name}", fill=(60, 60, 60))
                panels.append(np.asarray(panel))
            rows.append(np.concatenate(panels, axis=1))
        yield np.concatenate(rows, axis=0)
