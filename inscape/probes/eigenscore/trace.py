"""Traces of a function of a matrix from a few vectors that the matrix is applied to.

Orthonormal frames of random directions stand for all directions. The spread of what the vectors say gives a standard
error, and vectors are added until it is small; a frame as large as the matrix gives the trace itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Block = Float[np.ndarray, "row vector"]
MOST_VECTORS = 2048
"""A frame is held in memory whole."""


@dataclass(frozen=True)
class TraceEstimate:
    """A trace over the size of its matrix.

    Parameters
    ----------
    mean : the trace over the size.
    error : its standard error; 0 where every direction was asked.
    vectors : directions asked.
    """

    mean: float
    error: float
    vectors: int


@dataclass(frozen=True)
class GramOperator:
    """The smaller of Z Z' and Z'Z as something that is only ever applied to vectors."""

    rows: Float[np.ndarray, "sample unit"]

    @property
    def size(self) -> int:
        return min(self.rows.shape)

    def __call__(self, vectors: Block) -> Block:
        if self.rows.shape[0] <= self.rows.shape[1]:
            return self.rows @ (self.rows.T @ vectors)
        return self.rows.T @ (self.rows @ vectors)


def mean_over_directions(
    along: Callable[[Block], Float[np.ndarray, "vector"]],
    size: int,
    *,
    vectors: int,
    tolerance: float | None,
    seed: int | np.random.Generator | None,
) -> TraceEstimate:
    """(1/n) trace f(A) from `along`, which gives v' f(A) v of unit vectors v, a column each.

    Parameters
    ----------
    along : the quadratic form of many unit vectors at once.
    size : rows of the matrix.
    vectors : directions to begin with.
    tolerance : add as many again until the standard error is below this share of the mean (of 1 where the mean is
        smaller); None for no more than `vectors`.
    seed : of the directions.
    """
    random = np.random.default_rng(seed)
    said: list[np.ndarray] = []
    for block in _frame(size, vectors, random):
        said.append(along(block))
        values = np.concatenate(said)
        count = len(values)
        if count >= size:
            return TraceEstimate(float(values.mean()), 0.0, count)
        # Orthogonal directions are drawn without replacement, hence the factor of a finite population.
        error = float(values.std(ddof=1) * np.sqrt((1 - count / size) / count)) if count > 1 else np.inf
        if tolerance is None or error <= tolerance * max(1.0, abs(float(values.mean()))):
            break
    return TraceEstimate(float(values.mean()), error, count)


def _frame(size: int, block: int, random: np.random.Generator) -> Iterator[Block]:
    """Blocks of orthonormal random directions, each twice the last, until they span the space or memory sets an end."""
    if size <= 2 * block:
        yield np.eye(size)
        return
    most = min(size, max(MOST_VECTORS, block))
    basis = np.empty((size, 0))
    while basis.shape[1] < most:
        drawn = random.standard_normal((size, min(block, most - basis.shape[1])))
        for _ in range(2):  # Twice is enough to be orthogonal to rounding.
            drawn -= basis @ (basis.T @ drawn)
        fresh = np.linalg.qr(drawn)[0]
        basis = np.concatenate([basis, fresh], axis=1)
        block *= 2
        yield fresh
