"""Spatial derivatives of fields on a grid: Fourier along periodic axes, fourth-order differences along the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError

# Fourth-order weights by row of the first two points and of the interior; the last two mirror the first.
_FIRST_EDGE = np.array([[-25, 48, -36, 16, -3], [-3, -10, 18, -6, 1]]) / 12.0
_SECOND_EDGE = np.array([[45, -154, 214, -156, 61, -10], [10, -15, -4, 14, -6, 1]]) / 12.0
_INTERIOR = {1: np.array([1, -8, 0, 8, -1]) / 12.0, 2: np.array([-1, 16, -30, 16, -1]) / 12.0}
_FEWEST = 6


def derivative_along(
    values: Float[np.ndarray, "*grid"],
    axis: int,
    spacing: float,
    *,
    periodic: bool = False,
    order: int = 1,
    spectral: bool = True,
) -> Float[np.ndarray, "*grid"]:
    """First or second derivative of samples along one axis.

    Parameters
    ----------
    values : samples on even points; NaN marks a missing one, and its neighbours' derivatives are missing then.
    axis, spacing : which axis, and the distance of its points.
    periodic : the axis closes on itself; its last point is one spacing before the first.
    order : 1 or 2.
    spectral : take the Fourier derivative along a periodic axis (exact for resolved waves); differences otherwise.

    Raises
    ------
    InputError : if the axis has fewer than 6 points, or the order is another one.
    """
    field = np.asarray(values)
    count = field.shape[axis]
    if order not in _INTERIOR:
        raise InputError(f"order: {order!r} found, expected 1 or 2")
    if count < _FEWEST:
        raise InputError(f"grid: {count} points along axis {axis} found, expected at least {_FEWEST} for a derivative")
    if not (np.isfinite(spacing) and spacing > 0):
        raise InputError(f"spacing: {spacing!r} found, expected a positive number")
    field = np.moveaxis(field if field.dtype in (np.float32, np.float64) else field.astype(float), axis, 0)
    if periodic and spectral and np.isfinite(field).all():
        out = _fourier(field, spacing, order)
    elif periodic:
        out = sum(w * np.roll(field, 2 - k, axis=0) for k, w in enumerate(_INTERIOR[order]) if w) / spacing**order
    else:
        out = _differences(field, order) / field.dtype.type(spacing**order)
    return np.moveaxis(out, 0, axis)


def stencils(count: int, periodic: bool) -> tuple[Int[np.ndarray, "point 5"], Float[np.ndarray, "point 5"]]:
    """The fourth-order first difference at every point of an axis of unit spacing: whose samples, and their weights."""
    index = np.arange(count)[:, None] + np.arange(-2, 3)
    weights = np.tile(_INTERIOR[1], (count, 1))
    if periodic:
        return index % count, weights
    for row, edge in enumerate(_FIRST_EDGE):
        index[row], weights[row] = np.arange(5), edge
        index[-1 - row], weights[-1 - row] = count - 1 - np.arange(5), -edge
    return index, weights


def _fourier(field: np.ndarray, spacing: float, order: int) -> np.ndarray:
    import scipy.fft

    count = len(field)
    waves = 2j * np.pi * scipy.fft.rfftfreq(count, spacing)
    factor = waves**order
    if order == 1 and count % 2 == 0:
        factor[-1] = 0.0  # The shortest wave has no sine part on this grid.
    shaped = factor.reshape(-1, *[1] * (field.ndim - 1)).astype(np.result_type(field.dtype, np.complex64))
    return scipy.fft.irfft(scipy.fft.rfft(field, axis=0) * shaped, n=count, axis=0)


def _differences(field: np.ndarray, order: int) -> np.ndarray:
    count = len(field)
    out = np.empty_like(field)
    out[2:-2] = sum(w * field[k : count - 4 + k] for k, w in enumerate(_INTERIOR[order]) if w)
    edge = _FIRST_EDGE if order == 1 else _SECOND_EDGE
    sign = -1.0 if order == 1 else 1.0
    for row, weights in enumerate(edge):
        out[row] = sum(w * field[k] for k, w in enumerate(weights))
        out[-1 - row] = sign * sum(w * field[-1 - k] for k, w in enumerate(weights))
    return out


def gradient(
    values: Float[np.ndarray, "*lead *grid"],
    spacing: Sequence[float],
    periodic: Sequence[bool],
    *,
    spectral: bool = True,
) -> Float[np.ndarray, "*lead axis *grid"]:
    """The derivative along each of the last `len(spacing)` axes, on a new axis before them."""
    dimension = len(spacing)
    parts = [
        derivative_along(values, axis - dimension, spacing[axis], periodic=periodic[axis], spectral=spectral)
        for axis in range(dimension)
    ]
    return np.stack(parts, axis=-dimension - 1)


def laplacian(
    values: Float[np.ndarray, "*lead *grid"], spacing: Sequence[float], periodic: Sequence[bool]
) -> Float[np.ndarray, "*lead *grid"]:
    """Sum of the second derivatives along the last `len(spacing)` axes."""
    dimension = len(spacing)
    total = np.zeros_like(np.asarray(values))
    for axis in range(dimension):
        total = total + derivative_along(values, axis - dimension, spacing[axis], periodic=periodic[axis], order=2)
    return total


def curl(
    velocity: Float[np.ndarray, "*lead component *grid"], spacing: Sequence[float], periodic: Sequence[bool]
) -> Float[np.ndarray, "*lead ..."]:
    """Vorticity: (*lead, *grid) in the plane, (*lead, 3, *grid) in space.

    Raises
    ------
    InputError : if the grid has neither two nor three axes.
    """
    dimension = len(spacing)

    def part(component: int, along: int) -> np.ndarray:
        chosen = np.take(velocity, component, axis=-dimension - 1)
        return derivative_along(chosen, along - dimension, spacing[along], periodic=periodic[along])

    if dimension == 2:
        return part(1, 0) - part(0, 1)
    if dimension == 3:
        parts = [part(2, 1) - part(1, 2), part(0, 2) - part(2, 0), part(1, 0) - part(0, 1)]
        return np.stack(parts, axis=-dimension - 1)
    raise InputError(f"grid: {dimension} axes found, expected 2 or 3")
