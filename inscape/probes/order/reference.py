"""One training run in one order, kept: what every estimate of another order starts from."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.order.landscape import Landscape, Loss, buffers_of, mean_loss
from inscape.probes.order.update_rule import Moments, UpdateRule, rule_by_name, rule_of_torch

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


@dataclass(frozen=True, eq=False)
class Reference:
    """A recorded run over batches 0 .. T-1 in this order.

    Attributes
    ----------
    landscape : the loss as a function of the parameters.
    batches, names : the T batches and what they are called.
    probes : further batches by name, on which an order is judged; each a sequence of batches of equal weight.
    rule, factors : the optimiser, and what its learning rate is multiplied by at each position (time,).
    path : parameters before each step and after the last (time + 1, parameter).
    moments : the optimiser's memory before each step and after the last.
    losses : loss of each batch when it came, in the loss's own unit (time,).
    """

    landscape: Landscape
    batches: tuple[Any, ...]
    names: tuple[str, ...]
    probes: Mapping[str, tuple[Any, ...]]
    rule: UpdateRule
    factors: Float[np.ndarray, "time"]
    path: torch.Tensor
    moments: tuple[Moments, ...]
    losses: Float[np.ndarray, "time"]

    def __len__(self) -> int:
        return len(self.batches)

    @property
    def middle(self) -> torch.Tensor:
        """The parameters half way (parameter,): the anchor of the linear models."""
        return self.path[len(self) // 2]

    def gradient(self, parameters: torch.Tensor, batch: int) -> tuple[float, torch.Tensor]:
        """Loss and gradient, coupled weight decay included, of a batch by number.

        Raises
        ------
        InputError : where the gradient is not finite; it names the batch.
        """
        loss, gradient = self.landscape.gradient(parameters, self.batches[batch])
        if not torch.isfinite(gradient).all():
            raise InputError(f"batch {self.names[batch]}: gradient with NaN or infinity found, expected finite numbers")
        return loss, self.rule.decayed(parameters, gradient)

    def products(self, parameters: torch.Tensor, batch: int, directions: torch.Tensor) -> tuple[float, Any, Any]:
        """Loss, gradient and Hessian times `directions` (direction, parameter) of a batch, coupled decay included."""
        loss, gradient, products = self.landscape.products(parameters, self.batches[batch], directions)
        if not torch.isfinite(products).all():
            raise InputError(
                f"batch {self.names[batch]}: curvature with NaN or infinity found, expected finite numbers"
            )
        return loss, self.rule.decayed(parameters, gradient), self.rule.decayed(directions, products)

    def factor(self, position: int) -> float:
        """The factor of the learning rate at a position; beyond the run, that of its last step."""
        return float(self.factors[min(position, len(self) - 1)])

    def preconditioner(self, position: int) -> torch.Tensor:
        """P (parameter,) of the step at a position of this run; beyond the run, that of its last step."""
        after = self.moments[min(position, len(self) - 1) + 1]
        return self.rule.preconditioner(after.second, after.steps)

    def probe(self, name: str) -> tuple[Any, ...]:
        """The batches of a probe.

        Raises
        ------
        InputError : if the run has no probe of this name.
        """
        if name not in self.probes:
            raise InputError(f"probe {name!r}: not among {sorted(self.probes)}; name it in record(probes=...)")
        return self.probes[name]

    def probe_loss(self, parameters: torch.Tensor, name: str) -> float:
        """The mean loss over a probe's batches."""
        return mean_loss(self.landscape, parameters, self.probe(name))

    def batch_losses(self, parameters: torch.Tensor) -> Float[np.ndarray, "batch"]:
        """The loss on every batch."""
        return np.array([self.landscape.value(parameters, batch) for batch in self.batches])

    def module_at(self, parameters: torch.Tensor) -> torch.nn.Module:
        """A copy of the module with these parameters."""
        return self.landscape.module_at(parameters)


