"""Figures of the study of structured networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito (2008): told apart by the colour-blind.
COLOURS = {
    "StNN": "#0072B2",
    "HankelNet": "#D55E00",
    "dense": "#009E73",
    "linear": "#CC79A7",
    "sparse": "#E69F00",
    "truth": "#000000",
}
BELOW = {"orientation": "h", "y": -0.2, "x": 0, "xanchor": "left", "yanchor": "top"}


def size_accuracy_front(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """One-step error against the number of weights, one panel a system, dense nets of equal size beside."""
    from plotly.subplots import make_subplots

    systems = list(dict.fromkeys(row["system"] for row in rows))
    columns = min(2, len(systems))
    figure = make_subplots(
        rows=-(-len(systems) // columns), cols=columns, subplot_titles=systems, vertical_spacing=0.16
    )
    symbols = {"StNN": "circle", "HankelNet": "diamond", "dense": "square"}
    for number, system in enumerate(systems):
        place = {"row": 1 + number // columns, "col": 1 + number % columns}
        for kind, symbol in symbols.items():
            mine = sorted((r["parameters"], r["one_step"]) for r in rows if (r["system"], r["kind"]) == (system, kind))
            figure.add_scatter(
                x=[m[0] for m in mine],
                y=[m[1] for m in mine],
                mode="lines+markers",
                name=kind,
                legendgroup=kind,
                showlegend=number == 0,
                marker={"symbol": symbol, "size": 9, "color": COLOURS[kind]},
                line={"color": COLOURS[kind]},
                **place,
            )
        figure.update_xaxes(title="weights", **place)
        figure.update_yaxes(title="one-step error, sd²", type="log", dtick=1, exponentformat="power", **place)
    figure.update_layout(
        title="Size and accuracy: structured nets beside dense nets of equal size",
        legend={**BELOW, "y": -0.14},
        height=320 + 300 * -(-len(systems) // columns),
    )
    return figure


def lorenz_rollouts(
    times: Sequence[float], truth: Sequence[float], forecasts: Mapping[str, Sequence[float]], held: Mapping[str, float]
) -> go.Figure:
    """x of one test run and of each forecast of it, one row a model; a dotted line where the forecast stops to hold."""
    from plotly.subplots import make_subplots

    titles = [f"{name}: holds for {held[name]:.1f}" for name in forecasts]
    figure = make_subplots(rows=len(forecasts), cols=1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.05)
    for row, (name, values) in enumerate(forecasts.items(), start=1):
        figure.add_scatter(
            x=list(times),
            y=list(truth),
            line={"color": COLOURS["truth"], "width": 3},
            opacity=0.35,
            name="Lorenz",
            showlegend=row == 1,
            row=row,
            col=1,
        )
        figure.add_scatter(
            x=list(times),
            y=np.clip(values, -30, 30).tolist(),
            line={"color": COLOURS[_family(name)], "width": 1.5},
            name=name,
            showlegend=False,
            row=row,
            col=1,
        )
        if held[name] < times[-1]:
            figure.add_vline(x=held[name], line={"dash": "dot", "color": "grey"}, row=row, col=1)
        figure.update_yaxes(title="x", range=[-24, 24], row=row, col=1)
    figure.update_xaxes(title="time after the last known sample, Lorenz units", row=len(forecasts), col=1)
    figure.update_layout(
        title="Forecasts of one clean Lorenz run, fed with their own answers",
        height=140 + 150 * len(forecasts),
        legend={"orientation": "h", "y": 1.0, "x": 1, "xanchor": "right", "yanchor": "bottom"},
    )
    return figure


def valid_time_against_noise(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Mean valid time on Lorenz against sensor noise; bars are the range over seeds."""
    import plotly.graph_objects as go

    figure = go.Figure()
    dashes = ("solid", "dash", "dot")
    seen: dict[str, int] = {}
    for name in dict.fromkeys(row["model"] for row in rows):
        family = _family(name)
        seen[family] = seen.get(family, -1) + 1
        mine = sorted((row["noise"], row["valid"]) for row in rows if row["model"] == name)
        levels = sorted({level for level, _ in mine})
        groups = [np.array([v for level, v in mine if level == at]) for at in levels]
        means = [float(g.mean()) for g in groups]
        figure.add_scatter(
            x=[100 * level for level in levels],
            y=means,
            error_y={
                "array": [float(g.max() - m) for g, m in zip(groups, means, strict=True)],
                "arrayminus": [float(m - g.min()) for g, m in zip(groups, means, strict=True)],
                "thickness": 1,
            },
            name=name,
            mode="lines+markers",
            line={"color": COLOURS[family], "dash": dashes[seen[family] % 3]},
        )
    figure.update_layout(
        title="How long forecasts of Lorenz hold under sensor noise",
        xaxis={"title": "noise in recording and history, % of a standard deviation"},
        yaxis={"title": "valid time, Lorenz units", "rangemode": "tozero"},
        legend={**BELOW, "y": -0.2},
        height=600,
    )
    return figure


