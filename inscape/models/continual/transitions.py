"""`Transitions`: states, the inputs taken in them, and the states that followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError
from inscape.trajectories import Trajectories


@dataclass(frozen=True)
class Transitions:
    """Single steps of a system, in no particular order.

    Parameters
    ----------
    states, nexts : (sample, state) before and after.
    inputs : (sample, input) during.
    trains : (sample,) whether a sample is trained on, or kept to validate with.
    """

    states: Float[np.ndarray, "sample state"]
    inputs: Float[np.ndarray, "sample input"]
    nexts: Float[np.ndarray, "sample state"]
    trains: Bool[np.ndarray, "sample"]

    @classmethod
    def of_runs(cls, runs: Trajectories) -> Transitions:
        """Every pair of following samples that misses no value; input k leads from sample k to k + 1."""
        driven = len(runs.input_names)
        if any(run.inputs is None for run in runs) and driven:
            raise InputError(f"inputs: a run without found, expected {', '.join(runs.input_names)} in every run")
        befores = np.concatenate([run.states[:-1] for run in runs]).astype(float)
        afters = np.concatenate([run.states[1:] for run in runs]).astype(float)
        inputs = (
            np.concatenate([run.inputs[:-1] for run in runs if run.inputs is not None]).astype(float)
            if driven
            else np.zeros((len(befores), 0))
        )
        return cls.of_pairs(befores, inputs, afters)

    @classmethod
    def of_pairs(cls, states: Any, inputs: Any, nexts: Any) -> Transitions:
        """From three arrays with a row for each step; rows that miss a value are left out.

        Raises
        ------
        InputError : if the arrays do not fit one another, hold something infinite or other than numbers.
        """
        try:
            arrays = [np.asarray(a, dtype=float) for a in (states, inputs, nexts)]
        except (TypeError, ValueError):
            raise InputError("transitions: something other than numbers found") from None
        befores, driven, afters = arrays
        if befores.ndim != 2 or driven.ndim != 2 or befores.shape != afters.shape or len(driven) != len(befores):
            raise InputError(
                f"transitions: shapes {befores.shape}, {driven.shape} and {afters.shape} found, "
                "expected (sample, state), (sample, input) and (sample, state)"
            )
        if any(np.isinf(a).any() for a in arrays):
            raise InputError("transitions: infinite values found; mark missing samples as NaN")
        whole = np.isfinite(befores).all(axis=1) & np.isfinite(driven).all(axis=1) & np.isfinite(afters).all(axis=1)
        return cls(befores[whole], driven[whole], afters[whole], np.ones(int(whole.sum()), dtype=bool))

    def __len__(self) -> int:
        return len(self.states)

    def divided(self, validation: float, seed: int, after: int = 0) -> Transitions:
        """The same with a share drawn at random to validate with; `after` is how many samples came before."""
        drawn = np.random.default_rng([int(seed), int(after)]).random(len(self)) >= validation
        return Transitions(self.states, self.inputs, self.nexts, drawn)

    def joined(self, other: Transitions) -> Transitions:
        """These, then others."""
        return Transitions(
            np.concatenate([self.states, other.states]),
            np.concatenate([self.inputs, other.inputs]),
            np.concatenate([self.nexts, other.nexts]),
            np.concatenate([self.trains, other.trains]),
        )

    def part(self, trains: bool) -> Transitions:
        """The samples that are trained on, or the others."""
        chosen = self.trains == trains
        return Transitions(self.states[chosen], self.inputs[chosen], self.nexts[chosen], self.trains[chosen])

    def record(self) -> dict[str, np.ndarray]:
        """As plain arrays by name."""
        return {"states": self.states, "inputs": self.inputs, "nexts": self.nexts, "trains": self.trains}
