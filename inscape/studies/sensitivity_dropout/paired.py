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
