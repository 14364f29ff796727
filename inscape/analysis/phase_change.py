"""When a curve of learning falls: time to a threshold, length of the plateau before, sharpness of the drop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


@dataclass(frozen=True)
class PhaseChange:
    """A fall of a curve, timed by the shares of a level that are left.

    Parameters
    ----------
    t90, t50, t10 : when the curve first lies below 90, 50 and 10 % of the level; NaN if never.
    """

    t90: float
    t50: float
    t10: float

    @property
    def sharpness(self) -> float:
        """(t10 - t90) / t50: near 0 for a step after a plateau, 1.6 for a straight line, 3.2 for a plain decay."""
        return (self.t10 - self.t90) / self.t50 if self.t50 > 0 else math.nan


def time_to_threshold(
    times: Float[np.ndarray, "time"], values: Float[np.ndarray, "time *run"], below: float, *, stays: bool = False
) -> Float[np.ndarray, "*run"]:
    """First time at which a curve lies below a value, linear between samples; NaN where it never does.

    Parameters
    ----------
    times : (time,) increasing.
    values : (time,) or (time, run), NaN where there is no sample.
    below : the threshold, in the unit of the values.
    stays : count only from where the curve never rises above it again.

    Returns
    -------
    A number, or one for each run, in the unit of `times`.

    Raises
    ------
    InputError : if shapes disagree, there is no sample, or times do not increase.
    """
    t, y = _curve(times, values)
    if not np.isfinite(below):
        raise InputError(f"below: {below!r} found, expected a finite number")
    columns = y.reshape(len(t), -1)
    crossed = np.array([_crossing(t, column, float(below), stays) for column in columns.T])
    return crossed.reshape(y.shape[1:])


def plateau_length(
    times: Float[np.ndarray, "time"], values: Float[np.ndarray, "time *run"], level: float, *, width: float = 0.1
) -> Float[np.ndarray, "*run"]:
    """How long a curve on its way down stays within `width` (a share) of a level.

    From its first time below (1 + width) level to its first below (1 - width) level. NaN where it never leaves; what
    never rests there spends only the time of passing by.
    """
    if not (np.isfinite(level) and level > 0 and 0 < width < 1):
        raise InputError(f"level, width: {level!r}, {width!r} found, expected a positive level and a share in (0, 1)")
    start = time_to_threshold(times, values, (1 + width) * level)
    return time_to_threshold(times, values, (1 - width) * level) - start


def phase_change(
    times: Float[np.ndarray, "time"], values: Float[np.ndarray, "time"], level: float | None = None
) -> PhaseChange:
    """When a curve has lost 10, 50 and 90 % of a level.

    Parameters
    ----------
    times, values : one curve.
    level : where its plateau lies, such as the loss of guessing; the value it starts at if None.

    Raises
    ------
    InputError : if the level, or without one the first value, is not finite and above zero.
    """
    t, y = _curve(times, values)
    if y.ndim != 1:
        raise InputError(f"values: shape {y.shape} found, expected one curve (time,)")
    top = float(y[0]) if level is None else float(level)
    if not (np.isfinite(top) and top > 0):
        raise InputError(f"level: {top:g} found, expected a number above zero; give level=")
    return PhaseChange(*(float(_crossing(t, y, share * top, False)) for share in (0.9, 0.5, 0.1)))


def _curve(times: Any, values: Any) -> tuple[np.ndarray, np.ndarray]:
    try:
        t, y = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            "times, values: something other than numbers found, expected (time,) and (time, run)"
        ) from None
    if t.ndim != 1 or y.ndim < 1 or len(t) != len(y) or len(t) == 0:
        raise InputError(
            f"values: shape {y.shape} with times {t.shape}, expected as many values as times, at least one"
        )
    if not (np.isfinite(t).all() and (np.diff(t) > 0).all()):
        raise InputError("times: not increasing and finite; sort them and drop doubles")
    return t, y


def _crossing(t: np.ndarray, y: np.ndarray, below: float, stays: bool) -> float:
    seen = np.isfinite(y)
    t, y = t[seen], y[seen]
    under = np.flatnonzero(y < below)
    if under.size == 0:
        return math.nan
    at = under[0]
    if stays:
        above = np.flatnonzero(y >= below)
        at = 0 if above.size == 0 else above[-1] + 1
        if at == len(y):
            return math.nan
    if at == 0:
        return float(t[0])
    share = (y[at - 1] - below) / (y[at - 1] - y[at])
    return float(t[at - 1] + share * (t[at] - t[at - 1]))
