"""`improve`: act by planning in the law that is learned so far, and learn from what comes of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.control.plan.planned_policy import PlannedPolicy
from inscape.control.plan.planner import Planner, check_whole
from inscape.errors import DivergedError, InputError


def improve(
    law: Any,
    world: Any,
    planner: Planner,
    *,
    task: str,
    steps: int,
    update_every: int = 200,
    minibatches: int | None = None,
    episode: int | None = None,
    cost: Any = None,
    seed: int = 0,
) -> list[float]:
    """The loop of model-based reinforcement learning on one task, as of HyperCRL.

    Parameters
    ----------
    law : a `ContinualDynamics`; it must have seen some transitions of the task, random ones as a rule.
    world : any gymnasium world whose observations are the law's states.
    planner : plans in the task's law, whose weights stay the same between two updates.
    task : its name.
    steps : environment steps in all.
    update_every : steps between two updates of the law.
    minibatches : of each update; the law's own number if None.
    episode : steps after which the world is reset; its own limit alone if None.
    cost : as of `Planner.policy`; the world itself if None.
    seed : of the resets.

    Returns
    -------
    The sum of rewards of every episode, the last one as far as it went.

    Raises
    ------
    InputError : for a task that the law has not seen.
    DivergedError : if the world returns something that is not finite, named by task and step.
    """
    for name, value in (("steps", steps), ("update_every", update_every)):
        check_whole(name, value)
    if task not in getattr(law, "tasks_", ()):
        raise InputError(f"task: {task!r} found, expected one with transitions; call law.partial_fit(..., task) first")
    random = np.random.default_rng(seed)
    target = world if cost is None else cost
    edges = (world.action_space.low, world.action_space.high)
    returns: list[float] = []
    observation, total, age = None, 0.0, 0
    pairs: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    policy = PlannedPolicy(planner, law.task_law(task), target, bounds=edges)
    for k in range(steps):
        if observation is None:
            observation, _ = world.reset(seed=int(random.integers(2**31)))
            policy.start()
            total, age = 0.0, 0
        action = np.clip(policy.act(observation), *edges)
        following, reward, ended, cut, _ = world.step(action.astype(world.action_space.dtype))
        if not (np.isfinite(following).all() and np.isfinite(reward)):
            raise DivergedError(f"world of task {task!r}: an answer that is not finite at step {k}")
        pairs.append((np.asarray(observation, float), action, np.asarray(following, float)))
        observation, total, age = following, total + float(reward), age + 1
        if ended or cut or (episode is not None and age >= episode):
            returns.append(total)
            observation = None
        if (k + 1) % update_every == 0 or k + 1 == steps:
            states, actions, nexts = (np.array(column) for column in zip(*pairs, strict=True))
            law.partial_fit_pairs(states, actions, nexts, task, law.dt_, minibatches=minibatches)
            pairs = []
            kept = policy.planner
            policy = PlannedPolicy(kept, law.task_law(task), target, bounds=edges)
    if observation is not None:
        returns.append(total)
    return returns
