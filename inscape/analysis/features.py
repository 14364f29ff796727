"""Features of snapshot pairs: the one door through which dictionaries come in as plain, checked numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Complex, Float, Num

from inscape.analysis.series import real_numbers, shown
from inscape.arrays import number_array
from inscape.errors import InputError

LARGEST = 1e100
"""Squares of numbers above this, and sums of them, leave the doubles."""


def complex_numbers(values: Any, name: str) -> Num[np.ndarray, "..."]:
    """`values` as an array of doubles, complex only if they came so; `InputError` if they are no numbers, or too large.

    NaN and infinities pass.
    """
    array = number_array(name, values)
    array = array.astype(complex if array.dtype.kind == "c" else float, copy=False)
    if (np.abs(array) > LARGEST).any() and np.abs(array[np.isfinite(array)]).max(initial=0.0) > LARGEST:
        raise InputError(
            f"{name}: a value above {LARGEST:g} found, expected numbers whose squares are finite; scale them"
        )
    return array


def finite_numbers(values: Any, name: str) -> Num[np.ndarray, "..."]:
    """`complex_numbers` that must all be finite."""
    array = complex_numbers(values, name)
    bad = ~np.isfinite(array)
    if bad.any():
        raise InputError(f"{name}: {int(bad.sum())} values not finite found, expected finite numbers")
    return array


def points_of_plane(values: Any, name: str = "z") -> Complex[np.ndarray, "..."]:
    """Points of the complex plane, of any shape."""
    return finite_numbers(values, name).astype(complex)


def square_matrix(values: Any, name: str, size: int | None = None) -> Num[np.ndarray, "n n"]:
    """A finite square matrix, of `size` rows if given."""
    matrix = finite_numbers(values, name)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not matrix.size:
        raise InputError(f"{name}: shape {matrix.shape} found, expected a square matrix")
    if size is not None and len(matrix) != size:
        raise InputError(f"{name}: {len(matrix)} rows found, expected {size}")
    return matrix


def feature_pairs(
    psi_x: Any, psi_y: Any, weights: Any = None
) -> tuple[Num[np.ndarray, "sample feature"], Num[np.ndarray, "sample feature"], Float[np.ndarray, "sample"], int]:
    """Features before and after one step, and the weight of each pair; pairs with a missing (NaN) value are left out.

    Returns
    -------
    (features before, features after, weights, pairs left out); the weights are 1 / samples where none are given.

    Raises
    ------
    InputError : for shapes that do not match, infinite values, weights below zero, or no complete pair.
    """
    before, after = complex_numbers(psi_x, "psi_x"), complex_numbers(psi_y, "psi_y")
    for name, values in (("psi_x", before), ("psi_y", after)):
        if values.ndim != 2 or not values.size:
            raise InputError(f"{name}: shape {values.shape} found, expected (sample, feature)")
        if np.isinf(values).any():
            raise InputError(f"{name}: {int(np.isinf(values).sum())} infinite values found, expected finite features")
    if before.shape != after.shape:
        raise InputError(f"psi_y: shape {after.shape} found, expected that of psi_x, {before.shape}")
    if weights is None:
        each = np.full(len(before), 1.0)
    else:
        each = real_numbers(weights, "weights")
        if each.shape != (len(before),):
            raise InputError(f"weights: {shown(each)} found, expected ({len(before)},), one a pair")
        if not np.isfinite(each).all() or (each < 0).any() or not (each > 0).any():
            raise InputError("weights: a value that is negative or not finite found, expected weights of at least zero")
    whole = np.isfinite(before.sum(axis=1) + after.sum(axis=1))
    dropped = int((~whole).sum())
    if dropped:
        before, after, each = before[whole], after[whole], each[whole]
    if not len(before):
        raise InputError(f"psi_x: {dropped} pairs found, all with a missing value; expected at least one complete pair")
    return before, after, (each / len(each) if weights is None else each), dropped


def check_hermitian(matrix: np.ndarray, name: str) -> None:
    """Raise `InputError` if a matrix differs from its adjoint by more than rounding."""
    defect = np.abs(matrix - matrix.conj().T).max()
    if defect > 1e-8 * max(np.abs(matrix).max(), np.finfo(float).tiny):
        raise InputError(f"{name}: a matrix that differs from its adjoint by {defect:.2g} found, expected Hermitian")
