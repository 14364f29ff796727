"""One step of recursive least squares, compiled."""

from __future__ import annotations

import numba
import numpy as np

# Sums may be taken in any order, but NaN keeps its meaning.
_ANY_ORDER = {"reassoc", "contract", "nsz"}


@numba.njit(cache=True, error_model="numpy", fastmath=_ANY_ORDER)
def learn_recursively(inverse, coef, x, truth, forgetting):  # type: ignore[no-untyped-def]
    """One step of recursive least squares on (feature,) x and (target,) truth; `inverse` and `coef` move in place.

    Only the upper triangle of the inverse correlation is worked out and then mirrored: it stays symmetric, and with
    that stable, however many samples come.
    """
    size, targets = coef.shape
    pushed = np.empty(size)
    for i in range(size):
        total = 0.0
        for j in range(size):
            total += inverse[i, j] * x[j]
        pushed[i] = total
    weight = forgetting
    for i in range(size):
        weight += x[i] * pushed[i]
    for m in range(targets):
        error = truth[m]
        for i in range(size):
            error -= coef[i, m] * x[i]
        for i in range(size):
            coef[i, m] += pushed[i] * error / weight
    for i in range(size):
        gained = pushed[i] / weight
        for j in range(i, size):
            inverse[i, j] = (inverse[i, j] - gained * pushed[j]) / forgetting
    for i in range(size):
        for j in range(i):
            inverse[i, j] = inverse[j, i]
