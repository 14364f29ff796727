"""How much a measure swings from checkpoint to checkpoint, its trend left aside."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


def detrended_deviation(
    values: Float[np.ndarray, "*series checkpoint"], *, degree: int = 1
) -> Float[np.ndarray, "*series"]:
    """Standard deviation of a measure around its own polynomial trend over checkpoints.

    The squares are divided by the checkpoints less the coefficients fitted, so that white noise of deviation s gives
    s on average whatever the number of checkpoints.

    Parameters
    ----------
    values : the measure at equally spaced checkpoints, one series or many.
    degree : of the trend; 0 takes the mean alone away.

    Raises
    ------
    InputError : for NaN, or no more checkpoints than the trend has coefficients.
    """
    array = _checked(values, degree + 2 if _is_degree(degree) else 2)
    time = np.linspace(-1.0, 1.0, array.shape[-1])
    basis = np.linalg.qr(np.polynomial.legendre.legvander(time, degree))[0]
    rest = array - (array @ basis) @ basis.T
    return np.asarray(np.sqrt((rest**2).sum(axis=-1) / (array.shape[-1] - degree - 1)))


def step_deviation(values: Float[np.ndarray, "*series checkpoint"]) -> Float[np.ndarray, "*series"]:
    """Root mean square of the change from one checkpoint to the next.

    White noise of deviation s gives sqrt(2) s; a drift adds its own step.

    Raises
    ------
    InputError : for NaN, or fewer than two checkpoints.
    """
    return np.asarray(np.sqrt((np.diff(_checked(values, 2), axis=-1) ** 2).mean(axis=-1)))


def _is_degree(degree: object) -> bool:
    if isinstance(degree, bool) or not isinstance(degree, (int, np.integer)) or degree < 0:
        raise InputError(f"degree: {degree!r} found, expected a whole number of at least 0")
    return True


def _checked(values: object, least: int) -> Float[np.ndarray, "*series checkpoint"]:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("values: not an array of numbers, expected (..., checkpoint)") from None
    if array.ndim < 1 or array.shape[-1] < least:
        raise InputError(f"values: shape {array.shape} found, expected at least {least} checkpoints on the last axis")
    if not np.isfinite(array).all():
        rows = np.unique(np.argwhere(~np.isfinite(array))[:, -1])
        raise InputError(f"values: NaN or inf at checkpoint {', '.join(map(str, rows[:5]))}; leave those out")
    return array
