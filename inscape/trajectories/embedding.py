"""Delay embedding: the state of a system rebuilt from the past of what was recorded (Takens 1981)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories, as_trajectories
from inscape.trajectories.trajectory import Trajectory

_LEAST_DIP = 0.02


@overload
def delay_embedding(trajectory: Trajectory, lags: int | Sequence[int], *, step: int = ...) -> Trajectory: ...
@overload
def delay_embedding(trajectory: Trajectories, lags: int | Sequence[int], *, step: int = ...) -> Trajectories: ...
def delay_embedding(trajectory: Any, lags: int | Sequence[int], *, step: int = 1) -> Any:
    """States joined with their own past: x(t), x(t - lag_1), x(t - lag_2), ...

    Parameters
    ----------
    trajectory : evenly sampled run of vector states, or many.
    lags : lags in samples, each at least 0 and none twice, e.g. (0, 3, 7); or how many, and then lags are
        0, step, 2 * step, ...
    step : distance of uniform lags in samples.

    Returns
    -------
    A run whose states are (time - largest lag, lags * state), lag by lag, named "x", "x_lag3", ...; times and inputs
    are those of the unlagged sample. Of many runs, each alone: no window reaches across runs.

    Raises
    ------
    InputError : if a run is unevenly sampled, not a vector, or not longer than the largest lag.
    """
    chosen = _lags(lags, step)
    if isinstance(trajectory, Trajectory):
        return _embedded(trajectory, chosen)
    return Trajectories(_embedded(run, chosen) for run in as_trajectories(trajectory))


def hankel(states: Float[np.ndarray, "time state"], lags: Sequence[int]) -> Float[np.ndarray, "window lag_state"]:
    """The matrix behind `delay_embedding`: row i holds the states at i + largest lag - lag, lag by lag."""
    longest = max(lags)
    rows = len(states) - longest
    return np.concatenate([states[longest - lag : longest - lag + rows] for lag in lags], axis=1)


def choose_lag(
    trajectory: Trajectory,
    method: Literal["mutual_information", "autocorrelation"] = "mutual_information",
    longest: int | None = None,
) -> int:
    """A lag, in samples, at which a sample says little about the sample before, the largest over the states.

    "mutual_information" is the first minimum of the average mutual information (Fraser and Swinney 1986); where it has
    none, autocorrelation decides. "autocorrelation" is the first fall below 1/e; take it for a periodic motion with few
    samples a period, whose information goes up and down with the binning. `longest` bounds the search, by default
    a tenth of the run and at most 1,000 samples.

    Raises
    ------
    InputError : if the run is shorter than 20 samples or has missing samples.
    """
    states = _columns(trajectory, 20)
    longest = max(2, min(len(states) // 10, 1_000)) if longest is None else longest
    if not 1 <= longest < len(states) - 1:
        raise InputError(f"longest: {longest!r} found, expected a lag from 1 to {len(states) - 2} samples")
    search = {"mutual_information": _information_lag, "autocorrelation": _correlation_lag}
    if method not in search:
        raise InputError(f"method: {method!r} found, expected one of {', '.join(search)}")
    return max((search[method](column, longest) for column in states.T if np.ptp(column) > 0), default=1)


def choose_dimension(
    trajectory: Trajectory, lag: int, *, largest: int = 10, tolerance: float = 0.05, samples: int = 5_000
) -> int:
    """The least number of lags at which no more than `tolerance` of the nearest neighbours are false.

    A neighbour is false if one more lag moves it away by more than 15 times its distance, or beyond two deviations of
    the recording (Kennel, Brown and Abarbanel 1992). Neighbours nearer in time than `lag` are not counted. With a lag
    so long that chaos parts neighbours within it, all are false: take a shorter one.

    Parameters
    ----------
    lag : in samples, as of `choose_lag`.
    largest : where the search ends; returned if no smaller number suffices.
    samples : how many points are asked for their neighbour, evenly taken from the run.
    """
    states = _columns(trajectory, 20)
    _lags([0, lag], 1)
    for dimension in range(1, largest):
        if len(states) - dimension * lag < 10:
            raise InputError(f"trajectory: {len(states)} samples are too few for {dimension + 1} lags of {lag}")
        if _false_share(states, lag, dimension, samples) <= tolerance:
            return dimension
    return largest


def _false_share(states: np.ndarray, lag: int, dimension: int, samples: int) -> float:
    from scipy.spatial import cKDTree

    wider = hankel(states, [lag * i for i in range(dimension + 1)])
    points, added = wider[:, : -states.shape[1]], wider[:, -states.shape[1] :]
    asked = np.unique(np.linspace(0, len(points) - 1, min(samples, len(points))).astype(int))
    # Enough neighbours that one lies outside the time window of the point itself.
    count = min(2 * lag + 2, len(points))
    distances, found = cKDTree(points).query(points[asked], k=count)
    apart = (np.abs(found - asked[:, None]) > lag) & (distances > 0)
    has_one = apart.any(axis=1)
    if not has_one.any():
        return 1.0
    first = apart.argmax(axis=1)[:, None]
    near = np.take_along_axis(found, first, 1)[has_one, 0]
    distance = np.take_along_axis(distances, first, 1)[has_one, 0]
    moved = np.linalg.norm(added[asked[has_one]] - added[near], axis=1)
    deviation = np.sqrt(states.var(axis=0).sum())
    false = (moved > 15 * distance) | (np.hypot(moved, distance) > 2 * deviation)
    return float(false.mean())


def _information_lag(column: np.ndarray, longest: int) -> int:
    from scipy.signal import find_peaks

    # Equally filled bins make the estimate independent of the scale and shape of the values.
    bins = int(np.clip(round((len(column) / 5) ** (1 / 3)), 4, 64))
    edges = np.quantile(column, np.arange(1, bins) / bins)
    symbols = np.searchsorted(edges, column, side="right")
    curve = []
    for lag in range(1, longest + 1):
        joint = np.bincount(symbols[:-lag] * bins + symbols[lag:], minlength=bins * bins).reshape(bins, bins)
        share = joint / joint.sum()
        product = share.sum(1, keepdims=True) * share.sum(0, keepdims=True)
        filled = share > 0
        curve.append(float((share[filled] * np.log(share[filled] / product[filled])).sum()))
    # A dip shallower than this is the noise of counting; a sine has none that is deeper.
    minima = find_peaks(-np.array([np.inf, *curve]), prominence=_LEAST_DIP * max(curve))[0]
    return int(minima[0]) if len(minima) else _correlation_lag(column, longest)


def _correlation_lag(column: np.ndarray, longest: int) -> int:
    from scipy.signal import correlate

    centred = column - column.mean()
    correlation = correlate(centred, centred, method="fft")[len(column) - 1 :]
    below = np.nonzero(correlation[: longest + 1] < correlation[0] / np.e)[0]
    return int(below[0]) if len(below) else longest


def _embedded(run: Trajectory, lags: tuple[int, ...]) -> Trajectory:
    if run.states.ndim != 2:
        raise InputError(f"states: shape {run.states.shape} is a field, expected (time, state) to embed")
    if len(run) <= max(lags):
        raise InputError(f"trajectory: {len(run)} samples found, expected more than the largest lag {max(lags)}")
    if not run.is_uniform:
        raise InputError("times: uneven steps found, a lag needs even ones; resample first")
    names = tuple(name if lag == 0 else f"{name}_lag{lag}" for lag in lags for name in run.state_names)
    units = dict(run.units)
    for lag in lags:
        units |= {f"{name}_lag{lag}": run.units[name] for name in run.state_names if lag and name in run.units}
    start = max(lags)
    return run.replace(
        times=run.times[start:],
        states=hankel(run.states, lags),
        inputs=None if run.inputs is None else run.inputs[start:],
        state_names=names,
        units=units,
    )


def _lags(lags: int | Sequence[int], step: int) -> tuple[int, ...]:
    if isinstance(lags, bool):
        raise InputError(f"lags: {lags!r} found, expected whole numbers of samples")
    if isinstance(lags, (int, np.integer)):
        if lags < 1 or not isinstance(step, (int, np.integer)) or step < 1:
            raise InputError(f"lags: {lags!r} with step {step!r} found, expected whole numbers of at least 1")
        return tuple(int(step) * i for i in range(int(lags)))
    whole = isinstance(lags, (Sequence, np.ndarray)) and all(isinstance(i, (int, np.integer)) and i >= 0 for i in lags)
    if not whole or len(lags) == 0 or len(set(lags)) != len(lags):
        raise InputError(f"lags: {lags!r} found, expected distinct whole numbers of samples, 0 or more")
    return tuple(int(lag) for lag in lags)


def _columns(trajectory: Trajectory, fewest: int) -> np.ndarray:
    if not isinstance(trajectory, Trajectory):
        raise InputError(f"trajectory: {type(trajectory).__name__} found, expected a Trajectory")
    if len(trajectory) < fewest:
        raise InputError(f"trajectory: {len(trajectory)} samples found, expected at least {fewest}")
    if not np.isfinite(trajectory.states).all():
        raise InputError("states: missing or infinite samples found; fill_missing first")
    return trajectory.states.reshape(len(trajectory), -1).astype(float)
