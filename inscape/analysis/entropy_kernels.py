"""The compiled loops behind the entropies."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True)
def ordinal_patterns(series: np.ndarray, order: int, lag: int, weighted: bool) -> np.ndarray:
    """Weight of each of the order! ordinal patterns in a series; ties go by time, the earlier one being the smaller.

    The pattern of a window is the number whose factorial digits count, for each of its samples, the later smaller
    ones (Lehmer's code). A window weighs its variance if `weighted`, else 1.
    """
    patterns = 1
    for k in range(2, order + 1):
        patterns *= k
    weights = np.zeros(patterns)
    for start in range(len(series) - (order - 1) * lag):
        code = 0
        for i in range(order - 1):
            smaller = 0
            for j in range(i + 1, order):
                smaller += series[start + j * lag] < series[start + i * lag]
            code = (code + smaller) * (order - 1 - i)
        weight = 1.0
        if weighted:
            mean = 0.0
            for i in range(order):
                mean += series[start + i * lag]
            mean /= order
            weight = 0.0
            for i in range(order):
                weight += (series[start + i * lag] - mean) ** 2
            weight /= order
        weights[code] += weight
    return weights


@numba.njit(cache=True)
def close_pairs(vectors: np.ndarray, tolerance: float) -> int:
    """Number of pairs of rows within `tolerance` of each other in every column; rows sorted by their first column."""
    pairs = 0
    count, dimension = vectors.shape
    for i in range(count):
        for j in range(i + 1, count):
            if vectors[j, 0] - vectors[i, 0] > tolerance:
                break
            close = True
            for k in range(1, dimension):
                if abs(vectors[j, k] - vectors[i, k]) > tolerance:
                    close = False
                    break
            pairs += close
    return pairs


@numba.njit(cache=True)
def lempel_ziv_phrases(symbols: np.ndarray) -> int:
    """Number of phrases in the exhaustive history of a sequence (Lempel & Ziv 1976), after Kaspar & Schuster 1987."""
    count = len(symbols)
    if count < 2:
        return count
    phrases, start, origin, length, longest = 1, 1, 0, 1, 1
    while start + length <= count:
        if symbols[origin + length - 1] == symbols[start + length - 1]:
            length += 1
            continue
        longest = max(longest, length)
        origin += 1
        length = 1
        if origin == start:
            phrases += 1
            start += longest
            origin = 0
            longest = 1
    return phrases + (length > 1)
