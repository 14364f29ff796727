"""How `learn` chooses among all laws on a short training series; its judge stands in `inscape.models.selection`."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import clone

from inscape.analysis import smape
from inscape.models.model import Model


@dataclass(frozen=True, eq=False)
class Choice:
    model: Model
    ranking: list[tuple[str, str, float, Model]]
    seconds: float


def choose(training: Float[np.ndarray, "time state"], dt: float, horizon: int, *, seed: int = 0) -> Any:
    """The law that `learn` would take, judged on the training series alone."""
    try:
        from inscape.models import selection
    except ImportError:
        return _stopgap(training, dt, horizon)
    return selection.choose(training, dt, horizon, seed=seed)


def _stopgap(training: np.ndarray, dt: float, horizon: int) -> Choice:
    from inscape.models.registry import candidates

    started = time.process_time()
    cut = len(training) - horizon
    known, future = training[:cut], training[cut:]
    from inscape.trajectories import as_trajectories

    ranking = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for c in candidates(as_trajectories(known, dt)):
            try:
                answer = clone(c.model).fit(known, dt=dt).forecast(known, horizon).states
                ranking.append((c.label, c.family, float(smape(future, answer)), c.model))
            except Exception:
                continue
    ranking.sort(key=lambda r: r[2])
    return Choice(ranking[0][3], ranking, time.process_time() - started)
