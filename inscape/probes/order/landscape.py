"""A network's loss on a batch as a function of one flat vector of parameters, with its first two derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

Loss = Callable[[Any, Any], Any]
"""loss(module, batch) -> scalar tensor."""

CHUNK = 8
"""Hessian products taken at once; on a CPU more of them fall out of the cache and are slower a piece."""


class Landscape:
    """The loss of a copy of a module on any batch, as a function of its trainable parameters laid end to end.

    Parameters
    ----------
    module : any torch module; its trainable parameters become one vector (parameter,) in the order of
        `named_parameters`. It is copied and left as it was.
    loss : `loss(module, batch)` -> scalar tensor; `module.loss(batch)` if None.

    Raises
    ------
    InputError : if nothing is trainable, the parameters differ in dtype or device, or there is no loss.
    """

    def __init__(self, module: torch.nn.Module, loss: Loss | None = None) -> None:
        if not isinstance(module, torch.nn.Module):
            raise InputError(f"module: {type(module).__name__} found, expected a torch.nn.Module")
        if loss is None and not callable(getattr(module, "loss", None)):
            raise InputError(
                f"loss: {type(module).__name__} has no method `loss(batch)`; pass loss=, a function of module and batch"
            )
        self.module = deepcopy(module)
        self._scored = _Scored(self.module, loss)
        trainable = {k: p for k, p in self.module.named_parameters() if p.requires_grad}
        if not trainable:
            raise InputError("module: no trainable parameters found, expected at least one with requires_grad")
        kinds = {(p.dtype, p.device) for p in trainable.values()}
        if len(kinds) > 1:
            found = ", ".join(sorted(f"{dtype} on {device}" for dtype, device in kinds))
            raise InputError(f"module: parameters of {found} found, expected one dtype and one device")
        self.dtype, self.device = kinds.pop()
        self.names = tuple(trainable)
        self.shapes = tuple(p.shape for p in trainable.values())
        self.sizes = tuple(p.numel() for p in trainable.values())
        self.size = sum(self.sizes)

    def start(self) -> torch.Tensor:
        """The module's own parameters (parameter,)."""
        own = dict(self.module.named_parameters())
        return torch.cat([own[name].detach().reshape(-1) for name in self.names])

    def named(self, parameters: torch.Tensor) -> dict[str, torch.Tensor]:
        """A vector (parameter,) as the module's tensors by name."""
        pieces = parameters.split(self.sizes)
        return {name: piece.view(shape) for name, piece, shape in zip(self.names, pieces, self.shapes, strict=True)}

    def module_at(self, parameters: torch.Tensor) -> torch.nn.Module:
        """A copy of the module with these parameters."""
        copied = deepcopy(self.module)
        with torch.no_grad():
            own = dict(copied.named_parameters())
            for name, value in self.named(parameters).items():
                own[name].copy_(value)
        return copied

    def loss(self, parameters: torch.Tensor, batch: Any) -> torch.Tensor:
        """The scalar loss at a vector (parameter,), differentiable."""
        weights = {f"module.{name}": value for name, value in self.named(parameters).items()}
        value = torch.func.functional_call(self._scored, weights, (batch,))
        if not isinstance(value, torch.Tensor) or value.numel() != 1:
            found = f"shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else type(value).__name__
            raise InputError(f"loss: {found} found, expected one number as a torch tensor")
        return value.reshape(())

    def value(self, parameters: torch.Tensor, batch: Any) -> float:
        """The loss as a number."""
        with torch.no_grad():
            return float(self.loss(parameters, batch))

    def gradient(self, parameters: torch.Tensor, batch: Any) -> tuple[float, torch.Tensor]:
        """The loss and its gradient (parameter,)."""
        at = parameters.detach().requires_grad_()
        loss = self.loss(at, batch)
        return loss.item(), torch.autograd.grad(loss, at)[0]

    def products(
        self, parameters: torch.Tensor, batch: Any, directions: torch.Tensor, chunk: int = CHUNK
    ) -> tuple[float, torch.Tensor, torch.Tensor]:
        """The loss, its gradient (parameter,) and the Hessian times each of `directions` (direction, parameter).

        The gradient is differentiated once more in reverse, `chunk` directions at a time, so that one pass through
        the network serves all directions.
        """
        at = parameters.detach().requires_grad_()
        loss = self.loss(at, batch)
        gradient = torch.autograd.grad(loss, at, create_graph=True)[0]
        products = [_rows(gradient, at, block) for block in directions.split(chunk) if len(block)]
        found = torch.cat(products) if products else torch.zeros_like(directions)
        return loss.item(), gradient.detach(), found


class _Scored(torch.nn.Module):
    """A module whose forward pass is the loss, so that parameters can be swapped for the whole of it."""

    def __init__(self, module: torch.nn.Module, loss: Loss | None) -> None:
        super().__init__()
        self.module = module
        self._loss = loss

    def forward(self, batch: Any) -> torch.Tensor:
        return self.module.loss(batch) if self._loss is None else self._loss(self.module, batch)  # type: ignore[operator]


def _rows(gradient: torch.Tensor, at: torch.Tensor, block: torch.Tensor) -> torch.Tensor:
    if not gradient.requires_grad:  # A loss that is linear in every parameter has no curvature.
        return torch.zeros_like(block)
    found = torch.autograd.grad(gradient, at, block, is_grads_batched=True, retain_graph=True, allow_unused=True)[0]
    return torch.zeros_like(block) if found is None else found.detach()


def mean_loss(landscape: Landscape, parameters: torch.Tensor, batches: Sequence[Any]) -> float:
    """The mean loss over batches, each weighing the same."""
    return sum(landscape.value(parameters, batch) for batch in batches) / len(batches)


def buffers_of(module: torch.nn.Module) -> Mapping[str, torch.Tensor]:
    """A copy of every buffer by name."""
    return {name: buffer.detach().clone() for name, buffer in module.named_buffers()}
