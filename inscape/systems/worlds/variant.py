"""`Variant`: one world of a sequence whose bodies differ, under the name that its task goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError
from inscape.systems.worlds.mujoco_world import MujocoWorld
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    from jaxtyping import Float


class Variant(MujocoWorld):
    """A MuJoCo world that is one of several: the same observations and actions, another body.

    A leaf sets `task`, its own name among them, and may say `explore`.
    """

    task: str = ""

    @property
    def name(self) -> str:
        return f"{type(self).__name__} {self.task!r}"

    def explore(self, rng: np.random.Generator) -> Float[np.ndarray, "state"]:
        """Where a stretch of random motion begins; where an episode does, unless the leaf says otherwise."""
        return self.start(rng)

    def random_steps(
        self, steps: int, *, resets: int = 100, std: float = 1.0, hold: int = 1, seed: int = 0
    ) -> Trajectories:
        """What random actions do: runs of at most `resets` steps, `steps` in all, moved side by side.

        Parameters
        ----------
        resets : steps after which a run ends.
        std : of the Gaussian actions, in half widths of the action space, to which they are clipped.
        hold : steps for which an action is held.
        seed : of starts and actions.

        Raises
        ------
        InputError : for counts below 1, or a world that answers with NaN.
        """
        for name, value in (("steps", steps), ("resets", resets), ("hold", hold)):
            if isinstance(value, bool) or int(value) != value or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
        rng = np.random.default_rng(seed)
        length = min(resets, steps)
        count = -(-steps // length)
        crowd = self.crowd(count)
        crowd.place(np.arange(count), np.stack([self.explore(rng) for _ in range(count)]))
        low, high = self._low, self._high
        drawn = rng.standard_normal((-(-length // hold), count, len(low))) * std * (high - low) / 2 + (high + low) / 2
        actions = np.clip(np.repeat(drawn, hold, axis=0)[:length], low, high)
        states = [np.array(crowd.states)]
        for taken in actions:
            crowd.advance(taken)
            states.append(np.array(crowd.states))
        seen = self.observe(np.array(states))
        if not np.isfinite(seen).all():
            raise InputError(f"{self.name}: an observation that is not finite under random actions")
        runs = []
        for k in range(count):
            reach = min(length, steps - k * length)
            runs.append(
                Trajectory(
                    np.arange(reach + 1) * self.dt,
                    seen[: reach + 1, k],
                    np.concatenate([actions[:reach, k], actions[reach - 1 : reach, k]]),
                    context={**self.parameters, "task": self.task},
                    state_names=self.observation_names,
                    input_names=self.action_names,
                    units={"time": "s"},
                    source=self.name,
                )
            )
        return Trajectories(runs)

    def single_steps(self, steps: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(observation, action, next observation) of single steps from as many states of `explore`."""
        rng = np.random.default_rng(seed)
        states = np.stack([self.explore(rng) for _ in range(int(steps))])
        low, high = self._low, self._high
        actions = rng.uniform(low, high, (len(states), len(low)))
        return self.observe(states), actions, self.observe(self.move(states, actions))
