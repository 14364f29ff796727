"""Figures of the Koopman study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe & Ito (2008): told apart by the colour-blind.
OURS, THEIRS, THIRD, FOURTH, DARK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#333333"
ABOVE = {"orientation": "h", "y": 1.02, "x": 1, "xanchor": "right", "yanchor": "bottom"}
CERTAIN = 0.6
"""Discs of a larger radius are not drawn: they say little."""


def plane_of_duffing(found: Mapping[str, Any], setting: Mapping[str, Any]) -> go.Figure:
    """Least residual over the upper half plane; over it EDMD's eigenvalues, each by its own residual."""
    import plotly.graph_objects as go

    figure = go.Figure(
        go.Contour(
            x=found["real"],
            y=found["imag"],
            z=np.minimum(np.asarray(found["surface"]), 1.0),
            colorscale=[[0, "#404040"], [0.3, "#a0a0a0"], [1, "#ffffff"]],
            zmin=0,
            zmax=0.8,
            contours={"start": 0.05, "end": 0.75, "size": 0.1, "coloring": "fill", "showlabels": True},
            line={"width": 0.5},
            showscale=False,
            hovertemplate="%{x:.2f} + %{y:.2f} i<extra>least residual %{z:.2f}</extra>",
        )
    )
    angle = np.linspace(0, np.pi, 200)
    figure.add_scatter(
        x=np.cos(angle),
        y=np.sin(angle),
        mode="lines",
        line={"color": THIRD, "dash": "dash", "width": 2},
        name="unit circle",
    )
    values, residuals = np.asarray(found["eigenvalues"]), np.asarray(found["residuals"])
    upper = values[:, 1] >= -1e-9
    ticks = [0.03, 0.1, 0.3, 1.0]
    figure.add_scatter(
        x=values[upper, 0],
        y=values[upper, 1],
        mode="markers",
        name="eigenvalues of EDMD",
        marker={
            "size": 9,
            "color": np.log10(residuals[upper]),
            "colorscale": "Plasma",
            "cmin": -1.5,
            "cmax": 0,
            "line": {"width": 0.7, "color": "white"},
            "colorbar": {
                "title": {"text": "residual"},
                "tickvals": np.log10(ticks),
                "ticktext": [str(t) for t in ticks],
            },
        },
    )
    figure.update_layout(
        title=f"Duffing, damping {setting['damping']:g}, N = {setting['size']}: "
        "lines of least residual, and what EDMD takes for eigenvalues",
        xaxis={"title": "real part of the eigenvalue", "range": [-1.2, 1.2], "constrain": "domain"},
        yaxis={"title": "imaginary part", "scaleanchor": "x", "range": [0, 1.2]},
        legend=ABOVE,
    )
    return figure


def residual_against_size(
    sizes: Sequence[int], rows: Mapping[tuple[float, int], Sequence[Mapping[str, Any]]]
) -> go.Figure:
    """Worst residual against the size of the dictionary: EDMD's eigenvalues, and the verified arc."""
    import plotly.graph_objects as go

    figure = go.Figure()
    styles = {
        (0.0, "edmd_worst"): ("EDMD, no damping", THEIRS, "solid"),
        (0.3, "edmd_worst"): ("EDMD, damping 0.3", THEIRS, "dot"),
        (0.0, "worst"): ("verified arc, no damping", OURS, "solid"),
        (0.3, "worst"): ("verified arc, damping 0.3", OURS, "dot"),
    }
    for (damping, key), (name, colour, dash) in styles.items():
        values = [np.array([r[key] for r in rows[damping, n]]) for n in sizes]
        mean = np.array([v.mean() for v in values])
        figure.add_scatter(
            x=list(sizes),
            y=mean,
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"size": 8},
            error_y={
                "array": [float(v.max() - m) for v, m in zip(values, mean, strict=True)],
                "arrayminus": [float(m - v.min()) for v, m in zip(values, mean, strict=True)],
            },
        )
    figure.update_layout(
        title="Duffing: EDMD keeps artefacts however many functions it has; the verified error falls",
        xaxis={
            "title": "functions N (bars: range over seeds)",
            "type": "log",
            "tickvals": list(sizes),
            "ticktext": list(map(str, sizes)),
        },
        yaxis={
            "title": "worst residual",
            "type": "log",
            "range": [-1.1, 0.1],
            "tickvals": [0.1, 0.2, 0.5, 1.0],
            "ticktext": ["0.1", "0.2", "0.5", "1"],
        },
        legend={"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center", "yanchor": "top"},
    )
    return figure


