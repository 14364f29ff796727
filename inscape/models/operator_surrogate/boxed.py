"""`Boxed`: what every surrogate keeps - names, box, and the refusal to answer outside it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.battery.box import between, box_sides

Outside = Literal["refuse", "flag", "allow"]


class Boxed(ABC):
    """Rows of parameters inside a box, as curves at fixed times.

    Parameters
    ----------
    box : (lowest, highest) by name; a side that spans a factor of five or more is seen in its logarithm.
    times : (time,) of the curves.
    outside : rows beyond the box are refused, flagged (their curves are NaN) or allowed.
    """

    def __init__(self, box: Mapping[str, tuple[float, float]], times: Any, outside: Outside = "refuse"):
        self._low, self._high, self._logarithmic = box_sides(box)
        if outside not in ("refuse", "flag", "allow"):
            raise InputError(f"outside: {outside!r} found, expected 'refuse', 'flag' or 'allow'")
        self.box = {str(n): (float(a), float(b)) for n, a, b in zip(box, self._low, self._high, strict=True)}
        self.names = tuple(self.box)
        self.times = np.atleast_1d(np.asarray(times, dtype=float))
        if self.times.ndim != 1 or not np.isfinite(self.times).all() or (np.diff(self.times) <= 0).any():
            raise InputError(f"times: shape {self.times.shape} found, expected (time,) finite and rising")
        self.outside: Outside = outside

    def __call__(self, parameters: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        """The curves of some rows of parameters.

        Raises
        ------
        InputError : if the shape is wrong, a number is not finite, or a row lies outside the box and is refused.
        """
        rows = self._rows(parameters)
        beyond = self._beyond(rows)
        if beyond.any() and self.outside == "refuse":
            row, column = (int(k) for k in np.argwhere(beyond)[0])
            low, high = self._low[column], self._high[column]
            raise InputError(
                f"parameters: {self.names[column]} = {rows[row, column]:.6g} at row {row} lies outside the box "
                f"[{low:g}, {high:g}] ({int(beyond.any(axis=1).sum())} rows in all); widen the box and build again"
            )
        curves = self._curves(rows)
        if self.outside == "flag":
            curves[beyond.any(axis=1)] = np.nan
        return curves

    def unit(self, rows: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run parameter"]:
        """Rows in [-1, 1] of the box, logarithmic sides in their logarithm."""
        low = np.where(self._logarithmic, np.log(np.where(self._logarithmic, self._low, 1.0)), self._low)
        high = np.where(self._logarithmic, np.log(np.where(self._logarithmic, self._high, 1.0)), self._high)
        seen = np.where(self._logarithmic, np.log(np.where(self._logarithmic, rows, 1.0)), rows)
        return 2.0 * (seen - low) / (high - low) - 1.0

    def from_unit(self, unit: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run parameter"]:
        """The inverse of `unit`."""
        return between(self._low, self._high, self._logarithmic, 0.5 * (unit + 1.0))

    @abstractmethod
    def _curves(self, rows: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        """Voltages of rows within the box."""

    def _rows(self, parameters: Any) -> np.ndarray:
        try:
            rows = np.atleast_2d(np.asarray(parameters, dtype=float))
        except (TypeError, ValueError):
            raise InputError("parameters: not numbers; expected (run, parameter)") from None
        if rows.ndim != 2 or rows.shape[1] != len(self.names) or not np.isfinite(rows).all():
            raise InputError(
                f"parameters: shape {rows.shape} found, expected (run, {len(self.names)}) finite numbers: "
                + ", ".join(self.names)
            )
        return rows

    def _beyond(self, rows: np.ndarray) -> np.ndarray:
        # Rounding at an edge is no departure.
        slack = 1e-9 * (self._high - self._low)
        return (rows < self._low - slack) | (rows > self._high + slack)
