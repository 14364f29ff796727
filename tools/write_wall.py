"""Writes the points from which the gallery draws its wall of attractors and its first page: `wall.npz`, `hero.npz`.

Run it after the zoo has changed:  python tools/write_wall.py  (`hero` writes those of the first page alone)
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt16

from inscape.app.gallery.motion import portrait
from inscape.app.gallery.wall import HERO_FILE, SHOWN, WALL_FILE
from inscape.errors import InscapeError
from inscape.systems import zoo

WALL_POINTS, HERO_POINTS = 1_500, 5_000


def main(what: str = "") -> None:
    """Write the files, or the one that is named."""
    if what != "hero":
        write(WALL_FILE, zoo.names(), WALL_POINTS)
    write(HERO_FILE, SHOWN, HERO_POINTS)


def write(target: Path, names: Sequence[str], count: int) -> None:
    """Integrate every system and keep its portrait as whole numbers of 0 to 65535 along each axis."""
    kept: dict[str, UInt16[np.ndarray, "point 3"]] = {}
    for name in names:
        started = time.perf_counter()
        try:
            points = portrait(name, count)
        except InscapeError as error:
            print(f"{name}: left out, {error}", file=sys.stderr)
            continue
        low, high = points.min(axis=0), points.max(axis=0)
        width = np.where(high > low, high - low, 1.0)
        kept[name] = np.round((points - low) / width * 65535).astype("<u2")
        print(f"{name}: {len(points)} points in {time.perf_counter() - started:.2f} s")
    np.savez_compressed(target, **kept)
    print(f"{target.name}: {len(kept)} portraits, {target.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
