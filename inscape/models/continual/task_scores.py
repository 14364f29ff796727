"""What a continual model notes of its scores, task by task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from inscape.models.continual.task_laws import TaskLaws
from inscape.models.continual.task_matrix import TaskMatrix


class TaskScores(TaskLaws):
    """The book of scores of a model that learns task after task."""

    scores_: dict[str, dict[str, float]]

    def examine(self, tests: Mapping[str, Any]) -> dict[str, float]:
        """`error` of every task learned so far, noted as the scores after the latest one."""
        check_is_fitted(self)
        return self.note({task: self.error(tests[task], task) for task in self.tasks_ if task in tests})

    def note(self, scores: Mapping[str, float], after: str | None = None) -> dict[str, float]:
        """Note scores of tasks, such as returns of a planner, as measured after a task (the latest one if None)."""
        check_is_fitted(self)
        for task in scores:
            self._known(task)
        latest = self._known(after) if after is not None else self.tasks_[-1]
        noted = {self._known(task): float(score) for task, score in scores.items()}
        self.scores_[latest] = self.scores_.get(latest, {}) | noted
        return noted

    @property
    def matrix(self) -> TaskMatrix:
        """The noted scores as R[t, j]."""
        check_is_fitted(self)
        scores = [[self.scores_.get(after, {}).get(task, np.nan) for after in self.tasks_] for task in self.tasks_]
        return TaskMatrix(self.tasks_, np.array(scores))

    def retention(self) -> dict[str, float]:
        """R[t, T] / R[t, t] of the noted scores; see `TaskMatrix`."""
        return self.matrix.retention()

    def transfer(self, single: TaskScores | Mapping[str, float]) -> dict[str, float]:
        """R[t, t] over the score of a model of that task alone: a "single" model's notes, or numbers by task."""
        if isinstance(single, TaskScores):
            alone = single.matrix
            single = dict(zip(alone.tasks, alone.just_trained.tolist(), strict=True))
        return self.matrix.transfer(single)
