"""`TaskLaws`: the laws that a continual model has learned, stepped, forecast and scored by the name of their task."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError, UnknownNameError
from inscape.models.continual.coordinates import Coordinates
from inscape.models.continual.live_learner import LiveLearner
from inscape.models.continual.normaliser import Normaliser
from inscape.models.continual.task_law import TaskLaw
from inscape.models.continual.transitions import Transitions
from inscape.trajectories import Trajectory, as_trajectories


class TaskLaws(LiveLearner):
    """A continual model as far as it is asked, not taught: one law for every task of `tasks_`."""

    target_scale_: Float[np.ndarray, "state"] | None
    _laws: dict[str, TaskLaw]

    def task_law(self, task: str | None = None) -> TaskLaw:
        """The law of one task, as a system that a planner can step; of the current or latest task if None.

        Raises
        ------
        UnknownNameError : for a task that was never learned.
        """
        check_is_fitted(self)
        name = self._known(task)
        laws = self.__dict__.setdefault("_laws", {})
        if name not in laws:
            laws[name] = TaskLaw(
                name, self._learner.plan, self._learner.layers(name), *self._reading(name), **self._labels
            )
        return laws[name]

    @property
    def law(self) -> Any:
        """The law of the current task."""
        return self.task_law()

    def step(
        self,
        states: Float[np.ndarray, "*batch state"],
        inputs: Float[np.ndarray, "*batch input"],
        task: str | None = None,
    ) -> Float[np.ndarray, "*batch state"]:
        """The states one interval later in a task; see `TaskLaw.step`."""
        return self.task_law(task).step(states, inputs)

    def forecast(
        self,
        history: Any,
        horizon: int,
        inputs: Float[np.ndarray, "horizon input"] | None = None,
        task: str | None = None,
    ) -> Trajectory:
        """As of `Model.forecast`, in a task: the one named, or the one in the history's context, or the current one.

        The first step is driven by the history's last input, step k + 1 by row k of `inputs`.

        Raises
        ------
        UnknownNameError : for a task that was never learned.
        """
        check_is_fitted(self)
        self._asked_task = task
        try:
            return super().forecast(history, horizon, inputs)
        finally:
            del self._asked_task

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        named = getattr(self, "_asked_task", None)
        if named is None and "task" in history.context:
            named = str(history.context["task"])
        law = self.task_law(named)
        driven = np.zeros((horizon, 0))
        if history.inputs is not None and inputs is not None:
            driven = np.concatenate([history.inputs[-1:], inputs[:-1]])
        state, states = history.states[-1].astype(float), np.full((horizon, history.states.shape[1]), np.nan)
        for k in range(horizon):
            state = law.step(state, driven[k])
            if not np.isfinite(state).all():
                break
            states[k] = state
        return states

    def error(self, trajectories: Any, task: str | None = None) -> float:
        """Mean squared error of single steps in a task, in units of `target_scale_` squared."""
        check_is_fitted(self)
        seen = self._seen(trajectories)
        return float((self.task_law(task).errors(seen.states, seen.inputs, seen.nexts) ** 2).mean())

    @property
    def _labels(self) -> dict[str, Any]:
        return {"state_names": self.state_names_, "input_names": self.input_names_, "dt": self.dt_}

    def _reading(self, task: str) -> tuple[Coordinates, Normaliser, np.ndarray]:
        assert self.target_scale_ is not None
        return self._coordinates, Normaliser.of(self.normalisers_[task]), self.target_scale_

    def _seen(self, trajectories: Any) -> Transitions:
        if isinstance(trajectories, Transitions):
            return trajectories
        runs = as_trajectories(trajectories, self.dt_)
        self._check_system(runs.state_names, runs.input_names, max(runs, key=len).dt)
        seen = Transitions.of_runs(runs)
        if not len(seen):
            raise InputError("recording: no complete transition found, expected at least one")
        return seen

    def _known(self, task: str | None) -> str:
        if task is None:
            return self.current_task_ or self.tasks_[-1]
        if str(task) not in self.tasks_:
            raise UnknownNameError("task", str(task), self.tasks_)
        return str(task)

    def _check_system(self, state_names: tuple[str, ...], input_names: tuple[str, ...], dt: float) -> None:
        if (state_names, input_names) != (self.state_names_, self.input_names_):
            raise InputError(
                f"recording: {len(state_names)} states and {len(input_names)} inputs found "
                f"({', '.join(state_names[:4])}...), expected the {len(self.state_names_)} and "
                f"{len(self.input_names_)} of the tasks before ({', '.join(self.state_names_[:4])}...)"
            )
        if abs(dt - self.dt_) > 1e-3 * self.dt_:
            raise InputError(f"recording: sampling interval {dt:.6g} found, expected {self.dt_:.6g} as before")
