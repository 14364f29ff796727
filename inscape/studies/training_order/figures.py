"""The figures of study 07."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, RED, PINK = "#0072B2", "#D55E00", "#CC79A7"
BELOW = {"orientation": "h", "y": -0.25, "yanchor": "top"}


def estimated_against_true(runs: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Perplexity of every order, as the difference from the recorded run's, by estimator."""
    import plotly.graph_objects as go

    figure = go.Figure()
    looks = (("fut1", RED, "x"), ("carried", BLUE, "circle"), ("exact", GREEN, "diamond-open"))
    true = np.concatenate([run["true"] - run["recorded"] for run in runs])
    for name, colour, symbol in looks:
        values = np.concatenate([run[name]["perplexity"] - run["recorded"] for run in runs])
        words = {"fut1": "FUT as inferred", "carried": "momentum carried, rank 40", "exact": "exact curvature"}[name]
        figure.add_scatter(
            x=true, y=values, mode="markers", name=words, marker={"color": colour, "symbol": symbol, "size": 7}
        )
    ends = [float(true.min()), float(true.max())]
    figure.add_scatter(x=ends, y=ends, mode="lines", name="truth", line={"color": BLACK, "width": 1})
    figure.update_layout(
        title="FUT hardly moves from the recorded run; carried momentum follows",
        xaxis={"title": "retrained perplexity less the recorded run's"},
        yaxis={"title": "estimated perplexity less the recorded run's"},
        legend=BELOW,
    )
    return figure


def errors_by_estimator(ratios: Mapping[str, np.ndarray], ranks: Mapping[str, np.ndarray]) -> go.Figure:
    """Error over that of the recorded run (left), and rank correlation (right), a point a run."""
    from plotly.subplots import make_subplots

    figure = make_subplots(cols=2, horizontal_spacing=0.14)
    for column, values in enumerate((ratios, ranks), start=1):
        for name, colour in zip(values, (BLACK, BLUE, GREEN, SKY, RED, ORANGE, PINK), strict=False):
            figure.add_scatter(
                x=[name] * len(values[name]),
                y=values[name],
                mode="markers",
                marker={"color": colour, "size": 9, "symbol": "circle-open"},
                showlegend=False,
                row=1,
                col=column,
            )
    figure.add_hline(y=1, line={"color": BLACK, "dash": "dash", "width": 1}, row=1, col=1)
    figure.update_yaxes(title="mean error / that of the recorded run", type="log", row=1, col=1)
    figure.update_yaxes(title="rank correlation with the truth", range=[-1.05, 1.05], row=1, col=2)
    figure.update_xaxes(tickangle=-40)
    figure.update_layout(title="Every estimator, one circle a run", height=480)
    return figure


def position_maps(maps: Mapping[str, np.ndarray], kind: str) -> go.Figure:
    """Maps (batch, position) off their batches' means, side by side."""
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    figure = make_subplots(cols=len(maps), subplot_titles=list(maps), shared_yaxes=True, horizontal_spacing=0.04)
    off = {name: 1e3 * (values - values.mean(axis=1, keepdims=True)) for name, values in maps.items()}
    # One scale for all, that of the truth, so that a map that does not move looks as pale as it is.
    largest = float(np.abs(next(iter(off.values()))).max())
    for column, values in enumerate(off.values(), start=1):
        figure.add_trace(
            go.Heatmap(
                z=values,
                zmin=-largest,
                zmax=largest,
                colorscale="RdBu_r",
                showscale=column == len(maps),
                colorbar={"title": "10<sup>-3</sup> nats"},
            ),
            row=1,
            col=column,
        )
        figure.update_xaxes(title="position of the batch", row=1, col=column)
    figure.update_yaxes(title="batch (era, oldest first)", row=1, col=1)
    figure.update_layout(title=f"{kind}: loss by position, mean of each batch taken off", height=420)
    return figure


def recency(curves: Mapping[str, np.ndarray]) -> go.Figure:
    """Mean over batches of the retrained loss on a batch, or on text like it, by the place at which the batch came."""
    import plotly.graph_objects as go

    figure = go.Figure()
    looks = ((BLUE, "solid"), (BLUE, "dot"), (RED, "solid"), (RED, "dot"))
    for (name, values), (colour, dash) in zip(curves.items(), looks, strict=False):
        figure.add_scatter(
            x=np.arange(len(values)),
            y=1e3 * values,
            mode="lines+markers",
            name=name,
            line={"color": colour, "dash": dash},
        )
    figure.update_layout(
        title="Momentum holds back what comes last",
        xaxis={"title": "position of the batch"},
        yaxis={"title": "loss, mean of each batch taken off (10<sup>-3</sup> nats)"},
        legend=BELOW,
    )
    return figure


def curricula(runs: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Retrained perplexities of searched, heuristic and random orders, relative to the random orders' median."""
    import plotly.graph_objects as go

    figure = go.Figure()
    middle = [float(np.median(run["random"])) for run in runs]
    drawn = np.concatenate([run["random"] - m for run, m in zip(runs, middle, strict=True)])
    named = {name: [run["true"][name] - m for run, m in zip(runs, middle, strict=True)] for name in runs[0]["true"]}
    for name, values, colour in [
        ("random", drawn, BLACK),
        *zip(named, named.values(), (BLUE, RED, ORANGE, PINK, GREEN, SKY), strict=False),
    ]:
        figure.add_scatter(
            x=[name] * len(values),
            y=values,
            mode="markers",
            marker={"color": colour, "size": 9, "symbol": "circle-open"},
            showlegend=False,
        )
    figure.add_hline(y=0, line={"color": BLACK, "dash": "dash", "width": 1})
    figure.update_layout(
        title="Retrained perplexity of each order, less the median of the random ones (one circle a run)",
        xaxis={"title": "order of the batches", "type": "category"},
        yaxis={"title": "perplexity less the random median"},
    )
    return figure


def trust_against_error(regimes: Mapping[str, Mapping[str, np.ndarray]], least: float) -> go.Figure:
    """Error over that of the recorded run against trust, by regime."""
    import plotly.graph_objects as go

    figure = go.Figure()
    looks = ((BLUE, "circle"), (ORANGE, "square"), (RED, "x"))
    for (name, regime), (colour, symbol) in zip(regimes.items(), looks, strict=False):
        figure.add_scatter(
            x=regime["trust"],
            y=np.maximum(regime["error"], 1e-3),
            mode="markers",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 7},
        )
    figure.add_vline(x=least, line={"color": BLACK, "dash": "dash", "width": 1})
    figure.add_hline(y=1, line={"color": BLACK, "dash": "dot", "width": 1})
    figure.update_layout(
        title="Estimates left of the dashed line are refused",
        xaxis={"title": "trust value"},
        yaxis={"title": "error / mean error of the recorded run", "type": "log"},
        legend=BELOW,
    )
    return figure


def precedence_table(gain: np.ndarray, names: Sequence[str]) -> go.Figure:
    """What it gains that the row's batch comes before the column's."""
    import plotly.graph_objects as go

    largest = float(np.abs(gain).max()) * 1e3
    figure = go.Figure(
        go.Heatmap(
            z=1e3 * gain,
            zmin=-largest,
            zmax=largest,
            colorscale="RdBu",
            colorbar={"title": "10<sup>-3</sup> nats"},
            x=list(names),
            y=list(names),
        )
    )
    figure.update_layout(
        title="Validation loss gained where the batch of the row comes before that of the column",
        xaxis={"title": "comes after", "tickangle": -60},
        yaxis={"title": "comes before", "autorange": "reversed"},
        height=620,
    )
    return figure
