"""Figures of study 16."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.studies.lab import bootstrap_interval

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Okabe and Ito's colours, told apart by every kind of colour vision.
LOOKS = {
    "inverse": ("ID", "#0072B2", "circle"),
    "cloning": ("BC", "#D55E00", "square"),
    "forward-implicit": ("FD-i", "#009E73", "diamond"),
    "forward-explicit": ("FD-e", "#CC79A7", "cross"),
    "contrastive": ("Cont", "#E69F00", "triangle-up"),
    "reconstruction": ("reconstruction", "#56B4E9", "x"),
    "untrained": ("untrained", "#999999", "star"),
    "states": ("states", "#000000", "hexagon"),
    "scratch": ("pixels, from scratch", "#7A5C00", "pentagon"),
}
BELOW = {"orientation": "h", "y": -0.2, "x": 0}


def success_by_size(arms: Any) -> go.Figure:
    """Success on new goals against the number of episodes shown, by objective, with intervals over goals."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, (arm, (name, colour, symbol)) in enumerate(LOOKS.items()):
        shown = [(size, arms.success(arm, size)) for size in arms.sizes]
        shown = [(size, values) for size, values in shown if np.isfinite(values).all()]
        if not shown:
            continue
        means, lows, highs = _with_intervals([values for _, values in shown])
        # Each arm stands a little aside, so that bars of neighbours can be told apart.
        figure.add_scatter(
            x=[size * 1.022 ** (place - 4) for size, _ in shown],
            y=means,
            error_y={"array": highs - means, "arrayminus": means - lows, "thickness": 1, "width": 0},
            mode="lines+markers",
            line={"color": colour, "dash": "dot" if arm in ("states", "scratch", "untrained") else "solid"},
            marker={"color": colour, "symbol": symbol, "size": 9},
            name=name,
        )
    figure.update_layout(
        title="Point mass, hidden goals: success on a new goal (mean and 95 % interval over goals)",
        xaxis={"title": "episodes of the new goal", "type": "log", "tickvals": list(arms.sizes)},
        yaxis={"title": "share of episodes that reach it", "range": [0, 1.03]},
        legend=BELOW,
        height=560,
    )
    return figure


