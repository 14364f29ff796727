"""The regression behind the loop: equality with PySINDy, and the hare and the lynx."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from inscape.extras import require
from inscape.models import SINDy, dictionary
from inscape.models.normal_equations import normal_equations
from inscape.models.stlsq import stlsq
from inscape.trajectories import Trajectory

LOTKA_VOLTERRA = {("hare", "hare"), ("hare", "hare*lynx"), ("lynx", "lynx"), ("lynx", "hare*lynx")}


def random_fit(item: dict[str, Any]) -> dict[str, Any] | None:
    """One random regression by PySINDy and by us; every sixth has the collinear dictionary of the swing-up."""
    try:
        theirs_of = require("pysindy.optimizers", "studies").STLSQ
    except ImportError:
        return None
    rng = np.random.default_rng([25, item["number"]])
    x, y, threshold, alpha = _swing_up(rng) if item["number"] % 6 == 5 else _dense(rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = theirs_of(threshold=threshold, alpha=alpha).fit(x, y).coef_
    ours = stlsq(normal_equations(x, y), threshold, alpha)[0, 0]
    scale = np.maximum(np.abs(theirs), np.abs(theirs).max() * 1e-3)
    return {"same": bool(np.array_equal(ours != 0, theirs != 0)), "apart": float(np.max(np.abs(ours - theirs) / scale))}


def _dense(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float, float]:
    rows, terms, targets = int(rng.integers(150, 2500)), int(rng.integers(4, 40)), int(rng.integers(1, 6))
    x = rng.normal(size=(rows, terms)) * 10 ** rng.uniform(-1, 1, terms)
    x = x @ (np.eye(terms) + 0.3 * rng.normal(size=(terms, terms)))
    truth = rng.normal(size=(targets, terms)) * (rng.random((targets, terms)) < 0.4)
    y = x @ truth.T + 0.1 * rng.normal(size=(rows, targets))
    return x, y, float(10 ** rng.uniform(-3, -0.3)), float(rng.choice([0.0, 1e-5, 0.05, 1.0]))


def _swing_up(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float, float]:
    s, u, following = pushed_pole(rng, 2000)
    return dictionary.affine(2, tensor=True).terms(list("xcsvw"), ["u"]).columns(s, u), following, 7e-3, 5e-5


def pushed_pole(rng: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A cart-pole under random pushes: states (x, cos, sin, v, w), inputs and next states; u, u cos^2, u sin^2 are
    exactly collinear."""
    angle, u = rng.uniform(-np.pi, np.pi, rows), rng.uniform(-1, 1, rows)
    x, v, w = rng.normal(size=rows), 2 * rng.normal(size=rows), 3 * rng.normal(size=rows)
    s = np.stack([x, np.cos(angle), np.sin(angle), v, w], axis=1)
    pull = 6 * u + 0.1 * s[:, 2] * w**2
    rates = np.stack([v, -s[:, 2] * w, s[:, 1] * w, pull, 9.8 * s[:, 2] - s[:, 1] * pull], axis=1)
    return s, u[:, None], s + 0.01 * rates + 1e-4 * rng.normal(size=s.shape)


def lynx_and_hare(models: int) -> dict[str, Any]:
    """Inclusion of every term in the law of the Hudson's Bay pelts, and the time of the second fit."""
    table = np.loadtxt(Path(__file__).with_name("lynx_hare.csv"), delimiter=",", skiprows=1)
    run = Trajectory(table[:, 0], table[:, 1:] / table[:, 1:].std(axis=0), state_names=("hare", "lynx"))
    options: dict[str, Any] = {"derivative": "finite", "derivative_options": {"order": 2}}
    model = SINDy(dictionary.polynomial(2), threshold=0.19, ensemble=models, bootstrap="rows", **options)
    model.fit(run)
    started = time.process_time()
    model.fit(run)
    seconds = time.process_time() - started
    shares = [
        {"state": state, "term": term, "inclusion": float(share), "true": (state, term) in LOTKA_VOLTERRA}
        for state, row in zip(model.state_names_, model.inclusion_, strict=True)
        for term, share in zip(model.terms_.names, row, strict=True)
    ]
    return {"shares": shares, "seconds": seconds, "equations": list(model.equations())}
