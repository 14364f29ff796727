"""Finite-time Lyapunov exponents of a flow map: how fast neighbours part, or parted."""

from __future__ import annotations

import numba
import numpy as np
from jaxtyping import Float

from inscape.analysis.flow_structures.flow_maps import FlowMap
from inscape.errors import InputError


def ftle(flow_map: FlowMap) -> Float[np.ndarray, "*shape"]:
    """ln(largest eigenvalue of C) / (2 |T|), with C = G^T G the Cauchy-Green tensor, per unit time.

    Of a duration T > 0 its ridges repel; of T < 0 they attract. NaN where a particle, or a neighbour that its gradient
    needs, was lost. Haller 2015, Annu. Rev. Fluid Mech. 47.

    Raises
    ------
    InputError : if it is no flow map.
    """
    if not isinstance(flow_map, FlowMap):
        raise InputError(f"flow map: {type(flow_map).__name__} found, expected one of flow_map(...)[duration]")
    return 0.5 * np.log(largest_stretch(flow_map.gradient)) / abs(flow_map.duration)


def largest_stretch(gradient: Float[np.ndarray, "*shape axis axis"]) -> Float[np.ndarray, "*shape"]:
    """Largest eigenvalue of G^T G in the plane or in space; NaN where the gradient is not finite."""
    size = gradient.shape[-1]
    kernel = _largest_in_plane if size == 2 else _largest_in_space
    return kernel(np.ascontiguousarray(gradient).reshape(-1, size, size)).reshape(gradient.shape[:-2])


def strain_directions(
    flow_map: FlowMap,
) -> tuple[Float[np.ndarray, "*shape axis"], Float[np.ndarray, "*shape axis axis"]]:
    """Eigenvalues of the Cauchy-Green tensor, smallest first, and its eigenvectors in the columns."""
    tensor = _cauchy_green(flow_map)
    lost = ~np.isfinite(tensor).all(axis=(-1, -2))
    tensor[lost] = np.eye(tensor.shape[-1])
    values, vectors = np.linalg.eigh(tensor)
    values[lost], vectors[lost] = np.nan, np.nan
    return values, vectors


def _cauchy_green(flow_map: FlowMap) -> np.ndarray:
    if not isinstance(flow_map, FlowMap):
        raise InputError(f"flow map: {type(flow_map).__name__} found, expected one of flow_map(...)[duration]")
    gradient = flow_map.gradient
    return np.swapaxes(gradient, -1, -2) @ gradient


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _largest_in_plane(gradient: np.ndarray) -> np.ndarray:
    out = np.empty(len(gradient))
    for n in range(len(gradient)):
        g = gradient[n]
        a = g[0, 0] ** 2 + g[1, 0] ** 2
        b = g[0, 1] ** 2 + g[1, 1] ** 2
        c = g[0, 0] * g[0, 1] + g[1, 0] * g[1, 1]
        largest = 0.5 * (a + b) + np.hypot(0.5 * (a - b), c)
        out[n] = largest if np.isfinite(largest) else np.nan
    return out


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _largest_in_space(gradient: np.ndarray) -> np.ndarray:
    """The root of the characteristic cubic by the cosine of a third of an angle (Smith 1961, Commun. ACM 4)."""
    out = np.empty(len(gradient))
    for n in range(len(gradient)):
        g = gradient[n]
        a = g[0, 0] ** 2 + g[1, 0] ** 2 + g[2, 0] ** 2
        b = g[0, 1] ** 2 + g[1, 1] ** 2 + g[2, 1] ** 2
        c = g[0, 2] ** 2 + g[1, 2] ** 2 + g[2, 2] ** 2
        d = g[0, 0] * g[0, 1] + g[1, 0] * g[1, 1] + g[2, 0] * g[2, 1]
        e = g[0, 1] * g[0, 2] + g[1, 1] * g[1, 2] + g[2, 1] * g[2, 2]
        f = g[0, 0] * g[0, 2] + g[1, 0] * g[1, 2] + g[2, 0] * g[2, 2]
        mean = (a + b + c) / 3.0
        a, b, c = a - mean, b - mean, c - mean
        apart = np.sqrt((a * a + b * b + c * c + 2.0 * (d * d + e * e + f * f)) / 6.0)
        largest = mean
        if apart > 0.0:
            a, b, c, d, e, f = a / apart, b / apart, c / apart, d / apart, e / apart, f / apart
            half = 0.5 * (a * (b * c - e * e) - d * (d * c - e * f) + f * (d * e - b * f))
            largest = mean + 2.0 * apart * np.cos(np.arccos(min(1.0, max(-1.0, half))) / 3.0)
        out[n] = largest if np.isfinite(largest) else np.nan
    return out
