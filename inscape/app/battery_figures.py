"""Figures of the battery commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from inscape.systems.battery import SingleParticle

# Okabe & Ito (2008): told apart by the colour-blind.
BLUE, RED, GREEN, ORANGE, SKY, BLACK = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#000000"
_SHADES = {BLUE: "rgba(0,114,178,0.25)", RED: "rgba(213,94,0,0.25)", GREEN: "rgba(0,158,115,0.25)"}
BELOW = {"orientation": "h", "y": -0.18, "x": 0.5, "xanchor": "center", "yanchor": "top"}


def voltage_band(
    times: np.ndarray, voltage: np.ndarray, middle: np.ndarray, low: np.ndarray, high: np.ndarray
) -> go.Figure:
    """Measured voltage with the posterior's band above, what is left below."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.05)
    _band(figure, times, low, high, BLUE, "95 % of the posterior", 1)
    figure.add_scatter(
        x=_plain(times), y=_plain(middle), mode="lines", line={"color": BLUE}, name="model", row=1, col=1
    )
    figure.add_scatter(
        x=_plain(times), y=_plain(voltage), mode="markers", marker={"color": BLACK, "size": 4}, name="measured",
        row=1, col=1,
    )  # fmt: skip
    figure.add_scatter(
        x=_plain(times), y=_plain(1e3 * (voltage - middle)), mode="markers", marker={"color": RED, "size": 4},
        name="measured less model", row=2, col=1,
    )  # fmt: skip
    _band(figure, times, 1e3 * (low - middle), 1e3 * (high - middle), BLUE, "", 2)
    figure.update_xaxes(title_text="time (s)", row=2, col=1)
    figure.update_yaxes(title_text="voltage (V)", row=1, col=1)
    figure.update_yaxes(title_text="residual (mV)", row=2, col=1)
    figure.update_layout(legend=BELOW, height=560, margin={"t": 40})
    return figure


def profile_bands(
    model: SingleParticle, names: Sequence[str], draws: np.ndarray, times: np.ndarray, current: Any
) -> go.Figure:
    """Stoichiometry over the radius of both particles at three instants, with the posterior's band."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, subplot_titles=("anode", "cathode"), horizontal_spacing=0.12)
    at = np.unique(np.linspace(0, len(times) - 1, 4).astype(int))[1:]
    radii, anode, cathode = model.profiles(dict(zip(names, draws.T, strict=True)), times, current)
    for column, found in ((1, anode), (2, cathode)):
        found = np.broadcast_to(found, (len(draws), *found.shape[1:])) if len(found) == 1 else found
        for colour, k in zip((BLUE, GREEN, RED), at, strict=False):
            low, middle, high = np.quantile(found[:, k], [0.025, 0.5, 0.975], axis=0)
            _band(figure, radii, low, high, colour, "", 1, column)
            figure.add_scatter(
                x=_plain(radii), y=_plain(middle), mode="lines", line={"color": colour},
                name=f"after {times[k]:.4g} s", showlegend=column == 1, row=1, col=column,
            )  # fmt: skip
        figure.update_xaxes(title_text="radius (particle radii)", row=1, col=column)
    figure.update_yaxes(title_text="stoichiometry", row=1, col=1)
    figure.update_layout(legend=BELOW, height=460, margin={"t": 40})
    return figure


def pairs(names: Sequence[str], samples: np.ndarray) -> go.Figure:
    """Draws of every pair of parameters, and each by itself on the diagonal."""
    from plotly.subplots import make_subplots

    count = len(names)
    figure = make_subplots(rows=count, cols=count, horizontal_spacing=0.06, vertical_spacing=0.06)
    for i in range(count):
        for j in range(i + 1):
            if i == j:
                heights, edges = np.histogram(samples[:, i], bins=30)
                figure.add_bar(
                    x=_plain(0.5 * (edges[1:] + edges[:-1])), y=heights.tolist(), marker={"color": SKY},
                    showlegend=False, row=i + 1, col=j + 1,
                )  # fmt: skip
            else:
                figure.add_scatter(
                    x=_plain(samples[:, j]), y=_plain(samples[:, i]), mode="markers", showlegend=False,
                    marker={"color": BLUE, "size": 3, "opacity": 0.35}, row=i + 1, col=j + 1,
                )  # fmt: skip
            if i == count - 1:
                figure.update_xaxes(title_text=names[j], row=i + 1, col=j + 1)
            if j == 0:
                figure.update_yaxes(title_text=names[i] if i else "draws", row=i + 1, col=j + 1)
    figure.update_layout(height=max(420, 220 * count), bargap=0, margin={"t": 40})
    return figure


def sensitivities(times: np.ndarray, names: Sequence[str], curves: np.ndarray) -> go.Figure:
    """What each parameter does to the voltage, per cent for per cent."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for colour, name, curve in zip(
        (BLUE, RED, GREEN, ORANGE, SKY, BLACK, "#CC79A7", "#999999", "#332288"), names, curves.T, strict=False
    ):
        figure.add_scatter(x=_plain(times), y=_plain(10 * curve), mode="lines", line={"color": colour}, name=name)
    figure.update_layout(
        xaxis={"title": "time (s)"},
        yaxis={"title": "change of the voltage (mV) for 1 % more"},
        legend=BELOW,
        height=460,
    )
    return figure


def rungs(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Error against cost; the chosen one is large."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for row in rows:
        if not np.isfinite(row["mean mV"]):
            continue
        is_chosen = bool(row["chosen"])
        figure.add_scatter(
            x=[float(row["us a curve"])],
            y=[float(row["mean mV"])],
            mode="markers",
            name=row["rung"] + (" (chosen)" if is_chosen else ""),
            marker={"size": 18 if is_chosen else 10, "symbol": "star" if is_chosen else "circle"},
        )
    figure.update_layout(
        xaxis={"title": "CPU time of a curve (us)", "type": "log"},
        yaxis={"title": "mean absolute error (mV)", "type": "log"},
        height=460,
    )
    return figure


def _band(
    figure: go.Figure,
    x: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    colour: str,
    name: str,
    row: int,
    column: int = 1,
) -> None:
    figure.add_scatter(
        x=_plain(np.concatenate([x, x[::-1]])), y=_plain(np.concatenate([high, low[::-1]])), mode="lines",
        fill="toself", fillcolor=_SHADES[colour], line={"width": 0}, name=name, showlegend=bool(name),
        hoverinfo="skip", row=row, col=column,
    )  # fmt: skip


def _plain(values: Any) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in np.asarray(values, dtype=float)]
