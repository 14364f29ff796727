"""`Model`: a learner of laws - the contract that every estimator of this room keeps."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError
from inscape.trajectories import Trajectories, Trajectory, as_trajectories

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem

DIVERGED_ERROR = 1e6
"""What a forecast sample that is not a number counts for in `Model.score`, in standard deviations."""


class Model(BaseEstimator):
    """A learner of laws: `fit` on trajectories, `forecast` from a history, and where there is one, a `law`.

    Leaves implement `_learn(runs)` and `_continue(history, future_inputs, horizon)`, and set `_past`, the number of
    samples that a forecast starts from. After `fit` every model has `dt_`, `state_names_`, `input_names_` and
    `scale_` (state,), the standard deviation of each state variable in the recording.
    """

    _past: int = 1
    _takes_inputs: bool = False
    _needs_uniform_sampling: bool = True

    def fit(self, trajectories: Any, dt: float | None = None) -> Self:
        """Learn from runs of one system.

        Parameters
        ----------
        trajectories : a Trajectory, Trajectories, or whatever `as_trajectories` takes; NaN marks a missing sample.
        dt : sampling interval, for plain arrays only.

        Raises
        ------
        InputError : if the runs are too short, unevenly sampled, of several sampling intervals, or hold infinities.
        """
        runs = as_trajectories(trajectories, dt)
        check_runs(runs, self._needs_uniform_sampling)
        states = np.concatenate([run.states for run in runs])
        deviation = np.nanstd(np.where(np.isfinite(states), states, np.nan).astype(float), axis=0)
        self.dt_ = max(runs, key=len).dt
        self.state_names_ = runs.state_names
        self.input_names_ = runs.input_names
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        self._learn(runs)
        return self

    def forecast(
        self, history: Any, horizon: int, inputs: Float[np.ndarray, "horizon input"] | None = None
    ) -> Trajectory:
        """Exactly `horizon` samples at the fitted interval, the first one interval after the history's last.

        Parameters
        ----------
        history : Trajectory or (time, state) array at the fitted sampling interval.
        horizon : number of samples.
        inputs : (horizon, input) at the times of the forecast, for a driven law; the history carries its own.

        Returns
        -------
        Trajectory; where the law diverges, the tail is NaN and `context["stopped"]` says why.

        Raises
        ------
        InputError : if the history is too short, incomplete, of other variables or of another sampling interval.
        """
        check_is_fitted(self)
        past = self._history(history)
        steps = _whole(horizon)
        future = self._future_inputs(inputs, steps)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            states = np.asarray(self._continue(past, future, steps), dtype=float)
        reason = getattr(self, "_stopped", None)
        self.__dict__.pop("_stopped", None)
        good = np.isfinite(states).all(axis=1)
        context: dict[str, float | str] = dict(past.context)
        context.pop("stopped", None)
        if not good.all():
            first = int(np.argmin(good))
            states = np.where((np.arange(steps) < first)[:, None], states, np.nan)
            context["stopped"] = reason or f"the law diverged after {first} samples"
        return Trajectory(
            past.times[-1] + self.dt_ * np.arange(1, steps + 1),
            states,
            inputs=future,
            context=context,
            state_names=self.state_names_,
            input_names=self.input_names_ if future is not None else (),
            units=past.units,
            source=f"forecast of {type(self).__name__}",
        )

    def forecast_each(
        self,
        histories: Sequence[Trajectory],
        horizon: int,
        inputs: Float[np.ndarray, "origin horizon input"] | None = None,
    ) -> Float[np.ndarray, "origin horizon state"]:
        """The states of `forecast` from many histories of this recording at once; NaN from where one diverged.

        Parameters
        ----------
        histories : as of `forecast`.
        horizon : number of samples.
        inputs : at the times of each forecast, for a driven law.

        Raises
        ------
        InputError : as of `forecast`.
        """
        check_is_fitted(self)
        if not histories:
            raise InputError("histories: none found, expected at least one to forecast from")
        steps = _whole(horizon)
        pasts = [self._history(history) for history in histories]
        futures = [self._future_inputs(None if inputs is None else inputs[k], steps) for k in range(len(pasts))]
        future = None if futures[0] is None else np.stack([f for f in futures if f is not None])
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            states = np.asarray(self._continue_each(pasts, future, steps), dtype=float)
        self.__dict__.pop("_stopped", None)
        held = np.logical_and.accumulate(np.isfinite(states).all(axis=2), axis=1)
        return np.where(held[:, :, None], states, np.nan)

    @property
    def law(self) -> SymbolicSystem:
        """The learned law as a system, where it has a state equation.

        Raises
        ------
        AttributeError : if this model has none.
        """
        raise AttributeError(f"{type(self).__name__} has no law: its forecast is not a state equation")

    @property
    def past(self) -> int:
        """How many samples of history a forecast starts from."""
        return int(self._past)

    def score(self, trajectories: Any, dt: float | None = None, *, horizon: int = 10, origins: int = 20) -> float:
        """Less the median error of short forecasts, in standard deviations of the fitted recording; 0 is best.

        Parameters
        ----------
        trajectories : held-out runs, as of `fit`.
        horizon : samples of each forecast (fewer where a run is short).
        origins : forecasts a run, evenly placed.
        """
        check_is_fitted(self)
        runs = as_trajectories(trajectories, self.dt_ if dt is None else dt)
        errors: list[np.ndarray] = []
        for run in runs:
            last_start = len(run) - self.past - 1
            if last_start < 0:
                continue
            reach = min(_whole(horizon), max(1, len(run) - self.past))
            starts = np.unique(np.linspace(0, max(0, len(run) - self.past - reach), _whole(origins)).astype(int))
            for start in starts:
                stop = int(start) + self.past
                history, future = run[int(start) : stop], run[stop : stop + reach]
                if not (history.is_complete and np.isfinite(future.states).any()):
                    continue
                states = self.forecast(history, len(future), inputs=future.inputs).states
                error = np.abs(states - future.states) / self.scale_
                error[~np.isfinite(states)] = DIVERGED_ERROR
                errors.append(error[np.isfinite(future.states)])
        if not errors:
            raise InputError(f"score: no stretch of {self.past + 1} complete samples found, expected at least one")
        return -float(np.median(np.minimum(np.concatenate(errors), DIVERGED_ERROR)))

    @abstractmethod
    def _learn(self, runs: Trajectories) -> None:
        """Set the learned attributes from checked runs."""

    @abstractmethod
    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        """The (horizon, state) samples after a checked history."""

    def _continue_each(self, histories: list[Trajectory], inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        """The (origin, horizon, state) samples after checked histories; leaves that can do them side by side do."""
        futures = [None] * len(histories) if inputs is None else list(inputs)
        return np.stack(
            [self._continue(past, future, horizon) for past, future in zip(histories, futures, strict=True)]
        )

    def _history(self, history: Any) -> Trajectory:
        runs = as_trajectories(history, self.dt_)
        if len(runs) != 1:
            raise InputError(f"history: {len(runs)} runs found, expected one")
        past = runs[0]
        if past.states.ndim != 2 or past.states.shape[1] != len(self.state_names_):
            raise InputError(
                f"history: states of shape {past.states.shape} found, expected (time, {len(self.state_names_)})"
            )
        if len(past) < self.past:
            raise InputError(f"history: {len(past)} samples found, {type(self).__name__} starts from {self.past}")
        if len(past) > 1 and abs(past.dt - self.dt_) > 1e-3 * self.dt_:
            raise InputError(
                f"history: sampling interval {past.dt:.6g} found, fitted at {self.dt_:.6g}; "
                "resample it: inscape.trajectories.resample(history, dt)"
            )
        if self._takes_inputs and self.input_names_ and past.inputs is None:
            raise InputError(f"history: no inputs found, the law is driven by {', '.join(self.input_names_)}")
        self._check_recent(past)
        return past

    def _check_recent(self, past: Trajectory) -> None:
        recent = past[len(past) - self.past :]
        if not recent.is_complete:
            raise InputError(
                f"history: a value that is not finite among the last {self.past} samples; "
                "end the history at a complete stretch or fill it first"
            )

    def _future_inputs(self, inputs: Any, horizon: int) -> np.ndarray | None:
        if not self.input_names_:
            if inputs is not None:
                raise InputError("inputs: given, but the model was fitted on runs without inputs")
            return None
        if inputs is None:
            if self._takes_inputs:
                raise InputError(
                    f"inputs: None found, expected ({horizon}, {len(self.input_names_)}): the law is driven by "
                    + ", ".join(self.input_names_)
                )
            return None
        array = np.asarray(inputs, dtype=float)
        array = array[:, None] if array.ndim == 1 else array
        if array.shape != (horizon, len(self.input_names_)) or not np.isfinite(array).all():
            raise InputError(
                f"inputs: shape {array.shape} found, expected ({horizon}, {len(self.input_names_)}) finite numbers"
            )
        return array

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "dt_")


def _whole(horizon: Any) -> int:
    if isinstance(horizon, bool) or not isinstance(horizon, (int, np.integer)) or horizon < 1:
        raise InputError(f"horizon: {horizon!r} found, expected a whole number of samples, at least 1")
    return int(horizon)


def check_runs(runs: Trajectories, uniform: bool) -> None:
    intervals: list[float] = []
    for number, run in enumerate(runs):
        label = f"run {number}" if len(runs) > 1 else "recording"
        if run.states.ndim != 2:
            raise InputError(
                f"{label}: states of shape {run.states.shape} found, expected (time, state); flatten fields"
            )
        if np.isinf(run.states).any():
            raise InputError(f"{label}: infinite values found; mark missing samples as NaN")
        silent = [n for n, column in zip(run.state_names, run.states.T, strict=True) if np.isnan(column).all()]
        if silent:
            raise InputError(f"{label}: {', '.join(silent)} holds no number; leave it out with select(...)")
        if len(run) > 1:
            intervals.append(run.dt)
        if uniform and not run.is_uniform:
            gaps = np.diff(run.times)
            raise InputError(
                f"{label}: sampling intervals from {gaps.min():.6g} to {gaps.max():.6g} found, expected even sampling; "
                "resample it: inscape.trajectories.resample(trajectory, dt)"
            )
    if not intervals:
        raise InputError("recording: 1 sample found in each run, expected at least 2")
    if max(intervals) - min(intervals) > 1e-3 * max(intervals):
        raise InputError(
            f"recording: sampling intervals {min(intervals):.6g} to {max(intervals):.6g} in different runs, "
            "expected one; "
            "resample them: inscape.trajectories.resample(trajectory, dt)"
        )
