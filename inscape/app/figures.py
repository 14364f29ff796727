"""The report's figures as plain plotly descriptions: traces and layouts, coloured by the page's theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.app.thinning import numbers, thinned, thinned_log, times_of

if TYPE_CHECKING:
    from inscape.app.learned import Learned
    from inscape.trajectories import Trajectory

Figure = dict[str, Any]

# Okabe & Ito (2008): told apart by colour-blind readers, on white and on black.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
LAW = "#D55E00"
DATA = "#0072B2"
QUIET = "#8a8f98"

POINTS_OF_A_LINE = 3_000
POINTS_OF_A_PORTRAIT = 6_000
MOST_PANELS = 6
RECENT = 1_500
"""Samples of a long recording that the first figure opens on."""


def recording_figure(learned: Learned) -> Figure:
    """The recording with its split, and the forecast with its band, one panel a state variable."""
    contest = learned.contest
    run, ahead = contest.recording[-1], contest.forecast
    names = run.state_names[:MOST_PANELS]
    traces: list[dict[str, Any]] = []
    for panel in range(len(names)):
        axes = _axes(panel)
        times, values = thinned(run.times, run.states[:, panel], POINTS_OF_A_LINE)
        traces.append(_line(times, values, "recording", DATA, axes, shown=panel == 0))
        traces += _band(learned, panel, axes, shown=panel == 0)
        start_t, start_x = np.r_[run.times[-1], ahead.times], np.r_[run.states[-1, panel], ahead.states[:, panel]]
        traces.append(_line(start_t, start_x, "forecast", LAW, axes, shown=panel == 0, width=2.2))
    last = len(contest.recording) - 1
    shapes, annotations = _split_marks(learned, run, last, len(names))
    layout = _panels(names, _units(run), _time_title(run), 150)
    layout |= {"shapes": shapes, "annotations": annotations, "hovermode": "x unified"}
    opening = run.times[max(0, len(run) - RECENT)]
    layout[_bottom(len(names))] |= {"range": [float(opening), float(ahead.times[-1])]}
    return {"data": traces, "layout": layout}


def held_out_figure(learned: Learned) -> Figure:
    """Forecasts made in the test part against what came: the median one by its error, with the band."""
    contest = learned.contest
    winner = contest.winner
    errors = winner.test_errors
    origins = contest.split.origins("test", contest.horizon, len(errors))
    spread = np.nanmean(np.minimum(np.abs(errors), 1e300), axis=(1, 2))
    middle = int(np.argsort(spread)[len(spread) // 2])
    (run_number, origin), error = origins[middle], errors[middle]
    run = contest.recording[run_number]
    before = run[max(0, origin - max(contest.horizon, 8)) : origin]
    future = run[origin : origin + contest.horizon]
    names = run.state_names[:MOST_PANELS]
    traces: list[dict[str, Any]] = []
    for panel in range(len(names)):
        axes = _axes(panel)
        made = future.states[:, panel] + error[:, panel]
        traces += _ribbon(
            future.times, made, contest.bands.half_widths[:, panel], axes, _band_name(learned), panel == 0
        )
        times, truth = np.r_[before.times, future.times], np.r_[before.states[:, panel], future.states[:, panel]]
        traces.append(_line(times, truth, "what came", DATA, axes, shown=panel == 0, markers=len(times) < 80))
        traces.append(_line(future.times, made, "forecast", LAW, axes, panel == 0, 2.2, markers=len(future) < 40))
    layout = _panels(names, _units(run), _time_title(run), 150)
    layout |= {"hovermode": "x unified"}
    return {"data": traces, "layout": layout}


def portrait_figure(learned: Learned, free_run: Trajectory | None) -> Figure | None:
    """State space: the recording, and the law running free; one variable is drawn against its own past."""
    run = learned.contest.recording[-1]
    lag = _portrait_lag(learned)
    axes_of_data = _coordinates(run, lag)
    if axes_of_data is None:
        return None
    names, points = axes_of_data
    spatial = len(names) == 3
    traces = [_portrait_trace(_last(points, POINTS_OF_A_PORTRAIT), "recording", DATA, spatial, 0.75)]
    if free_run is not None:
        law = _coordinates(free_run, lag)
        if law is not None:
            lo, hi = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
            # A law that runs away would squeeze the recording into a dot.
            far = (np.abs(law[1] - (lo + hi) / 2) > 2 * (hi - lo)).any(axis=1) | ~np.isfinite(law[1]).all(axis=1)
            kept = law[1][: int(np.argmax(far))] if far.any() else law[1]
            if len(kept) > 1:
                traces.append(
                    _portrait_trace(_last(kept, POINTS_OF_A_PORTRAIT), "law, running free", LAW, spatial, 0.75)
                )
    titles = [_with_unit(name, run) for name in names]
    layout: dict[str, Any] = {"height": 520 if spatial else 460, "margin": {"l": 10, "r": 10, "t": 10, "b": 10}}
    if spatial:
        layout["scene"] = {f"{axis}axis": {"title": {"text": title}} for axis, title in zip("xyz", titles, strict=True)}
        layout["scene"] |= {
            "aspectmode": "cube",
            "camera": {"eye": {"x": 1.4, "y": 1.35, "z": 0.6}, "center": {"x": 0, "y": 0, "z": -0.16}},
        }
    else:
        layout |= {"xaxis": {"title": {"text": titles[0]}}, "yaxis": {"title": {"text": titles[1]}}}
        layout["margin"] = {"l": 60, "r": 12, "t": 10, "b": 48}
    layout["legend"] = _legend()
    return {"data": traces, "layout": layout}


def leaderboard_figure(learned: Learned) -> Figure:
    """Held-out error of the best entry of every family, with its standard error; the selection error beside it."""
    standing = [e for e in learned.leaderboard if e.held_out is not None and e.selection is not None][::-1]
    names = [_folded(e.name) for e in standing]
    tests = np.array([e.held_out.mean for e in standing if e.held_out is not None])
    errors = np.array([e.held_out.error for e in standing if e.held_out is not None])
    winner = learned.contest.winner
    colours = [LAW if e is winner else QUIET if e.is_reference else DATA for e in standing]
    bars = {
        "type": "bar", "orientation": "h", "y": names, "x": numbers(tests), "name": "held-out error",
        "marker": {"color": colours, "opacity": 0.85}, "hovertemplate": "%{y}: %{x:.3g}<extra>held-out</extra>",
        "error_x": {"type": "data", "array": numbers(np.where(np.isfinite(errors), errors, 0.0)), "thickness": 1.2,
                    "color": "@text"},
        "showlegend": False,
    }  # fmt: skip
    dots = {
        "type": "scatter", "mode": "markers", "y": names, "name": "selection error",
        "x": numbers(np.array([e.selection.mean for e in standing if e.selection is not None])),
        "marker": {"symbol": "diamond-open", "size": 9, "color": "#E69F00", "line": {"width": 2}},
        "hovertemplate": "%{y}: %{x:.3g}<extra>selection</extra>",
    }  # fmt: skip
    layout = {
        "height": 70 + 42 * len(standing),
        "margin": {"l": 8, "r": 56, "t": 26, "b": 44},
        "xaxis": {"title": {"text": "error in spreads of the recording"}, "rangemode": "tozero", "automargin": True},
        "yaxis": {"automargin": True, "ticklabelstandoff": 6},
        "legend": _legend(),
        "barmode": "overlay",
    }
    return {"data": [bars, dots], "layout": layout}


def growth_figure(learned: Learned) -> Figure:
    """How the held-out error grows with the horizon, for the best entries."""
    contest = learned.contest
    shown = [contest.winner, *(e for e in learned.leaderboard if e is not contest.winner and e.held_out is not None)][
        :5
    ]
    steps = contest.model.dt_ * np.arange(1, contest.horizon + 1)
    others = iter(c for c in COLOURS if c != LAW)
    traces = []
    for entry in shown:
        colour = LAW if entry is contest.winner else QUIET if entry.is_reference else next(others)
        dash = "dot" if entry.is_reference else "solid"
        trace = _line(steps, np.maximum(entry.errors.by_step, 1e-12), _short(entry.name), colour, {}, True, 2.0)
        trace["line"]["dash"] = dash
        trace["mode"] = "lines+markers" if contest.horizon < 30 else "lines"
        traces.append(trace)
    layout = {
        "height": 340,
        "margin": {"l": 64, "r": 12, "t": 10, "b": 48},
        "xaxis": {"title": {"text": _ahead_title(contest.recording[0])}},
        "yaxis": {"title": {"text": "error in spreads"}, "type": "log", "exponentformat": "power", "dtick": 1},
        "legend": _legend(),
    }
    values = np.concatenate([np.asarray(t["y"], dtype=float) for t in traces])
    if np.nanmax(values) < 30 * np.nanmin(values):
        layout["yaxis"] = {"title": {"text": "error in spreads"}, "rangemode": "tozero"}
    return {"data": traces, "layout": layout}


def spectrum_figure(learned: Learned, free_run: Trajectory | None) -> Figure | None:
    """Power spectrum of the first state variables, of the recording and of the law running free."""
    from scipy.signal import welch

    run = learned.contest.recording[-1]
    if len(run) < 64 or not run.is_complete:
        return None
    shown = run.state_names[:3]
    dt = learned.contest.model.dt_
    window = int(min(len(run), 4_096, len(free_run) if free_run is not None else 4_096))
    traces = []
    for k, _name in enumerate(shown):
        axes = _axes(k)
        for source, label, colour in ((run, "recording", DATA), (free_run, "law, running free", LAW)):
            if source is None or len(source) < window or not np.isfinite(source.states[:, k]).all():
                continue
            stretch = np.asarray(source.states[-200_000:, k], dtype=float)
            frequency, power = welch(stretch, 1 / dt, nperseg=window, detrend="constant")
            frequency, power = thinned_log(frequency[1:], power[1:], 600)
            traces.append(_line(frequency, np.maximum(power, 1e-300), label, colour, axes, k == 0, 1.4))
    layout = _panels(shown, {}, f"frequency ({_per_time(run)})", 170)
    for k in range(len(shown)):
        axis = f"yaxis{'' if k == 0 else k + 1}"
        # A law without noise falls to rounding; the recording says what is worth seeing.
        own = np.log10(
            [v for t in traces if t["name"] == "recording" and t["yaxis"] == _axes(k)["yaxis"] for v in t["y"]]
        )
        view = {"range": [float(own.min()) - 1.5, float(own.max()) + 1.0]} if own.size else {}
        layout[axis] |= {"type": "log", "exponentformat": "power", "nticks": 5, **view}
    layout[_bottom(len(shown))] |= {"type": "log", "exponentformat": "power"}
    return {"data": traces, "layout": layout}


def _line(x: Any, y: Any, name: str, colour: str, axes: dict[str, str], shown: bool, width: float = 1.3,
          markers: bool = False) -> dict[str, Any]:  # fmt: skip
    return {
        "type": "scatter", "mode": "lines+markers" if markers else "lines", "x": times_of(x), "y": numbers(y),
        "name": name, "legendgroup": name, "showlegend": shown, "line": {"color": colour, "width": width},
        "marker": {"size": 5}, **axes,
    }  # fmt: skip


def _band_name(learned: Learned) -> str:
    bands = learned.contest.bands
    return f"{100 * (bands.level if bands.is_as_asked else bands.promised):.0f} % band"


def _band(learned: Learned, panel: int, axes: dict[str, str], shown: bool) -> list[dict[str, Any]]:
    ahead, widths = learned.contest.forecast, learned.contest.bands.half_widths
    reach = min(len(ahead), len(widths))
    middle, width = ahead.states[:reach, panel], widths[:reach, panel]
    return _ribbon(ahead.times[:reach], middle, width, axes, _band_name(learned), shown)


def _ribbon(times: Any, middle: Any, width: Any, axes: dict[str, str], name: str, shown: bool) -> list[dict[str, Any]]:
    good = np.isfinite(middle) & np.isfinite(width)
    if good.sum() < 1:
        return []
    t, m, w = times[good], middle[good], width[good]
    if len(t) == 1:  # one step has no area; an error bar shows it
        bar = {"type": "data", "array": numbers(w), "thickness": 6, "width": 0, "color": "rgba(213,94,0,.35)"}
        return [{"type": "scatter", "mode": "markers", "x": times_of(t), "y": numbers(m), "error_y": bar, "name": name,
                 "legendgroup": name, "showlegend": shown, "marker": {"color": LAW, "size": 4}, **axes}]  # fmt: skip
    common = {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 0},
        "hoverinfo": "skip",
        "legendgroup": name,
        **axes,
    }
    low = {**common, "x": times_of(t), "y": numbers(m - w), "showlegend": False, "name": name}
    high = {**common, "x": times_of(t), "y": numbers(m + w), "showlegend": shown, "name": name}
    return [low, high | {"fill": "tonexty", "fillcolor": "rgba(213,94,0,.22)"}]


def _split_marks(
    learned: Learned, run: Trajectory, number: int, panels: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    shades = {"training": 0.0, "selection": 0.05, "calibration": 0.10, "test": 0.15}
    shapes, annotations = [], []
    for part, opacity in shades.items():
        start, stop = learned.contest.split.span(number, part)  # type: ignore[arg-type]
        left, right = float(run.times[min(start, len(run) - 1)]), float(run.times[min(stop, len(run) - 1)])
        shapes.append(
            {"type": "rect", "xref": "x", "yref": "paper", "x0": left, "x1": right, "y0": 0, "y1": 1,
             "line": {"width": 0}, "fillcolor": f"rgba(128,132,140,{opacity})", "layer": "below"}
        )  # fmt: skip
        annotations.append(
            {"x": (left + right) / 2, "y": 1.0, "xref": "x", "yref": "paper", "text": part, "showarrow": False,
             "yanchor": "bottom", "font": {"size": 11}}
        )  # fmt: skip
    return shapes, annotations


def _axes(panel: int) -> dict[str, str]:
    # All panels share one time axis; each has its own ordinate.
    return {"xaxis": "x", "yaxis": f"y{'' if panel == 0 else panel + 1}"}


def _bottom(panels: int) -> str:
    return "xaxis"


def _panels(names: tuple[str, ...], units: dict[str, str], time_title: str, height: int) -> dict[str, Any]:
    count = len(names)
    gap = 0.05 if count > 1 else 0.0
    size = (1 - gap * (count - 1)) / count
    layout: dict[str, Any] = {
        "height": 110 + height * count,
        "margin": {"l": 64, "r": 12, "t": 48, "b": 48},
        "legend": _legend(1.06 if count > 2 else 1.12),
        "xaxis": {"title": {"text": time_title}, "anchor": f"y{'' if count == 1 else count}"},
    }
    for k, name in enumerate(names):
        top = 1 - k * (size + gap)
        title = f"{escaped(name)}<br>({escaped(units[name])})" if units.get(name) else escaped(name)
        layout[f"yaxis{'' if k == 0 else k + 1}"] = {"domain": [max(0.0, top - size), top], "title": {"text": title}}
    return layout


def _legend(y: float = 1.02) -> dict[str, Any]:
    return {"orientation": "h", "x": 0, "y": y, "xanchor": "left", "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"}


def _units(run: Trajectory) -> dict[str, str]:
    return {name: unit for name, unit in run.units.items() if name != "time" and unit}


def _time_title(run: Trajectory) -> str:
    unit = run.units.get("time", "")
    return f"time ({escaped(unit)})" if unit else "time"


def _ahead_title(run: Trajectory) -> str:
    unit = run.units.get("time", "")
    return f"time ahead ({escaped(unit)})" if unit else "time ahead"


def _per_time(run: Trajectory) -> str:
    unit = run.units.get("time", "")
    return f"1/{escaped(unit)}" if unit else "1/time"


def _with_unit(name: str, run: Trajectory) -> str:
    unit = run.units.get(name, "")
    return f"{escaped(name)} ({escaped(unit)})" if unit else escaped(name)


def escaped(text: str) -> str:
    """A name from a file as plotly shows it: plotly reads a little HTML in its labels."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _short(name: str) -> str:
    return escaped(name if len(name) <= 46 else name[:44] + "…")


