"""One body for all tasks and a linear head for each: fine-tuning, and what holds it back from forgetting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from inscape.extras import require
from inscape.models.continual.learner import Course, Learner, optimiser_arrays, restore_optimiser
from inscape.models.continual.penalty import Anchor, Path, restore
from inscape.models.continual.perceptron import Layers, Plan, layers_of

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

FISHER_SAMPLES = 1000
"""Samples of a finished task that its empirical Fisher information is taken from."""


class SharedBodyLearner(Learner):
    """Fine-tuning of a shared body; old heads stay as they were.

    Parameters
    ----------
    ewc, si : strength of elastic weight consolidation (Kirkpatrick et al. 2017; one quadratic a task, empirical Fisher
        information) or of synaptic intelligence; neither if None.
    rehearsed : random samples of each old task that are kept and trained on beside the new ones, every minibatch as
        much as the new task's; None keeps none, 0 keeps all.
    """

    def __init__(
        self,
        plan: Plan,
        course: Course,
        *,
        ewc: float | None = None,
        si: float | None = None,
        rehearsed: int | None = None,
    ):
        super().__init__(plan, course)
        with torch.random.fork_rng():
            torch.manual_seed(int(course.seed))
            whole = plan.network()
        self.body = whole[:-1]
        self.heads = torch.nn.ModuleList()
        self._width = plan.hidden[-1]
        self.ewc, self.rehearsed = ewc, rehearsed
        body = list(self.body.parameters())
        self.anchor: Anchor | None = Anchor(body, ewc) if ewc is not None else None
        self.path: Path | None = Path(body, si) if si is not None else None
        self.kept: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
        self._optimiser: torch.optim.Adam | None = None

    def layers(self, task: str) -> Layers:
        head = self.heads[self.tasks.index(task)]
        return layers_of([*self.body.parameters(), *head.parameters()])

    def _grow(self) -> None:
        with torch.random.fork_rng():
            # Every head has its own weights, the same in every run of this seed.
            torch.manual_seed(int(self.course.seed) + 7919 * (1 + len(self.heads)))
            self.heads.append(torch.nn.Linear(self._width, self.plan.leaving))

    def _open(self, number: int) -> None:
        while len(self.heads) <= number:
            self._grow()
        self._optimiser = self._fresh(number)

    def _fresh(self, number: int) -> torch.optim.Adam:
        heads = self.heads if self.rehearsed is not None else [self.heads[number]]
        return self._adam([*self.body.parameters(), *(p for head in heads for p in head.parameters())])

    def _step(self, features: torch.Tensor, answers: torch.Tensor) -> float:
        assert self._optimiser is not None
        assert self.current is not None
        optimiser, head = self._optimiser, self.heads[self.tasks.index(self.current)]
        optimiser.zero_grad()
        loss = self.plan.loss(head(self.body(features)), answers)
        (loss + self._rehearsal(len(features))).backward()
        before = self.path.before_step() if self.path else None
        for penalty in (self.anchor, self.path):
            if penalty is not None:
                penalty.add_gradient()
        torch.nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], self.course.clip)
        optimiser.step()
        if self.path is not None and before is not None:
            self.path.after_step(before)
        return loss.item()

    def _rehearsal(self, size: int) -> torch.Tensor | float:
        """The loss on one minibatch drawn evenly from everything kept of other tasks."""
        numbers = [k for k, task in enumerate(self.tasks) if task in self.kept and task != self.current]
        if not numbers:
            return 0.0
        lengths = torch.tensor([len(self.kept[self.tasks[k]][0]) for k in numbers])
        drawn = torch.randint(int(lengths.sum()), (size,), generator=self.random)
        ends = lengths.cumsum(0)
        groups = torch.searchsorted(ends, drawn, right=True)
        total: torch.Tensor | float = 0.0
        for place, number in enumerate(numbers):
            rows = drawn[groups == place] - (ends[place] - lengths[place])
            if len(rows):
                features, answers = self.kept[self.tasks[number]]
                total = total + self.plan.loss(self.heads[number](self.body(features[rows])), answers[rows])
        return total

    def train_together(self, minibatches: int) -> list[float]:
        """Minibatches drawn evenly from everything kept of all tasks, none of which is the current one."""
        optimiser = self._fresh(0)
        losses = []
        for _ in range(minibatches):
            optimiser.zero_grad()
            loss = self._rehearsal(self.course.batch_size)
            assert isinstance(loss, torch.Tensor)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(optimiser.param_groups[0]["params"], self.course.clip)
            optimiser.step()
            losses.append(loss.item() / self.course.batch_size)
        return losses

    def _close(self, number: int, features: torch.Tensor, answers: torch.Tensor) -> None:
        if self.anchor is not None:
            self.anchor.fasten(self._fisher(number, features, answers))
        if self.path is not None:
            self.path.finish()
        if self.rehearsed is not None:
            count = len(features) if self.rehearsed == 0 else min(self.rehearsed, len(features))
            rows = torch.randperm(len(features), generator=self.random)[:count]
            self.kept[self.tasks[number]] = features[rows].clone(), answers[rows].clone()
        self._optimiser = None

    def _fisher(self, number: int, features: torch.Tensor, answers: torch.Tensor) -> list[torch.Tensor]:
        """Mean over samples of the squared gradient of one sample's loss."""
        rows = torch.randperm(len(features), generator=self.random)[:FISHER_SAMPLES]
        names = [name for name, _ in self.body.named_parameters()]
        weights = {name: p.detach() for name, p in self.body.named_parameters()}
        head = self.heads[number]

        def loss(body: dict[str, torch.Tensor], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            return self.plan.loss(head(torch.func.functional_call(self.body, body, x)), y)

        each = torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0))
        sums = [torch.zeros_like(weights[name]) for name in names]
        for part in rows.split(100):
            gradients = each(weights, features[part][:, None], answers[part][:, None])
            for total, name in zip(sums, names, strict=True):
                total.add_(gradients[name].detach().square().sum(dim=0))
        return [total / len(rows) for total in sums]

    def _tensors(self) -> dict[str, torch.Tensor]:
        tensors: dict[str, torch.Tensor] = {f"body {n}": p for n, p in self.body.named_parameters()}
        return tensors | {f"head {n}": p for n, p in self.heads.named_parameters()}

    def arrays(self) -> dict[str, np.ndarray]:
        arrays = super().arrays() | optimiser_arrays("adam", self._optimiser)
        for anchor in (self.anchor, self.path):
            if anchor is not None:
                arrays |= {f"anchor {name}": t.numpy().copy() for name, t in anchor.tensors().items()}
        for task, (features, answers) in self.kept.items():
            number = self.tasks.index(task)
            arrays |= {f"kept features {number}": features.numpy(), f"kept answers {number}": answers.numpy()}
        return arrays

    def restore(self, tasks: list[str], current: str | None, arrays: Mapping[str, np.ndarray]) -> None:
        super().restore(tasks, current, arrays)
        for anchor in (self.anchor, self.path):
            if anchor is not None:
                restore(anchor, arrays)
        for number, task in enumerate(tasks):
            if f"kept features {number}" in arrays:
                pair = (arrays[f"kept features {number}"], arrays[f"kept answers {number}"])
                self.kept[task] = (torch.from_numpy(np.array(pair[0])), torch.from_numpy(np.array(pair[1])))
        if current is not None:
            self._optimiser = self._fresh(tasks.index(current))
            restore_optimiser("adam", self._optimiser, arrays)


