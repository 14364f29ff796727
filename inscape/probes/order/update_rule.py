"""What an optimiser does with a gradient: SGD, momentum, Adam and AdamW on one flat vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require

if TYPE_CHECKING:
    import torch

    from inscape.probes.order.landscape import Landscape
else:
    torch = require("torch", "neural")

KINDS = ("sgd", "momentum", "adam", "adamw")


class Moments(NamedTuple):
    """What an optimiser remembers: how many steps it made, and its first and second moment (parameter,)."""

    steps: int
    first: torch.Tensor
    second: torch.Tensor


class Recursion(NamedTuple):
    """Coefficients of one step: m <- keep m + take g, then theta <- theta - rate P (out m + straight g)."""

    keep: float
    take: float
    out: float
    straight: float


@dataclass(frozen=True)
class UpdateRule:
    """One step of an optimiser as torch defines it.

    Parameters
    ----------
    kind : "sgd", "momentum", "adam" or "adamw".
    rate : learning rate; `rate_weights` (parameter,) multiplies it where groups of parameters differ.
    momentum, dampening, nesterov : of "momentum".
    betas, epsilon : of Adam.
    weight_decay : added to the gradient, times the parameters; with "adamw" it shrinks the parameters themselves.
        A number, or (parameter,) where groups differ.
    """

    kind: str
    rate: float
    rate_weights: torch.Tensor | None = None
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    betas: tuple[float, float] = (0.9, 0.999)
    epsilon: float = 1e-8
    weight_decay: float | torch.Tensor = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownNameError("optimizer", str(self.kind), KINDS)
        if not np.isfinite(self.rate) or self.rate <= 0:
            raise InputError(f"lr: {self.rate} found, expected a number above 0")
        if not all(0 <= b < 1 for b in (*self.betas, self.momentum)):
            raise InputError(f"betas, momentum: {self.betas}, {self.momentum} found, expected numbers in [0, 1)")

    @property
    def is_adaptive(self) -> bool:
        """Whether gradients are divided by their root mean square."""
        return self.kind in ("adam", "adamw")

    @property
    def couples_decay(self) -> bool:
        """Whether weight decay enters the gradient, and so the moments."""
        return self.kind != "adamw" and bool(torch.as_tensor(self.weight_decay).any())

    def fresh(self, parameters: torch.Tensor) -> Moments:
        """The moments before the first step."""
        return Moments(0, torch.zeros_like(parameters), torch.zeros_like(parameters))

    def recursion(self, steps: int) -> Recursion:
        """The coefficients of the step that follows `steps` steps."""
        if self.is_adaptive:
            beta = self.betas[0]
            return Recursion(beta, 1 - beta, 1 / (1 - beta ** (steps + 1)), 0.0)
        if self.kind == "sgd":
            return Recursion(0.0, 1.0, 1.0, 0.0)
        # Torch begins the momentum buffer with the gradient itself, undampened.
        keep, take = (self.momentum, 1 - self.dampening) if steps else (0.0, 1.0)
        return Recursion(keep, take, self.momentum, 1.0) if self.nesterov else Recursion(keep, take, 1.0, 0.0)

    def preconditioner(self, second: torch.Tensor, steps: int) -> torch.Tensor:
        """P (parameter,) after `steps` steps with this second moment, weights of the rate included."""
        if self.is_adaptive:
            root = second.sqrt() / (1 - self.betas[1] ** steps) ** 0.5
            scale = 1 / (root + self.epsilon)
        else:
            scale = torch.ones_like(second)
        return scale if self.rate_weights is None else scale * self.rate_weights

    def second_moment(self, second: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        """The second moment after this gradient; unchanged where the optimiser has none."""
        if not self.is_adaptive:
            return second
        return second * self.betas[1] + (1 - self.betas[1]) * gradient * gradient

    def decayed(self, parameters: torch.Tensor, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient with coupled weight decay."""
        return gradient + self.weight_decay * parameters if self.couples_decay else gradient

    def shrink(self, factor: float) -> float | torch.Tensor:
        """What decoupled decay takes from each parameter in a step at `factor` times the rate, as a share of it."""
        if self.kind != "adamw":
            return 0.0
        weights = 1.0 if self.rate_weights is None else self.rate_weights
        return self.rate * factor * weights * self.weight_decay

    def step(
        self,
        parameters: torch.Tensor,
        gradient: torch.Tensor,
        moments: Moments,
        factor: float = 1.0,
        preconditioner: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, Moments]:
        """Parameters and moments after one gradient (with its coupled decay), at `factor` times the rate.

        With a `preconditioner` the second moment is not carried, as its own is put in its place.
        """
        keep, take, out, straight = self.recursion(moments.steps)
        first = keep * moments.first + take * gradient
        second = moments.second
        if preconditioner is None:
            second = self.second_moment(second, gradient)
            preconditioner = self.preconditioner(second, moments.steps + 1)
        direction = out * first + straight * gradient if straight else out * first
        shrunk = parameters - self.shrink(factor) * parameters if self.kind == "adamw" else parameters
        moved = shrunk - self.rate * factor * preconditioner * direction
        return moved, Moments(moments.steps + 1, first, second)


