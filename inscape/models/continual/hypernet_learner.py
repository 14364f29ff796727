"""Continual learning with a hypernetwork: its answers for old tasks are held where they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from inscape.extras import require
from inscape.models.continual.learner import Course, Learner, optimiser_arrays, restore_optimiser
from inscape.models.continual.look_ahead import look_ahead
from inscape.models.continual.output_drift import OutputDrift
from inscape.models.continual.perceptron import Layers, Plan, layers_of
from inscape.models.hypernetwork import HyperNetwork

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class HypernetLearner(Learner):
    """One hypernetwork for all tasks; of an old task only its embedding is kept.

    A step, as published (Huang et al. 2021): gradient of the task's loss; step of Adam on this task's embedding alone;
    dTheta, the step that Adam would make on the shared weights; gradient of beta * batch * drift of the old tasks'
    weights at Theta + dTheta; step of Adam on the sum of both.

    Parameters
    ----------
    embedding, hidden, chunk : of the hypernetwork.
    beta : weight of the drift; 0 leaves it out.
    sampled : so many old tasks, drawn anew in each step, stand for all; all if None.
    ahead : whether the drift is taken at Theta + dTheta, or at Theta.
    plastic : whether old embeddings move as well.
    last_bias : weight of an L1 norm of the last tensor written; 1 in effect in the release, by accident.
    """

    def __init__(
        self,
        plan: Plan,
        course: Course,
        *,
        embedding: int = 10,
        hidden: tuple[int, ...] = (32, 32),
        chunk: int | None = None,
        beta: float = 0.05,
        sampled: int | None = None,
        ahead: bool = True,
        plastic: bool = False,
        last_bias: float = 0.0,
    ):
        super().__init__(plan, course)
        self.hypernet = HyperNetwork(
            plan.network(), embedding, hidden, chunk, activation=plan.activation, seed=course.seed
        )
        self.beta, self.sampled, self.ahead, self.plastic, self.last_bias = beta, sampled, ahead, plastic, last_bias
        self.drift: OutputDrift | None = None
        self._optimisers: tuple[torch.optim.Adam, torch.optim.Adam] | None = None

    def layers(self, task: str) -> Layers:
        with torch.no_grad():
            return self.layers_at(self.hypernet.embeddings_of(self.tasks.index(task)))

    def layers_at(self, embedding: torch.Tensor) -> Layers:
        """The target's layers for an embedding (1, embedding) of no particular task."""
        with torch.no_grad():
            return layers_of(list(self.hypernet.split(self.hypernet.weights_at(embedding)[0]).values()))

    def _open(self, number: int) -> None:
        while self.hypernet.tasks <= number:
            self.hypernet.add_task()
        others = [k for k in range(self.hypernet.tasks) if k != number]
        self.drift = OutputDrift(self.hypernet, others, plastic=self.plastic) if others and self.beta > 0 else None
        self._optimisers = self._fresh(number)

    def _fresh(self, number: int) -> tuple[torch.optim.Adam, torch.optim.Adam]:
        moving = list(self.hypernet.embeddings) if self.plastic else [self.hypernet.embeddings[number]]
        return self._adam(self.hypernet.shared_parameters()), self._adam(moving)

    def _step(self, features: torch.Tensor, answers: torch.Tensor) -> float:
        assert self._optimisers is not None
        assert self.current is not None
        shared, own = self._optimisers
        hypernet, number = self.hypernet, self.tasks.index(self.current)
        shared.zero_grad()
        own.zero_grad()
        written = hypernet.weights(number)[0]
        tensors = hypernet.split(written)
        loss = self.plan.loss(torch.func.functional_call(hypernet.target, tensors, features), answers)
        if self.last_bias:
            last = list(tensors.values())[-1]
            (loss + self.last_bias * last.abs().sum()).backward()
        else:
            loss.backward()
        value = loss.item()
        if not self.plastic:
            torch.nn.utils.clip_grad_norm_(own.param_groups[0]["params"], self.course.clip)
            own.step()
        if self.drift is not None:
            self.drift.add_gradient(
                self.beta * len(features), look_ahead(shared) if self.ahead else None, self._sample(self.drift)
            )
        if self.plastic:
            torch.nn.utils.clip_grad_norm_(own.param_groups[0]["params"], self.course.clip)
            own.step()
        torch.nn.utils.clip_grad_norm_(shared.param_groups[0]["params"], self.course.clip)
        shared.step()
        return value

    def _sample(self, drift: OutputDrift) -> list[int] | None:
        if self.sampled is None or self.sampled >= len(drift.tasks):
            return None
        return torch.randperm(len(drift.tasks), generator=self.random)[: self.sampled].tolist()

    def _close(self, number: int, features: torch.Tensor, answers: torch.Tensor) -> None:
        self.drift, self._optimisers = None, None

    def _grow(self) -> None:
        self.hypernet.add_task()

    def _tensors(self) -> dict[str, torch.Tensor]:
        return dict(self.hypernet.named_parameters())

    def arrays(self) -> dict[str, np.ndarray]:
        arrays = super().arrays() | {"hypernet random": self.hypernet.random.get_state().numpy().copy()}
        if self._optimisers is not None:
            for name, optimiser in zip(("shared", "own"), self._optimisers, strict=True):
                arrays |= optimiser_arrays(name, optimiser)
        if self.drift is not None:
            # Theta* itself is the smallest thing that tells all targets.
            arrays |= self.drift.arrays()
        return arrays

    def restore(self, tasks: list[str], current: str | None, arrays: Mapping[str, np.ndarray]) -> None:
        super().restore(tasks, current, arrays)
        self.hypernet.random.set_state(torch.from_numpy(np.array(arrays["hypernet random"])))
        if current is None:
            return
        number = tasks.index(current)
        self._optimisers = self._fresh(number)
        for name, optimiser in zip(("shared", "own"), self._optimisers, strict=True):
            restore_optimiser(name, optimiser, arrays)
        others = [k for k in range(len(tasks)) if k != number]
        if others and self.beta > 0:
            self.drift = OutputDrift(self.hypernet, others, plastic=self.plastic)
            self.drift.restore(arrays)
