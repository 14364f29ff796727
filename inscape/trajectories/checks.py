"""What is odd about a recording, before a law is learned from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from inscape.trajectories.collection import as_trajectories
from inscape.trajectories.findings import Finding, Severity
from inscape.trajectories.trajectory import Trajectory

FEWEST = 20
_ROWS_SHOWN = 5
_UNIT_FACTORS = {1e3: "1000", 1e6: "a million", 1e9: "a billion", 60.0: "60", 3600.0: "3600", 86400.0: "86400"}


def check(recording: Any, dt: float | None = None) -> tuple[Finding, ...]:
    """What is odd about a recording.

    Looks at time (uneven steps, gaps, steps that differ by a factor of units), at length, at each state and input
    (missing, infinite, constant, nearly constant, doubled, clipped, spikes), and passes on what the reader noted.
    Nothing is changed; each finding states its mend.

    Parameters
    ----------
    recording : whatever `as_trajectories` takes.
    dt : sampling interval of plain arrays.

    Returns
    -------
    Findings, gravest first; empty if nothing is odd. In a collection, the message names the run.
    """
    runs = as_trajectories(recording, dt)
    found = [
        (number, finding)
        for number, run in enumerate(runs)
        for look in (_notes, _length, _steps, _columns, _twins)
        for finding in look(run)
    ]
    if len(runs) > 1:
        steps = [run.dt for run in runs if len(run) > 1]
        if steps and max(steps) > 1.01 * min(steps):
            message = f"runs are sampled every {min(steps):.6g} to {max(steps):.6g}"
            found.append((-1, Finding("sampling differs", message, "resample(runs, dt) gives all one interval")))
    rank = {"error": 0, "warning": 1, "note": 2}
    told: dict[str, Finding] = {}
    for number, finding in sorted(found, key=lambda pair: (rank[pair[1].severity], pair[0])):
        of_all = len(runs) == 1 or number < 0 or finding.kind == "note"
        message = finding.message if of_all else f"run {number}: {finding.message}"
        told.setdefault(message, Finding(finding.kind, message, finding.mend, finding.rows, finding.severity))
    return tuple(told.values())


def _notes(run: Trajectory) -> Iterator[Finding]:
    for note in run.notes:
        yield Finding("note", note, severity="note")


def _length(run: Trajectory) -> Iterator[Finding]:
    if len(run) < FEWEST:
        severity: Severity = "error" if len(run) < 3 else "warning"
        yield Finding(
            "too short", f"{len(run)} samples found, a law wants at least {FEWEST}", "record longer", (), severity
        )


def _steps(run: Trajectory) -> Iterator[Finding]:
    if len(run) < 3:
        return
    steps = np.diff(run.times)
    usual = run.dt
    ratio = steps / usual
    for factor, words in _UNIT_FACTORS.items():
        # A change of clock unit: whole stretches of steps, both before and after, one factor apart.
        for mended in (ratio / factor, ratio * factor):
            odd = np.abs(mended - 1) < 1e-3
            if odd.mean() > 0.02 and odd.sum() >= 3:
                yield Finding(
                    "time unit",
                    f"{int(odd.sum())} time steps differ from the usual {usual:.6g} by a factor of {words}",
                    "the clock may change its unit there; bring the times to one unit",
                    _rows(odd, 1),
                )
                return
    gaps = ratio > 1.5
    if gaps.any() and gaps.mean() < 0.2:
        worst = int(np.argmax(ratio))
        yield Finding(
            "gap",
            f"{int(gaps.sum())} gaps in time, the longest {steps[worst]:.6g} after row {worst}; usual step {usual:.6g}",
            "resample(run, dt) bridges short gaps; part the run at long ones",
            _rows(gaps),
        )
    rest = ~gaps if gaps.mean() < 0.2 else np.ones(len(steps), bool)
    if np.abs(ratio[rest] - 1).max() > 1e-3:
        yield Finding(
            "uneven sampling",
            f"time steps run from {steps[rest].min():.6g} to {steps[rest].max():.6g}",
            f"resample(run, dt={usual:.3g}) makes them even",
            _rows((np.abs(ratio - 1) > 1e-3) & rest),
        )


def _columns(run: Trajectory) -> Iterator[Finding]:
    for label, values in _labelled(run):
        missing, infinite = np.isnan(values), np.isinf(values)
        if missing.any():
            share = missing.mean()
            yield Finding(
                "missing",
                f"{label}: {int(missing.sum())} samples missing ({share:.1%})",
                "fill_missing(run) draws straight lines" if share < 1 else "leave it out",
                _rows(missing),
                "error" if share == 1 else "warning",
            )
        if infinite.any():
            message = f"{label}: {int(infinite.sum())} samples infinite"
            yield Finding("infinite", message, "set them to NaN, or leave them out", _rows(infinite), "error")
        places = np.nonzero(~missing & ~infinite)[0]
        known = np.asarray(values[places], float)
        if len(known) >= 3:
            yield from _shape_of(label, known, places)


def _shape_of(label: str, known: np.ndarray, places: np.ndarray) -> Iterator[Finding]:
    low, high = known.min(), known.max()
    if low == high:
        yield Finding("constant", f"{label}: {low:.6g} throughout", "it tells nothing of the motion; leave it out")
        return
    middle, scale = np.median(known), max(abs(low), abs(high))
    if high - low < 1e-6 * scale:
        message = f"{label}: nearly constant, {low:.9g} to {high:.9g}"
        yield Finding("nearly constant", message, "take its mean away, or leave it out")
    yield from _clipped(label, known, places, low, high)
    # A spike leaves its neighbours and comes back: jumps to and fro, far beyond the usual one.
    jumps = np.diff(known)
    usual = np.median(np.abs(jumps))
    spread = np.median(np.abs(known - middle)) / 0.6745
    if usual > 0 and spread > 0:
        least = max(25 * usual, 6 * spread)
        spikes = (
            np.nonzero((np.minimum(np.abs(jumps[:-1]), np.abs(jumps[1:])) > least) & (jumps[:-1] * jumps[1:] < 0))[0]
            + 1
        )
        if len(spikes):
            rows = tuple(int(places[i]) for i in spikes[:_ROWS_SHOWN])
            message = (
                f"{label}: {len(spikes)} lone spikes, the first {known[spikes[0]]:.6g} among {known[spikes[0] - 1]:.6g}"
            )
            yield Finding("spike", message, "set them to NaN and fill_missing, unless they are real", rows)


def _clipped(label: str, known: np.ndarray, places: np.ndarray, low: float, high: float) -> Iterator[Finding]:
    if len(np.unique(known[: 10 * FEWEST])) <= max(2, 0.05 * min(len(known), 10 * FEWEST)):
        # Few levels: counts or switches, which stand at their extremes by nature.
        return
    for end, name in ((low, "lowest"), (high, "highest")):
        at_end = known == end
        # Clipping flattens tops: the extreme value several times in a row, not only often.
        runs = at_end[2:] & at_end[1:-1] & at_end[:-2]
        if at_end.sum() >= 5 and runs.any():
            rows = tuple(int(places[i]) for i in np.nonzero(at_end)[0][:_ROWS_SHOWN])
            message = f"{label}: {int(at_end.sum())} samples stand at its {name} value {end:.6g}"
            yield Finding("clipped", message, "the instrument may saturate; set them to NaN, or widen its range", rows)


def _twins(run: Trajectory) -> Iterator[Finding]:
    seen: dict[bytes, list[tuple[str, np.ndarray]]] = {}
    for label, values in _labelled(run):
        known = values[np.isfinite(values)]
        if len(known) < 2 or np.ptp(known) == 0:
            continue
        shelf = seen.setdefault(np.ascontiguousarray(values[:64]).tobytes(), [])
        for other, twin in shelf:
            if np.array_equal(values, twin, equal_nan=True):
                yield Finding("doubled", f"{label} equals {other} throughout", "leave one of them out")
                break
        else:
            shelf.append((label, values))


def _labelled(run: Trajectory, most: int = 4096) -> Iterator[tuple[str, np.ndarray]]:
    flat = run.states.reshape(len(run), -1)
    names: Callable[[int], str] = (lambda i: run.state_names[i]) if run.state_names else (lambda i: f"grid point {i}")
    # A field's grid points are looked at evenly spread: its size is no reason to wait.
    for i in np.unique(np.linspace(0, flat.shape[1] - 1, min(flat.shape[1], most)).astype(int)):
        yield names(int(i)), flat[:, i]
    if run.inputs is not None:
        for i, name in enumerate(run.input_names):
            yield name, run.inputs[:, i]


def _rows(mask: np.ndarray, shift: int = 0) -> tuple[int, ...]:
    return tuple(int(i) + shift for i in np.nonzero(mask)[0][:_ROWS_SHOWN])