def rule_by_name(name: str, lr: float | None, settings: Mapping[str, Any]) -> UpdateRule:
    """The rule of "sgd", "momentum", "adam" or "adamw" with torch's defaults.

    Raises
    ------
    UnknownNameError : for another name; InputError : without a learning rate or with a setting it does not have.
    """
    if name not in KINDS:
        raise UnknownNameError("optimizer", str(name), KINDS)
    if lr is None:
        raise InputError("lr: none found, expected a number above 0; or pass a torch optimiser, which has its own")
    known = {"sgd": {"weight_decay"}, "momentum": {"momentum", "dampening", "nesterov", "weight_decay"}}
    allowed = known.get(name, {"betas", "epsilon", "weight_decay"})
    for setting in settings:
        if setting not in allowed:
            raise UnknownNameError(f"setting of {name}", setting, allowed)
    defaults = {"momentum": {"momentum": 0.9}, "adamw": {"weight_decay": 0.01}}.get(name, {})
    return UpdateRule(name, float(lr), **{**defaults, **settings})


def rule_of_torch(
    optimizer: torch.optim.Optimizer, module: torch.nn.Module, landscape: Landscape
) -> tuple[UpdateRule, Moments]:
    """The rule and the moments of a torch optimiser on a module's parameters; neither is changed.

    Raises
    ------
    InputError : for another class than SGD, Adam and AdamW, for amsgrad, maximize and foreign parameters, and where
        groups differ in more than learning rate and weight decay.
    """
    known = {torch.optim.SGD: "sgd", torch.optim.Adam: "adam", torch.optim.AdamW: "adamw"}
    kind = known.get(type(optimizer))
    if kind is None:
        raise InputError(f"optimizer: {type(optimizer).__name__} found, expected torch's SGD, Adam or AdamW")
    own = {name: p for name, p in module.named_parameters() if p.requires_grad}
    group_of = {id(p): group for group in optimizer.param_groups for p in group["params"]}
    strangers = [name for name, p in own.items() if id(p) not in group_of]
    if strangers:
        raise InputError(
            f"optimizer: it does not hold {strangers[0]} and {len(strangers) - 1} more trainable parameters; "
            "freeze them with requires_grad_(False) or give them to it"
        )
    groups = [group_of[id(p)] for p in own.values()]
    first = groups[0]
    for setting in ("amsgrad", "maximize"):
        if any(group.get(setting) for group in groups):
            raise InputError(f"optimizer: {setting}=True found, expected False")
    for setting in ("betas", "eps", "momentum", "dampening", "nesterov", "decoupled_weight_decay"):
        if any(group.get(setting) != first.get(setting) for group in groups):
            raise InputError(f"optimizer: groups with different {setting} found, expected one for all")
    if kind == "sgd" and first["momentum"]:
        kind = "momentum"
    if first.get("decoupled_weight_decay"):
        kind = "adamw"
    rates = [float(group["lr"]) for group in groups]
    decays = [float(group["weight_decay"]) for group in groups]
    rate = max(rates)
    adaptive = kind in ("adam", "adamw")
    rule = UpdateRule(
        kind,
        rate,
        rate_weights=None if len(set(rates)) == 1 else _spread([r / rate for r in rates], landscape),
        momentum=first.get("momentum", 0.0),
        dampening=first.get("dampening", 0.0),
        nesterov=bool(first.get("nesterov", False)),
        betas=tuple(float(b) for b in first["betas"]) if adaptive else (0.9, 0.999),  # type: ignore[arg-type]
        epsilon=first["eps"] if adaptive else 1e-8,
        weight_decay=decays[0] if len(set(decays)) == 1 else _spread(decays, landscape),
    )
    return rule, _moments_of_torch(optimizer, own, rule, landscape)


def _moments_of_torch(
    optimizer: torch.optim.Optimizer, own: Mapping[str, Any], rule: UpdateRule, landscape: Landscape
) -> Moments:
    states = [optimizer.state.get(p, {}) for p in own.values()]
    if not any(states):
        return rule.fresh(landscape.start())
    if not all(states):
        raise InputError("optimizer: it has moments for some parameters only, expected for all or none")
    if not rule.is_adaptive:
        buffers = [s.get("momentum_buffer") for s in states]
        if any(b is None for b in buffers):
            return rule.fresh(landscape.start())
        first = torch.cat([b.detach().reshape(-1) for b in buffers])
        return Moments(1, first, torch.zeros_like(first))
    steps = {int(s["step"]) for s in states}
    if len(steps) > 1:
        raise InputError(f"optimizer: parameters with {sorted(steps)} steps found, expected one number for all")
    first, second = (torch.cat([s[k].detach().reshape(-1) for s in states]) for k in ("exp_avg", "exp_avg_sq"))
    return Moments(steps.pop(), first.clone(), second.clone())


def _spread(values: list[float], landscape: Landscape) -> torch.Tensor:
    pieces = [
        torch.full((size,), value, dtype=landscape.dtype, device=landscape.device)
        for value, size in zip(values, landscape.sizes, strict=True)
    ]
    return torch.cat(pieces)
