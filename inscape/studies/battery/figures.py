"""Figures of study 12."""

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
COLOURS = (BLUE, RED, GREEN, ORANGE, SKY, PINK, BLACK)
BELOW = {"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center", "yanchor": "top"}


def training_curves(runs: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Loss against CPU time of every arm's first seed in the paper's box."""
    import plotly.graph_objects as go

    figure = go.Figure()
    first = {run["arm"]: run for run in reversed(runs) if run["box"] == "paper"}
    for colour, (arm, run) in zip(COLOURS, first.items(), strict=False):
        spent = 0.0
        times: list[float] = []
        losses: list[float] = []
        for level in run["history"]:
            times += [spent + point[0] for point in level]
            losses += [point[1] for point in level]
            spent = times[-1] if times else 0.0
        figure.add_scatter(x=times, y=losses, mode="lines", name=arm, line={"color": colour})
    figure.update_layout(
        title="Losses fall everywhere; what they say of the voltage differs",
        xaxis={"title": "CPU time of training (s)"},
        yaxis={"title": "loss (sum of mean squared residuals)", "type": "log", "exponentformat": "power"},
        legend=BELOW,
        height=520,
    )
    return figure


def arm_errors(runs: Sequence[Mapping[str, Any]], formulas: Mapping[str, float]) -> go.Figure:
    """Voltage error of every arm and seed, paper's and slow box side by side; the untrained formula as a line."""
    import plotly.graph_objects as go

    figure = go.Figure()
    arms = list(dict.fromkeys(run["arm"] for run in runs))
    for box, colour, symbol in (("paper", BLUE, "circle"), ("slow", RED, "diamond")):
        own = [run for run in runs if run["box"] == box]
        figure.add_scatter(
            x=[run["mean"] for run in own],
            y=[run["arm"] for run in own],
            mode="markers",
            name=f"{box} box",
            marker={"color": colour, "symbol": symbol, "size": 10},
        )
        figure.add_scatter(
            x=[formulas[box]] * 2,
            y=[arms[0], arms[-1]],
            mode="lines",
            name=f"linear modes, no network, {box} box",
            line={"color": colour, "dash": "dot"},
        )
    figure.update_layout(
        title="Networks that conserve lithium are right; those that need not are not",
        xaxis={"title": "mean absolute voltage error (mV)", "type": "log", "exponentformat": "power"},
        yaxis={"title": "", "categoryorder": "array", "categoryarray": arms[::-1]},
        legend=BELOW,
        height=480,
    )
    return figure


def end_profiles(runs: Sequence[Mapping[str, Any]], radii: np.ndarray, exact: np.ndarray) -> go.Figure:
    """The cathode's profile at the end of the discharge by each arm's first seed, and the solver's."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(x=list(radii), y=list(exact), mode="lines", name="solver", line={"color": BLACK, "width": 4})
    first = {run["arm"]: run for run in reversed(runs) if run["box"] == "paper"}
    for colour, (arm, run) in zip(COLOURS, first.items(), strict=False):
        radius = np.linspace(0, 1, len(run["profile"]))
        figure.add_scatter(
            x=list(radius), y=list(run["profile"]), mode="lines", name=arm, line={"color": colour, "dash": "dash"}
        )
    figure.update_layout(
        title="Cathode at the end of the discharge (i0_a 2, ds_c 2)",
        xaxis={"title": "radius (particle radii)"},
        yaxis={"title": "stoichiometry of the cathode"},
        legend=BELOW,
        height=480,
    )
    return figure


def rung_chart(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Error against cost of every rung."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, row in enumerate(rows):
        is_chosen = bool(row.get("chosen"))
        figure.add_scatter(
            x=[row["us a curve"]],
            y=[row["mean mV"]],
            mode="markers",
            name=row["rung"] + (" (chosen)" if is_chosen else ""),
            marker={
                "color": COLOURS[number % len(COLOURS)],
                "size": 16 if is_chosen else 10,
                "symbol": ("circle", "square", "diamond", "cross", "x")[number // len(COLOURS) % 5],
            },
        )
    figure.update_layout(
        title="Which model is worth its time, paper's box",
        xaxis={"title": "CPU time of a curve of 136 voltages (us)", "type": "log"},
        yaxis={"title": "mean absolute error (mV)", "type": "log", "exponentformat": "power"},
        legend={"orientation": "v", "x": 1.02, "y": 1},
        height=480,
    )
    return figure


def posterior_cloud(samples: np.ndarray, truth: Sequence[float], intervals: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Draws of one posterior, the truth, and the means of all noise seeds."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        x=list(samples[:, 0]),
        y=list(samples[:, 1]),
        mode="markers",
        name="draws, one curve",
        marker={"color": SKY, "size": 4, "opacity": 0.5},
    )
    means = np.array([one["exact"]["means"] for one in intervals])
    figure.add_scatter(
        x=list(means[:, 0]),
        y=list(means[:, 1]),
        mode="markers",
        name="means, every curve",
        marker={"color": BLUE, "size": 9, "symbol": "diamond-open"},
    )
    figure.add_scatter(
        x=[truth[0]], y=[truth[1]], mode="markers", name="truth", marker={"color": RED, "size": 14, "symbol": "x"}
    )
    figure.update_layout(
        title="3 mV of noise leave a ridge: i0_a and ds_c stand in for one another",
        xaxis={"title": "i0_a (factor on the anode's exchange current)"},
        yaxis={"title": "ds_c (factor on the cathode's diffusivity)"},
        legend=BELOW,
        height=520,
    )
    return figure


def driven(shown: Mapping[str, Any]) -> go.Figure:
    """One unseen drive: current above, voltages' errors below."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.35, 0.65], vertical_spacing=0.06)
    times = list(shown["times"])
    figure.add_scatter(
        x=times, y=list(1e3 * np.asarray(shown["current"])), mode="lines", line={"color": BLACK, "shape": "hv"},
        name="current", row=1, col=1,
    )  # fmt: skip
    for name, label, colour in (("memory", "linear memory", ORANGE), ("network", "operator network", BLUE)):
        missed = 1e3 * (np.asarray(shown[name]) - np.asarray(shown["truth"]))
        figure.add_scatter(
            x=times, y=[None if not np.isfinite(v) else float(v) for v in missed], mode="lines",
            line={"color": colour}, name=label, row=2, col=1,
        )  # fmt: skip
    figure.update_xaxes(title_text="time (s)", row=2, col=1)
    figure.update_yaxes(title_text="current (mA)", row=1, col=1)
    figure.update_yaxes(title_text="voltage error (mV)", row=2, col=1)
    figure.update_layout(title="A current that the network has not seen", legend=BELOW, height=560)
    return figure
