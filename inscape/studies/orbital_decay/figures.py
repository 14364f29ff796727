"""Figures of drifting orbits: residuals with the curve, the periodogram, the robustness card, velocities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.analysis.timing.aliases import Alias
from inscape.analysis.timing.fits import TimingFit
from inscape.analysis.timing.models import design_of
from inscape.analysis.timing.periodogram import PrecessionScan
from inscape.analysis.timing.ranking import Ranked
from inscape.analysis.timing.robustness_card import RobustnessCard

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe and Ito's colours, told apart by every kind of colour vision.
BLUE, RED, GREEN, ORANGE, PURPLE, SKY, GREY = (
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9", "#8a8f98",
)  # fmt: skip
BELOW = {"orientation": "h", "y": -0.2, "x": 0}
VERDICTS = {"decays": RED, "grows": BLUE, "constant": GREEN, "undecided": GREY}
J2000_DAY, J2000_YEAR = 2_451_545.0, 2000.0


def year_of(times: Float[np.ndarray, "event"] | float) -> Float[np.ndarray, "event"]:
    """Julian dates as years."""
    return J2000_YEAR + (np.asarray(times) - J2000_DAY) / 365.25


def residual_figure(still: TimingFit, moving: Sequence[TimingFit], title: str) -> go.Figure:
    """Event times less a constant period, in seconds, with the curve of each model and its 68 % band."""
    import plotly.graph_objects as go

    events = still.events
    figure = go.Figure()
    wide = np.sqrt(still.variances) * 86_400
    left = still.residuals * 86_400
    # What sticks out of the frame is marked at its edge: one row may not squeeze the rest flat.
    edge = 6 * float(np.median(wide)) + 1.2 * float(np.quantile(np.abs(left), 0.9))
    years = year_of(events.reference + events.period * events.orbits)
    for kind, is_kind, colour, symbol in (
        ("transit", ~events.is_occultation, BLUE, "circle"),
        ("occultation", events.is_occultation, ORANGE, "diamond"),
    ):
        shown = is_kind & (np.abs(left) <= edge)
        if shown.any():
            figure.add_scatter(
                x=years[shown], y=left[shown], mode="markers", name=kind,
                error_y={"type": "data", "array": wide[shown], "thickness": 0.8, "width": 0},
                marker={"color": colour, "symbol": symbol, "size": 5, "opacity": 0.75},
            )  # fmt: skip
    beyond = np.abs(left) > edge
    if beyond.any():
        figure.add_scatter(
            x=years[beyond], y=np.sign(left[beyond]) * edge, mode="markers", name="beyond the frame",
            marker={"color": GREY, "symbol": ["triangle-up" if v > 0 else "triangle-down" for v in left[beyond]]},
        )  # fmt: skip
    for one, colour, dash in zip(moving, (RED, GREEN, PURPLE), ("solid", "dash", "dot"), strict=False):
        _add_curve(figure, still, one, colour, dash)
    figure.update_layout(
        title=title, legend=BELOW, xaxis_title="year", yaxis_title="time less constant period (s)",
        yaxis_range=[-1.08 * edge, 1.08 * edge],
    )  # fmt: skip
    return figure


def _add_curve(figure: go.Figure, still: TimingFit, one: TimingFit, colour: str, dash: str) -> None:
    from dataclasses import replace

    events = one.events
    orbits = np.linspace(events.orbits.min(), events.orbits.max(), 1200)
    smooth = replace(
        events, orbits=orbits, is_occultation=np.zeros(len(orbits), dtype=bool), offsets=np.zeros(len(orbits)),
        errors=np.ones(len(orbits)), sources=("",) * len(orbits),
    )  # fmt: skip
    rate = one.values.get("rate", 0.0)
    design = design_of(smooth, one.model, rate)
    names = list(one.errors)
    about = {"reference": events.reference, "period": events.period}
    best = np.array([one.values[name] - about.get(name, 0.0) for name in names])
    level = still.values["reference"] - still.events.reference + (still.values["period"] - events.period) * orbits
    curve = (design @ best - level) * 86_400
    own = design_of(events, one.model, rate) / np.sqrt(one.variances)[:, None]
    scale = np.abs(own).max(axis=0)
    covariance = np.linalg.inv((own / scale).T @ (own / scale)) / np.outer(scale, scale)
    error = 86_400 * np.sqrt(np.einsum("nk,kl,nl->n", design, covariance, design))
    years = year_of(events.reference + events.period * orbits)
    figure.add_scatter(
        x=np.r_[years, years[::-1]], y=np.r_[curve + error, (curve - error)[::-1]], fill="toself", line={"width": 0},
        fillcolor=colour, opacity=0.18, name=f"{one.model}, 68 %", showlegend=False, hoverinfo="skip",
    )  # fmt: skip
    told = f", {one.decay_rate:.2f} ± {one.decay_error:.2f} ms/yr" if "decay" in one.model else ""
    told += f", {rate:.4f} deg/d" if rate else ""
    figure.add_scatter(
        x=years, y=curve, mode="lines", line={"color": colour, "dash": dash, "width": 2}, name=one.model + told
    )
    if "precession" in one.model and events.is_occultation.any():
        # Occultations swing against transits: without their own curve the figure would hold them to the wrong one.
        swapped = design_of(replace(smooth, is_occultation=np.ones(len(orbits), dtype=bool)), one.model, rate)
        figure.add_scatter(
            x=years, y=(swapped @ best - level) * 86_400, mode="lines", name=f"{one.model}: occultations",
            line={"color": colour, "dash": "dot", "width": 1.2},
        )  # fmt: skip


def periodogram_figure(
    scan: PrecessionScan,
    aliases: Sequence[Alias] = (),
    chance: Float[np.ndarray, "simulation"] | None = None,
    marks: dict[str, float] | None = None,
) -> go.Figure:
    """Gain of fit against the rate of precession, with what chance reaches, the aliases and rates of others."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(x=scan.rates, y=scan.gains, mode="lines", line={"color": BLUE}, name="gain of fit")
    if aliases:
        figure.add_scatter(
            x=[a.rate for a in aliases], y=[a.echo for a in aliases], mode="markers",
            marker={"color": ORANGE, "symbol": "diamond-open", "size": 9}, name="echo of the highest peak",
        )  # fmt: skip
    if chance is not None:
        for share, dash in ((0.1, "dot"), (0.01, "dash")):
            figure.add_scatter(
                x=[scan.rates[0], scan.rates[-1]], y=[float(np.quantile(chance, 1 - share))] * 2, mode="lines",
                line={"color": GREY, "dash": dash, "width": 1.2}, name=f"{100 * share:g} % false alarm",
            )  # fmt: skip
    top = 1.1 * float(scan.gains.max())
    for (name, rate), colour in zip((marks or {}).items(), (RED, PURPLE, GREEN), strict=False):
        figure.add_scatter(
            x=[rate, rate], y=[0, top], mode="lines", line={"color": colour, "width": 1.2, "dash": "dashdot"}, name=name
        )
    figure.update_layout(
        title="Precession periodogram", xaxis_title="rate of precession (degrees a day)",
        yaxis_title="fall of chi-squared", legend=BELOW,
    )  # fmt: skip
    return figure


