"""`LinearReaching`: experts drive a few hidden coordinates to hidden goals, among others that they cannot move."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.trajectories import Trajectories, Trajectory


@dataclass(frozen=True)
class LinearReaching:
    """s' = decay s + B a + noise and a = K (g - s) + noise, seen through an orthonormal mixing with distractors.

    The observation is E [s; z] + noise, where z are autoregressive coordinates that no action reaches.

    Parameters
    ----------
    controlled : number of coordinates s, and of actions.
    distractors, distractor_std, distractor_memory : number, standard deviation and one-step correlation of z.
    observed : number of observed coordinates.
    actuated : how many directions of s the actions reach; all of them if None.
    decay, reach, gain : B is `reach` times an orthogonal matrix, K = `gain` times the pseudo-inverse of B.
    state_noise, action_noise, observation_noise : standard deviations.
    seed : draws the mixing and B.

    Raises
    ------
    InputError : if there are fewer observed coordinates than hidden ones, or a number is out of range.
    """

    controlled: int = 4
    distractors: int = 12
    distractor_std: float = 3.0
    distractor_memory: float = 0.95
    observed: int = 64
    actuated: int | None = None
    decay: float = 0.95
    reach: float = 0.2
    gain: float = 0.5
    state_noise: float = 0.05
    action_noise: float = 0.1
    observation_noise: float = 0.02
    seed: int = 0
    mixing: Float[np.ndarray, "observed hidden"] = field(init=False, repr=False)
    control: Float[np.ndarray, "state action"] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        actuated = self.controlled if self.actuated is None else self.actuated
        if not 1 <= actuated <= self.controlled or self.distractors < 0:
            raise InputError(f"actuated: {self.actuated} found, expected 1 to {self.controlled}")
        if self.observed < self.controlled + self.distractors:
            raise InputError(
                f"observed: {self.observed} found, expected at least {self.controlled + self.distractors}, "
                "the number of hidden coordinates"
            )
        if not 0 <= self.distractor_memory < 1:
            raise InputError(f"distractor_memory: {self.distractor_memory!r} found, expected 0 to less than 1")
        random = np.random.default_rng(self.seed)
        hidden = self.controlled + self.distractors
        object.__setattr__(self, "mixing", np.linalg.qr(random.normal(size=(self.observed, hidden)))[0])
        turned = np.linalg.qr(random.normal(size=(self.controlled, self.controlled)))[0]
        control = self.reach * turned * (np.arange(self.controlled) < actuated)
        object.__setattr__(self, "control", control)

    @property
    def state_plane(self) -> Float[np.ndarray, "observed state"]:
        """Orthonormal columns: where the controlled coordinates lie among the observed ones."""
        return self.mixing[:, : self.controlled]

    @property
    def actuated_plane(self) -> Float[np.ndarray, "observed direction"]:
        """Orthonormal columns: the directions that the actions reach within one step."""
        left, strengths, _ = np.linalg.svd(self.control)
        return self.state_plane @ left[:, : int((strengths > 1e-12).sum())]

    def demonstrations(
        self,
        episodes: int,
        *,
        steps: int = 20,
        goal: Float[np.ndarray, "state"] | None = None,
        start: Float[np.ndarray, "state"] | None = None,
        seed: int | np.random.Generator | None = 0,
    ) -> Trajectories:
        """Episodes of experts: states are observations, inputs are actions.

        Each episode has its own goal and its own start, standard normal, unless one is given for all.

        Raises
        ------
        InputError : if there is no episode or step, or goal or start is not a finite (state,) vector.
        """
        if episodes < 1 or steps < 1:
            raise InputError(f"episodes: {episodes} of {steps} steps found, expected at least one of one")
        random = np.random.default_rng(seed)
        wide = (episodes, self.controlled)
        goals, s = (self._drawn(name, given, wide, random) for name, given in (("goal", goal), ("start", start)))
        gain = self.gain * np.linalg.pinv(self.control)
        z = self.distractor_std * random.normal(size=(episodes, self.distractors))
        fresh = self.distractor_std * np.sqrt(1 - self.distractor_memory**2)
        seen = np.empty((episodes, steps, self.observed))
        done = np.empty((episodes, steps, self.controlled))
        for step in range(steps):
            a = (goals - s) @ gain.T + self.action_noise * random.normal(size=wide)
            seen[:, step] = np.hstack([s, z]) @ self.mixing.T
            done[:, step] = a
            s = self.decay * s + a @ self.control.T + self.state_noise * random.normal(size=wide)
            z = self.distractor_memory * z + fresh * random.normal(size=z.shape)
        seen += self.observation_noise * random.normal(size=seen.shape)
        names = tuple(f"o{i}" for i in range(self.observed))
        return Trajectories(
            Trajectory(
                np.arange(steps, dtype=float),
                seen[i],
                inputs=done[i],
                context={f"goal{j}": float(goals[i, j]) for j in range(self.controlled)},
                state_names=names,
                input_names=tuple(f"a{j}" for j in range(self.controlled)),
                source="linear reaching",
            )
            for i in range(episodes)
        )

    def _drawn(self, name: str, given: Any, wide: tuple[int, int], random: np.random.Generator) -> np.ndarray:
        if given is None:
            return random.normal(size=wide)
        place = np.asarray(given, dtype=float)
        if place.shape != (self.controlled,) or not np.isfinite(place).all():
            raise InputError(f"{name}: shape {place.shape} found, expected ({self.controlled},) finite numbers")
        return np.broadcast_to(place, wide)
