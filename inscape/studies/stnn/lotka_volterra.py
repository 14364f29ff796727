"""Lotka-Volterra in ten environments (the LEADS benchmark): one net that reads its environment from four samples."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.models.leads import LEADS
from inscape.models.structured import DenseNet, HankelNet, Network, StNN
from inscape.models.structured.training import train_lm
from inscape.systems import from_text
from inscape.trajectories import Trajectories, Trajectory

ENVIRONMENTS = (
    (0.5, 0.5, 0.5, 0.5),
    (0.25, 0.5, 0.5, 0.5),
    (0.75, 0.5, 0.5, 0.5),
    (1.0, 0.5, 0.5, 0.5),
    (0.5, 0.5, 0.25, 0.5),
    (0.5, 0.5, 0.75, 0.5),
    (0.5, 0.5, 1.0, 0.5),
    (0.25, 0.5, 0.25, 0.5),
    (0.75, 0.5, 0.75, 0.5),
    (1.0, 0.5, 1.0, 0.5),
)
"""alpha, beta, gamma, delta of each environment (yuan-yin/LEADS)."""
INTERVAL, SAMPLES, TESTS = 0.5, 20, 32
WINDOW = 4
PAPER_MSE = 1.16e-3
PAPER_EPOCHS = 120_000


LAW = """
name: Lotka-Volterra
x' = alpha*x - beta*x*y
y' = delta*x*y - gamma*y
alpha = 0.5; beta = 0.5; gamma = 0.5; delta = 0.5
x(0) = 1.5
y(0) = 1.5
"""


@lru_cache(maxsize=4)
def runs_of(seed: int, same_starts: bool) -> tuple[Trajectories, Float[np.ndarray, "environment run time state"]]:
    """One training run an environment, its number in the context, and 32 test runs; starts uniform in [1, 2]^2.

    Parameters
    ----------
    same_starts : every environment starts from the same states, as the released code has it; the paper says that they
        are drawn.
    """
    times = INTERVAL * np.arange(SAMPLES)
    random = np.random.default_rng([seed, 23])
    law: Any = from_text(LAW)
    training, tests = [], []
    common = 1.0 + random.random((1 + TESTS, 2))
    for number, values in enumerate(ENVIRONMENTS):
        own = 1.0 + random.random((1 + TESTS, 2))
        starts = common if same_starts else own
        system = law.with_parameters(**dict(zip(("alpha", "beta", "gamma", "delta"), values, strict=True)))
        states = np.stack([run.states for run in system.simulate(starts, times)])
        training.append(Trajectory(times, states[0], context={"environment": str(number)}, state_names=("x", "y")))
        tests.append(states[1:])
    return Trajectories(training), np.stack(tests)


def leads_score(item: dict[str, Any]) -> dict[str, Any]:
    """Test errors of LEADS by environment.

    `item` holds `seed`, `epochs`, `shared` (False: one network an environment) and `same_starts`. The answer's `mse`
    counts every sample of a run from its first, which is given, as the paper does; `mse_after_window` forecasts the
    samples after the fourth from the fourth, as the windowed nets do.
    """
    training, tests = runs_of(item["seed"], item["same_starts"])
    began = time.process_time()
    model = LEADS(epochs=item["epochs"], shared=item["shared"], seed=item["seed"] % 2**31).fit(training)
    seconds = time.process_time() - began
    whole, after = [], []
    for number, runs in enumerate(tests):
        found = model.forecasts(runs[:, 0], SAMPLES - 1, str(number))
        whole.append(np.mean((np.concatenate([runs[:, :1], found], axis=1) - runs) ** 2))
        found = model.forecasts(runs[:, WINDOW - 1], SAMPLES - WINDOW, str(number))
        after.append(np.mean((found - runs[:, WINDOW:]) ** 2))
    return {
        "mse": np.array(whole),
        "mse_after_window": np.array(after),
        "parameters": model.parameter_count,
        "seconds": seconds,
        "loss": float(model.loss_[-20:].mean()),
    }


JITTER, COPIES, STEPS = 2e-3, 10, 60
"""Training: noise on the standardised window, in its standard deviations; how often each window is repeated with fresh
noise; steps of Levenberg-Marquardt. With 160 windows in all, the noise is what keeps the answers from growing."""
ROOM = 3.0
"""A forecast is held within this many e-folds of the training range, so that one lost run has a finite error."""


def window_nets() -> dict[str, Network]:
    """The nets of at most 1,200 weights that read their environment from four samples."""
    return {
        "StNN p=4, no activation": StNN(4, activation="identity"),
        "HankelNet p=4, no activation": HankelNet(4, activation="identity"),
        "StNN p=4, leaky ReLU": StNN(4),
        "HankelNet p=4, tanh": HankelNet(4),
        "dense, 12 tanh units": DenseNet((12,)),
    }


def window_score(item: dict[str, Any]) -> dict[str, Any]:
    """Test errors by environment of one net for all environments.

    The window of four samples tells the environment; nothing else does. The net answers with the increment of
    log x and log y, from standardised log x and log y and, if `both`, x and y beside them: a per-capita rate of
    change is linear in the other species, so a law of the logarithms needs the plain numbers. `item` holds `net` (of
    `window_nets`), `both`, `seed` and `same_starts`. `mse` is over the 16 samples after the window.
    """
    training, tests = runs_of(item["seed"], item["same_starts"])
    logs = np.log(np.stack([run.states for run in training]))
    windows = np.concatenate([logs[:, k : k + WINDOW] for k in range(SAMPLES - WINDOW)])
    answers = np.concatenate([logs[:, k + WINDOW] - logs[:, k + WINDOW - 1] for k in range(SAMPLES - WINDOW)])
    seen = _features(windows, item["both"])
    centre, spread = seen.mean(axis=0), seen.std(axis=0)
    answer_centre, answer_spread = answers.mean(axis=0), answers.std(axis=0)
    random = np.random.default_rng(item["seed"])
    x = np.tile((seen - centre) / spread, (COPIES, 1))
    x = x + JITTER * random.normal(size=x.shape)
    y = np.tile((answers - answer_centre) / answer_spread, (COPIES, 1))
    net = window_nets()[item["net"]]
    inputs = x.shape[1]
    fitted = train_lm(net, net.start(inputs, 2, random), x, y, STEPS, len(x), None, random)
    forward = net.compiled(fitted.weights, inputs, 2)
    low, high = logs.min() - ROOM, logs.max() + ROOM
    errors, examples = [], []
    for runs in tests:
        window, forecast = np.log(runs[:, :WINDOW]), []
        for _ in range(SAMPLES - WINDOW):
            step = forward((_features(window, item["both"]) - centre) / spread) * answer_spread + answer_centre
            following = np.clip(window[:, -1] + step, low, high)
            forecast.append(following)
            window = np.concatenate([window[:, 1:], following[:, None]], axis=1)
        found = np.exp(np.stack(forecast, axis=1))
        errors.append(np.mean((found - runs[:, WINDOW:]) ** 2))
        examples.append(found[0])
    return {
        "mse": np.array(errors),
        "parameters": len(fitted.weights),
        "seconds": fitted.seconds,
        "examples": np.stack(examples),
    }


def _features(windows: np.ndarray, both: bool) -> np.ndarray:
    flat = windows.reshape(len(windows), -1)
    return np.concatenate([flat, np.exp(flat)], axis=1) if both else flat
