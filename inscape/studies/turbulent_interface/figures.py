"""Figures of study 24."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito (2008): told apart by the colour-blind.
BLUE, RED, GREEN, ORANGE, SKY, PINK, BLACK = (
    *("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#000000"),
)
BELOW = {"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center", "yanchor": "top"}
_EDGE = "signed distance to the interface (Taylor scales, inside positive)"


def structure_maps(cut: Mapping[str, Any]) -> go.Figure:
    """Past-time FTLE, future-time FTLE and tangential diffusive flux in one plane, with both interfaces on them."""
    from plotly.subplots import make_subplots

    titles = {
        "back": "past-time FTLE (1/time)",
        "forth": "future-time FTLE (1/time)",
        "flux": "tangential diffusive flux",
    }
    gap = 0.1
    figure = make_subplots(
        rows=1, cols=3, subplot_titles=list(titles.values()), shared_yaxes=True, horizontal_spacing=gap
    )
    width = (1.0 - 2.0 * gap) / 3.0
    x, y = np.asarray(cut["x"]), np.asarray(cut["y"])
    for column, name in enumerate(titles, start=1):
        values = np.asarray(cut[name], dtype=float)
        low, high = np.nanquantile(values, [0.01, 0.99])
        figure.add_heatmap(
            x=x,
            y=y,
            z=values.T,
            zmin=low,
            zmax=high,
            colorscale="Cividis",
            colorbar={"x": column * width + (column - 1) * gap, "thickness": 9, "tickfont": {"size": 9}},
            row=1,
            col=column,
        )
        for level, colour, label in zip(cut["thresholds"][:2], ("#FFFFFF", RED), ("TNTI", "TTI"), strict=True):
            figure.add_contour(
                x=x,
                y=y,
                z=np.asarray(cut["scalar"]).T,
                contours={"start": float(level), "end": float(level), "size": 1.0, "coloring": "none"},
                line={"color": colour, "width": 1.5},
                showscale=False,
                name=label,
                showlegend=column == 1,
                row=1,
                col=column,
            )
        figure.update_xaxes(title="along the stream (jet widths)", row=1, col=column, constrain="domain")
    figure.update_yaxes(title="across (jet widths)", row=1, col=1)
    figure.update_layout(
        title="Zone edges follow past-time ridges; diffusive flux sits in a layer at the outer edge",
        height=600,
        legend={**BELOW, "bgcolor": "#BBBBBB"},
        plot_bgcolor="#FFFFFF",
    )
    return figure


def jumps_with_time(found: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Contrast across the interface against the time that paths were followed, each seed a line."""
    import plotly.graph_objects as go

    figure = go.Figure()
    looks = (
        ("jumps", "FTLE, outer interface", BLUE, "solid"),
        ("flux_jumps", "|b|, outer interface", RED, "dash"),
        ("inner_jumps", "FTLE, internal interface", GREEN, "dot"),
    )
    for name, label, colour, dash in looks:
        for number, seed in enumerate(found):
            figure.add_scatter(
                x=np.asarray(seed["durations"]) / seed["integral_time"],
                y=np.asarray(seed[name]),
                mode="lines+markers",
                line={"color": colour, "dash": dash},
                name=label,
                legendgroup=name,
                showlegend=number == 0,
            )
    figure.add_hline(y=0, line={"color": BLACK, "width": 1})
    figure.update_layout(
        title="The FTLE's jump at the interface fades with time; that of the diffusive flux stays",
        xaxis={"title": "time followed (integral times)", "rangemode": "tozero"},
        yaxis={"title": "contrast (inside - outside) / (inside + outside)"},
        legend=BELOW,
        height=460,
    )
    return figure


def memory_of_structures(found: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Correlation along the path with what was there at first: diffusive flux against stretching."""
    import plotly.graph_objects as go

    figure = go.Figure()
    looks = (
        ("stretching_memory", "FTLE", BLUE, "circle", "solid"),
        ("flux_memory", "diffusive flux", RED, "square", "dash"),
    )
    for name, label, colour, symbol, dash in looks:
        for number, seed in enumerate(found):
            figure.add_scatter(
                x=[0.0, *np.asarray(seed["memory_durations"])],
                y=[1.0, *np.asarray(seed[name])],
                mode="lines+markers",
                line={"color": colour, "dash": dash},
                marker={"symbol": symbol},
                name=label,
                legendgroup=name,
                showlegend=number == 0,
            )
    figure.update_layout(
        title="Diffusive structures forget where they came from long before stretching does",
        xaxis={"title": "time followed (integral times)"},
        yaxis={"title": "correlation with the start"},
        legend=BELOW,
        height=440,
    )
    return figure


def layer_profiles(found: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Vorticity, tangential and normal diffusive flux across both interfaces: mean over seeds, over the largest."""
    from plotly.subplots import make_subplots

    figure = make_subplots(
        rows=1, cols=2, subplot_titles=("outer interface (TNTI)", "internal interface (TTI)"), shared_yaxes=True
    )
    for column, side in enumerate(("outer", "inner"), start=1):
        curves = {
            "|vorticity|": [seed[f"vorticity_{side}"] for seed in found],
            "tangential flux": [seed[side]["tangential"] for seed in found],
            "normal flux": [seed[side]["normal"] for seed in found],
            "scalar": [seed[side]["scalar"] for seed in found],
        }
        looks = ((BLUE, "solid"), (RED, "dash"), (ORANGE, "dashdot"), (BLACK, "dot"))
        largest = np.nanmax([np.nanmax(p["mean"]) for p in curves["tangential flux"]])
        for (name, profiles), (colour, dash) in zip(curves.items(), looks, strict=True):
            mean = _mean_of_known([np.asarray(p["mean"]) for p in profiles])
            scale = largest if "flux" in name else np.nanmax(mean)
            figure.add_scatter(
                x=profiles[0]["distance"],
                y=mean / scale,
                mode="lines",
                line={"color": colour, "dash": dash},
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                row=1,
                col=column,
            )
        figure.add_vline(x=0, line={"color": BLACK, "width": 1}, row=1, col=column)
        figure.update_xaxes(title=_EDGE, title_font_size=11, row=1, col=column)
    figure.update_yaxes(title="over the largest value", row=1, col=1)
    figure.update_layout(
        title="Across the interfaces: flux along the surface leads, flux through it follows", legend=BELOW, height=460
    )
    return figure


def past_and_future(found: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Correlation of FTLE with the scalar's gradient inside the turbulence, backward and forward, by duration."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, label, colour, dash in (
        ("backward", "past-time FTLE", BLUE, "solid"),
        ("forward", "future-time FTLE", RED, "dash"),
    ):
        for number, seed in enumerate(found):
            figure.add_scatter(
                x=np.asarray(seed["both"]),
                y=np.asarray(seed[name]),
                mode="lines+markers",
                line={"color": colour, "dash": dash},
                name=label,
                legendgroup=name,
                showlegend=number == 0,
            )
    figure.update_layout(
        title="Steep scalar lies on past-time ridges, not on future-time ones",
        xaxis={"title": "time followed (widths over jet speed)", "rangemode": "tozero"},
        yaxis={"title": "correlation with the scalar's gradient", "rangemode": "tozero"},
        legend=BELOW,
        height=440,
    )
    return figure


def _mean_of_known(curves: Sequence[np.ndarray]) -> np.ndarray:
    """Mean over curves where any of them is known, else NaN."""
    stacked = np.stack(curves)
    known = np.isfinite(stacked).sum(axis=0)
    return np.where(known > 0, np.nansum(stacked, axis=0) / np.maximum(known, 1), np.nan)
