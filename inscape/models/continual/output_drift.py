"""How far a hypernetwork's answers for old tasks have moved: the regulariser of continual hypernetworks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch

    from inscape.models.hypernetwork import HyperNetwork
else:
    torch = require("torch", "neural")


MANY = 1.6
"""Rows, for each unit of the last hidden layer, from which the small matrix is the faster way (measured)."""


class OutputDrift:
    """mean over old tasks of |H(e_j; Theta + dTheta) - H(e_j; Theta*)|^2, and its gradient.

    Theta* is the network as it stands when this is made: at the start of a new task. All old tasks are one batch. The
    gradient with respect to the last matrix, which holds almost every weight, is written out: with rows h_j (what
    enters that matrix A) and differences d_j it is 2/n sum d_j h_j'.

    Where there are far more rows than units in the last hidden layer, no difference is ever formed. With
    D = A + dA - A*, delta the same of the bias and M = [D, A*, delta], a difference is d_j = M z_j,
    z_j = (h_j, h_j - h*_j, 1), so that the value is a trace with the small matrix M'M and the gradient is
    M sum z_j h_j': the same numbers, at a cost that does not grow with the number of tasks.

    Parameters
    ----------
    hypernet : the network before it learns the new task.
    tasks : the old tasks, by number.
    gram : whether to work through M'M, and to keep Theta* in place of all targets; by the number of tasks if None. Not
        for networks that write in chunks.
    plastic : whether the old embeddings, too, get a gradient.
    """

    def __init__(
        self, hypernet: HyperNetwork, tasks: Sequence[int], *, gram: bool | None = None, plastic: bool = False
    ):
        if not tasks:
            raise InputError("tasks: none found, expected at least one old task to remember")
        self.hypernet, self.tasks, self.plastic = hypernet, tuple(tasks), plastic
        self._moved: torch.Tensor | None = None
        whole = hypernet.chunk_embeddings is None
        if gram and not whole:
            raise InputError("gram: True found, but the network writes in chunks; expected None or False")
        width = hypernet.matrices[-1].shape[1]
        self.gram = whole and len(tasks) > MANY * width if gram is None else gram
        with torch.no_grad():
            embeddings = hypernet.embeddings_of(self.tasks)
            self._rows = hypernet.rows(embeddings)
            if self.gram:
                self._matrix, self._bias = hypernet.matrices[-1].clone(), hypernet.biases[-1].clone()
                self._inner = self._matrix.T @ self._matrix
            else:
                written = torch.nn.functional.linear(self._rows, hypernet.matrices[-1], hypernet.biases[-1])
                self._targets = written.view(len(self.tasks), -1)

    def value(self, ahead: Sequence[torch.Tensor] | None = None) -> torch.Tensor:
        """The drift, by the plain formula; differentiable.

        ahead : dTheta, by the order of `shared_parameters()`; 0 if None.
        """
        shared = self.hypernet.shared_parameters()
        moved = shared if ahead is None else [p + d for p, d in zip(shared, ahead, strict=True)]
        return (self.hypernet.weights(self.tasks, moved) - self.targets()).square().sum() / len(self.tasks)

    def targets(self) -> torch.Tensor:
        """H(e_j; Theta*), (task, weight)."""
        if self.gram:
            return torch.nn.functional.linear(self._rows, self._matrix, self._bias)
        return self._targets[:, : self.hypernet.weight_count]

    def arrays(self) -> dict[str, np.ndarray]:
        """What is remembered, as arrays by name."""
        kept = (
            {"rows": self._rows, "matrix": self._matrix, "bias": self._bias}
            if self.gram
            else {"rows": self._rows, "targets": self._targets}
        )
        return {f"drift {name}": tensor.numpy() for name, tensor in kept.items()}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """The inverse of `arrays`, on a drift made for the same tasks."""

        def kept(name: str) -> torch.Tensor:
            return torch.from_numpy(np.array(arrays[f"drift {name}"]))

        self._rows, self.gram = kept("rows"), "drift matrix" in arrays
        if self.gram:
            self._matrix, self._bias = kept("matrix"), kept("bias")
            self._inner = self._matrix.T @ self._matrix
        else:
            self._targets = kept("targets")

    def add_gradient(
        self,
        scale: float,
        ahead: Sequence[torch.Tensor] | None = None,
        sample: Sequence[int] | None = None,
    ) -> float:
        """Add `scale` times the gradient to `.grad` of the shared parameters; the drift itself.

        ahead : dTheta, taken as constant.
        sample : positions in `tasks` of those to be minded in this step; all if None.
        """
        hypernet = self.hypernet
        shared = hypernet.shared_parameters()
        chosen = range(len(self.tasks)) if sample is None else list(sample)
        steps: list[torch.Tensor | None] = [None] * len(shared) if ahead is None else list(ahead)
        inner = [
            (p.detach() if d is None else p.detach() + d).requires_grad_()
            for p, d in zip(shared[:-2], steps[:-2], strict=True)
        ]
        embeddings = hypernet.embeddings_of([self.tasks[k] for k in chosen])
        rows = hypernet.rows(embeddings if self.plastic else embeddings.detach(), inner)
        share = 2.0 * scale / len(chosen)
        # A sample of a few tasks is cheaper by differences, whatever is kept.
        few = sample is not None and len(chosen) <= MANY * shared[-2].shape[1]
        find = self._through_gram if self.gram and not few else self._through_differences
        value, row_gradient = find(rows.detach(), steps[-2], steps[-1], chosen, share)
        wanted = [*inner, *(hypernet.embeddings[self.tasks[k]] for k in chosen)] if self.plastic else inner
        if wanted:
            found = torch.autograd.grad(rows, wanted, row_gradient)
            takers = [*shared[:-2], *(wanted[len(inner) :])]
            for parameter, gradient in zip(takers, found, strict=True):
                parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)
        return value / len(chosen)

    @torch.no_grad()
    def _through_differences(
        self, rows: Any, matrix_step: Any, bias_step: Any, chosen: Sequence[int], share: float
    ) -> tuple[float, Any]:
        matrix, bias = self.hypernet.matrices[-1], self.hypernet.biases[-1]
        which = slice(None) if len(chosen) == len(self.tasks) else list(chosen)
        targets = torch.addmm(self._bias, self._rows[which], self._matrix.T) if self.gram else self._targets[which]
        if matrix_step is not None:
            # Memory that is used again: new pages for so large a matrix cost more than the sum itself.
            if self._moved is None:
                self._moved = torch.empty_like(matrix)
            matrix, bias = torch.add(matrix, matrix_step, out=self._moved), bias + bias_step
        apart = torch.addmm(bias, rows, matrix.T)
        apart = apart.view(len(chosen), -1).sub_(targets)
        # What the last chunk writes beyond the target's weights is nobody's.
        apart[:, self.hypernet.weight_count :] = 0.0
        value = float(apart.flatten().dot(apart.flatten()))
        apart = apart.view(len(rows), -1).mul_(share)
        to_matrix, to_bias, total = self.hypernet.matrices[-1], self.hypernet.biases[-1], apart.sum(dim=0)
        if to_matrix.grad is None:
            to_matrix.grad = apart.T @ rows
        else:
            to_matrix.grad.addmm_(apart.T, rows)
        to_bias.grad = total if to_bias.grad is None else to_bias.grad.add_(total)
        return value, apart @ matrix

    @torch.no_grad()
    def _through_gram(
        self, rows: Any, matrix_step: Any, bias_step: Any, chosen: Sequence[int], share: float
    ) -> tuple[float, Any]:
        matrix, bias = self.hypernet.matrices[-1], self.hypernet.biases[-1]
        before = self._rows if len(chosen) == len(self.tasks) else self._rows[list(chosen)]
        width = rows.shape[1]
        change, shift = matrix - self._matrix, bias - self._bias
        if matrix_step is not None:
            change += matrix_step
            shift += bias_step
        for parameter in (matrix, bias):
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        to_matrix, to_bias = matrix.grad, bias.grad
        assert to_matrix is not None
        assert to_bias is not None
        parts = torch.cat([rows, rows - before, rows.new_ones(len(rows), 1)], dim=1)
        small = rows.new_empty(2 * width + 1, 2 * width + 1)
        small[:width, :width] = change.T @ change
        small[:width, width:-1] = change.T @ self._matrix
        small[:width, -1] = change.T @ shift
        small[width:-1, width:-1] = self._inner
        small[width:-1, -1] = self._matrix.T @ shift
        small[-1, -1] = shift @ shift
        small[width:-1, :width] = small[:width, width:-1].T
        small[-1, :-1] = small[:-1, -1]
        through = parts @ small
        value = float((through * parts).sum())
        weights = parts.T @ rows
        to_matrix.addmm_(change, weights[:width], alpha=share).addmm_(self._matrix, weights[width:-1], alpha=share)
        to_matrix.addr_(shift, weights[-1], alpha=share)
        total = parts.sum(dim=0)
        to_bias.addmv_(change, total[:width], alpha=share).addmv_(self._matrix, total[width:-1], alpha=share)
        to_bias.add_(shift, alpha=share * float(total[-1]))
        return value, (through[:, :width] + through[:, width:-1]).mul_(share)
