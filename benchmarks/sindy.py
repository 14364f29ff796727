"""How much faster are sparse fits, ensembles, hyperparameter grids and rollouts than PySINDy 2.1 on the same work?

CPU time of one thread, the best of several passes. Where PySINDy takes minutes, it runs a share of the models or of
the grid and its time is scaled up; the table says so.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("MKL_NUM_THREADS", "1")

import numpy as np

from inscape.models import SINDy, dictionary
from inscape.models.normal_equations import block_bootstrap, normal_equations, row_bootstrap
from inscape.models.stlsq import stlsq
from inscape.trajectories import Trajectory


def cpu_seconds(work: Callable[[], Any], passes: int = 3) -> float:
    best = np.inf
    for _ in range(passes):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def lorenz(samples: int, dt: float = 0.002) -> tuple[np.ndarray, np.ndarray]:
    def rate(s: np.ndarray) -> np.ndarray:
        x, y, z = s
        return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z])

    return _carried(rate, np.array([-8.0, 8.0, 27.0]), samples, dt)


def lorenz96(samples: int, size: int = 20, dt: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
    def rate(s: np.ndarray) -> np.ndarray:
        return (np.roll(s, -1) - np.roll(s, 2)) * np.roll(s, 1) - s + 8.0

    start = 8.0 + np.random.default_rng(0).normal(size=size)
    states, rates = _carried(rate, start, samples + 500, dt)
    return states[500:], rates[500:]


def _carried(rate: Callable[[np.ndarray], np.ndarray], s: np.ndarray, samples: int, dt: float) -> tuple[Any, Any]:
    states, rates = np.empty((samples, len(s))), np.empty((samples, len(s)))
    for k in range(samples):
        k1 = rate(s)
        states[k], rates[k] = s, k1
        k2 = rate(s + dt / 2 * k1)
        k3 = rate(s + dt / 2 * k2)
        s = s + dt / 6 * (k1 + 2 * k2 + 2 * k3 + rate(s + dt * k3))
    return states, rates


def swing_up(samples: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A cart-pole under random pushes: states (x, cos, sin, v, w), inputs, next states."""
    rng = np.random.default_rng(0)
    angle, u = rng.uniform(-np.pi, np.pi, samples), rng.uniform(-1, 1, samples)
    x, v, w = rng.normal(size=samples), 2 * rng.normal(size=samples), 3 * rng.normal(size=samples)
    s = np.stack([x, np.cos(angle), np.sin(angle), v, w], axis=1)
    pull = 6 * u + 0.1 * s[:, 2] * w**2
    rates = np.stack([v, -s[:, 2] * w, s[:, 1] * w, pull, 9.8 * s[:, 2] - s[:, 1] * pull], axis=1)
    return s, u[:, None], s + 0.01 * rates + 1e-4 * rng.normal(size=s.shape)


def pysindy_single(x: np.ndarray, y: np.ndarray, threshold: float, alpha: float) -> None:
    from pysindy.optimizers import STLSQ

    STLSQ(threshold=threshold, alpha=alpha).fit(x, y)


def pysindy_ensemble(x: np.ndarray, y: np.ndarray, threshold: float, alpha: float, models: int, drop: bool) -> None:
    from pysindy.optimizers import STLSQ, EnsembleOptimizer

    inner = STLSQ(threshold=threshold, alpha=alpha)
    EnsembleOptimizer(inner, bagging=True, library_ensemble=drop, n_models=models).fit(x, y)


def ours(x: np.ndarray, y: np.ndarray, threshold: Any, alpha: Any, draw: Any = None, models: int = 20) -> np.ndarray:
    rng = np.random.default_rng(0)
    equations = normal_equations(x, y) if draw is None else draw(x, y, models, rng)
    return stlsq(equations, threshold, alpha)


