"""Figures of study 18."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.studies.induction.arms import LN2

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito (2008): told apart by the colour-blind.
BLUE, RED, GREEN, ORANGE, SKY, PINK, BLACK, GREY = (
    *("#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#000000", "#999999"),
)
COLOURS = (BLUE, RED, GREEN, ORANGE, SKY, PINK, BLACK, GREY)
BELOW = {"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center", "yanchor": "top"}
CLAMP_TITLES = {
    "none": "none",
    "previous_token": "attention to the previous token",
    "earlier_layer": "layer 1 (A)",
    "copy": "copy (C)",
    "match": "match (A, B)",
    "earlier_layer_and_copy": "layer 1 and copy (A, C)",
}


def loss_curves(run: Mapping[str, Any]) -> go.Figure:
    """Loss on each split while all heads learn, median and range over seeds."""
    import plotly.graph_objects as go

    figure = go.Figure()
    splits = [name for name in run if name.startswith("loss ")]
    for name, colour in zip(splits, COLOURS, strict=False):
        curves = np.asarray(run[name])
        _band(figure, run["sequences"], curves, colour, name.removeprefix("loss "))
    figure.add_hline(y=LN2, line={"dash": "dot", "color": GREY}, annotation_text="ln 2: guessing in context")
    figure.update_layout(
        title="All heads learn: the loss rests near ln 2, then falls",
        xaxis={"title": "sequences seen"},
        yaxis={"title": "cross-entropy (nats)", "rangemode": "tozero"},
        legend=BELOW,
    )
    return figure


def head_curves(run: Mapping[str, Any], seed: int) -> go.Figure:
    """Strength of each head of the first seed while it trains."""
    import plotly.graph_objects as go

    figure = go.Figure()
    names = [name for name in run if name.startswith("head ")]
    dashes = ("solid", "dash", "dot", "dashdot")
    for number, name in enumerate(names):
        figure.add_scatter(
            x=run["sequences"],
            y=np.asarray(run[name])[:, 0],
            mode="lines",
            line={"color": COLOURS[number % len(COLOURS)], "dash": dashes[number % len(dashes)]},
            name=f"head {name.split()[1]}",
        )
    figure.update_layout(
        title=f"The heads of layer 2 become induction heads together (seed {seed})",
        xaxis={"title": "sequences seen"},
        yaxis={"title": "induction strength (attention to right minus wrong label)"},
        legend=BELOW,
    )
    return figure


def strength_against_accuracy(strength: np.ndarray, lone: np.ndarray, seeds: Sequence[int]) -> go.Figure:
    """Each head's strength beside the accuracy with it alone: (seed, head) both."""
    import plotly.graph_objects as go

    figure = go.Figure()
    symbols = ("circle", "square", "diamond", "cross", "triangle-up")
    for number, seed in enumerate(seeds):
        figure.add_scatter(
            x=strength[number],
            y=lone[number],
            mode="markers",
            name=f"seed {seed}",
            marker={"color": COLOURS[number % 8], "symbol": symbols[number % 5], "size": 9},
        )
    figure.update_layout(
        title="A head alone does the better, the stronger it is",
        xaxis={"title": "induction strength (attention to right minus wrong label)"},
        yaxis={"title": "accuracy with this head alone (share right)"},
        legend=BELOW,
    )
    return figure


def clamp_curves(runs: Mapping[str, Mapping[str, Any]]) -> go.Figure:
    """Loss under each clamp, median and range over seeds."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for (name, run), colour in zip(runs.items(), COLOURS, strict=False):
        times = np.maximum(run["sequences"], 100)
        _band(figure, times, np.asarray(run["loss train"]), colour, CLAMP_TITLES.get(name, name))
    figure.add_hline(y=LN2 / 2, line={"dash": "dot", "color": GREY}, annotation_text="half of ln 2")
    figure.update_layout(
        title="What is left to learn under each clamp (one head of layer 2)",
        xaxis={"title": "sequences seen (logarithmic; the start drawn at 100)", "type": "log"},
        yaxis={"title": "training loss (nats)", "rangemode": "tozero"},
        legend=BELOW,
    )
    return figure


def delays(seeds: Sequence[int], ratio: np.ndarray) -> go.Figure:
    """Time to half of ln 2 of single heads over that of all together: (seed, head)."""
    import plotly.graph_objects as go

    figure = go.Figure()
    heads = [f"head {h}" for h in range(ratio.shape[1])]
    symbols = ("circle", "square", "diamond", "cross", "triangle-up")
    for number, (seed, row) in enumerate(zip(seeds, ratio, strict=True)):
        figure.add_scatter(
            x=heads,
            y=row,
            mode="markers",
            name=f"seed {seed}",
            marker={"color": COLOURS[number % 8], "symbol": symbols[number % 5], "size": 10},
        )
    figure.add_hline(
        y=1.0,
        line={"dash": "dot", "color": GREY},
        annotation_text="all heads together",
        annotation_position="bottom left",
    )
    figure.update_layout(
        title="A single head learns as well, mostly later",
        xaxis={"title": "the one head of layer 2 that is alive"},
        yaxis={"title": "time to half of ln 2 over all heads' (ratio)", "rangemode": "tozero"},
        legend=BELOW,
    )
    return figure


def scaling(times: Mapping[tuple[str, str], Sequence[tuple[int, float]]]) -> go.Figure:
    """Time to half of ln 2 against classes and labels."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    looks = {
        "all": ("all heads, nothing clamped", BLACK, "circle"),
        "match": ("match clamped: C left", RED, "square"),
        "earlier_layer_and_copy": ("layer 1 and copy clamped: B left", BLUE, "diamond"),
    }
    for (axis, arm), points in times.items():
        title, colour, symbol = looks[arm]
        figure.add_scatter(
            x=[p[0] for p in points],
            y=[p[1] for p in points],
            mode="lines+markers",
            name=title,
            legendgroup=arm,
            showlegend=axis == "classes",
            line={"color": colour},
            marker={"symbol": symbol, "size": 9},
            row=1,
            col=1 if axis == "classes" else 2,
        )
    figure.update_xaxes(title="classes", row=1, col=1)
    figure.update_xaxes(title="labels", row=1, col=2)
    figure.update_yaxes(title="sequences to half of ln 2", type="log", row=1, col=1)
    figure.update_yaxes(type="log", row=1, col=2)
    figure.update_layout(title="What slows each part: more labels the copying, more classes hardly any", legend=BELOW)
    return figure


