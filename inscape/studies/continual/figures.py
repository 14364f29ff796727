"""Figures of study 15."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.studies.continual.learning import just_trained, old_ratio

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe and Ito's colours, told apart by every kind of colour vision.
COLOURS = {
    "hypernet": "#0072B2",
    "finetune": "#D55E00",
    "ewc": "#E69F00",
    "si": "#CC79A7",
    "coreset": "#009E73",
    "multitask": "#56B4E9",
    "progressive": "#F0E442",
    "single": "#000000",
}
MARKS = ("circle", "x", "square", "diamond", "triangle-up", "triangle-down", "hexagon", "star")
SYMBOLS = dict(zip(COLOURS, MARKS, strict=True))
BELOW = {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0}


def matrices(results: Mapping[str, Sequence[Mapping[str, Any]]], arms: Sequence[str]) -> go.Figure:
    """Error on every task after every task, one panel an arm, mean over seeds, on a logarithmic scale."""
    from plotly.subplots import make_subplots

    known = [arm for arm in arms if arm in results]
    figure = make_subplots(rows=1, cols=len(known), subplot_titles=known, shared_yaxes=True)
    for column, arm in enumerate(known, 1):
        errors = np.log10(np.mean([one["errors"] for one in results[arm]], axis=0))
        numbers = [str(k + 1) for k in range(len(errors))]
        figure.add_heatmap(
            z=errors,
            x=numbers,
            y=numbers,
            coloraxis="coloraxis",
            text=[["" if not np.isfinite(v) else f"{10**v:.2g}" for v in row] for row in errors],
            texttemplate="%{text}",
            row=1,
            col=column,
        )
        # Categories: a scale of numbers would have ticks between the tasks.
        figure.update_xaxes(title="last task learned", type="category", row=1, col=column)
        figure.update_yaxes(type="category", autorange="reversed", row=1, col=column)
    figure.update_yaxes(title="task tested", row=1, col=1)
    figure.update_layout(
        height=420,
        title="Error of single steps on every body after every body (mean over seeds)",
        coloraxis={"colorscale": "Cividis", "colorbar": {"title": "log10 of error"}},
    )
    return figure


def learning_and_keeping(sequences: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]) -> go.Figure:
    """Error just after learning against what it grows by: a good method stands low on the left."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=len(sequences), subplot_titles=[f"{name} sequence" for name in sequences])
    for column, results in enumerate(sequences.values(), 1):
        for arm, colour in COLOURS.items():
            if arm not in results or arm == "multitask":
                continue
            figure.add_scatter(
                x=[just_trained(one) for one in results[arm]],
                y=[old_ratio(one) for one in results[arm]],
                mode="markers",
                marker={"color": colour, "symbol": SYMBOLS[arm], "size": 11, "line": {"color": "#444444", "width": 1}},
                name=arm,
                legendgroup=arm,
                showlegend=column == 1,
                row=1,
                col=column,
            )
        figure.add_hline(y=1.0, line={"color": "#888888", "width": 1, "dash": "dot"}, row=1, col=column)
        figure.update_xaxes(title="error of a task just learned (deviations squared)", type="log", row=1, col=column)
        figure.update_yaxes(type="log", row=1, col=column)
    figure.update_yaxes(title="old tasks' error in the end / just learned", row=1, col=1)
    figure.update_layout(title="To learn and to keep, each mark a seed", legend=BELOW, height=520)
    return figure


def returns(arms: Mapping[str, Sequence[np.ndarray]], ceiling: Sequence[float]) -> go.Figure:
    """Mean reward of a step on each cart in the end, by method, and of plans in the world itself."""
    import plotly.graph_objects as go

    figure = go.Figure()
    names = [f"cart {k + 1}" for k in range(len(ceiling))]
    for arm, runs in arms.items():
        ends = np.array([matrix[:, -1] for matrix in runs])
        figure.add_bar(
            x=names,
            y=ends.mean(axis=0),
            error_y={"array": np.ptp(ends, axis=0) / 2, "color": "#777777"},
            name=arm,
            marker={"color": COLOURS[arm]},
        )
    figure.add_scatter(
        x=names,
        y=list(ceiling),
        mode="markers",
        name="the world as law",
        marker={"symbol": "line-ew", "size": 90, "line": {"color": "#444444", "width": 2}},
    )
    figure.update_layout(
        title="Planned with the laws after the last cart (whiskers: half the range over seeds)",
        barmode="group",
        legend=BELOW,
        height=520,
    )
    figure.update_xaxes(title="in the order in which they were learned")
    figure.update_yaxes(title="mean reward of a step", range=[0, 1])
    return figure


def growing(runs: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Time of a minibatch and error just learned and in the end, against the number of the cart."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2)
    run = runs[0]
    numbers = np.arange(1, len(run["seconds"]) + 1)
    figure.add_scatter(
        x=numbers,
        y=1e3 * run["seconds"],
        mode="lines+markers",
        name="time",
        showlegend=False,
        row=1,
        col=1,
        line={"color": COLOURS["hypernet"]},
    )
    for name, values, colour in (
        ("just learned", np.diagonal(run["errors"]), COLOURS["hypernet"]),
        ("after the last", run["errors"][:, -1], COLOURS["finetune"]),
    ):
        figure.add_scatter(x=numbers, y=values, mode="markers", name=name, marker={"color": colour}, row=1, col=2)
    figure.update_xaxes(title="cart")
    figure.update_yaxes(title="CPU time of a minibatch (ms)", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title="error of single steps (deviations squared)", type="log", row=1, col=2)
    figure.update_layout(
        title="Many carts: what the next one costs, and what the old ones lose", legend=BELOW, height=480
    )
    return figure