def linear_planes(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Angle to the state plane and error of one-episode policies against pretraining episodes, by objective."""
    from plotly.subplots import make_subplots

    figure = make_subplots(
        rows=1, cols=2, subplot_titles=["missed direction of the state plane", "policy from one episode, same start"]
    )
    looks = {
        "inverse": ("ID", "#0072B2", "circle"),
        "cloning": ("BC", "#D55E00", "square"),
        "forward": ("forward dynamics", "#009E73", "diamond"),
        "variance": ("PCA", "#E69F00", "triangle-up"),
        "true plane": ("true plane", "#000000", "hexagon"),
    }
    counts = sorted({row["episodes"] for row in rows})
    for objective, (name, colour, symbol) in looks.items():
        for column, what in ((1, "sine"), (2, "error, same start")):
            if objective == "true plane" and column == 1:
                continue
            values = [
                np.array([r[what] for r in rows if r["objective"] == objective and r["episodes"] == n]) for n in counts
            ]
            middle = np.array([v.mean() for v in values])
            figure.add_scatter(
                x=counts,
                y=middle,
                error_y={
                    "array": [v.max() - m for v, m in zip(values, middle, strict=True)],
                    "arrayminus": [m - v.min() for v, m in zip(values, middle, strict=True)],
                    "thickness": 1,
                    "width": 3,
                },
                mode="lines+markers",
                line={"color": colour},
                marker={"color": colour, "symbol": symbol, "size": 9},
                name=name,
                legendgroup=name,
                showlegend=column == 2,
                row=1,
                col=column,
            )
    figure.update_xaxes(title="pretraining episodes", type="log", tickvals=counts)
    figure.update_yaxes(title="sine of the largest angle", range=[0, 1.05], row=1, col=1)
    figure.update_yaxes(title="error over variance of the actions", type="log", row=1, col=2)
    figure.update_layout(title="Linear world: what each objective finds (mean and range over seeds)", legend=BELOW)
    return figure


def pretraining_sizes(arms: Any) -> go.Figure:
    """Success after 10, 100 and 1000 pretraining episodes: ID and BC, ours and the paper's."""
    import plotly.graph_objects as go

    size = arms.sizes[min(1, len(arms.sizes) - 1)]
    published = {"inverse": (0.15, 0.22, 0.72), "cloning": (0.17, 0.14, 0.25)}
    figure = go.Figure()
    for arm, theirs in published.items():
        name, colour, symbol = LOOKS[arm]
        means, lows, highs = _with_intervals([arms.success(arm + s, size) for s in (", fewest", ", few", "")])
        places = [10, 100, 1000]
        figure.add_scatter(
            x=places,
            y=means,
            error_y={"array": highs - means, "arrayminus": means - lows, "thickness": 1, "width": 3},
            mode="lines+markers",
            line={"color": colour},
            marker={"color": colour, "symbol": symbol, "size": 9},
            name=f"{name}, ours",
        )
        figure.add_scatter(
            x=places,
            y=theirs,
            mode="lines+markers",
            line={"color": colour, "dash": "dot"},
            marker={"color": colour, "symbol": f"{symbol}-open", "size": 9},
            name=f"{name}, paper",
        )
    figure.update_layout(
        title=f"More unlabelled episodes help the inverse, not cloning ({size} episodes of the new goal)",
        xaxis={"title": "pretraining episodes", "type": "log", "tickvals": [10, 100, 1000]},
        yaxis={"title": "share of episodes that reach it", "range": [0, 1.03]},
        legend=BELOW,
    )
    return figure


def probe_errors(arms: Any) -> go.Figure:
    """How far off the place is that a linear map reads from each frozen code."""
    import plotly.graph_objects as go

    shown = [arm for arm in LOOKS if arm in arms.runs and arm != "states"]
    shown.sort(key=arms.probe)
    figure = go.Figure()
    figure.add_scatter(
        x=[100 * arms.probe(arm) for arm in shown],
        y=[LOOKS[arm][0] for arm in shown],
        mode="markers",
        marker={
            "color": [LOOKS[arm][1] for arm in shown],
            "symbol": [LOOKS[arm][2] for arm in shown],
            "size": 12,
        },
    )
    figure.add_vline(x=1.5, line={"color": "#000000", "dash": "dash", "width": 1})
    # On a logarithmic axis plotly would put a line's own text at 10**1.5.
    figure.add_annotation(x=np.log10(1.5), y=1, yref="paper", text="a goal's radius", showarrow=False, xanchor="left")
    figure.update_layout(
        title="The mass's place, read from a frozen code by a linear map",
        xaxis={"title": "root mean squared error, cm", "type": "log"},
        yaxis={"autorange": "reversed"},
    )
    return figure


def beside_the_paper(rows: Sequence[Mapping[str, Any]]) -> go.Figure:
    """Our success against the paper's, one point a bar of its figures."""
    import plotly.graph_objects as go

    figure = go.Figure()
    names = {name: (colour, symbol) for name, colour, symbol in LOOKS.values()}
    names["Pixels + Aug"], names["States"] = names["pixels, from scratch"], names["states"]
    found = [row for row in rows if row["ours"] is not None]
    for method in dict.fromkeys(row["method"] for row in found):
        mine = [row for row in found if row["method"] == method]
        colour, symbol = names[method]
        spans = [(row["high"] or row["ours"], row["low"] or row["ours"]) for row in mine]
        figure.add_scatter(
            x=[row["published"] for row in mine],
            y=[row["ours"] for row in mine],
            error_y={
                "array": [max(0.0, high - row["ours"]) for row, (high, _) in zip(mine, spans, strict=True)],
                "arrayminus": [max(0.0, row["ours"] - low) for row, (_, low) in zip(mine, spans, strict=True)],
                "thickness": 1,
                "width": 0,
            },
            mode="markers",
            marker={"color": colour, "symbol": symbol, "size": 10},
            name=method,
            text=[f"{row['sweep']} {row['size']}" for row in mine],
        )
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": "#000000", "width": 1, "dash": "dash"}, showlegend=False
    )
    figure.update_layout(
        title="Point mass: success in the paper and here",
        xaxis={"title": "published success", "range": [0, 1.03]},
        yaxis={"title": "our success", "range": [0, 1.03]},
        legend=BELOW,
        height=600,
        width=640,
    )
    return figure


