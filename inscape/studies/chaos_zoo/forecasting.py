"""Claims C2 and C3: who forecasts chaos best from 10 periods of one coordinate, and whether chaos sets the error.

Protocol (Gilpin 2021, section 4): settings are chosen on a training series, by the squared error on its last 2 of 12
periods; then each method is fitted on the first 10 periods of another series and forecasts its last 2.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis import smape, valid_time
from inscape.errors import InscapeError
from inscape.models import Model, Persistence
from inscape.models.windows import closed_loop, lagged_windows
from inscape.studies.chaos_zoo.series import PERIODS, TRAIN_PERIODS, on_the_attractor

NAIVE = ("naive mean", "naive drift", "naive seasonal")
FEW_LAGS = (3, 5, 10)
"""Lags in samples; fractions of a period join them, as in the paper's grid."""


def lookbacks(per_period: int) -> tuple[int, ...]:
    """The paper's grid of lags: 3, 5, 10, a quarter, a half and a whole period."""
    return tuple(sorted({*FEW_LAGS, per_period // 4, per_period // 2, per_period}))


def candidates(per_period: int, seed: int) -> dict[str, list[Model]]:
    """Every method of the contest that is fitted one system at a time, with its grid of settings."""
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.linear_model import LinearRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    from inscape.models.echo_state import EchoState
    from inscape.models.lagged import Lagged

    lags = lookbacks(per_period)
    return {
        "naive mean": [Persistence("mean")],
        "naive drift": [Persistence("drift")],
        "naive seasonal": [Persistence("seasonal", season=per_period)],
        "linear regression": [Lagged(LinearRegression(), n) for n in lags],
        "quadratic ridge": [
            Lagged(make_pipeline(PolynomialFeatures(2), Ridge(penalty)), n)
            for n in lags
            for penalty in (1e-6, 1e-3, 1e-1)
        ],
        "random forest": [
            Lagged(RandomForestRegressor(100, random_state=seed), n) for n in (5, per_period // 2, per_period)
        ],
        "echo state": [
            EchoState(300, spectral_radius=radius, ridge=ridge, washout=15, seed=seed)
            for radius in (0.6, 0.9, 1.2)
            for ridge in (1e-8, 1e-4)
        ],
    }


def classic_contest(item: dict[str, Any]) -> dict[str, float]:
    """sMAPE of every method that is fitted one system at a time: {"method": sMAPE}.

    `item` holds `train` and `test` (time, state), `per_period` and `seed`.
    """
    train, test = item["train"][:, 0], item["test"][:, 0]
    scores = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for method, grid in candidates(item["per_period"], item["seed"]).items():
            best = grid[0] if len(grid) == 1 else min(grid, key=lambda model: _squared_error(model, train))
            scores[method] = _score(best, test)
    return scores


def _cut(series: np.ndarray) -> int:
    return len(series) * TRAIN_PERIODS // PERIODS


def _forecast(model: Model, series: np.ndarray) -> np.ndarray:
    cut = _cut(series)
    known = series[:cut]
    return model.fit(known, dt=1.0).forecast(known, len(series) - cut).states[:, 0]


def _squared_error(model: Model, series: np.ndarray) -> float:
    try:
        error = (_forecast(model, series) - series[_cut(series) :]) ** 2
    except InscapeError:
        return np.inf
    return float(np.mean(error)) if np.isfinite(error).all() else np.inf


def _score(model: Model, series: np.ndarray) -> float:
    try:
        return float(smape(series[_cut(series) :], _forecast(model, series)))
    except InscapeError:
        # A method that cannot answer scores as badly as sMAPE allows.
        return 200.0


Build = Callable[[int], Callable[[], Any]]


def network_contest(
    trains: Float[np.ndarray, "system time"],
    tests: Float[np.ndarray, "system time"],
    build: Build,
    grid: Sequence[int],
    *,
    epochs: int,
    seed: int,
    label: str,
) -> Float[np.ndarray, "system"]:
    """sMAPE of a one-step network fed its own answers, one copy for each system, all trained side by side.

    Parameters
    ----------
    build : lookback -> a function that makes the network.
    grid : lookbacks to choose from, on the training series.
    """
    if len(grid) == 1:
        chosen = np.full(len(trains), grid[0])
    else:
        errors = [_network_errors(trains, build(n), n, epochs, seed, label) for n in grid]
        chosen = np.array(grid)[np.argmin(errors, axis=0)]
    scores = np.empty(len(tests))
    for n in np.unique(chosen):
        rows = np.flatnonzero(chosen == n)
        answers = _network_forecasts(tests[rows], build(int(n)), int(n), epochs, seed, label)
        future = tests[rows, _cut(tests[0]) :]
        scores[rows] = [float(smape(a, f)) for a, f in zip(future, answers, strict=True)]
    return scores


def _network_errors(
    series: np.ndarray, build: Callable[[], Any], lookback: int, epochs: int, seed: int, label: str
) -> np.ndarray:
    answers = _network_forecasts(series, build, lookback, epochs, seed, label)
    error = np.mean((answers - series[:, _cut(series[0]) :]) ** 2, axis=1)
    return np.where(np.isfinite(error), error, np.inf)


def _network_forecasts(
    series: np.ndarray, build: Callable[[], Any], lookback: int, epochs: int, seed: int, label: str
) -> np.ndarray:
    from inscape.models.replicas import Replicas

    cut = _cut(series[0])
    known = series[:, :cut]
    centre, spread = known.mean(axis=1, keepdims=True), known.std(axis=1, keepdims=True)
    scaled = ((known - centre) / spread)[..., None]
    pairs = [lagged_windows([run], lookback) for run in scaled]
    replicas = Replicas(build, len(series), seed=seed)
    replicas.fit(
        np.stack([x for x, _ in pairs]),
        np.stack([y for _, y in pairs]),
        epochs=epochs,
        batch_size=32,
        seed=seed,
        label=f"{label}, {lookback} samples back",
    )
    answers = closed_loop(replicas.predict, scaled[:, None, -lookback:], series.shape[1] - cut)
    return answers[:, 0, :, 0] * spread + centre


def nbeats(lookback: int) -> Callable[[], Any]:
    """A small generic N-BEATS: 2 blocks of 4 layers of 64 units (the paper's: 30 blocks of 4 layers of 256)."""
    from inscape.models.nbeats import NBEATSNetwork

    return lambda: NBEATSNetwork(lookback, 1, blocks=2, layers=4, width=64)


def lstm(lookback: int) -> Callable[[], Any]:
    """One LSTM layer of 25 units."""
    from inscape.models.recurrent import RecurrentNetwork

    return lambda: RecurrentNetwork(1, 25)


def valid_times(item: dict[str, Any]) -> dict[str, float] | None:
    """How long a ridge on 30 lags and their products holds, at 100 points a period: mean over starts, in periods.

    `item` holds `name` and `seed`. Also the sMAPE over the 2 periods. None where the system does not hold out.
    """
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures

    from inscape.models.lagged import Lagged

    per_period = 100
    runs = on_the_attractor(
        item["name"], periods=PERIODS, per_period=per_period, runs=item["starts"], seed=item["seed"]
    )
    if runs is None:
        return None
    times, errors = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for series in runs[:, :, 0]:
            model = Lagged(make_pipeline(PolynomialFeatures(2), Ridge(1e-6)), 30)
            answer = _forecast(model, series)
            future = series[_cut(series) :]
            held = valid_time(future, answer, dt=1 / per_period, scale=series.std(keepdims=True))
            times.append(float(held))
            errors.append(float(smape(future, answer)))
    return {"valid_time": float(np.mean(times)), "smape": float(np.mean(errors))}


NETWORKS = {"nbeats": nbeats, "lstm": lstm}


def planned_contest(plan: dict[str, Any]) -> Float[np.ndarray, "system"]:
    """`network_contest` from plain data: `network`, `grid`, `epochs`, `seed`, `trains` and `tests`."""
    name = plan["network"]
    return network_contest(
        plan["trains"],
        plan["tests"],
        NETWORKS[name],
        plan["grid"],
        epochs=plan["epochs"],
        seed=plan["seed"],
        label=name,
    )
