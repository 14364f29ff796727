"""Claim C5: drawing new training data where the forecaster errs (importance sampling of initial states).

Full training: so many epochs on 1,000 points. Instead, five rounds: back-test one step ahead, smooth the squared error,
draw 10 states with probability ~ error^4, move each by 1 %, and train on the 150 points that follow each.
Control: the same rounds with states drawn uniformly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.signal import savgol_filter

from inscape.analysis import smape
from inscape.models.windows import closed_loop, lagged_windows
from inscape.studies.chaos_zoo.series import on_the_attractor
from inscape.systems import zoo

POINTS = 1000
ROUNDS = 5
DRAWN = 10
NEW_POINTS = 150
PER_PERIOD = 100
WIDTH = 16
HORIZON = 100


def importance_trial(item: dict[str, Any]) -> dict[str, Any] | None:
    """sMAPE fraction of the three ways of training, one LSTM for each of `seeds`: {"full": (seed,), ...}.

    `item` holds `name`, `seeds`, `lookback`, `epochs` (of the full training) and `round_epochs`. Also the number of
    gradient steps of each way. None where the system does not hold out.
    """
    name, seeds = item["name"], item["seeds"]
    runs = on_the_attractor(name, periods=POINTS / PER_PERIOD, per_period=PER_PERIOD, runs=2, seed=seeds[0])
    if runs is None:
        return None
    train, test = runs
    centre, spread = train.mean(axis=0), train.std(axis=0)
    scaled = (train - centre) / np.where(spread > 0, spread, 1.0)
    test_scaled = ((test - centre) / np.where(spread > 0, spread, 1.0))[:, :1]
    found: dict[str, Any] = {}
    for way in ("full", "importance", "random"):
        replicas, steps = _train(way, item, train, scaled, centre, spread)
        starts = np.linspace(item["lookback"], len(test) - HORIZON, 4).astype(int)
        scores = []
        for start in starts:
            window = np.broadcast_to(
                test_scaled[start - item["lookback"] : start], (len(seeds), 1, item["lookback"], 1)
            )
            answers = closed_loop(replicas.predict, window, HORIZON)[:, 0] * spread[0] + centre[0]
            scores.append([float(smape(test[start : start + HORIZON, :1], a)) / 100 for a in answers])
        found[way] = np.mean(scores, axis=0)
        found[f"{way}_steps"] = steps
    return found


def _train(
    way: str, item: dict[str, Any], train: np.ndarray, scaled: np.ndarray, centre: np.ndarray, spread: np.ndarray
) -> tuple[Any, int]:
    from inscape.models.recurrent import RecurrentNetwork
    from inscape.models.replicas import Replicas

    seeds, lookback = item["seeds"], item["lookback"]
    replicas = Replicas(lambda: RecurrentNetwork(1, WIDTH), len(seeds), seed=seeds[0])
    pasts, nexts = lagged_windows([scaled[:, :1]], lookback)
    x, y = (np.broadcast_to(a, (len(seeds), *a.shape)) for a in (pasts, nexts))
    if way == "full":
        replicas.fit(x, y, epochs=item["epochs"], batch_size=64, learning_rate=3e-3, seed=seeds[0])
        return replicas, item["epochs"] * x.shape[1]
    randoms = [np.random.default_rng(s) for s in seeds]
    steps = 0
    for _ in range(ROUNDS):
        replicas.fit(x, y, epochs=item["round_epochs"], batch_size=64, learning_rate=3e-3, seed=seeds[0])
        steps += item["round_epochs"] * x.shape[1]
        error = _backtest(replicas, pasts, nexts, len(seeds))
        rounds = []
        for copy, random in enumerate(randoms):
            weight = np.ones(len(pasts)) if way == "random" else error[copy] ** 4
            weight = weight / weight.sum() if weight.sum() > 0 else np.full(len(pasts), 1 / len(pasts))
            rows = lookback + random.choice(len(pasts), size=DRAWN, p=weight)
            states = train[rows] + 0.01 * spread * random.normal(size=(DRAWN, train.shape[1]))
            fresh = _continued(item["name"], states)
            fresh_x, fresh_y = lagged_windows([(run[:, :1] - centre[:1]) / spread[:1] for run in fresh], lookback)
            rounds.append((fresh_x, fresh_y))
        least = min(len(a) for a, _ in rounds)
        x = np.stack([a[:least] for a, _ in rounds])
        y = np.stack([b[:least] for _, b in rounds])
    return replicas, steps


def _backtest(replicas: Any, pasts: np.ndarray, nexts: np.ndarray, copies: int) -> Float[np.ndarray, "copy sample"]:
    answers = replicas.predict(np.broadcast_to(pasts, (copies, *pasts.shape)))
    squared = ((answers - nexts) ** 2).sum(axis=2)
    return np.clip(savgol_filter(squared, 51, 3, axis=1), 0, None)


def _continued(name: str, states: np.ndarray) -> list[np.ndarray]:
    system: Any = zoo[name]
    assert system.period is not None
    times = np.arange(NEW_POINTS) * (system.period / PER_PERIOD)
    return [run.states for run in system.simulate(initial=states, times=times, max_seconds=60)]
