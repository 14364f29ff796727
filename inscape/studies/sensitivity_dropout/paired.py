"""Differences over seeds that all arms share."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.stats import t as student

from inscape.studies.paper import Measured


def paired(values: Float[np.ndarray, "seed"], setting: str) -> Measured:
    """Mean over seeds with its 95 % interval by Student's t."""
    mean = float(np.mean(values))
    if len(values) < 2:
        return Measured(mean, setting=setting)
    half = float(student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    return Measured(mean, mean - half, mean + half, setting)


def paired_ratio(above: Float[np.ndarray, "seed"], below: Float[np.ndarray, "seed"], setting: str) -> Measured:
    """Geometric mean over seeds of a ratio of positive numbers, with its 95 % interval; one tiny seed does not rule."""
    logs = paired(np.log(above) - np.log(below), setting)
    if logs.value is None or logs.low is None or logs.high is None:
        return Measured(None if logs.value is None else float(np.exp(logs.value)), setting=setting)
    return Measured(float(np.exp(logs.value)), float(np.exp(logs.low)), float(np.exp(logs.high)), setting)
