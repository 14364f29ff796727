"""What stretching and barriers a velocity field has, as tables and figures for the terminal, a page or a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.app.assignments import assignments
from inscape.app.network_reading import Reading
from inscape.errors import InputError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from inscape.trajectories.velocity_fields import VelocityField

_AXES = "xyz"


@dataclass(frozen=True)
class Request:
    """Which files, and how they are to be read."""

    files: Sequence[Path]
    names: str | None = None
    mask: str | None = None
    order: str | None = None
    dt: float | None = None
    periodic: str | None = None
    sea_surface: bool = False
    steps: int | None = None
    threads: int = 1
    viscosity: float | None = None

    def _names(self) -> dict[str, str]:
        return assignments("names", self.names, "u=Vx,v=Vy")

    def field(self) -> VelocityField:
        """The velocity field of the files."""
        from inscape.trajectories.velocity_fields import geostrophic, read_velocity

        if self.sea_surface:
            if len(self.files) != 1:
                raise InputError(f"sea surface: {len(self.files)} files found, expected one")
            return geostrophic(self.files[0], names=self._names())
        source = self.files[0] if len(self.files) == 1 else list(self.files)
        options: dict[str, Any] = {"names": self._names(), "mask": self.mask, "order": self.order, "dt": self.dt}
        field = read_velocity(source, viscosity=self.viscosity, **options)
        if self.periodic is None:
            return field
        from dataclasses import replace

        closing = axes_named("periodic", self.periodic, field.dimension)
        return replace(field, periodic=tuple(k in closing for k in range(field.dimension)))


def axes_named(option: str, text: str, dimension: int) -> tuple[int, ...]:
    """`x,z` as (0, 2)."""
    letters = [part.strip().lower() for part in text.split(",") if part.strip()]
    if not letters or not set(letters) <= set(_AXES[:dimension]):
        raise InputError(f"{option}: {text!r} found, expected some of {', '.join(_AXES[:dimension])}")
    return tuple(sorted({_AXES.index(letter) for letter in letters}))


def numbers(option: str, text: str, count: int | None = None) -> list[float]:
    """`1,2.5` as numbers."""
    try:
        found = [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        found = []
    if not found or (count is not None and len(found) != count):
        raise InputError(f"{option}: {text!r} found, expected {count or 'some'} numbers with commas between them")
    return found


def instant_and_durations(field: VelocityField, at: float | None, over: str | None) -> tuple[float, list[float]]:
    """The instant of the seeds and the durations; as far as the record goes each way where none were asked for."""
    first, last = float(field.times[0]), float(field.times[-1])
    start = float(field.times[len(field) // 2]) if at is None else at
    if over is not None:
        return start, numbers("over", over)
    reach = [d for d in (first - start, last - start) if abs(d) > 1e-12 * max(1.0, last - first)]
    if not reach:
        raise InputError("over: the record is a single frame; say how long its flow should run: --over 1,-1")
    return start, reach


def per_time(field: VelocityField) -> str:
    """The unit of a rate: "1/s" where the record tells its unit of time in a word."""
    unit = str(field.units.get("time", ""))
    return f"1/{unit}" if unit.isalpha() else "1/time"


def read_stretching(asked: Request, at: float | None, over: str | None, out: Path | None) -> Reading:
    """FTLE for each duration."""
    from inscape.analysis.flow_structures import flow_map, ftle
    from inscape.systems.flows import GriddedFlow

    field = asked.field()
    start, durations = instant_and_durations(field, at, over)
    maps = flow_map(GriddedFlow(field), at=start, over=durations, steps=asked.steps, threads=asked.threads)
    found = {d: ftle(maps[d]) for d in durations}
    rows = [
        {
            "duration": d,
            "median FTLE": float(np.nanmedian(values)) if np.isfinite(values).any() else None,
            "95 % quantile": float(np.nanquantile(values, 0.95)) if np.isfinite(values).any() else None,
            "lost particles": maps[d].lost,
            "of": int(values.size),
        }
        for d, values in found.items()
    ]
    if out is not None:
        write_fields(out, field, {f"ftle_{number}": values for number, values in enumerate(found.values())}, durations)
    title = f"Stretching in {field.source or 'the flow'}"
    summary = f"{field!r}, seeds at t = {start:g}, {maps.steps} steps each way."
    unit = per_time(field)
    pictures = {
        f"{'forward' if d > 0 else 'backward'} FTLE, T = {d:g}": plane_figure(field, values, f"FTLE ({unit})")
        for d, values in found.items()
    }
    return Reading(title, summary, ((f"FTLE in {unit}", rows),), pictures, notes_of(field), "inside a flow")


def read_barriers(asked: Request, at: float | None, over: str | None, out: Path | None) -> Reading:
    """Momentum barriers for each duration."""
    from inscape.analysis.flow_structures import momentum_barrier
    from inscape.systems.flows import GriddedFlow

    field = asked.field()
    start, durations = instant_and_durations(field, at, over)
    flow = GriddedFlow(field)
    found = momentum_barrier(flow, at=start, over=durations, steps=asked.steps, threads=asked.threads)
    rows, pictures, arrays = [], {}, {}
    for number, (duration, barrier) in enumerate(found.items()):
        size = barrier.magnitude
        rows.append(
            {
                "duration": duration,
                "median |b|": float(np.nanmedian(size)) if np.isfinite(size).any() else None,
                "missing": int(np.isnan(size).sum()),
            }
        )
        shown = size if barrier.potential is None else barrier.potential
        label = "|b|" if barrier.potential is None else f"mean vorticity along the path ({per_time(field)})"
        pictures[f"momentum barriers, T = {duration:g}"] = plane_figure(field, shown, label)
        arrays[f"barrier_{number}"] = size
    if out is not None:
        write_fields(out, field, arrays, durations)
    kind = "level curves of the picture are the barriers" if field.dimension == 2 else "|b| on a middle plane"
    summary = f"{field!r}, seeds at t = {start:g}; {kind}."
    return Reading(
        f"Momentum barriers in {field.source or 'the flow'}",
        summary,
        (("Barrier field", rows),),
        pictures,
        notes_of(field),
        "inside a flow",
    )


def simulate_jet(out: Path, grid: str, box: str, reynolds: float, times: str, seed: int, backend: str) -> str:
    """Run a jet and write its frames; what was written, in a sentence."""
    from inscape.systems.flows import Jet

    first, last, count = numbers("times", times, 3)
    if count != int(count) or count < 1 or (count > 1 and last <= first):
        raise InputError(f"times: {times!r} found, expected first,last,count such as 4,6,9")
    device = "cpu"
    if backend == "torch":
        from inscape.extras import require

        device = "cuda" if require("torch", "neural").cuda.is_available() else "cpu"
    points = numbers("grid", grid, 3)
    jet = Jet(
        grid=[int(p) if p == int(p) else p for p in points],  # type: ignore[misc]
        box=numbers("box", box, 3),
        reynolds=reynolds,
        seed=seed,
        backend=backend,  # type: ignore[arg-type]
        device=device,
        precision="single",
    )
    run = jet.run(times=np.linspace(first, last, int(count)))
    _write(out, run.field.to_xarray())
    return (
        f"{out}: {run.field!r}, {run.budget.steps} steps, energy balanced to {run.budget.imbalance:.1e} per unit time"
    )


def write_fields(out: Path, field: VelocityField, arrays: Mapping[str, np.ndarray], durations: Sequence[float]) -> None:
    """Fields on the grid of a velocity field as NetCDF, each with its duration."""
    import xarray

    names = tuple(_AXES[: field.dimension])
    variables = {
        name: (names, values, {"duration": float(d)})
        for (name, values), d in zip(arrays.items(), durations, strict=True)
    }
    _write(out, xarray.Dataset(variables, dict(zip(names, field.axes, strict=True)), {"source": field.source}))


def _write(out: Path, dataset: Any) -> None:
    import os
    import tempfile

    # Whole or not at all: an interrupted write must not leave half a file.
    handle, name = tempfile.mkstemp(dir=out.resolve().parent, suffix=".part")
    os.close(handle)
    try:
        dataset.to_netcdf(name, engine="scipy")
        os.replace(name, out)
    except BaseException:
        os.unlink(name)
        raise


def plane_figure(
    field: VelocityField,
    values: np.ndarray,
    label: str,
    scalar: np.ndarray | None = None,
    thresholds: Sequence[float] = (),
) -> go.Figure:
    """A field on the plane, or on the middle plane across the last axis, with level lines of a scalar."""
    import plotly.graph_objects as go

    shown = values if field.dimension == 2 else values[:, :, values.shape[2] // 2]
    low, high = (np.nanquantile(shown, q) if np.isfinite(shown).any() else 0.0 for q in (0.01, 0.99))
    figure = go.Figure()
    figure.add_heatmap(
        x=field.axes[0],
        y=field.axes[1],
        z=np.asarray(shown, dtype=float).T,
        zmin=low,
        zmax=high,
        colorscale="Cividis",
        colorbar={"title": {"text": label, "side": "right"}},
    )
    if scalar is not None:
        plane = scalar if field.dimension == 2 else scalar[:, :, scalar.shape[2] // 2]
        for level, colour in zip(thresholds, ("#FFFFFF", "#D55E00", "#CC79A7", "#E69F00"), strict=False):
            figure.add_contour(
                x=field.axes[0],
                y=field.axes[1],
                z=np.asarray(plane, dtype=float).T,
                contours={"start": float(level), "end": float(level), "size": 1.0, "coloring": "none"},
                line={"color": colour, "width": 2},
                showscale=False,
                name=f"scalar {level:.3g}",
                showlegend=True,
            )
    unit = f" ({field.units['x']})" if "x" in field.units else ""
    names = ("longitude", "latitude") if field.on_sphere else ("x", "y")
    figure.update_layout(
        xaxis={"title": names[0] + unit, "constrain": "domain"},
        yaxis={"title": names[1] + unit, "scaleanchor": "x"},
        legend={"orientation": "h", "y": -0.15, "bgcolor": "#BBBBBB"},
        height=480,
    )
    return figure


def notes_of(field: VelocityField) -> tuple[str, ...]:
    """What was decided when the field was read, and how much of it is missing."""
    missing = field.missing_share
    more = (f"{missing:.1%} of the vectors are missing; paths end where they meet one",) if missing else ()
    return (*field.notes, *more)
