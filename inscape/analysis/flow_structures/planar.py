"""What a plane shows of a flow in space: stretching and flux from a light sheet, against those of the whole flow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.analysis.flow_structures.barriers import momentum_barrier
from inscape.analysis.flow_structures.flow_maps import flow_map
from inscape.analysis.flow_structures.path_correlation import pearson
from inscape.analysis.flow_structures.stretching import ftle
from inscape.errors import InputError
from inscape.systems.flows.gridded import GriddedFlow
from inscape.trajectories.velocity_fields.field import VelocityField

# Planes followed on each side of the sheet.
_BESIDE = 3


@dataclass(frozen=True, eq=False)
class PlanarError:
    """A plane against the space around it.

    Parameters
    ----------
    stretching, flux : correlation of the planar FTLE and of the planar |b| with those in space.
    stretching_ratio, flux_ratio : planar mean over that in space.
    planar, spatial : (x, y) the two FTLE fields.
    """

    stretching: float
    stretching_ratio: float
    flux: float
    flux_ratio: float
    planar: Float[np.ndarray, "x y"]
    spatial: Float[np.ndarray, "x y"]


def planar_error(
    field: VelocityField,
    *,
    at: float,
    over: float,
    axis: int = 2,
    index: int = 0,
    steps: int | None = None,
    flux: bool = True,
    flow: GriddedFlow | None = None,
) -> PlanarError:
    """How wrong FTLE and momentum barriers are that a planar measurement gives of a flow in space.

    Parameters
    ----------
    field : in space.
    at, over : instant and one duration.
    axis, index : the plane: across this axis, at this grid point.
    steps : Runge-Kutta steps.
    flux : compare the barriers too (the costlier part).
    flow : the flow of the field, where it has been made before.

    In space only particles of the plane and of three planes each side are followed, those that its gradients need.

    Raises
    ------
    InputError : if the field is not in space, or as of `flow_map`.
    """
    if not isinstance(field, VelocityField) or field.dimension != 3:
        raise InputError("planar error: expected a VelocityField in space")
    sheet = field.slice_at(axis, index)
    space = GriddedFlow(field) if flow is None else flow
    plane = GriddedFlow(sheet, interpolation="linear")
    layer, place = _layer(field, axis, index)
    seeds = tuple(layer if k == axis else a for k, a in enumerate(field.axes))
    deep = flow_map(space, at=at, over=over, seeds=seeds, steps=steps, tolerance=1e-4)
    flat = flow_map(plane, at=at, over=over, steps=deep.steps)
    spatial = np.take(ftle(deep[over]), place, axis=axis)
    planar = ftle(flat[over])
    shared = np.isfinite(spatial) & np.isfinite(planar)
    of_flux, ratio = np.nan, np.nan
    if flux:
        whole = np.take(momentum_barrier(space, deep)[over].magnitude, place, axis=axis)
        thin = momentum_barrier(plane, flat)[over].magnitude
        both = np.isfinite(whole) & np.isfinite(thin)
        of_flux, ratio = pearson(thin, whole), float(thin[both].mean() / whole[both].mean())
    return PlanarError(
        pearson(planar, spatial), float(planar[shared].mean() / spatial[shared].mean()), of_flux, ratio, planar, spatial
    )


def _layer(field: VelocityField, axis: int, index: int) -> tuple[np.ndarray, int]:
    """Coordinates across a plane that its fourth-order differences need, and the plane's place among them."""
    coordinates = np.asarray(field.axes[axis])
    count = len(coordinates)
    place = range(count)[index]
    if count <= 2 * _BESIDE + 1:
        return coordinates, place
    if field.periodic[axis]:  # type: ignore[index]
        spacing = (coordinates[-1] - coordinates[0]) / (count - 1)
        return coordinates[place] + spacing * np.arange(-_BESIDE, _BESIDE + 1), _BESIDE
    first = min(max(place - _BESIDE, 0), count - 2 * _BESIDE - 1)
    return coordinates[first : first + 2 * _BESIDE + 1], place - first
