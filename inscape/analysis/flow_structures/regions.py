"""Connected regions of a mask on a grid whose axes may close on themselves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int


def labelled(mask: Bool[np.ndarray, "*grid"], periodic: Sequence[bool]) -> tuple[Int[np.ndarray, "*grid"], int]:
    """A number for each connected region, from 1 (0 outside the mask), and how many there are."""
    from scipy.ndimage import label
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    regions, count = label(mask)
    first: list[np.ndarray] = []
    last: list[np.ndarray] = []
    for axis, closes in enumerate(periodic):
        if closes:
            a, b = np.take(regions, 0, axis=axis).ravel(), np.take(regions, -1, axis=axis).ravel()
            both = (a > 0) & (b > 0)
            first.append(a[both])
            last.append(b[both])
    if not first or count < 2:
        return regions, count
    rows, columns = np.concatenate(first), np.concatenate(last)
    meetings = coo_array((np.ones(len(rows)), (rows, columns)), shape=(count + 1, count + 1))
    _, groups = connected_components(meetings, directed=False)
    # The background is a group of its own, and keeps the number 0.
    order = np.zeros(groups.max() + 1, dtype=int)
    others = np.unique(groups[1:])
    order[others] = np.arange(1, len(others) + 1)
    numbers = order[groups]
    numbers[0] = 0
    return numbers[regions], len(others)


def largest_region(mask: Bool[np.ndarray, "*grid"], periodic: Sequence[bool]) -> Bool[np.ndarray, "*grid"]:
    """The connected region with the most points."""
    regions, count = labelled(mask, periodic)
    if count < 2:
        return mask.copy()
    sizes = np.bincount(regions.ravel())
    sizes[0] = 0
    return regions == int(np.argmax(sizes))


def without_holes(mask: Bool[np.ndarray, "*grid"], periodic: Sequence[bool]) -> Bool[np.ndarray, "*grid"]:
    """The mask with its holes filled: parts of the outside that touch no edge of the window, but for the largest."""
    regions, count = labelled(~mask, periodic)
    if count < 2:
        return mask.copy()
    sizes = np.bincount(regions.ravel())
    sizes[0] = 0
    kept = {int(np.argmax(sizes))}
    for axis, closes in enumerate(periodic):
        if not closes:
            for end in (0, -1):
                kept |= set(np.unique(np.take(regions, end, axis=axis)).tolist())
    return ~np.isin(regions, [k for k in kept if k > 0])
