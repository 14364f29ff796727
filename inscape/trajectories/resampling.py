"""Other sampling of a run: on even times, coarser without aliasing, and with its missing samples filled."""

from __future__ import annotations

from typing import Any, Literal, overload

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories, as_trajectories
from inscape.trajectories.trajectory import Trajectory

Method = Literal["linear", "cubic", "band_limited"]
METHODS: tuple[str, ...] = ("linear", "cubic", "band_limited")
# Half the filter's length in new steps: a passband up to 0.7 of the new Nyquist frequency.
_TAPS_A_STEP = 16


@overload
def resample(trajectory: Trajectory, dt: float, method: Method = ...) -> Trajectory: ...
@overload
def resample(trajectory: Trajectories, dt: float, method: Method = ...) -> Trajectories: ...
def resample(trajectory: Any, dt: float, method: Method = "cubic") -> Any:
    """The run on even times from its first sample to its last, `dt` apart.

    Parameters
    ----------
    trajectory : one run or many, of at least two samples.
    dt : new sampling interval, in the time unit of the run.
    method : "linear", "cubic" (spline through the samples) or "band_limited": an even run is low-passed below the new
        Nyquist frequency (zero-phase FIR filter, Kaiser window, 80 dB) before it is thinned, so that fast motion does
        not fold into slow. Inputs are held to the same method, but for "cubic" to straight
        lines, which do not overshoot.

    Raises
    ------
    InputError : if `dt` is not positive or longer than the run, samples are missing, or a band-limited run is uneven.
    """
    if method not in METHODS:
        raise InputError(f"method: {method!r} found, expected one of {', '.join(METHODS)}")
    if not (isinstance(dt, (int, float, np.number)) and np.isfinite(dt) and dt > 0):
        raise InputError(f"dt: {dt!r} found, expected a positive number")
    if not isinstance(trajectory, Trajectory):
        return Trajectories(resample(run, dt, method) for run in as_trajectories(trajectory))
    run = trajectory
    if len(run) < 2 or dt > run.duration:
        raise InputError(f"dt: {dt:g} found for a run of {run.duration:g}, expected at most its duration")
    _refuse_missing(run)
    # A millionth of a step of slack keeps the last sample where rounding would drop it.
    times = run.times[0] + dt * np.arange(int(np.floor(run.duration / dt + 1e-6)) + 1)
    times[-1] = min(times[-1], run.times[-1])
    states, inputs = run.states, run.inputs
    if method == "band_limited":
        states = _low_passed(run, states, dt)
        inputs = None if inputs is None else _low_passed(run, inputs, dt)
    straight = method == "linear"
    return run.replace(
        times=times,
        states=_interpolated(run.times, states, times, straight),
        inputs=None if inputs is None else _interpolated(run.times, inputs, times, straight or method == "cubic"),
    )


@overload
def fill_missing(trajectory: Trajectory, longest: float | None = ...) -> Trajectory: ...
@overload
def fill_missing(trajectory: Trajectories, longest: float | None = ...) -> Trajectories: ...
def fill_missing(trajectory: Any, longest: float | None = None) -> Any:
    """Missing samples filled along a straight line between their neighbours in time.

    Samples missing at the ends stay missing: nothing bounds them on the other side.

    Parameters
    ----------
    longest : gaps longer than this, in the time unit of the run, stay missing; None fills all.

    Raises
    ------
    InputError : if a state or input has no sample at all.
    """
    if not isinstance(trajectory, Trajectory):
        return Trajectories(fill_missing(run, longest) for run in as_trajectories(trajectory))
    run = trajectory
    inputs = None if run.inputs is None else _filled(run.times, run.inputs, longest)
    return run.replace(states=_filled(run.times, run.states, longest), inputs=inputs)


def _interpolated(times: np.ndarray, values: np.ndarray, asked: np.ndarray, straight: bool) -> np.ndarray:
    from scipy.interpolate import CubicSpline

    if straight or len(times) < 3:
        right = np.clip(np.searchsorted(times, asked, side="right"), 1, len(times) - 1)
        share = (asked - times[right - 1]) / (times[right] - times[right - 1])
        share = share.reshape(-1, *[1] * (values.ndim - 1))
        found = values[right - 1] * (1 - share) + values[right] * share
    else:
        found = CubicSpline(times, values)(asked)
    return found.astype(values.dtype, copy=False)


def _low_passed(run: Trajectory, values: np.ndarray, dt: float) -> np.ndarray:
    from scipy.signal import firwin, oaconvolve

    if not run.is_uniform:
        raise InputError('times: uneven steps found, "band_limited" needs even ones; resample with "cubic" first')
    coarser = dt / run.dt
    if coarser <= 1:
        return values
    reach = min(int(np.ceil(_TAPS_A_STEP * coarser)), len(values) - 1)
    taps = firwin(2 * reach + 1, 0.85 / coarser, window=("kaiser", 8.0))
    # Odd continuation keeps value and slope at the ends.
    before, after = 2 * values[0] - values[reach:0:-1], 2 * values[-1] - values[-2 : -2 - reach : -1]
    longer = np.concatenate([before, values, after])
    return oaconvolve(longer, taps.reshape(-1, *[1] * (values.ndim - 1)), mode="valid", axes=0).astype(values.dtype)


def _filled(times: np.ndarray, values: np.ndarray, longest: float | None) -> np.ndarray:
    flat = np.array(values).reshape(len(times), -1)
    for column in flat.T:
        missing = np.isnan(column)
        if not missing.any():
            continue
        known = np.nonzero(~missing)[0]
        if not len(known):
            raise InputError("states: a variable without any sample found, nothing to fill it from; leave it out")
        places = np.nonzero(missing)[0]
        places = places[(places > known[0]) & (places < known[-1])]
        after = np.searchsorted(known, places)
        gap = times[known[after]] - times[known[after - 1]]
        places = places if longest is None else places[gap <= longest]
        column[places] = np.interp(times[places], times[known], column[known])
    return flat.reshape(values.shape)


def _refuse_missing(run: Trajectory) -> None:
    if not run.is_complete:
        bad = ~np.isfinite(run.states.reshape(len(run), -1)).all(axis=1)
        if run.inputs is not None:
            bad |= ~np.isfinite(run.inputs).all(axis=1)
        rows = np.nonzero(bad)[0]
        raise InputError(
            f"states: {len(rows)} rows with missing or infinite samples, first at row {rows[0]}; fill_missing first"
        )
