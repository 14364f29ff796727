"""Who forecasts: structured and dense networks, linear laws of delays, sparse laws - each fitted and scored alike."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from inscape.analysis import valid_time
from inscape.errors import InscapeError
from inscape.models.delay_forecaster import DelayForecaster
from inscape.models.dictionary import polynomial
from inscape.models.dmd import DMD
from inscape.models.havok import HAVOK
from inscape.models.model import Model
from inscape.models.sindy import SINDy
from inscape.models.state_estimation import EstimatedStart
from inscape.models.structured import DenseNet, HankelNet, StNN
from inscape.studies.stnn.recordings import HISTORY, Recordings, recordings
from inscape.trajectories import Trajectory

DELAYS = 4
STEADYING = 3e-4
"""Noise added to the windows of clean recordings in training, in standard deviations, for every network alike: without
it a network that fits one step to seven digits still leaves the attractor when fed its own answers."""
REACH = 400
"""Samples of a forecast."""
STNN_BLOCKS, HANKEL_BLOCKS = 6, 12
ADAM_STEPS = 75
"""Gradient steps of the wide dense net that take the processor time of one step of Levenberg-Marquardt on an StNN."""


def contestants(states: int, steps: int, batch: int | None = None) -> dict[str, Callable[[float, int], Model]]:
    """Every model by name, as a function of the noise of the recording and the seed.

    Parameters
    ----------
    states : state variables of the system.
    batch : windows of a step of Levenberg-Marquardt; 1,500 if None. On noisy windows a step must see all of them, or
        it fits the noise of its batch.
    steps : of Levenberg-Marquardt; Adam, for nets too wide for it, gets `ADAM_STEPS` times as many.
    """
    inputs = DELAYS * states
    size = StNN(STNN_BLOCKS).parameters(inputs, states)

    def network(plan: Any, method: Literal["lm", "adam"] = "lm") -> Callable[[float, int], Model]:
        def build(noise: float, seed: int) -> Model:
            return DelayForecaster(
                plan,
                DELAYS,
                method=method,
                steps=steps if method == "lm" else ADAM_STEPS * steps,
                learning_rate=5e-3,
                batch=batch if method == "lm" else None,
                noise=0.0 if noise else STEADYING,
                seed=seed,
            )

        return build

    return {
        "StNN": network(StNN(STNN_BLOCKS)),
        "StNN, by Adam": network(StNN(STNN_BLOCKS), "adam"),
        "HankelNet": network(HankelNet(HANKEL_BLOCKS)),
        "dense, equal size": network(DenseNet.matched(size, inputs, states)),
        "dense, same widths": network(DenseNet.same_widths(StNN(STNN_BLOCKS), inputs, states), "adam"),
        "Hankel-DMD": lambda noise, seed: DMD(delays=DELAYS),
        "Hankel-DMD, 32 samples, steadied": lambda noise, seed: DMD(
            "optimal" if noise else None, delays=32, growing="steady"
        ),
        "HAVOK": lambda noise, seed: HAVOK("optimal" if noise else 60, delays=32),
        "SINDy, smoothed differences": lambda noise, seed: SINDy(polynomial(2), threshold=0.2, derivative="savgol"),
        "SINDy, weak form": lambda noise, seed: SINDy(polynomial(2)),
        "SINDy, weak form, estimated start": lambda noise, seed: EstimatedStart(SINDy(polynomial(2)), HISTORY // 2),
    }


LINEAR = ("Hankel-DMD", "Hankel-DMD, 32 samples, steadied", "HAVOK")
SPARSE = ("SINDy, smoothed differences", "SINDy, weak form", "SINDy, weak form, estimated start")


def size_of(model: Model) -> int:
    """Numbers a fitted model has learned."""
    if isinstance(model, DelayForecaster):
        return len(model.weights_)
    if isinstance(model, DMD):
        # The embedded state's older samples move up unlearned.
        return len(model.state_names_) * (model.operator_.shape[1] + 1)
    if isinstance(model, HAVOK):
        return int(model.operator_.size + model.forcing_operator_.size + model.modes_.size)
    if isinstance(model, EstimatedStart):
        return size_of(model.model_)
    return int(np.count_nonzero(model.coef_)) if isinstance(model, SINDy) else 0


def fit_and_score(item: dict[str, Any]) -> dict[str, Any]:
    """One model on one recording.

    `item` holds `system`, `model` (a name of `contestants`, or "front" with a `plan`), `noise`, `seed`, `steps` and
    `reach`. The answer holds `size`, `seconds` (processor time of the fit), `one_step` (mean squared error of the next
    increment in its standard deviations, clean windows), `mse_50` and `mse_200` (of a forecast from a clean history, in
    squared standard deviations), `valid_clean` and `valid` (mean valid time from clean and from recorded histories,
    error 0.4, in time units), `valid_runs` (of each run) and `reason` where the model could not answer.
    """
    data = recordings(item["system"], noise=item["noise"], seed=item["seed"])
    states = data.spread.shape[0]
    model = _built(item, states)
    began = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(data.training)
        except InscapeError as error:
            return {"size": None, "reason": str(error)}
        seconds = time.process_time() - began
        reach = min(item["reach"], data.futures.shape[1])
        truth = data.futures[:, :reach]
        clean = _forecasts(model, data.clean_histories, reach, data)
        seen = clean if not item["noise"] else _forecasts(model, data.histories, reach, data)
        one_step = _one_step(model, data)
    squared = ((clean - truth) / data.spread) ** 2
    return {
        "size": size_of(model),
        "seconds": seconds,
        "one_step": one_step,
        "mse_50": _mean(squared[:, :50]),
        "mse_200": _mean(squared[:, :200]),
        "valid_clean": float(np.mean(_valid(truth, clean, data))),
        "valid": float(np.mean(_valid(truth, seen, data))),
        "valid_runs": _valid(truth, seen, data),
        "example": seen[0] if item.get("keep") else None,
        "truth": truth[0] if item.get("keep") else None,
        "reason": None,
    }


def _built(item: dict[str, Any], states: int) -> Model:
    if item["model"] != "front":
        return contestants(states, item["steps"], item.get("batch"))[item["model"]](item["noise"], item["seed"])
    plan = front_plan(item["plan"], DELAYS * states, states)
    return DelayForecaster(
        plan, DELAYS, method="lm", steps=item["steps"], noise=0.0 if item["noise"] else STEADYING, seed=item["seed"]
    )


def front_plan(plan: dict[str, Any], inputs: int, outputs: int) -> Any:
    """A network of the size-accuracy front from plain data: `kind`, `p`, and for dense nets `parameters`."""
    if plan["kind"] == "StNN":
        return StNN(plan["p"], activation=plan.get("activation", "leaky_relu"))
    if plan["kind"] == "HankelNet":
        return HankelNet(plan["p"])
    return DenseNet.matched(plan["parameters"], inputs, outputs, layers=plan["layers"])


def _forecasts(model: Model, histories: np.ndarray, reach: int, data: Recordings) -> np.ndarray:
    times = data.dt * np.arange(histories.shape[1])
    names = data.training.state_names
    found = np.full((len(histories), reach, histories.shape[2]), np.nan)
    for run, states in enumerate(histories):
        try:
            found[run] = model.forecast(Trajectory(times, states, state_names=names), reach).states
        except InscapeError:
            continue
    return found


def _one_step(model: Model, data: Recordings) -> float:
    """Error of the next increment from every tenth window of the clean test runs, in its standard deviations."""
    increments = np.concatenate([np.diff(run.states, axis=0) for run in data.test])
    errors = []
    for run in data.test:
        for stop in range(HISTORY, len(run), 10):
            try:
                answer = model.forecast(run[stop - HISTORY : stop], 1).states[0]
            except InscapeError:
                return float("nan")
            errors.append((answer - run.states[stop]) / increments.std(axis=0))
    return float(np.mean(np.square(errors)))


def _valid(truth: np.ndarray, forecasts: np.ndarray, data: Recordings) -> np.ndarray:
    held = [
        valid_time(a, f, dt=data.dt, threshold=0.4, scale=data.spread).time if np.isfinite(f[0]).all() else 0.0
        for a, f in zip(truth, forecasts, strict=True)
    ]
    return np.array(held, dtype=float)


def _mean(squared: np.ndarray) -> float:
    return float(np.mean(np.where(np.isfinite(squared), squared, np.inf)))
