"""`ICEM`: the cross-entropy method that needs few samples."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.control.plan.coloured_noise import coloured_noise
from inscape.control.plan.planner import Planner, Score, check_whole, middle, shifted
from inscape.errors import InputError


class ICEM(Planner):
    """CEM with coloured noise, a warm start, kept elites and a shrinking population.

    Pinneri, Sawant, Blaes, Achterhold, Stueckler, Rolinek, Martius (2020), Sample-efficient cross-entropy method for
    real-time planning. The best sequence seen in any round is played; the mean is tried as one of the last samples.

    Parameters
    ----------
    elites : best samples that the Gaussians are refitted to.
    exponent : of the noise's spectrum over time; 2 to 3 for a body that swings, 0 for white noise.
    decay : each round has so many times fewer samples, but at least twice the elites.
    keep : share of the elites that goes into the next round, and, one step on, into the next plan.
    momentum : share of the old mean and spread in the refitted ones.
    """

    _mean: np.ndarray | None
    _kept: np.ndarray | None

    def __init__(
        self,
        horizon: int = 20,
        samples: int = 100,
        elites: int = 10,
        rounds: int = 3,
        std: float | Float[np.ndarray, "action"] = 0.5,
        *,
        exponent: float = 2.0,
        decay: float = 1.25,
        keep: float = 0.3,
        momentum: float = 0.1,
        seed: Any = 0,
    ):
        check_whole("elites", elites, 2)
        if elites > samples:
            raise InputError(f"elites: {elites} found, expected at most the {samples} samples")
        for name, value, least, most in (
            ("exponent", exponent, 0.0, 10.0),
            ("decay", decay, 1.0, 10.0),
            ("keep", keep, 0.0, 1.0),
            ("momentum", momentum, 0.0, 1.0),
        ):
            if not least <= value <= most:
                raise InputError(f"{name}: {value!r} found, expected {least:g} to {most:g}")
        self.elites, self.exponent, self.decay = int(elites), exponent, decay
        self.keep, self.momentum = keep, momentum
        super().__init__(horizon, samples, rounds, std, seed)

    def _search(self, score: Score, low: np.ndarray, high: np.ndarray) -> np.ndarray:
        centre = middle(low, high)
        mean = np.tile(centre, (self.horizon, 1)) if self._mean is None else shifted(self._mean, centre)
        spread = np.broadcast_to(np.asarray(self.std, dtype=float), mean.shape)
        kept = None if self._kept is None else shifted(self._kept, centre)
        best, least = mean, np.inf
        for turn in range(self.rounds):
            count = max(2 * self.elites, int(np.ceil(self.samples * self.decay**-turn)))
            noise = coloured_noise(self.exponent, (count, mean.shape[1], self.horizon), self.random)
            tried = [np.clip(mean + spread * noise.transpose(0, 2, 1), low, high)]
            if kept is not None:
                tried.append(kept)
            if turn == self.rounds - 1:
                tried.append(mean[None])
            sequences = np.concatenate(tried)
            costs = score(sequences)
            order = np.argsort(costs)[: self.elites]
            elite = sequences[order]
            if costs[order[0]] < least:
                best, least = elite[0], costs[order[0]]
            mean = self.momentum * mean + (1.0 - self.momentum) * elite.mean(axis=0)
            spread = self.momentum * spread + (1.0 - self.momentum) * elite.std(axis=0)
            kept = elite[: int(np.ceil(self.keep * self.elites))] if self.keep else None
        self._mean, self._kept = mean, kept
        return best

    def _forget(self) -> None:
        self._mean = None
        self._kept = None
