"""Seeds of the parts of this study, and medians with their intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Measured


def independent_seeds(lab: Lab, count: int, label: str) -> list[int]:
    """`count` seeds below 2^31, which every generator takes."""
    return [seed % 2**31 for seed in lab.seeds(count, label)]


def median_of(values: Any, setting: str) -> Measured:
    """The median over seeds, with its bootstrap interval."""
    array = np.asarray(values, dtype=float)
    low, high = bootstrap_interval(array, lambda a: float(np.median(a)))
    return Measured(float(np.median(array)), low, high, setting)
