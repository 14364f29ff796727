"""`evaluate`: how often policies succeed in a world, all of them and all episodes as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.worlds.acting import begin, respond
from inscape.systems.worlds.adopted import as_world
from inscape.systems.worlds.goal_world import GoalWorld

if TYPE_CHECKING:
    from inscape.control.imitate import Clones


@dataclass(frozen=True)
class Evaluation:
    """What policies did.

    Parameters
    ----------
    success : (policy,) share of episodes in which the goal was reached at any step.
    returns : (policy,) mean sum of rewards.
    episodes : how many each.
    paths : (policy, episode, time, 2) where the goal worlds' body was, in metres, if that was asked for.
    """

    success: Float[np.ndarray, "policy"]
    returns: Float[np.ndarray, "policy"]
    episodes: int
    paths: Float[np.ndarray, "policy episode time 2"] | None = None

    @property
    def mean(self) -> float:
        """Mean success over the policies."""
        return float(self.success.mean())

    @property
    def standard_error(self) -> float:
        """Of the mean over the policies; NaN for one policy."""
        return float(self.success.std(ddof=1) / np.sqrt(len(self.success))) if len(self.success) > 1 else float("nan")

    def __str__(self) -> str:
        count = f"{len(self.success)} policies of {self.episodes} episodes"
        return f"success {self.mean:.3f} ± {self.standard_error:.3f} over {count}"


def evaluate(
    policies: Clones | Any,
    world: Any,
    *,
    episodes: int = 100,
    seed: int = 0,
    keep_paths: bool = False,
) -> Evaluation:
    """Roll policies out and count in how many episodes each succeeds.

    Every policy begins in the same states, so that two encoders are compared on equal terms.

    Parameters
    ----------
    policies : what `clone` returned; or a policy, a stable-baselines3 model, a function; or a list of these.
    world : one world for all; or, for clones of several sets of demonstrations, a list with a world for each set. Goal
        worlds are shown to clones as their encoder sees. Other gymnasium worlds succeed where `info["is_success"]` or
        `info["success"]` says so at any step.
    episodes : of each policy; 100 as in the paper.
    seed : of the starts; the same for every policy.
    keep_paths : keep where the body of a goal world was at each step.

    Raises
    ------
    InputError : if worlds and sets do not match in number, or a policy answers with another number of actions.
    """
    if isinstance(episodes, bool) or not isinstance(episodes, (int, np.integer)) or episodes < 1:
        raise InputError(f"episodes: {episodes!r} found, expected a whole number of at least 1")
    if hasattr(policies, "act_each"):
        sets = policies.sets
        chosen = _one_each(world, sets)
        if all(isinstance(w, GoalWorld) for w in chosen):
            size = policies.shape[0] if len(policies.shape) > 1 else None
            return _together([w.seen_as(render=size) for w in chosen], policies.act_each, episodes, seed, keep_paths)
        several: Sequence[Any] = [policies[i] for i in range(len(policies))]
    else:
        several = policies if isinstance(policies, (list, tuple)) else [policies]
        if not several:
            raise InputError("policies: none found, expected at least one")
        chosen = [_as_seen_by(p, w) for p, w in zip(several, _one_each(world, np.arange(len(several))), strict=True)]
        if all(isinstance(w, GoalWorld) for w in chosen):

            def act_each(seen: np.ndarray) -> np.ndarray:
                return np.stack([respond(policy)(block) for policy, block in zip(several, seen, strict=True)])

            return _together(chosen, act_each, episodes, seed, keep_paths)
    told = [_one_by_one(as_world(w), policy, episodes, seed) for w, policy in zip(chosen, several, strict=True)]
    success, returns = np.array(told).T
    return Evaluation(success, returns, int(episodes))


def _together(worlds: Sequence[GoalWorld], act_each: Any, episodes: int, seed: int, keep_paths: bool) -> Evaluation:
    first = worlds[0]
    if len({(type(w), w.time_limit, w.dt) for w in worlds}) > 1:
        raise InputError("world: worlds of several kinds or lengths found, expected one kind that differs in goals")
    goals = np.repeat(np.array([w.goal for w in worlds])[:, None], episodes, axis=1)
    # A copy for each policy: the same starts, whatever the number of policies.
    states = np.repeat(first.draw_states(episodes, np.random.default_rng(seed))[None], len(worlds), axis=0)
    reached = np.zeros((len(worlds), episodes), dtype=bool)
    earned = np.zeros((len(worlds), episodes))
    actions = len(first.action_names)
    paths = [first.place(states)]
    for _ in range(first.time_limit):
        answer = np.asarray(act_each(first.observe(states, goals)), dtype=float)
        if answer.shape != (len(worlds), episodes, actions):
            raise InputError(
                f"policy: actions of shape {answer.shape} found, expected ({len(worlds)}, {episodes}, {actions})"
            )
        if not np.isfinite(answer).all():
            raise InputError("policy: an action that is not finite found, expected numbers from -1 to 1")
        states = first.move(states, answer)
        there = first.success(states, goals)
        reached |= there
        earned += there
        if keep_paths:
            paths.append(first.place(states))
    kept = np.stack(paths, axis=2) if keep_paths else None
    return Evaluation(reached.mean(axis=1), earned.mean(axis=1), int(episodes), kept)


def _one_by_one(world: Any, policy: Any, episodes: int, seed: int) -> tuple[float, float]:
    act = respond(policy)
    reached, earned = [], []
    for episode in range(episodes):
        observation, _ = world.reset(seed=seed + episode)
        begin(policy)
        total, there, over = 0.0, False, False
        while not over:
            observation, reward, terminated, truncated, info = world.step(
                np.asarray(act(observation), dtype=float).reshape(world.action_space.shape)
            )
            total += float(reward)
            there |= bool(info.get("is_success", info.get("success", False)))
            over = terminated or truncated
        reached.append(there)
        earned.append(total)
    return float(np.mean(reached)), float(np.mean(earned))


def _one_each(world: Any, sets: np.ndarray) -> list[Any]:
    if not isinstance(world, (list, tuple)):
        return [world] * len(sets)
    needed = int(np.max(sets)) + 1
    if len(world) != needed:
        raise InputError(f"world: {len(world)} worlds found for {needed} sets of demonstrations, expected one each")
    return [world[i] for i in sets]


def _as_seen_by(policy: Any, world: Any) -> Any:
    """A goal world drawn as a single clone's encoder sees it; any other world, and any other policy, as it is."""
    shape = getattr(getattr(policy, "encoder", None), "shape", None)
    if shape is None or not isinstance(world, GoalWorld):
        return world
    return world.seen_as(render=shape[0] if len(shape) > 1 else None)
