"""The three tasks of study 08: a driving series, and how well a readout of a driven network answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis import memory_capacity, nrmse, nrmse_at
from inscape.models.reservoir import Network, Readout, ridge
from inscape.single_thread import single_thread
from inscape.systems import narma, zoo

TASKS = ("memory", "narma", "mackey-glass")
WASHOUT = 200
DELAYS = 150
HORIZON = 84
STARTS = 20
OPEN_PENALTY, CLOSED_PENALTY = 1e-8, 1e-6


@dataclass(frozen=True)
class Series:
    """What a network is driven with, and what it is asked for.

    task : one of `TASKS`.
    inputs : (time,) the driving series.
    answers : (time,) what row k is to tell once input k was read; the input itself for memory.
    training : rows before this one are for the readout to learn from.
    """

    task: str
    inputs: Float[np.ndarray, "time"]
    answers: Float[np.ndarray, "time"]
    training: int


def series_of_task(task: str, length: int, seed: int) -> Series:
    """`length` samples: the first two thirds or so to learn from (4,000 of 6,000), the others to be tested on."""
    training = length * 2 // 3
    if task == "memory":
        noise = np.random.default_rng(seed).uniform(-1.0, 1.0, length)
        return Series(task, noise, noise, training)
    if task == "narma":
        run = narma(length, seed=seed)
        assert run.inputs is not None
        return Series(task, run.inputs[:, 0], run.states[:, 0], training)
    # Another history of the same system for each seed; what comes first is not on the attractor yet.
    start = np.random.default_rng(seed).uniform(0.7, 1.3, 1)
    system: Any = zoo["MackeyGlass", "chaotic"]
    motion = system.simulate(start, times=np.arange(length + 501.0), tolerance=1e-9).states[500:, 0]
    motion = (motion - motion.mean()) / motion.std()
    return Series(task, motion[:-1], motion[1:], training)


def score(network: Network, series: Series) -> float:
    """Memory capacity, NRMSE of NARMA-10, or NRMSE84 of the Mackey-Glass series in closed loop."""
    states = network.drive(series.inputs)
    with single_thread():
        if series.task == "memory":
            return recall(states, series)
        readout = ridge(
            states[WASHOUT : series.training],
            series.answers[WASHOUT : series.training, None],
            OPEN_PENALTY if series.task == "narma" else CLOSED_PENALTY,
        )
        if series.task == "narma":
            return float(nrmse(series.answers[series.training :], readout(states[series.training :])[:, 0]))
        return closed_loop_error(network, states, readout, series)


def recall(states: Float[np.ndarray, "time node"], series: Series) -> float:
    """Memory capacity over 150 delays; V(t + 1) has u(t) in it, so that row k counts input k as one step ago."""
    return memory_capacity(
        states,
        series.inputs,
        delays=DELAYS,
        first_delay=0,
        washout=WASHOUT,
        test=len(series.inputs) - series.training,
        penalty=OPEN_PENALTY,
    ).total


def closed_loop_error(network: Network, states: np.ndarray, readout: Readout, series: Series) -> float:
    """NRMSE after 84 steps from 20 starts in the test stretch, answers fed back as inputs."""
    last = len(series.inputs) - HORIZON - 1
    starts = np.linspace(series.training, last, STARTS).astype(int)
    answers = closed_loop(network, states[starts], readout, HORIZON)
    actual = np.stack([series.answers[s : s + HORIZON] for s in starts])
    return nrmse_at(actual, answers, HORIZON, scale=[series.answers.std()])


def closed_loop(
    network: Network, states: Float[np.ndarray, "start node"], readout: Readout, horizon: int
) -> Float[np.ndarray, "start horizon"]:
    """What the readout says, `horizon` times, when its answer is the next input; for networks without retention."""
    weights: Any = network.synapses.matrix
    activity = states.T
    answers = np.empty((states.shape[0], horizon))
    for step in range(horizon):
        answer = readout(activity.T)
        answers[:, step] = answer[:, 0]
        potential = weights @ activity + network.entering @ answer.T
        with np.errstate(over="ignore"):
            activity = 1.0 / (1.0 + np.exp(-network.gain * (potential - network.threshold)))
    return answers
