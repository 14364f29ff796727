"""Lines in a recurrence plot, counted without ever holding the plot."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def recurrent(points: np.ndarray, i: int, j: int, radius: float, maximum_norm: bool) -> bool:
    """Whether two points lie within `radius` of each other."""
    total = 0.0
    for k in range(points.shape[1]):
        difference = abs(points[i, k] - points[j, k])
        if maximum_norm:
            if difference > radius:
                return False
        else:
            total += difference * difference
    return maximum_norm or total <= radius * radius


@numba.njit(cache=True)
def diagonal_lines(points: np.ndarray, radius: float, theiler: int, maximum_norm: bool) -> np.ndarray:
    """Histogram by length of the diagonal lines above the main diagonal, from the `theiler`-th on."""
    count = len(points)
    lengths = np.zeros(count + 1, dtype=np.int64)
    for offset in range(theiler, count):
        run = 0
        for i in range(count - offset):
            if recurrent(points, i, i + offset, radius, maximum_norm):
                run += 1
            else:
                lengths[run] += 1
                run = 0
        lengths[run] += 1
    lengths[0] = 0
    return lengths


@numba.njit(cache=True)
def vertical_lines(points: np.ndarray, radius: float, theiler: int, maximum_norm: bool) -> np.ndarray:
    """Histogram by length of the vertical lines; points less than `theiler` apart in time do not count as recurrent."""
    count = len(points)
    lengths = np.zeros(count + 1, dtype=np.int64)
    for i in range(count):
        run = 0
        for j in range(count):
            if abs(i - j) >= theiler and recurrent(points, i, j, radius, maximum_norm):
                run += 1
            else:
                lengths[run] += 1
                run = 0
        lengths[run] += 1
    lengths[0] = 0
    return lengths
