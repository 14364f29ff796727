"""Draws docs/images/flow-structures.png: stretching and flux of a jet, with its interfaces, as in the guide.

Usage: python tools/draw_flow_structures.py [desk]
Needs kaleido and a browser. Without "desk" a smaller jet is taken (about a minute).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from inscape.studies.turbulent_interface.figures import structure_maps
from inscape.studies.turbulent_interface.sizes import DESK
from inscape.studies.turbulent_interface.structures import structures

SMALL: dict[str, Any] = {
    **DESK,
    "grid": [48, 72, 36],
    "reynolds": 600.0,
    "thickness": 0.07,
    "noise": 0.15,
    "first": 7.0,
    "middle": 8.5,
    "last": 10.0,
    "frames": 13,
    "forward": [0.25, 0.75, 1.5, 3.0],
    "both": [0.5, 1.5],
}


def main() -> None:
    size = DESK if "desk" in sys.argv[1:] else SMALL
    found = structures({**size, "seed": 0})
    for name, value in found.items():
        if name not in ("slice", "outer", "inner", "vorticity_outer", "vorticity_inner", "audit"):
            print(name, value)
    picture = structure_maps(found["slice"])
    picture.write_image(Path("docs/images/flow-structures.png"), width=1200, height=600, scale=1.5)


if __name__ == "__main__":
    main()
