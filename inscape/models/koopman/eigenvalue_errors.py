"""How sure an eigenvalue is: its standard error to first order, over stretches that do not depend on each other."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Float, Int

STRETCHES = 40
FEWEST = 8


def eigenvalue_errors(
    left: Complex[np.ndarray, "sample pair"],
    before: Complex[np.ndarray, "sample pair"],
    after: Complex[np.ndarray, "sample pair"],
    eigenvalues: Complex[np.ndarray, "pair"],
    runs: Int[np.ndarray, "sample"],
) -> Float[np.ndarray, "pair"]:
    """Standard error of each eigenvalue from the scatter of <left, K g - eigenvalue g> over stretches of the runs.

    First-order perturbation of an eigenvalue, d(lambda) = w* (dA - lambda dG) v / w* G v, one term a stretch; where w
    and v are nearly orthogonal (an ill-conditioned eigenvalue) it is as large as it should be.

    Parameters
    ----------
    left : left eigenfunctions at x, scaled to <left, g> = 1.
    before, after : eigenfunctions g at x and at y = F(x).
    runs : of each sample, in the order of time.
    """
    number = np.unique(runs, return_inverse=True)[1]
    # Runs taken together where there are many; stretches of the whole in time where there are few.
    places = number * STRETCHES // (number.max() + 1) if number.max() + 1 >= STRETCHES else _in_order(len(runs))
    starts = np.flatnonzero(np.diff(places, prepend=-1))
    count = len(starts)
    if count < FEWEST:
        return np.full(len(eigenvalues), np.nan)
    misses = np.add.reduceat(left.conj() * (after - before * eigenvalues), starts) / len(runs)
    scatter = misses - misses.mean(axis=0)
    return np.asarray(np.sqrt(count / (count - 1) * (np.abs(scatter) ** 2).sum(axis=0)))


def _in_order(samples: int) -> Int[np.ndarray, "sample"]:
    stretches = min(STRETCHES, max(1, samples // 10))
    return np.arange(samples) * stretches // samples
