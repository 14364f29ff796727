"""The past of a delay flow: a constant, a function of time, or a recorded run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.trajectories import Trajectory

if TYPE_CHECKING:
    from inscape.systems.delay_flow import DelayFlow

SPLINE_DEGREE = 7


@dataclass(frozen=True, eq=False)
class History:
    """What a delay flow looks back to when it starts.

    Parameters
    ----------
    description : one line for the context of the run.
    states : times (time,) -> states (time, state), or None for the constant initial state.
    end : time at which the history ends, or None where it goes with any.
    """

    description: str
    states: Callable[[Float[np.ndarray, "time"]], Float[np.ndarray, "time state"]] | None = None
    end: float | None = None


def as_history(flow: DelayFlow, history: Callable[[float], Any] | Trajectory | History | None) -> History:
    """A history from what a user gives.

    Raises
    ------
    InputError : if a recorded run is shorter than the longest delay, or does not have the flow's state.
    """
    if isinstance(history, History):
        return history
    if history is None:
        return History("constant")
    if isinstance(history, Trajectory):
        return _recorded(flow, history)
    if callable(history):
        return History("function of time", lambda times: _called(flow, history, times))
    raise InputError(f"history: {type(history).__name__} found, expected a function of time or a Trajectory")


def _called(flow: DelayFlow, history: Callable[[float], Any], times: np.ndarray) -> np.ndarray:
    states = np.empty((len(times), flow.dimension))
    for row, time in enumerate(times):
        try:
            value = np.atleast_1d(np.asarray(history(float(time)), dtype=float))
        except (TypeError, ValueError):
            raise InputError(f"history: no number at t = {time:.6g}, expected ({flow.dimension},)") from None
        if value.shape != (flow.dimension,) or not np.isfinite(value).all():
            raise InputError(
                f"history: {value.tolist()} at t = {time:.6g}, expected {flow.dimension} finite "
                f"number{'s' if flow.dimension > 1 else ''}"
            )
        states[row] = value
    return states


def _recorded(flow: DelayFlow, run: Trajectory) -> History:
    from scipy.interpolate import make_interp_spline

    longest = float(flow.delays.max())
    if run.states.shape[1:] != (flow.dimension,):
        raise InputError(f"history: states of shape {run.states.shape[1:]}, expected ({flow.dimension},)")
    if not np.isfinite(run.states).all():
        missing = int((~np.isfinite(run.states)).any(axis=1).sum())
        raise InputError(f"history: {missing} samples are missing; fill or drop them first")
    if len(run) < 2 or run.duration < longest * (1 - 1e-9):
        span = run.duration if len(run) > 1 else 0.0
        raise InputError(f"history: {span:.6g} time units long, expected at least the longest delay, {longest:.6g}")
    spline = make_interp_spline(run.times, run.states, k=min(SPLINE_DEGREE, 2 * ((len(run) - 2) // 2) + 1))
    return History(
        f"recorded from t = {run.times[0]:.6g} to {run.times[-1]:.6g}",
        lambda times: spline(np.clip(times, run.times[0], run.times[-1])),
        float(run.times[-1]),
    )
