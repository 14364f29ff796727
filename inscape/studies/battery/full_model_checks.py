"""C3 honestly: a surrogate of PyBaMM's pseudo-2D model, its error, its speed, and when its training is repaid."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.models.operator_surrogate import ProperModes
from inscape.single_thread import single_thread
from inscape.systems.battery import FullModel
from inscape.systems.battery.box import draw_from_box

FULL_BOX = {"i0_a": (0.5, 4.0), "ds_c": (0.5, 5.0), "d_e": (0.5, 2.0), "kappa_e": (0.5, 2.0)}
TIMES = np.linspace(0.0, 2400.0, 136)


def full_surrogate(item: Mapping[str, Any]) -> dict[str, Any]:
    """Errors and costs of proper modes learned from `runs` curves of Chen2020 at 1C, measured on `tests` others.

    item : "runs", "tests".
    """
    if importlib.util.find_spec("pybamm") is None:
        return {"error": None}
    with single_thread():
        truth = FullModel("Chen2020", tuple(FULL_BOX), TIMES)
        truth(np.ones((1, len(FULL_BOX))))  # what is built once is not counted to a curve
        rows = draw_from_box(FULL_BOX, item["tests"], 5)
        before = truth.cpu_seconds
        expected = truth(rows)
        theirs = (truth.cpu_seconds - before) / len(rows)
        found = {}
        for regression in ("polynomial", "network"):
            before = truth.cpu_seconds
            model = ProperModes(FULL_BOX, TIMES, regression=regression, seed=0)
            model.fit_model(truth, item["runs"])
            learned = truth.cpu_seconds - before + model.seconds_
            missed = 1e3 * np.abs(model(rows) - expected)
            batch = draw_from_box(FULL_BOX, 2048, 6)
            costs = []
            for _ in range(5):
                began = time.process_time()
                model(batch)
                costs.append((time.process_time() - began) / len(batch))
            ours = min(costs)
            found[regression] = {
                "mean": float(np.nanmean(missed)),
                "max": float(np.nanmax(missed)),
                "left_out": 1e3 * model.error_,
                "modes": len(model.modes_),
                "degree": model.degree_,
                "us": 1e6 * ours,
                "ratio": theirs / ours,
                "training": learned,
                "repaid": learned / max(theirs - ours, 1e-12),
            }
    best = min(found, key=lambda name: found[name]["mean"])
    return {"error": found[best]["mean"], "best": best, "theirs": theirs, "by": found}
