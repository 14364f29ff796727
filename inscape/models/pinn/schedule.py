"""`minimise`: Adam, then L-BFGS or Gauss-Newton, on residuals of freshly drawn points, within a budget of CPU time.

Training can be cut off and taken up: weights, time spent and history go through `keep` every few seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from inscape.errors import InputError
from inscape.extras import require

Finish = Literal["lbfgs", "gauss-newton", "none"]
Weighting = Literal["fixed", "annealed", "attention"]
KEEP_EVERY = 15.0


@dataclass(frozen=True)
class Schedule:
    """How a network is trained.

    Parameters
    ----------
    seconds : of CPU in all.
    adam : share of them for Adam; its rate is held for the first half and falls to a tenth in the second.
    finish : what follows: "lbfgs" (as published), "gauss-newton" (damped, in the space of residuals) or "none".
    rate : of Adam.
    groups : instants drawn for a step.
    weighting : of the kinds of residual: "fixed", "annealed" (by the size of their gradients, Wang et al. 2021) or
        "attention" (weights that climb where residuals stay, McClenny & Braga-Neto 2023).
    window : grow the time that is trained on from a tenth to the whole over the first half of Adam.
    most_steps : of Adam, and as many of the finish; None for no bound.
    """

    seconds: float = 60.0
    adam: float = 0.5
    finish: Finish = "lbfgs"
    rate: float = 1e-3
    groups: int = 64
    weighting: Weighting = "fixed"
    window: bool = False
    most_steps: int | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.seconds) and self.seconds > 0 and 0 <= self.adam <= 1 and self.groups >= 1):
            raise InputError(f"schedule: {self} found, expected positive seconds, 0 <= adam <= 1 and groups >= 1")
        if self.finish not in ("lbfgs", "gauss-newton", "none") or self.weighting not in (
            "fixed",
            "annealed",
            "attention",
        ):
            raise InputError(f"schedule: finish {self.finish!r} and weighting {self.weighting!r} are not known")


Residuals = Callable[[Mapping[str, Any], Any], list[Any]]
"""Of weights and drawn points, the kinds of weighted residual, each (residual,)."""
Apart = Callable[[Any], tuple[tuple[Any, ...], Callable[..., Any]]]
"""Of points, their groups along the first axes of tensors, and how to make points of one group again."""
Draw = Callable[[int, float], Any]
"""Of a number of groups and the share of the time to draw from, the points."""


class Progress:
    """Where a training stands: weights, CPU seconds spent, history of (seconds, loss)."""

    def __init__(self, weights: Mapping[str, np.ndarray], spent: float = 0.0, history: Any = ()):
        self.weights = {name: np.array(value) for name, value in weights.items()}
        self.spent = float(spent)
        self.history: list[tuple[float, float]] = [(float(a), float(b)) for a, b in history]


def minimise(
    residuals: Residuals,
    draw: Draw,
    progress: Progress,
    schedule: Schedule,
    keep: Callable[[Progress], None] | None = None,
    apart: Apart | None = None,
) -> Progress:
    """Train from where `progress` stands until the schedule's time is spent; the loss is the sum of mean squares.

    apart : how points fall into groups whose residuals do not know of one another; Gauss-Newton needs it.

    Raises
    ------
    MissingExtraError : if torch is not installed.
    """
    torch = require("torch", "neural")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # layers of twenty: threads would only wait for one another
    try:
        _Trainer(torch, residuals, draw, progress, schedule, keep, apart).run()
    finally:
        torch.set_num_threads(threads)
    return progress


class _Trainer:
    def __init__(
        self,
        torch: Any,
        residuals: Residuals,
        draw: Draw,
        progress: Progress,
        schedule: Schedule,
        keep: Any,
        apart: Apart | None,
    ):
        self.apart = apart
        self.torch = torch
        self.residuals = residuals
        self.draw = draw
        self.progress = progress
        self.schedule = schedule
        self.keep = keep
        self.weights = {
            name: torch.tensor(value, dtype=torch.float64, requires_grad=True)
            for name, value in progress.weights.items()
        }
        self.leaves = list(self.weights.values())
        self.balance: Any = None
        self.kept_at = progress.spent

    def run(self) -> None:
        schedule = self.schedule
        adam_until = schedule.seconds * (schedule.adam if schedule.finish != "none" else 1.0)
        if self.progress.spent < adam_until:
            self._adam(adam_until)
        if schedule.finish == "lbfgs" and self.progress.spent < schedule.seconds:
            self._lbfgs()
        if schedule.finish == "gauss-newton" and self.progress.spent < schedule.seconds:
            self._gauss_newton()
        self._store()

    def _kinds(self, points: Any) -> list[Any]:
        return [r * r for r in self.residuals(self.weights, points)]

    def _loss(self, points: Any) -> Any:
        means = [kind.mean() for kind in self._kinds(points)]
        if self.balance is None:
            return sum(means)
        return sum(float(b) * m for b, m in zip(self.balance, means, strict=True))

    def _adam(self, until: float) -> None:
        optimiser = self.torch.optim.Adam(self.leaves, lr=self.schedule.rate)
        step, began, loss = 0, self.progress.spent, float("nan")
        while self.progress.spent < until and not self._done(step):
            tick = time.process_time()
            share = self.progress.spent / until
            for group in optimiser.param_groups:
                group["lr"] = self.schedule.rate * min(1.0, 10.0 ** (1.0 - 2.0 * share))
            reach = min(1.0, 0.1 + 1.8 * share) if self.schedule.window else 1.0
            points = self.draw(self.schedule.groups, reach)
            if self.schedule.weighting != "fixed" and step % 50 == 0:
                self._rebalance(points)
            optimiser.zero_grad()
            value = self._loss(points)
            value.backward()
            optimiser.step()
            loss = float(value.detach())
            step += 1
            self._spend(tick, loss if step % 20 == 0 else None)
        if step and self.progress.spent == began:
            self.progress.history.append((self.progress.spent, loss))

    def _rebalance(self, points: Any) -> None:
        means = [kind.mean() for kind in self._kinds(points)]
        if self.schedule.weighting == "attention":
            sizes = np.array([float(m.detach()) for m in means])
            now = np.ones(len(means)) if self.balance is None else self.balance
            self.balance = now * (1.0 + 0.1 * sizes / max(sizes.max(), 1e-300))
            return
        norms = []
        for mean in means:
            slopes = self.torch.autograd.grad(mean, self.leaves, retain_graph=True, allow_unused=True)
            norms.append(float(sum((g * g).sum() for g in slopes if g is not None)) ** 0.5)
        target = max(norms) / np.maximum(np.array(norms), 1e-12)
        target = np.minimum(target, 1e3)
        self.balance = target if self.balance is None else 0.9 * self.balance + 0.1 * target

    def _lbfgs(self) -> None:
        rounds = 0
        while self.progress.spent < self.schedule.seconds and not self._done(20 * rounds):
            tick = time.process_time()
            points = self.draw(4 * self.schedule.groups, 1.0)
            optimiser = self.torch.optim.LBFGS(
                self.leaves, lr=1.0, max_iter=20 if rounds else 5, history_size=20, line_search_fn="strong_wolfe"
            )
            before = [leaf.detach().clone() for leaf in self.leaves]

            def closure(optimiser: Any = optimiser, points: Any = points) -> Any:
                optimiser.zero_grad()
                value = self._loss(points)
                value.backward()
                return value

            loss = float(optimiser.step(closure).detach())
            if not all(bool(self.torch.isfinite(leaf).all()) for leaf in self.leaves):
                self._put(before)
            rounds += 1
            self._spend(tick, loss)

    def _gauss_newton(self) -> None:
        """Levenberg's steps: with J the residuals' Jacobian, move by -J' (J J' + damping)^-1 r."""
        torch = self.torch
        if self.apart is None:
            raise InputError("schedule: finish 'gauss-newton' needs to be told how points fall apart: apart=")
        damping, steps = 1e-2, 0
        shapes = [leaf.shape for leaf in self.leaves]
        names = list(self.weights)
        while self.progress.spent < self.schedule.seconds and not self._done(steps):
            tick = time.process_time()
            points = self.draw(self.schedule.groups, 1.0)

            groups, again = self.apart(points)

            def of_group(vector: Any, *group: Any, again: Any = again, count: int = len(groups[0])) -> Any:
                weights = dict(zip(names, _unstack(vector, shapes), strict=True))
                return torch.cat([r / (r.numel() * count) ** 0.5 for r in self.residuals(weights, again(*group))])

            # Residuals of a group know of no other: its rows of the Jacobian cost one group's backward passes.
            seen = (None, *(0 for _ in groups))
            stacked = torch.func.vmap(of_group, in_dims=seen)
            flat = torch.cat([leaf.detach().reshape(-1) for leaf in self.leaves])
            jacobian = torch.func.vmap(torch.func.jacrev(of_group), in_dims=seen)(flat, *groups)
            jacobian = jacobian.reshape(-1, len(flat))
            with torch.no_grad():
                missed = stacked(flat, *groups).reshape(-1)
                loss = float(missed @ missed)
                gram = jacobian @ jacobian.T
                for _ in range(6):
                    shifted = gram + damping * float(gram.diagonal().mean()) * torch.eye(len(gram), dtype=gram.dtype)
                    factor, failed = torch.linalg.cholesky_ex(shifted)
                    trial = flat
                    after = float("inf")
                    if int(failed) == 0:
                        trial = flat - jacobian.T @ torch.cholesky_solve(missed[:, None], factor)[:, 0]
                        ahead = stacked(trial, *groups).reshape(-1)
                        after = float(ahead @ ahead)
                    if after < loss:
                        self._put(_unstack(trial, shapes))
                        damping = max(damping / 3.0, 1e-10)
                        break
                    damping = min(damping * 4.0, 1e4)
            steps += 1
            self._spend(tick, loss)

    def _put(self, values: Any) -> None:
        with self.torch.no_grad():
            for leaf, value in zip(self.leaves, values, strict=True):
                leaf.copy_(value)

    def _done(self, steps: int) -> bool:
        return self.schedule.most_steps is not None and steps >= self.schedule.most_steps

    def _spend(self, tick: float, loss: float | None) -> None:
        self.progress.spent += time.process_time() - tick
        if loss is not None:
            self.progress.history.append((self.progress.spent, loss))
        if self.keep is not None and self.progress.spent - self.kept_at > KEEP_EVERY:
            self._store()

    def _store(self) -> None:
        self.progress.weights = {name: leaf.detach().numpy().copy() for name, leaf in self.weights.items()}
        self.kept_at = self.progress.spent
        if self.keep is not None:
            self.keep(self.progress)


def _unstack(vector: Any, shapes: list[Any]) -> list[Any]:
    found, at = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        found.append(vector[at : at + size].reshape(shape))
        at += size
    return found
