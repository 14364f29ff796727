"""Our laws in the contest: `learn`'s own choice, and the best of every family, all chosen on the train series alone."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import clone

from inscape.models.model import Model
from inscape.models.registry import Candidate
from inscape.models.selection import choose
from inscape.studies.contest.arena import Bout, bout, on_one_thread, two_series

LEARN = "inscape learn"
"""The name of `learn`'s own choice among the contestants."""

FAILED = {"smape": 200.0, "valid": 0.0}
"""What a law that cannot answer scores."""


@on_one_thread
def judged(item: dict[str, Any]) -> dict[str, Any]:
    """Every cell of the contest on one system.

    `item` holds `name`, `per_period`, `seed`, `cells`, a list of [view, noise], and `laws`, the families that take part
    (None for all). Returns {"name", "cells", "seconds"}, one entry
    for each cell as of `judged_bout`, and the CPU time; no cells where the system does not hold out.
    """
    started = time.process_time()
    runs = two_series(item)
    if runs is None:
        return {"name": item["name"], "cells": [], "seconds": time.process_time() - started}
    cells = []
    for view, noise in item["cells"]:
        seen = bout(runs, item["per_period"], view=view, noise=noise, seed=item["seed"])
        cells.append(judged_bout(seen, item["laws"], seed=item["seed"] % 2**31))
    return {"name": item["name"], "cells": cells, "seconds": time.process_time() - started}


def judged_bout(seen: Bout, laws: Sequence[str] | None = None, *, seed: int = 0) -> dict[str, Any]:
    """Scores of `learn`'s choice and of the best of every family in one bout.

    Returns
    -------
    "label" of the choice, "tried" settings, "tuning" and "answering" CPU seconds, and "scores": for `LEARN` and for
    each family its sMAPE, valid time in periods, and label.
    """
    started = time.process_time()
    choice = choose(seen.train, seen.dt, horizon=seen.horizon, laws=laws, seed=seed)
    tuning = time.process_time() - started
    able = [tried.candidate for tried in choice.ranking if tried.score is not None]
    best: dict[str, Candidate] = {}
    for candidate in able:
        best.setdefault(candidate.family, candidate)
    started = time.process_time()
    scores: dict[str, dict[str, Any]] = {LEARN: {"label": able[0].label, **seen.score(answer(choice.model, seen))}}
    answering = time.process_time() - started
    for family, candidate in best.items():
        is_chosen = candidate is able[0]
        scores[family] = (
            {**scores[LEARN]} if is_chosen else {"label": candidate.label, **seen.score(answer(candidate.model, seen))}
        )
    return {
        "label": able[0].label,
        "tried": len(choice.ranking),
        "tuning": tuning,
        "answering": answering,
        "scores": scores,
    }


def answer(model: Model, seen: Bout) -> Float[np.ndarray, "future state"]:
    """The forecast of a law fitted anew on the known part; NaN throughout where it cannot be fitted."""
    try:
        with warnings.catch_warnings():
            # Solvers warn about every rank-deficient fit; a poor law shows in its score.
            warnings.simplefilter("ignore")
            return clone(model).fit(seen.known, dt=seen.dt).forecast(seen.known, len(seen.future)).states
    except Exception:  # whatever breaks a law, it has no answer, which scores as badly as can be
        return np.full(seen.future.shape, np.nan)