def _folded(name: str, width: int = 30) -> str:
    """A long name on two lines, so that the bars keep their room."""
    import textwrap

    return "<br>".join(escaped(line) for line in textwrap.wrap(name, width, max_lines=2, placeholder="…"))


def _portrait_lag(learned: Learned) -> int:
    from inscape.models.persistence import strongest_period

    return max(1, strongest_period(learned.contest.recording[-1].states[-20_000:]) // 4)


def _coordinates(run: Trajectory, lag: int) -> tuple[tuple[str, ...], np.ndarray] | None:
    if run.dimension >= 2:
        return run.state_names[:3], np.asarray(run.states[:, :3], dtype=float)
    if len(run) <= lag + 2:
        return None
    series = np.asarray(run.states[:, 0], dtype=float)
    name = run.state_names[0]
    return (name, f"{name}, {lag} sample{'s' if lag > 1 else ''} before"), np.stack(
        [series[lag:], series[:-lag]], axis=1
    )


def _last(points: np.ndarray, count: int) -> np.ndarray:
    return points[-count:]


def _portrait_trace(points: np.ndarray, name: str, colour: str, spatial: bool, opacity: float) -> dict[str, Any]:
    mode = "lines+markers" if len(points) < 60 else "lines"
    trace: dict[str, Any] = {
        "name": name, "mode": mode, "opacity": opacity, "x": numbers(points[:, 0]), "y": numbers(points[:, 1]),
        "line": {"color": colour, "width": 1.6 if spatial else 1.2}, "marker": {"size": 3 if spatial else 5},
        "type": "scatter3d" if spatial else "scatter",
    }  # fmt: skip
    if spatial:
        trace["z"] = numbers(points[:, 2])
    return trace
