"""Forecasters of other houses, side by side with ours on the very same series.

N-BEATS and N-HiTS are those of neuralforecast (Nixtla), the echo state network that of ReservoirPy. Every peer is
fitted on one system at a time, as in the published contest. Its settings are chosen by that contest's rule: fit on the
first 10 periods of the train series, squared error over its last 2.
"""

from __future__ import annotations

import itertools
import logging
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.extras import require
from inscape.studies.contest.arena import Bout, bout, on_one_thread, spread, two_series

EXTRA = "studies"
PACKAGES = {"N-BEATS": "neuralforecast", "N-HiTS": "neuralforecast", "echo state network": "reservoirpy"}

STEPS = {15: 200, 100: 100}
"""Gradient steps of a network, by points a period; more do not lower the error (measured, see the study's page)."""

WIDTH = 256
WINDOWS = {15: 64, 100: 256}
"""Windows of a gradient step, by points a period; at 100 points, 64 of them give errors twice as large (measured)."""

LEARNING_RATES = {15: (1e-3,), 100: (3e-3, 1e-3, 3e-4)}

LEAST_WINDOWS = 64
"""Windows of each coordinate, where there are several."""

UNITS = 300
WASHOUT = 15


def missing(peer: str) -> str:
    """Why a peer cannot run here; empty if it can."""
    package = PACKAGES[peer]
    return "" if find_spec(package) else f"{package} is not installed: pip install 'inscape[{EXTRA}]'"


