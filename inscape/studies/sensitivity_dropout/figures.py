"""Figures of study 06."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito (2008): told apart by the colour-blind.
COLOURS = ("#000000", "#0072B2", "#E69F00", "#D55E00", "#009E73", "#CC79A7")
DASHES = ("solid", "solid", "dash", "dot", "dashdot", "longdash")
SYMBOLS = ("circle", "square", "diamond", "cross", "triangle-up", "x")
BELOW = {"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center", "yanchor": "top"}


def speed_lines(rows: Sequence[Mapping[str, Any]], methods: Sequence[str], names: Mapping[str, str]) -> go.Figure:
    """CPU time of each method over the number of entries."""
    import plotly.graph_objects as go

    figure = go.Figure()
    shapes = [f"{row['units']} x {row['samples']}" for row in rows]
    for method, colour, symbol, dash in zip(methods, COLOURS, SYMBOLS, DASHES, strict=False):
        figure.add_scatter(
            x=shapes,
            y=[1e3 * row[method] for row in rows],
            name=names[method],
            mode="lines+markers",
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 9},
        )
    figure.update_layout(
        title="CPU time of one score by each method",
        xaxis={"title": "shape of the embeddings (units x answers)", "type": "category"},
        yaxis={"title": "CPU time of one score (ms), one thread", "type": "log", "dtick": 1},
        legend=BELOW,
    )
    return figure


def arm_curves(curves: Mapping[str, Sequence[Sequence[float]]]) -> go.Figure:
    """EigenScore on unknown prompts over epochs, mean over seeds with their range at the end of each arm."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for (arm, runs), colour, dash in zip(curves.items(), COLOURS, DASHES, strict=False):
        values = np.array(runs)
        epochs = list(range(1, values.shape[1] + 1))
        for run in values:
            figure.add_scatter(
                x=epochs,
                y=list(run),
                mode="lines",
                line={"color": colour, "width": 0.7},
                opacity=0.35,
                showlegend=False,
            )
        figure.add_scatter(
            x=epochs,
            y=list(values.mean(axis=0)),
            mode="lines",
            name=arm,
            line={"color": colour, "dash": dash, "width": 3},
        )
    figure.update_layout(
        title="Scatter of answers to what was never taught, while facts are learned (thin: single seeds)",
        xaxis={"title": "epoch"},
        yaxis={"title": "EigenScore on unknown prompts (nats)"},
        legend=BELOW,
    )
    return figure


def zeroing_points(rows: Sequence[Mapping[str, Any]], epochs: Sequence[int]) -> go.Figure:
    """Change of EigenScore with sensitive units off, beside random sets, at each late checkpoint of one seed."""
    import plotly.graph_objects as go

    figure = go.Figure()
    x, y = [], []
    for epoch, row in zip(epochs, rows, strict=True):
        x += [epoch] * len(row["unseen"]["random"])
        y += list(row["unseen"]["random"])
    figure.add_scatter(
        x=x, y=y, mode="markers", name="random units", marker={"color": COLOURS[2], "symbol": "circle-open", "size": 7}
    )
    figure.add_scatter(
        x=list(epochs),
        y=[row["unseen"]["sensitive"] for row in rows],
        mode="markers",
        name="sensitive units",
        marker={"color": COLOURS[1], "symbol": "diamond", "size": 11},
    )
    figure.update_layout(
        title="Units switched off at inference: sensitive ones against as many random ones (one seed)",
        xaxis={"title": "epoch of the checkpoint"},
        yaxis={"title": "change of EigenScore on unknown prompts (nats)"},
        legend=BELOW,
    )
    return figure


def width_points(swings: Mapping[int, np.ndarray]) -> go.Figure:
    """Oscillation over the width of the network, a point for each seed."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for width, values in swings.items():
        figure.add_scatter(
            x=[str(width)] * len(values),
            y=list(values),
            mode="markers",
            showlegend=False,
            marker={"color": COLOURS[1], "size": 9, "opacity": 0.7},
        )
    figure.add_scatter(
        x=[str(w) for w in swings],
        y=[float(v.mean()) for v in swings.values()],
        mode="lines+markers",
        name="mean over seeds",
        line={"color": COLOURS[0]},
        marker={"symbol": "line-ew-open", "size": 22},
    )
    figure.update_layout(
        title="How much the score swings from epoch to epoch, by the width of the network",
        xaxis={"title": "width of the network (units)", "type": "category"},
        yaxis={"title": "detrended deviation of EigenScore (nats)", "rangemode": "tozero"},
        legend=BELOW,
    )
    return figure


def detection_points(
    areas: Mapping[str, Mapping[str, tuple[float, float, float]]], names: Mapping[str, str]
) -> go.Figure:
    """Area under the curve of each score, with intervals, for all questions and for each kind."""
    import plotly.graph_objects as go

    figure = go.Figure()
    order = sorted(names, key=lambda name: areas["all"][name][0])
    titles = {"all": "all questions", "capital": "capitals", "element": "chemical symbols"}
    for shift, ((kind, found), colour, symbol) in enumerate(zip(areas.items(), COLOURS, SYMBOLS, strict=False)):
        middle = np.array([found[name][0] for name in order])
        figure.add_scatter(
            x=list(middle),
            y=[place + 0.22 * (1 - shift) for place in range(len(order))],
            mode="markers",
            name=titles[kind],
            marker={"color": colour, "symbol": symbol, "size": 9},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": list(np.array([found[name][2] for name in order]) - middle),
                "arrayminus": list(middle - np.array([found[name][1] for name in order])),
                "thickness": 1.5,
            },
        )
    figure.add_vline(x=0.5, line={"color": "gray", "dash": "dot"})
    figure.update_layout(
        title="Which score tells SmolLM2's wrong answers from its right ones (0.5 is chance)",
        xaxis={"title": "area under the curve for wrong answers, 95 % interval"},
        yaxis={"tickvals": list(range(len(order))), "ticktext": [names[name] for name in order], "title": ""},
        legend=BELOW,
        height=560,
    )
    return figure
