"""The arena: two series of every system, the views of them that a contestant sees, and how an answer is scored.

Protocol (Gilpin 2021, section 4): settings are chosen on the *train* series alone; the chosen method is fitted on the
first 10 periods of the *test* series, which starts elsewhere, and forecasts the 2 periods after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np
from jaxtyping import Float
from threadpoolctl import threadpool_limits

from inscape.analysis import smape, valid_time
from inscape.studies.chaos_zoo.series import PERIODS, TRAIN_PERIODS, on_the_attractor
from inscape.systems import zoo

JUDGED = PERIODS - TRAIN_PERIODS
"""Periods of the forecast that is judged by its sMAPE."""

REACH = 30
"""Periods that a forecast of all coordinates without noise is followed for its valid time; others for the 2 judged."""

THRESHOLD = 0.4
"""Error in standard deviations at which a forecast has lost the system (Pathak et al. 2018)."""


@dataclass(frozen=True, eq=False)
class Bout:
    """What one contestant sees, and what it is measured against.

    Parameters
    ----------
    train : (time, state) 12 periods to choose by.
    known : (time, state) 10 periods of the test series, to fit on.
    future : (time, state) what comes after it, free of noise: the 2 periods that are judged, or more.
    per_period : samples a dominant period.
    """

    train: Float[np.ndarray, "time state"]
    known: Float[np.ndarray, "known state"]
    future: Float[np.ndarray, "future state"]
    per_period: int

    @property
    def dt(self) -> float:
        """Sampling interval in dominant periods."""
        return 1 / self.per_period

    @property
    def horizon(self) -> int:
        """Samples of the judged forecast: 2 periods."""
        return JUDGED * self.per_period

    @property
    def cut(self) -> int:
        """Samples of the train series that are fitted on where settings are judged by its last 2 periods."""
        return TRAIN_PERIODS * self.per_period

    def score(self, answer: Float[np.ndarray, "future state"]) -> dict[str, float]:
        """sMAPE of the first 2 periods (0 to 200) and valid time in periods, of a forecast of all the future."""
        held = valid_time(self.future, answer, dt=self.dt, threshold=THRESHOLD, scale=spread(self.train))
        return {"smape": float(smape(self.future[: self.horizon], answer[: self.horizon])), "valid": float(held)}


def on_one_thread(work: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Decorator: linear algebra on one thread, so that CPU seconds compare and workers do not trip over each other."""

    @wraps(work)
    def alone(item: dict[str, Any]) -> dict[str, Any]:
        with threadpool_limits(limits=1):
            return work(item)

    return alone


def spread(series: Float[np.ndarray, "time state"]) -> Float[np.ndarray, "state"]:
    """Standard deviation of each coordinate; 1 for a constant one."""
    deviation = series.std(axis=0)
    return np.where(deviation > 0, deviation, 1.0)


def two_series(item: dict[str, Any]) -> Float[np.ndarray, "2 time state"] | None:
    """40 periods from each of two random instants of a system's motion; None where it does not hold out.

    `item` holds `name`, `per_period` and `seed`. The first is the train series, the second the test series.
    """
    runs = on_the_attractor(
        item["name"], periods=TRAIN_PERIODS + REACH, per_period=item["per_period"], runs=2, seed=item["seed"]
    )
    return None if runs is None or runs[:, :, 0].std() == 0 else runs


def bout(
    runs: Float[np.ndarray, "2 time state"], per_period: int, *, view: str, noise: float = 0.0, seed: int = 0
) -> Bout:
    """One view of a system's two series.

    Parameters
    ----------
    view : "univariate" shows the first coordinate alone, "multivariate" all of them.
    noise : standard deviation of white measurement noise, in those of each coordinate; what is to be forecast has none.
    seed : of the noise.
    """
    seen = runs[:, :, :1] if view == "univariate" else runs
    train, known = seen[0, : PERIODS * per_period], seen[1, : TRAIN_PERIODS * per_period]
    reach = REACH if view == "multivariate" and not noise else JUDGED
    future = seen[1, TRAIN_PERIODS * per_period : (TRAIN_PERIODS + reach) * per_period]
    if noise:
        random = np.random.default_rng([seed, round(1e6 * noise)])
        train = train + noise * spread(train) * random.standard_normal(train.shape)
        known = known + noise * spread(known) * random.standard_normal(known.shape)
    return Bout(train, known, future, per_period)


def growth(name: str) -> float:
    """Largest Lyapunov exponent times dominant period, as this house measured it; NaN for a system without chaos."""
    card = zoo.card(name)
    audited = card.audited
    if audited is None or card.period is None or card.verdict not in ("chaotic", "hyperchaotic"):
        return float("nan")
    exponent = audited.largest_exponent
    return float("nan") if exponent is None else float(exponent) * card.period
