"""Finite-time Lyapunov exponents of a flow map: how fast neighbours part, or parted."""

from __future__ import annotations

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
    tensor = _cauchy_green(flow_map)
    return 0.5 * np.log(_largest_eigenvalue(tensor)) / abs(flow_map.duration)


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


def _largest_eigenvalue(tensor: np.ndarray) -> np.ndarray:
    if tensor.shape[-1] == 2:
        mean = 0.5 * (tensor[..., 0, 0] + tensor[..., 1, 1])
        apart = np.hypot(0.5 * (tensor[..., 0, 0] - tensor[..., 1, 1]), tensor[..., 0, 1])
        return mean + apart
    lost = ~np.isfinite(tensor).all(axis=(-1, -2))
    whole = np.where(lost[..., None, None], np.eye(3), tensor) if lost.any() else tensor
    return np.where(lost, np.nan, np.linalg.eigvalsh(whole)[..., -1])