class SingleLearner(Learner):
    """A network of its own for every task: nothing is shared, nothing forgotten, and all is kept."""

    def __init__(self, plan: Plan, course: Course):
        super().__init__(plan, course)
        self.networks = torch.nn.ModuleList()
        self._optimiser: torch.optim.Adam | None = None

    def layers(self, task: str) -> Layers:
        return layers_of(list(self.networks[self.tasks.index(task)].parameters()))

    def _grow(self) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(int(self.course.seed) + 7919 * len(self.networks))
            self.networks.append(self.plan.network())

    def _open(self, number: int) -> None:
        while len(self.networks) <= number:
            self._grow()
        self._optimiser = self._adam(self.networks[number].parameters())

    def _step(self, features: torch.Tensor, answers: torch.Tensor) -> float:
        assert self._optimiser is not None
        assert self.current is not None
        network = self.networks[self.tasks.index(self.current)]
        self._optimiser.zero_grad()
        loss = self.plan.loss(network(features), answers)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), self.course.clip)
        self._optimiser.step()
        return loss.item()

    def _close(self, number: int, features: torch.Tensor, answers: torch.Tensor) -> None:
        self._optimiser = None

    def _tensors(self) -> dict[str, torch.Tensor]:
        return dict(self.networks.named_parameters())

    def arrays(self) -> dict[str, np.ndarray]:
        return super().arrays() | optimiser_arrays("adam", self._optimiser)

    def restore(self, tasks: list[str], current: str | None, arrays: Mapping[str, np.ndarray]) -> None:
        super().restore(tasks, current, arrays)
        if current is not None:
            self._optimiser = self._adam(self.networks[tasks.index(current)].parameters())
            restore_optimiser("adam", self._optimiser, arrays)
