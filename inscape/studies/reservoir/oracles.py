"""Our measures beside two peers' on the same states, and on a system whose memory is known."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.analysis import memory_capacity, nrmse
from inscape.models.reservoir import dale_network, ridge
from inscape.single_thread import single_thread
from inscape.systems import narma

PENALTY = 1e-6


def register_capacity(depth: int) -> float:
    """Memory capacity of a chain of `depth` linear nodes, each of which holds what the one before it held: `depth`."""

    def drive(inputs: np.ndarray) -> np.ndarray:
        held = np.zeros((len(inputs), depth))
        for delay in range(depth):
            held[delay:, delay] = inputs[: len(inputs) - delay, 0]
        return held

    with single_thread():
        return memory_capacity(drive, first_delay=0, delays=150, test=2000).total


def differences(item: Mapping[str, Any]) -> dict[str, float | None]:
    """Relative differences of memory capacity and NARMA error from rcbench and ReservoirPy; None where one is absent.

    item : "network", "seed", "length", "delays".
    """
    network = dale_network(**item["network"])
    length, delays = item["length"], item["delays"]
    noise = np.random.default_rng(item["seed"]).uniform(-1.0, 1.0, length)
    run = narma(length, seed=item["seed"])
    assert run.inputs is not None
    driven = run.inputs[:, 0]
    states = {"memory": network.drive(noise), "narma": network.drive(driven)}
    found: dict[str, float | None] = dict.fromkeys(
        ("memory_rcbench", "narma_rcbench", "memory_reservoirpy", "narma_reservoirpy")
    )
    with single_thread():
        if importlib.util.find_spec("rcbench"):
            found |= _beside_rcbench(states, noise, run.states[:, 0], driven, delays)
        if importlib.util.find_spec("reservoirpy"):
            found |= _beside_reservoirpy(states, noise, run.states[:, 0], delays)
    return found


def _beside_rcbench(
    states: Mapping[str, np.ndarray], noise: np.ndarray, answers: np.ndarray, driven: np.ndarray, delays: int
) -> dict[str, float | None]:
    logging.getLogger("rcbench").setLevel(logging.ERROR)
    from rcbench.tasks.memorycapacity import MemoryCapacityEvaluator
    from rcbench.tasks.narma import NarmaEvaluator

    training = int(0.8 * (len(noise) - delays))
    theirs = MemoryCapacityEvaluator(noise, states["memory"], max_delay=delays).calculate_total_memory_capacity(
        "kbest", "all", "Ridge", PENALTY, 0.8
    )
    ours = memory_capacity(
        states["memory"],
        noise,
        delays=delays,
        washout=delays,
        test=len(noise) - delays - training,
        penalty=PENALTY,
    )
    evaluator = NarmaEvaluator(driven, states["narma"], order=10, alpha=0.3, beta=0.05, gamma=1.5, delta=0.1)
    # Their recursion sums other terms; the score is compared, not the series.
    evaluator.targets = {"narma": answers}
    error = evaluator.run_evaluation("RNMSE", "kbest", "all", "Ridge", PENALTY, 0.8)["accuracy"]
    return {
        "memory_rcbench": _apart(ours.by_delay.sum(), theirs["total_memory_capacity"]),
        "narma_rcbench": _apart(_narma_error(states["narma"], answers, 0, int(0.8 * len(answers))), error),
    }


def _beside_reservoirpy(
    states: Mapping[str, np.ndarray], noise: np.ndarray, answers: np.ndarray, delays: int
) -> dict[str, float | None]:
    from reservoirpy.nodes import Ridge
    from reservoirpy.observables import nrmse as their_nrmse
    from reservoirpy.observables import rsquare

    cut = int(0.8 * len(noise))
    past = np.stack([noise[delays - lag : len(noise) - lag] for lag in range(1, delays + 1)], axis=1)
    node = Ridge(ridge=PENALTY).fit(states["memory"][delays:cut], past[: cut - delays])
    recalled = np.asarray(node.run(states["memory"][cut:]))
    # Squared correlation is the R^2 of the best line through answer and target.
    theirs = sum(_line_fit(past[cut - delays :, k], recalled[:, k], rsquare) for k in range(delays))
    ours = memory_capacity(
        states["memory"], noise, delays=delays, washout=delays, test=len(noise) - cut, penalty=PENALTY
    )
    node = Ridge(ridge=PENALTY).fit(states["narma"][:cut], answers[:cut, None])
    answer = np.asarray(node.run(states["narma"][cut:]))
    deviation = float(answers[cut:].std())
    error = their_nrmse(answers[cut:, None], answer, norm_value=deviation)
    return {
        "memory_reservoirpy": _apart(ours.by_delay.sum(), theirs),
        "narma_reservoirpy": _apart(_narma_error(states["narma"], answers, 0, cut), float(error)),
    }


def _line_fit(actual: np.ndarray, answer: np.ndarray, rsquare: Any) -> float:
    slope, offset = np.polyfit(answer, actual, 1)
    return float(rsquare(actual[:, None], (slope * answer + offset)[:, None]))


def _narma_error(states: np.ndarray, answers: np.ndarray, start: int, cut: int) -> float:
    readout = ridge(states[start:cut], answers[start:cut, None], PENALTY)
    return float(nrmse(answers[cut:], readout(states[cut:])[:, 0]))


def _apart(ours: float, theirs: float) -> float:
    return float(abs(ours - theirs) / abs(theirs))