def cat_map_rates(
    widths: Sequence[float], errors: Mapping[int, Sequence[float]], rates: Mapping[str, Any], size: int
) -> go.Figure:
    """Sup error of the spectral density against the width of the kernel, by order; and the width chosen by itself."""
    import plotly.graph_objects as go

    figure = go.Figure()
    colours = dict(zip(errors, (THEIRS, FOURTH, OURS, THIRD), strict=False))
    for order, values in errors.items():
        figure.add_scatter(
            x=list(widths),
            y=list(values),
            mode="lines+markers",
            name=f"order {order}: rate {rates['rates'][str(order)]:.2f}",
            line={"color": colours[order], "width": 2},
        )
    figure.add_scatter(
        x=[rates["epsilon"]],
        y=[rates["automatic"]],
        mode="markers",
        name=f"chosen automatically: order {rates['order']}",
        marker={"symbol": "star", "size": 15, "color": DARK},
    )
    figure.update_layout(
        title=f"Cat map: error of a spectral density; left of each minimum the {size} functions end",
        xaxis={
            "title": "width of the kernel, radians",
            "type": "log",
            "tickvals": [0.03, 0.05, 0.1, 0.2, 0.5],
            "ticktext": ["0.03", "0.05", "0.1", "0.2", "0.5"],
        },
        yaxis={"title": "sup error of the density, 1/radian", "type": "log", "exponentformat": "power"},
        legend={"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center", "yanchor": "top"},
    )
    return figure


def energy_against_share(energies: Sequence[float], shares: Sequence[Sequence[float]]) -> go.Figure:
    """Share of an observable in eigenfunctions, orbit by orbit, as the energy of the Henon-Heiles flow rises."""
    import plotly.graph_objects as go

    flat = [(e, s) for e, group in zip(energies, shares, strict=True) for s in group]
    spread = np.random.default_rng(0).uniform(-0.0012, 0.0012, len(flat))
    figure = go.Figure()
    figure.add_scatter(
        x=[e + d for (e, _), d in zip(flat, spread, strict=True)],
        y=[s for _, s in flat],
        mode="markers",
        name="one orbit",
        marker={"size": 7, "color": THEIRS, "opacity": 0.5},
    )
    figure.add_scatter(
        x=list(energies),
        y=[float(np.mean(group)) for group in shares],
        mode="lines+markers",
        name="mean over the orbits",
        line={"color": OURS, "width": 3},
    )
    figure.update_layout(
        title="From quasi-periodic to chaotic: energy leaves the eigenfunctions (Henon-Heiles flow)",
        xaxis={"title": "energy of the orbit (escape at 1/6)"},
        yaxis={"title": "share of y in point spectrum", "range": [-0.03, 1.05]},
        legend={"x": 0.02, "y": 0.05, "xanchor": "left", "yanchor": "bottom"},
    )
    return figure


