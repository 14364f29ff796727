"""Figures of study 08."""

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
SHADES = {BLUE: "rgba(0,114,178,0.2)", RED: "rgba(213,94,0,0.2)"}
BELOW = {"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center", "yanchor": "top"}


def balance_curves(
    balances: Sequence[float], memory: Mapping[str, np.ndarray], adapted: Mapping[str, np.ndarray], scale: float
) -> go.Figure:
    """Memory against the global balance for each graph, mean and range over networks; adapted memory as a line.

    memory : (network, balance) for each graph; adapted : (network,) for each graph.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    x = list(balances)
    for (graph, values), colour in zip(memory.items(), (BLUE, RED), strict=False):
        low, high = values.min(axis=0), values.max(axis=0)
        figure.add_scatter(
            x=[*x, *x[::-1]],
            y=[*high, *low[::-1]],
            mode="lines",
            fill="toself",
            fillcolor=SHADES[colour],
            line={"width": 0},
            showlegend=False,
            hoverinfo="skip",
        )
        figure.add_scatter(
            x=x, y=list(values.mean(axis=0)), mode="lines+markers", line={"color": colour}, name=f"{graph}, one balance"
        )
        if graph in adapted:
            figure.add_scatter(
                x=[x[0], x[-1]],
                y=[float(adapted[graph].mean())] * 2,
                mode="lines",
                line={"color": colour, "dash": "dash"},
                name=f"{graph}, adapted to rate 0.5",
            )
    figure.update_layout(
        title=f"Memory peaks just below balance; adapted nodes go beyond (input scaling {scale:g})",
        xaxis={"title": "global balance beta (0 balanced, below it over-inhibited)"},
        yaxis={"title": "memory capacity (recalled inputs)", "rangemode": "tozero"},
        legend=BELOW,
    )
    return figure


def gain_points(gains: Mapping[str, Mapping[str, np.ndarray]], scale: float) -> go.Figure:
    """Gain over the best global balance by target law, one colour a task, median and range over networks."""
    import plotly.graph_objects as go

    figure = go.Figure()
    titles = {"memory": "memory capacity", "narma": "NARMA-10 error", "mackey-glass": "Mackey-Glass error, 84 steps"}
    looks = ((BLUE, "circle"), (RED, "square"), (GREEN, "diamond"))
    for (task, laws), (colour, symbol) in zip(gains.items(), looks, strict=False):
        middle = np.array([np.median(v) for v in laws.values()])
        figure.add_scatter(
            x=list(laws),
            y=middle,
            mode="markers",
            name=titles[task],
            offsetgroup=task,
            marker={"color": colour, "symbol": symbol, "size": 10},
            error_y={
                "array": [float(v.max() - m) for v, m in zip(laws.values(), middle, strict=True)],
                "arrayminus": [float(m - v.min()) for v, m in zip(laws.values(), middle, strict=True)],
            },
        )
    figure.add_hline(y=1, line={"color": BLACK, "dash": "dash", "width": 1}, opacity=1.0)
    ticks = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]
    figure.update_layout(
        title=f"Gain over the best of nine global balances, median and range (input scaling {scale:g})",
        xaxis={"title": "law of the target rates", "type": "category", "tickangle": 0},
        yaxis={
            "title": "gain (memory: over the best global;<br>errors: best global over it)",
            "type": "log",
            "tickvals": ticks,
            "ticktext": [f"{t:g}" for t in ticks],
        },
        scattermode="group",
        scattergap=0.5,
        legend=BELOW,
    )
    return figure


def gain_by_scaling(scales: Sequence[float], memory: Mapping[str, np.ndarray]) -> go.Figure:
    """Memory against input scaling: the best global balance at each, and the adapted networks.

    memory : (network, scale) for each arm.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    colours = (BLACK, BLUE, RED, GREEN, ORANGE, SKY, PINK)
    for (arm, values), colour in zip(memory.items(), colours, strict=False):
        middle = values.mean(axis=0)
        figure.add_scatter(
            x=list(scales),
            y=list(middle),
            error_y={"array": list(values.max(axis=0) - middle), "arrayminus": list(middle - values.min(axis=0))},
            mode="lines+markers",
            line={"color": colour, "dash": "dash" if arm.startswith("global") else "solid"},
            name=arm,
        )
    figure.update_layout(
        title="The gain holds over the range of input scaling (mean and range over networks)",
        xaxis={
            "title": "input scaling sigma (weights uniform in +- sigma / 2)",
            "type": "log",
            "tickvals": list(scales),
        },
        yaxis={"title": "memory capacity (recalled inputs)", "rangemode": "tozero"},
        legend=BELOW,
    )
    return figure


