"""The weak form: the law integrated against test functions, so that no noisy sample is ever differentiated.

With a smooth bump p(t) that vanishes at both ends of its window, integration by parts turns x' = Theta Xi into
-int p' x dt = int p Theta(x) dt Xi (Messenger and Bortz 2021, Multiscale Model. Simul. 19:1474).
"""

from __future__ import annotations

from math import comb

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.dictionary import Terms
from inscape.models.rows import Rows, joined
from inscape.trajectories import Trajectories

SHARPNESS = 8
"""Power of the bump (1 - s^2)^q: the trapezoidal rule on it errs only beyond its (2q)th power of the spectrum."""
QUARTER_WINDOW = 4


def weak_rows(
    runs: Trajectories,
    terms: Terms,
    *,
    half_width: int | None = None,
    stride: int | None = None,
    power: int = SHARPNESS,
) -> Rows:
    """One row for each place of the window.

    Parameters
    ----------
    half_width : of the window, in samples; from the spectrum of the runs if None (`bump_half_width`).
    stride : samples between windows; a quarter of the half width if None.
    power : q of the bump (1 - s^2)^q.

    Raises
    ------
    InputError : if no run is longer than a window.
    """
    width = bump_half_width(runs) if half_width is None else half_width
    if isinstance(width, bool) or not isinstance(width, (int, np.integer)) or width < 2:
        raise InputError(f"half_width: {half_width!r} found, expected a whole number of samples, at least 2")
    step = max(1, int(width) // QUARTER_WINDOW) if stride is None else int(stride)
    if step < 1:
        raise InputError(f"stride: {stride!r} found, expected a whole number of samples, at least 1")
    pieces = []
    for run in runs:
        if len(run) < 2 * width + 1:
            continue
        columns = terms.columns(run.states, run.inputs)
        bump, slope = bump_and_slope(int(width), int(power), run.dt)
        pieces.append((_windows(columns, bump, step), -_windows(np.asarray(run.states, dtype=float), slope, step)))
    if not pieces:
        raise InputError(
            f"recording: {max(map(len, runs))} samples in the longest run, a window of the weak form takes "
            f"{2 * width + 1}; give derivative_options={{'half_width': ...}}"
        )
    return joined(pieces, terms)


def bump_and_slope(half_width: int, power: int, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """Quadrature weights of the bump, which sum to one, and of its slope (2 half_width + 1,) each."""
    s = np.arange(-half_width, half_width + 1) / half_width
    arch = np.clip(1 - s**2, 0, None)
    bump = arch**power
    slope = -2 * power * s * arch ** (power - 1) / (half_width * dt)
    return bump / bump.sum(), slope / bump.sum()


def bump_half_width(runs: Trajectories) -> int:
    """An eighth of the mean period of the runs' spectra, above the level of white noise; from 8 to 200 samples.

    Short windows resolve the motion, long ones average noise; on the chaos zoo with 1 % noise an eighth served both.
    """
    longest = max(runs, key=len)
    states = np.nan_to_num(longest.states - np.nanmean(longest.states, axis=0))
    spread = states.std(axis=0)
    states = states[:, spread > 0] / spread[spread > 0]
    if len(states) < 16 or states.shape[1] == 0:
        return 8
    # A taper keeps a slow trend from leaking over all frequencies.
    power = (np.abs(np.fft.rfft(states * np.hanning(len(states))[:, None], axis=0)) ** 2).sum(axis=1)
    power = np.clip(power - 2 * np.median(power[len(power) // 2 :]), 0, None)
    frequencies = np.arange(len(power)) / len(states)
    if power[1:].sum() <= 0:
        return 8
    mean = float((frequencies[1:] * power[1:]).sum() / power[1:].sum())
    longest_window = max(2, (len(longest) - 1) // 8)
    return int(min(np.clip(round(0.125 / mean), 8, 200), longest_window))


def noise_level(runs: Trajectories) -> Float[np.ndarray, "state"]:
    """Standard deviation of white noise on the samples, in units of each state's own; 0 where none shows.

    Twelfth differences of a smooth run are tiny and resemble their neighbours; those of white noise are large and
    anticorrelated (-12/13), which tells the two apart.
    """
    order = 12
    longest = max(runs, key=len)
    states = np.asarray(longest.states, dtype=float)
    if len(states) < 3 * order:
        return np.zeros(states.shape[1])
    rough = np.diff(states, order, axis=0)
    rough = rough[np.isfinite(rough).all(axis=1)]
    if len(rough) < order:
        return np.zeros(states.shape[1])
    gain = float(np.sqrt(comb(2 * order, order)))
    power = np.mean(rough**2, axis=0)
    succession = np.mean(rough[1:] * rough[:-1], axis=0) / np.where(power > 0, power, 1.0)
    # The median keeps a few sharp turns of a clean run from looking like noise.
    level = np.median(np.abs(rough), axis=0) / 0.6745 / gain
    spread = np.nanstd(states, axis=0)
    return np.where(succession < -0.5, level / np.where(spread > 0, spread, 1.0), 0.0)


def _windows(columns: Float[np.ndarray, "time column"], weights: np.ndarray, stride: int) -> np.ndarray:
    missing = ~np.isfinite(columns).all(axis=1)
    from scipy.signal import oaconvolve

    clean = np.where(missing[:, None], 0.0, columns) if missing.any() else columns
    summed = oaconvolve(clean, weights[::-1, None], mode="valid", axes=0)[::stride]
    if missing.any():
        count = np.convolve(missing, np.ones(len(weights)), mode="valid")[::stride]
        # A window that holds a missing sample says nothing.
        summed[count > 0.5] = np.nan
    return summed
