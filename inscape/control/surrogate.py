"""`Surrogate`: many copies of a world that move by a learned law - where a policy trains without touching the world."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import gymnasium
    from gymnasium.vector import AutoresetMode, VectorEnv
    from gymnasium.vector.utils import batch_space
else:
    gymnasium = require("gymnasium", "robots")
    AutoresetMode, VectorEnv = gymnasium.vector.AutoresetMode, gymnasium.vector.VectorEnv
    batch_space = gymnasium.vector.utils.batch_space

MUCH = 0.2
"""Share of surrogate episodes ended by the bounds above which a warning is given."""
POOL = 64
"""Resets of the real world from which starting states are drawn."""

Reward = Callable[[np.ndarray, np.ndarray], np.ndarray]


class SurrogateWarning(UserWarning):
    """The learned law leaves the bounds of its world too often to be trusted."""


class Surrogate(VectorEnv):
    """A vector environment whose worlds move by `law.step`, as in Dyna (Sutton 1991).

    An episode ends as terminated where the world would end it, its bounds are left, the law answers no number or is
    too unsure, and as truncated after `horizon` steps. Finished worlds start again within the same step; their last
    observations are `info["final_obs"]` (world, observation), `info["_final_obs"]` (world,) says whose.

    Parameters
    ----------
    law : anything with step(states, inputs) -> states over (world, state) arrays, such as a fitted `SINDy`.
    world : the world that it stands for: its spaces, `reward(next observations, actions)`, `out_of_bounds`, `project`.
    worlds : how many copies.
    horizon : steps of an episode; the world's own time limit if None.
    starts : (start, observation) states from which episodes begin, drawn with replacement; resets of the world if None.
    reward : (next observations, actions) -> (world,), in place of the world's, such as a learned one.
    most_variance : episodes end where the summed variance of `law.variance` is larger; None never asks.
    seed : of the starts.
    """

    observations: np.ndarray
    elapsed: np.ndarray
    returns: np.ndarray
    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012 - gymnasium's own contract

    def __init__(
        self,
        law: Any,
        world: Any,
        *,
        worlds: int = 256,
        horizon: int | None = None,
        starts: Float[np.ndarray, "start observation"] | None = None,
        reward: Reward | None = None,
        most_variance: float | None = None,
        seed: int | None = 0,
    ):
        if isinstance(worlds, bool) or not isinstance(worlds, (int, np.integer)) or worlds < 1:
            raise InputError(f"worlds: {worlds!r} found, expected a whole number, at least 1")
        self.world = world
        self.num_envs = int(worlds)
        self.single_observation_space = world.observation_space
        self.single_action_space = world.action_space
        self.observation_space = batch_space(world.observation_space, self.num_envs)
        self.action_space = batch_space(world.action_space, self.num_envs)
        limit = horizon if horizon is not None else getattr(world, "time_limit", None)
        if limit is None or limit < 1:
            raise InputError(f"horizon: {limit!r} found, expected a number of steps, as the world has no time limit")
        self.horizon = int(limit)
        self.most_variance = most_variance
        self.reward: Reward = world.reward if reward is None else reward
        self.random = np.random.default_rng(seed)
        self._low = np.asarray(world.action_space.low, dtype=float)
        self._high = np.asarray(world.action_space.high, dtype=float)
        self.starts = starts_of(world, seed) if starts is None else _checked_starts(starts, len(self._first_names()))
        self._out = getattr(world, "out_of_bounds", _nowhere)
        self._ends = getattr(world, "terminates", _nowhere)
        self._project = getattr(world, "project", _as_it_is)
        self.take(law)
        self._begin()

    def take(self, law: Any) -> None:
        """Go on with another law; the worlds stay where they are, and the counts of left bounds begin again."""
        if not callable(getattr(law, "step", None)):
            raise InputError(f"law: {type(law).__name__} found, expected one with step(states, inputs) -> states")
        if self.most_variance is not None and not callable(getattr(law, "variance", None)):
            raise InputError(f"law: {type(law).__name__} has no variance; leave most_variance out")
        self.law = law
        self.episodes = self.left = 0
        self._warned = False

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """Start every world anew."""
        if seed is not None:
            self.random = np.random.default_rng(seed)
        self._begin()
        return self._seen(), {}

    def step(self, actions: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """One step of every world; actions outside the space are clipped."""
        acting = np.asarray(actions, dtype=float).reshape(self.num_envs, -1)
        if not np.isfinite(acting).all():
            raise InputError("actions: a value that is not finite found; the policy has diverged")
        acting = np.clip(acting, self._low, self._high)
        with np.errstate(all="ignore"):
            following = np.asarray(self.law.step(self.observations, acting))
        lost = ~np.isfinite(following).all(axis=1)
        if lost.any():
            following = np.where(lost[:, None], self.observations, following)
        following = self._project(following)
        rewards = np.where(lost, 0.0, self.reward(following, acting))
        left = lost | self._out(following)
        if self.most_variance is not None:
            left |= self.law.variance(self.observations, acting).sum(axis=1) > self.most_variance
        ends = self._ends(following) & ~lost
        terminated = left | ends
        self.elapsed += 1
        self.returns += rewards
        truncated = (self.elapsed >= self.horizon) & ~terminated
        done = terminated | truncated
        self.observations = following
        info: dict[str, Any] = {}
        if done.any():
            info = {"final_obs": self._seen(), "_final_obs": done, "final_return": self.returns.copy()}
            self._count(done, left & ~ends)
            self._restart(done)
        return self._seen(), rewards, terminated, truncated, info

    @property
    def share_left(self) -> float:
        """Share of the episodes finished under this law in which it was lost; 0 where none has finished."""
        return self.left / self.episodes if self.episodes else 0.0

    def state(self) -> dict[str, Any]:
        """Where every world stands, as plain data and arrays."""
        return {
            "starts": self.starts.copy(),
            "observations": self.observations.copy(),
            "elapsed": self.elapsed.copy(),
            "returns": self.returns.copy(),
            "random": self.random.bit_generator.state,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put every world back where `state` found it."""
        self.starts = np.array(state["starts"])
        self.observations = np.array(state["observations"])
        self.elapsed = np.array(state["elapsed"])
        self.returns = np.array(state["returns"])
        self.random.bit_generator.state = state["random"]

    def _begin(self) -> None:
        self.observations = np.empty((self.num_envs, self.starts.shape[1]))
        self.elapsed = np.zeros(self.num_envs, dtype=int)
        self.returns = np.zeros(self.num_envs)
        self._restart(np.ones(self.num_envs, dtype=bool))

    def _restart(self, which: Bool[np.ndarray, "world"]) -> None:
        count = int(which.sum())
        self.observations[which] = self.starts[self.random.integers(0, len(self.starts), count)]
        self.elapsed[which] = 0
        self.returns[which] = 0.0

    def _count(self, done: np.ndarray, left: np.ndarray) -> None:
        self.episodes += int(done.sum())
        self.left += int(left.sum())
        if not self._warned and self.episodes >= self.num_envs and self.share_left > MUCH:
            self._warned = True
            warnings.warn(
                f"surrogate: {self.share_left:.0%} of {self.episodes} episodes left the bounds of "
                f"{type(self.world).__name__}, where the law was not fitted; collect more, take a smaller library, or "
                "begin with calmer actions",
                SurrogateWarning,
                stacklevel=3,
            )

    def _seen(self) -> np.ndarray:
        return self.observations.astype(self.single_observation_space.dtype or float)

    def _first_names(self) -> range:
        return range(int(np.prod(self.single_observation_space.shape or (1,))))


def starts_of(world: Any, seed: int | None, count: int = POOL) -> Float[np.ndarray, "start observation"]:
    """Observations after so many resets of a world."""
    seeds = np.random.SeedSequence(seed).generate_state(count)
    return np.stack([np.asarray(world.reset(seed=int(s))[0], dtype=float).ravel() for s in seeds])


def _checked_starts(starts: Any, width: int) -> np.ndarray:
    values = np.atleast_2d(np.asarray(starts, dtype=float))
    if values.ndim != 2 or values.shape[1] != width or not len(values) or not np.isfinite(values).all():
        raise InputError(f"starts: shape {values.shape} found, expected (start, {width}) finite numbers")
    return values


def _nowhere(observations: np.ndarray) -> np.ndarray:
    return np.zeros(len(observations), dtype=bool)


def _as_it_is(observations: np.ndarray) -> np.ndarray:
    return observations
