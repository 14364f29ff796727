"""A mean over all pairs of samples, with its sampling error."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


def mean_of_pairs(matrix: Float[np.ndarray, "sample sample"]) -> tuple[float, float]:
    """Mean off the diagonal of a symmetric matrix, and its standard error by the jackknife over samples.

    Pairs that share a sample are not independent, so the error follows the samples, not the pairs. NaN for a mean of
    fewer than two samples, and for an error of fewer than three.
    """
    n = len(matrix)
    if n < 2:
        return float("nan"), float("nan")
    rows = matrix.sum(axis=1, dtype=np.float64) - np.diagonal(matrix)
    total = rows.sum()
    mean = total / (n * (n - 1))
    if n < 3:
        return float(mean), float("nan")
    without = (total - 2 * rows) / ((n - 1) * (n - 2))
    return float(mean), float(np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2)))


def mean_across(matrix: Float[np.ndarray, "sample other"]) -> tuple[float, float]:
    """Mean of a matrix between two groups, and its standard error from the means of rows and of columns."""
    rows, columns = matrix.mean(axis=1), matrix.mean(axis=0)
    if min(matrix.shape) < 2:
        return float(matrix.mean()), float("nan")
    error = np.sqrt(rows.var(ddof=1) / len(rows) + columns.var(ddof=1) / len(columns))
    return float(matrix.mean()), float(error)


def chosen_samples(count: int, most: int | None, seed: int | np.random.Generator | None) -> np.ndarray:
    """Indices of all samples, or of `most` drawn at random where there are more."""
    if most is not None and (isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 2):
        raise InputError(f"most: {most!r} found, expected a whole number of at least 2, or None for all")
    if most is None or count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, int(most), replace=False))


def same_layers(log: Any, other: Any) -> None:
    """Refuse to compare logs of different networks."""
    if log.weights.shape[1:] != other.weights.shape[1:]:
        raise InputError(
            f"other: {other.weights.shape[1]} layers of {other.weights.shape[2]} experts found, expected "
            f"{log.weights.shape[1]} of {log.weights.shape[2]} as in the first log"
        )
