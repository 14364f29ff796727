"""Acting by planning in the laws learned so far: the arms of study 15 that earn returns."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.studies.continual.sequences import options_of, samples_of, worlds_of


def cartpole_returns(item: Mapping[str, Any]) -> dict[str, Any]:
    """R[t, j] in mean reward of a step: carts whose laws were learned from random single steps.

    item : "count" of carts, "train" samples, "seed", "settings" of `ContinualDynamics`, "planner" (its sizes),
        "episodes", "steps" of each.
    """
    from inscape.control import CEM
    from inscape.models import ContinualDynamics

    worlds = worlds_of("cartpoles", item["count"])
    law = ContinualDynamics(**item["settings"], seed=item["seed"] % 2**31)
    planner = CEM(**item["planner"], warm_start=True, last="mean", seed=item["seed"])
    matrix = np.full((len(worlds), len(worlds)), np.nan)
    last = len(worlds) - 1
    for j, world in enumerate(worlds):
        sample = samples_of(world, "cartpoles", item["train"], 1, item["seed"] + 1000 * j)
        law.partial_fit_pairs(*sample.train, world.task, world.dt)
        # What the later columns need: each task right after it was learned, and all of them at the end.
        for t in range(j if j < last else 0, j + 1):
            matrix[t, j] = played(worlds[t], law.task_law(worlds[t].task), planner, item)
    return {"returns": matrix}


def pusher_returns(item: Mapping[str, Any]) -> dict[str, Any]:
    """The same for pushed boxes, where every law learns on from what planning in it shows.

    item : as of `cartpole_returns`, and "steps_planned" of each task, "update_every".
    """
    from inscape.control import CEM, improve
    from inscape.models import ContinualDynamics

    worlds = worlds_of("pusher", item["count"])
    law = ContinualDynamics(**item["settings"], **options_of("pusher"), seed=item["seed"] % 2**31)
    planner = CEM(**item["planner"], warm_start=True, last="mean", seed=item["seed"])
    matrix = np.full((len(worlds), len(worlds)), np.nan)
    last = len(worlds) - 1
    for j, world in enumerate(worlds):
        sample = samples_of(world, "pusher", item["train"], 1, item["seed"] + 1000 * j)
        law.partial_fit_pairs(*sample.train, world.task, world.dt)
        improve(
            law,
            world,
            planner,
            task=world.task,
            steps=item["steps_planned"],
            update_every=item["update_every"],
            minibatches=item["minibatches_planned"],
            seed=item["seed"] + j,
        )
        for t in range(j if j < last else 0, j + 1):
            matrix[t, j] = played(worlds[t], law.task_law(worlds[t].task), planner, item)
    idle = [idle_return(world, item) for world in worlds]
    return {"returns": matrix, "idle": np.array(idle)}


def played(world: Any, law: Any, planner: Any, item: Mapping[str, Any]) -> float:
    """Mean reward of a step of a planner in a world, over episodes."""
    return _played_by(world, planner.policy(law, world), item)


def idle_return(world: Any, item: Mapping[str, Any]) -> float:
    """What doing nothing earns: the floor from which returns are counted."""

    def nothing(observation: np.ndarray) -> np.ndarray:
        return np.zeros((*np.shape(observation)[:-1], len(world.action_names)))

    return _played_by(world, nothing, item)


def planners_compared(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """CEM as released, iCEM with a quarter of its samples, MPPI: returns, law steps and CPU time for each decision.

    item : "count", "train", "seed", "settings", "episodes", "steps", and "planners": a list of {"kind", ...sizes}.
    """
    from inscape.control import CEM, ICEM, MPPI
    from inscape.models import ContinualDynamics

    kinds: dict[str, Any] = {"CEM": CEM, "iCEM": ICEM, "MPPI": MPPI}
    worlds = worlds_of("cartpoles", item["count"])
    law = ContinualDynamics(**item["settings"], seed=item["seed"] % 2**31)
    for j, world in enumerate(worlds):
        sample = samples_of(world, "cartpoles", item["train"], 1, item["seed"] + 1000 * j)
        law.partial_fit_pairs(*sample.train, world.task, world.dt)
    results = []
    for sizes in item["planners"]:
        options = {k: v for k, v in sizes.items() if k != "kind"}
        earned, asked, plans, began = [], 0, 0, time.process_time()
        for world in worlds:
            planner = kinds[sizes["kind"]](**options, seed=item["seed"])
            policy = planner.policy(law.task_law(world.task), world)
            earned.append(_played_by(world, policy, item))
            asked, plans = asked + policy.planner.steps_asked, plans + policy.planner.plans
        spent = time.process_time() - began
        results.append({"return": float(np.mean(earned)), "asked": asked / plans, "seconds": spent / plans})
    return results


def _played_by(world: Any, policy: Any, item: Mapping[str, Any]) -> float:
    from inscape.systems.worlds import record, rewards_of

    runs = [
        record(world, policy, steps=item["steps"], resets=item["steps"], seed=50_000 + k)[0]
        for k in range(item["episodes"])
    ]
    return float(np.mean([rewards_of(run).mean() for run in runs]))
