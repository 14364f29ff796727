"""Cutting runs: into an earlier and a later part, to equal lengths, or into windows."""

from __future__ import annotations

from typing import Any, overload

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories, as_trajectories
from inscape.trajectories.trajectory import Trajectory


@overload
def split_in_time(trajectories: Trajectory, fraction: float = ...) -> tuple[Trajectory, Trajectory]: ...
@overload
def split_in_time(trajectories: Trajectories, fraction: float = ...) -> tuple[Trajectories, Trajectories]: ...
def split_in_time(trajectories: Any, fraction: float = 0.8) -> Any:
    """Cut every run at the same share of its samples: the earlier part to learn from, the later to be judged on.

    Parameters
    ----------
    trajectories : one run or many.
    fraction : share of the samples that goes into the first part, between 0 and 1; both parts keep at least one.

    Returns
    -------
    (first, rest), each of the kind that came in; times are kept, so `rest` goes on where `first` ends.

    Raises
    ------
    InputError : if `fraction` is not between 0 and 1, or a run has a single sample.
    """
    if not (isinstance(fraction, (int, float)) and 0 < fraction < 1):
        raise InputError(f"fraction: {fraction!r} found, expected a number between 0 and 1")
    if isinstance(trajectories, Trajectory):
        if len(trajectories) < 2:
            raise InputError("trajectory: 1 sample found, expected at least 2 to split in time")
        cut = min(max(round(fraction * len(trajectories)), 1), len(trajectories) - 1)
        return trajectories[:cut], trajectories[cut:]
    parts = [split_in_time(run, fraction) for run in as_trajectories(trajectories)]
    return Trajectories(first for first, _ in parts), Trajectories(rest for _, rest in parts)


def cut_to_shortest(trajectories: Trajectories) -> Trajectories:
    """Every run cut at its end to the length of the shortest, so that the runs stack."""
    runs = as_trajectories(trajectories)
    shortest = min(runs.lengths)
    return Trajectories(run[:shortest] for run in runs)


def pad_to_longest(trajectories: Trajectories) -> Trajectories:
    """Every run padded at its end to the length of the longest with missing samples (NaN), so that the runs stack.

    Times go on at the run's own sampling interval.

    Raises
    ------
    InputError : if a run of one sample, which has no interval, has to be padded.
    """
    runs = as_trajectories(trajectories)
    longest = max(runs.lengths)
    return Trajectories(_padded(run, longest) for run in runs)


def windows(trajectories: Trajectory | Trajectories, length: int, step: int | None = None) -> Trajectories:
    """Pieces of `length` samples, every `step` samples (end to end by default); a shorter tail is left out.

    Raises
    ------
    InputError : if `length` or `step` is not a positive whole number, or no run is long enough.
    """
    step = length if step is None else step
    for name, value in (("length", length), ("step", step)):
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name}: {value!r} found, expected a whole number of samples, at least 1")
    runs = as_trajectories(trajectories)
    pieces = [run[i : i + length] for run in runs for i in range(0, len(run) - length + 1, step)]
    if not pieces:
        raise InputError(f"length: {length} samples asked for, the longest run has {max(runs.lengths)}")
    return Trajectories(pieces)


def _padded(run: Trajectory, length: int) -> Trajectory:
    missing = length - len(run)
    if missing == 0:
        return run
    times = np.concatenate([run.times, run.times[-1] + run.dt * np.arange(1, missing + 1)])
    inputs = None if run.inputs is None else _with_tail(run.inputs, missing)
    return run.replace(times=times, states=_with_tail(run.states, missing), inputs=inputs)


def _with_tail(values: np.ndarray, missing: int) -> np.ndarray:
    return np.concatenate([values, np.full((missing, *values.shape[1:]), np.nan, values.dtype)])
