"""Fewer points for the same picture, and numbers as a page can hold them."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from jaxtyping import Float


def thinned(
    times: Float[np.ndarray, "time"], values: Float[np.ndarray, "time"], count: int
) -> tuple[Float[np.ndarray, "point"], Float[np.ndarray, "point"]]:
    """Fewer points that keep every stretch's least and greatest value, so that no spike is lost."""
    if len(times) <= count:
        return times, values
    edges = np.linspace(0, len(times), count // 2 + 1).astype(int)
    kept: list[int] = []
    for start, stop in pairwise(edges.tolist()):
        part = values[start:stop]
        if np.isfinite(part).any():
            kept += sorted({start + int(np.nanargmin(part)), start + int(np.nanargmax(part))})
    return times[kept], values[kept]


def thinned_log(
    x: Float[np.ndarray, "point"], y: Float[np.ndarray, "point"], count: int
) -> tuple[Float[np.ndarray, "kept"], Float[np.ndarray, "kept"]]:
    """Means over stretches of equal width in log x."""
    if len(x) <= count:
        return x, y
    place = np.floor(np.log(x / x[0]) / np.log(x[-1] / x[0]) * (count - 1)).astype(int)
    filled = np.bincount(place)
    used = filled > 0
    return (np.bincount(place, x)[used] / filled[used]), (np.bincount(place, y)[used] / filled[used])


def numbers(values: Any) -> list[float | None]:
    """A list for JSON: six significant digits are more than a screen shows; what is missing is null."""
    return [float(f"{v:.6g}") if np.isfinite(v) else None for v in np.asarray(values, dtype=float).ravel()]


def times_of(values: Any) -> list[float | None]:
    """As `numbers`, with the digits that a clock needs."""
    return [float(f"{v:.12g}") if np.isfinite(v) else None for v in np.asarray(values, dtype=float).ravel()]
