"""Does our hypernetwork remember with the numbers of hypnettorch, how much faster; do planners keep up with mbrl?

Needs hypnettorch 0.0.4 and mbrl 0.2.0, installed without their dependencies. CPU time of one thread, shortest of a few.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from inscape.control.plan import CEM, ICEM, MPPI
from inscape.models.continual.output_drift import OutputDrift
from inscape.models.continual.perceptron import answer, layers_of
from inscape.models.hypernetwork import HyperNetwork

TASKS = (4, 19, 49, 99)
WIDTHS = (24, 200, 200, 18)
HIDDEN = (50, 50)


def main() -> None:
    torch.set_num_threads(1)
    regulariser()
    growth()
    planners()


def target() -> torch.nn.Sequential:
    """The target network of the comparison: 24-200-200-18, 48,818 weights."""
    a, b, c, d = WIDTHS
    return torch.nn.Sequential(
        torch.nn.Linear(a, b), torch.nn.ReLU(), torch.nn.Linear(b, c), torch.nn.ReLU(), torch.nn.Linear(c, d)
    )


def regulariser(hidden: tuple[int, ...] = HIDDEN) -> None:
    """Value and gradient of the drift at Theta + dTheta, theirs and ours, on equal weights."""
    from hypnettorch.hnets.mlp_hnet import HMLP

    print(f"regulariser with look-ahead, forward and backward, 24-200-200-18 from 10-{'-'.join(map(str, hidden))}")
    print("value, gradient: largest relative difference, double precision; times: single precision")
    heads = ("hypnettorch ms", "ours ms", "ratio", "8 sampled", "value", "gradient")
    print("old tasks " + " ".join(f"{head:>14}" for head in heads))
    for tasks in TASKS:
        found = [passes(tasks, hidden, HMLP, precision) for precision in (torch.float64, torch.float32)]
        (theirs, ours, nets), (slow_pass, fast_pass, _) = found
        value = float(theirs().detach())
        apart = [abs(ours() - value) / value, largest_difference(*nets)]
        slow, fast = seconds(slow_pass), seconds(fast_pass)
        eight = seconds(lambda run=fast_pass, n=tasks: run(list(range(min(8, n)))))
        numbers = f"{1e3 * slow:>14.1f} {1e3 * fast:>14.1f} {slow / fast:>14.1f} {1e3 * eight:>14.1f}"
        print(f"{tasks:>9} {numbers} {apart[0]:>14.1e} {apart[1]:>14.1e}")


def passes(tasks: int, hidden: tuple[int, ...], kind: Any, precision: torch.dtype) -> tuple[Any, Any, Any]:
    """Their forward and backward pass and ours, at the same weights, and the two lists of parameters."""
    from hypnettorch.utils.hnet_regularizer import calc_fix_target_reg, get_current_targets

    ours, theirs = (net.to(precision) for net in pair(tasks, hidden, kind))
    drift, old = OutputDrift(ours, range(tasks)), get_current_targets(tasks, theirs)
    generator = torch.Generator().manual_seed(1)
    shared, other = ours.shared_parameters(), list(theirs.unconditional_params)
    moves = [1e-3 * torch.randn(p.shape, generator=generator, dtype=precision) for p in shared]
    with torch.no_grad():
        for p, q in zip(shared, other, strict=True):
            change = 1e-3 * torch.randn(p.shape, generator=generator, dtype=precision)
            p.add_(change)
            q.add_(change)

    def their_pass() -> torch.Tensor:
        theirs.zero_grad()
        value = calc_fix_target_reg(theirs, tasks, targets=old, dTheta=moves)
        value.backward()
        return value

    def our_pass(sample: Any = None) -> float:
        ours.zero_grad()
        return drift.add_gradient(1.0, moves, sample)

    return their_pass, our_pass, (shared, other)


def pair(tasks: int, hidden: tuple[int, ...], kind: Any) -> tuple[HyperNetwork, Any]:
    """Our hypernetwork and hypnettorch's with the same weights."""
    ours = HyperNetwork(target(), 10, hidden)
    for _ in range(tasks + 1):
        ours.add_task()
    shapes = [list(p.shape) for p in target().parameters()]
    theirs = kind(shapes, cond_in_size=10, num_cond_embs=tasks + 1, layers=hidden, verbose=False)
    with torch.no_grad():
        for p, q in zip(ours.shared_parameters(), theirs.unconditional_params, strict=True):
            assert p.shape == q.shape
            q.copy_(p)
        for p, q in zip(ours.embeddings, theirs.conditional_params, strict=True):
            q.copy_(p)
    return ours, theirs


def largest_difference(ours: Any, theirs: Any) -> float:
    """Largest relative difference of the gradients of a tensor, in its norm."""
    return max(float((p.grad - q.grad).norm() / q.grad.norm()) for p, q in zip(ours, theirs, strict=True))


