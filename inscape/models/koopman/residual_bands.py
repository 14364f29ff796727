"""How sure a residual is: pairs that the fit did not see, and a bootstrap over stretches that depend on each other."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Float, Int

DRAWS = 1_000
FEWEST_BLOCKS = 5
MOST_BLOCKS = 40


class ResidualBands(NamedTuple):
    """Residuals of given eigenpairs on given snapshot pairs, with what the finite number of pairs leaves open.

    Parameters
    ----------
    residuals : sqrt(mean |g(y) - eigenvalue g(x)|^2 / mean |g(x)|^2).
    low, high : 95 % band of its limit for infinite data; NaN with too few stretches to tell.
    errors : standard error of the eigenvalue, to first order.
    """

    residuals: Float[np.ndarray, "pair"]
    low: Float[np.ndarray, "pair"]
    high: Float[np.ndarray, "pair"]
    errors: Float[np.ndarray, "pair"]


def residual_bands(
    before: Complex[np.ndarray, "sample pair"],
    after: Complex[np.ndarray, "sample pair"],
    eigenvalues: Complex[np.ndarray, "pair"],
    blocks: Int[np.ndarray, "sample"],
    weights: Float[np.ndarray, "sample"] | None = None,
    level: float = 0.95,
    seed: int | np.random.Generator | None = 0,
) -> ResidualBands:
    """Residual of each eigenfunction from its values before and after one step, with a block bootstrap.

    Whole blocks are drawn with replacement (Kuensch 1989, Ann. Statist. 17:1217), and the ratio of sums is formed anew;
    the quantiles are widened by what Student's t adds to a normal for so few blocks.

    Parameters
    ----------
    before, after : g_j(x_m), g_j(y_m).
    eigenvalues : the number that goes with each function.
    blocks : of each sample; samples of different blocks are independent.
    weights : of each sample.
    """
    from scipy.stats import norm, t

    order = np.argsort(blocks, kind="stable")
    starts = np.flatnonzero(np.diff(blocks[order], prepend=blocks[order[:1]] - 1))
    count = len(starts)
    weight = np.ones(len(before)) if weights is None else weights
    rest = after - before * eigenvalues

    def summed(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat((values * weight[:, None])[order], starts)

    misses, sizes = summed(np.abs(rest) ** 2), summed(np.abs(before) ** 2)
    size = np.where(sizes.sum(axis=0) > 0, sizes.sum(axis=0), 1.0)
    squared = misses.sum(axis=0) / size
    if count < FEWEST_BLOCKS:
        unknown = np.full(len(squared), np.nan)
        return ResidualBands(np.sqrt(squared), unknown, unknown, unknown)
    drift = summed(before.conj() * rest) / size
    drift -= drift.mean(axis=0)
    errors = np.sqrt(count / (count - 1) * (np.abs(drift) ** 2).sum(axis=0))
    draws = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=DRAWS)
    drawn = draws @ sizes
    ratios = (draws @ misses) / np.where(drawn > 0, drawn, 1.0)
    tail = (1 - level) / 2
    widen = t.ppf(1 - tail, count - 1) / norm.ppf(1 - tail) * np.sqrt(count / (count - 1))
    below, above = np.quantile(ratios, [tail, 1 - tail], axis=0)
    low = np.maximum(squared - widen * (squared - below), 0.0)
    high = np.maximum(squared + widen * (above - squared), 0.0)
    return ResidualBands(np.sqrt(squared), np.sqrt(low), np.sqrt(high), errors)


def stretches(runs: Int[np.ndarray, "sample"], correlated: int = 1) -> Int[np.ndarray, "sample"]:
    """Blocks of samples that lie together: the runs where there are many, else stretches of each run.

    Parameters
    ----------
    runs : the run of each sample, in the order of time.
    correlated : samples over which neighbours surely depend on each other; a stretch is twice as long at least.
    """
    number = np.unique(runs, return_inverse=True)[1]
    count = int(number.max()) + 1
    if count >= MOST_BLOCKS // 2:
        return number % MOST_BLOCKS if count > 4 * MOST_BLOCKS else number
    length = max(2 * correlated, -(-len(runs) // MOST_BLOCKS))
    places = np.empty(len(runs), dtype=int)
    reached = 0
    for run in range(count):
        rows = np.flatnonzero(number == run)
        # A stub at the end goes with the stretch before it.
        pieces = max(1, len(rows) // length)
        places[rows] = reached + np.minimum(np.arange(len(rows)) // length, pieces - 1)
        reached += pieces
    return places
