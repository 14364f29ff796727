"""`CEM`: the cross-entropy method, as HyperCRL's release plans with it."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.control.plan.planner import Planner, Score, check_whole, middle, shifted
from inscape.errors import InputError


class CEM(Planner):
    """Independent Gaussians for every step and action, refitted to the best samples of each round.

    Rubinstein (1999). As released with HyperCRL (Huang et al. 2021) it starts anew at every plan, and after the last
    refit draws fresh samples of which the best one's first action is played; both can be changed.

    Parameters
    ----------
    elites : best samples that the Gaussians are refitted to.
    warm_start : start from the plan before, one step on.
    last : "fresh": the best of new samples after the last refit; "mean": the mean itself, a round of samples fewer.
    """

    _mean: np.ndarray | None

    def __init__(
        self,
        horizon: int = 20,
        samples: int = 500,
        elites: int = 50,
        rounds: int = 5,
        std: float | Float[np.ndarray, "action"] = 1.0,
        *,
        warm_start: bool = False,
        last: str = "fresh",
        seed: Any = 0,
    ):
        check_whole("elites", elites, 2)
        if elites > samples:
            raise InputError(f"elites: {elites} found, expected at most the {samples} samples")
        if last not in ("fresh", "mean"):
            raise InputError(f'last: {last!r} found, expected "fresh" or "mean"')
        self.elites, self.warm_start, self.last = int(elites), warm_start, last
        super().__init__(horizon, samples, rounds, std, seed)

    def _search(self, score: Score, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        centre = middle(low, high)
        if self._mean is not None and self.warm_start:
            mean = shifted(self._mean, centre)
        else:
            mean = np.tile(centre, (self.horizon, 1))
        spread = np.broadcast_to(np.asarray(self.std, dtype=float), mean.shape)
        for _ in range(self.rounds):
            sequences = self._draw(mean, spread, low, high)
            best = sequences[np.argpartition(score(sequences), self.elites - 1)[: self.elites]]
            mean, spread = best.mean(axis=0), best.std(axis=0)
        self._mean = mean
        if self.last == "mean":
            return mean
        sequences = self._draw(mean, spread, low, high)
        return sequences[int(np.argmin(score(sequences)))]

    def _draw(self, mean: np.ndarray, spread: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        noise = self.random.standard_normal((self.samples, *mean.shape))
        return np.clip(mean + spread * noise, low, high)

    def _forget(self) -> None:
        self._mean = None
