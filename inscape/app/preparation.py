"""From what a user hands over to what laws can learn from: read, checked, mended, and every mend said."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from inscape.trajectories import Trajectories, Trajectory
    from inscape.trajectories.findings import Finding

LONG_GAP = 3.5
"""A step so many times the usual one parts a run: what would be drawn across it was never recorded."""

FEW_GAPS = 0.02
"""Where a larger share of steps is long, the sampling is uneven rather than broken off, and the run stays whole."""

SCALES = (1e-100, 1e100)
"""Numbers outside overflow or vanish when they are squared and multiplied, as every law does."""

MOST_STATES = 400
"""State variables above which the main job asks for fewer: every law would learn noise."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A recording that laws can learn from.

    Parameters
    ----------
    name : what the report calls it.
    original, runs : as it came, and as it is learned from.
    findings : what the checks noticed.
    notes : what was done about it, one sentence each.
    """

    name: str
    original: Trajectories
    runs: Trajectories
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


def prepare(
    recording: Any,
    *,
    dt: float | None = None,
    time: str | None = None,
    inputs: Sequence[str] = (),
    run: str | None = None,
    columns: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
    sort: bool = False,
    duplicates: str = "error",
) -> Prepared:
    """Read and check a recording, and make it even where it is not.

    Parameters are those of `inscape.trajectories.read`; `recording` is a file or whatever `as_trajectories` takes.

    Raises
    ------
    InputError : if the checks find something that no law can be learned from.
    """
    from inscape.trajectories import as_trajectories, check

    name, notes = "recording", []
    if isinstance(recording, (str, Path)):
        from inscape.trajectories import GuessWarning, read

        name = Path(recording).name
        with warnings.catch_warnings():
            # What was guessed is among the findings, which the report and the terminal show.
            warnings.simplefilter("ignore", GuessWarning)
            loaded = read(
                recording,
                dt=dt,
                time=time,
                inputs=tuple(inputs),
                run=run,
                columns=columns,
                units=units or {},
                sort=sort,
                duplicates=duplicates,
            )
        original = as_trajectories(loaded)
    else:
        original = as_trajectories(recording, dt)
        name = original[0].source or name
        original = _roles(original, inputs, columns)
    _check_width(original)
    original, left_out = _without_single_samples(original)
    notes += left_out
    _check_scales(original)
    findings = check(original)
    for finding in findings:
        if finding.severity == "error":
            raise InputError(f"{name}: {finding.message}{'; ' + finding.mend if finding.mend else ''}")
    runs, dropped = _without_constants(original)
    notes += dropped
    runs, evened = _even(runs)
    notes += evened
    return Prepared(name, original, runs, tuple(findings), tuple(notes))


def _roles(runs: Trajectories, inputs: Iterable[str], columns: Sequence[str] | None) -> Trajectories:
    """States named as inputs become inputs; `columns` chooses among the rest."""
    from inscape.trajectories import Trajectories

    driving = [name for name in inputs if name not in runs.input_names]
    for name in (*driving, *(columns or ())):
        if name not in runs.state_names:
            raise UnknownNameError("column", name, (*runs.state_names, *runs.input_names))
    states = [n for n in (columns or runs.state_names) if n not in driving]
    if not states:
        raise InputError("inputs: every column is an input, expected at least one state")
    if not driving and tuple(states) == runs.state_names:
        return runs
    return Trajectories(_with_roles(run, states, driving) for run in runs)


def _with_roles(run: Trajectory, states: list[str], driving: list[str]) -> Trajectory:
    parts = [] if run.inputs is None else [run.inputs]
    if driving:
        parts.append(run.select(driving).states)
    return run.replace(
        states=run.select(states).states,
        state_names=tuple(states),
        inputs=np.concatenate(parts, axis=1) if parts else None,
        input_names=(*run.input_names, *driving),
    )


def _check_width(runs: Trajectories) -> None:
    shape = runs[0].states.shape[1:]
    if len(shape) != 1:
        raise InputError(f"recording: a field of shape {shape} found, expected state vectors; reduce it to modes first")
    if shape[0] > MOST_STATES:
        raise InputError(
            f"recording: {shape[0]} state variables found, at most {MOST_STATES} can be learned from; "
            "name the ones that matter with columns, or reduce them to modes first"
        )


def _without_constants(runs: Trajectories) -> tuple[Trajectories, list[str]]:
    from inscape.trajectories import Trajectories

    states = np.concatenate([run.states for run in runs])
    with np.errstate(invalid="ignore"):
        low, high = np.fmin.reduce(states, axis=0), np.fmax.reduce(states, axis=0)
    moving = [name for name, a, b in zip(runs.state_names, low, high, strict=True) if b > a]
    if not moving:
        raise InputError("recording: nothing moves: every column is constant, expected at least one that changes")
    if len(moving) == len(runs.state_names):
        return runs, []
    still = [n for n in runs.state_names if n not in moving]
    note = f"constant and therefore left out: {', '.join(still)}"
    return Trajectories(run.select(moving) for run in runs), [note]


def _without_single_samples(runs: Trajectories) -> tuple[Trajectories, list[str]]:
    from inscape.trajectories import Trajectories

    kept = [run for run in runs if len(run) > 1]
    if not kept or len(kept) == len(runs):
        return runs, []
    return Trajectories(kept), [f"{len(runs) - len(kept)} of {len(runs)} runs hold one sample and were left out"]


def _check_scales(runs: Trajectories) -> None:
    low, high = SCALES
    for run in runs:
        driving = () if run.inputs is None else zip(run.input_names, run.inputs.T, strict=True)
        for name, values in (*zip(run.state_names, run.states.T, strict=True), *driving):
            largest = float(np.fmax.reduce(np.abs(values)))
            if high < largest < np.inf or 0 < largest < low:
                raise InputError(
                    f"{name}: values of about {largest:.1g} found, expected {low:g} to {high:g}; give it another unit"
                )


def _even(runs: Trajectories) -> tuple[Trajectories, list[str]]:
    from inscape.trajectories import Trajectories, resample

    intervals = [run.dt for run in runs if len(run) > 1]
    if not intervals:
        raise InputError("recording: 1 sample in each run found, expected at least 8 in one")
    dt = float(np.median(intervals))
    runs, notes = _parted_at_gaps(runs)
    rough = [not (run.is_uniform and abs(run.dt - dt) <= 1e-3 * dt) for run in runs]
    if not any(rough):
        return runs, notes
    for run in runs:
        if run.duration / dt > 20 * len(run):
            raise InputError(
                f"recording: {len(run)} samples over {run.duration:.3g}, mostly {dt:.3g} apart, found; expected few "
                "gaps; name a column that parts the runs, or keep the stretch that is densely sampled"
            )
    evened = Trajectories(resample(run, dt) if odd else run for run, odd in zip(runs, rough, strict=True))
    unit = runs[0].units.get("time", "")
    return evened, [*notes, f"sampled unevenly: resampled to one sample every {dt:.6g} {unit}".rstrip()]


def _parted_at_gaps(runs: Trajectories) -> tuple[Trajectories, list[str]]:
    """Runs cut where time jumps; a short gap stays, and is bridged when the run is made even."""
    from inscape.trajectories import Trajectories

    parts: list[Trajectory] = []
    gaps = lost = 0
    for run in runs:
        steps = np.diff(run.times)
        long = steps > LONG_GAP * run.dt
        if not long.any() or long.mean() > FEW_GAPS:
            parts.append(run)
            continue
        cuts = [0, *(np.nonzero(long)[0] + 1).tolist(), len(run)]
        pieces = [run[start:stop] for start, stop in pairwise(cuts)]
        parts += [piece for piece in pieces if len(piece) > 1]
        gaps += len(pieces) - 1
        lost += sum(len(piece) == 1 for piece in pieces)
    if not gaps:
        return runs, []
    alone = f"; {lost} lone samples between gaps were left out" if lost else ""
    word = "gap" if gaps == 1 else "gaps"
    return Trajectories(parts), [f"{gaps} long {word} in time: parted there into {len(parts)} runs{alone}"]
