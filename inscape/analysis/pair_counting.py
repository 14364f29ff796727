"""Pairs of points by their distance: the compiled kernel behind correlation sums."""

from __future__ import annotations

import numba
import numpy as np


@numba.njit(cache=True, fastmath=True)
def distance_histogram(
    points: np.ndarray,
    instants: np.ndarray,
    blocks: np.ndarray,
    block_count: int,
    theiler: int,
    largest: float,
    per_octave: int,
    bins: int,
    maximum_norm: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Count pairs by distance below `largest`, in bins of 1/`per_octave` octave, for every block of time they touch.

    `points` (time, state) are sorted by their first column, so that the search stops at the first point too far
    away; `instants` are their times and `blocks` their blocks. Pairs not further than `theiler` apart in time are
    passed over. Returns counts (block + 1, bin) and sums of log(distance / largest) alike; the last row is all pairs.
    Bin 0 holds the largest distances, the last bin everything closer than the others (coinciding points as well).
    """
    count, dimension = points.shape
    pairs = np.zeros((block_count + 1, bins))
    logarithms = np.zeros((block_count + 1, bins))
    limit = largest * largest
    for i in range(count):
        for j in range(i + 1, count):
            first = points[j, 0] - points[i, 0]
            if first >= largest:
                break
            if abs(instants[i] - instants[j]) <= theiler:
                continue
            square = first * first
            for k in range(1, dimension):
                difference = points[j, k] - points[i, k]
                if maximum_norm:
                    square = max(square, difference * difference)
                else:
                    square += difference * difference
            if square >= limit:
                continue
            ratio = max(square / limit, 1e-300)
            octaves = -0.5 * np.log2(ratio)
            place = min(int(octaves * per_octave), bins - 1)
            pairs[block_count, place] += 1
            logarithms[block_count, place] -= octaves
            pairs[blocks[i], place] += 1
            logarithms[blocks[i], place] -= octaves
            if blocks[i] != blocks[j]:
                pairs[blocks[j], place] += 1
                logarithms[blocks[j], place] -= octaves
    return pairs, logarithms * np.log(2.0)