def growth() -> None:
    """Time of the regulariser against the number of old tasks, by differences and through the small matrix."""
    print("\ncost of our regulariser against old tasks, ms of CPU")
    print(f"{'old tasks':>9} {'differences':>11} {'through M^T M':>13} {'8 sampled':>9}")
    for tasks in (5, 10, 20, 50, 100, 200):
        net = HyperNetwork(target(), 10, HIDDEN)
        for _ in range(tasks):
            net.add_task()
        moves = [1e-3 * torch.randn(p.shape) for p in net.shared_parameters()]
        times = []
        for gram, sample in ((False, None), (True, None), (False, range(min(8, tasks)))):
            drift = OutputDrift(net, range(tasks), gram=gram)
            chosen = None if sample is None else list(sample)
            times.append(1e3 * seconds(lambda d=drift, s=chosen, m=moves: d.add_gradient(1.0, m, s)))
        print(f"{tasks:>9} {times[0]:>11.1f} {times[1]:>13.1f} {times[2]:>9.1f}")


def planners(samples: int = 500, horizon: int = 20, rounds: int = 5) -> None:
    """One plan in a law of 10 states and 2 actions, 2 x 200 units: mbrl's optimisers and ours on the same network."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(12, 200), torch.nn.ReLU(), torch.nn.Linear(200, 200), torch.nn.ReLU(), torch.nn.Linear(200, 10)
    )
    layers = layers_of(list(net.parameters()))
    goal = np.full(10, 0.3, dtype=np.float32)

    def step(states: np.ndarray, actions: np.ndarray) -> np.ndarray:
        seen = np.concatenate([states, actions], axis=1).astype(np.float32)
        return states + 0.1 * answer(layers, seen, "relu")

    def cost(states: np.ndarray, actions: np.ndarray) -> np.ndarray:
        return np.square(states - goal).sum(axis=1)

    def values(sequences: torch.Tensor) -> torch.Tensor:
        states, total = torch.zeros(len(sequences), 10), torch.zeros(len(sequences))
        with torch.no_grad():
            for k in range(horizon):
                states = states + 0.1 * net(torch.cat([states, sequences[:, k]], dim=1))
                total -= (states - torch.from_numpy(goal)).square().sum(dim=1)
        return total

    theirs = peers(values, samples, horizon, rounds)
    ours = {
        "CEM": CEM(horizon, samples, samples // 10, rounds, 0.5, last="mean"),
        "iCEM": ICEM(horizon, samples, samples // 10, rounds, 0.5),
        "MPPI": MPPI(horizon, samples, rounds, 0.5),
    }
    print(f"\none plan of {samples} samples x {horizon} steps x {rounds} rounds, 2 x 200 units")
    print(f"{'planner':>8} {'mbrl ms':>8} {'ours ms':>8} {'ratio':>6} {'mbrl cost':>10} {'our cost':>9}")
    for name, planner in ours.items():
        bounds = (-np.ones(2), np.ones(2))
        plan = planner.plan(step, cost, np.zeros(10), bounds=bounds)
        fast = seconds(lambda p=planner, b=bounds: p.plan(step, cost, np.zeros(10), bounds=b), 5)
        reached = -float(values(torch.from_numpy(plan[None].astype(np.float32))))
        slow = seconds(theirs[name], 5)
        other = -float(values(theirs[name]()[None]))
        print(f"{name:>8} {1e3 * slow:>8.1f} {1e3 * fast:>8.1f} {slow / fast:>6.2f} {other:>10.4f} {reached:>9.4f}")


def peers(values: Callable[[torch.Tensor], torch.Tensor], samples: int, horizon: int, rounds: int) -> dict[str, Any]:
    """mbrl's three optimisers over the same values."""
    from mbrl.planning.trajectory_opt import CEMOptimizer, ICEMOptimizer, MPPIOptimizer

    low, high = [[-1.0, -1.0]] * horizon, [[1.0, 1.0]] * horizon
    device = torch.device("cpu")
    start = torch.zeros(horizon, 2)
    cem = CEMOptimizer(rounds, 0.1, samples, low, high, 0.1, device)
    icem = ICEMOptimizer(rounds, 0.1, samples, 1.25, 2.0, low, high, 0.3, 0.1, device)
    mppi = MPPIOptimizer(rounds, samples, 1.0, 0.5, 0.6, low, high, device)
    return {
        "CEM": lambda: cem.optimize(values, start),
        "iCEM": lambda: icem.optimize(values, start),
        "MPPI": lambda: mppi.optimize(values),
    }


def seconds(work: Callable[[], Any], repeats: int = 9) -> float:
    """The shortest of a few runs, in CPU seconds of this process."""
    found = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


if __name__ == "__main__":
    main()
