"""Flow maps: where the particles of a grid are after every duration asked for, from one integration each way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.analysis.flow_structures.deformation import grid_gradient, metric
from inscape.analysis.flow_structures.route import durations_of, routes
from inscape.analysis.flow_structures.seeds import Seeds, seeds_of
from inscape.errors import InputError, UnknownNameError
from inscape.systems.flows.carriers import carrier
from inscape.systems.flows.gridded import GriddedFlow

GradientMethod = Literal["grid", "auxiliary", "variational"]
_METHODS = ("grid", "auxiliary", "variational")
# Distance of auxiliary particles from their seed, in distances of seeds.
_NEAR = 1e-3


@dataclass(frozen=True, eq=False)
class FlowMap:
    """Where particles are a duration after they were at their seeds.

    Parameters
    ----------
    at, duration : instant of the seeds, and the time since (negative: before).
    seeds : where they started.
    positions : (*shape, axis) where they are; unwrapped along periodic axes, NaN for those that left the window.
    """

    at: float
    duration: float
    seeds: Seeds
    positions: Float[np.ndarray, "*shape axis"]
    _gradient: np.ndarray | None = field(default=None, repr=False)

    @cached_property
    def gradient(self) -> Float[np.ndarray, "*shape axis axis"]:
        """Deformation gradient; row: final coordinate, column: initial one.

        Raises
        ------
        InputError : if the seeds are scattered and the gradient was not carried along.
        """
        if self._gradient is not None:
            return self._gradient
        if self.seeds.axes is None:
            raise InputError("gradient: scattered seeds found; ask flow_map for gradient='auxiliary' or 'variational'")
        return grid_gradient(self.positions, self.seeds)

    @property
    def lost(self) -> int:
        """Particles that left the window or met a missing vector."""
        return int(np.isnan(self.positions).any(axis=-1).sum())

    def __repr__(self) -> str:
        return f"FlowMap(t {self.at:g} + {self.duration:g}, {self.positions.shape[:-1]} particles, {self.lost} lost)"


@dataclass(frozen=True, eq=False)
class FlowMaps(Mapping[float, FlowMap]):
    """Flow maps of the same seeds by duration.

    Parameters
    ----------
    maps : by duration.
    steps : Runge-Kutta steps of the longest duration of a direction.
    error : estimated error of nine in ten paths over the extent of the seeds; NaN where `steps` was given.
    """

    maps: Mapping[float, FlowMap]
    steps: int
    error: float

    def __getitem__(self, duration: float) -> FlowMap:
        near = min(self.maps, key=lambda known: abs(known - duration))
        if abs(near - duration) > 1e-9 * max(1.0, abs(duration)):
            raise UnknownNameError("duration", f"{duration:g}", [f"{d:g}" for d in self.maps])
        return self.maps[near]

    def __iter__(self) -> Iterator[float]:
        return iter(self.maps)

    def __len__(self) -> int:
        return len(self.maps)

    @property
    def at(self) -> float:
        return next(iter(self.maps.values())).at

    @property
    def seeds(self) -> Seeds:
        return next(iter(self.maps.values())).seeds

    @property
    def lost(self) -> int:
        """Particles that were lost on any of the durations."""
        gone = [np.isnan(m.positions).any(axis=-1) for m in self.maps.values()]
        return int(np.logical_or.reduce(gone).sum())


def flow_map(
    flow: Any,
    *,
    at: float,
    over: float | Sequence[float],
    seeds: Any = None,
    steps: int | None = None,
    tolerance: float = 1e-5,
    gradient: GradientMethod = "grid",
    periods: Sequence[float | None] | None = None,
    threads: int = 1,
) -> FlowMaps:
    """Carry a grid of particles, and keep where they are after each duration.

    Parameters
    ----------
    flow : a `GriddedFlow`, or a `Flow` of two or three coordinates.
    at : when the particles are at their seeds.
    over : durations; negative ones backward in time. Every shorter one costs nothing.
    seeds : one array of coordinates for each axis, or points (particle, axis); the flow's own grid if None.
    steps : Runge-Kutta steps of the longest duration; found from `tolerance` if None.
    tolerance : change of nine in ten paths on halving the step, over the extent of the seeds.
    gradient : how the deformation gradient is found: differences between seeds ("grid"), four or six particles beside
        each seed ("auxiliary"), or the variational equations ("variational", of a flow in closed form).
    periods : length after which each axis of a flow in closed form closes, None where it does not.
    threads : cores to use.

    Raises
    ------
    InputError : if a duration leads out of the record (the longest one is named), or arguments do not fit.
    """
    if gradient not in _METHODS:
        raise UnknownNameError("gradient", str(gradient), _METHODS)
    start, asked = durations_of(flow, at, over)
    if 0.0 in asked:
        raise InputError("over: a duration of 0 found, expected positive or negative ones")
    if gradient == "variational" and isinstance(flow, GriddedFlow):
        raise InputError("gradient: 'variational' found for a gridded flow; take 'grid' or 'auxiliary'")
    planted = seeds_of(flow, seeds, periods)
    ways, error = routes(flow, planted.points, start, asked, steps, tolerance)
    size = planted.dimension
    offsets = _offsets(planted) if gradient == "auxiliary" else None
    if gradient == "variational":
        from inscape.systems.flows.tangent import tangent_flow

        carried = tangent_flow(flow)
        initial = np.hstack([planted.points, np.tile(np.eye(size).ravel(), (len(planted.points), 1))])
    else:
        carried = flow
        initial = planted.points if offsets is None else _with_auxiliaries(planted.points, offsets)
    found: dict[float, FlowMap] = {}
    for way in ways:
        moving = carrier(carried, threads=threads)
        moving.start(initial, start)
        for stop, leg, count in way.legs():
            moving.advance(leg, count)
            states = moving.points()
            deformation = None
            if gradient == "variational":
                deformation = states[:, size:].reshape(*planted.shape, size, size)
            elif offsets is not None:
                deformation = _from_auxiliaries(states, offsets, planted)
            positions = states[: len(planted.points), :size].reshape(*planted.shape, size)
            found[stop] = FlowMap(start, stop, planted, positions, deformation)
    return FlowMaps({d: found[d] for d in asked}, max(sum(way.steps) for way in ways), error)


def _offsets(seeds: Seeds) -> np.ndarray:
    if seeds.axes is None:
        extent = seeds.extent or 1.0
        return np.full(seeds.dimension, 1e-5 * extent)
    return _NEAR * np.array(seeds.spacing)


def _with_auxiliaries(points: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """The seeds, then for each axis those moved up and those moved down by its offset."""
    parts = [points]
    for axis, offset in enumerate(offsets):
        for sign in (1.0, -1.0):
            moved = points.copy()
            moved[:, axis] += sign * offset
            parts.append(moved)
    return np.ascontiguousarray(np.vstack(parts))


def _from_auxiliaries(states: np.ndarray, offsets: np.ndarray, seeds: Seeds) -> np.ndarray:
    size = seeds.dimension
    parts = states.reshape(2 * size + 1, -1, size)
    slopes = [(parts[1 + 2 * j] - parts[2 + 2 * j]) / (2.0 * offsets[j]) for j in range(size)]
    gradient = np.stack(slopes, axis=-1).reshape(*seeds.shape, size, size)
    return metric(gradient, parts[0].reshape(*seeds.shape, size), seeds)
