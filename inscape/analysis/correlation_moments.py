"""Spectral densities from autocorrelations and a window, without a dictionary."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from inscape.analysis.features import finite_numbers
from inscape.analysis.rational_kernel import angles_of
from inscape.analysis.series import one_of, truth_value, whole
from inscape.errors import InputError
from inscape.trajectories import Trajectories, Trajectory

WINDOWS = ("fejer", "cosine", "sharp cosine", "bump")
# The bump falls to one half at x = 1/2 for this constant.
_BUMP = 0.109550455106347


def spectral_moments(recording: Any, count: int, *, centre: bool = False) -> Complex[np.ndarray, "lag"]:
    """c_n = <K^n g, g> for n = 0 .. count - 1 as averages over time, g the one observable recorded; O(T log T).

    Parameters
    ----------
    recording : (time,) real or complex series of g, or a run or runs with one state.
    count : lags, fewer than samples of the shortest run.
    centre : subtract the mean first, which takes the eigenvalue 1 of the constant out of the spectrum.

    Raises
    ------
    InputError : for other shapes, missing values, or more lags than samples.
    """
    from scipy.fft import fft, ifft, next_fast_len

    count = whole(count, "count")
    runs = [_series(run) for run in _runs(recording)]
    shortest = min(map(len, runs))
    if shortest < count:
        raise InputError(f"count: {count} lags for {shortest} samples found, expected fewer lags than samples")
    if truth_value(centre, "centre"):
        mean = np.concatenate(runs).mean()
        runs = [run - mean for run in runs]
    sums, pairs = np.zeros(count, dtype=complex), np.zeros(count)
    for run in runs:
        size = next_fast_len(len(run) + count)
        waves = fft(run, size)
        sums += ifft(np.abs(waves) ** 2)[:count]
        pairs += len(run) - np.arange(count)
    return sums / pairs


def moment_window(name: str, x: Float[np.ndarray, "*lag"]) -> Float[np.ndarray, "*lag"]:
    """phi(x) for |x| <= 1, one at 0 and zero from 1 on.

    "fejer" 1 - |x| keeps the density positive; "cosine" is of second order, "sharp cosine" of fourth, "bump" of any
    where the density is smooth (Colbrook & Townsend 2024, Comm. Pure Appl. Math. 77, 221, section 3.2).
    """
    one_of(name, "window", WINDOWS)
    x = np.minimum(np.abs(np.asarray(x, dtype=float)), 1.0)
    if name == "fejer":
        return 1 - x
    raised = (1 + np.cos(np.pi * x)) / 2
    if name == "cosine":
        return raised
    if name == "sharp cosine":
        return raised**4 * (35 - 84 * raised + 70 * raised**2 - 20 * raised**3)
    answer = np.where(x == 0, 1.0, 0.0)
    inner = (x > 0) & (x < 1)
    # 1 / x^4 overflows where exp(-c / x^4) is zero anyway.
    u = np.maximum(x[inner], 1e-3)
    answer[inner] = np.exp(-2 / (1 - u) * np.exp(-_BUMP / u**4))
    return answer


def filtered_density(
    moments: Complex[np.ndarray, "lag"], angles: Float[np.ndarray, "angle"] | None = None, *, window: str = "bump"
) -> Float[np.ndarray, "angle"]:
    """Spectral density (1 / 2 pi) sum_n phi(n / N) c_n exp(-i n theta) over |n| < N; integrates to c_0.

    O(lag angle).

    Parameters
    ----------
    moments : (lag,) c_0 .. c_(N-1) of `spectral_moments`; c_(-n) = conj(c_n).
    angles : (angle,) radians; 512 of the whole circle if None.
    window : "fejer", "cosine", "sharp cosine" or "bump".

    Raises
    ------
    InputError : for an unknown window, or moments that are no (lag,) of finite numbers.
    """
    c = finite_numbers(moments, "moments").astype(complex)
    if c.ndim != 1 or not c.size:
        raise InputError(f"moments: shape {c.shape} found, expected (lag,)")
    theta = angles_of(angles)
    lags = np.arange(len(c))
    weighted = c * moment_window(window, lags / len(c))
    weighted[0] /= 2
    return np.real(np.exp(-1j * np.outer(theta, lags)) @ weighted) / np.pi


def _runs(recording: Any) -> list[Any]:
    if isinstance(recording, Trajectories):
        return list(recording)
    return [recording]


def _series(run: Any) -> np.ndarray:
    values = finite_numbers(run.states if isinstance(run, Trajectory) else run, "series")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or not values.size:
        raise InputError(f"series: shape {values.shape} found, expected one observable over time, (time,)")
    return values
