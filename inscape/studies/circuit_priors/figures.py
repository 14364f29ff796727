"""Figures of study 05."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito (2008): told apart by the colour-blind.
BLUE, RED, GREEN, ORANGE, GREY = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#777777"
BELOW = {"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center", "yanchor": "top"}


def learning(
    searches: Sequence[Mapping[str, Any]], networks: Sequence[Mapping[str, Any]], birth: float, steps: int
) -> go.Figure:
    """Return against steps in the world: the circuit by CMA-ES, a network by PPO, every seed a line."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for k, run in enumerate(searches):
        curve = np.array(run["curve"])
        figure.add_scatter(
            x=[0.0, *curve[:, 0] * steps],
            y=[birth, *curve[:, 1]],
            mode="lines",
            line={"color": BLUE, "shape": "hv"},
            name="circuit, 4 weights, CMA-ES, best so far",
            legendgroup="circuit",
            showlegend=k == 0,
        )
    for k, run in enumerate(networks):
        if not run["returns"]:
            continue
        figure.add_scatter(
            x=run["steps"],
            y=smoothed(run["returns"]),
            mode="lines",
            line={"color": RED},
            name="network 64-64, PPO, mean of 10 episodes",
            legendgroup="network",
            showlegend=k == 0,
        )
    figure.add_hline(y=birth, line={"color": GREY, "dash": "dash"}, annotation_text="circuit at birth")
    figure.update_layout(
        title="A circuit swims before any training",
        xaxis={"title": "steps in the world"},
        yaxis={"title": "return (1,000 at most)", "rangemode": "tozero"},
        legend=BELOW,
    )
    return figure


def sign_patterns(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Return of each sign pattern, best first."""
    import plotly.graph_objects as go

    ranked = sorted(rows, key=lambda row: -row["return"])
    names = ["".join(row[kind] for kind in ("prop", "osc", "ipsi", "contra")) for row in ranked]
    figure = go.Figure()
    figure.add_bar(
        x=names,
        y=[row["return"] for row in ranked],
        marker={"color": [BLUE if row["designed"] else GREY for row in ranked]},
    )
    figure.update_layout(
        title="One sign pattern of sixteen swims",
        xaxis={
            "title": "signs of copied bend, rhythm, same-side and cross muscle synapse",
            "type": "category",
            "tickangle": -90,
        },
        yaxis={"title": "return of the untrained circuit (1,000 at most)"},
    )
    return figure


def bodies(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Return against the number of links, at birth and with the weights found on six."""
    import plotly.graph_objects as go

    figure = go.Figure()
    home = [row for row in rows if row["medium"] == "home"]
    looks = (("birth", "untrained", GREY, "circle"), ("trained", "weights found on 6 links", BLUE, "square"))
    for key, name, colour, symbol in looks:
        figure.add_scatter(
            x=[row["links"] for row in home],
            y=[row[key] for row in home],
            mode="lines+markers",
            line={"color": colour},
            marker={"symbol": symbol, "size": 9},
            name=name,
        )
    figure.update_layout(
        title="Weights of six links on other bodies, unchanged",
        xaxis={"title": "links of the body"},
        yaxis={"title": "return (1,000 at most)", "rangemode": "tozero"},
        legend=BELOW,
    )
    return figure


def period_curve(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Return of the untrained circuit against its period."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        x=[row["period"] for row in rows], y=[row["return"] for row in rows], mode="lines+markers", line={"color": BLUE}
    )
    figure.update_layout(
        title="The rhythm that fits the body",
        xaxis={"title": "period of the clock (control steps of 0.03 s)"},
        yaxis={"title": "return of the untrained circuit (1,000 at most)", "rangemode": "tozero"},
    )
    return figure


def wave(run: Mapping[str, Any], seconds: float = 8.0) -> go.Figure:
    """Kymograph: bending along the body over time."""
    import plotly.graph_objects as go

    from inscape.analysis import kymograph

    times = np.asarray(run["times"])
    shown = times <= seconds
    along, bending = kymograph(np.asarray(run["joints"])[shown])
    figure = go.Figure()
    figure.add_heatmap(
        x=times[shown], y=along, z=np.degrees(bending).T, colorscale="RdBu", zmid=0, colorbar={"title": "bend (deg)"}
    )
    figure.update_layout(
        title="A wave runs from head to tail",
        xaxis={"title": "time (s)"},
        yaxis={"title": "place along the body (0 head, 1 tail)", "autorange": "reversed"},
    )
    return figure


def firing(run: Mapping[str, Any], seconds: float = 6.0) -> go.Figure:
    """Who fired when."""
    import plotly.graph_objects as go

    times = np.asarray(run["times"])
    shown = times <= seconds
    figure = go.Figure()
    figure.add_heatmap(
        x=times[shown],
        y=list(run["names"]),
        z=np.asarray(run["neurons"])[shown].T,
        colorscale="Cividis",
        reversescale=True,
        colorbar={"title": "activity"},
    )
    figure.update_layout(
        title="Who fired when",
        xaxis={"title": "time (s)"},
        yaxis={"title": "neuron (b joint, m muscle; d dorsal, v ventral)", "autorange": "reversed"},
        height=560,
    )
    return figure


def smoothed(returns: Sequence[float], width: int = 10) -> list[float]:
    """Mean of the last ten episodes, fewer at the start."""
    sums = np.cumsum([0.0, *returns])
    ends = np.arange(1, len(returns) + 1)
    starts = np.maximum(0, ends - width)
    return ((sums[ends] - sums[starts]) / (ends - starts)).tolist()
