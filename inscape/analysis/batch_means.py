"""Standard errors of means over a run whose samples remember one another: batch means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

FEWEST_BLOCKS = 16
MOST_BLOCKS = 512
_MEAN_RANGE_OF_A_BRIDGE = np.sqrt(np.pi / 2)


@dataclass(frozen=True, eq=False)
class BatchMeans:
    """Mean of a correlated series and how well it is known.

    Parameters
    ----------
    mean : (count,) mean of each column.
    covariance : (count, count) of the means.
    block_length : samples in the longest blocks.
    degrees_of_freedom : number of the longest blocks less one.
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
    """Means over the samples, with the covariance of the means from the scatter of blocks.

    The variance of block means times the block length, V(b), goes to the long-run variance as S + C / b: C is below
    zero where the samples follow one another and above where they cancel, as growth rates do, in which there is always
    the difference of two bounded numbers. S and C are fitted over block lengths from a sixteenth of the run down to
    ten times the memory of the samples, and V is taken at the length of the run itself (compare the lugsail batch means
    of Vats & Flegal 2022, Biometrika 109, 735). The error is never taken below half of what the range of the summed
    departures says, in units of that of a Brownian bridge, and is what it says where that is less than half. With
    fewer than 32 samples, the scatter of the samples is all there is; with one, or for a mean that is not finite, the
    errors are NaN.
    """
    samples, count = series.shape
    mean = series.mean(axis=0)
    known = np.isfinite(mean)
    if known.any() and not known.all():
        part = batch_means(series[:, known])
        covariance = np.full((count, count), np.nan)
        covariance[np.ix_(known, known)] = part.covariance
        return BatchMeans(mean, covariance, part.block_length, part.degrees_of_freedom)
    if samples < 2 or not np.isfinite(mean).all():
        return BatchMeans(mean, np.full((count, count), np.nan), max(samples, 1), max(samples - 1, 0))
    if samples < 2 * FEWEST_BLOCKS:
        return BatchMeans(mean, np.atleast_2d(np.cov(series.T)) / samples, 1, samples - 1)
    memory = max(integrated_autocorrelation_time(series[:, k]) for k in range(count))
    blocks = FEWEST_BLOCKS * 2 ** np.arange(int(np.log2(MOST_BLOCKS // FEWEST_BLOCKS)) + 1)
    kept = blocks[samples // blocks >= max(10 * memory, 2)]
    # Two lengths are the least that a line needs.
    blocks = kept if len(kept) > 1 else blocks[: 2 if samples >= 4 * FEWEST_BLOCKS else 1]
    longest = samples // FEWEST_BLOCKS
    at_longest = _scaled_covariance(series, longest)
    variance = np.diagonal(at_longest)
    if len(blocks) > 1:
        lengths = samples // blocks
        levels = np.array([np.diagonal(_scaled_covariance(series, length)) for length in lengths])
        constant, slope = _weighted_line(1 / lengths, levels, blocks - 1.0)
        settled = constant + slope / samples
        # Where the samples follow one another, V still rises: the longest blocks are the least that is true.
        variance = np.where(slope > 0, settled, np.maximum(settled, variance))
    bridge = np.cumsum(series - mean, axis=0)
    reach = (bridge.max(axis=0) - bridge.min(axis=0)) / samples / _MEAN_RANGE_OF_A_BRIDGE
    errors = np.maximum(np.sqrt(np.maximum(variance, 0) / samples), 0.5 * reach)
    # A sum that never strays far although its terms are large is bounded, whatever blocks of it say.
    errors = np.where(reach < 0.5 * errors, reach, errors)
    scale = np.sqrt(np.diagonal(at_longest))
    scale = np.where(scale > 0, scale, 1.0)
    correlation = at_longest / np.outer(scale, scale)
    np.fill_diagonal(correlation, 1.0)
    return BatchMeans(mean, correlation * np.outer(errors, errors), longest, FEWEST_BLOCKS - 1)


def _scaled_covariance(series: Float[np.ndarray, "sample count"], length: int) -> Float[np.ndarray, "count count"]:
    """Covariance of the means of blocks, times their length."""
    samples, count = series.shape
    blocks = samples // length
    # A remainder that fills no block is left off at the start, where what is left of a transient would be.
    means = series[samples - blocks * length :].reshape(blocks, length, count).mean(axis=1)
    spread = means - means.mean(axis=0)
    return length * (spread.T @ spread) / (blocks - 1)


def _weighted_line(
    x: Float[np.ndarray, "level"], y: Float[np.ndarray, "level count"], weights: Float[np.ndarray, "level"]
) -> tuple[Float[np.ndarray, "count"], Float[np.ndarray, "count"]]:
    """Constant and slope of the weighted least-squares line through each column."""
    share = weights / weights.sum()
    centre = share @ x
    slope = (share * (x - centre)) @ y / (share @ (x - centre) ** 2)
    return share @ y - slope * centre, slope


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