def errors_by_environment(errors: Mapping[str, Sequence[float]], printed: float) -> go.Figure:
    """Test error in each Lotka-Volterra environment, one marker a model; the printed mean of LEADS as a line."""
    import plotly.graph_objects as go

    symbols = ("circle", "diamond", "square", "x", "triangle-up", "cross")
    figure = go.Figure()
    for number, (name, values) in enumerate(errors.items()):
        figure.add_scatter(
            x=list(range(len(values))),
            y=list(values),
            mode="markers",
            name=name,
            marker={"size": 11, "symbol": symbols[number % 6], "color": list(COLOURS.values())[number % 6]},
        )
    count = max(len(values) for values in errors.values())
    figure.add_scatter(
        x=[-0.5, count - 0.5],
        y=[printed, printed],
        mode="lines",
        line={"dash": "dash", "color": "grey"},
        name="LEADS as printed, mean",
    )
    figure.update_layout(
        title="Lotka-Volterra in ten environments: one net against LEADS",
        xaxis={"title": "environment of the benchmark", "dtick": 1},
        yaxis={"title": "test mean squared error", "type": "log", "dtick": 1, "exponentformat": "power"},
        legend=BELOW,
    )
    return figure


def forcing_and_switches(picture: Mapping[str, Any]) -> go.Figure:
    """x of Lorenz and the forcing of its linear core, bursts marked, changes of lobe as dotted lines."""
    from plotly.subplots import make_subplots

    times, forcing = np.asarray(picture["times"]), np.asarray(picture["forcing"])
    threshold = float(picture["threshold"])
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    figure.add_scatter(x=times, y=picture["x"], line={"color": COLOURS["StNN"]}, name="x", row=1, col=1)
    active = np.where(np.abs(forcing) >= threshold, forcing, np.nan)
    figure.add_scatter(x=times, y=forcing, line={"color": "grey", "width": 1}, name="forcing", row=2, col=1)
    figure.add_scatter(
        x=times, y=active, line={"color": COLOURS["HankelNet"], "width": 2.5}, name="forcing, active", row=2, col=1
    )
    for switch in picture["switches"]:
        figure.add_vline(x=float(switch), line={"dash": "dot", "color": "black", "width": 1})
    figure.update_yaxes(title="x", row=1, col=1)
    figure.update_yaxes(title="forcing coordinate", row=2, col=1)
    figure.update_xaxes(title="time, Lorenz units", row=2, col=1)
    figure.update_layout(
        title="HAVOK: the forcing bursts before x changes its sign (dotted)",
        legend={"orientation": "h", "y": 1.0, "x": 1, "xanchor": "right", "yanchor": "bottom"},
        height=560,
    )
    return figure


def _family(name: str) -> str:
    for start, family in (("StNN", "StNN"), ("HankelNet", "HankelNet"), ("dense", "dense"), ("SINDy", "sparse")):
        if name.startswith(start):
            return family
    return "linear"
