"""`TaskMatrix`: the score of every task after every task, and what it says of keeping and of carrying over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError


class TaskMatrix:
    """R[t, j]: how well task t is done after task j was learned.

    Parameters
    ----------
    tasks : names in the order of learning.
    scores : (task, after) a return, which is better when higher, or an error; NaN where nothing was measured.
    """

    def __init__(self, tasks: Sequence[str], scores: Float[np.ndarray, "task after"]):
        self.tasks = tuple(tasks)
        self.scores = np.array(scores, dtype=float)
        if self.scores.shape != (len(self.tasks), len(self.tasks)):
            raise InputError(
                f"scores: shape {self.scores.shape} found, expected ({len(self.tasks)}, {len(self.tasks)}): "
                "a row for each task, a column for the task learned last"
            )

    @property
    def just_trained(self) -> Float[np.ndarray, "task"]:
        """R[t, t]."""
        return np.diagonal(self.scores).copy()

    @property
    def final(self) -> Float[np.ndarray, "task"]:
        """R[t, T]: after the last task."""
        return self.scores[:, -1].copy()

    def retention(self) -> dict[str, float]:
        """R[t, T] / R[t, t] of every task: 1 where nothing was forgotten; above 1 where an error has grown."""
        return dict(zip(self.tasks, _ratio(self.final, self.just_trained).tolist(), strict=True))

    def old_ratio(self) -> float:
        """sum of R[t, T] over sum of R[t, t], over all tasks but the last."""
        if len(self.tasks) < 2:
            raise InputError(f"tasks: {len(self.tasks)} found, expected at least two: nothing is old yet")
        return float(self.final[:-1].sum() / self.just_trained[:-1].sum())

    def transfer(self, single: Mapping[str, float] | Sequence[float]) -> dict[str, float]:
        """R[t, t] over the score of a model that was trained on task t alone.

        Raises
        ------
        UnknownNameError : if a task is missing among `single`.
        """
        if isinstance(single, Mapping):
            for task in self.tasks:
                if task not in single:
                    raise UnknownNameError("task", task, single)
            alone = np.array([single[task] for task in self.tasks], dtype=float)
        else:
            alone = np.asarray(single, dtype=float)
            if alone.shape != (len(self.tasks),):
                raise InputError(f"single: shape {alone.shape} found, expected ({len(self.tasks)},)")
        return dict(zip(self.tasks, _ratio(self.just_trained, alone).tolist(), strict=True))

    def rows(self) -> list[dict[str, Any]]:
        """The matrix as rows of a table: task, then the score after each task."""
        return [
            {"task": task} | {f"after {after}": float(self.scores[t, j]) for j, after in enumerate(self.tasks)}
            for t, task in enumerate(self.tasks)
        ]

    def __repr__(self) -> str:
        return f"TaskMatrix({len(self.tasks)} tasks, {int(np.isfinite(self.scores).sum())} scores)"


def _ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below == 0, np.nan, above / below)
