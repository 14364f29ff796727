"""Beyond the paper: no label, bodies never met, and a map of bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.studies.continual.sequences import options_of, samples_of, worlds_of

WINDOW = 25


def told_apart(item: Mapping[str, Any]) -> dict[str, float]:
    """Which task a stretch of motion comes from: all bodies but the last are learned, all are shown.

    item : "sequence", "train", "seed", "windows" of each task, "settings".
    """
    from inscape.models import ContinualDynamics
    from inscape.models.continual.transitions import Transitions

    worlds = worlds_of(item["sequence"])
    law = ContinualDynamics(**item["settings"], **options_of(item["sequence"]), seed=item["seed"] % 2**31)
    right, called_new, found_new = [], [], []
    samples = [
        samples_of(world, item["sequence"], item["train"], item["windows"] * WINDOW, item["seed"] + 1000 * k)
        for k, world in enumerate(worlds)
    ]
    for sample in samples[:-1]:
        law.partial_fit_pairs(*sample.train, sample.task, sample.dt)
    for sample in samples:
        for first in range(0, item["windows"] * WINDOW, WINDOW):
            guess = law.infer_task(Transitions.of_pairs(*(a[first : first + WINDOW] for a in sample.test)))
            if sample.task in law.tasks_:
                right.append(guess.task == sample.task)
                called_new.append(guess.is_new)
            else:
                found_new.append(guess.is_new)
    return {"right": _share(right), "called_new": _share(called_new), "found_new": _share(found_new)}


def unseen_carts(item: Mapping[str, Any]) -> dict[str, float]:
    """Carts never met, from few steps: the embedding alone is fitted, or a fresh net; and the map of the known ones.

    item : "count" of known carts, "unseen" of others, "train", "few" steps of each unseen one, "seed", "settings".
    """
    from scipy.spatial.distance import pdist
    from scipy.stats import spearmanr

    from inscape.models import ContinualDynamics
    from inscape.models.continual.transitions import Transitions

    worlds = worlds_of("many", item["count"] + item["unseen"], item["seed"])
    law = ContinualDynamics(**item["settings"], seed=item["seed"] % 2**31)
    for k, world in enumerate(worlds[: item["count"]]):
        sample = samples_of(world, "many", item["train"], 1, item["seed"] + 1000 * k)
        law.partial_fit_pairs(*sample.train, sample.task, sample.dt)
    embedded, fresh = [], []
    fresh_settings = {**item["settings"], "method": "single", "batch_size": min(50, item["few"] // 2)}
    for k, world in enumerate(worlds[item["count"] :]):
        sample = samples_of(world, "many", item["few"], 1000, item["seed"] + 777_000 + 1000 * k)
        seen, test = Transitions.of_pairs(*sample.train), Transitions.of_pairs(*sample.test)
        like = law.infer_task(seen).task
        found = law.law_at(law.find_embedding(seen, like), like)
        embedded.append(_error(found, test, law.target_scale_))
        alone = ContinualDynamics(**fresh_settings, seed=item["seed"] % 2**31)
        alone.partial_fit_pairs(*sample.train, sample.task, sample.dt)
        fresh.append(_error(alone.task_law(), test, law.target_scale_))
    known = worlds[: item["count"]]
    pushes = np.array([[w.direction * w.parameters["gear"] / 10.0, w.parameters["pole_length"]] for w in known])
    ranked: Any = spearmanr(pdist(law.embeddings), pdist(pushes / pushes.std(axis=0)))
    return {"embedded": float(np.mean(embedded)), "fresh": float(np.mean(fresh)), "map": float(ranked.statistic)}


def _error(law: Any, test: Any, scale: np.ndarray | None) -> float:
    apart = (law.step(test.states, test.inputs) - test.nexts) / scale
    return float(np.square(apart).mean())


def _share(statements: list[bool]) -> float:
    return 100.0 * float(np.mean(statements)) if statements else float("nan")