def record(
    module: torch.nn.Module,
    batches: Sequence[Any],
    *,
    loss: Loss | None = None,
    optimizer: str | torch.optim.Optimizer = "adam",
    lr: float | None = None,
    probes: Mapping[str, Any] | None = None,
    names: Sequence[str] | None = None,
    factors: Sequence[float] | None = None,
    **settings: Any,
) -> Reference:
    """Train a copy of a module once on the batches in the given order, and keep the run.

    Parameters
    ----------
    module : any torch module without dropout; it is left as it was.
    batches : T batches of any kind that the loss takes.
    loss : `loss(module, batch)` -> scalar tensor; `module.loss(batch)` if None.
    optimizer : "sgd", "momentum", "adam" or "adamw", or a torch optimiser of these classes on the module, whose
        moments go on from where they are (it is left as it was).
    lr : learning rate, for an optimiser by name; `settings` are its others (momentum, betas, epsilon, weight_decay).
    probes : batches on which orders are judged, by name: {"validation": batch} or {"validation": [batch, batch]}.
    names : what the batches are called; "0", "1" .. if None.
    factors : what the learning rate is multiplied by at each position (a schedule); ones if None.

    Raises
    ------
    InputError : if the loss is stochastic (dropout), changes a buffer (batch norm in training mode) or has a gradient
        that is not finite (the batch is named); for an optimiser of another class; for numbers that do not fit.

    Warns
    -----
    UserWarning : under autocast or with half precision parameters, where differences of runs drown in rounding.
    """
    landscape = Landscape(module, loss)
    kept = tuple(batches)
    if len(kept) < 2:
        raise InputError(f"batches: {len(kept)} found, expected at least two, since one has no order")
    labels = tuple(str(n) for n in names) if names is not None else tuple(str(k) for k in range(len(kept)))
    if len(labels) != len(kept) or len(set(labels)) != len(labels):
        raise InputError(f"names: {len(set(labels))} different ones found for {len(kept)} batches")
    schedule = np.ones(len(kept)) if factors is None else np.asarray(factors, dtype=float)
    if schedule.shape != (len(kept),) or not np.isfinite(schedule).all() or (schedule < 0).any():
        raise InputError(f"factors: shape {schedule.shape} found, expected ({len(kept)},) numbers of at least 0")
    if isinstance(optimizer, str):
        rule = rule_by_name(optimizer, lr, settings)
        moments = rule.fresh(landscape.start())
    else:
        if settings or lr is not None:
            raise InputError("lr and settings: they come with a torch optimiser; leave them out")
        rule, moments = rule_of_torch(optimizer, module, landscape)
    _refuse_what_has_no_order(landscape, kept[0])
    steady = Reference(landscape, kept, labels, _probes(probes), rule, schedule, landscape.start()[None], (), schedule)
    return _run(steady, landscape.start(), moments)


def _run(steady: Reference, parameters: torch.Tensor, moments: Moments) -> Reference:
    path, memory, losses = [parameters], [moments], []
    for position in range(len(steady)):
        loss, gradient = steady.gradient(parameters, position)
        parameters, moments = steady.rule.step(parameters, gradient, moments, steady.factor(position))
        path.append(parameters)
        memory.append(moments)
        losses.append(loss)
    kept = {name: getattr(steady, name) for name in ("landscape", "batches", "names", "probes", "rule", "factors")}
    return Reference(**kept, path=torch.stack(path), moments=tuple(memory), losses=np.array(losses))


def _probes(probes: Mapping[str, Any] | None) -> dict[str, tuple[Any, ...]]:
    found = {}
    for name, batches in (probes or {}).items():
        several = tuple(batches) if isinstance(batches, list) else (batches,)
        if not several:
            raise InputError(f"probe {name!r}: no batch found, expected at least one")
        found[str(name)] = several
    return found


def _refuse_what_has_no_order(landscape: Landscape, batch: Any) -> None:
    """Refuse modules whose update is not a function of parameters and batch alone."""
    module = landscape.module
    active = [
        name
        for name, part in module.named_modules()
        if isinstance(part, torch.nn.modules.dropout._DropoutNd) and part.training and part.p > 0
    ]
    mend = "call module.eval() or set its rate to 0"
    if active:
        raise InputError(f"dropout: active at {active[0]}; its updates are random and no function of the order; {mend}")
    if landscape.dtype in (torch.float16, torch.bfloat16) or torch.is_autocast_enabled(landscape.device.type):
        warnings.warn(
            "mixed precision: differences between orders are small and drown in half precision; train in float32",
            UserWarning,
            stacklevel=4,
        )
    before = buffers_of(module)
    first, second = (landscape.value(landscape.start(), batch) for _ in range(2))
    if np.isfinite(first) and first != second:
        raise InputError(f"loss: {first:.9g} and {second:.9g} found on the same batch, expected the same; {mend}")
    for name, buffer in module.named_buffers():
        if not torch.equal(buffer, before[name]):
            raise InputError(f"buffer {name}: the loss changes it, so runs have a memory beside the parameters; {mend}")
