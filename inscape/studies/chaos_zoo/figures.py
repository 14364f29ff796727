"""Figures of the chaos study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito (2008): told apart by the colour-blind.
OURS, THEIRS, THIRD = "#0072B2", "#D55E00", "#009E73"
EDGE = 0.01
"""Growth a period below which systems are drawn together."""


def forecast_ranking(scores: Mapping[str, Sequence[float]], published: Mapping[str, float]) -> go.Figure:
    """sMAPE of every method over the systems, best first; the published median of the same method as a diamond."""
    import plotly.graph_objects as go

    order = sorted(scores, key=lambda method: -float(np.median(scores[method])))
    figure = go.Figure()
    for method in order:
        figure.add_box(
            x=list(scores[method]), name=method, marker_color=OURS, boxpoints=False, showlegend=False, orientation="h"
        )
    shown = [method for method in order if method in published]
    figure.add_scatter(
        x=[published[m] for m in shown],
        y=shown,
        mode="markers",
        marker={"symbol": "diamond", "size": 11, "color": THEIRS, "line": {"width": 1, "color": "white"}},
        name="published median",
    )
    figure.update_layout(
        title="Forecasting 2 periods of chaos from 10, 15 points a period",
        xaxis={"title": "sMAPE over the systems (0 perfect, 200 worst)", "range": [0, 200]},
        legend={"orientation": "h", "y": -0.2, "x": 1, "xanchor": "right", "yanchor": "top"},
        margin={"l": 150},
    )
    return figure


def chaos_against_forecast(
    growth: Sequence[float], held: Sequence[float], names: Sequence[str], correlation: float
) -> go.Figure:
    """Valid prediction time against the largest exponent, both per period; what does not grow stands at the edge."""
    import plotly.graph_objects as go

    growth = [max(g, EDGE) for g in growth]
    figure = go.Figure(
        go.Scatter(
            x=list(growth),
            y=list(held),
            text=list(names),
            mode="markers",
            marker={"size": 9, "color": OURS, "opacity": 0.7},
        )
    )
    figure.update_layout(
        title=f"The more chaotic, the sooner a forecast fails (Spearman {correlation:.2f})",
        xaxis={
            "title": f"largest exponent, e-folds a period (measured; {EDGE} and less at the left edge)",
            "type": "log",
        },
        yaxis={"title": "valid time of a quadratic ridge, periods"},
    )
    return figure


def published_against_measured(
    published: Sequence[float], measured: Sequence[float], errors: Sequence[float], names: Sequence[str]
) -> go.Figure:
    """Largest exponents, published and measured, on logarithmic axes."""
    import plotly.graph_objects as go

    low = min(min(published), min(measured)) / 1.5
    high = max(max(published), max(measured)) * 1.5
    figure = go.Figure(
        go.Scatter(
            x=list(published),
            y=list(measured),
            error_y={"array": list(errors), "thickness": 1, "width": 0},
            text=list(names),
            mode="markers",
            marker={"size": 8, "color": OURS, "opacity": 0.75},
            name="systems",
        )
    )
    figure.add_scatter(x=[low, high], y=[low, high], mode="lines", line={"color": THEIRS, "dash": "dash"}, name="equal")
    figure.update_layout(
        title="Largest Lyapunov exponents: as published, and as measured with standard errors",
        xaxis={"title": "published, per time unit", "type": "log"},
        yaxis={"title": "measured, per time unit", "type": "log"},
        legend={"orientation": "h", "y": 1.02, "x": 1, "xanchor": "right", "yanchor": "bottom"},
    )
    return figure


def transfer_bars(accuracy: Mapping[str, Mapping[str, Sequence[float]]]) -> go.Figure:
    """Accuracy on each data set by source of features, with the range over seeds."""
    import plotly.graph_objects as go

    colours = {"chaos": OURS, "raw": THEIRS, "random": THIRD}
    labels = {"chaos": "chaos at the data's period", "raw": "raw series", "random": "chaos at random time scales"}
    figure = go.Figure()
    sets = list(accuracy)
    for source, colour in colours.items():
        values = [np.array(accuracy[name][source]) for name in sets]
        means = [float(v.mean()) for v in values]
        figure.add_bar(
            x=sets,
            y=means,
            name=labels[source],
            marker_color=colour,
            error_y={
                "array": [float(v.max() - m) for v, m in zip(values, means, strict=True)],
                "arrayminus": [float(m - v.min()) for v, m in zip(values, means, strict=True)],
            },
        )
    figure.update_layout(
        title="Features learned on chaos, tested on real series",
        yaxis={"title": "test accuracy", "range": [0, 1.05]},
        xaxis={"title": "UCR data set"},
        barmode="group",
        legend={"orientation": "h", "y": 1.02, "x": 1, "xanchor": "right", "yanchor": "bottom"},
    )
    return figure


def importance_pairs(
    full: Sequence[float], importance: Sequence[float], random: Sequence[float], names: Sequence[str]
) -> go.Figure:
    """sMAPE fraction after drawing new data against full training, one point a system."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for values, name, colour in ((importance, "drawn by error", OURS), (random, "drawn uniformly", THEIRS)):
        figure.add_scatter(
            x=list(full),
            y=list(values),
            text=list(names),
            mode="markers",
            name=name,
            marker={"size": 9, "color": colour},
        )
    figure.add_scatter(x=[0, 2], y=[0, 2], mode="lines", line={"color": "grey", "dash": "dash"}, name="equal")
    figure.update_layout(
        title="New training data where the forecaster errs, at half the gradient steps",
        xaxis={"title": "sMAPE fraction, full training", "range": [0, 2]},
        yaxis={"title": "sMAPE fraction, drawn data", "range": [0, 2]},
        legend={"orientation": "h", "y": 1.02, "x": 1, "xanchor": "right", "yanchor": "bottom"},
    )
    return figure