def robustness_figure(
    card: RobustnessCard, title: str, published: dict[str, tuple[float, float]] | None = None
) -> go.Figure:
    """Change of the period with its error under every choice, coloured by verdict; published values as bands."""
    import plotly.graph_objects as go

    figure = go.Figure()
    labels = [f"{c.rows} | clip {c.clip} | jitter {c.jitter}" for c in card.choices]
    for verdict, colour in VERDICTS.items():
        rows = [k for k, c in enumerate(card.choices) if c.verdict == verdict]
        if rows:
            figure.add_scatter(
                x=[card.choices[k].decay for k in rows], y=[labels[k] for k in rows], mode="markers", name=verdict,
                error_x={"type": "data", "array": [card.choices[k].error for k in rows], "thickness": 1.4},
                marker={"color": colour, "size": 8},
            )  # fmt: skip
    for (name, (value, error)), colour in zip((published or {}).items(), (ORANGE, SKY, PURPLE), strict=False):
        figure.add_vrect(x0=value - error, x1=value + error, fillcolor=colour, opacity=0.25, line_width=0)
        figure.add_scatter(
            x=[None], y=[None], mode="markers", name=f"{name}: {value:g} ± {error:g}",
            marker={"color": colour, "symbol": "square", "size": 12},
        )  # fmt: skip
    figure.add_vline(x=0, line={"color": GREY, "width": 1})
    figure.update_layout(
        title=title, xaxis_title="change of the period (ms a year)", height=220 + 19 * len(labels),
        yaxis={"categoryorder": "array", "categoryarray": labels[::-1], "automargin": True, "tickfont": {"size": 10}},
        legend={"orientation": "h", "y": -0.08, "x": 0}, margin={"t": 70},
    )  # fmt: skip
    return figure


