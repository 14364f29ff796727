"""Series of the zoo as the paper sampled them: so many dominant periods, so many points in each."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.systems import zoo
from inscape.trajectories import Trajectories

TRAIN_PERIODS = 10
TEST_PERIODS = 2
PERIODS = TRAIN_PERIODS + TEST_PERIODS
TRANSIENT_PERIODS = 100
SECONDS = 60.0


def flows(limit: int | None = None) -> list[str]:
    """Names of the flows, delay equations last; `limit` of them, spread over the list, where it is given."""
    names = [*zoo.names(kind="flow"), *zoo.names(kind="delay")]
    if limit is None or limit >= len(names):
        return names
    return [names[i] for i in np.linspace(0, len(names) - 1, limit).astype(int)]


def on_the_attractor(
    name: str, *, periods: float, per_period: int, runs: int = 1, seed: int = 0
) -> Float[np.ndarray, "run time state"] | None:
    """Runs from random instants of one long run, after a transient; None where the system does not hold out.

    Every run has `periods * per_period` samples.
    """
    system: Any = zoo[name]
    assert system.period is not None
    count = round(periods * per_period)
    times = np.arange(count) * (system.period / per_period)
    found = system.simulate(
        times=times, runs=runs, seed=seed, transient=TRANSIENT_PERIODS * system.period, max_seconds=SECONDS
    )
    assert isinstance(found, Trajectories)
    if any(len(run) < count or not np.isfinite(run.states).all() for run in found):
        return None
    return found.stack()


def train_and_test(item: dict[str, Any]) -> dict[str, Any]:
    """Two independent series of one system, 12 periods each: {"name", "train", "test"}, empty where it diverges."""
    runs = on_the_attractor(item["name"], periods=PERIODS, per_period=item["per_period"], runs=2, seed=item["seed"])
    if runs is None:
        return {"name": item["name"], "train": None, "test": None}
    return {"name": item["name"], "train": runs[0], "test": runs[1]}


def at_period(item: dict[str, Any]) -> Float[np.ndarray, "time"] | None:
    """The standardised first coordinate of a system, `points` samples at `per_period` points a dominant period."""
    system: Any = zoo[item["name"]]
    assert system.period is not None
    times = np.arange(item["points"]) * (system.period / item["per_period"])
    found = system.simulate(times=times, transient=TRANSIENT_PERIODS * system.period, max_seconds=SECONDS)
    series = found.states[:, 0]
    if len(series) < item["points"] or not np.isfinite(series).all() or series.std() == 0:
        return None
    return (series - series.mean()) / series.std()
