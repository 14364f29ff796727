"""Deformation gradients of a flow map on a grid of seeds, and their adjugates."""

from __future__ import annotations

import numba
import numpy as np
from jaxtyping import Float

from inscape.analysis.flow_structures.seeds import Seeds
from inscape.trajectories.velocity_fields.derivatives import stencils


def grid_gradient(positions: Float[np.ndarray, "*shape axis"], seeds: Seeds) -> Float[np.ndarray, "*shape axis axis"]:
    """Row i, column j: derivative of final coordinate i by initial coordinate j, by differences between seeds.

    Fourth-order differences; beside a lost particle second-order ones where both neighbours are left, else NaN.
    """
    dimension = seeds.dimension
    spacing = seeds.spacing
    # The displacement is periodic where the flow is, and small numbers keep their digits.
    moved = positions - seeds.points.reshape(positions.shape)
    out = np.empty((*positions.shape, dimension))
    has_lost = bool(np.isnan(moved).any())
    for j, count in enumerate(seeds.shape):
        index, weights = stencils(count, seeds.periodic[j])
        split = (-1, count, int(np.prod(seeds.shape[j + 1 :])), dimension)
        _slopes_along(moved.reshape(split), index, weights / spacing[j], out.reshape(*split, dimension), j)
        if has_lost:
            near = _second_order(moved, j, spacing[j], seeds.periodic[j])
            out[..., j] = np.where(np.isfinite(out[..., j]), out[..., j], near)
        out[..., j, j] += 1.0
    if has_lost:
        out[np.isnan(moved).any(axis=-1)] = np.nan
    return metric(out, positions, seeds)


def metric(
    gradient: Float[np.ndarray, "*shape axis axis"], positions: Float[np.ndarray, "*shape axis"], seeds: Seeds
) -> Float[np.ndarray, "*shape axis axis"]:
    """The gradient in lengths: on a sphere a degree of longitude is cos(latitude) of one of latitude."""
    if not seeds.on_sphere:
        return gradient
    before = np.cos(np.deg2rad(seeds.points[:, 1])).reshape(positions.shape[:-1])
    after = np.cos(np.deg2rad(positions[..., 1]))
    gradient[..., 0, :] *= after[..., None]
    gradient[..., :, 0] /= before[..., None]
    return gradient


def _second_order(values: np.ndarray, axis: int, spacing: float, periodic: bool) -> np.ndarray:
    slope = (np.roll(values, -1, axis=axis) - np.roll(values, 1, axis=axis)) / (2.0 * spacing)
    if not periodic:
        edge = np.moveaxis(slope, axis, 0)
        edge[0] = edge[-1] = np.nan
    return slope


@numba.njit(cache=True, nogil=True, fastmath={"contract"})
def _slopes_along(values: np.ndarray, index: np.ndarray, weights: np.ndarray, out: np.ndarray, column: int) -> None:
    """out[p, r, q, i, column] = sum_k weights[r, k] values[p, index[r, k], q, i], five weights a row."""
    for p in range(values.shape[0]):
        for r in range(values.shape[1]):
            a, b, c, d, e = index[r, 0], index[r, 1], index[r, 2], index[r, 3], index[r, 4]
            for q in range(values.shape[2]):
                for i in range(values.shape[3]):
                    out[p, r, q, i, column] = (
                        weights[r, 0] * values[p, a, q, i]
                        + weights[r, 1] * values[p, b, q, i]
                        + weights[r, 2] * values[p, c, q, i]
                        + weights[r, 3] * values[p, d, q, i]
                        + weights[r, 4] * values[p, e, q, i]
                    )


@numba.njit(cache=True, error_model="numpy")
def pulled_back(gradient: np.ndarray, carried: np.ndarray) -> np.ndarray:
    """adj(G) v for every particle: gradients (particle, axis, axis), vectors (particle, axis).

    The adjugate is the inverse of an incompressible deformation. Dividing by the determinant, which is 1 but for the
    error of the gradient, would turn that error into outliers.
    """
    out = np.empty_like(carried)
    if carried.shape[1] == 2:
        for n in range(len(carried)):
            g, v = gradient[n], carried[n]
            out[n, 0] = g[1, 1] * v[0] - g[0, 1] * v[1]
            out[n, 1] = -g[1, 0] * v[0] + g[0, 0] * v[1]
        return out
    for n in range(len(carried)):
        g, v = gradient[n], carried[n]
        for i in range(3):
            a, b = (i + 1) % 3, (i + 2) % 3
            total = 0.0
            for j in range(3):
                # Entry (i, j) of the adjugate is the cofactor of (j, i).
                c, d = (j + 1) % 3, (j + 2) % 3
                total += (g[c, a] * g[d, b] - g[c, b] * g[d, a]) * v[j]
            out[n, i] = total
    return out
