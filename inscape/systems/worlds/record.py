"""The recorder: roll-outs of any gymnasium world as trajectories, and what they earn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.worlds.acting import Respond, begin, respond
from inscape.systems.worlds.adopted import as_world
from inscape.systems.worlds.episode import Episode
from inscape.systems.worlds.world import World
from inscape.trajectories import Trajectories

if TYPE_CHECKING:
    import gymnasium


def record(
    world: World | gymnasium.Env,
    policy: Any,
    *,
    episodes: int | None = None,
    steps: int | None = None,
    resets: int | None = None,
    seed: int = 0,
) -> Trajectories:
    """Let a policy act in a world, and keep what happened.

    Parameters
    ----------
    world : one of ours, or any gymnasium environment with continuous (or a single discrete) actions.
    policy : an object with act(observation) -> action, a stable-baselines3 model (asked deterministically) or a
        function. A policy with a memory is told of each new episode by its `start()`.
    episodes : how many, each as long as it lasts; one if `steps` is None too.
    steps : how many actions instead, in all; the last episode is cut there.
    resets : begin anew after so many actions, also where the world would go on.
    seed : episode i is reset with seed + i.

    Returns
    -------
    Trajectories of `Episode`s: states are the observations, inputs the actions, `.rewards` what each action earned
    (`rewards_of`). `context` has return, seed and how it ended.

    Raises
    ------
    InputError : if an action lies outside its space or the world answers with NaN; world and step are named.
    """
    _check_counts(episodes=episodes, steps=steps, resets=resets)
    if episodes is not None and steps is not None:
        raise InputError(f"episodes, steps: {episodes} and {steps} found; expected one of the two")
    world = as_world(world)
    act = respond(policy)
    left = steps
    runs: list[Episode] = []
    while left is None or left > 0:
        longest = min((n for n in (left, resets) if n is not None), default=None)
        runs.append(_episode(world, policy, act, longest, int(seed) + len(runs)))
        if left is not None:
            left -= len(runs[-1]) - 1
        elif len(runs) >= (episodes or 1):
            break
    return Trajectories(runs)


def returns(
    world: World | gymnasium.Env, policy: Any, *, episodes: int = 10, seed: int = 0, discount: float = 1.0
) -> Float[np.ndarray, "episode"]:
    """The sum of rewards of each of so many episodes, all of them played at once.

    Parameters
    ----------
    world : one of ours, or any gymnasium environment (whose episodes are played one after another).
    policy : as of `record`; it must take (episode, observation) arrays where the world is ours.
    episodes : how many; episode i is reset with seed + i.
    discount : weight of a reward one step later.

    Raises
    ------
    InputError : if an action lies outside its space or the world answers with NaN.
    """
    _check_counts(episodes=episodes)
    world = as_world(world)
    if not world.moves_in_crowds:
        runs = record(world, policy, episodes=episodes, seed=seed)
        return np.array([np.sum(run.rewards * discount ** np.arange(len(run) - 1)) for run in runs])  # type: ignore[attr-defined]
    act = respond(policy)
    begin(policy)
    batch = world.batch(episodes)
    observations, _ = batch.reset(seed=int(seed))
    earned, playing, weight = np.zeros(episodes), np.ones(episodes, dtype=bool), 1.0
    while playing.any():
        observations, rewards, terminated, truncated, _ = batch.step(_answer(world, act, observations, episodes))
        earned += np.where(playing, weight * rewards, 0.0)
        playing &= ~(terminated | truncated)
        weight *= discount
    return earned


def _episode(world: World, policy: Any, act: Respond, longest: int | None, seed: int) -> Episode:
    observation, _ = world.reset(seed=seed)
    begin(policy)
    observations: list[np.ndarray] = [observation]
    actions: list[np.ndarray] = []
    rewards: list[float] = []
    ended = "cut"
    while longest is None or len(actions) < longest:
        action = world.checked_actions(np.asarray(act(observation), dtype=float).reshape(world.action_space.shape))
        observation, reward, terminated, truncated, _ = world.step(action)
        observations.append(observation)
        actions.append(action)
        rewards.append(float(reward))
        if terminated or truncated:
            ended = "terminated" if terminated else "truncated"
            break
    context: dict[str, float | str] = {**world.parameters, "return": float(np.sum(rewards))}
    return Episode(
        np.arange(len(observations)) * world.dt,
        np.array(observations),
        np.array([*actions, actions[-1]]),
        context=context | {"seed": float(seed), "ended": ended},
        state_names=world.observation_names,
        input_names=world.action_names,
        units={"time": "s"},
        source=world.name,
        rewards=np.array(rewards),
    )


def _answer(world: World, act: Respond, observations: np.ndarray, count: int) -> np.ndarray:
    actions = np.asarray(act(observations), dtype=float)
    if actions.size != count * len(world.action_names):
        raise InputError(
            f"policy: actions of shape {actions.shape} for observations of shape {observations.shape}, expected "
            f"({count}, {len(world.action_names)}); write it over leading axes, as in observation[..., 0]"
        )
    return actions.reshape(count, len(world.action_names))


def _check_counts(**counts: int | None) -> None:
    for name, value in counts.items():
        if value is not None and (isinstance(value, bool) or int(value) != value or value < 1):
            raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
