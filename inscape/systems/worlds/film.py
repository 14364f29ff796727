"""Films of a world that a policy acts in: pictures, step by step, to an mp4 or a GIF."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import UInt8

from inscape.errors import InputError
from inscape.extras import require
from inscape.systems.worlds.acting import begin, respond
from inscape.systems.worlds.adopted import as_world
from inscape.systems.worlds.world import World

if TYPE_CHECKING:
    import gymnasium

FASTEST = 50.0
"""Pictures a second above which steps are left out: what GIFs can show, and eyes can follow."""


def film(
    world: World | gymnasium.Env,
    policy: Any,
    path: str | Path,
    *,
    steps: int | None = None,
    seed: int = 0,
    width: int = 480,
    height: int = 320,
    speed: float = 1.0,
    caption: bool = True,
) -> Path:
    """Film a policy at work; the file appears when it is complete.

    Parameters
    ----------
    world : one of ours, or a gymnasium environment that can be drawn.
    policy : as of `record`.
    path : ends in .mp4 or .gif.
    steps : how many actions at most; to the end of the episode if None.
    seed : of the reset.
    width, height : of the picture; even numbers.
    speed : of the film against the world's own time; 0.5 is slow motion.
    caption : write time and return so far into each picture.

    Returns
    -------
    The path.

    Raises
    ------
    InputError : for another ending, odd sizes, or a world without pictures.
    MissingExtraError : if imageio or its ffmpeg is absent.
    """
    path = Path(path)
    if path.suffix not in (".mp4", ".gif"):
        raise InputError(f"path: {path.name!r} found, expected a name that ends in .mp4 or .gif")
    if width % 2 or height % 2:
        raise InputError(f"width, height: {width} x {height} found, expected even numbers, as films need")
    if not (np.isfinite(speed) and speed > 0):
        raise InputError(f"speed: {speed!r} found, expected a positive number")
    world = as_world(world)
    rate = speed / world.dt
    stride = max(1, round(rate / FASTEST))
    shown = pictures(world, policy, steps=steps, seed=seed, width=width, height=height, every=stride, caption=caption)
    write_film(shown, path, rate / stride)
    return path


def pictures(
    world: World | gymnasium.Env,
    policy: Any,
    *,
    steps: int | None = None,
    seed: int = 0,
    width: int = 480,
    height: int = 320,
    every: int = 1,
    caption: bool = False,
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """One picture after the other of an episode, every so many steps; arguments as of `film`."""
    world = as_world(world)
    if steps is not None and (isinstance(steps, bool) or int(steps) != steps or steps < 1):
        raise InputError(f"steps: {steps!r} found, expected a whole number, at least 1")
    act = respond(policy)
    observation, _ = world.reset(seed=seed)
    begin(policy)
    earned, over = 0.0, False
    for step in range(world.time_limit if steps is None else int(steps)):
        if step % every == 0:
            yield _shown(world, width, height, earned, caption)
        if over:
            return
        action = np.asarray(act(observation), dtype=float).reshape(world.action_space.shape)
        observation, reward, terminated, truncated, _ = world.step(action)
        earned += float(reward)
        over = terminated or truncated
    yield _shown(world, width, height, earned, caption)


def write_film(shown: Iterator[UInt8[np.ndarray, "height width 3"]], path: Path, rate: float) -> None:
    """Pictures into an .mp4 or .gif with so many a second."""
    writers = require("imageio.v2", "robots")
    if path.suffix == ".mp4":
        require("imageio_ffmpeg", "robots")
        settings: dict[str, Any] = {"fps": rate, "codec": "libx264", "quality": 8, "macro_block_size": 2}
    else:
        settings = {"duration": 1000 / rate, "loop": 0}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        with writers.get_writer(part, mode="I", **settings) as writer:
            for picture in shown:
                writer.append_data(picture)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _shown(world: World, width: int, height: int, earned: float, caption: bool) -> UInt8[np.ndarray, "height width 3"]:
    picture = world.picture(width=width, height=height)
    from PIL import Image, ImageDraw

    # What an environment draws itself has its own size.
    image = Image.fromarray(picture)
    if image.size != (width, height):
        image = image.resize((width, height))
    if caption:
        ImageDraw.Draw(image).text((8, 6), f"t = {world.steps * world.dt:.2f}   return {earned:.1f}", fill=(60, 60, 60))
    return np.asarray(image)
