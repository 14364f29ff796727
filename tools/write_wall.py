"""Writes the points from which the gallery draws its wall of attractors: `inscape/app/gallery/wall.npz`.

Run it after the zoo has changed:  python tools/write_wall.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from inscape.app.gallery.motion import portrait
from inscape.errors import InscapeError
from inscape.systems import zoo

POINTS = 1_500
TARGET = Path(__file__).resolve().parents[1] / "inscape" / "app" / "gallery" / "wall.npz"


def main() -> None:
    """Integrate every system and keep its portrait as whole numbers of 0 to 65535 along each axis."""
    kept: dict[str, Any] = {}
    for name in zoo.names():
        started = time.perf_counter()
        try:
            points = portrait(name, POINTS)
        except InscapeError as error:
            print(f"{name}: left out, {error}", file=sys.stderr)
            continue
        low, high = points.min(axis=0), points.max(axis=0)
        width = np.where(high > low, high - low, 1.0)
        kept[name] = np.round((points - low) / width * 65535).astype("<u2")
        print(f"{name}: {len(points)} points in {time.perf_counter() - started:.2f} s")
    np.savez_compressed(TARGET, **kept)
    print(f"{len(kept)} portraits, {TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