def ranking_figure(ranked: Sequence[Ranked]) -> go.Figure:
    """Change of the period over its error against the gain of BIC, one point a planet."""
    import plotly.graph_objects as go

    figure = go.Figure()
    # The many of which nothing is sure come first, so that they lie beneath the others and their names.
    looks = {
        "": (GREY, "circle"),
        "precession?": (PURPLE, "diamond"),
        "decays": (RED, "circle"),
        "grows": (BLUE, "circle"),
    }
    for reading, (colour, symbol) in looks.items():
        part = [one for one in ranked if one.reading == reading]
        if part:
            figure.add_scatter(
                x=[one.years for one in part], y=[one.decay / one.error for one in part], mode="markers+text",
                name=reading or "nothing to be sure of", marker={"color": colour, "symbol": symbol, "size": 8},
                text=[one.system if reading in ("decays", "grows") else "" for one in part],
                textposition="bottom center" if reading == "decays" else "top center",
                hovertext=[f"{one.system}: {one.decay:.1f} ± {one.error:.1f} ms/yr" for one in part],
            )  # fmt: skip
    figure.update_layout(
        title="Does the period change?", xaxis_title="years of timing", legend=BELOW,
        yaxis_title="change of the period over its error",
    )  # fmt: skip
    return figure


def shares_figure(decay: Float[np.ndarray, "draw"], doppler: Float[np.ndarray, "draw"]) -> go.Figure:
    """Beliefs in the change of the period, in what an acceleration feigns of it, and in what is left."""
    import plotly.graph_objects as go

    figure = go.Figure()
    edges = np.linspace(min(decay.min(), doppler.min(), (decay - doppler).min()), max(decay.max(), 5.0), 90)
    middles = 0.5 * (edges[1:] + edges[:-1])
    for name, draws, colour, dash in (
        ("times", decay, BLUE, "solid"),
        ("feigned by the acceleration", doppler, ORANGE, "dash"),
        ("left for tides", decay - doppler, RED, "dot"),
    ):
        height = np.histogram(draws, edges, density=True)[0]
        figure.add_scatter(
            x=middles, y=height, mode="lines", line={"color": colour, "dash": dash, "width": 2, "shape": "hvh"},
            name=f"{name}: {draws.mean():.1f} ± {draws.std():.1f} ms/yr",
        )  # fmt: skip
    figure.update_layout(
        title="WASP-4 b: most of the decay is an acceleration", xaxis_title="change of the period (ms a year)",
        yaxis_title="belief (per ms a year)", legend=BELOW,
    )  # fmt: skip
    return figure
