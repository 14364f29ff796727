"""How sure a residual is: a bootstrap over runs or stretches of them, on pairs that the fit should not have seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float, Int, Num

from inscape.analysis.features import feature_pairs, points_of_plane
from inscape.analysis.series import generator, share, whole
from inscape.errors import InputError

DRAWS = 1_000
MOST_DRAWS = 100_000
FEWEST_BLOCKS = 8
STRETCHES = 64
MOST_BLOCKS = 128
# Blocks of this many correlation times are as good as independent.
_MEMORIES = 4


@dataclass(frozen=True, eq=False)
class ResidualBands:
    """Residuals of given pairs (eigenvalue, function), with what a finite recording leaves open.

    Parameters
    ----------
    residuals : (pair,) sqrt(mean |g(y) - eigenvalue g(x)|^2 / mean |g(x)|^2); infinite where g vanishes on the samples.
    low, high : (pair,) band of the limit for infinitely many samples; NaN with fewer than 8 blocks.
    level : share of repetitions of which the band should hold the limit.
    blocks : independent stretches that were drawn.
    samples, dropped : snapshot pairs used, and left out for a missing value.
    """

    residuals: Float[np.ndarray, "pair"]
    low: Float[np.ndarray, "pair"]
    high: Float[np.ndarray, "pair"]
    level: float
    blocks: int
    samples: int
    dropped: int


def residual_bands(
    before: Num[np.ndarray, "sample pair"],
    after: Num[np.ndarray, "sample pair"],
    eigenvalues: Complex[np.ndarray, "pair"],
    *,
    runs: Int[np.ndarray, "sample"] | None = None,
    block_length: int | None = None,
    weights: Float[np.ndarray, "sample"] | None = None,
    level: float = 0.95,
    draws: int = DRAWS,
    seed: int | np.random.Generator | None = 0,
) -> ResidualBands:
    """Residual of each eigenfunction from its values before and after one step, with a block bootstrap.

    Whole blocks are drawn with replacement (Kuensch 1989, Ann. Statist. 17, 1217) and each draw's logarithm is
    measured in its own standard error (bootstrap-t, Efron & Tibshirani 1993, chapter 12), so that skewed
    ratios are covered with few blocks too. The band is one of the pair as given: values on which the functions were
    fitted score too small, so hand in a recording that was held out. O(draws blocks pair).

    Parameters
    ----------
    before, after : (sample, pair) g_j(x_m), g_j(y_m), in the order of time; NaN rows are left out and counted.
    eigenvalues : (pair,) the number that goes with each function.
    runs : (sample,) label of the run of each sample; samples of different runs are independent. One run if None.
    block_length : samples of a block within a run; if None, whole runs where there are 20 or more, else four times
        the correlation time of the misses. 1 for samples drawn independently.
    weights : (sample,) quadrature weights.

    Raises
    ------
    InputError : for shapes that do not match, infinite values or settings out of range.
    """
    x, y, each, dropped = feature_pairs(before, after, weights)
    values = points_of_plane(eigenvalues, "eigenvalues")
    if values.shape != (x.shape[1],):
        raise InputError(f"eigenvalues: shape {values.shape} found, expected one a function, ({x.shape[1]},)")
    level, draws, rng = share(level, "level"), whole(draws, "draws", 50), generator(seed)
    if draws > MOST_DRAWS:
        raise InputError(f"draws: {draws} found, expected at most {MOST_DRAWS}")
    misses = np.abs(y - x * values) ** 2 * each[:, None]
    sizes = np.abs(x) ** 2 * each[:, None]
    total = sizes.sum(axis=0)
    squared = np.where(total > 0, misses.sum(axis=0) / np.where(total > 0, total, 1.0), np.inf)
    labels = _labels(runs, before, after, len(x))
    # What misses by rounding alone has no memory that matters.
    real = np.isfinite(squared) & (squared > 1e-20)
    places = _blocks(labels, (misses - np.where(real, squared, 0.0) * sizes)[:, real], block_length)
    blocks = int(places[-1]) + 1
    if blocks > MOST_BLOCKS:
        # Neighbours taken together are as independent, and the draws are quicker.
        places = places * MOST_BLOCKS // blocks
    count = int(places[-1]) + 1
    bands = np.full((2, len(values)), np.nan)
    if count >= FEWEST_BLOCKS:
        starts = np.flatnonzero(np.diff(places, prepend=-1))
        sums = [np.add.reduceat(part[:, total > 0], starts) for part in (misses, sizes)]
        bands[:, total > 0] = _bootstrap(sums[0], sums[1], level, draws, rng)
    return ResidualBands(np.sqrt(squared), bands[0], bands[1], level, count, len(x), dropped)


def _bootstrap(
    n: np.ndarray, d: np.ndarray, level: float, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    # n, d (block, pair): sums of |miss|^2 and |g|^2; the ratio of their sums is the squared residual.
    count = len(n)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(float)
    scale = np.where(d.mean(axis=0) > 0, d.mean(axis=0), 1.0)
    n, d = n / scale, d / scale

    def ratio_and_error(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        sizes = np.maximum(times @ d, np.finfo(float).tiny)
        ratio = (times @ n) / sizes
        spread = times @ (n * n) - 2 * ratio * (times @ (n * d)) + ratio**2 * (times @ (d * d))
        # Relative standard error of the ratio, to first order.
        return ratio, np.sqrt(np.maximum(spread, 0.0)) / sizes / np.maximum(ratio, np.finfo(float).tiny)

    ratio, error = ratio_and_error(np.ones((1, count)))
    ratios, errors = ratio_and_error(drawn)
    tiny = np.finfo(float).tiny
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.log(np.maximum(ratios, tiny) / np.maximum(ratio, tiny)) / errors
    # A draw of one block many times over has no spread and says nothing.
    t = np.where(np.isfinite(t), t, 0.0)
    tail = (1 - level) / 2
    lowest, highest = np.quantile(t, [tail, 1 - tail], axis=0)
    bounded = [np.sqrt(ratio[0] * np.exp(np.clip(-q * error[0], -50, 50))) for q in (highest, lowest)]
    return bounded[0], bounded[1]


def _labels(runs: Any, before: Any, after: Any, kept: int) -> np.ndarray:
    if runs is None:
        return np.zeros(kept, dtype=int)
    try:
        labels = np.asarray(runs)
    except ValueError:
        raise InputError("runs: rows of unequal length found, expected a whole number a sample") from None
    if labels.shape != (len(before),) or labels.dtype.kind not in "iu":
        raise InputError(f"runs: {labels.dtype} of shape {labels.shape} found, expected a whole number a sample")
    if kept < len(labels):
        whole_rows = np.isfinite(np.asarray(before)).all(axis=1) & np.isfinite(np.asarray(after)).all(axis=1)
        labels = labels[whole_rows]
    changes = np.flatnonzero(np.diff(labels)) + 1
    if len(np.unique(labels)) != len(changes) + 1:
        raise InputError("runs: samples of one run apart from each other found, expected the runs one after another")
    numbers = np.zeros(kept, dtype=int)
    numbers[changes] = 1
    return np.cumsum(numbers)


def _blocks(labels: np.ndarray, influence: np.ndarray, block_length: int | None) -> np.ndarray:
    count = int(labels[-1]) + 1
    if block_length is None:
        if count >= 20:
            return labels
        memory = max((_correlation_time(influence[:, j]) for j in range(min(influence.shape[1], 16))), default=1.0)
        length = max(int(np.ceil(_MEMORIES * memory)), -(-len(labels) // STRETCHES))
    else:
        length = whole(block_length, "block_length")
    places = np.empty(len(labels), dtype=int)
    reached = 0
    for run in range(count):
        rows = np.flatnonzero(labels == run)
        # A stub at the end goes with the block before it.
        pieces = max(1, len(rows) // length)
        places[rows] = reached + np.minimum(np.arange(len(rows)) // length, pieces - 1)
        reached += pieces
    return places


def _correlation_time(series: np.ndarray) -> float:
    from scipy.fft import irfft, next_fast_len, rfft

    centred = series - series.mean()
    variance = float(centred @ centred)
    if not np.isfinite(variance) or variance == 0:
        return 1.0
    size = next_fast_len(2 * len(centred))
    correlation = irfft(np.abs(rfft(centred, size)) ** 2, size)[: len(centred)] / variance
    # Summed up to where it is noise: the first window five times as long as its own sum (Sokal 1997).
    times = 2 * np.cumsum(correlation) - 1
    settled = np.flatnonzero(np.arange(len(times)) >= 5 * times)
    return float(max(times[settled[0]] if len(settled) else len(times) / 5, 1.0))
