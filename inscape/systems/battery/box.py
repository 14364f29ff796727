"""A box of parameters, (lowest, highest) by name, and rows drawn from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.arrays import real_array
from inscape.errors import InputError


def draw_from_box(
    box: Mapping[str, Any], n: int, seed: int | np.random.Generator | None
) -> Float[np.ndarray, "run parameter"]:
    """Rows drawn from a box of (lowest, highest), evenly in the logarithm where it spans a factor of five or more.

    Raises
    ------
    InputError : if a side is not (lowest, highest) with lowest < highest, or n is no positive whole number.
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise InputError(f"n: {n!r} found, expected a whole number of runs, at least 1")
    low, high, logarithmic = box_sides(box)
    return between(low, high, logarithmic, np.random.default_rng(seed).random((n, len(low))))


def between(
    low: Float[np.ndarray, "parameter"],
    high: Float[np.ndarray, "parameter"],
    logarithmic: Bool[np.ndarray, "parameter"],
    share: Float[np.ndarray, "run parameter"],
) -> Float[np.ndarray, "run parameter"]:
    """Rows that lie so far (0 to 1) from the lowest to the highest, in the logarithm where a side is seen so."""
    base, top = np.where(logarithmic, low, 1.0), np.where(logarithmic, high, 1.0)
    return np.where(logarithmic, base * (top / base) ** share, low + (high - low) * share)


def box_sides(box: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lowest, highest (parameter,) of a box, and whether each side is to be seen in the logarithm.

    Raises
    ------
    InputError : if a side is not (lowest, highest) with lowest < highest.
    """
    if not box:
        raise InputError("box: no parameter found, expected (lowest, highest) by name")
    sides: list[np.ndarray] = []
    for name, side in box.items():
        pair = real_array(f"box {name}", side).astype(float)
        if pair.shape != (2,) or not np.isfinite(pair).all() or not pair[0] < pair[1]:
            raise InputError(f"box {name}: {side!r} found, expected (lowest, highest)")
        sides.append(pair)
    low, high = np.array(sides).T
    return low, high, (low > 0) & (high >= 5.0 * low)
