"""Acting by planning in the laws learned so far: the arms of study 15 that earn returns."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.studies.continual.sequences import options_of, samples_of, worlds_of

UPRIGHT = 0.9
"""Cosine of the pole's angle from which a cart counts as balanced: 26 degrees."""


def cartpole_returns(item: Mapping[str, Any]) -> dict[str, Any]:
    """R[t, j] in mean reward of a step, and in shares balanced: carts whose laws were learned from single random steps.

    item : "count" of carts, "train" samples, "seed", "settings" of `ContinualDynamics`, "planner" (its sizes),
        "episodes", "steps" of each.
    """
    from inscape.control import ICEM
    from inscape.models import ContinualDynamics

    worlds = worlds_of("cartpoles", item["count"])
    law = ContinualDynamics(**item["settings"], seed=item["seed"] % 2**31)
    planner = ICEM(**item["planner"], seed=item["seed"])
    matrix, balanced = np.full((2, len(worlds), len(worlds)), np.nan)
    last = len(worlds) - 1
    for j, world in enumerate(worlds):
        sample = samples_of(world, "cartpoles", item["train"], 1, item["seed"] + 1000 * j)
        law.partial_fit_pairs(*sample.train, world.task, world.dt)
        # What the later columns need: each task right after it was learned, and all of them at the end.
        for t in range(j if j < last else 0, j + 1):
            runs = _runs(worlds[t], planner.policy(law.task_law(worlds[t].task), worlds[t]), item)
            matrix[t, j], balanced[t, j] = mean_reward(runs), share_balanced(runs)
    return {"returns": matrix, "balanced": balanced}


def final_motions(item: Mapping[str, Any]) -> list[np.ndarray]:
    """What is observed (time, 5) of each cart when it is planned in the law that is left after the last one.

    item : as of `cartpole_returns`.
    """
    from inscape.control import ICEM
    from inscape.models import ContinualDynamics

    worlds = worlds_of("cartpoles", item["count"])
    law = ContinualDynamics(**item["settings"], seed=item["seed"] % 2**31)
    for j, world in enumerate(worlds):
        sample = samples_of(world, "cartpoles", item["train"], 1, item["seed"] + 1000 * j)
        law.partial_fit_pairs(*sample.train, world.task, world.dt)
    planner = ICEM(**item["planner"], seed=item["seed"])
    one = {**item, "episodes": 1}
    return [_runs(world, planner.policy(law.task_law(world.task), world), one)[0].states for world in worlds]


def true_return(item: Mapping[str, Any]) -> dict[str, float]:
    """What the same planner earns on one cart when its law is the world itself: the ceiling of every learned law.

    item : "cart", its number, and "planner", "episodes", "steps", "seed".
    """
    from inscape.control import ICEM

    world = worlds_of("cartpoles")[item["cart"]]

    def step(states: np.ndarray, actions: np.ndarray) -> np.ndarray:
        position, cosine, sine, velocity, spin = np.moveaxis(states, -1, 0)
        physical = np.stack([position, np.arctan2(sine, cosine), velocity, spin], axis=-1)
        return world.observe(world.move(physical, actions))

    runs = _runs(world, ICEM(**item["planner"], seed=item["seed"]).policy(step, world), item)
    return {"return": mean_reward(runs), "balanced": share_balanced(runs)}


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
    return mean_reward(_runs(world, planner.policy(law, world), item))


def idle_return(world: Any, item: Mapping[str, Any]) -> float:
    """What doing nothing earns: the floor from which returns are counted."""

    def nothing(observation: np.ndarray) -> np.ndarray:
        return np.zeros((*np.shape(observation)[:-1], len(world.action_names)))

    return mean_reward(_runs(world, nothing, item))


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
            earned.append(mean_reward(_runs(world, policy, item)))
            asked, plans = asked + policy.planner.steps_asked, plans + policy.planner.plans
        spent = time.process_time() - began
        results.append({"return": float(np.mean(earned)), "asked": asked / plans, "seconds": spent / plans})
    return results


def mean_reward(runs: list[Any]) -> float:
    """Mean reward of a step over episodes."""
    from inscape.systems.worlds import rewards_of

    return float(np.mean([rewards_of(run).mean() for run in runs]))


def share_balanced(runs: list[Any]) -> float:
    """Share of the second half of the episodes of a cart in which the pole stands upright."""
    return float(np.mean([run.states[len(run) // 2 :, 1] > UPRIGHT for run in runs]))


def _runs(world: Any, policy: Any, item: Mapping[str, Any]) -> list[Any]:
    from inscape.systems.worlds import record

    return [
        record(world, policy, steps=item["steps"], resets=item["steps"], seed=50_000 + k)[0]
        for k in range(item["episodes"])
    ]
