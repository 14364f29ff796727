"""l1 trend filtering: the curve near the samples whose slope varies least, by an interior-point method."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


def piecewise_linear_fit(
    times: Float[np.ndarray, "time"], samples: Float[np.ndarray, "time"], weight: float | None = None
) -> Float[np.ndarray, "time"]:
    """Minimise 0.5 |x - samples|^2 + weight * sum |change of slope| over curves x on the given times.

    Parameters
    ----------
    times : (time,) increasing, at least three.
    samples : (time,) finite.
    weight : in (sample unit)^2 * (time unit) / (sample unit); None takes the weight at which the residual's mean
        square is the noise variance that the samples' third differences show (Morozov's discrepancy principle).

    Returns
    -------
    (time,) the curve; its slope is piecewise constant.

    Raises
    ------
    InputError : if the weight is negative or not finite.
    """
    if weight is not None and not (np.isfinite(weight) and weight >= 0):
        raise InputError(f"weight: {weight!r} found, expected a number not below 0")
    steps = np.diff(times) / np.mean(np.diff(times))
    spread = float(np.std(samples))
    if spread == 0 or weight == 0:
        return np.array(samples, float)
    unit = spread * float(np.mean(np.diff(times)))
    scaled = (samples - samples.mean()) / spread
    if weight is not None:
        return samples.mean() + spread * _trend_filter(steps, scaled, weight / unit)
    return samples.mean() + spread * _at_noise_level(steps, scaled)


def _at_noise_level(steps: np.ndarray, samples: np.ndarray) -> np.ndarray:
    noise = _noise_deviation(samples)
    if noise < 1e-12:
        return samples
    low, high = -6.0, 4.0
    curve = samples
    for _ in range(14):
        middle = 0.5 * (low + high)
        curve = _trend_filter(steps, samples, 10.0**middle)
        if np.sqrt(np.mean((curve - samples) ** 2)) > noise:
            high = middle
        else:
            low = middle
    return curve


def _noise_deviation(samples: np.ndarray) -> float:
    # Third differences cancel any smooth motion; 20 = 1 + 9 + 9 + 1 is their variance gain, 0.6745 the normal MAD.
    if len(samples) < 8:
        return 0.0
    return float(np.median(np.abs(np.diff(samples, 3))) / 0.6745 / np.sqrt(20.0))


def _trend_filter(steps: np.ndarray, samples: np.ndarray, weight: float, tolerance: float = 1e-7) -> np.ndarray:
    """Primal-dual interior point on the dual box problem (Kim et al. 2009, section 5); every step is banded."""
    from scipy.linalg import solveh_banded

    left, right = 1 / steps[:-1], 1 / steps[1:]
    rows = np.stack([left, -(left + right), right])  # slope change at each inner sample
    gram = np.zeros((3, len(left)))  # upper bands of D D', pentadiagonal
    gram[2] = (rows**2).sum(axis=0)
    gram[1, 1:] = rows[1, :-1] * rows[0, 1:] + rows[2, :-1] * rows[1, 1:]
    gram[0, 2:] = rows[2, :-2] * rows[0, 2:]
    bends = _bend(rows, samples)
    dual = np.zeros(len(left))
    upper, lower = np.ones_like(dual), np.ones_like(dual)
    sharpness = 1e-10
    step = np.inf
    for _ in range(80):
        pulled = _unbend(rows, dual)
        curve = samples - pulled
        gap = weight * np.abs(_bend(rows, curve)).sum() - dual @ _bend(rows, curve)
        if gap <= tolerance * max(1e-12, 0.5 * (pulled @ pulled) + weight * np.abs(_bend(rows, curve)).sum()):
            break
        if step >= 0.2:
            sharpness = max(2 * 2 * len(dual) / max(gap, 1e-300), 1.2 * sharpness)
        above, below = dual - weight, -dual - weight
        newton = gram.copy()
        newton[2] -= upper / above + lower / below
        force = bends - _bend(rows, pulled) + (1 / sharpness) / above - (1 / sharpness) / below
        move = solveh_banded(newton, force, check_finite=False)
        upper_move = -upper + (-1 / sharpness - upper * move) / above
        lower_move = -lower + (-1 / sharpness + lower * move) / below
        step = _longest_step(upper, upper_move, lower, lower_move)
        residual = np.linalg.norm(_residuals(rows, bends, dual, upper, lower, weight, sharpness))
        while step > 1e-10:
            trial = dual + step * move, upper + step * upper_move, lower + step * lower_move
            if np.abs(trial[0]).max() < weight:
                found = np.linalg.norm(_residuals(rows, bends, *trial, weight, sharpness))
                if found <= (1 - 0.01 * step) * residual:
                    break
            step *= 0.5
        else:
            break
        dual, upper, lower = trial
    return samples - _unbend(rows, dual)


def _residuals(
    rows: np.ndarray,
    bends: np.ndarray,
    dual: np.ndarray,
    upper: np.ndarray,
    lower: np.ndarray,
    weight: float,
    sharpness: float,
) -> np.ndarray:
    stationary = _bend(rows, _unbend(rows, dual)) - bends + upper - lower
    slack = [-upper * (dual - weight) - 1 / sharpness, -lower * (-dual - weight) - 1 / sharpness]
    return np.concatenate([stationary, *slack])


def _longest_step(upper: np.ndarray, upper_move: np.ndarray, lower: np.ndarray, lower_move: np.ndarray) -> float:
    step = 1.0
    for value, move in ((upper, upper_move), (lower, lower_move)):
        falling = move < 0
        if falling.any():
            step = min(step, 0.99 * float((-value[falling] / move[falling]).min()))
    return step


def _bend(rows: np.ndarray, curve: np.ndarray) -> np.ndarray:
    return rows[0] * curve[:-2] + rows[1] * curve[1:-1] + rows[2] * curve[2:]


def _unbend(rows: np.ndarray, dual: np.ndarray) -> np.ndarray:
    out = np.zeros(len(dual) + 2)
    out[:-2] += rows[0] * dual
    out[1:-1] += rows[1] * dual
    out[2:] += rows[2] * dual
    return out