def histograms(before_after: Mapping[str, Mapping[str, Any]]) -> go.Figure:
    """Mean rates (left) and gains (right) of the nodes of one network, by arm."""
    from plotly.subplots import make_subplots

    figure = make_subplots(cols=2, horizontal_spacing=0.12)
    widest = max(float(np.max(arm["gains"])) for arm in before_after.values())
    for (name, arm), colour in zip(before_after.items(), (RED, BLUE, GREEN), strict=False):
        for column, (key, end) in enumerate((("rates", 1.0), ("gains", widest)), start=1):
            counts, edges = np.histogram(np.asarray(arm[key]), bins=40, range=(0.0, end * 1.0001))
            figure.add_scatter(
                x=edges,
                y=[*counts, 0],
                mode="lines",
                line={"color": colour, "shape": "hv"},
                name=name,
                legendgroup=name,
                showlegend=column == 1,
                row=1,
                col=column,
            )
    figure.update_layout(
        title="Adaptation takes the nodes out of silence and saturation, and their gains become alike",
        legend=BELOW,
    )
    figure.update_xaxes(title="mean rate of a node", range=[0, 1], row=1, col=1)
    figure.update_xaxes(title="gain of a node: c &lt;r (1 - r)&gt; |w|", row=1, col=2)
    figure.update_yaxes(title="nodes", rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title="nodes", rangemode="tozero", row=1, col=2)
    return figure


def capacity_bars(by_arm: Mapping[str, Mapping[int, float]], nodes: int) -> go.Figure:
    """Processing capacity by degree, one stacked bar an arm."""
    import plotly.graph_objects as go

    figure = go.Figure()
    words = {1: "linear (memory)", 2: "quadratic", 3: "cubic"}
    degrees = sorted({d for arm in by_arm.values() for d in arm})
    for degree, colour in zip(degrees, (BLUE, ORANGE, GREEN, PINK), strict=False):
        values = [by_arm[arm].get(degree, 0.0) for arm in by_arm]
        figure.add_bar(
            x=list(by_arm),
            y=values,
            name=words.get(degree, f"degree {degree}"),
            marker_color=colour,
            text=[f"{v:.0f}" for v in values],
            textposition="inside",
        )
    figure.update_layout(
        title=f"Memory and nonlinearity of {nodes} nodes: what of the past input each target law holds",
        xaxis={"title": "network: best global balance, then law of the target rates", "type": "category"},
        yaxis={"title": "processing capacity (orthogonal functions)"},
        barmode="stack",
        legend=BELOW,
    )
    return figure


def recovery(errors: Mapping[str, np.ndarray], block: int, change: int) -> go.Figure:
    """Error by block of samples around a change of the input's scale, median and range over networks.

    errors : (network, block) for each arm; block : samples a block; change : the sample at which the input grew.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for (arm, values), colour in zip(errors.items(), (RED, BLUE, GREEN, ORANGE), strict=False):
        middle = np.median(values, axis=0)
        times = (np.arange(len(middle)) + 0.5) * block
        figure.add_scatter(
            x=times,
            y=middle,
            error_y={"array": values.max(axis=0) - middle, "arrayminus": middle - values.min(axis=0), "thickness": 1},
            mode="lines+markers",
            line={"color": colour},
            name=arm,
        )
    figure.add_vline(x=change, line={"color": BLACK, "dash": "dash", "width": 2}, opacity=1.0)
    figure.update_layout(
        title="The input grows threefold at the dashed line",
        xaxis={"title": "samples"},
        yaxis={"title": f"error over {block} samples,<br>standard deviations of the target", "type": "log"},
        legend=BELOW,
    )
    return figure
