"""How many dimensions an attractor fills: from its Lyapunov exponents, and from the pairs of its points."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from inscape.analysis.series import check_finite, real_numbers
from inscape.errors import InputError


class Dimension(float):
    """A dimension: a float that knows its standard error (`.error`, NaN where it is not known)."""

    error: float

    def __new__(cls, value: float, error: float = float("nan")) -> Self:
        dimension = super().__new__(cls, value)
        dimension.error = float(error)
        return dimension

    def __repr__(self) -> str:
        return f"{float(self):.6g}" + ("" if np.isnan(self.error) else f" +- {self.error:.2g}")

    def __reduce__(self) -> tuple[Any, ...]:
        return Dimension, (float(self), self.error)


def kaplan_yorke_dimension(exponents: Any, errors: Any = None) -> Dimension:
    """Dimension of the attractor from its Lyapunov exponents.

    D = j + (l_1 + ... + l_j) / |l_{j+1}|, with j the largest number of leading exponents whose sum is not negative
    (Kaplan & Yorke 1979). It is 0 where every exponent is negative (a fixed point) and the number of exponents where
    all of them sum to at least zero (volume is not contracted).

    Parameters
    ----------
    exponents : (exponent,) in any order, or a spectrum with `exponents` and `errors`.
    errors : (exponent,) standard errors. An exponent within three of them of zero counts as zero, so that a limit
        cycle has dimension 1 whichever way rounding tips its neutral exponent.

    Returns
    -------
    Dimension : a float with `error`, the errors propagated in first order as independent (NaN without `errors`).

    Raises
    ------
    InputError : if there is no exponent, one is not finite, or the errors do not match.
    """
    if hasattr(exponents, "exponents"):
        errors = getattr(exponents, "errors", None) if errors is None else errors
        exponents = exponents.exponents
    rates = real_numbers(exponents, "exponents")
    if rates.ndim != 1 or rates.size == 0:
        raise InputError(f"exponents: shape {rates.shape} found, expected (exponent,) with at least one")
    check_finite(rates, "exponents")
    spread = np.full(rates.shape, np.nan)
    if errors is not None:
        spread = real_numbers(errors, "errors")
        if spread.shape != rates.shape or np.any(spread < 0):
            raise InputError(f"errors: shape {spread.shape} found, expected {rates.shape} numbers of at least zero")
    order = np.argsort(-rates, kind="stable")
    rates, spread = rates[order], spread[order]
    rates = np.where(np.abs(rates) <= 3 * spread, 0.0, rates)
    sums = np.cumsum(rates)
    whole = int(np.count_nonzero(np.cumprod(sums >= 0)))
    if whole in (0, len(rates)):
        return Dimension(whole, 0.0 if errors is not None else np.nan)
    total, next_rate = sums[whole - 1], abs(rates[whole])
    variance = (np.sum(spread[:whole] ** 2) + (total / next_rate * spread[whole]) ** 2) / next_rate**2
    return Dimension(whole + total / next_rate, float(np.sqrt(variance)))
