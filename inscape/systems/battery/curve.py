"""`Curve`: a property of an electrode as a function of its stoichiometry, fast in a compiled loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError

NODES = 2049
"""Nodes of the table: a potential that falls like exp(-40 x) is then right to 1e-9 V."""


class Curve:
    """A smooth function of the stoichiometry x in [0, 1], held as a cubic spline on even nodes; x outside is clipped.

    Parameters
    ----------
    function : a number, or a function of an array of x that returns as many numbers.
    name : what it is, for messages.

    Raises
    ------
    InputError : if it is not finite somewhere inside [0, 1].
    """

    def __init__(self, function: float | Callable[[np.ndarray], Any], name: str = "curve"):
        x = np.linspace(0.0, 1.0, NODES)
        if callable(function):
            with np.errstate(all="ignore"):
                values = np.broadcast_to(np.asarray(function(x), dtype=float), x.shape).copy()
                if not np.isfinite(values[[0, -1]]).all():
                    # Logarithms and powers of x or 1 - x have their poles at the very ends, where no cell is.
                    inside = np.asarray(function(np.clip(x, 1e-7, 1.0 - 1e-7)), dtype=float)
                    values = np.broadcast_to(inside, x.shape).copy()
        else:
            values = np.full(NODES, float(function))
        bad = ~np.isfinite(values)
        if bad.any():
            raise InputError(
                f"{name}: not finite at stoichiometry {x[bad][0]:.4g} and {int(bad.sum()) - 1} more of {NODES} nodes; "
                "expected a function that is finite on [0, 1]"
            )
        self.name = name
        self.is_constant = bool(np.ptp(values) <= 1e-12 * np.abs(values).max())
        self.values = values
        self.slopes = np.zeros(NODES) if self.is_constant else _spline_slopes(values)

    @classmethod
    def from_points(cls, x: Any, y: Any, name: str = "curve") -> Curve:
        """Through measured points by monotone cubics, which do not overshoot; held beyond the outermost points.

        Raises
        ------
        InputError : if fewer than two points are given, one is not finite, or two share an x.
        """
        from scipy.interpolate import PchipInterpolator

        at, value = np.asarray(x, dtype=float).ravel(), np.asarray(y, dtype=float).ravel()
        if at.shape != value.shape or at.size < 2 or not (np.isfinite(at).all() and np.isfinite(value).all()):
            raise InputError(
                f"{name}: {at.size} stoichiometries and {value.size} values, expected two or more finite pairs"
            )
        order = np.argsort(at)
        at, value = at[order], value[order]
        if (np.diff(at) <= 0).any():
            raise InputError(f"{name}: stoichiometry {at[1:][np.diff(at) <= 0][0]:.6g} is given twice; keep one")
        spline = PchipInterpolator(at, value)
        return cls(lambda q: spline(np.clip(q, at[0], at[-1])), name)

    def __call__(self, x: Any) -> Float[np.ndarray, "..."]:
        """The property at stoichiometries of any shape."""
        place = np.clip(np.asarray(x, dtype=float), 0.0, 1.0) * (NODES - 1)
        left = np.minimum(place.astype(np.int64), NODES - 2)
        u = place - left
        v0, v1, d0, d1 = self.values[left], self.values[left + 1], self.slopes[left], self.slopes[left + 1]
        return v0 + u * (d0 + u * (3 * (v1 - v0) - 2 * d0 - d1 + u * (2 * (v0 - v1) + d0 + d1)))

    def times(self, factor: float) -> Curve:
        """The same curve, `factor` times as high."""
        return Curve(lambda x: factor * self(x), self.name)

    def __repr__(self) -> str:
        return f"Curve({self.name}, {self.values.min():.4g} to {self.values.max():.4g})"


def _spline_slopes(values: np.ndarray) -> np.ndarray:
    """Derivatives of the cubic spline at its nodes, per node spacing."""
    from scipy.interpolate import CubicSpline

    return CubicSpline(np.arange(NODES, dtype=float), values)(np.arange(NODES, dtype=float), 1)