def adversary_before_and_after(found: Mapping[str, Any]) -> go.Figure:
    """The hidden annulus; what an estimator says and what is true; and what one declared constant proves."""
    from plotly.subplots import make_subplots

    few, many = found["counts"]
    titles = (
        "seen radii, and the annulus<br>that no sample met",
        "before: EDMD says 1, the<br>truth is the circle, error 2",
        f"after, a fifth of a turn: {found['constant']:.2g}-Lipschitz<br>declared, each disc holds spectrum",
    )
    figure = make_subplots(1, 3, subplot_titles=titles, horizontal_spacing=0.08)
    angle = np.linspace(0, 2 * np.pi, 300)
    circle = {"x": np.cos(angle), "y": np.sin(angle), "mode": "lines", "showlegend": False}
    inner, outer = found["gap"]
    # The annulus is far thinner than a line; a window about it shows the samples on either side.
    radii = np.sort(np.asarray(found["radii"]))
    middle, width = (inner + outer) / 2, outer - inner
    near = radii[np.abs(radii - middle) < 3 * width]
    figure.add_vrect(inner, outer, fillcolor=THEIRS, opacity=0.35, line_width=0, row=1, col=1)
    figure.add_scatter(
        x=near, y=np.zeros(len(near)), mode="markers", marker={"color": DARK, "size": 7, "symbol": "line-ns-open"},
        name="radius of a sample", row=1, col=1,
    )  # fmt: skip
    s = np.linspace(-1, 1, 201)[1:-1]
    figure.add_scatter(
        x=middle + s * width / 2, y=width * np.exp(1 - 1 / (1 - s**2)), mode="lines",
        line={"color": THEIRS, "width": 3}, name="hidden rotation", row=1, col=1,
    )  # fmt: skip
    figure.add_scatter(**circle, line={"color": THEIRS, "width": 3}, row=1, col=2)
    estimate = np.asarray(found["estimate"])
    figure.add_scatter(
        x=estimate[:, 0], y=estimate[:, 1], mode="markers",
        marker={"color": OURS, "size": 12, "symbol": "x"}, name="EDMD's eigenvalues", row=1, col=2,
    )  # fmt: skip
    figure.add_scatter(**circle, line={"color": "lightgrey", "width": 1}, row=1, col=3)
    for proved, colour, count in ((found["proved"][1], OURS, many), (found["proved"][0], FOURTH, few)):
        rows = _apart(np.asarray(proved))
        for x, y, radius in rows:
            figure.add_shape(
                type="circle", x0=x - radius, x1=x + radius, y0=y - radius, y1=y + radius,
                line={"color": colour, "width": 1}, fillcolor=colour, opacity=0.3, row=1, col=3,
            )  # fmt: skip
        figure.add_scatter(
            x=rows[:, 0], y=rows[:, 1], mode="markers", marker={"color": colour, "size": 6},
            name=f"proved from {count:,} pairs", row=1, col=3,
        )  # fmt: skip
    figure.update_xaxes(title="radius", row=1, col=1)
    figure.update_yaxes(title="extra angle, radians", row=1, col=1)
    for column in (2, 3):
        figure.update_xaxes(title="real part", range=[-1.6, 1.6], constrain="domain", row=1, col=column)
        figure.update_yaxes(title="imaginary part", scaleanchor=f"x{column}", range=[-1.6, 1.6], row=1, col=column)
    figure.update_layout(
        title="Play the adversary, then declare one assumption",
        legend={"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center", "yanchor": "top"},
        margin={"t": 110},
    )
    return figure


def _apart(rows: np.ndarray) -> np.ndarray:
    """The discs of least radius, leaving out those about a point that a smaller one already stands for."""
    kept: list[np.ndarray] = []
    for row in rows[rows[:, 2] < CERTAIN]:
        if all(np.hypot(*(row[:2] - other[:2])) > 0.1 for other in kept):
            kept.append(row)
    return np.array(kept).reshape(-1, 3)


def forecast_errors_by_lead(errors: Mapping[str, Any]) -> go.Figure:
    """Root-mean-square error of each method against the lead of its forecast."""
    import plotly.graph_objects as go

    styles = {
        "verified modes": (OURS, "solid", 3),
        "all modes": (OURS, "dot", 2),
        "DMD": (THEIRS, "solid", 2),
        "climatology": (DARK, "dash", 2),
        "persistence": (FOURTH, "solid", 2),
    }
    figure = go.Figure()
    for name, (colour, dash, width) in styles.items():
        rows = np.sqrt(np.asarray(errors[name]).mean(axis=0))
        figure.add_scatter(
            x=np.arange(1, len(rows) + 1), y=rows, name=name, line={"color": colour, "dash": dash, "width": width}
        )
    figure.update_layout(
        title="Monthly forecasts: residual-ordered Koopman modes beside DMD, climatology, persistence",
        xaxis={"title": "lead, months"},
        yaxis={"title": "root-mean-square error (El Nino: degrees C)", "rangemode": "tozero"},
        legend={"orientation": "h", "y": -0.2, "x": 0.5, "xanchor": "center", "yanchor": "top"},
    )
    return figure
