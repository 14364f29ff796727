"""Weights held near where they were: elastic weight consolidation and synaptic intelligence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class Anchor:
    """strength * sum over past tasks of importance * (theta - theta*)^2.

    The sum of squares over tasks is one quadratic: two tensors a weight are kept, however many tasks there were.

    Parameters
    ----------
    parameters : the weights that are shared by the tasks.
    strength : what the sum is multiplied by.
    """

    def __init__(self, parameters: Sequence[torch.nn.Parameter], strength: float):
        self.parameters, self.strength = list(parameters), float(strength)
        self.importance = [torch.zeros_like(p) for p in self.parameters]
        self.pull = [torch.zeros_like(p) for p in self.parameters]

    def add_gradient(self) -> None:
        """Add the penalty's gradient to `.grad`."""
        for parameter, importance, pull in zip(self.parameters, self.importance, self.pull, strict=True):
            gradient = (importance * parameter.detach()).sub_(pull).mul_(2.0 * self.strength)
            parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)

    def fasten(self, importances: Sequence[torch.Tensor]) -> None:
        """Hold the weights where they are now, each by its importance, beside what already holds them."""
        for parameter, total, pull, new in zip(self.parameters, self.importance, self.pull, importances, strict=True):
            total.add_(new)
            pull.add_(new * parameter.detach())

    def tensors(self) -> dict[str, torch.Tensor]:
        """What is kept, by name."""
        kept = {"importance": self.importance, "pull": self.pull}
        return {f"{name} {k}": tensor for name, group in kept.items() for k, tensor in enumerate(group)}


class Path(Anchor):
    """Synaptic intelligence (Zenke, Poole, Ganguli 2017): a weight is as important as the loss that it took away.

    Along the path of a task, omega = - sum gradient * change; at its end the importance grows by
    max(omega, 0) / (distance^2 + damping) and all weights are held at where they are now.

    Parameters
    ----------
    damping : keeps the ratio finite for a weight that hardly moved.
    """

    def __init__(self, parameters: Sequence[torch.nn.Parameter], strength: float, damping: float = 1e-3):
        super().__init__(parameters, strength)
        self.damping = damping
        self.omega = [torch.zeros_like(p) for p in self.parameters]
        self.start = [p.detach().clone() for p in self.parameters]

    def before_step(self) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
        """The gradients of the task's loss alone and the weights, both to be given to `after_step`."""
        return [p.grad.clone() for p in self.parameters if p.grad is not None], [
            p.detach().clone() for p in self.parameters
        ]

    def after_step(self, before: tuple[list[torch.Tensor], list[torch.Tensor]]) -> None:
        """Count what the step took away of the loss."""
        for omega, parameter, gradient, weights in zip(self.omega, self.parameters, *before, strict=True):
            omega.addcmul_(gradient, parameter.detach() - weights, value=-1.0)

    def finish(self) -> None:
        """The task is over."""
        for total, pull, omega, start, parameter in zip(
            self.importance, self.pull, self.omega, self.start, self.parameters, strict=True
        ):
            moved = parameter.detach() - start
            total.add_(omega.clamp(min=0.0) / (moved.square() + self.damping))
            # Unlike in elastic weight consolidation, everything is held at the newest weights.
            pull.copy_(total * parameter.detach())
            omega.zero_()
            start.copy_(parameter.detach())

    def tensors(self) -> dict[str, torch.Tensor]:
        more = {"omega": self.omega, "start": self.start}
        return super().tensors() | {f"{name} {k}": t for name, group in more.items() for k, t in enumerate(group)}


def restore(anchor: Anchor, arrays: Mapping[str, np.ndarray]) -> None:
    """Put back what `tensors` gave, from arrays by name."""
    for name, tensor in anchor.tensors().items():
        tensor.copy_(torch.from_numpy(np.array(arrays[f"anchor {name}"])))
