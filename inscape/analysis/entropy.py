"""How disorderly a recording is: permutation, sample, multiscale and spectral entropy, Lempel-Ziv complexity."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.series import points_of, positive, series_of, truth_value, whole
from inscape.errors import InputError


def permutation_entropy(
    series: Any,
    *,
    order: int = 3,
    lag: int = 1,
    weighted: bool = False,
    normalised: bool = True,
    column: int | str = 0,
) -> float:
    """Entropy of the ups and downs within short windows, 0 to 1 (in nats if not `normalised`).

    The Shannon entropy of the orders in which the samples of a window can lie (Bandt & Pompe 2002), over its greatest
    value log(order!). Of equal samples the earlier one counts as the smaller.

    Parameters
    ----------
    series : trajectory, (time,) or (time, state), of which `column` is taken.
    order : samples a window, 2 to 10.
    lag : samples between them.
    weighted : count each window by its variance (Fadlallah et al. 2013), which mutes the small print of noise.
    """
    order, normalised = _order(order), truth_value(normalised, "normalised")
    weights = ordinal_distribution(series, order=order, lag=lag, weighted=weighted, column=column)
    entropy = shannon(weights)
    return entropy / float(np.log(factorial(order))) if normalised else entropy


def ordinal_distribution(
    series: Any, *, order: int = 3, lag: int = 1, weighted: bool = False, column: int | str = 0
) -> Float[np.ndarray, "pattern"]:
    """Share of each of the order! ordinal patterns; parameters as of `permutation_entropy`.

    The pattern that only rises is the first, the one that only falls the last. A pattern that noise would show and
    that is never there is forbidden: a mark of determinism (Amigo et al. 2007).
    """
    from inscape.analysis.entropy_kernels import ordinal_patterns

    order, lag = _order(order), whole(lag, "lag")
    signal = series_of(series, column=column, least=(order - 1) * lag + 1)
    weights = ordinal_patterns(signal, order, lag, truth_value(weighted, "weighted"))
    total = weights.sum()
    if total == 0:
        # A constant has no variance to weigh its windows by, but one pattern.
        weights[0] = total = 1.0
    return weights / total


def shannon(shares: Float[np.ndarray, "outcome"]) -> float:
    """Shannon entropy of a distribution, in nats."""
    occupied = shares[shares > 0]
    return max(0.0, -float((occupied * np.log(occupied)).sum()))


def sample_entropy(
    series: Any, *, order: int = 2, tolerance: float = 0.2, lag: int = 1, column: int | str = 0
) -> float:
    """How often stretches that agree over `order` samples cease to agree over one more, in nats.

    -log(A / B) with B and A the pairs of stretches of `order` and `order` + 1 samples within `tolerance` standard
    deviations of each other at every sample, self-matches left out (Richman & Moorman 2000). Infinite where no longer
    stretch agrees, NaN where none does at all: the series is too short for the tolerance. A constant has 0.
    """
    order, lag, tolerance = whole(order, "order"), whole(lag, "lag"), positive(tolerance, "tolerance")
    signal = series_of(series, column=column, least=order * lag + 2)
    return _pooled_sample_entropy(signal[:, None], (order,), tolerance * signal.std(), lag)


@dataclass(frozen=True)
class MultiscaleEntropy:
    """Sample entropy at each scale of coarse-graining.

    scales : (scale,) samples that were averaged into one.
    values : (scale,) entropy in nats; NaN or infinite where too few samples were left.
    """

    scales: np.ndarray
    values: Float[np.ndarray, "scale"]

    @property
    def complexity(self) -> float:
        """Sum of the finite values over scales (the complexity index of Costa et al. 2005)."""
        return float(self.values[np.isfinite(self.values)].sum())

    def __float__(self) -> float:
        """Mean of the finite values."""
        finite = self.values[np.isfinite(self.values)]
        return float(finite.mean()) if len(finite) else float("nan")


def multiscale_entropy(
    states: Any, *, scales: int = 20, order: int = 2, tolerance: float = 0.15, lag: int = 1
) -> MultiscaleEntropy:
    """Sample entropy of the recording averaged over 1, 2, ... samples; multivariate where it has many variables.

    One variable: Costa, Goldberger & Peng (2002). Many: the multivariate sample entropy of Ahmed & Mandic (2011,
    the full method), in which stretches of all variables agree at once and every variable in turn is lengthened by a
    sample. Variables are standardised, so that `tolerance` is in standard deviations of the unaveraged recording.

    Raises
    ------
    InputError : besides the usual, if the recording has fewer than 10 samples at the coarsest scale.
    """
    scales, order, lag = whole(scales, "scales"), whole(order, "order"), whole(lag, "lag")
    tolerance = positive(tolerance, "tolerance")
    points = points_of(states, least=scales * (order * lag + 10))
    spread = points.std(axis=0)
    points = (points - points.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    values = np.empty(scales)
    for scale in range(1, scales + 1):
        count = len(points) // scale
        coarse = points[: count * scale].reshape(count, scale, -1).mean(axis=1)
        values[scale - 1] = _pooled_sample_entropy(coarse, (order,) * points.shape[1], tolerance, lag)
    return MultiscaleEntropy(np.arange(1, scales + 1), values)


def spectral_entropy(series: Any, *, normalised: bool = True, column: int | str = 0) -> float:
    """Entropy of the power spectrum (periodogram without its zero frequency), 0 for a sine to 1 for white noise.

    White noise comes out at about 1 - 0.42 / log(frequencies), since its periodogram scatters. A constant has 0.
    In nats if not `normalised`.
    """
    signal = series_of(series, column=column, least=4)
    power = np.abs(np.fft.rfft(signal - signal.mean()))[1:] ** 2
    if np.ptp(signal) <= 1e-13 * np.abs(signal).max():
        return 0.0
    entropy = shannon(power / power.sum())
    return entropy / float(np.log(len(power))) if truth_value(normalised, "normalised") else entropy


def lempel_ziv_complexity(series: Any, *, symbols: int = 2, normalised: bool = True, column: int | str = 0) -> float:
    """Number of phrases that a series of symbols cannot copy from its own past (Lempel & Ziv 1976).

    A series of whole numbers below `symbols` is taken as symbols already; any other is cut into equally frequent
    classes (above and below its median for two). Normalised by length / log_symbols(length), so that a random series
    tends to 1 from above.
    """
    from inscape.analysis.entropy_kernels import lempel_ziv_phrases

    symbols = whole(symbols, "symbols", 2)
    normalised = truth_value(normalised, "normalised")
    signal = series_of(series, column=column)
    if symbols > len(signal):
        raise InputError(f"symbols: {symbols} found, expected no more than the {len(signal)} samples")
    if np.all((signal == np.floor(signal)) & (signal >= 0) & (signal < symbols)):
        classes = signal.astype(np.int64)
    else:
        cuts = np.quantile(signal, np.arange(1, symbols) / symbols)
        classes = np.searchsorted(cuts, signal, side="left")
    phrases = lempel_ziv_phrases(classes)
    return float(phrases * np.log(len(signal)) / np.log(symbols) / len(signal)) if normalised else float(phrases)


def composite_embedding(
    points: Float[np.ndarray, "time state"], orders: tuple[int, ...], lag: int, count: int
) -> Float[np.ndarray, "vector coordinate"]:
    """The first `count` delay vectors of all variables side by side, `orders` samples of each."""
    rows = np.arange(count)[:, None]
    parts = [points[rows + lag * np.arange(order), k] for k, order in enumerate(orders)]
    return np.concatenate(parts, axis=1)


def _pooled_sample_entropy(points: np.ndarray, orders: tuple[int, ...], tolerance: float, lag: int) -> float:
    from inscape.analysis.entropy_kernels import close_pairs

    count = len(points) - max(orders) * lag
    if count < 2:
        return float("nan")
    # Rounding of a mean must not part samples that are the same.
    reach = tolerance * (1 + 1e-12) + 1e-300
    short = composite_embedding(points, orders, lag, count)
    longer = [
        composite_embedding(points, tuple(o + (k == grown) for k, o in enumerate(orders)), lag, count)
        for grown in range(len(orders))
    ]
    pooled = np.concatenate(longer)
    found, found_longer = (close_pairs(_sorted_rows(rows), reach) for rows in (short, pooled))
    if found == 0:
        return float("nan")
    if found_longer == 0:
        return float("inf")
    share = found / (count * (count - 1))
    share_longer = found_longer / (len(pooled) * (len(pooled) - 1))
    return float(np.log(share / share_longer))


def _sorted_rows(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows[np.argsort(rows[:, 0], kind="stable")])


def _order(order: Any) -> int:
    order = whole(order, "order", 2)
    if order > 10:
        raise InputError(f"order: {order} found, expected at most 10: {order}! patterns want more data than there is")
    return order


__all__ = [
    "MultiscaleEntropy",
    "lempel_ziv_complexity",
    "multiscale_entropy",
    "ordinal_distribution",
    "permutation_entropy",
    "sample_entropy",
    "spectral_entropy",
]
