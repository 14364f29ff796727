"""Bar 5: what verified spectra cost, beside one Hermitian eigen-solve per point and beside PyDMD's fit."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from inscape.analysis.pseudospectrum import pseudospectrum
from inscape.extras import require
from inscape.models.koopman import Dictionary, KernelEDMD
from inscape.single_thread import single_thread
from inscape.studies.koopman.duffing import operator, pairs, snapshots

TIMED_SOLVES = 6
"""Eigen-solves that are timed; all points cost the same, and 2,272 of them would take minutes."""


def seconds(work: Callable[[], Any], repeats: int) -> float:
    """CPU seconds of the fastest of so many calls: what other work on the machine cannot lengthen."""
    best = np.inf
    for _ in range(repeats):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return float(best)


@single_thread()
def plane_speed(item: dict[str, Any]) -> dict[str, float]:
    """Least residuals of the Duffing oscillator over a grid: `item` holds `size`, `starts`, `columns`, `rows`, `seed`.

    Returns the seconds of both ways, the largest difference of their answers, and the evaluations that ours took.
    """
    from scipy.linalg import eigh

    runs = snapshots(0.0, item["starts"], 5, item["seed"])
    dictionary = Dictionary.rbf(item["size"], standardize=False, seed=0).fit(runs.reshape(-1, 1, 2), ("x", "v"))
    galerkin = operator(dictionary, *pairs(runs))
    grid = np.linspace(-0.5, 1.0, item["columns"]) + 1j * np.linspace(0.0, 1.0, item["rows"])[:, None]
    surface = pseudospectrum(galerkin, grid, tolerance=0.01)
    ours = seconds(lambda: pseudospectrum(galerkin, grid, tolerance=0.01), 2)
    image, cross, identity = galerkin.image, galerkin.cross, np.eye(galerkin.rank)
    flat = grid.ravel()
    chosen = np.linspace(0, flat.size - 1, TIMED_SOLVES).astype(int)

    def solve() -> np.ndarray:
        least = []
        for z in flat[chosen]:
            form = image - z * cross.conj().T - np.conj(z) * cross + abs(z) ** 2 * identity
            least.append(np.sqrt(max(eigh(form, eigvals_only=True, subset_by_index=[0, 0])[0], 0.0)))
        return np.array(least)

    theirs = seconds(solve, 2) * flat.size / TIMED_SOLVES
    difference = float(np.abs(solve() - surface.values.ravel()[chosen]).max())
    return {"ours": ours, "theirs": theirs, "difference": difference, "evaluations": float(surface.evaluations)}


@single_thread()
def fit_speed(item: dict[str, Any]) -> dict[str, float]:
    """Our kernel form with all residuals, and PyDMD's EDMD with none, on the same `size` snapshots."""
    module = require("pydmd", "studies")
    runs = snapshots(0.0, item["size"], 1, item["seed"])
    x, y = runs[:, 0], runs[:, 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = seconds(lambda: KernelEDMD("gaussian", held_out=0).fit_pairs(x, y), 3)
        theirs = seconds(lambda: module.EDMD(svd_rank=-1, kernel_metric="rbf").fit(x.T, y.T), 3)
    return {"ours": ours, "theirs": theirs}
