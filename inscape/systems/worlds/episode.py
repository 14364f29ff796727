"""`Episode`: one run of a world with actions, and what it earned on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.trajectories import Trajectory


@dataclass(frozen=True, eq=False)
class Episode(Trajectory):
    """A `Trajectory` of observations (states) and actions (inputs) that also knows its rewards.

    `inputs[k]` is held from `times[k]` to `times[k + 1]` and earns `rewards[k]`; the last row of `inputs` repeats the
    one before, since no action followed the last observation. `context` has the `return`, the `seed` of the reset and
    how the episode `ended`: "terminated", "truncated" (its time limit) or "cut" (the recorder stopped it).

    Parameters
    ----------
    rewards : (time - 1,); None once the run was resampled, and then nothing is known of them.
    """

    rewards: Float[np.ndarray, "step"] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        rewards = None if self.rewards is None else np.array(self.rewards, dtype=float)
        if rewards is not None and rewards.shape != (len(self.times) - 1,):
            rewards = None
        if rewards is not None:
            rewards.flags.writeable = False
        object.__setattr__(self, "rewards", rewards)

    def __getitem__(self, window: slice) -> Trajectory:
        """The samples of a slice; their rewards as well where the slice leaves no sample out."""
        part = super().__getitem__(window)
        if self.rewards is None:
            return part
        first, last, stride = window.indices(len(self))
        return part.replace(rewards=self.rewards[first : last - 1] if stride == 1 else None)

    def __eq__(self, other: object) -> bool:
        same = super().__eq__(other)
        if same is not True or not isinstance(other, Episode):
            return same
        if self.rewards is None or other.rewards is None:
            return self.rewards is other.rewards
        return np.array_equal(self.rewards, other.rewards, equal_nan=True)

    __hash__ = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Episode, (*super().__reduce__()[1], self.rewards)


def rewards_of(run: Trajectory) -> Float[np.ndarray, "step"]:
    """The reward of each action of a recorded run, one fewer than its samples.

    Raises
    ------
    InputError : if the run was not recorded in a world, or was resampled since.
    """
    rewards = getattr(run, "rewards", None)
    if rewards is None:
        raise InputError(f"run: {run!r} carries no rewards; take a run of `record` that was not resampled")
    return rewards
