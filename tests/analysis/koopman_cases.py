"""Maps whose Koopman operator is known in closed form, and what a dictionary sees of them."""

from __future__ import annotations

import numpy as np
from scipy.linalg import toeplitz

from inscape.analysis import Galerkin


def waves(n: int) -> np.ndarray:
    return np.array([k for k in range(-n, n + 1) if k])


def fourier(x: np.ndarray, n: int) -> np.ndarray:
    return np.exp(2j * np.pi * np.outer(x, waves(n)))


def doubling(n: int, samples: int = 0) -> Galerkin:
    """x -> 2 x mod 1, off the constant; trapezoidal sums are exact for trigonometric polynomials."""
    size = samples or 8 * n
    x = np.arange(size) / size
    return Galerkin.of(fourier(x, n), fourier(2 * x % 1, n))


def rotation(n: int, angle: float, samples: int = 0) -> Galerkin:
    size = samples or 8 * n
    x = np.arange(size) / size
    return Galerkin.of(fourier(x, n), fourier(x + angle, n))


def krylov(moments: np.ndarray, n: int) -> Galerkin:
    """The span of g, K g, ..., K^(n-1) g of a measure-preserving map, from autocorrelations <K^n g, g>."""
    c = np.zeros(n + 1, dtype=complex)
    c[: min(len(moments), n + 1)] = moments[: n + 1]
    gram = toeplitz(c.conj(), c)
    return Galerkin.from_matrices(gram[:n, :n], gram[:n, 1:], gram[:n, :n])


def smooth_galerkin(rank: int = 40, samples: int = 2_000, seed: int = 0) -> Galerkin:
    """A pendulum's kicks seen through Gaussians about random centres: real features, no closed form."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, (samples, 2))
    v = x[:, 1] + 0.4 * (x[:, 0] - x[:, 0] ** 3)
    y = np.stack([x[:, 0] + 0.4 * v, v], axis=1)
    centres = rng.uniform(-2, 2, (rank, 2))

    def features(s: np.ndarray) -> np.ndarray:
        return np.exp(-2 * ((s[:, None] - centres) ** 2).sum(axis=-1))

    return Galerkin.of(features(x), features(y))
