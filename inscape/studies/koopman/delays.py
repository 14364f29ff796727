"""Claim C4: on Lorenz and Rossler, delays of all coordinates or of one; EDMD's residuals against the verified set."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.analysis.error_control import spectrum_with_error_control
from inscape.models.koopman import Dictionary
from inscape.studies.koopman.duffing import held_out_residuals, operator
from inscape.systems import zoo

INTERVAL = 0.05
PARAMETERS: dict[str, dict[str, float]] = {"Lorenz": {}, "Rossler": {"a": 0.1, "b": 0.1, "c": 14.0}}


def worst_of_delays(item: dict[str, Any]) -> dict[str, Any]:
    """EDMD's eigenvalues and the verified set of one system: `item` holds `system`, `delays`, `first_only`, `samples`,
    `seed`, `shuffled`.

    Residuals of EDMD's eigenpairs are measured on a second run; the points of the verified set are EDMD's eigenvalues.
    """
    system: Any = zoo[item["system"]].with_parameters(**PARAMETERS[item["system"]])
    times = INTERVAL * np.arange(item["samples"] + item["delays"])
    runs = system.simulate(times=times, runs=2, seed=item["seed"], transient=100.0).stack()
    states = runs[..., :1] if item["first_only"] else runs
    # The constant would swallow every point near 1; without it, a mean must not stand in the delays.
    states = states - states[0].mean(axis=0)
    windows = [
        np.lib.stride_tricks.sliding_window_view(run, item["delays"], axis=0).transpose(0, 2, 1) for run in states
    ]
    before, after = windows[0][:-1], windows[0][1:]
    if item["shuffled"]:
        after = after[np.random.default_rng(item["seed"]).permutation(len(after))]
    dictionary = Dictionary.delays(item["delays"]).fit(windows[0])
    galerkin = operator(dictionary, before, after)
    _, residuals = held_out_residuals(dictionary, galerkin, windows[1][:-1], windows[1][1:])
    errors = spectrum_with_error_control(galerkin, measure_preserving=True).errors
    return {
        "edmd_worst": float(residuals.max()),
        "edmd_median": float(np.median(residuals)),
        "kept_worst": float(errors.max()) if len(errors) else np.nan,
        "kept_best": float(errors.min()) if len(errors) else np.nan,
        "kept": len(errors),
        "functions": galerkin.features,
        "rank": galerkin.rank,
    }
