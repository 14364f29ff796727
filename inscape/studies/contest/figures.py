"""Figures of the contest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito (2008): told apart by the colour-blind.
OURS, FAMILY, THEIRS, LIVE, GREY = "#0072B2", "#56B4E9", "#D55E00", "#009E73", "#777777"


def distributions(
    ours: Mapping[str, Float[np.ndarray, "system"]], published: Mapping[str, Float[np.ndarray, "system"]], learn: str
) -> go.Figure:
    """sMAPE of every contestant over the systems, the lowest median on top; `learn` names `learn`'s own choice."""
    import plotly.graph_objects as go

    scores = {**published, **ours}
    figure = go.Figure()
    for name in sorted(scores, key=lambda n: -float(np.median(scores[n]))):
        colour = OURS if name == learn else FAMILY if name in ours else THEIRS
        figure.add_box(
            x=list(scores[name]), name=name, orientation="h", marker_color=colour, boxpoints=False, showlegend=False,
            line_width=1.5,
        )  # fmt: skip
    for label, colour in ((learn, OURS), ("our families", FAMILY), ("published, as released", THEIRS)):
        figure.add_scatter(x=[None], y=[None], mode="markers", marker={"color": colour, "symbol": "square"}, name=label)
    figure.update_layout(
        title="Forecasting 2 periods of chaos from 10, one coordinate, 15 points a period",
        xaxis={"title": "sMAPE over the systems (0 perfect, 200 worst)", "range": [0, 200]},
        yaxis={"dtick": 1, "tickfont": {"size": 11}},
        legend={"orientation": "h", "y": -0.16, "x": 1, "xanchor": "right", "yanchor": "top"},
        margin={"l": 170},
        height=620,
    )
    return figure


def critical_differences(ranks: Mapping[str, float], width: float, ours: str) -> go.Figure:
    """Mean ranks; two contestants whose bars do not overlap differ at the 5 % level (Friedman, Nemenyi)."""
    import plotly.graph_objects as go

    order = sorted(ranks, key=lambda n: -ranks[n])
    figure = go.Figure()
    for name in order:
        figure.add_scatter(
            x=[ranks[name]], y=[name], mode="markers", showlegend=False,
            error_x={"type": "constant", "value": width / 2, "thickness": 2, "width": 4},
            marker={"size": 10, "color": OURS if name == ours else THEIRS},
        )  # fmt: skip
    figure.add_vrect(x0=ranks[ours] - width / 2, x1=ranks[ours] + width / 2, fillcolor=OURS, opacity=0.12, line_width=0)
    figure.update_layout(
        title=f"Mean ranks; bars that do not overlap differ at the 5 % level (critical difference {width:.2f})",
        xaxis={"title": "mean rank over the systems (1 is best)"},
        yaxis={"dtick": 1, "tickfont": {"size": 11}},
        margin={"l": 170},
    )
    return figure


def duel(
    systems: Sequence[str],
    ours: Float[np.ndarray, "system"],
    published: Float[np.ndarray, "system"],
    live: Mapping[str, tuple[float, float]],
) -> go.Figure:
    """`learn` against N-BEATS, system by system: the released scores, and those run on the same series.

    `live` holds (ours, N-BEATS run here) by system.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        x=list(published), y=list(ours), text=list(systems), mode="markers", name="N-BEATS, released score",
        marker={"size": 8, "color": THEIRS, "opacity": 0.7},
    )  # fmt: skip
    if live:
        figure.add_scatter(
            x=[theirs for _, theirs in live.values()], y=[score for score, _ in live.values()], text=list(live),
            mode="markers", name="N-BEATS, run here on the same series",
            marker={"size": 10, "color": LIVE, "symbol": "diamond", "line": {"width": 1, "color": "white"}},
        )  # fmt: skip
    figure.add_scatter(
        x=[0, 200], y=[0, 200], mode="lines", line={"dash": "dot", "color": GREY}, name="equal", hoverinfo="skip"
    )
    figure.update_layout(
        title="inscape learn against N-BEATS, one point a system (below the line: ours is better)",
        xaxis={"title": "sMAPE of N-BEATS", "range": [0, 205]},
        yaxis={"title": "sMAPE of inscape learn", "range": [0, 205]},
        legend={"orientation": "h", "y": -0.18, "x": 1, "xanchor": "right", "yanchor": "top"},
    )
    return figure


def heat_of_families(
    families: Sequence[str], cells: Sequence[str], medians: Float[np.ndarray, "family cell"]
) -> go.Figure:
    """Median sMAPE of every family in every cell, blank where it is NaN; the lowest of a cell is framed."""
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Heatmap(
            z=medians, x=list(cells), y=list(families), colorscale="Cividis", reversescale=True, zmin=0, zmax=200,
            text=[[_in_few_digits(value) for value in row] for row in medians], texttemplate="%{text}",
            colorbar={"title": "median<br>sMAPE"},
        )
    )  # fmt: skip
    for column in range(len(cells)):
        row = int(np.nanargmin(medians[:, column]))
        figure.add_shape(
            type="rect", x0=column - 0.48, x1=column + 0.48, y0=row - 0.47, y1=row + 0.47,
            line={"color": THEIRS, "width": 3}, fillcolor="rgba(0,0,0,0)", opacity=1,
        )  # fmt: skip
    figure.update_layout(
        title="Where each family wins: median sMAPE over the zoo (lowest of each column framed)",
        xaxis={"title": "points a period, what is seen, measurement noise", "tickangle": -30},
        yaxis={"title": "", "autorange": "reversed"},
        margin={"l": 150, "b": 140},
        height=560,
    )
    return figure


def _in_few_digits(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.0f}" if value >= 9.95 else f"{value:.1f}"


def valid_times(bars: Mapping[str, Mapping[str, tuple[float, float, float]]], reach: int) -> go.Figure:
    """Median valid time of each contestant, with its interval: {points a period: {contestant: (median, low, high)}}."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for colour, (label, found) in zip((OURS, THEIRS, LIVE), bars.items(), strict=False):
        names = list(found)
        figure.add_bar(
            x=names, y=[found[n][0] for n in names], name=label, marker_color=colour,
            error_y={
                "type": "data", "symmetric": False,
                "array": [found[n][2] - found[n][0] for n in names],
                "arrayminus": [found[n][0] - found[n][1] for n in names],
            },
        )  # fmt: skip
    figure.update_layout(
        title=f"How long a forecast holds, all coordinates, no noise: median, followed for {reach} periods",
        yaxis={"title": "valid time (dominant periods)", "rangemode": "tozero"},
        xaxis={"title": ""},
        barmode="group",
        legend={"orientation": "h", "y": 1.0, "x": 1, "xanchor": "right", "yanchor": "bottom"},
    )
    return figure