def fits() -> list[tuple[str, float, float, str]]:
    rows = []
    states, rates = lorenz(10_000)
    names = ["x", "y", "z"]
    for degree in (2, 5):
        x = dictionary.polynomial(degree).terms(names).columns(states)
        theirs = cpu_seconds(lambda x=x: pysindy_single(x, rates, 0.1, 0.05))
        mine = cpu_seconds(lambda x=x: ours(x, rates, 0.1, 0.05), 10)
        rows.append((f"Lorenz, degree {degree} (p {x.shape[1]}), N 10k, single", theirs, mine, ""))
    theirs = 5 * cpu_seconds(lambda: pysindy_ensemble(x, rates, 0.1, 0.05, 20, False), 1)
    for label, draw in (("rows", row_bootstrap), ("blocks", block_bootstrap)):
        mine = cpu_seconds(lambda draw=draw: ours(x, rates, 0.1, 0.05, draw, 100))
        rows.append((f"Lorenz, degree 5, 100 models, {label}", theirs, mine, "20 of 100 models, scaled"))

    states, rates = lorenz96(20_000)
    x = dictionary.polynomial(2).terms([f"x{i}" for i in range(20)]).columns(states)
    theirs = cpu_seconds(lambda: pysindy_single(x, rates, 0.1, 0.05), 1)
    rows.append(
        ("Lorenz-96, 20 states (p 231), N 20k, single", theirs, cpu_seconds(lambda: ours(x, rates, 0.1, 0.05)), "")
    )
    theirs = 10 * cpu_seconds(lambda: pysindy_ensemble(x, rates, 0.1, 0.05, 2, False), 1)
    for label, draw in (("rows", row_bootstrap), ("blocks", block_bootstrap)):
        mine = cpu_seconds(lambda draw=draw: ours(x, rates, 0.1, 0.05, draw), 2)
        rows.append((f"Lorenz-96, 20 models, {label}", theirs, mine, "2 of 20 models, scaled"))

    s, u, following = swing_up(16_000)
    terms = dictionary.affine(2, tensor=True).terms(["x", "c", "s", "v", "w"], ["u"])
    x = terms.columns(s, u)
    keep = np.ones((20, x.shape[1]), dtype=bool)
    keep[np.arange(20), np.random.default_rng(0).integers(0, x.shape[1], 20)] = False
    theirs = cpu_seconds(lambda: pysindy_ensemble(x, following, 7e-3, 5e-5, 20, True), 1)
    for label, draw in (("rows", row_bootstrap), ("blocks", block_bootstrap)):
        mine = cpu_seconds(
            lambda draw=draw: stlsq(draw(x, following, 20, np.random.default_rng(0)), 7e-3, 5e-5, keep=keep)
        )
        rows.append((f"swing-up refit, N 16k, p 41, 20 models, {label}", theirs, mine, ""))

    x = dictionary.polynomial(3, bias=False).terms(["x", "c", "s", "v", "w"]).columns(s)
    target = np.tanh(2 * s[:, 2:3] - s[:, 4:5] + 0.3 * s[:, 3:4] * s[:, 1:2])
    values = 10.0 ** np.arange(-6, -1)
    thresholds, alphas = (g.ravel() for g in np.meshgrid(values, values))
    theirs = 25 * cpu_seconds(lambda: pysindy_ensemble(x, target, 1e-4, 1e-4, 20, False), 1)
    for label, draw in (("rows", row_bootstrap), ("blocks", block_bootstrap)):
        mine = cpu_seconds(lambda draw=draw: ours(x, target, thresholds, alphas, draw))
        rows.append((f"policy grid 25 x 20 models, N 16k, p 55, {label}", theirs, mine, "1 of 25, scaled"))
    return rows


def bounded_law(samples: int) -> tuple[np.ndarray, np.ndarray]:
    """A driven quadratic map of five states that stays bounded: rollouts of any length can be timed on it."""
    rng = np.random.default_rng(0)
    turn = 0.9 * np.linalg.qr(rng.normal(size=(5, 5)))[0]
    u, s = rng.uniform(-1, 1, (samples, 1)), np.zeros((samples, 5))
    for k in range(samples - 1):
        s[k + 1] = turn @ s[k] + 0.1 * s[k] * np.roll(s[k], 1) * [1, -1, 1, -1, 0] + 0.1 * u[k]
    return s, u


def rollouts() -> list[tuple[str, float, float, str]]:
    import pysindy

    s, u = bounded_law(2_000)
    run = Trajectory(np.arange(float(len(s))), s, u)
    law = SINDy(dictionary.polynomial(2), threshold=1e-3, alpha=1e-8, time="discrete").fit(run)
    peer = pysindy.DiscreteSINDy(
        optimizer=pysindy.STLSQ(threshold=1e-3, alpha=1e-8), feature_library=pysindy.PolynomialLibrary(2)
    )
    peer.fit(s, t=1, u=u)
    steps, count = 100_000, 300
    rng = np.random.default_rng(1)
    start, pushes = 0.1 * rng.normal(size=(256, 5)), rng.uniform(-1, 1, (256, steps // 10, 1))
    alone = rng.uniform(-1, 1, (1, steps, 1))
    theirs = peer.simulate(start[0], t=count, u=alone[0, :count])
    mine = law.simulate(start[:1], count - 1, alone[:, : count - 1])[0]
    assert np.abs(theirs - mine).max() < 1e-6, "the two laws do not move alike"

    one = cpu_seconds(lambda: peer.simulate(start[0], t=count, u=alone[0, :count])) / count
    single = cpu_seconds(lambda: law.simulate(start[:1], steps, alone)) / steps
    together = cpu_seconds(lambda: law.simulate(start, steps // 10, pushes)) / (256 * steps // 10)
    return [
        ("rollout, one world, per step", one, single, f"{1 / one:,.0f} against {1 / single:,.0f} steps/s"),
        ("rollout, 256 worlds, per step", one, together, f"{1 / together:,.0f} steps/s"),
    ]


def main() -> None:
    warnings.simplefilter("ignore")
    table = fits() + rollouts()
    print(f"{'case':<52} {'PySINDy':>11} {'inscape':>11} {'ratio':>9}")
    for case, theirs, mine, note in table:
        print(f"{case:<52} {_time(theirs):>11} {_time(mine):>11} {theirs / mine:>8.0f}x  {note}")


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


if __name__ == "__main__":
    main()
