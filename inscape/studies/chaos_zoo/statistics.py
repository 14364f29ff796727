"""Statistics over systems, each with its bootstrap interval."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.stats import ConstantInputWarning, spearmanr

from inscape.studies.lab import bootstrap_interval
from inscape.studies.paper import Measured


def median_of(values: list[float], setting: str) -> Measured:
    low, high = bootstrap_interval(values, np.median)
    return Measured(float(np.median(values)), low, high, setting)


def spearman(x: list[float], y: list[float]) -> Measured:
    if len(x) < 4:
        return Measured(None, setting=f"{len(x)} systems are too few for a rank correlation")
    pairs = np.column_stack([x, y])
    with warnings.catch_warnings():
        # A draw of few systems may hold one alone, which has no rank; the interval leaves it out.
        warnings.simplefilter("ignore", ConstantInputWarning)
        low, high = bootstrap_interval(pairs, lambda p: float(spearmanr(p[:, 0], p[:, 1]).statistic))
    return Measured(float(spearmanr(x, y).statistic), low, high, f"{len(x)} systems")
