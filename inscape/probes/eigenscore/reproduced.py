"""EES as the paper prints it and as its code computes it. For reproduction: neither is a log-determinant.

Both standardise the embeddings and divide them by their largest singular value, so that neither sees their scale.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.integrate import quad

from inscape.errors import InputError

MOMENTS = 20
VECTORS = 20


def ees_as_printed(
    embeddings: Float[np.ndarray, "sample unit"],
    *,
    moments: int = MOMENTS,
    vectors: int = VECTORS,
    seed: int | np.random.Generator | None = 0,
) -> float:
    """Algorithm 1: (1/K) sum over m of d_m c_m with c_m = (2/pi) int_0^1 log(x) T_m(x) / sqrt(1 - x^2) dx."""
    weights = np.array([_integral(lambda t, m=m: np.cos(m * t)) for m in range(moments + 1)])
    return float(weights @ _moments(embeddings, moments, vectors, seed)) / len(embeddings)


def ees_as_released(
    embeddings: Float[np.ndarray, "sample unit"],
    *,
    moments: int = MOMENTS,
    vectors: int = VECTORS,
    seed: int | np.random.Generator | None = 0,
) -> float:
    """The authors' code: cos(m x) in the place of T_m(x) = cos(m arccos x), and the sum begins at m = 1."""
    weights = np.array([_integral(lambda t, m=m: np.cos(m * np.cos(t))) for m in range(1, moments + 1)])
    return float(weights @ _moments(embeddings, moments, vectors, seed)[1:]) / len(embeddings)


def _integral(shape: object) -> float:
    # x = cos(t) turns the integrand's two singular ends into one integrable one, log cos t at pi / 2.
    value, _ = quad(lambda t: np.log(np.cos(t)) * shape(t), 0.0, np.pi / 2, limit=200)  # type: ignore[operator]
    return float(2 / np.pi * value)


def _moments(
    embeddings: Float[np.ndarray, "sample unit"], moments: int, vectors: int, seed: int | np.random.Generator | None
) -> Float[np.ndarray, "moment"]:
    """d_m = mean over normal vectors z of z' T_m(Z'Z) z over K, Z standardised and of largest singular value 1."""
    spread = embeddings.std()
    if spread == 0:
        raise InputError("embeddings: all numbers are equal, and EES divides by their standard deviation")
    standard = (embeddings - embeddings.mean()) / spread
    random = np.random.default_rng(seed)
    standard = standard / _largest_singular_value(standard, random)
    drawn = random.standard_normal((len(standard), vectors))

    def applied(block: np.ndarray) -> np.ndarray:
        return np.asarray(standard @ (standard.T @ block))

    last, now = drawn, applied(drawn)
    found = [(drawn * last).sum(), (drawn * now).sum()]
    for _ in range(2, moments + 1):
        last, now = now, 2 * applied(now) - last
        found.append((drawn * now).sum())
    return np.array(found[: moments + 1]) / (len(standard) * vectors)


def _largest_singular_value(matrix: Float[np.ndarray, "sample unit"], random: np.random.Generator) -> float:
    vector = random.standard_normal(len(matrix))
    value = 0.0
    for _ in range(100):
        moved = matrix @ (matrix.T @ vector)
        before, value = value, float(np.linalg.norm(moved))
        vector = moved / value
        if abs(value - before) <= 1e-10 * value:
            break
    return float(np.sqrt(value))
