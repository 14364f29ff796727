"""Figures of study 25."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe and Ito's colours, told apart by every kind of colour vision.
BLUE, RED, GREEN, ORANGE, SKY, BLACK = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#000000"
LOOKS = {
    "quadratic law": (BLUE, "solid"),
    "linear law": (ORANGE, "dash"),
    "networks as law": (GREEN, "dashdot"),
    "MB-MPO": (SKY, "longdash"),
    "PPO in the world": (RED, "dot"),
}
TURNED = {
    "left to itself": (BLACK, "solid"),
    "network": (BLUE, "solid"),
    "formula": (SKY, "dash"),
    "constant": (ORANGE, "dashdot"),
    "random": (GREEN, "dot"),
    "PPO": (RED, "dot"),
}
BELOW = {"orientation": "h", "y": -0.25, "x": 0}


def sample_efficiency(arms: Mapping[str, Sequence[Mapping[str, Any]]]) -> go.Figure:
    """Best return so far against steps in the world, one line a seed, the median thick."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, runs in arms.items():
        colour, dash = LOOKS[name]
        if not runs:
            continue
        steps = np.unique(np.concatenate([np.asarray(run["real_steps"], dtype=float) for run in runs]))
        curves = []
        for run in runs:
            best = np.maximum.accumulate(np.asarray(run["returns"], dtype=float))
            at = np.searchsorted(run["real_steps"], steps, side="right") - 1
            curves.append(np.where(at >= 0, best[np.maximum(at, 0)], np.nan))
            figure.add_scatter(
                x=run["real_steps"],
                y=best,
                mode="lines",
                line={"color": colour, "width": 1, "dash": dash},
                opacity=0.35,
                showlegend=False,
                hoverinfo="skip",
            )
        complete = ~np.isnan(curves).any(axis=0)
        figure.add_scatter(
            x=steps[complete],
            y=np.median(curves, axis=0)[complete],
            mode="lines",
            line={"color": colour, "width": 3, "dash": dash},
            name=f"{name} ({len(runs)} seed{'s' * (len(runs) > 1)})",
        )
    figure.update_xaxes(title="steps taken in the world (first 8,000 random)", type="log")
    figure.update_yaxes(title="best return so far (of 1000)", range=[0, 1000])
    figure.update_layout(title="Swing-up: thick lines are medians over seeds", legend=BELOW)
    return figure


def formulas(runs: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Return against size of networks and their formulas, one mark a seed."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, key, size, colour, symbol in (
        ("network", "network", "network_size", BLACK, "circle"),
        ("formula", "printed", "printed_size", BLUE, "diamond"),
        ("formula, states also from its own rollouts", "more", "more_size", ORANGE, "square"),
    ):
        figure.add_scatter(
            x=[run["formula"][size] for run in runs],
            y=[run["formula"][key] for run in runs],
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 11, "line": {"color": "white", "width": 1}},
            name=name,
        )
    figure.update_xaxes(title="numbers in the policy", type="log")
    figure.update_yaxes(title="median return in the world (of 1000)", range=[0, 1000])
    figure.update_layout(title="A network and the formulas made of it, one mark a seed", legend=BELOW)
    return figure


def uncertainty(run: Mapping[str, Any]) -> go.Figure:
    """Ensemble variance where the law was fitted and where the trained policy leads."""
    import plotly.graph_objects as go

    found = run["variance"]
    figure = go.Figure()
    for name, key, colour, symbol in (
        ("random actions (fitted to such)", "on", BLUE, "circle"),
        ("the trained policy", "off", RED, "diamond"),
    ):
        states = np.asarray(found[f"{key}_states"])
        figure.add_scatter(
            x=np.degrees(np.arctan2(states[:, 2], states[:, 1])),
            y=np.asarray(found[f"{key}_variance"]),
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 6, "opacity": 0.7},
            name=name,
        )
    figure.update_xaxes(title="angle of the pole from upright (degrees)", range=[-182, 182], dtick=90)
    figure.update_yaxes(title="variance of the next state, summed", type="log", exponentformat="power")
    figure.update_layout(title="A law of 4,000 random steps is less sure where the policy leads", legend=BELOW)
    return figure


