"""`Buffer`: the latest steps taken in a world; what is older falls out first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.trajectories import Trajectories, Trajectory


class Buffer:
    """First in, first out, counted in steps (pairs of successive samples), kept as runs.

    Parameters
    ----------
    capacity : steps that it holds; None holds all.
    """

    def __init__(self, capacity: int | None = None):
        if capacity is not None and (isinstance(capacity, bool) or capacity < 1):
            raise InputError(f"capacity: {capacity!r} found, expected a whole number of steps, at least 1")
        self.capacity = capacity
        self.runs: list[Trajectory] = []
        self.rewards: list[np.ndarray] = []

    def add(self, runs: Trajectories | Trajectory, rewards: Sequence[Float[np.ndarray, "step"]] | None = None) -> None:
        """Take in runs, with the reward of each of their steps; the oldest steps beyond the capacity fall out."""
        several = [runs] if isinstance(runs, Trajectory) else list(runs)
        told = [np.full(len(run) - 1, np.nan) for run in several] if rewards is None else list(map(np.asarray, rewards))
        if [len(r) for r in told] != [len(run) - 1 for run in several]:
            raise InputError(f"rewards: {[len(r) for r in told]} found, expected one for each step of each run")
        for run in several:
            if self.runs and (run.state_names, run.input_names) != (self.runs[0].state_names, self.runs[0].input_names):
                raise InputError(
                    f"buffer: a run of {', '.join(run.state_names + run.input_names)} found, it holds "
                    f"{', '.join(self.runs[0].state_names + self.runs[0].input_names)}"
                )
        for run, reward in zip(several, told, strict=True):
            if len(run) > 1:
                self.runs.append(run)
                self.rewards.append(reward)
        while self.capacity is not None and (surplus := len(self) - self.capacity) > 0:
            oldest, reward = self.runs.pop(0), self.rewards.pop(0)
            if len(oldest) - 1 > surplus:
                self.runs.insert(0, oldest[surplus:])
                self.rewards.insert(0, reward[surplus:])

    def __len__(self) -> int:
        return sum(len(run) - 1 for run in self.runs)

    @property
    def trajectories(self) -> Trajectories:
        """All runs, oldest first.

        Raises
        ------
        InputError : if the buffer is empty.
        """
        if not self.runs:
            raise InputError("buffer: empty, expected at least one step; add runs first")
        return Trajectories(self.runs)

    def rewarded(self) -> tuple[np.ndarray, np.ndarray]:
        """Steps whose reward is known: [next state, input] (step, variable), and rewards (step, 1)."""
        runs = self.trajectories
        acting = [np.zeros((len(run), 0)) if run.inputs is None else run.inputs for run in runs]
        seen = np.concatenate([np.hstack([run.states[1:], u[:-1]]) for run, u in zip(runs, acting, strict=True)])
        rewards = np.concatenate(self.rewards)
        known = np.isfinite(rewards) & np.isfinite(seen).all(axis=1)
        return seen[known], rewards[known, None]

    @property
    def states(self) -> Float[np.ndarray, "sample state"]:
        """Every state that was seen, oldest first."""
        return np.concatenate([run.states for run in self.trajectories])

    def state(self) -> dict[str, Any]:
        """The buffer as plain data and arrays."""
        if not self.runs:
            return {"lengths": np.zeros(0, dtype=int)}
        first = self.runs[0]
        driven = {} if first.inputs is None else {"inputs": np.concatenate([r.inputs for r in self.runs])}
        return driven | {
            "lengths": np.array([len(run) for run in self.runs]),
            "rewards": np.concatenate(self.rewards),
            "times": np.concatenate([run.times for run in self.runs]),
            "states": np.concatenate([run.states for run in self.runs]),
            "context": [dict(run.context) for run in self.runs],
            "state_names": list(first.state_names),
            "input_names": list(first.input_names),
            "units": dict(first.units),
            "source": first.source,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Hold just what `state` gave."""
        self.runs, self.rewards, at = [], [], 0
        for number, length in enumerate(np.asarray(state["lengths"]).tolist()):
            part, behind = slice(at, at + length), at - number
            at += length
            self.rewards.append(np.asarray(state["rewards"])[behind : behind + length - 1])
            self.runs.append(
                Trajectory(
                    np.asarray(state["times"])[part],
                    np.asarray(state["states"])[part],
                    np.asarray(state["inputs"])[part] if "inputs" in state else None,
                    context=state["context"][number],
                    state_names=tuple(state["state_names"]),
                    input_names=tuple(state["input_names"]),
                    units=state["units"],
                    source=state["source"],
                )
            )
