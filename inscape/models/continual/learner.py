"""`Learner`: what a method of continual learning does with a network, one task after another."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.extras import require
from inscape.models.continual.perceptron import Layers, Plan

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


@dataclass(frozen=True)
class Course:
    """How every method trains.

    Parameters
    ----------
    batch_size, learning_rate : of Adam, whose state is new for every task.
    clip : largest norm of a gradient.
    seed : of initial weights and batches.
    """

    batch_size: int = 100
    learning_rate: float = 1e-3
    clip: float = 5.0
    seed: int = 0


class Learner(ABC):
    """A network, or several, that learns task after task.

    Leaves implement `_open` (a new task, or an old one again), `_step`, `layers` and `_close`. Samples come normalised
    as single-precision tensors: features (sample, feature) and answers (sample, output).
    """

    def __init__(self, plan: Plan, course: Course):
        self.plan, self.course = plan, course
        self.tasks: list[str] = []
        self.current: str | None = None
        self.random = torch.Generator().manual_seed(int(course.seed))

    def begin(self, task: str) -> None:
        """Turn to a task; nothing happens if it is the current one, so that its training resumes where it was."""
        if task == self.current:
            return
        if task not in self.tasks:
            self.tasks.append(task)
        self.current = task
        self._open(self.tasks.index(task))

    def train(self, features: torch.Tensor, answers: torch.Tensor, minibatches: int) -> list[float]:
        """So many steps of Adam on minibatches of the current task; the loss of each, a sample."""
        size = min(self.course.batch_size, len(features))
        losses = []
        for _ in range(minibatches):
            chosen = torch.randint(len(features), (size,), generator=self.random)
            losses.append(self._step(features[chosen], answers[chosen]) / size)
        return losses

    def end(self, features: torch.Tensor, answers: torch.Tensor) -> None:
        """The current task is over, and these were its samples: keep what the method keeps of it."""
        if self.current is not None:
            self._close(self.tasks.index(self.current), features, answers)
        self.current = None

    @abstractmethod
    def layers(self, task: str) -> Layers:
        """The weights that answer for a task."""

    @abstractmethod
    def _open(self, number: int) -> None: ...

    @abstractmethod
    def _step(self, features: torch.Tensor, answers: torch.Tensor) -> float: ...

    def _close(self, number: int, features: torch.Tensor, answers: torch.Tensor) -> None:
        return None

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything learned, and where a training stands, as plain arrays by name."""
        return {f"weights {name}": t.detach().numpy().copy() for name, t in self._tensors().items()} | {
            "random": self.random.get_state().numpy().copy()
        }

    def restore(self, tasks: list[str], current: str | None, arrays: Mapping[str, np.ndarray]) -> None:
        """The inverse of `arrays` on a new learner."""
        for task in tasks:
            self.tasks.append(task)
            self._grow()
        self.current = current
        with torch.no_grad():
            for name, tensor in self._tensors().items():
                tensor.copy_(torch.from_numpy(np.array(arrays[f"weights {name}"])))
        self.random.set_state(torch.from_numpy(np.array(arrays["random"])))

    @abstractmethod
    def _tensors(self) -> dict[str, torch.Tensor]:
        """All tensors that are learned, by name."""

    @abstractmethod
    def _grow(self) -> None:
        """Room for one more task."""

    def _adam(self, parameters: Any) -> torch.optim.Adam:
        return torch.optim.Adam(list(parameters), lr=self.course.learning_rate, fused=True)


def optimiser_arrays(name: str, optimiser: torch.optim.Adam | None) -> dict[str, np.ndarray]:
    """The moments of Adam as arrays."""
    arrays: dict[str, np.ndarray] = {}
    for k, parameter in enumerate(optimiser.param_groups[0]["params"] if optimiser else ()):
        state = optimiser.state.get(parameter) if optimiser else None
        if state:
            arrays |= {f"{name} {k} {part}": np.asarray(value.numpy()).copy() for part, value in state.items()}
    return arrays


def restore_optimiser(name: str, optimiser: torch.optim.Adam, arrays: Mapping[str, np.ndarray]) -> None:
    """The inverse of `optimiser_arrays`."""
    for k, parameter in enumerate(optimiser.param_groups[0]["params"]):
        if f"{name} {k} step" in arrays:
            optimiser.state[parameter] = {
                part: torch.from_numpy(np.array(arrays[f"{name} {k} {part}"]))
                for part in ("step", "exp_avg", "exp_avg_sq")
            }
