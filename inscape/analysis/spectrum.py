"""Power spectra, autocorrelation and delayed mutual information: how a recording moves, and how long it remembers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.analysis.series import interval_of, one_of, points_of, positive, series_of, whole
from inscape.errors import InputError


@dataclass(frozen=True)
class Spectrum:
    """Power by frequency.

    frequencies : (frequency,) in cycles per unit of time, ascending, without zero.
    power : (frequency, state) density: its integral over frequency is the variance.
    """

    frequencies: Float[np.ndarray, "frequency"]
    power: Float[np.ndarray, "frequency state"]


def power_spectrum(
    states: Any,
    *,
    dt: float | None = None,
    method: Literal["welch", "multitaper"] = "multitaper",
    segment: int | None = None,
    bandwidth: float = 4.0,
) -> Spectrum:
    """Power spectral density of every variable, its mean taken out.

    Parameters
    ----------
    states : trajectory, (time,) or (time, state).
    dt : sampling interval; that of a trajectory, else 1.
    method : "multitaper", the mean over 2 `bandwidth` - 1 Slepian tapers (Thomson 1982), fine in frequency; or
        "welch", the mean over half-overlapping Hann windows of `segment` samples (an eighth of the run if None).
    bandwidth : time-half-bandwidth product of the tapers.
    """
    from scipy.signal import welch
    from scipy.signal.windows import dpss

    points = points_of(states, least=8)
    step = interval_of(states, dt)
    centred = points - points.mean(axis=0)
    one_of(method, "method", ("welch", "multitaper"))
    if method == "welch":
        length = max(len(points) // 8, 8) if segment is None else whole(segment, "segment", 8)
        frequencies, power = welch(centred, 1 / step, nperseg=min(length, len(points)), axis=0, detrend="constant")
        return Spectrum(frequencies[1:], power[1:])
    product = positive(bandwidth, "bandwidth")
    if product >= len(points) / 2:
        raise InputError(f"bandwidth: {product:g} found, expected less than half of {len(points)} samples")
    tapers = dpss(len(points), product, Kmax=max(int(2 * product) - 1, 1))
    power = np.zeros((len(points) // 2 + 1, points.shape[1]))
    for taper in tapers:
        power += np.abs(np.fft.rfft(centred * taper[:, None], axis=0)) ** 2
    power *= 2 * step / len(tapers)
    if len(points) % 2 == 0:
        power[-1] /= 2
    return Spectrum(np.fft.rfftfreq(len(points), step)[1:], power[1:])


def autocorrelation(states: Any, longest: int | None = None) -> Float[np.ndarray, "lag state"]:
    """Autocorrelation of every variable at lags of 0 to `longest` samples, a tenth of the run if None.

    The biased estimate. A variable that does not move has 1 at lag 0 and NaN after.
    """
    points = points_of(states)
    longest = max(len(points) // 10, 1) if longest is None else whole(longest, "longest")
    if longest >= len(points):
        raise InputError(f"longest: {longest} found, expected less than the {len(points)} samples")
    centred = points - points.mean(axis=0)
    centred[:, np.ptp(points, axis=0) <= 1e-13 * np.abs(points).max(axis=0)] = 0.0
    power = np.abs(np.fft.rfft(centred, 2 * len(points), axis=0)) ** 2
    covariance = np.fft.irfft(power, axis=0)[: longest + 1]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = covariance / covariance[0]
    ratio[0] = 1.0
    return ratio


def mutual_information(
    series: Any, longest: int = 50, *, bins: int | None = None, column: int | str = 0
) -> Float[np.ndarray, "lag"]:
    """Mutual information of a series with itself 0 to `longest` samples later, in nats (Fraser & Swinney 1986).

    By a histogram of `bins` equally frequent classes a side (the cube root of the samples if None). Its first minimum
    is a good lag for a delay embedding.
    """
    signal = series_of(series, column=column, least=8)
    longest = whole(longest, "longest", 0)
    if longest > len(signal) - 8:
        raise InputError(f"longest: {longest} found, expected at most {len(signal) - 8}")
    count = max(round(len(signal) ** (1 / 3)), 2) if bins is None else whole(bins, "bins", 2)
    cuts = np.quantile(signal, np.arange(1, count) / count)
    classes = np.searchsorted(cuts, signal, side="right")
    information = np.empty(longest + 1)
    for lag in range(longest + 1):
        pairs = classes[: len(classes) - lag] * count + classes[lag:]
        joint = np.bincount(pairs, minlength=count**2).reshape(count, count) / len(pairs)
        outer = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
        some = joint > 0
        information[lag] = (joint[some] * np.log(joint[some] / outer[some])).sum()
    return np.maximum(information, 0.0)


def embedding_lag(series: Any, longest: int | None = None, *, column: int | str = 0) -> int:
    """Lag for a delay embedding, in samples: the first minimum of the mutual information.

    It is sought from where the autocorrelation has fallen to 0.8 on, since the information of a clean tone is ragged;
    without a minimum, the decay of the autocorrelation to 1/e.
    """
    signal = series_of(series, column=column, least=32)
    longest = min(len(signal) // 4, 1_000) if longest is None else whole(longest, "longest", 2)
    information = mutual_information(signal, longest)
    correlations = autocorrelation(signal, longest)[:, 0]
    minima = np.flatnonzero((information[1:-1] < information[:-2]) & (information[1:-1] <= information[2:])) + 1
    minima = minima[np.minimum.accumulate(correlations)[minima] < 0.8]
    if len(minima):
        return int(minima[0])
    below = np.flatnonzero(correlations < 1 / math.e)
    return max(int(below[0]), 1) if len(below) else longest
