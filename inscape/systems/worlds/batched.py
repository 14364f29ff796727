"""`BatchedWorld`: many worlds of one kind as a gymnasium vector environment, advanced together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, UInt8

from inscape.errors import InputError
from inscape.extras import require
from inscape.systems.worlds.world import World, blame_the_world

if TYPE_CHECKING:
    from gymnasium.utils.seeding import np_random
    from gymnasium.vector import AutoresetMode, VectorEnv
    from gymnasium.vector.utils import batch_space
else:
    AutoresetMode, VectorEnv = (
        getattr(require("gymnasium.vector", "robots"), n) for n in ("AutoresetMode", "VectorEnv")
    )
    batch_space = require("gymnasium.vector.utils", "robots").batch_space
    np_random = require("gymnasium.utils.seeding", "robots").np_random


class BatchedWorld(VectorEnv):
    """So many worlds like one, advanced together: on MuJoCo's thread pool where it is MuJoCo's, in NumPy otherwise.

    They give the numbers of as many single worlds that were reset with seeds seed, seed + 1, ... A world whose episode
    ends starts again within the same step (gymnasium's `SAME_STEP`): its first observation is returned, its last one is
    `info["final_obs"]` (world, observation) in the rows where `info["_final_obs"]` (world,) is true.

    Parameters
    ----------
    world : what they are copies of; it is asked for its physics, and not moved.
    count : how many.
    threads : how many threads move MuJoCo's bodies; as many as serve if None.

    Raises
    ------
    InputError : for a count or threads below 1.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": ["rgb_array"]}  # noqa: RUF012

    def __init__(self, world: World, count: int, threads: int | None = None):
        if isinstance(count, bool) or int(count) != count or count < 1:
            raise InputError(f"count: {count!r} found, expected a whole number, at least 1")
        if not isinstance(world, World):
            raise InputError(f"world: {type(world).__name__} found, expected a World; see as_world")
        self.world, self.num_envs = world, int(count)
        self.single_observation_space, self.single_action_space = world.observation_space, world.action_space
        self.observation_space = batch_space(world.observation_space, self.num_envs)
        self.action_space = batch_space(world.action_space, self.num_envs)
        self.render_mode = world.render_mode
        self._crowd = world.crowd(self.num_envs, threads)
        self._generators: list[np.random.Generator] = []
        self._ages = np.zeros(self.num_envs, dtype=int)
        self._steps = 0

    @property
    def states(self) -> Float[np.ndarray, "world state"]:
        """The full state of every world; a copy. Setting it is like a reset to there."""
        return np.array(self._crowd.states)

    @states.setter
    def states(self, states: Float[np.ndarray, "world state"]) -> None:
        self._crowd.place(np.arange(self.num_envs), self.world.checked_states(states, self.num_envs))
        self._ages[:] = 0

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Float[np.ndarray, "world observation"], dict[str, Any]]:
        """Begin every episode, or those of `options["reset_mask"]` (world,), where the world's `start` says, or in
        `options["state"]`, (state,) for all or (world, state).

        Raises
        ------
        InputError : if seeds, states or the mask do not fit the number of worlds.
        """
        self._seed(seed)
        which = _masked(options, self.num_envs)
        given = (options or {}).get("state")
        if given is None:
            self._begin(which)
        else:
            states = np.asarray(given, dtype=float)
            states = np.broadcast_to(states, (self.num_envs, len(states))) if states.ndim == 1 else states
            self._crowd.place(which, self.world.checked_states(states, self.num_envs)[which])
        self._ages[which] = 0
        return self.world.observe(self._crowd.visible()), {}

    def step(
        self, actions: Float[np.ndarray, "world action"]
    ) -> tuple[
        Float[np.ndarray, "world observation"],
        Float[np.ndarray, "world"],
        Bool[np.ndarray, "world"],
        Bool[np.ndarray, "world"],
        dict[str, Any],
    ]:
        """Act once in every world.

        Raises
        ------
        InputError : before the first reset, for an action outside its space, or if a world answers with NaN.
        """
        if not self._generators:
            raise InputError(f"{self.world.name}: step before reset; call reset() first")
        taken = self.world.checked_actions(actions, count=self.num_envs, step=self._steps)
        self._crowd.advance(taken)
        self._steps += 1
        self._ages += 1
        states = self._crowd.visible()
        observations = self.world.observe(states)
        rewards = np.asarray(self.world.step_reward(states, taken, observations), dtype=float)
        if not (np.isfinite(observations).all() and np.isfinite(rewards).all()):
            worst = int(np.argmin(np.isfinite(observations).all(axis=1) & np.isfinite(rewards)))
            named = f"{self.world.name} (world {worst})"
            names = self.world.observation_names
            blame_the_world(named, int(self._ages[worst]), names, observations[worst], rewards[worst])
        terminated = np.asarray(self.world.terminates(observations), dtype=bool)
        truncated = self._ages >= self.world.time_limit
        done = terminated | truncated
        if not done.any():
            return observations, rewards, terminated, truncated, {}
        over = np.flatnonzero(done)
        self._begin(over)
        self._ages[over] = 0
        last, observations = observations, observations.copy()
        observations[over] = self.world.observe(self._crowd.visible()[over])
        return observations, rewards, terminated, truncated, {"final_obs": last, "_final_obs": done}

    def render(self) -> tuple[UInt8[np.ndarray, "height width 3"], ...] | None:
        """A picture of each world, where the render mode asks for pictures."""
        return tuple(self.pictures()) if self.render_mode == "rgb_array" else None

    def pictures(self) -> list[UInt8[np.ndarray, "height width 3"]]:
        """A picture of each world."""
        shown = []
        for state in self._crowd.states:
            self.world.state = state
            shown.append(self.world.picture())
        return shown

    def _seed(self, seed: int | Sequence[int | None] | None) -> None:
        if seed is None:
            if not self._generators:
                self._generators = [np_random(None)[0] for _ in range(self.num_envs)]
            return
        seeds = [int(seed) + i for i in range(self.num_envs)] if isinstance(seed, (int, np.integer)) else list(seed)
        if len(seeds) != self.num_envs:
            raise InputError(f"seed: {len(seeds)} found for {self.num_envs} worlds; expected one number or one each")
        fresh = not self._generators
        self._generators = [
            np_random(None if s is None else int(s))[0] if fresh or s is not None else self._generators[i]
            for i, s in enumerate(seeds)
        ]

    def _begin(self, which: np.ndarray) -> None:
        self._crowd.place(which, np.stack([self.world.start(self._generators[i]) for i in which]))


def _masked(options: Mapping[str, Any] | None, count: int) -> np.ndarray:
    mask = (options or {}).get("reset_mask")
    if mask is None:
        return np.arange(count)
    mask = np.asarray(mask)
    if mask.shape != (count,) or mask.dtype != bool or not mask.any():
        raise InputError(f"reset_mask: shape {mask.shape} of {mask.dtype} found, expected ({count},) of bool, one true")
    return np.flatnonzero(mask)