def paths_to_a_goal(arms: Any) -> go.Figure:
    """Where policies on the codes of ID, BC and on the state drive the mass, from the same starts to one new goal."""
    from plotly.subplots import make_subplots

    shown = ("inverse", "cloning", "states")
    size = arms.sizes[min(1, len(arms.sizes) - 1)]
    figure = make_subplots(rows=1, cols=3, subplot_titles=[LOOKS[arm][0] for arm in shown], shared_yaxes=True)
    for column, arm in enumerate(shown, 1):
        run = arms.runs[arm][0]
        for path in np.asarray(run["paths"]):
            figure.add_scatter(
                x=100 * path[:, 0],
                y=100 * path[:, 1],
                mode="lines",
                line={"color": LOOKS[arm][1], "width": 1.5},
                showlegend=False,
                row=1,
                col=column,
            )
            figure.add_scatter(
                x=100 * path[:1, 0],
                y=100 * path[:1, 1],
                mode="markers",
                marker={"color": LOOKS[arm][1], "size": 5},
                showlegend=False,
                row=1,
                col=column,
            )
        x, y = 100 * np.asarray(run["goal"])
        figure.add_shape(
            type="circle", x0=x - 1.5, x1=x + 1.5, y0=y - 1.5, y1=y + 1.5, line={"color": "#000000"}, row=1, col=column
        )
    figure.update_xaxes(title="x, cm", range=[-30, 30])
    figure.update_yaxes(range=[-30, 30])
    figure.update_yaxes(title="y, cm", row=1, col=1)
    figure.update_layout(title=f"Eight episodes towards one new goal (circle), {size} episodes shown", height=400)
    return figure


def what_is_seen() -> go.Figure:
    """Frames that an encoder is shown: the point mass with its goal hidden and drawn, and the arm with its puck."""
    from plotly.subplots import make_subplots

    from inscape.systems.worlds import Arm, PointMass, demonstrations

    worlds = {
        "point mass, goal hidden": demonstrations(PointMass(goal=(0.15, -0.1)), render=24, seed=1),
        "point mass, goal drawn": demonstrations(PointMass(goal=(0.15, -0.1)), render=24, hide=None, seed=1),
        "arm with a puck": demonstrations(Arm(task="place"), render=24, seed=1),
    }
    steps = (0, 20, 40)
    figure = make_subplots(rows=3, cols=3, row_titles=list(worlds), column_titles=[f"step {step}" for step in steps])
    for row, runs in enumerate(worlds.values(), 1):
        for column, step in enumerate(steps, 1):
            # Plotly's first row is the lowest, a picture's the highest.
            figure.add_heatmap(
                z=runs[0].states[step][::-1],
                zmin=0,
                zmax=1,
                colorscale="Greys_r",
                showscale=row == 1 and column == 3,
                colorbar={"title": "brightness"},
                row=row,
                col=column,
            )
    figure.update_xaxes(showticklabels=False)
    figure.update_yaxes(showticklabels=False)
    figure.update_xaxes(title="24 pixels", row=3)
    for place in range(1, 10):
        figure.update_yaxes(scaleanchor=f"x{place}", row=(place + 2) // 3, col=(place - 1) % 3 + 1)
    figure.update_layout(title="What an encoder sees", height=760, width=760)
    return figure


def _with_intervals(values: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    means = np.array([v.mean() for v in values])
    ends = np.array([bootstrap_interval(v, lambda a: float(a.mean())) for v in values])
    lows, highs = (np.where(np.isfinite(end), end, means) for end in ends.T)
    return means, lows, highs
