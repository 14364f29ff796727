"""Rotation in finite time: Lagrangian-averaged vorticity deviation, and the polar rotation angle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.flow_structures.flow_maps import FlowMap
from inscape.analysis.flow_structures.path_integral import PathIntegral
from inscape.analysis.flow_structures.route import durations_of, routes
from inscape.analysis.flow_structures.seeds import seeds_of
from inscape.errors import InputError
from inscape.systems.flows.carriers import carrier
from inscape.systems.flows.gridded import GriddedFlow


def polar_rotation(flow_map: FlowMap) -> Float[np.ndarray, "*shape"]:
    """Angle of the rotation in the polar decomposition of the deformation gradient, radians.

    Signed (counter-clockwise positive) in the plane, 0 to pi in space. Farazmand and Haller 2016, Physica D 315.
    """
    if not isinstance(flow_map, FlowMap):
        raise InputError(f"flow map: {type(flow_map).__name__} found, expected one of flow_map(...)[duration]")
    gradient = flow_map.gradient
    if gradient.shape[-1] == 2:
        return np.arctan2(gradient[..., 1, 0] - gradient[..., 0, 1], gradient[..., 0, 0] + gradient[..., 1, 1])
    lost = ~np.isfinite(gradient).all(axis=(-1, -2))
    left, _, right = np.linalg.svd(np.where(lost[..., None, None], np.eye(3), gradient))
    turned = np.trace(left @ right, axis1=-2, axis2=-1)
    return np.where(lost, np.nan, np.arccos(np.clip(0.5 * (turned - 1.0), -1.0, 1.0)))


def lavd(
    flow: Any,
    *,
    at: float,
    over: float | Sequence[float],
    seeds: Any = None,
    steps: int | None = None,
    tolerance: float = 1e-4,
    periods: Sequence[float | None] | None = None,
    threads: int = 1,
) -> dict[float, Float[np.ndarray, "*shape"]]:
    """Lagrangian-averaged vorticity deviation by duration: the path integral of |vorticity - its mean over the frame|.

    Its outermost closed, convex level sets around maxima are vortices that no observer can turn away. Haller et al.
    2016, J. Fluid Mech. 795. The mean is that of the frame for a gridded flow, that of the seeds where they are at
    each instant for one in closed form. Parameters as of `flow_map`.
    """
    start, asked = durations_of(flow, at, over)
    planted = seeds_of(flow, seeds, periods)
    ways, _ = routes(flow, planted.points, start, [d for d in asked if d], steps, tolerance, at_least=2)
    deviation = _of_grid(flow) if isinstance(flow, GriddedFlow) else _of_law(flow)
    found = {0.0: np.zeros(planted.shape)}
    for way in ways:
        moving: Any = carrier(flow, threads=threads)
        moving.start(planted.points, start)
        integral = PathIntegral()
        integral.add(start, deviation(moving))
        for stop, leg, count in way.legs():
            for _ in range(count):
                moving.advance(leg / count, 1)
                integral.add(moving.time, deviation(moving))
            found[stop] = np.abs(integral.total).reshape(planted.shape)
    return {d: found[d] for d in asked}


def _of_grid(flow: GriddedFlow) -> Any:
    vorticity = flow.field.vorticity()
    if flow.dimension == 2:
        vorticity = vorticity[:, None]
    axes = tuple(range(2, vorticity.ndim))
    # Lost vectors have no vorticity; the mean is that of the others.
    means = np.nanmean(vorticity, axis=axes, keepdims=True)
    sampler = flow.quantity(vorticity - means)
    return lambda moving: np.linalg.norm(sampler.read(moving.cells, moving.time), axis=1)


def _of_law(flow: Any) -> Any:
    def deviation(moving: Any) -> np.ndarray:
        slopes = flow.jacobian(moving.points(), moving.time)
        if flow.dimension == 2:
            spin = (slopes[:, 1, 0] - slopes[:, 0, 1])[:, None]
        else:
            spin = np.stack(
                [slopes[:, (k + 2) % 3, (k + 1) % 3] - slopes[:, (k + 1) % 3, (k + 2) % 3] for k in range(3)], 1
            )
        return np.linalg.norm(spin - np.nanmean(spin, axis=0), axis=1)

    return deviation
