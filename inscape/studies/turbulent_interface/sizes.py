"""How large the jets of study 24 are at each scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inscape.studies.lab import Lab

Plain = Mapping[str, Any]

# first, middle, last: instants of the window; paths start at the first (long ones) and at the middle (both ways).
# rate: Runge-Kutta steps a unit of time, a jet's width at its speed.
SMOKE: Plain = {
    "grid": [24, 48, 16],
    "box": [3.0, 6.0, 2.0],
    "reynolds": 200.0,
    "thickness": 0.1,
    "noise": 0.3,
    "first": 3.0,
    "middle": 3.75,
    "last": 4.5,
    "frames": 7,
    "forward": [0.25, 0.75, 1.5],
    "both": [0.25, 0.75],
    "rate": 8,
    "stride": 1,
}
DESK: Plain = {
    "grid": [64, 96, 48],
    "box": [4.0, 6.0, 3.0],
    "reynolds": 1000.0,
    "thickness": 0.05,
    "noise": 0.1,
    "first": 9.0,
    "middle": 11.5,
    "last": 14.0,
    "frames": 21,
    "forward": [0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0],
    "both": [0.6, 1.2, 2.25],
    "rate": 8,
    "stride": 1,
}
PAPER: Plain = {
    **DESK,
    "grid": [256, 384, 192],
    "reynolds": 4000.0,
    "frames": 41,
    "rate": 32,
    "stride": 2,
}
# One jet of a higher Reynolds number beside those of the desk, for what theirs is too low to show.
LARGER: Plain = {**DESK, "grid": [96, 144, 72], "reynolds": 2000.0, "rate": 12}
SEEDS = {"smoke": 1, "desk": 6, "paper": 3}


def jets(lab: Lab) -> list[dict[str, Any]]:
    """One item for each seed."""
    chosen = lab.choose(smoke=SMOKE, desk=DESK, paper=PAPER)
    return [{**chosen, "seed": seed} for seed in lab.seeds(SEEDS[lab.scale], "jets")]


def larger_jet(lab: Lab) -> list[dict[str, Any]]:
    """The one jet of a higher Reynolds number; none at the smallest scale."""
    chosen = lab.choose(smoke=None, desk=LARGER, paper=PAPER)
    return [] if chosen is None else [{**chosen, "seed": lab.seeds(1, "larger jet")[0]}]
