"""Correlation of two series that is left when a third is known, such as the step of training."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.analysis.block_bootstrap import pearson, together


def partial_correlation(
    x: Float[np.ndarray, "time"], y: Float[np.ndarray, "time"], *given: Float[np.ndarray, "time"]
) -> float:
    """Pearson's correlation of what is left of x and y after a linear fit of each on the given series.

    Two series that only grow with time have a high correlation and a partial one given time near zero. NaN where
    nothing is left of one of them.

    Raises
    ------
    InputError : for no given series, fewer than five times, different lengths, or entries that are not finite.
    """
    together(x, *given)
    table = together(x, y, *given)
    known = np.column_stack([np.ones(len(table)), _scaled(table[:, 2:])])
    aims = _scaled(table[:, :2])
    left = aims - known @ np.linalg.lstsq(known, aims, rcond=None)[0]
    # What rounding leaves of a series that the given ones explain wholly is no residual.
    if (np.linalg.norm(left, axis=0) < 1e-10 * np.sqrt(len(table))).any():
        return float("nan")
    return pearson(left[:, 0], left[:, 1])


def _scaled(columns: np.ndarray) -> np.ndarray:
    middle, spread = columns.mean(axis=0), columns.std(axis=0)
    return (columns - middle) / np.where(spread > 0, spread, 1.0)
