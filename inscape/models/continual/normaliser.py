"""`Normaliser`: the mean and standard deviation of a task's features, kept while they come in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Normaliser:
    """Mean and spread of the samples seen (Welford 1962; merged as of Chan, Golub, LeVeque 1979).

    Parameters
    ----------
    count : samples seen.
    mean, squares : (feature,) their mean, and the sum of squared deviations from it.
    """

    count: float
    mean: Float[np.ndarray, "feature"]
    squares: Float[np.ndarray, "feature"]

    @classmethod
    def empty(cls, features: int) -> Normaliser:
        return cls(0.0, np.zeros(features), np.zeros(features))

    def seen(self, samples: Float[np.ndarray, "sample feature"]) -> Normaliser:
        """The same after more samples."""
        mean = samples.mean(axis=0)
        squares = ((samples - mean) ** 2).sum(axis=0)
        total = self.count + len(samples)
        apart = mean - self.mean
        return Normaliser(
            total,
            self.mean + apart * len(samples) / total,
            self.squares + squares + apart**2 * self.count * len(samples) / total,
        )

    @property
    def deviation(self) -> Float[np.ndarray, "feature"]:
        """Standard deviation; 1 for a feature that never changed."""
        spread = np.sqrt(self.squares / max(self.count, 1.0))
        return np.where(spread > 1e-9 * (1.0 + np.abs(self.mean)), spread, 1.0)

    def array(self) -> Float[np.ndarray, "three feature"]:
        """Count, mean and squares as one array of single precision: what is kept of a task's data."""
        return np.stack([np.full_like(self.mean, self.count), self.mean, self.squares]).astype(np.float32)

    @classmethod
    def of(cls, array: Float[np.ndarray, "three feature"]) -> Normaliser:
        """The inverse of `array`."""
        count, mean, squares = np.asarray(array, dtype=float)
        return cls(float(count[0]), mean, squares)
