"""Linear memory: how many past inputs a linear readout of the states can bring back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.driven_states import Source, driven_states
from inscape.analysis.readout import PrincipalStates
from inscape.analysis.series import at_least_zero, generator, whole
from inscape.errors import InputError


@dataclass(frozen=True)
class MemoryCapacity:
    """How well each past input is recalled.

    total : sum over delays of the squared correlations, less what chance adds. No system of N states has more than N
        (Jaeger 2001); a finite test scatters about the true value.
    by_delay : (delay,) squared correlation of recalled and actual input on samples the readout has not seen, 0 to 1.
    delays : (delay,) how many samples ago.
    chance : squared correlation that a readout without any memory reaches at one delay, 1 / test samples.
    nodes : number of states.
    """

    total: float
    by_delay: Float[np.ndarray, "delay"]
    delays: Float[np.ndarray, "delay"]
    chance: float
    nodes: int

    def __float__(self) -> float:
        return self.total


def memory_capacity(
    source: Source,
    inputs: Any = None,
    *,
    delays: int = 150,
    first_delay: int = 1,
    washout: int = 200,
    test: int | None = None,
    penalty: float = 1e-8,
    length: int = 6000,
    seed: int | np.random.Generator | None = 0,
) -> MemoryCapacity:
    """Memory capacity of a driven system (Jaeger 2001): MC = sum over tau of corr^2(u(t - tau), y_tau(t)).

    Each y_tau is a ridge readout of the states, trained on the first part of the samples and tested on the rest.

    Parameters
    ----------
    source : states (time, node) with their `inputs`; or a system: an object with `drive(inputs)` or a function, from
        (time, 1) inputs to (time, node) states, row k after input k.
    inputs : (time,) independent draws that drove the states; for a system U(-1, 1) if None.
    delays : how many delays are counted, from `first_delay` on. The input just taken in (delay 0) is no memory, so
        that counting begins at 1 as in ReservoirPy and rcbench; begin at 0 where row k holds inputs before k only.
    washout : samples at the beginning that are left out; at least the largest delay is.
    test : samples at the end that the readout is tested on; a third of what is left if None.
    penalty : of the squared readout weights, added to the diagonal of the Gram matrix of the centred states.
    length, seed : of the input drawn for a system.

    Raises
    ------
    InputError : if states and inputs do not match, are not finite, or are too few for the delays.
    """
    count, first = whole(delays, "delays"), whole(first_delay, "first_delay", 0)
    penalty, skipped = at_least_zero(penalty, "penalty"), whole(washout, "washout", 0)
    random = generator(seed)
    states, signal = driven_states(source, inputs, draw=lambda n: random.uniform(-1.0, 1.0, n), length=length)
    lags = np.arange(first, first + count)
    start = max(skipped, int(lags[-1]))
    left = len(signal) - start
    tested = max(left // 3, 1) if test is None else whole(test, "test", 3)
    if tested < 3 or left - tested < 3:
        raise InputError(
            f"inputs: {len(signal)} samples found, expected more than {start + max(tested, 3) + 3}: "
            f"{start} are washed out and {max(tested, 3)} tested on; give fewer delays, washout or test samples"
        )
    targets = delayed(signal, lags, start)
    weights, offset = PrincipalStates.of(states[start : len(states) - tested]).readout(targets[:-tested], penalty)
    recalled = squared_correlation(targets[-tested:], states[len(states) - tested :] @ weights + offset)
    chance = 1.0 / tested
    return MemoryCapacity(float(recalled.sum() - count * chance), recalled, lags, chance, states.shape[1])


def delayed(
    signal: Float[np.ndarray, "time"], lags: Float[np.ndarray, "delay"], start: int
) -> Float[np.ndarray, "rest delay"]:
    """The signal `lags` samples ago, for every sample from `start` on."""
    return np.stack([signal[start - lag : len(signal) - lag] for lag in lags], axis=1)


def squared_correlation(
    actual: Float[np.ndarray, "time target"], answers: Float[np.ndarray, "time target"]
) -> Float[np.ndarray, "target"]:
    """Squared Pearson correlation of each column pair; 0 where one of the two does not move."""
    a = actual - actual.mean(axis=0)
    b = answers - answers.mean(axis=0)
    # What rounding leaves of a constant answer is no answer.
    b[:, np.abs(b).max(axis=0) <= 1e-13 * np.abs(answers).max(axis=0)] = 0.0
    power = (a**2).sum(axis=0) * (b**2).sum(axis=0)
    moving = power > 0
    return np.where(moving, (a * b).sum(axis=0) ** 2 / np.where(moving, power, 1.0), 0.0)
