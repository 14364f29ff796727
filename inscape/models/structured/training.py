"""Training of a small network on windows: Levenberg-Marquardt for the last digits, Adam for a quick start."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError
from inscape.extras import require
from inscape.models.levenberg_marquardt import ResidualProblem, levenberg_marquardt
from inscape.models.structured.network import Network


@dataclass(frozen=True)
class Trained:
    """Weights (parameter,) and the processor time they took, in seconds."""

    weights: Float[np.ndarray, "parameter"]
    seconds: float


def train_lm(
    network: Network,
    start: Float[np.ndarray, "parameter"],
    x: Float[np.ndarray, "window input"],
    y: Float[np.ndarray, "window output"],
    steps: int,
    batch: int,
    budget_s: float | None,
    random: np.random.Generator,
) -> Trained:
    """Levenberg-Marquardt over fresh batches, up to 20 damping attempts each."""
    inputs, outputs = x.shape[1], y.shape[1]

    def residuals(weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
        return network.compiled(weights, inputs, outputs)(x[rows]) - y[rows]

    def linearise(weights: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        answers, jacobian = network.linearised(weights, x[rows], outputs)
        return answers - y[rows], jacobian

    problem = ResidualProblem(len(x), residuals, linearise)
    fit = levenberg_marquardt(problem, start, steps=steps, batch=batch, budget_s=budget_s, seed=random)
    return Trained(fit.parameters, fit.seconds)


def train_adam(
    network: Network,
    start: Float[np.ndarray, "parameter"],
    x: Float[np.ndarray, "window input"],
    y: Float[np.ndarray, "window output"],
    steps: int,
    batch: int,
    budget_s: float | None,
    random: np.random.Generator,
    learning_rate: float,
) -> Trained:
    """Adam in single precision, the learning rate falling to zero along a cosine."""
    torch = require("torch", "neural")
    inputs, outputs = x.shape[1], y.shape[1]
    module = network.module(inputs, outputs).to(torch.float32)
    module.set_flat(start)
    windows, targets = (torch.as_tensor(np.ascontiguousarray(a), dtype=torch.float32) for a in (x, y))
    optimiser = torch.optim.Adam(module.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    began = time.process_time()
    for _ in range(steps):
        if budget_s is not None and time.process_time() - began > budget_s:
            break
        rows = torch.as_tensor(random.integers(0, len(windows), min(batch, len(windows))))
        loss = torch.mean((module(windows[rows]) - targets[rows]) ** 2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    weights = module.flat()
    if not np.isfinite(weights).all():
        raise DivergedError("training: weights are no longer finite; lower learning_rate, or use method='lm'")
    return Trained(weights, time.process_time() - began)
