"""The dominant period of a motion, and how finely it should be sampled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.series import generator, interval_of, points_of, positive, share, whole
from inscape.errors import InputError

LEAST_POWER = 1e-3
"""A peak below this share of the strongest one does not count."""


@dataclass(frozen=True)
class DominantPeriod:
    """What the power spectrum says of a motion's time scales.

    period : 1 / the frequency of the strongest significant peak; of the strongest one where none is significant.
    is_significant : whether that peak stands out of the spectrum more than chance would have it.
    cycles : how many periods the recording holds; below 5 or so the period is a guess.
    frequencies : (peak,) significant frequencies, strongest first.
    suggested_dt : sampling interval that gives the fastest significant frequency 100 points a cycle.
    """

    period: float
    is_significant: bool
    cycles: float
    frequencies: Float[np.ndarray, "peak"]
    suggested_dt: float

    def __float__(self) -> float:
        return self.period


def dominant_period(
    states: Any,
    *,
    dt: float | None = None,
    significance: float = 0.95,
    surrogate_count: int = 200,
    per_period: int = 100,
    seed: int | np.random.Generator | None = 0,
) -> DominantPeriod:
    """Time scale of the strongest peak in the power spectrum that random-phase surrogates do not have.

    After Gilpin (2021, appendix). Surrogates that keep the spectrum exactly would share its peaks, so ours have random
    phases and amplitudes on the smooth background of the spectrum (its running median over an octave); a peak counts
    where it stands higher above the background than `significance` of the surrogates' highest ones. The spectra of all
    variables, each standardised, are summed.

    Parameters
    ----------
    states : trajectory, (time,) or (time, state); many cycles of it.
    dt : sampling interval; that of a trajectory, else 1.
    per_period : points a cycle of the fastest significant frequency that `suggested_dt` is to give.

    Raises
    ------
    InputError : if there are fewer than 64 samples, or nothing moves.
    """
    points = points_of(states, least=64)
    step = interval_of(states, dt)
    significance = share(significance, "significance")
    count, per_period = whole(surrogate_count, "surrogate_count", 20), whole(per_period, "per_period")
    spread = points.std(axis=0)
    moving = spread > 1e-13 * np.abs(points).max(axis=0)
    if not moving.any():
        raise InputError("states: nothing moves, so there is no period")
    standard = (points[:, moving] - points[:, moving].mean(axis=0)) / spread[moving]
    power = _windowed_power(standard)
    background = _background(power)
    rng = generator(seed)
    highest = np.empty(count)
    shape = np.sqrt(background / max(standard.shape[1], 1))
    for number in range(count):
        # White noise shaped by the background: one exponential variable for each frequency and variable.
        noise = rng.standard_normal((2, len(power) + 1, standard.shape[1]))
        spectrum = np.vstack([np.zeros((1, standard.shape[1])), (noise[0] + 1j * noise[1])[1:] * shape[:, None]])
        surrogate = _windowed_power(np.fft.irfft(spectrum, len(points), axis=0))
        highest[number] = (surrogate / _background(surrogate)).max()
    excess = power / background
    peaks = np.flatnonzero((power[1:-1] > power[:-2]) & (power[1:-1] >= power[2:])) + 1
    if len(peaks) == 0:
        peaks = np.array([int(np.argmax(power))])
    strong = peaks[excess[peaks] > np.quantile(highest, significance)]
    # Harmonics without end, sidelobes and rounding stand out of a clean spectrum too, and move nothing.
    strong = strong[power[strong] > LEAST_POWER * power.max()]
    strong = strong[np.argsort(-power[strong], kind="stable")]
    chosen = strong[0] if len(strong) else peaks[np.argmax(power[peaks])]
    length = len(points) * step
    frequency = _refined(power, int(chosen)) / length
    frequencies = np.array([_refined(power, int(k)) for k in strong]) / length
    if len(strong):
        fastest = float(frequencies.max())
    else:
        fastest = float((np.searchsorted(np.cumsum(power) / power.sum(), 0.99) + 1) / length)
    return DominantPeriod(
        1 / frequency, bool(len(strong)), length * frequency, frequencies, 1 / (positive(fastest, "f") * per_period)
    )


def _windowed_power(points: np.ndarray) -> np.ndarray:
    """Periodogram under a Hann window, summed over variables, without its zero frequency, lightly smoothed."""
    window = np.hanning(len(points))[:, None]
    power = (np.abs(np.fft.rfft((points - points.mean(axis=0)) * window, axis=0)) ** 2).sum(axis=1)[1:]
    # Long recordings of chaos have peaks many frequencies wide: smooth to about 2,000 frequencies.
    width = max(len(power) // 2_000, 1)
    return power if width == 1 else np.convolve(power, np.hanning(2 * width + 3)[1:-1] / (width + 1), mode="same")


def _background(power: np.ndarray) -> np.ndarray:
    """Running median over an octave of frequency, in logarithmic steps."""
    total = len(power)
    centres = np.unique(np.round(np.geomspace(1, total, 80)).astype(int))
    levels = []
    for centre in centres:
        low, high = int(centre / np.sqrt(2)), max(int(centre * np.sqrt(2)), int(centre / np.sqrt(2)) + 9)
        levels.append(np.median(power[max(low - 1, 0) : high]))
    floor = max(float(power.max()) * 1e-20, 1e-300)
    logarithm = np.log(np.maximum(levels, floor))
    return np.exp(np.interp(np.log(np.arange(1, total + 1)), np.log(centres), logarithm))


def _refined(power: np.ndarray, peak: int) -> float:
    """The frequency number (from 1) at the top of the parabola through the logarithms of a peak and its neighbours."""
    if not 0 < peak < len(power) - 1:
        return peak + 1.0
    a, b, c = np.log(np.maximum(power[peak - 1 : peak + 2], 1e-300))
    bend = a - 2 * b + c
    return peak + 1.0 + (0.5 * (a - c) / bend if bend < 0 else 0.0)
