"""What changes across the interfaces of a velocity field with a scalar, as tables and figures."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.app.flow_reading import (
    Request,
    axes_named,
    instant_and_durations,
    notes_of,
    per_time,
    plane_figure,
    write_fields,
)
from inscape.app.network_reading import Reading
from inscape.errors import InputError

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def read_interface(
    asked: Request, at: float | None, clusters: int, over: str | None, even_along: str | None, out: Path | None
) -> Reading:
    """Interfaces from clusters, profiles across the outer one, and the audit of the rules."""
    from inscape.analysis.flow_structures import flow_map, ftle, interface, interface_audit, turbulence_scales
    from inscape.systems.flows import GriddedFlow

    field = asked.field()
    if field.scalar is None:
        raise InputError("interface: the file has no scalar; name it: --names scalar=...")
    start, durations = instant_and_durations(field, at, over) if over or len(field) > 1 else (float(field.times[0]), [])
    if over is None:
        # One direction each way is enough for a first look, and half the record keeps most particles in view.
        durations = [0.5 * d for d in durations]
    found = interface.from_clusters(field, at=start, clusters=clusters)
    even = None if even_along is None else axes_named("even-along", even_along, field.dimension)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scales = turbulence_scales(field, start, inside=found.tnti.inside, even_along=even)
    frame = field.frame(start)
    quantities: dict[str, np.ndarray] = {
        "vorticity": _size(field.vorticity()[frame], field.dimension),
        "scalar": field.scalar[frame].astype(float),
    }
    if durations:
        maps = flow_map(GriddedFlow(field), at=start, over=durations, steps=asked.steps, threads=asked.threads)
        quantities |= {f"FTLE, T = {d:g}": ftle(maps[d]) for d in durations}
    profile = interface.profile(quantities, found.tnti, unit=scales.taylor)
    audit = interface_audit(field, start, quantities, unit=scales.taylor, clusters=clusters)
    zones = [
        {"zone": number, "centre": float(centre), "share": float(share)}
        for number, (centre, share) in enumerate(zip(found.centres, found.shares, strict=True))
    ]
    jumps = [
        {
            "quantity": name,
            "outside": profile.sides(name)[0],
            "inside": profile.sides(name)[1],
            "contrast": profile.jump(name),
            "moves with the rule by": audit.spread(name),
        }
        for name in quantities
    ]
    lengths = [
        {"scale": name, "value": getattr(scales, name)}
        for name in ("velocity", "taylor", "kolmogorov", "reynolds", "integral_length", "integral_time")
    ]
    if out is not None:
        keys = {"distance": found.tnti.distance, **{f"quantity_{k}": v for k, v in enumerate(quantities.values())}}
        write_fields(out, field, keys, [0.0] * len(keys))
    rules = audit.to_pandas().rename(columns={"moved": "moved inward (Taylor scales)"})
    shown = next((n for n in quantities if n.startswith("FTLE")), "vorticity")
    notes = (*notes_of(field), *(str(w.message) for w in caught), *audit.failures.values())
    return Reading(
        f"Turbulent interfaces in {field.source or 'the flow'}",
        f"{field!r} at t = {start:g}: outer interface at scalar {found.tnti.threshold:.4g}, "
        f"{found.tnti.share_inside:.1%} of the window inside; Taylor scale {scales.taylor:.4g}.",
        (
            ("Zones of the scalar", zones),
            ("Across the outer interface, one Taylor scale each side", jumps),
            ("The outer interface by every rule", rules.to_dict("records")),
            ("Scales inside", lengths),
        ),
        {
            f"{shown} and interfaces": plane_figure(
                field, quantities[shown], f"{shown} ({per_time(field)})", field.scalar[frame], found.thresholds[:2]
            ),
            "profiles": _profiles(profile, list(quantities)),
        },
        notes,
        "across an interface",
    )


def _size(spin: np.ndarray, dimension: int) -> np.ndarray:
    return np.abs(spin) if dimension == 2 else np.linalg.norm(spin, axis=0)


def _profiles(profile: Any, names: list[str]) -> go.Figure:
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, name in enumerate(names):
        values = np.asarray(profile.means[name])
        largest = np.nanmax(np.abs(values)) or 1.0
        figure.add_scatter(
            x=profile.distance,
            y=values / largest,
            mode="lines",
            line={"color": COLOURS[number % 5], "dash": DASHES[number % 5]},
            name=name,
        )
    figure.add_vline(x=0, line={"color": "#000000", "width": 1})
    figure.update_layout(
        xaxis={"title": "signed distance to the interface (Taylor scales, inside positive)"},
        yaxis={"title": "over the largest value"},
        legend={"orientation": "h", "y": -0.2},
        height=440,
    )
    return figure
