"""Standard errors of means over a run whose samples remember one another: batch means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

FEWEST_BLOCKS = 16
MOST_BLOCKS = 64
_MEAN_RANGE_OF_A_BRIDGE = np.sqrt(np.pi / 2)


@dataclass(frozen=True, eq=False)
class BatchMeans:
    """Mean of a correlated series and how well it is known.

    Parameters
    ----------
    mean : (count,) mean of each column.
    covariance : (count, count) of the means.
    block_length : samples in a block.
    degrees_of_freedom : blocks less one.
    """

    mean: Float[np.ndarray, "count"]
    covariance: Float[np.ndarray, "count count"]
    block_length: int
    degrees_of_freedom: int

    @property
    def errors(self) -> Float[np.ndarray, "count"]:
        """(count,) standard error of each mean."""
        return np.sqrt(np.diagonal(self.covariance))


def batch_means(series: Float[np.ndarray, "sample count"]) -> BatchMeans:
    """Means over the samples, with the covariance of the means from the scatter of long blocks.

    A block is ten times as long as the longest integrated autocorrelation time of the columns, but never so long that
    fewer than 16 blocks are left (Flegal & Jones 2010, Ann. Statist. 38, 1034, for the consistency of the estimate).
    With fewer than 16 samples, every sample is a block; with one, the errors are NaN.

    Where the samples cancel one another in the long run (the growth of a neutral direction is a difference of two
    bounded numbers), blocks say too much, and the range of the summed departures from the mean, over that of a
    Brownian bridge, sqrt(pi / 2), replaces them (Kuiper's statistic; it is under half of what it should be for
    independent samples less than once in a thousand times).
    """
    samples, count = series.shape
    mean = series.mean(axis=0)
    if samples < 2 or not np.isfinite(mean).all():
        return BatchMeans(mean, np.full((count, count), np.nan), max(samples, 1), max(samples - 1, 0))
    memory = max(integrated_autocorrelation_time(series[:, k]) for k in range(count))
    wanted = int(np.ceil(max(10 * memory, samples / MOST_BLOCKS)))
    length = int(np.clip(wanted, 1, max(samples // FEWEST_BLOCKS, 1)))
    blocks = samples // length
    # A remainder that fills no block is left off at the start, where what is left of a transient would be.
    means = series[samples - blocks * length :].reshape(blocks, length, count).mean(axis=1)
    spread = means - means.mean(axis=0)
    covariance = spread.T @ spread / (blocks - 1) / blocks
    errors = np.sqrt(np.diagonal(covariance))
    bridge = np.cumsum(series - mean, axis=0)
    bounded = (bridge.max(axis=0) - bridge.min(axis=0)) / samples / _MEAN_RANGE_OF_A_BRIDGE
    shrink = np.where((samples >= FEWEST_BLOCKS) & (bounded < 0.5 * errors), bounded / np.maximum(errors, 1e-300), 1.0)
    covariance = covariance * np.outer(shrink, shrink)
    return BatchMeans(mean, covariance, length, blocks - 1)


def integrated_autocorrelation_time(series: Float[np.ndarray, "sample"]) -> float:
    """Samples that count as one independent sample: 1 + 2 sum of the autocorrelation, at least 1.

    The sum ends at the first lag that is five times the time found so far (Sokal 1997, Monte Carlo methods in
    statistical mechanics, section 3). A constant series has time 1.
    """
    centred = series - series.mean()
    scale = np.max(np.abs(centred))
    if scale <= 1e-14 * max(np.max(np.abs(series)), 1e-300):
        return 1.0
    centred = centred / scale
    size = 1 << (2 * len(series) - 1).bit_length()
    spectrum = np.fft.rfft(centred, size)
    correlation = np.fft.irfft(spectrum * spectrum.conj(), size)[: len(series)]
    time = 2 * np.cumsum(correlation / correlation[0]) - 1
    ended = np.arange(len(time)) >= 5 * time
    return float(max(time[np.argmax(ended)] if ended.any() else time[-1], 1.0))
