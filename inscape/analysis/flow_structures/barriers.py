"""Active barriers: the field whose invariant surfaces block the diffusive transport of momentum or vorticity.

b(x0) = 1/T int adj(grad F) Lap u(F(x0, t), t) dt, up to the viscosity: Haller, Katsanoulis, Holzner, Frohnapfel and
Gatti 2020, J. Fluid Mech. 905, A17. Its limit for T = 0 is Lap u itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.analysis.flow_structures.deformation import grid_gradient, pulled_back
from inscape.analysis.flow_structures.flow_maps import FlowMaps
from inscape.analysis.flow_structures.path_integral import PathIntegral
from inscape.analysis.flow_structures.route import Route, durations_of, routes
from inscape.analysis.flow_structures.seeds import Seeds, seeds_of
from inscape.errors import InputError, UnknownNameError
from inscape.systems.flows.carriers import carrier
from inscape.systems.flows.gridded import GriddedFlow
from inscape.systems.flows.sampler import GridSampler
from inscape.trajectories.velocity_fields.derivatives import curl, derivative_along
from inscape.trajectories.velocity_fields.derivatives import laplacian as laplacian_of

Quantity = Literal["momentum", "vorticity"]


@dataclass(frozen=True, eq=False)
class BarrierField:
    """A steady field on initial positions.

    Parameters
    ----------
    at, duration : instant of the seeds, and the time over which the flux was averaged (0: the Eulerian limit).
    seeds : where it is given.
    values : (*shape, axis) the field; NaN where a particle was lost.
    quantity : what the flux is of.
    potential : (*shape) in the plane, the mean vorticity along the path; barriers are its level curves. Else None.
    """

    at: float
    duration: float
    seeds: Seeds
    values: Float[np.ndarray, "*shape axis"]
    quantity: str
    potential: Float[np.ndarray, "*shape"] | None = None

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.values.shape[:-1]))
        lost = int(np.isnan(self.values).any(axis=-1).sum())
        return f"BarrierField({self.quantity}, {shape} seeds at t = {self.at:g} over {self.duration:g}, {lost} lost)"

    @property
    def magnitude(self) -> Float[np.ndarray, "*shape"]:
        """|b|."""
        return np.linalg.norm(self.values, axis=-1)

    def split(
        self, normal: Float[np.ndarray, "*shape axis"]
    ) -> tuple[Float[np.ndarray, "*shape"], Float[np.ndarray, "*shape"]]:
        """Magnitudes of the parts along unit normals and across them: flux through a surface, and flux within it."""
        through = (self.values * normal).sum(axis=-1)
        within = np.linalg.norm(self.values - through[..., None] * normal, axis=-1)
        return np.abs(through), within


@dataclass(frozen=True, eq=False)
class BarrierFields(Mapping[float, BarrierField]):
    """Barrier fields of the same seeds by duration."""

    fields: Mapping[float, BarrierField]

    def __getitem__(self, duration: float) -> BarrierField:
        near = min(self.fields, key=lambda known: abs(known - duration))
        if abs(near - duration) > 1e-9 * max(1.0, abs(duration)):
            raise UnknownNameError("duration", f"{duration:g}", [f"{d:g}" for d in self.fields])
        return self.fields[near]

    def __iter__(self) -> Iterator[float]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)


def momentum_barrier(
    flow: Any,
    maps: FlowMaps | None = None,
    *,
    at: float | None = None,
    over: float | Sequence[float] | None = None,
    seeds: Any = None,
    steps: int | None = None,
    tolerance: float = 1e-4,
    periods: Sequence[float | None] | None = None,
    threads: int = 1,
) -> BarrierFields:
    """Barrier fields of diffusive momentum transport for each duration, from one integration each way.

    Parameters
    ----------
    flow : a `GriddedFlow` or a `Flow`, incompressible, of two or three coordinates.
    maps : flow maps, whose seeds, start, durations and steps are then taken.
    at, over, seeds, steps, tolerance, periods, threads : as of `flow_map`; a duration of 0 is the Eulerian limit.

    A flow in closed form carries the deformation by its variational equations, a gridded one by differences between
    seeds. In the plane a gridded b is that of the mean vorticity along the path: b = (-dH/dy, dH/dx).

    Raises
    ------
    InputError : as of `flow_map`.
    """
    return _barriers(flow, "momentum", maps, at, over, seeds, steps, tolerance, periods, threads)


def vorticity_barrier(
    flow: Any,
    maps: FlowMaps | None = None,
    *,
    at: float | None = None,
    over: float | Sequence[float] | None = None,
    seeds: Any = None,
    steps: int | None = None,
    tolerance: float = 1e-4,
    periods: Sequence[float | None] | None = None,
    threads: int = 1,
) -> BarrierFields:
    """Barrier fields of diffusive vorticity transport: as `momentum_barrier`, with Lap curl u in place of Lap u.

    Raises
    ------
    InputError : as of `momentum_barrier`, and for a flow in the plane, where vorticity is a scalar.
    """
    return _barriers(flow, "vorticity", maps, at, over, seeds, steps, tolerance, periods, threads)


def _barriers(
    flow: Any,
    quantity: Quantity,
    maps: FlowMaps | None,
    at: float | None,
    over: float | Sequence[float] | None,
    seeds: Any,
    steps: int | None,
    tolerance: float,
    periods: Sequence[float | None] | None,
    threads: int,
) -> BarrierFields:
    if maps is not None:
        if not isinstance(maps, FlowMaps):
            raise InputError(f"maps: {type(maps).__name__} found, expected what flow_map returns")
        at = maps.at if at is None else at
        over = list(maps) if over is None else over
        seeds = maps.seeds if seeds is None else seeds
        steps = maps.steps if steps is None else steps
    if at is None or over is None:
        raise InputError("barrier: neither maps nor at= and over= found; give one of them")
    start, asked = durations_of(flow, at, over)
    planted = seeds_of(flow, seeds, periods)
    ways, _ = routes(flow, planted.points, start, asked, steps, tolerance, at_least=2)
    if isinstance(flow, GriddedFlow):
        if planted.axes is None:
            raise InputError("seeds: scattered points found; a gridded barrier needs a grid of seeds")
        if planted.dimension == 2 and quantity == "vorticity":
            raise InputError(
                "vorticity barriers: a flow in the plane found; there vorticity is a scalar, take momentum"
            )
        method = _plane if planted.dimension == 2 else _space
        found = method(flow, quantity, planted, start, ways, threads, 0.0 in asked)
    else:
        found = _in_closed_form(flow, quantity, planted, start, ways, threads, 0.0 in asked)
    return BarrierFields({d: found[d] for d in asked})


def _space(
    flow: GriddedFlow, quantity: Quantity, seeds: Seeds, at: float, ways: list[Route], threads: int, at_once: bool
) -> dict[float, BarrierField]:
    carried = carried_field(flow, quantity)
    found: dict[float, BarrierField] = {}

    def field(duration: float, values: np.ndarray) -> BarrierField:
        return BarrierField(at, duration, seeds, values.reshape(*seeds.shape, 3), quantity)

    if at_once:
        found[0.0] = field(0.0, carried.read(flow.to_cells(seeds.points), at))
    for way in ways:
        moving: Any = carrier(flow, threads=threads)
        moving.start(seeds.points, at)
        integral = PathIntegral()
        integral.add(at, carried.read(moving.cells, at))
        for stop, leg, count in way.legs():
            for _ in range(count):
                moving.advance(leg / count, 1)
                gradient = grid_gradient(moving.points().reshape(*seeds.shape, 3), seeds).reshape(-1, 3, 3)
                integral.add(moving.time, pulled_back(gradient, carried.read(moving.cells, moving.time)))
            found[stop] = field(stop, integral.total / stop)
    return found


def _plane(
    flow: GriddedFlow, quantity: Quantity, seeds: Seeds, at: float, ways: list[Route], threads: int, at_once: bool
) -> dict[float, BarrierField]:
    vorticity = flow.quantity(flow.field.vorticity())
    found: dict[float, BarrierField] = {}

    def field(duration: float, values: np.ndarray) -> BarrierField:
        potential = values.reshape(seeds.shape)
        slopes = [
            derivative_along(potential, k, seeds.spacing[k], periodic=seeds.periodic[k], spectral=False) for k in (0, 1)
        ]
        return BarrierField(at, duration, seeds, np.stack([-slopes[1], slopes[0]], axis=-1), quantity, potential)

    if at_once:
        found[0.0] = field(0.0, vorticity.read(flow.to_cells(seeds.points), at))
    for way in ways:
        moving: Any = carrier(flow, threads=threads)
        moving.start(seeds.points, at)
        integral = PathIntegral()
        integral.add(at, vorticity.read(moving.cells, at))
        for stop, leg, count in way.legs():
            for _ in range(count):
                moving.advance(leg / count, 1)
                integral.add(moving.time, vorticity.read(moving.cells, moving.time))
            found[stop] = field(stop, integral.total / stop)
    return found


def _in_closed_form(
    flow: Any, quantity: Quantity, seeds: Seeds, at: float, ways: list[Route], threads: int, at_once: bool
) -> dict[float, BarrierField]:
    from inscape.systems.flows.tangent import flux_flow

    carried = flux_flow(flow, quantity)
    size = seeds.dimension
    count = len(seeds.points)
    initial = np.hstack([seeds.points, np.tile(np.eye(size).ravel(), (count, 1)), np.zeros((count, size))])
    found: dict[float, BarrierField] = {}
    if at_once:
        values = carried.rhs(initial, at)[:, -size:]
        found[0.0] = BarrierField(at, 0.0, seeds, values.reshape(*seeds.shape, size), quantity)
    for way in ways:
        moving = carrier(carried, threads=threads)
        moving.start(initial, at)
        for stop, leg, steps in way.legs():
            moving.advance(leg, steps)
            values = moving.points()[:, -size:] / stop
            found[stop] = BarrierField(at, stop, seeds, values.reshape(*seeds.shape, size), quantity)
    return found


def carried_field(flow: GriddedFlow, quantity: Quantity) -> GridSampler:
    """Lap u or Lap curl u of a field in space, to be read along paths."""
    field = flow.field
    spacing, closes = field.metric_spacing, tuple(field.periodic)  # type: ignore[arg-type]

    def diffusive() -> np.ndarray:
        spread = np.empty_like(field.velocity[:, :3])
        # Frame by frame: the spectra of all of them at once would be the largest thing in memory.
        for place, velocity in enumerate(field.velocity[:, :3]):
            source = velocity if quantity == "momentum" else curl(velocity, spacing, closes)
            spread[place] = laplacian_of(source, spacing, closes)
        return spread

    return flow.derived(f"Laplacian of {quantity}", diffusive)
