"""`Seeds`: where fluid particles are put into a flow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.flow import Flow
from inscape.systems.flows.gridded import GriddedFlow

_EVENNESS = 1e-3


@dataclass(frozen=True, eq=False)
class Seeds:
    """Starting points.

    Parameters
    ----------
    points : (particle, axis).
    axes : the axes of the grid that they make, or None where they are scattered.
    periodic : whether the grid of seeds closes on itself along each axis, as the flow does.
    on_sphere : coordinates are longitude and latitude in degrees.
    """

    points: Float[np.ndarray, "particle axis"]
    axes: tuple[Float[np.ndarray, "point"], ...] | None
    periodic: tuple[bool, ...]
    on_sphere: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis of the grid; (particle,) where they are scattered."""
        return (len(self.points),) if self.axes is None else tuple(len(a) for a in self.axes)

    @property
    def dimension(self) -> int:
        return self.points.shape[1]

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance of the points along each axis of the grid.

        Raises
        ------
        InputError : if the seeds are scattered.
        """
        if self.axes is None:
            raise InputError(
                "seeds: scattered points found, expected a grid; give one array of coordinates for each axis"
            )
        return tuple(float((a[-1] - a[0]) / (len(a) - 1)) for a in self.axes)

    @property
    def extent(self) -> float:
        """Diagonal of the box that holds them."""
        return float(np.linalg.norm(np.ptp(self.points, axis=0)))


def seeds_of(flow: Any, seeds: Any, periods: Sequence[float | None] | None = None) -> Seeds:
    """The seeds that an argument means.

    Parameters
    ----------
    flow : what they are for; a gridded flow without `seeds` is seeded on its own grid.
    seeds : one array of even, rising coordinates for each axis (a grid), or an array (particle, axis), or `Seeds`.
    periods : length after which each axis of the flow closes, None where it does not; a gridded flow knows its own.

    Raises
    ------
    InputError : if there are no seeds, or they are no coordinates of the flow.
    """
    if isinstance(seeds, Seeds):
        return seeds
    if not isinstance(flow, (GriddedFlow, Flow)):
        raise InputError(f"flow: {type(flow).__name__} found, expected a GriddedFlow or a Flow")
    dimension = int(flow.dimension)
    on_sphere = False
    if isinstance(flow, GriddedFlow):
        periods = flow.periods
        on_sphere = flow.field.on_sphere
        seeds = flow.field.axes if seeds is None else seeds
    if seeds is None:
        raise InputError("seeds: none found; a flow in closed form needs one array of coordinates for each axis")
    lengths = tuple(periods) if periods is not None else (None,) * dimension
    if len(lengths) != dimension:
        raise InputError(f"periods: {len(lengths)} entries found, expected {dimension}")
    if isinstance(seeds, np.ndarray) and seeds.ndim == 2:
        points = np.ascontiguousarray(_numbers("seeds", seeds))
        if points.shape[1] != dimension or len(points) == 0:
            raise InputError(f"seeds: shape {points.shape} found, expected (particle, {dimension})")
        return Seeds(points, None, (False,) * dimension, on_sphere)
    if isinstance(seeds, (str, bytes)) or not isinstance(seeds, Sequence) or len(seeds) != dimension:
        raise InputError(f"seeds: {type(seeds).__name__} found, expected {dimension} arrays of coordinates")
    axes = tuple(_axis(k, a) for k, a in enumerate(seeds))
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, dimension)
    closes = tuple(
        length is not None and abs((a[-1] - a[0]) * len(a) / (len(a) - 1) - length) < 1e-6 * length
        for a, length in zip(axes, lengths, strict=True)
    )
    return Seeds(np.ascontiguousarray(points), axes, closes, on_sphere)


def _axis(place: int, values: Any) -> np.ndarray:
    axis = _numbers(f"seeds[{place}]", values)
    if axis.ndim != 1 or len(axis) < 6:
        raise InputError(f"seeds[{place}]: shape {axis.shape} found, expected at least 6 coordinates")
    steps = np.diff(axis)
    if (steps <= 0).any() or np.ptp(steps) > _EVENNESS * steps.mean():
        raise InputError(
            f"seeds[{place}]: uneven or falling coordinates found, expected even, rising ones (np.linspace)"
        )
    return axis


def _numbers(name: str, values: Any) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: {type(values).__name__} found, expected numbers") from None
    if not np.isfinite(array).all():
        raise InputError(f"{name}: {int((~np.isfinite(array)).sum())} values are not finite")
    return array
