"""The 0-1 test for chaos: does a walk driven by the recording spread like a drunkard's, or stay at home?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.analysis.series import at_least_zero, generator, series_of, whole
from inscape.analysis.surrogates import surrogates
from inscape.errors import InputError

Verdict = Literal["chaotic", "regular", "undecided"]
FEWEST = 100


@dataclass(frozen=True)
class ZeroOneTest:
    """Answer of the 0-1 test.

    value : K, the median of `values`: near 0 for regular motion, near 1 for chaos (and for noise).
    frequencies, values : (frequency,) the driving frequencies c and the growth K_c at each.
    stride : every how-manieth sample was used.
    samples : how many of them there were.
    """

    value: float
    frequencies: Float[np.ndarray, "frequency"]
    values: Float[np.ndarray, "frequency"]
    stride: int
    samples: int

    @property
    def verdict(self) -> Verdict:
        """Chaotic from 0.8 upwards, regular up to 0.2, undecided between, and with fewer than 300 samples."""
        if self.samples < 300:
            return "undecided"
        return "chaotic" if self.value >= 0.8 else "regular" if self.value <= 0.2 else "undecided"

    def __float__(self) -> float:
        return self.value


def zero_one_test(
    series: Any,
    *,
    column: int | str = 0,
    frequencies: int = 100,
    damping: float = 2.5,
    stride: int | None = None,
    seed: int | np.random.Generator | None = 0,
) -> ZeroOneTest:
    """The 0-1 test for chaos on one variable of a recording, no embedding asked for.

    The walk p + iq = sum x_j exp(i c j) has a mean square displacement M_c(n) that grows with n under chaos and stays
    bounded under regular motion; K_c is the correlation of M_c(n) with n up to a tenth of the recording, K its median
    over random c in (pi/5, 4 pi/5) (Gottwald & Melbourne 2009). The mean is taken out first, which removes the
    oscillating term, and M_c is damped by `damping` times variance times sin(sqrt(2) n), so that weak noise on regular
    motion does not pass for chaos (Dawes & Freeland 2008; Toker, Sommer & D'Esposito 2020).

    Parameters
    ----------
    series : trajectory, (time,) or (time, state), of which `column` is taken.
    stride : take every `stride`-th sample; if None an oversampled flow is thinned by itself, to about a quarter
        period (see `oversampling`), since smooth samples make every walk look regular.

    Raises
    ------
    InputError : if fewer than 100 samples are left, or the series does not move.
    """
    signal = series_of(series, column=column, least=FEWEST)
    frequencies = whole(frequencies, "frequencies")
    damping = at_least_zero(damping, "damping")
    if np.ptp(signal) <= 1e-13 * np.abs(signal).max():
        raise InputError("series: it does not move; a walk needs something that drives it")
    step = oversampling(signal) if stride is None else whole(stride, "stride")
    thin = signal[::step]
    if len(thin) < FEWEST:
        raise InputError(f"series: {len(thin)} samples left at stride {step}, expected {FEWEST}; record for longer")
    thin = (thin - thin.mean()) / thin.std()
    drive = np.sort(generator(seed).uniform(np.pi / 5, 4 * np.pi / 5, frequencies))
    lags = np.arange(1, len(thin) // 10 + 1)
    displacement = np.array([_mean_square_displacement(thin, c, len(lags)) for c in drive])
    growth = displacement + damping * np.sin(np.sqrt(2.0) * lags)
    centred = growth - growth.mean(axis=1, keepdims=True)
    ramp = lags - lags.mean()
    values = centred @ ramp / np.sqrt((centred**2).sum(axis=1) * (ramp @ ramp))
    return ZeroOneTest(float(np.median(values)), drive, values, step, len(thin))


def oversampling(series: Float[np.ndarray, "time"]) -> int:
    """The stride at which a smooth series is as good as freshly sampled: 1 for a map.

    For a finely sampled series the lag at which its autocorrelation falls to a fifth, about a quarter period.
    """
    steps = np.abs(np.diff(series)).mean()
    # Range over mean step, above 10 for what is sampled finely (Toker, Sommer & D'Esposito 2020).
    if steps == 0 or np.ptp(series) / steps <= 10:
        return 1
    centred = series - series.mean()
    power = np.abs(np.fft.rfft(centred, 2 * len(series))) ** 2
    covariance = np.fft.irfft(power)[: len(series) // 2]
    forgotten = covariance <= 0.2 * covariance[0]
    return max(int(np.argmax(forgotten)), 1) if forgotten.any() else max(len(series) // 2, 1)


@dataclass(frozen=True)
class ChaosDecision:
    """What kind of motion a recording shows.

    verdict : "stochastic", "regular", "chaotic" or "undecided".
    reason : in words.
    surrogate_rank : share of surrogates that are at least as predictable as the recording; small means determinism.
    zero_one : the 0-1 test, or None where it could not be run.
    """

    verdict: Literal["stochastic", "regular", "chaotic", "undecided"]
    reason: str
    surrogate_rank: float
    zero_one: ZeroOneTest | None


def chaos_decision(
    series: Any,
    *,
    column: int | str = 0,
    surrogate_count: int = 39,
    seed: int | np.random.Generator | None = 0,
) -> ChaosDecision:
    """Noise, order or chaos? First whether the recording is more predictable than its surrogates, then the 0-1 test.

    After the decision tree of Toker, Sommer & D'Esposito (2020), with a nonlinear prediction error (analogues, as of
    Sugihara & May 1990) in place of permutation entropy: a recording that is not better predicted from its nearest
    past states than every IAAFT surrogate is called stochastic, unless its walk stays at home.
    """
    signal = series_of(series, column=column, least=3 * FEWEST)
    surrogate_count = whole(surrogate_count, "surrogate_count", 19)
    if np.ptp(signal) <= 1e-13 * np.abs(signal).max():
        return ChaosDecision("regular", "the recording does not move", 0.0, None)
    rng = generator(seed)
    step = oversampling(signal)
    thin = signal[::step]
    if len(thin) < FEWEST:
        reason = f"{len(thin)} samples at a stride of {step}: too short a recording for its slowness"
        return ChaosDecision("undecided", reason, float("nan"), None)
    error = analogue_error(thin)
    others = np.array([analogue_error(s) for s in surrogates(thin, "iaaft", count=surrogate_count, seed=rng)])
    rank = float((others <= error).mean())
    test = zero_one_test(thin, stride=1, seed=rng)
    if test.verdict == "regular":
        # Surrogates of a cycle are cycles: only the walk can tell, which noise would drive away.
        reason = f"K = {test.value:.2f}; its past foretells it to {error:.1e} of its spread"
        return ChaosDecision("regular", reason, rank, test)
    if rank > 0:
        reason = f"{100 * rank:.0f} % of the surrogates with its spectrum are as predictable, K = {test.value:.2f}"
        return ChaosDecision("stochastic" if test.value > 0.5 else "undecided", reason, rank, test)
    reason = f"more predictable than {surrogate_count} surrogates, K = {test.value:.2f} on {test.samples} samples"
    return ChaosDecision(test.verdict, reason, rank, test)


def analogue_error(series: Float[np.ndarray, "time"], *, dimension: int = 3, neighbours: int = 4) -> float:
    """Root-mean-square error of the next value foretold by the mean of the nearest delay vectors', in spreads."""
    from scipy.spatial import cKDTree

    vectors = np.lib.stride_tricks.sliding_window_view(series, dimension)[:-1]
    following = series[dimension:]
    _, nearest = cKDTree(vectors).query(vectors, k=neighbours + 2 * dimension + 1)
    apart = np.abs(nearest - np.arange(len(vectors))[:, None]) > dimension
    first = apart & (np.cumsum(apart, axis=1) <= neighbours)
    foretold = (np.where(first, following[nearest], 0.0)).sum(axis=1) / np.maximum(first.sum(axis=1), 1)
    return float(np.sqrt(np.mean((foretold - following) ** 2)) / series.std())


def _mean_square_displacement(signal: np.ndarray, frequency: float, longest: int) -> np.ndarray:
    walk = np.cumsum(signal * np.exp(1j * frequency * np.arange(1, len(signal) + 1)))
    count = len(walk) - longest
    start = np.zeros(len(walk), dtype=complex)
    start[:count] = walk[:count]
    size = 2 * len(walk)
    cross = np.fft.ifft(np.fft.fft(walk, size) * np.conj(np.fft.fft(start, size)))[1 : longest + 1].real
    squares = np.concatenate([[0.0], np.cumsum(np.abs(walk) ** 2)])
    lags = np.arange(1, longest + 1)
    return (squares[lags + count] - squares[lags] + squares[count] - 2 * cross) / count