def settings(peer: str, per_period: int) -> list[dict[str, float]]:
    """The settings that a peer tries.

    Of the networks, the lookbacks of the published grid: 5, 10, half a period, a period; at 100 points a period each
    with three learning rates, so that they have as long to choose as `learn`. Of the echo state network, spectral
    radius, leak, input scaling and ridge penalty.
    """
    if peer == "echo state network":
        grid = itertools.product((0.4, 0.8, 1.2), (0.3, 0.6, 1.0), (0.1, 0.3, 1.0), (1e-8, 1e-6, 1e-4, 1e-2))
        return [{"sr": a, "lr": b, "input_scaling": c, "ridge": d} for a, b, c, d in grid]
    lookbacks = sorted({5, 10, per_period // 2, per_period})
    return [{"input_size": n, "learning_rate": rate} for n in lookbacks for rate in LEARNING_RATES[per_period]]


@on_one_thread
def peers_judged(item: dict[str, Any]) -> dict[str, Any]:
    """Scores of a peer by view: {"univariate": {"smape", "valid", "label", "tried", "tuning", "answering"}, ...}.

    The networks see one coordinate at a time, whatever the view, and keep the lookback that they chose on the first.

    `item` holds `name`, `per_period`, `seed`, `peer` and `views`; empty where the system does not hold out.
    """
    runs = two_series(item)
    if runs is None:
        return {}
    found: dict[str, Any] = {}
    kept: list[dict[str, float]] | None = None
    for view in item["views"]:
        seen = bout(runs, item["per_period"], view=view)
        told = tuned(item["peer"], seen, kept, seed=item["seed"])
        if item["peer"] != "echo state network":
            kept = [told["setting"]]
        label = ", ".join(f"{key} {value:g}" for key, value in told["setting"].items())
        found[view] = {
            **seen.score(told["answer"]),
            "label": label,
            **{key: told[key] for key in ("tried", "tuning", "answering")},
        }
    return found


def tuned(peer: str, seen: Bout, grid: list[dict[str, float]] | None = None, *, seed: int = 0) -> dict[str, Any]:
    """A peer in one bout: {"setting", "tried", "tuning" and "answering" CPU seconds, "answer" (future, state)}.

    `grid` holds the settings to choose from, those of `settings` if None.
    """
    started = time.process_time()
    grid = grid or settings(peer, seen.per_period)
    best = grid[0]
    if len(grid) > 1:
        past, rest = seen.train[: seen.cut], seen.train[seen.cut :]
        errors = [_error(rest, forecast(peer, past, len(rest), setting, seen.per_period, seed)) for setting in grid]
        best = grid[int(np.argmin(errors))]
    tuning = time.process_time() - started
    started = time.process_time()
    answer = forecast(peer, seen.known, len(seen.future), best, seen.per_period, seed)
    return {
        "setting": best,
        "tried": len(grid),
        "tuning": tuning,
        "answering": time.process_time() - started,
        "answer": answer,
    }


def forecast(
    peer: str,
    known: Float[np.ndarray, "known state"],
    horizon: int,
    setting: dict[str, float],
    per_period: int,
    seed: int = 0,
) -> Float[np.ndarray, "horizon state"]:
    """Fit a peer on a series and let it run on.

    Raises
    ------
    MissingExtraError : if the peer's package is absent.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if peer == "echo state network":
            return _echo_state(known, horizon, seed=seed, **setting)
        windows = max(WINDOWS[per_period], LEAST_WINDOWS * known.shape[1])
        chosen: dict[str, Any] = {**setting, "input_size": int(setting["input_size"])}
        chosen |= {"steps": STEPS[per_period], "windows": windows}
        return network(peer, known, horizon, **chosen, seed=seed)


def _error(truth: np.ndarray, answer: np.ndarray) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        error = float(np.mean(((answer - truth) / spread(truth)) ** 2))
    return error if np.isfinite(error) else np.inf


def network(
    peer: str,
    known: Float[np.ndarray, "known state"],
    horizon: int,
    *,
    input_size: int,
    steps: int,
    windows: int,
    seed: int,
    learning_rate: float = 1e-3,
) -> Float[np.ndarray, "horizon state"]:
    """A network of neuralforecast, fitted and let run on by steps of one sample.

    The coordinates are several series of one network, which sees one at a time.
    """
    neuralforecast = require("neuralforecast", EXTRA)
    networks = require("neuralforecast.models", EXTRA)
    torch = require("torch", EXTRA)
    pandas = require("pandas", EXTRA)
    # Lightning sets its loggers when it is imported, so they are hushed after that.
    with _quiet():
        times, states = known.shape
        table = pandas.DataFrame(
            {
                "unique_id": np.repeat(np.arange(states), times),
                "ds": np.tile(np.arange(times), states),
                "y": known.T.ravel(),
            }
        )
        common = {
            "h": 1,
            "input_size": input_size,
            "max_steps": steps,
            "learning_rate": learning_rate,
            "mlp_units": 3 * [[WIDTH, WIDTH]],
            "windows_batch_size": windows,
            "random_seed": seed % 2**31,
            # Its trend and season blocks need more than one step ahead; three generic blocks are the paper's.
            "stack_types": 3 * ["identity"],
        }
        quiet = {
            "accelerator": "cpu",
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "enable_checkpointing": False,
            "logger": False,
        }
        network = {"N-BEATS": networks.NBEATS, "N-HiTS": networks.NHITS}[peer](**common, **quiet)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            house = neuralforecast.NeuralForecast([network], freq=1, local_scaler_type="standard")
            house.fit(table)
            told = house.predict(h=horizon)
        finally:
            torch.set_num_threads(threads)
    column = next(name for name in told.columns if name not in ("unique_id", "ds"))
    return told.sort_values(["unique_id", "ds"])[column].to_numpy(dtype=float).reshape(states, horizon).T


def _echo_state(
    known: np.ndarray, horizon: int, *, sr: float, lr: float, input_scaling: float, ridge: float, seed: int
) -> np.ndarray:
    """A ReservoirPy reservoir with bias, read out by ridge from its state and its input, then fed its own answers."""
    require("reservoirpy", EXTRA)
    nodes = require("reservoirpy.nodes", EXTRA)
    uniform = require("reservoirpy.mat_gen", EXTRA).uniform
    centre, scale = known.mean(axis=0), spread(known)
    scaled = (known - centre) / scale
    reservoir = nodes.Reservoir(
        UNITS, lr=lr, sr=sr, input_scaling=input_scaling, bias=uniform(low=-1.0, high=1.0), seed=seed % 2**31
    )
    echoes = reservoir.run(scaled[:-1])
    readout = nodes.Ridge(ridge=ridge)
    readout.fit(np.hstack([echoes, scaled[:-1]]), scaled[1:], warmup=WASHOUT)
    answer = np.empty((horizon, known.shape[1]))
    last = scaled[-1]
    for step in range(horizon):
        last = readout.step(np.concatenate([reservoir.step(last), last]))
        answer[step] = last
    return answer * scale + centre


@contextmanager
def _quiet() -> Iterator[None]:
    """Lightning announces every fit; a contest has hundreds."""
    names = ("pytorch_lightning", "lightning_fabric", "lightning.pytorch", "lightning.fabric")
    levels = {name: logging.getLogger(name).level for name in names}
    for name in names:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
