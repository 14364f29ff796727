"""Figures of study 01."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.studies.pathways.reading import NORMALISED, Run

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe and Ito's colours, told apart by every kind of colour vision.
BLUE, RED, GREEN, ORANGE, BLACK = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#000000"
LOOKS = {"generalising": (BLUE, "solid"), "no decay": (RED, "dash"), "shuffled labels": (ORANGE, "dot")}
WORDS = {
    "string_distance": "string distance (paper)",
    "string_distance_normalised": "string distance / length",
    "expert_distance": "distance in experts",
    NORMALISED: "distance in experts / length",
    "overlap": "overlap (cosine)",
    "total_variation": "total variation",
    "smoothness": "smoothness",
    "consistency": "C as printed",
    "entropy": "routing entropy",
    "length": "pathway length",
    "train_loss": "training loss",
    "test_loss": "test loss",
    "string_distance at the answer": "string distance, answer token",
    f"{NORMALISED} at the answer": "in experts / length, answer token",
    "overlap at the answer": "overlap, answer token",
    "smoothness at the answer": "smoothness, answer token",
}
BELOW = {"orientation": "h", "y": -0.22, "x": 0}


def accuracy_curves(arms: Mapping[str, Sequence[Run]]) -> go.Figure:
    """Training and test accuracy against steps, one panel an arm, mean over networks, one colour a domain."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=len(arms), shared_yaxes=True, subplot_titles=list(arms))
    for column, runs in enumerate(arms.values(), 1):
        for domain, colour in zip(runs[0]["domains"], (BLUE, RED, GREEN), strict=False):
            for part, dash in (("train", "dot"), ("test", "solid")):
                values = np.array([run["domains"][domain][f"{part}_accuracy"] for run in runs])
                figure.add_scatter(
                    x=runs[0]["steps"],
                    y=values.mean(axis=0),
                    mode="lines",
                    line={"color": colour, "dash": dash},
                    name=f"{domain}, {part}",
                    legendgroup=f"{domain}, {part}",
                    showlegend=column == 1,
                    row=1,
                    col=column,
                )
        figure.update_xaxes(title="step of training", row=1, col=column)
    figure.update_yaxes(title="share of answers right", range=[0, 1.03], row=1, col=1)
    figure.update_layout(title="Memorised early, understood late, or never (mean over networks)", legend=BELOW)
    return figure


def gauge_curves(arms: Mapping[str, Sequence[Run]]) -> go.Figure:
    """The four gauges against steps, each with its two controls: mean over networks and domains, range shaded."""
    from plotly.subplots import make_subplots

    shown = ("string_distance", NORMALISED, "overlap", "smoothness")
    figure = make_subplots(rows=2, cols=2, subplot_titles=[WORDS[g] for g in shown], vertical_spacing=0.16)
    for place, gauge in enumerate(shown):
        row, column = divmod(place, 2)
        for arm, runs in arms.items():
            colour, dash = LOOKS[arm]
            values = np.array([np.mean([t[gauge] for t in run["domains"].values()], axis=0) for run in runs])
            steps = list(runs[0]["steps"])
            figure.add_scatter(
                x=steps + steps[::-1],
                y=[*values.max(axis=0), *values.min(axis=0)[::-1]],
                fill="toself",
                fillcolor=colour,
                opacity=0.15,
                line={"width": 0},
                hoverinfo="skip",
                showlegend=False,
                row=row + 1,
                col=column + 1,
            )
            figure.add_scatter(
                x=steps,
                y=values.mean(axis=0),
                mode="lines",
                line={"color": colour, "dash": dash},
                name=arm,
                legendgroup=arm,
                showlegend=place == 0,
                row=row + 1,
                col=column + 1,
            )
    units = {"string_distance": "characters", NORMALISED: "share of the longer", "overlap": "cosine"}
    for place, gauge in enumerate(shown):
        row, column = divmod(place, 2)
        figure.update_yaxes(title=units.get(gauge, "mean cosine"), row=row + 1, col=column + 1)
        figure.update_xaxes(title="step of training" if row == 1 else None, row=row + 1, col=column + 1)
    figure.update_layout(
        title="Gauges of routing with generalisation and in two controls (mean over networks and domains)",
        legend=BELOW | {"y": -0.14},
        height=640,
    )
    return figure


def gauge_strengths(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Correlation of each gauge with test accuracy, one point a network and domain."""
    import plotly.graph_objects as go

    figure = go.Figure()
    domains = list(dict.fromkeys(row["domain"] for row in rows))
    for domain, colour, symbol in zip(domains, (BLUE, RED, GREEN), ("circle", "diamond", "square"), strict=False):
        mine = [row for row in rows if row["domain"] == domain]
        figure.add_scatter(
            x=[row["r"] for row in mine],
            y=[WORDS[row["gauge"]] for row in mine],
            error_x={
                "array": [row["high"] - row["r"] for row in mine],
                "arrayminus": [row["r"] - row["low"] for row in mine],
                "thickness": 1,
                "width": 0,
            },
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 9},
            name=domain,
            offsetgroup=domain,
        )
    for bound in (-0.8, 0.8):
        figure.add_vline(x=bound, line={"color": BLACK, "dash": "dash", "width": 1})
    figure.add_vline(x=0, line={"color": BLACK, "width": 1})
    figure.update_layout(
        title="Correlation with test accuracy after memorising, 95 % block-bootstrap intervals",
        xaxis={"title": "Pearson's r", "range": [-1.03, 1.03]},
        yaxis={"autorange": "reversed", "type": "category"},
        scattermode="group",
        scattergap=0.4,
        legend=BELOW | {"y": -0.14},
        height=760,
    )
    return figure


def theory_points(found: Mapping[str, np.ndarray]) -> go.Figure:
    """Effective dimension against distance of pathways, one point a frozen router: as printed, and freed of size."""
    from plotly.subplots import make_subplots

    panels = (("string", "dimension"), ("expert", "shape"))
    figure = make_subplots(rows=1, cols=2, subplot_titles=["as printed", "without length and size"])
    for column, (gauge, dimension) in enumerate(panels, 1):
        figure.add_scatter(
            x=found[gauge],
            y=found[dimension],
            mode="markers",
            marker={"color": BLUE, "size": 6, "opacity": 0.6},
            showlegend=False,
            row=1,
            col=column,
        )
    figure.update_xaxes(title="mean edit distance (characters)", row=1, col=1)
    figure.update_xaxes(title="mean distance in experts / length", row=1, col=2)
    figure.update_yaxes(title="effective dimension, Tr H(H + λI)⁻¹", row=1, col=1)
    figure.update_yaxes(title="the same of H with trace one", row=1, col=2)
    figure.update_layout(title="Frozen random routers: sharper ones have shorter pathways and larger kernels")
    return figure
