"""Ridges of a field in the plane: where a particle of the FTLE landscape stands on a crest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.trajectories.velocity_fields.derivatives import derivative_along


def ridges(
    values: Float[np.ndarray, "x y"],
    axes: Sequence[Float[np.ndarray, "point"]],
    *,
    quantile: float = 0.8,
    steepness: float = 0.0,
) -> Float[np.ndarray, "ridge_point axis"]:
    """Points on the crests of a field, to a fraction of a cell.

    A point is on a ridge where the slope along the direction of strongest downward curvature vanishes and that
    curvature is negative (Steger 1998, IEEE Trans. Pattern Anal. 20; as used for FTLE by Shadden et al. 2005).

    Parameters
    ----------
    values : (x, y) an FTLE field, say; NaN where it is missing.
    axes : even coordinates.
    quantile : only points above this quantile of the field count.
    steepness : least downward curvature, as a share of the largest.

    Returns
    -------
    (ridge_point, axis), in the order of the grid.
    """
    field = np.asarray(values, dtype=float)
    if field.ndim != 2 or len(axes) != 2 or field.shape != (len(axes[0]), len(axes[1])):
        raise InputError(f"values: shape {field.shape} found, expected (x, y) as the two axes have points")
    if not 0.0 <= quantile < 1.0 or not 0.0 <= steepness < 1.0:
        raise InputError(f"quantile, steepness: {quantile}, {steepness} found, expected numbers from 0 to below 1")
    if not np.isfinite(field).any():
        raise InputError("values: all missing, so there are no ridges")
    step = [float((a[-1] - a[0]) / (len(a) - 1)) for a in axes]
    slope = [derivative_along(field, k, step[k]) for k in (0, 1)]
    bend = np.empty((*field.shape, 2, 2))
    bend[..., 0, 0] = derivative_along(field, 0, step[0], order=2)
    bend[..., 1, 1] = derivative_along(field, 1, step[1], order=2)
    bend[..., 0, 1] = bend[..., 1, 0] = derivative_along(slope[0], 1, step[1])
    known = np.asarray(np.isfinite(bend).all(axis=(-1, -2)))
    curvature, directions = np.linalg.eigh(np.where(known[..., None, None], bend, 0.0))
    down, across = curvature[..., 0], directions[..., :, 0]
    along = slope[0] * across[..., 0] + slope[1] * across[..., 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = -along / down
    offset = reach[..., None] * across
    inside = (np.abs(offset[..., 0]) <= 0.5 * step[0]) & (np.abs(offset[..., 1]) <= 0.5 * step[1])
    high = field >= np.nanquantile(field, quantile)
    steep = down <= -steepness * np.abs(down[known]).max() if known.any() else known
    chosen = known & inside & high & steep & (down < 0)
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return nodes[chosen] + offset[chosen]
