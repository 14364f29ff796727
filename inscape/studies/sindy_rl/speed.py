"""Bars 2 and 3: what fits and roll-outs cost beside PySINDy, in CPU seconds of one thread on the same arrays."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from inscape.extras import require
from inscape.models import SINDy, dictionary
from inscape.models.normal_equations import NormalEquations, block_bootstrap, row_bootstrap
from inscape.models.stlsq import stlsq
from inscape.studies.sindy_rl.engine import pushed_pole
from inscape.trajectories import Trajectory

Draw = Callable[..., NormalEquations]
BOOTSTRAPS: dict[str, Draw] = {"rows": row_bootstrap, "blocks": block_bootstrap}


def cpu_seconds(work: Callable[[], Any], passes: int = 3) -> float:
    """CPU seconds of the fastest of so many passes."""
    best = np.inf
    for _ in range(passes):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return float(best)


def fits(item: dict[str, Any]) -> dict[str, Any]:
    """One case: `case` (refit, lorenz96, grid), `rows`, and `theirs`, how many of the models PySINDy fits itself."""
    x, y, thresholds, alphas, drop = CASES[item["case"]](item["rows"])
    models, pairs = 20, np.size(thresholds)
    threshold, alpha = float(np.ravel(thresholds)[0]), float(np.ravel(alphas)[0])
    optimizers = require("pysindy.optimizers", "studies")

    def peer() -> None:
        inner = optimizers.STLSQ(threshold=threshold, alpha=alpha)
        many = {"bagging": True, "library_ensemble": drop, "n_models": item["theirs"]}
        optimizers.EnsembleOptimizer(inner, **many).fit(x, y)

    keep = np.ones((models, x.shape[1]), dtype=bool)
    if drop:
        keep[np.arange(models), np.random.default_rng(0).integers(0, x.shape[1], models)] = False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = cpu_seconds(peer, 1) * models / item["theirs"] * pairs
    found: dict[str, Any] = {"case": item["case"], "theirs": theirs}
    for name, draw in BOOTSTRAPS.items():

        def ours(draw: Draw = draw) -> None:
            stlsq(draw(x, y, models, np.random.default_rng(0)), thresholds, alphas, keep=keep)

        found[name] = cpu_seconds(ours, 2)
    return found


def _refit(rows: int) -> tuple[np.ndarray, np.ndarray, Any, Any, bool]:
    s, u, following = pushed_pole(np.random.default_rng(0), rows)
    x = dictionary.affine(2, tensor=True).terms(list("xcsvw"), ["u"]).columns(s, u)
    return x, following, 7e-3, 5e-5, True


def _lorenz96(rows: int) -> tuple[np.ndarray, np.ndarray, Any, Any, bool]:
    def rate(s: np.ndarray) -> np.ndarray:
        return (np.roll(s, -1) - np.roll(s, 2)) * np.roll(s, 1) - s + 8.0

    dt, s = 0.01, 8.0 + np.random.default_rng(0).normal(size=20)
    states = np.empty((rows, 20))
    for k in range(-500, rows):
        k1 = rate(s)
        if k >= 0:
            states[k] = s
        k2 = rate(s + dt / 2 * k1)
        k3 = rate(s + dt / 2 * k2)
        s = s + dt / 6 * (k1 + 2 * k2 + 2 * k3 + rate(s + dt * k3))
    rates = (np.roll(states, -1, 1) - np.roll(states, 2, 1)) * np.roll(states, 1, 1) - states + 8.0
    return dictionary.polynomial(2).terms([f"x{i}" for i in range(20)]).columns(states), rates, 0.1, 0.05, False


def _grid(rows: int) -> tuple[np.ndarray, np.ndarray, Any, Any, bool]:
    s, _, _ = pushed_pole(np.random.default_rng(0), rows)
    x = dictionary.polynomial(3, bias=False).terms(list("xcsvw")).columns(s)
    target = np.tanh(2 * s[:, 2:3] - s[:, 4:5] + 0.3 * s[:, 3:4] * s[:, 1:2])
    values = 10.0 ** np.arange(-6, -1)
    thresholds, alphas = (g.ravel() for g in np.meshgrid(values, values))
    # PySINDy's time is taken at one pair of the middle and scaled up.
    order = np.argsort(np.abs(np.log10(thresholds) + 4) + np.abs(np.log10(alphas) + 4))
    return x, target, thresholds[order], alphas[order], False


CASES: dict[str, Callable[[int], tuple[np.ndarray, np.ndarray, Any, Any, bool]]] = {
    "refit": _refit,
    "lorenz96": _lorenz96,
    "grid": _grid,
}


def rollouts(item: dict[str, Any]) -> dict[str, float]:
    """Seconds a step of a driven quadratic map of five states that stays bounded: PySINDy, one world, 256 worlds."""
    pysindy = require("pysindy", "studies")
    rng = np.random.default_rng(0)
    turn = 0.9 * np.linalg.qr(rng.normal(size=(5, 5)))[0]
    u, s = rng.uniform(-1, 1, (2000, 1)), np.zeros((2000, 5))
    for k in range(1999):
        s[k + 1] = turn @ s[k] + 0.1 * s[k] * np.roll(s[k], 1) * [1, -1, 1, -1, 0] + 0.1 * u[k]
    law = SINDy(dictionary.polynomial(2), threshold=1e-3, alpha=1e-8, time="discrete")
    law.fit(Trajectory(np.arange(2000.0), s, u))
    optimizer = pysindy.STLSQ(threshold=1e-3, alpha=1e-8)
    peer = pysindy.DiscreteSINDy(optimizer=optimizer, feature_library=pysindy.PolynomialLibrary(2))
    steps, few = item["steps"], item["their_steps"]
    start, pushes = 0.1 * rng.normal(size=(256, 5)), rng.uniform(-1, 1, (256, steps // 10, 1))
    alone = rng.uniform(-1, 1, (1, steps, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer.fit(s, t=1, u=u)
        told = peer.simulate(start[0], t=few, u=alone[0, :few])
        mine = law.simulate(start[:1], few - 1, alone[:, : few - 1])[0]
        theirs = cpu_seconds(lambda: peer.simulate(start[0], t=few, u=alone[0, :few]), 2) / few
    one = cpu_seconds(lambda: law.simulate(start[:1], steps, alone)) / steps
    many = cpu_seconds(lambda: law.simulate(start, steps // 10, pushes)) / (256 * (steps // 10))
    return {"theirs": theirs, "one": one, "many": many, "apart": float(np.abs(told - mine).max())}
