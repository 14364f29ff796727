"""Rates of change of a recorded run: differences, local polynomials, sine series, splines, total variation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.total_variation import piecewise_linear_fit
from inscape.trajectories.trajectory import Trajectory

Method = Literal["finite", "savgol", "tv", "spectral", "spline"]


def derivative(trajectory: Trajectory, method: Method = "finite", **options: Any) -> Float[np.ndarray, "time *state"]:
    """Time derivative of the states, by the method named.

    Parameters
    ----------
    trajectory : at least two samples.
    method : "finite" (`finite_difference`), "savgol" (`savitzky_golay`), "tv" (`total_variation`),
        "spectral" (`spectral`) or "spline" (`smoothing_spline`).
    options : of the function named above.

    Returns
    -------
    Array shaped like `trajectory.states`, in state unit / time unit.

    Raises
    ------
    UnknownNameError : for another method.
    InputError : if the run is too short for the method, has infinities, or has missing samples or uneven times where
        the method allows none.
    """
    if method not in METHODS:
        raise UnknownNameError("derivative", str(method), METHODS)
    if not isinstance(trajectory, Trajectory):
        raise InputError(f"trajectory: {type(trajectory).__name__} found, expected a Trajectory")
    if len(trajectory) < 2:
        raise InputError("trajectory: 1 sample found, expected at least 2 to differentiate")
    if np.isinf(trajectory.states).any():
        rows = np.unique(np.nonzero(np.isinf(trajectory.states))[0])[:3]
        raise InputError(
            f"states: infinite at rows {', '.join(map(str, rows))}; set them to NaN and fill_missing first"
        )
    flat = trajectory.states.reshape(len(trajectory), -1).astype(float)
    try:
        rates = METHODS[method](trajectory.times, flat, **options)
    except TypeError as error:
        raise InputError(f"derivative {method!r}: {error}") from None
    return rates.reshape(trajectory.states.shape)


def finite_difference(
    times: Float[np.ndarray, "time"], states: Float[np.ndarray, "time state"], *, order: int = 4
) -> Float[np.ndarray, "time state"]:
    """Derivative of the polynomial through the `order + 1` samples around each sample; uneven times are welcome.

    The error falls as (time step)**order, at the ends as well, where the stencil is one-sided. Weights in barycentric
    form (Berrut and Trefethen 2004, SIAM Review 46, eq. 9.4). A missing sample makes its neighbours missing.
    """
    if not isinstance(order, (int, np.integer)) or order < 1 or order > 12:
        raise InputError(f"order: {order!r} found, expected a whole number from 1 to 12")
    size = min(order + 1, len(times))
    starts = np.clip(np.arange(len(times)) - size // 2, 0, len(times) - size)
    nodes = times[starts[:, None] + np.arange(size)]
    here = np.arange(len(times)) - starts
    weights = _slopes_at_nodes(nodes, here)
    return sum(weights[:, j, None] * states[starts + j] for j in range(size))


def savitzky_golay(
    times: Float[np.ndarray, "time"],
    states: Float[np.ndarray, "time state"],
    *,
    window: int | None = None,
    degree: int = 3,
) -> Float[np.ndarray, "time state"]:
    """Slope of the least-squares polynomial of `degree` over a sliding `window` of samples (Savitzky and Golay 1964).

    `window` is odd; by default the smallest odd number above `degree + 2` that the run allows (11 where it can).
    """
    from scipy.signal import savgol_filter

    dt = _even_step(times, "savgol")
    longest = len(times) - (1 - len(times) % 2)
    window = min(max(11, degree + 2 + (degree + 1) % 2), longest) if window is None else window
    if not isinstance(window, (int, np.integer)) or window % 2 == 0 or not degree < window <= len(times):
        raise InputError(
            f"window: {window!r} found, expected an odd number above degree {degree} and at most {len(times)}"
        )
    return savgol_filter(states, window, degree, deriv=1, delta=dt, axis=0, mode="interp")


def spectral(
    times: Float[np.ndarray, "time"],
    states: Float[np.ndarray, "time state"],
    *,
    periodic: bool = False,
    cutoff: float | None = None,
) -> Float[np.ndarray, "time state"]:
    """Derivative of the Fourier series of a periodic run, or of the sine series of one that is not.

    A run that is not periodic has the line between its ends taken away first, so that its odd continuation is smooth
    in value and slope.

    Parameters
    ----------
    periodic : whether the sample after the last would be the first again.
    cutoff : share of the Nyquist frequency above which everything is noise, between 0 and 1; None keeps all.
    """
    from scipy.fft import dct, dst

    dt = _even_step(times, "spectral")
    _refuse_missing(states, "spectral")
    if cutoff is not None and not 0 < cutoff <= 1:
        raise InputError(f"cutoff: {cutoff!r} found, expected a share of the Nyquist frequency between 0 and 1")
    count = len(times)
    if periodic:
        waves = np.fft.rfftfreq(count)
        kept = (waves <= 0.5 * cutoff) if cutoff is not None else np.ones(len(waves), bool)
        # The Nyquist wave of an even count has no derivative on the grid.
        kept &= waves < 0.5
        factor = 2j * np.pi * waves / dt * kept
        return np.fft.irfft(np.fft.rfft(states, axis=0) * factor[:, None], count, axis=0)
    slope = (states[-1] - states[0]) / (count - 1)
    if count < 3:
        return np.broadcast_to(slope / dt, states.shape).copy()
    bent = states - states[0] - slope * np.arange(count)[:, None]
    sines = dst(bent[1:-1], type=1, axis=0) / (count - 1)
    numbers = np.arange(1, count - 1)
    if cutoff is not None:
        sines[numbers > cutoff * (count - 1)] = 0
    cosines = np.zeros_like(states)
    cosines[1:-1] = sines * (numbers * np.pi / (count - 1))[:, None] / 2
    return (dct(cosines, type=1, axis=0) + slope) / dt


def smoothing_spline(
    times: Float[np.ndarray, "time"], states: Float[np.ndarray, "time state"], *, smoothing: float | None = None
) -> Float[np.ndarray, "time state"]:
    """Slope of the cubic smoothing spline; uneven times are welcome.

    `smoothing` weighs the squared second derivative; None lets generalised cross-validation choose it for each state
    (Wahba 1990; Woltring 1986).
    """
    from scipy.interpolate import make_smoothing_spline

    _refuse_missing(states, "spline")
    if len(times) < 5:
        raise InputError(f"trajectory: {len(times)} samples found, expected at least 5 for a smoothing spline")
    if smoothing is not None and not smoothing >= 0:
        raise InputError(f"smoothing: {smoothing!r} found, expected a number not below 0")
    # In units of the mean step the banded system is well scaled whatever the time unit is.
    step = (times[-1] - times[0]) / (len(times) - 1)
    clock = (times - times[0]) / step
    lam = None if smoothing is None else smoothing / step**3
    rates = [make_smoothing_spline(clock, column, lam=lam).derivative()(clock) / step for column in states.T]
    return np.stack(rates, axis=1)


def total_variation(
    times: Float[np.ndarray, "time"], states: Float[np.ndarray, "time state"], *, weight: float | None = None
) -> Float[np.ndarray, "time state"]:
    """Slope of the piecewise linear curve that lies near the samples and whose slope varies least in total.

    Minimises 0.5 |x - states|^2 + `weight` * (total variation of dx/dt), so jumps of the rate stay sharp (Chartrand
    2011, ISRN Appl. Math.; solved as l1 trend filtering, Kim et al. 2009, SIAM Review 51). Uneven times are welcome.
    None chooses the weight for each state so that the residual equals the noise level of the samples.
    """
    _refuse_missing(states, "tv")
    if len(times) < 3:
        return finite_difference(times, states)
    curves = np.stack([piecewise_linear_fit(times, column, weight) for column in states.T], axis=1)
    slopes = np.diff(curves, axis=0) / np.diff(times)[:, None]
    inner = 0.5 * (slopes[1:] + slopes[:-1])
    return np.concatenate([slopes[:1], inner, slopes[-1:]])


METHODS: dict[str, Callable[..., np.ndarray]] = {
    "finite": finite_difference,
    "savgol": savitzky_golay,
    "tv": total_variation,
    "spectral": spectral,
    "spline": smoothing_spline,
}


def _slopes_at_nodes(nodes: np.ndarray, here: np.ndarray) -> np.ndarray:
    rows, size = np.arange(len(nodes)), nodes.shape[1]
    scale = nodes[:, -1:] - nodes[:, :1]
    nodes = (nodes - nodes[:, :1]) / scale
    barycentric = np.ones_like(nodes)
    for j in range(size):
        for k in range(size):
            if j != k:
                barycentric[:, j] /= nodes[:, j] - nodes[:, k]
    gaps = nodes[rows, here][:, None] - nodes
    gaps[rows, here] = np.inf
    weights = barycentric / barycentric[rows, here][:, None] / gaps
    weights[rows, here] = -weights.sum(axis=1)
    return weights / scale


def _even_step(times: np.ndarray, method: str) -> float:
    steps = np.diff(times)
    dt = float(np.median(steps))
    if np.abs(steps - dt).max() > 1e-3 * dt:
        raise InputError(
            f"times: steps from {steps.min():.6g} to {steps.max():.6g}, {method!r} needs even ones; resample first, "
            'or use "finite", "spline" or "tv"'
        )
    return float((times[-1] - times[0]) / (len(times) - 1))


def _refuse_missing(states: np.ndarray, method: str) -> None:
    rows = np.nonzero(np.isnan(states).any(axis=1))[0]
    if len(rows):
        shown = ", ".join(map(str, rows[:3])) + (", ..." if len(rows) > 3 else "")
        raise InputError(f"states: {len(rows)} rows with NaN ({shown}), {method!r} allows none; fill_missing first")