def toy_curves(found: Mapping[str, Mapping[str, Any]]) -> go.Figure:
    """Loss of the toy over that of a product of zero, median over seeds, by which factors are clamped."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for (name, arm), colour in zip(found.items(), (BLACK, ORANGE, BLUE), strict=False):
        losses = np.asarray(arm["losses"])
        _band(figure, np.arange(1, losses.shape[1]), losses[:, 1:], colour, f"clamped: {name}")
    figure.update_layout(
        title="The product of three vectors: a plateau and a drop, until two are clamped",
        xaxis={"title": "steps of gradient descent (logarithmic)", "type": "log"},
        yaxis={"title": "loss (share of that of a product of zero)", "range": [0, 3]},
        legend=BELOW,
    )
    return figure


def language_map(strength: np.ndarray) -> go.Figure:
    """Induction strength of each head of a language model: (layer, head)."""
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Heatmap(
            z=strength,
            colorscale="Viridis",
            zmin=0,
            zmax=1,
            colorbar={"title": {"text": "attention to the token<br>after the earlier copy"}},
        )
    )
    figure.update_layout(
        title="SmolLM2-135M: a few heads in the upper half copy from the context",
        xaxis={"title": "head", "dtick": 1},
        yaxis={"title": "layer", "dtick": 5},
        height=600,
    )
    return figure


def silent_heads(found: Mapping[str, Any]) -> go.Figure:
    """Losses of a language model with its strongest heads silent, and with random ones."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, title, colour, symbol in (("repeat", "repeat", RED, "circle"), ("first", "first saying", BLUE, "square")):
        figure.add_scatter(
            x=found["counts"],
            y=found[name],
            mode="lines+markers",
            name=f"{title}, strongest silent",
            line={"color": colour},
            marker={"symbol": symbol, "size": 9},
        )
    figure.add_scatter(
        x=[5] * len(found["random"]),
        y=found["random"],
        mode="markers",
        name="repeat, 5 random others silent",
        marker={"color": GREY, "symbol": "x", "size": 8},
    )
    figure.update_layout(
        title="Without its induction heads the model forgets that it read the text before",
        xaxis={"title": "heads silenced", "dtick": 1},
        yaxis={"title": "loss (nats a token)", "rangemode": "tozero"},
        legend=BELOW,
    )
    return figure


def shares(values: np.ndarray) -> go.Figure:
    """Shapley shares of the circuit's parts: (seed, part), in percent."""
    import plotly.graph_objects as go

    figure = go.Figure()
    names = ["A: copy the token before", "B: match", "C: copy the label"]
    figure.add_bar(x=names, y=values.mean(axis=0), marker={"color": SKY}, name="mean over seeds")
    for row in values:
        figure.add_scatter(
            x=names, y=row, mode="markers", marker={"color": BLACK, "symbol": "circle-open"}, showlegend=False
        )
    figure.update_layout(
        title="How much of the learning time each part of the circuit accounts for",
        xaxis={"title": "part of the circuit"},
        yaxis={"title": "Shapley share of the time to half of ln 2 (%)"},
        legend=BELOW,
    )
    return figure


def released(run: Mapping[str, Any], free: Mapping[str, Any], seeds: Sequence[int]) -> go.Figure:
    """Loss where the clamp of the match lets go, beside training without it."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, seed in enumerate(seeds):
        figure.add_scatter(
            x=run["sequences"],
            y=np.asarray(run["loss train"])[:, number],
            mode="lines",
            line={"color": COLOURS[number % 8]},
            name=f"seed {seed}, match clamped, then released",
        )
        figure.add_scatter(
            x=free["sequences"],
            y=np.asarray(free["loss train"])[:, number],
            mode="lines",
            line={"color": COLOURS[number % 8], "dash": "dot"},
            name=f"seed {seed}, never clamped",
        )
    figure.update_layout(
        title="Released at half of ln 2, the network learns the rest",
        xaxis={"title": "sequences seen"},
        yaxis={"title": "training loss (nats)", "rangemode": "tozero"},
        legend=BELOW,
    )
    return figure


def _band(figure: go.Figure, x: Any, curves: np.ndarray, colour: str, name: str) -> None:
    """Median over the last axis (run) or, for (run, time) of the toy, the first; with the range behind it."""
    curves = curves.T if len(curves) == len(x) else curves
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    low, high = np.nanmin(curves, axis=0), np.nanmax(curves, axis=0)
    figure.add_scatter(
        x=[*x, *x[::-1]],
        y=[*high, *low[::-1]],
        mode="lines",
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.15)",
        line={"width": 0},
        showlegend=False,
        hoverinfo="skip",
    )
    figure.add_scatter(x=x, y=np.nanmedian(curves, axis=0), mode="lines", line={"color": colour}, name=name)
