"""`GriddedFlow`: the motion of fluid particles in a velocity field on a grid."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.systems.flows.sampler import GridSampler
from inscape.trajectories import Trajectories, Trajectory
from inscape.trajectories.velocity_fields.field import EARTH_RADIUS, VelocityField

Interpolation = Literal["cubic", "linear"]
_NAMES = ("x", "y", "z")


class GriddedFlow:
    """Fluid particles in a measured or simulated velocity field; a system whose states are coordinates.

    Parameters
    ----------
    field : the velocity; its axes must be even.
    interpolation : "cubic" (splines, fourth order) or "linear"; cubic in the plane and linear in space if None.

    Raises
    ------
    InputError : if the field is no `VelocityField`, or its axes are uneven or too short.
    """

    def __init__(self, field: VelocityField, *, interpolation: Interpolation | None = None):
        if not isinstance(field, VelocityField):
            raise InputError(f"field: {type(field).__name__} found, expected a VelocityField; read_velocity makes one")
        chosen = interpolation or ("cubic" if field.dimension == 2 else "linear")
        if chosen not in ("cubic", "linear"):
            raise UnknownNameError("interpolation", str(chosen), ("cubic", "linear"))
        self.field = field
        self.is_cubic = chosen == "cubic"
        self.spacing = np.array(field.spacing)
        self.origin = np.array([a[0] for a in field.axes])
        dimension = field.dimension
        velocity = field.velocity[:, :dimension]
        self.sampler = self._sampler(velocity * self._cells_per_length(velocity.dtype))
        self._derived: dict[str, GridSampler] = {}

    @classmethod
    def from_file(
        cls, path: str | os.PathLike[str], *, interpolation: Interpolation | None = None, **options: Any
    ) -> GriddedFlow:
        """A flow from a file of velocities; options as of `read_velocity`."""
        from inscape.trajectories.velocity_fields import read_velocity

        return cls(read_velocity(path, **options), interpolation=interpolation)

    def _cells_per_length(self, dtype: Any) -> np.ndarray:
        dimension = self.field.dimension
        per_cell = 1.0 / self.spacing
        scale = np.empty((dimension, *self.field.shape))
        for k in range(dimension):
            scale[k] = per_cell[k]
        if self.field.on_sphere:
            degrees = 180.0 / (np.pi * EARTH_RADIUS)
            scale *= degrees
            scale[0] /= np.cos(np.deg2rad(self.field.axes[1]))[None, :]
        return scale.astype(dtype)

    def _sampler(self, frames: np.ndarray) -> GridSampler:
        return GridSampler(self.field.times, frames, self.periodic, self.is_cubic)

    @property
    def dimension(self) -> int:
        return self.field.dimension

    @property
    def periodic(self) -> tuple[bool, ...]:
        return tuple(self.field.periodic)  # type: ignore[arg-type]

    @property
    def periods(self) -> tuple[float | None, ...]:
        """Length after which each axis closes; None where it does not."""
        return tuple(
            float(n * h) if p else None for n, h, p in zip(self.field.shape, self.spacing, self.periodic, strict=True)
        )

    @property
    def state_names(self) -> tuple[str, ...]:
        return _NAMES[: self.dimension]

    @property
    def parameters(self) -> Mapping[str, float]:
        return {}

    def __repr__(self) -> str:
        return f"GriddedFlow({self.field!r}, {'cubic' if self.is_cubic else 'linear'})"

    def quantity(self, values: Float[np.ndarray, "time ..."]) -> GridSampler:
        """A field on the same grid and frames, to be read along paths: (time, *grid) or (time, component, *grid)."""
        given = np.asarray(values)
        if given.dtype not in (np.float32, np.float64):
            given = given.astype(float)
        if given.shape == (len(self.field), *self.field.shape):
            given = given[:, None]
        if given.ndim != 2 + self.dimension or given.shape[0] != len(self.field) or given.shape[2:] != self.field.shape:
            raise InputError(
                f"values: shape {given.shape} found, expected (time {len(self.field)}[, component], "
                f"{', '.join(map(str, self.field.shape))})"
            )
        return self._sampler(given)

    def derived(self, name: str, values: Callable[[], Float[np.ndarray, "time ..."]]) -> GridSampler:
        """A quantity that follows from the field: made when it is first asked for by this name, and kept."""
        if name not in self._derived:
            self._derived[name] = self.quantity(values())
        return self._derived[name]

    def to_cells(self, points: Float[np.ndarray, "... axis"]) -> Float[np.ndarray, "... axis"]:
        """Coordinates in cells from the first node."""
        return (points - self.origin) / self.spacing

    def to_points(self, cells: Float[np.ndarray, "... axis"]) -> Float[np.ndarray, "... axis"]:
        """The inverse of `to_cells`."""
        return self.origin + cells * self.spacing

    def rhs(self, states: Float[np.ndarray, "*batch axis"], time: float = 0.0) -> Float[np.ndarray, "*batch axis"]:
        """Velocity at points, in coordinates per unit time; NaN outside the window."""
        given = _points(states, self.dimension)
        self.check_time(time)
        flat = np.ascontiguousarray(self.to_cells(given).reshape(-1, self.dimension))
        return (self.sampler.read(flat, float(time)) * self.spacing).reshape(given.shape)

    def check_time(self, *times: float) -> None:
        """Raise `InputError` where a time lies outside the record; a single frame is steady and has no ends."""
        if self.sampler.is_steady:
            return
        first, last = self.field.times[0], self.field.times[-1]
        slack = 1e-9 * (last - first)
        for time in times:
            if not first - slack <= time <= last + slack:
                raise InputError(f"time: {time:g} found, the record runs from {first:g} to {last:g}")

    def simulate(
        self,
        initial: Float[np.ndarray, "*run axis"],
        times: Float[np.ndarray, "time"],
        inputs: None = None,
        *,
        steps: int | None = None,
    ) -> Trajectory | Trajectories:
        """Paths of particles: `initial` (axis,) or (run, axis), at rising `times`.

        `steps` is the number of Runge-Kutta steps between two of the times (enough for half a cell each if None). A
        particle that leaves the window has NaN from there on, and `context["stopped"]` says when.
        """
        from inscape.systems.flows.carriers import carrier

        if inputs is not None:
            raise InputError("inputs: found some, but a velocity field is not driven")
        start = _points(initial, self.dimension)
        grid = np.asarray(times, dtype=float)
        if grid.ndim != 1 or len(grid) == 0 or not np.isfinite(grid).all() or (np.diff(grid) <= 0).any():
            raise InputError("times: expected finite, rising instants")
        self.check_time(grid[0], grid[-1])
        moving = carrier(self)
        moving.start(start.reshape(-1, self.dimension), float(grid[0]))
        recorded = [moving.points()]
        for before, after in itertools.pairwise(grid):
            count = steps or max(1, int(np.ceil(2.0 * self.fastest * (after - before))))
            moving.advance(float(after - before), count)
            recorded.append(moving.points())
        paths = np.stack(recorded, axis=1)
        runs = [self._trajectory(grid, path) for path in paths]
        return runs[0] if start.ndim == 1 else Trajectories(runs)

    @property
    def fastest(self) -> float:
        """Largest speed of any frame, in cells per unit time."""
        return float(max(np.abs(self.sampler.at(t)).max() for t in self.field.times[:: max(1, len(self.field) // 16)]))

    def _trajectory(self, times: np.ndarray, path: np.ndarray) -> Trajectory:
        lost = np.isnan(path).any(axis=1)
        context: dict[str, float | str] = {}
        if lost.any():
            context["stopped"] = f"left the window before t = {times[int(np.argmax(lost))]:g}"
        units = {n: self.field.units["x"] for n in self.state_names if "x" in self.field.units}
        return Trajectory(
            times, path, state_names=self.state_names, context=context, units=units, source=self.field.source
        )


def _points(values: Any, dimension: int) -> np.ndarray:
    try:
        given = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"points: {type(values).__name__} found, expected numbers (..., {dimension})") from None
    if given.ndim == 0 or given.shape[-1] != dimension or given.size == 0:
        raise InputError(f"points: shape {given.shape} found, expected (..., {dimension})")
    return given