def inclusions(shares: Sequence[Mapping[str, Any]]) -> go.Figure:
    """How often each term stands in the law of hare and lynx."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for label, true, colour in (("Lotka-Volterra terms", True, BLUE), ("all other terms", False, ORANGE)):
        rows = [row for row in shares if row["true"] == true]
        figure.add_bar(
            x=[f"{row['term']} in {row['state']}'" for row in rows],
            y=[row["inclusion"] for row in rows],
            name=label,
            marker={"color": colour},
        )
    for level in (0.85, 0.40):
        figure.add_hline(y=level, line={"color": BLACK, "dash": "dot", "width": 1})
    figure.update_xaxes(title="term", tickangle=45)
    figure.update_yaxes(title="share of bootstrap models", range=[0, 1.02])
    figure.update_layout(
        title="Hare and lynx, 21 years: which terms come back",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"},
    )
    return figure


def trust(arms: Mapping[str, Sequence[Mapping[str, Any]]]) -> go.Figure:
    """Share of surrogate episodes that the bounds ended, against steps in the world."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, runs in arms.items():
        colour, dash = LOOKS[name]
        for number, run in enumerate(runs):
            figure.add_scatter(
                x=run["real_steps"],
                y=100 * np.asarray(run["share_left"], dtype=float),
                mode="lines",
                line={"color": colour, "dash": dash, "width": 1.5},
                name=name,
                legendgroup=name,
                showlegend=number == 0,
            )
    figure.add_hline(y=20, line={"color": BLACK, "dash": "dot", "width": 1})
    figure.update_xaxes(title="steps taken in the world")
    figure.update_yaxes(title="surrogate episodes lost (%)", range=[-2, 102])
    figure.update_layout(
        title="How often the law was led out of its bounds (dotted: where a warning is given)", legend=BELOW
    )
    return figure


def drag_over_time(episodes: Mapping[str, Sequence[float]], dt: float = 0.1) -> go.Figure:
    """Drag of one episode of each arm."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, drags in episodes.items():
        colour, dash = TURNED[name]
        figure.add_scatter(
            x=dt * np.arange(1, len(drags) + 1),
            y=np.asarray(drags),
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            name=name,
        )
    figure.update_xaxes(title="time (diameters over stream velocity)")
    figure.update_yaxes(title="drag coefficient (mean over an action)")
    figure.update_layout(title="Cylinder at Reynolds number 100: drag over one episode", legend=BELOW)
    return figure


def wakes(pictures: Mapping[str, Any]) -> go.Figure:
    """Vorticity of the wake at the end of an episode, one picture above the other; flow from left to right."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(len(pictures), 1, subplot_titles=list(pictures), shared_xaxes=True, vertical_spacing=0.1)
    for row, field in enumerate(pictures.values(), start=1):
        values = np.asarray(field)
        figure.add_trace(
            go.Heatmap(
                x=np.round(np.linspace(-2, 12, values.shape[1], endpoint=False), 3),
                y=np.round(np.linspace(-3, 3, values.shape[0], endpoint=False), 3),
                z=values,
                zmin=-3,
                zmax=3,
                # From blue over white to orange, as the world's own pictures.
                colorscale=[[0, BLUE], [0.5, "#FFFFFF"], [1, RED]],
                showscale=row == 1,
                colorbar={"title": "vorticity (U/D)"},
            ),
            row,
            1,
        )
        circle = {"type": "circle", "x0": -0.5, "x1": 0.5, "y0": -0.5, "y1": 0.5, "fillcolor": "#464B52"}
        figure.add_shape(circle, row=row, col=1)
        across = {"scaleanchor": f"x{row if row > 1 else ''}", "constrain": "domain"}
        figure.update_yaxes(title="across (D)", range=[-3, 3], row=row, col=1, **across)
    figure.update_xaxes(range=[-2, 11.9], constrain="domain")
    figure.update_xaxes(title="downstream (D)", row=len(pictures), col=1)
    figure.update_layout(title="The wake at the end of an episode", height=300 * len(pictures) + 130)
    return figure
