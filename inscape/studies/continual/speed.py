"""Costs of the regulariser, and whether it is hypnettorch's: one measurement at a time, in CPU seconds."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np


def against_hypnettorch(item: Mapping[str, Any]) -> dict[str, Any]:
    """Value, gradient and time of the drift with look-ahead, theirs and ours, on equal weights.

    item : "old" tasks, "widths" of the target, "hidden" of the hypernetwork, "repeats".
    """
    if importlib.util.find_spec("hypnettorch") is None:
        return {"difference": None, "ratio": None, "ours": _timed(_ours(item, "float32")[0], item["repeats"])}
    from hypnettorch.hnets.mlp_hnet import HMLP
    from hypnettorch.utils.hnet_regularizer import calc_fix_target_reg, get_current_targets

    torch = importlib.import_module("torch")
    passes: dict[str, tuple[Any, Any]] = {}
    difference = 0.0
    for precision in ("float64", "float32"):
        ours, net, moves, change = _ours(item, precision)
        shapes = [list(p.shape) for p in net.target.parameters()]
        theirs = HMLP(shapes, cond_in_size=10, num_cond_embs=net.tasks, layers=tuple(item["hidden"]), verbose=False)
        theirs = theirs.to(getattr(torch, precision))
        with torch.no_grad():
            for p, q, c in zip(net.shared_parameters(), theirs.unconditional_params, change, strict=True):
                q.copy_(p - c)
            for p, q in zip(net.embeddings, theirs.conditional_params, strict=True):
                q.copy_(p)
            targets = get_current_targets(item["old"], theirs)
            for q, c in zip(theirs.unconditional_params, change, strict=True):
                q.add_(c)

        def their_pass(net: Any = theirs, targets: Any = targets, moves: Any = moves) -> Any:
            net.zero_grad()
            value = calc_fix_target_reg(net, item["old"], targets=targets, dTheta=moves)
            value.backward()
            return value.detach()

        passes[precision] = (their_pass, ours)
        if precision == "float64":
            value, found = float(their_pass()), float(ours())
            gradients = zip(net.shared_parameters(), theirs.unconditional_params, strict=True)
            difference = max(
                abs(found - value) / value,
                *(float((p.grad - q.grad).norm() / q.grad.norm()) for p, q in gradients),
            )
    slow, fast = (_timed(work, item["repeats"]) for work in passes["float32"])
    return {"difference": difference, "ratio": slow / fast, "ours": fast}


def regulariser_seconds(item: Mapping[str, Any]) -> list[float]:
    """CPU seconds of our regulariser at each number of old tasks in "many"."""
    return [_timed(_ours({**item, "old": old}, "float32")[0], item["repeats"]) for old in item["many"]]


def minibatch_seconds(item: Mapping[str, Any]) -> list[float]:
    """CPU seconds of a minibatch of the second task, for each number of recorded steps in "samples"."""
    from inscape.models import ContinualDynamics

    found = []
    for samples in item["samples"]:
        rng = np.random.default_rng(0)
        law = ContinualDynamics(**item["settings"], minibatches=item["minibatches"])
        for task in ("first", "second"):
            states, inputs = rng.standard_normal((samples, 5)), rng.standard_normal((samples, 1))
            law.partial_fit_pairs(states, inputs, states + 0.1 * inputs, task, 0.1, minibatches=5)
        again = partial(law._learner.train, *law._tensors("second"), item["minibatches"])
        found.append(_timed(again, 5) / item["minibatches"])
    return found


def _ours(item: Mapping[str, Any], precision: str) -> tuple[Callable[[], Any], Any, Any, Any]:
    torch = importlib.import_module("torch")
    from inscape.models.continual.output_drift import OutputDrift
    from inscape.models.hypernetwork import HyperNetwork

    widths, kind = item["widths"], getattr(torch, precision)
    pieces = [p for a, b in pairwise(widths) for p in (torch.nn.Linear(a, b), torch.nn.ReLU())]
    net = HyperNetwork(torch.nn.Sequential(*pieces[:-1]), 10, tuple(item["hidden"]))
    for _ in range(item["old"] + 1):
        net.add_task()
    net = net.to(kind)
    drift = OutputDrift(net, range(item["old"]))
    generator = torch.Generator().manual_seed(1)

    def small() -> list[Any]:
        return [1e-3 * torch.randn(p.shape, generator=generator, dtype=kind) for p in net.shared_parameters()]

    moves, change = small(), small()
    with torch.no_grad():
        for p, c in zip(net.shared_parameters(), change, strict=True):
            p.add_(c)

    def once() -> float:
        net.zero_grad()
        return drift.add_gradient(1.0, moves)

    return once, net, moves, change


def _timed(work: Callable[[], Any], repeats: int) -> float:
    """The shortest of a few runs, in CPU seconds of this process on one thread."""
    torch = importlib.import_module("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found = []
    try:
        for _ in range(repeats):
            began = time.process_time()
            work()
            found.append(time.process_time() - began)
    finally:
        torch.set_num_threads(threads)
    return min(found)
