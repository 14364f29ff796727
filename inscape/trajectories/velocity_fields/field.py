"""`VelocityField`: velocity, and a scalar if there is one, on a grid in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.arrays import real_array
from inscape.errors import InputError
from inscape.trajectories.trajectory import Trajectory
from inscape.trajectories.velocity_fields import derivatives

if TYPE_CHECKING:
    import xarray

_NAMES = ("x", "y", "z")
_EVENNESS = 1e-3
EARTH_RADIUS = 6.371e6
"""Mean radius of the earth, m."""


@dataclass(frozen=True, eq=False)
class VelocityField:
    """Frames of a velocity field; immutable.

    Parameters
    ----------
    times : (time,) strictly increasing; uneven frame times are fine.
    axes : two or three arrays of rising coordinates, x then y (then z).
    velocity : (time, component, *grid) with the grid's axes in the order of `axes`; at least as many components as
        axes (three on a plane is 2D3C). NaN marks a vector that is missing or masked.
    scalar : (time, *grid) a concentration, temperature or dye, or None.
    periodic : whether each axis closes on itself, its last point one spacing before its first.
    viscosity : kinematic, in the units of the grid and the times; None where it is not known.
    on_sphere : the axes are longitude and latitude in degrees, velocities are m/s and times s.
    units : unit by name: "x", "time", "velocity", "scalar".
    source, notes : where it comes from, and what was decided when it was read.

    Raises
    ------
    InputError : if shapes disagree, times or axes do not rise, or nothing is measured.
    """

    times: Float[np.ndarray, "time"]
    axes: Sequence[Float[np.ndarray, "point"]]
    velocity: Float[np.ndarray, "time component *grid"]
    scalar: Float[np.ndarray, "time *grid"] | None = None
    periodic: Sequence[bool] | bool = False
    viscosity: float | None = None
    on_sphere: bool = False
    units: Mapping[str, str] = field(default_factory=dict)
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        times = _numbers("times", self.times).astype(float, copy=False)
        axes = tuple(_numbers(f"axes[{k}]", a).astype(float, copy=False) for k, a in enumerate(self.axes))
        velocity = _numbers("velocity", self.velocity)
        if len(axes) not in (2, 3):
            raise InputError(f"axes: {len(axes)} found, expected two (a plane) or three (space)")
        grid = tuple(len(a) for a in axes)
        if velocity.ndim != 2 + len(axes) or velocity.shape[2:] != grid or velocity.shape[0] != times.size:
            raise InputError(
                f"velocity: shape {velocity.shape} found, expected (time {times.size}, component, "
                f"{', '.join(map(str, grid))})"
            )
        if velocity.shape[1] < len(axes) or velocity.shape[1] > 3:
            raise InputError(f"velocity: {velocity.shape[1]} components found, expected {len(axes)} to 3")
        _check_rising("times", times)
        for k, axis in enumerate(axes):
            _check_rising(f"axes[{k}] ({_NAMES[k]})", axis)
        if np.isinf(velocity).any():
            raise InputError(f"velocity: {int(np.isinf(velocity).sum())} values are infinite; mark missing ones by NaN")
        if np.isnan(velocity).all():
            raise InputError("velocity: every vector is missing; check the mask and the fill value")
        periodic = (self.periodic,) * len(axes) if isinstance(self.periodic, bool) else tuple(map(bool, self.periodic))
        if len(periodic) != len(axes):
            raise InputError(f"periodic: {len(periodic)} entries found, expected one for each of {len(axes)} axes")
        scalar = None if self.scalar is None else _numbers("scalar", self.scalar)
        if scalar is not None and scalar.shape != (times.size, *grid):
            raise InputError(f"scalar: shape {scalar.shape} found, expected {(times.size, *grid)}")
        if self.viscosity is not None and not (np.isfinite(self.viscosity) and self.viscosity > 0):
            raise InputError(f"viscosity: {self.viscosity!r} found, expected a positive number")
        if self.on_sphere and (len(axes) != 2 or np.abs(axes[1]).max() >= 90):
            raise InputError(
                "on_sphere: expected two axes, longitude and latitude, latitudes between -90 and 90 degrees"
            )
        for name, value in (
            ("times", times),
            ("axes", axes),
            ("velocity", velocity),
            ("scalar", scalar),
            ("periodic", periodic),
            ("units", MappingProxyType(dict(self.units))),
            ("notes", tuple(map(str, self.notes))),
        ):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        grid = " x ".join(str(len(a)) for a in self.axes)
        missing = self.missing_share
        gaps = f", {missing:.1%} missing" if missing else ""
        return f"VelocityField({len(self)} frames, {grid}, t {self.times[0]:.6g} to {self.times[-1]:.6g}{gaps})"

    @property
    def dimension(self) -> int:
        """2 for a plane, 3 for space."""
        return len(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        """Points along each axis."""
        return tuple(len(a) for a in self.axes)

    @property
    def missing_share(self) -> float:
        """Share of vectors with a missing component."""
        return float(np.isnan(self.velocity).any(axis=1).mean())

    @property
    def has_even_axes(self) -> bool:
        """Whether every axis has points of even distance, to a thousandth."""
        return all(np.ptp(np.diff(a)) <= _EVENNESS * np.diff(a).mean() for a in self.axes)

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance of the points along each axis.

        Raises
        ------
        InputError : if an axis is uneven.
        """
        if not self.has_even_axes:
            raise InputError("axes: points of uneven distance found; take field.on_even_axes() first")
        return tuple(float((a[-1] - a[0]) / (len(a) - 1)) for a in self.axes)

    def frame(self, time: float) -> int:
        """Index of the frame nearest to a time.

        Raises
        ------
        InputError : if the time lies outside the record.
        """
        value = float(time)
        if not self.times[0] - 1e-9 <= value <= self.times[-1] + 1e-9:
            raise InputError(f"time: {value:g} found, the record runs from {self.times[0]:g} to {self.times[-1]:g}")
        return int(np.argmin(np.abs(self.times - value)))

    def __getitem__(self, window: slice) -> VelocityField:
        """The frames of a slice."""
        if not isinstance(window, slice):
            raise InputError(f"field[{window!r}]: expected a slice; take .velocity[{window!r}] for one frame")
        scalar = None if self.scalar is None else self.scalar[window]
        return replace(self, times=self.times[window], velocity=self.velocity[window], scalar=scalar)

    @property
    def _closes(self) -> tuple[bool, ...]:
        periodic = self.periodic
        return (periodic,) * len(self.axes) if isinstance(periodic, bool) else tuple(periodic)

    def vorticity(self) -> Float[np.ndarray, "time ..."]:
        """(time, *grid) in the plane, (time, 3, *grid) in space, per unit time."""
        return derivatives.curl(self.velocity, self.metric_spacing, self._closes)

    def laplacian(self) -> Float[np.ndarray, "time component *grid"]:
        """Laplacian of the velocity."""
        return derivatives.laplacian(self.velocity, self.metric_spacing, self._closes)

    @property
    def metric_spacing(self) -> tuple[float, ...]:
        """Spacing in the length of the velocity; a field on a sphere takes that of its middle latitude."""
        if not self.on_sphere:
            return self.spacing
        degree = np.pi * EARTH_RADIUS / 180
        east = float(np.cos(np.deg2rad(self.axes[1].mean())))
        return (self.spacing[0] * degree * east, self.spacing[1] * degree)

    def moving_with(self, drift: Sequence[float]) -> VelocityField:
        """The field as a camera sees it that moves with a constant velocity: `drift` is taken from every vector.

        Coordinates are kept, so the frames must have been taken by such a camera, or the axis be periodic.
        """
        taken = np.asarray(drift, dtype=float)
        if taken.shape != (self.dimension,) or not np.isfinite(taken).all():
            raise InputError(f"drift: {drift!r} found, expected {self.dimension} finite numbers")
        velocity = self.velocity.copy()
        velocity[:, : self.dimension] -= taken.reshape(1, -1, *[1] * self.dimension).astype(velocity.dtype)
        return replace(self, velocity=velocity, notes=(*self.notes, f"seen from a frame that moves with {taken}"))

    def slice_at(self, axis: int, index: int) -> VelocityField:
        """A plane of a field in space: the in-plane components come first, the one across is third (2D3C)."""
        if self.dimension != 3 or axis not in (0, 1, 2):
            raise InputError(f"slice: axis {axis!r} of a field of {self.dimension} axes; expected 0, 1 or 2 of three")
        if not -self.shape[axis] <= index < self.shape[axis]:
            raise InputError(f"slice: index {index} found, axis {axis} has {self.shape[axis]} points")
        kept = [k for k in range(3) if k != axis]
        velocity = np.take(self.velocity, index, axis=2 + axis)[:, [*kept, axis]]
        scalar = None if self.scalar is None else np.take(self.scalar, index, axis=1 + axis)
        return replace(
            self,
            axes=tuple(self.axes[k] for k in kept),
            velocity=velocity,
            scalar=scalar,
            periodic=tuple(self.periodic[k] for k in kept),  # type: ignore[index]
            notes=(*self.notes, f"plane {_NAMES[axis]} = {self.axes[axis][index]:g}"),
        )

    def on_even_axes(self, shape: Sequence[int] | None = None) -> VelocityField:
        """The field interpolated (linearly) to axes of even spacing; `shape` as now if None."""
        from scipy.interpolate import RegularGridInterpolator

        counts = self.shape if shape is None else tuple(shape)
        if len(counts) != self.dimension or min(counts) < 2:
            raise InputError(f"shape: {counts} found, expected {self.dimension} numbers of at least 2")
        axes = tuple(np.linspace(a[0], a[-1], n) for a, n in zip(self.axes, counts, strict=True))
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)

        def moved(values: np.ndarray) -> np.ndarray:
            lead = values.shape[: values.ndim - self.dimension]
            flat = np.moveaxis(values.reshape(-1, *self.shape), 0, -1)
            out = RegularGridInterpolator(self.axes, flat)(points)
            return np.moveaxis(out, -1, 0).reshape(*lead, *counts)

        scalar = None if self.scalar is None else moved(self.scalar)
        return replace(self, axes=axes, velocity=moved(self.velocity), scalar=scalar)

    def trajectory(self) -> Trajectory:
        """The velocity frames as one run of a field."""
        return Trajectory(self.times, self.velocity, units=self.units, source=self.source, notes=self.notes)

    def to_xarray(self) -> xarray.Dataset:
        """A labelled data set: `velocity` (time, component, x, y[, z]) and `scalar`."""
        import xarray

        names = _NAMES[: self.dimension]
        variables: dict[str, Any] = {"velocity": (("time", "component", *names), self.velocity)}
        if self.scalar is not None:
            variables["scalar"] = (("time", *names), self.scalar)
        coordinates: dict[str, Any] = {"time": self.times, **dict(zip(names, self.axes, strict=True))}
        coordinates["component"] = list("uvw"[: self.velocity.shape[1]])
        attributes: dict[str, Any] = {"periodic": [int(p) for p in self.periodic], "source": self.source}  # type: ignore[union-attr]
        attributes["on_sphere"] = int(self.on_sphere)
        if self.viscosity is not None:
            attributes["viscosity"] = self.viscosity
        attributes |= {f"unit_{k}": v for k, v in self.units.items()}
        return xarray.Dataset(variables, coordinates, attributes)

    @classmethod
    def from_xarray(cls, dataset: xarray.Dataset) -> VelocityField:
        """The inverse of `to_xarray`."""
        attributes = dict(dataset.attrs)
        names = [n for n in _NAMES if n in dataset["velocity"].dims]
        periodic = np.atleast_1d(attributes.get("periodic", [0] * len(names)))
        viscosity = attributes.get("viscosity")
        return cls(
            times=dataset["time"].values,
            axes=tuple(dataset[n].values for n in names),
            velocity=dataset["velocity"].values,
            scalar=dataset["scalar"].values if "scalar" in dataset else None,
            periodic=tuple(bool(p) for p in periodic),
            viscosity=None if viscosity is None else float(viscosity),
            on_sphere=bool(attributes.get("on_sphere", 0)),
            units={k[5:]: str(v) for k, v in attributes.items() if k.startswith("unit_")},
            source=str(attributes.get("source", "")),
        )


def _numbers(name: str, values: Any) -> np.ndarray:
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.result_type(values.dtype, np.float32)), np.nan)
    array = real_array(name, values)
    return (
        array if array.dtype in (np.float32, np.float64) else array.astype(np.float32 if array.itemsize < 4 else float)
    )


def _check_rising(name: str, values: np.ndarray) -> None:
    if values.ndim != 1 or len(values) == 0:
        raise InputError(f"{name}: shape {values.shape} found, expected a list of numbers")
    if not np.isfinite(values).all():
        raise InputError(f"{name}: entry {int(np.argmax(~np.isfinite(values)))} is not finite")
    wrong = np.diff(values) <= 0
    if wrong.any():
        row = int(np.argmax(wrong)) + 1
        raise InputError(
            f"{name}: entry {row} ({values[row]:g}) does not lie above the one before; sort or flip the axis"
        )
