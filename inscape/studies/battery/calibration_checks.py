"""Calibration with the exact solver and with surrogates: agreement, coverage, cost, what can be told apart."""

from __future__ import annotations

import importlib.util
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from inscape.analysis.calibration import CalibrationWarning, calibrate, error_budget, identifiability
from inscape.analysis.calibration.curve_model import CurveModel
from inscape.models.operator_surrogate import ChebyshevSurrogate, ProfileFormula
from inscape.single_thread import single_thread
from inscape.studies.battery.claims import BOX, C_RATE, NOISE
from inscape.systems.battery import SingleParticle, nmc_graphite

TIMES = np.linspace(10.0, 1350.0, 100)
TRUTHS = {"(2, 2)": (2.0, 2.0), "(0.5, 1)": (0.5, 1.0)}
SURROGATES = ("Chebyshev, 6 terms", "quartic", "parabola")


def forward(name: str) -> Callable[[np.ndarray], np.ndarray]:
    """A model of the 100 voltages by name; "exact" is the solver on 32 shells and 5 s."""
    cell = SingleParticle(nmc_graphite(), c_rate=C_RATE)
    if name == "exact":
        return SingleParticle(nmc_graphite(), c_rate=C_RATE, shells=32, longest_step=5.0).forward(tuple(BOX), TIMES)
    if name.startswith("Chebyshev"):
        return ChebyshevSurrogate(cell, BOX, TIMES, terms=int(name.split()[1]))
    return ProfileFormula(cell, BOX, TIMES, shape=name)  # type: ignore[arg-type]


def measured_curve(truth: tuple[float, float], noise_seed: int) -> np.ndarray:
    """100 voltages of the finest solver with 3 mV of noise."""
    fine = SingleParticle(nmc_graphite(), c_rate=C_RATE, shells=100, longest_step=1.0)
    curve = fine.forward(tuple(BOX), TIMES)(np.array([truth]))[0]
    return curve + NOISE * np.random.default_rng([12, noise_seed]).standard_normal(len(curve))


def posteriors(item: Mapping[str, Any]) -> dict[str, Any]:
    """Means, deviations and 68 % intervals of one noisy curve by every model.

    item : "truth" (key of `TRUTHS`), "noise" seed, "points" of the grid.
    """
    observed = measured_curve(TRUTHS[item["truth"]], item["noise"])
    found: dict[str, Any] = {"truth": list(TRUTHS[item["truth"]])}
    for name in ("exact", *SURROGATES):
        with warnings.catch_warnings():
            # The truth (0.5, 1) of the paper lies on the corner of its own box.
            warnings.simplefilter("ignore", CalibrationWarning)
            result = calibrate(
                forward(name), observed, sigma=NOISE, prior=BOX, names=tuple(BOX), points=item["points"], draws=4000
            )
        found[name] = {
            "means": [result.means[n] for n in BOX],
            "sigmas": [result.sigmas[n] for n in BOX],
            "intervals": [list(result.posterior.interval(n)) for n in BOX],
        }
        if name == "exact" and item.get("keep"):
            found["samples"] = result.posterior.samples[:1500]
            found["observed"] = observed
            found["band"] = np.stack(result.predict())
    return found


def likelihood_cost(item: Mapping[str, Any]) -> float:
    """CPU seconds of `count` likelihoods by the chosen surrogate, one thread."""
    target = CurveModel(forward(SURROGATES[0]), measured_curve((2.0, 2.0), 0), NOISE, tuple(BOX), BOX)
    levels = np.random.default_rng(0).random((item["count"], 2))
    with single_thread():
        target.log_likelihood(target.parameters(levels[:10]))
        costs = []
        for _ in range(3):
            began = time.process_time()
            for k in range(0, len(levels), 2048):
                target.log_likelihood(target.parameters(levels[k : k + 2048]))
            costs.append(time.process_time() - began)
    return float(min(costs))


def nuts_difference(item: Mapping[str, Any]) -> float | None:
    """Largest difference of the posterior means by NUTS and on the grid, in deviations.

    item : "draws", "warmup".
    """
    if importlib.util.find_spec("numpyro") is None:
        return None
    observed = measured_curve((2.0, 2.0), 0)
    model = forward(SURROGATES[0])
    grid = calibrate(model, observed, sigma=NOISE)
    walk = calibrate(model, observed, sigma=NOISE, sampler="nuts", draws=item["draws"], warmup=item["warmup"], chains=2)
    return float(max(abs(walk.means[n] - grid.means[n]) / grid.sigmas[n] for n in BOX))


def information(_: Mapping[str, Any]) -> dict[str, Any]:
    """Bar 6: Fisher's deviations at (2, 2), and what a smooth error of 2 mV does there."""
    model = forward("exact")
    at = dict(zip(BOX, (2.0, 2.0), strict=True))
    known = identifiability(model, at, sigma=NOISE)
    budget = error_budget(model, at, error=2e-3, sigma=NOISE)
    return {
        "sigmas": known.sigmas,
        "correlation": float(known.correlation[0, 1]),
        "report": list(known.report()),
        "bias": budget.median,
        "bias_in_sigmas": budget.median_in_sigmas,
        "error_for_a_fifth": 1e3 * budget.error_for(0.2),
    }


def network_bias(errors: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Shift (parameter,) in deviations that a network's voltage error (time,) V at (2, 2) causes."""
    model = forward("exact")
    known = identifiability(model, dict(zip(BOX, (2.0, 2.0), strict=True)), sigma=NOISE)
    error = np.interp(TIMES, times, errors)
    move = -np.linalg.lstsq(known.sensitivities, error, rcond=None)[0] * known.at
    return move / known.sigmas
