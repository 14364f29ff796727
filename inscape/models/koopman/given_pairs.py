"""Snapshot pairs and weights that a user hands over, checked before anything is learned from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


def quadrature(weights: Any, pairs: int) -> Float[np.ndarray, "pair"]:
    """Weights of a quadrature rule, one for each pair.

    Raises
    ------
    InputError : if there are too few or too many, one is negative or not finite, or all are zero.
    """
    each = np.asarray(weights, dtype=float)
    if each.shape != (pairs,) or not np.isfinite(each).all() or (each < 0).any() or not each.any():
        raise InputError(f"weights: shape {each.shape} found, expected ({pairs},) numbers of at least 0, one above")
    return each


def windows_given(windows: Any, name: str) -> Float[np.ndarray, "pair past state"]:
    """Snapshots as windows (pair, past, state), from (pair,), (pair, state) or (pair, past, state) numbers.

    Raises
    ------
    InputError : if they are no numbers, have another shape, or hold infinities; NaN marks what is missing.
    """
    array = np.asarray(windows)
    if array.dtype.kind not in "biuf" or array.ndim not in (1, 2, 3) or not len(array):
        raise InputError(
            f"{name}: {array.dtype} of shape {array.shape} found, expected (pair, state) or (pair, past, state) numbers"
        )
    array = array.astype(float)
    if np.isinf(array).any():
        raise InputError(f"{name}: infinite values found; mark missing samples as NaN")
    array = array[:, None] if array.ndim == 1 else array
    return array[:, None, :] if array.ndim == 2 else array
