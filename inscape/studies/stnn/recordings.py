"""What everybody learns from: runs of the zoo at the study's sampling, clean and with sensor noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.systems import zoo
from inscape.trajectories import Trajectories, Trajectory

SAMPLES = 520
TRAINING_RUNS, TEST_RUNS = 20, 10
HISTORY = 40
"""Samples of a test run that a forecaster may read; what follows is to be forecast."""
INTERVALS = {"Lorenz": 0.02}
PER_PERIOD = 40
"""Samples a period of the systems that the paper does not have; Lorenz at 0.02 has about as many."""


@dataclass(frozen=True)
class Recordings:
    """Training runs and test runs of one system.

    Parameters
    ----------
    training : (20 runs of 520 samples), noisy if the study says so.
    histories : (run, HISTORY, state), noisy likewise; clean_histories the same without.
    futures : (run, time, state), always clean.
    spread : (state,) standard deviation of the clean training runs.
    """

    training: Trajectories
    test: Trajectories
    histories: Float[np.ndarray, "run past state"]
    clean_histories: Float[np.ndarray, "run past state"]
    futures: Float[np.ndarray, "run time state"]
    spread: Float[np.ndarray, "state"]
    dt: float


def interval(system: str) -> float:
    """The sampling interval, in the system's time unit."""
    if system in INTERVALS:
        return INTERVALS[system]
    period = zoo[system].period
    assert period is not None
    return float(period) / PER_PERIOD


@lru_cache(maxsize=8)
def _clean(system: str, seed: int, training: int, tests: int, samples: int) -> tuple[np.ndarray, float]:
    dt = interval(system)
    law: Any = zoo[system]
    runs = law.simulate(times=dt * np.arange(samples), runs=training + tests, seed=seed, transient=1000 * dt)
    return np.stack([run.states for run in runs]), dt


def recordings(
    system: str,
    *,
    noise: float = 0.0,
    seed: int = 0,
    training: int = TRAINING_RUNS,
    tests: int = TEST_RUNS,
    samples: int = SAMPLES,
) -> Recordings:
    """Runs on the attractor; `noise` is white, in standard deviations of each state variable."""
    clean, dt = _clean(system, seed, training, tests, samples)
    names = zoo[system].state_names
    spread = clean[:training].std(axis=(0, 1))
    seen = clean + noise * spread * np.random.default_rng([seed, 23]).normal(size=clean.shape)
    times = dt * np.arange(samples)
    return Recordings(
        training=Trajectories(Trajectory(times, states, state_names=names) for states in seen[:training]),
        test=Trajectories(Trajectory(times, states, state_names=names) for states in clean[training:]),
        histories=seen[training:, :HISTORY],
        clean_histories=clean[training:, :HISTORY],
        futures=clean[training:, HISTORY:],
        spread=spread,
        dt=dt,
    )
