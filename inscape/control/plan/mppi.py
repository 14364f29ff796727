"""`MPPI`: model predictive path integral control."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.control.plan.coloured_noise import coloured_noise
from inscape.control.plan.planner import Planner, Score, middle, shifted
from inscape.errors import InputError


class MPPI(Planner):
    """The plan is the mean of noisy plans, each weighted by exp(-cost / temperature).

    Williams, Drews, Goldfain, Rehg, Theodorou (2017), Information theoretic MPC for model-based reinforcement learning.
    The temperature is relative: in standard deviations of the costs of the round, so that it fits any unit of cost.

    Parameters
    ----------
    temperature : small: only the best sample counts; large: all count alike.
    exponent : of the noise's spectrum over time; 0 is white.
    """

    _mean: np.ndarray | None

    def __init__(
        self,
        horizon: int = 20,
        samples: int = 200,
        rounds: int = 2,
        std: float | Float[np.ndarray, "action"] = 0.5,
        *,
        temperature: float = 0.2,
        exponent: float = 1.0,
        seed: Any = 0,
    ):
        if not (np.isfinite(temperature) and temperature > 0):
            raise InputError(f"temperature: {temperature!r} found, expected a positive number")
        self.temperature, self.exponent = temperature, exponent
        super().__init__(horizon, samples, rounds, std, seed)

    def _search(self, score: Score, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        centre = middle(low, high)
        mean = np.tile(centre, (self.horizon, 1)) if self._mean is None else shifted(self._mean, centre)
        for _ in range(self.rounds):
            noise = coloured_noise(self.exponent, (self.samples, mean.shape[1], self.horizon), self.random)
            sequences = np.clip(mean + np.asarray(self.std, dtype=float) * noise.transpose(0, 2, 1), low, high)
            costs = score(sequences)
            finite = np.isfinite(costs)
            unit = self.temperature * max(float(costs[finite].std()), 1e-12)
            weights = np.where(finite, np.exp(-(np.where(finite, costs, 0.0) - costs[finite].min()) / unit), 0.0)
            mean = np.einsum("n,nha->ha", weights / weights.sum(), sequences)
        self._mean = mean
        return mean

    def _forget(self) -> None:
        self._mean = None
