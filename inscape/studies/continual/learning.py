"""One sequence of bodies learned by one method, task after task: the arms of study 15 that predict."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.studies.continual.sequences import Samples, options_of, samples_of, worlds_of


def learned(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Errors on every task after every task, for several arms on the same samples.

    item : "sequence", "count" (tasks; all if None), "train" and "test" samples a task, "seed", and "arms": a list of
        settings of `ContinualDynamics`, "method" among them; "together" learns all tasks at once.
    """
    worlds = worlds_of(item["sequence"], item.get("count"), item["seed"])
    samples = [
        samples_of(world, item["sequence"], item["train"], item["test"], item["seed"] + 1000 * k)
        for k, world in enumerate(worlds)
    ]
    return [arm_learned(arm, samples, item) for arm in item["arms"]]


def arm_learned(arm: Mapping[str, Any], samples: list[Samples], item: Mapping[str, Any]) -> dict[str, Any]:
    """The matrix of errors of one arm, with CPU seconds a minibatch of each task and bytes kept after each."""
    from inscape.models import ContinualDynamics
    from inscape.models.continual.transitions import Transitions

    settings = dict(arm)
    together = settings.pop("together", False)
    law = ContinualDynamics(**settings, **options_of(item["sequence"]), seed=item["seed"] % 2**31)
    tests = {s.task: Transitions.of_pairs(*s.test) for s in samples}
    errors, clocks, kept = [], [], []
    for sample in samples:
        began = time.process_time()
        law.partial_fit_pairs(*sample.train, sample.task, sample.dt, minibatches=0 if together else None)
        clocks.append((time.process_time() - began) / max(law.minibatches, 1))
        law.finish()
        kept.append(law.stored_bytes())
        if not together:
            law.examine(tests)
            errors.append([law.error(test, task) if task in law.tasks_ else np.nan for task, test in tests.items()])
    if together:
        law.train_together()
        errors = [[law.error(test, task) for task, test in tests.items()]] * len(samples)
    return {
        "errors": np.array(errors).T,
        "seconds": np.array(clocks),
        "bytes": np.array(kept, dtype=float),
        "trained": float(sum(t.size for t in law.learned_weights())),
    }


def old_ratio(result: Mapping[str, Any]) -> float:
    """Final over just-trained error, over all tasks but the last."""
    errors = result["errors"]
    return float(errors[:-1, -1].sum() / np.diagonal(errors)[:-1].sum())


def final(result: Mapping[str, Any]) -> float:
    """Mean error over all tasks after the last."""
    return float(result["errors"][:, -1].mean())


def just_trained(result: Mapping[str, Any]) -> float:
    """Mean error of each task right after it was learned."""
    return float(np.diagonal(result["errors"]).mean())
