"""Progressive networks: a new column for every task, which looks into the columns before it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.extras import require
from inscape.models.continual.learner import Course, Learner, optimiser_arrays, restore_optimiser
from inscape.models.continual.perceptron import Layers, Plan

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class ProgressiveLearner(Learner):
    """A perceptron for every task, a column, whose layers also take in the hidden units of all earlier columns.

    Rusu et al. (2016), Progressive neural networks, arXiv 1606.04671, equation 1: the lateral connections are linear,
    without the adapters that make them narrower. Only the current task's column is trained, so that the columns before
    it forget nothing; what is kept grows with the square of the number of tasks. An old task that is taken up again
    moves its column, and with it what later columns see.
    """

    def __init__(self, plan: Plan, course: Course):
        super().__init__(plan, course)
        self.columns = torch.nn.ModuleList()
        self._activation = plan.network()[1]
        self._optimiser: torch.optim.Adam | None = None

    def layers(self, task: str) -> Layers:
        """One wide perceptron: the columns side by side, their matrices in the blocks on and below the diagonal."""
        number = self.tasks.index(task)
        known: list[Any] = list(self.columns)[: number + 1]
        found: Layers = []
        for depth in range(len(self.plan.hidden)):
            parts = [column[depth] for column in known]
            width = max(part.in_features for part in parts)
            rows = [np.pad(p.weight.detach().numpy(), ((0, 0), (0, width - p.in_features))) for p in parts]
            found.append((np.concatenate(rows), np.concatenate([p.bias.detach().numpy() for p in parts])))
        head = known[-1][-1]
        return [*found, (head.weight.detach().numpy().copy(), head.bias.detach().numpy().copy())]

    def _grow(self) -> None:
        count = 1 + len(self.columns)
        sizes = [self.plan.features, *(count * width for width in self.plan.hidden)]
        leaving = [*self.plan.hidden, self.plan.leaving]
        with torch.random.fork_rng():
            torch.manual_seed(int(self.course.seed) + 7919 * len(self.columns))
            self.columns.append(torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in zip(sizes, leaving, strict=True)))

    def _open(self, number: int) -> None:
        while len(self.columns) <= number:
            self._grow()
        self._optimiser = self._fresh(number)

    def _fresh(self, number: int) -> torch.optim.Adam:
        for k, column in enumerate(self.columns):
            column.requires_grad_(k == number)
        return self._adam(self.columns[number].parameters())

    def _answer(self, number: int, features: torch.Tensor) -> torch.Tensor:
        known: list[Any] = list(self.columns)[: number + 1]
        signals = [self._activation(column[0](features)) for column in known]
        for depth, _ in enumerate(pairwise(self.plan.hidden), 1):
            seen = [torch.cat(signals[: k + 1], dim=-1) for k in range(number + 1)]
            signals = [self._activation(column[depth](x)) for column, x in zip(known, seen, strict=True)]
        return known[-1][-1](torch.cat(signals, dim=-1))

    def _step(self, features: torch.Tensor, answers: torch.Tensor) -> float:
        assert self._optimiser is not None
        assert self.current is not None
        number = self.tasks.index(self.current)
        self._optimiser.zero_grad()
        loss = self.plan.loss(self._answer(number, features), answers)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.columns[number].parameters(), self.course.clip)
        self._optimiser.step()
        return loss.item()

    def _close(self, number: int, features: torch.Tensor, answers: torch.Tensor) -> None:
        self._optimiser = None

    def _tensors(self) -> dict[str, torch.Tensor]:
        return dict(self.columns.named_parameters())

    def arrays(self) -> dict[str, np.ndarray]:
        return super().arrays() | optimiser_arrays("adam", self._optimiser)

    def restore(self, tasks: list[str], current: str | None, arrays: Mapping[str, np.ndarray]) -> None:
        super().restore(tasks, current, arrays)
        if current is not None:
            self._optimiser = self._fresh(tasks.index(current))
            restore_optimiser("adam", self._optimiser, arrays)
