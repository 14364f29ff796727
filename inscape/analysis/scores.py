"""How good is a forecast: sample by sample, how long it holds, and whether it keeps the statistics of the motion.

Everywhere `actual` and `forecast` are of one shape: (time,), (time, state), or (..., time, state) for a batch, and a
score has the leading axes `...` (a float where there are none). Trajectories are taken for their states.
A missing actual sample (NaN) is left out; a forecast that is not finite has failed, and scores the worst there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float

from inscape.analysis.series import (
    at_least_zero,
    check_finite,
    generator,
    interval_of,
    one_of,
    positive,
    real_numbers,
    truth_value,
    whole,
)
from inscape.errors import InputError
from inscape.trajectories import Trajectory

Score = float | Float[np.ndarray, "*batch"]


def smape(actual: Any, forecast: Any) -> Score:
    """Symmetric mean absolute percentage error, 0 to 200: 200 mean(|a - f| / (|a| + |f|)), 0/0 counting as 0.

    The mean runs over time and state variables (Gilpin 2021, section 4).
    """
    truth, guess, known = _pair(actual, forecast)
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.abs(truth) + np.abs(guess)
        share = np.where(size > 0, np.abs(truth - guess) / np.where(size > 0, size, 1.0), 0.0)
    share[~np.isfinite(guess)] = 1.0
    return _scalar(200.0 * _mean(share, known, axes=(-2, -1)))


def rmse(actual: Any, forecast: Any) -> Score:
    """Root-mean-square error over time and state variables, in the unit of the state; infinite where one failed."""
    truth, guess, known = _pair(actual, forecast)
    return _scalar(np.sqrt(_mean(_squared_error(truth, guess), known, axes=(-2, -1))))


def nrmse(actual: Any, forecast: Any, *, scale: Any = None) -> Score:
    """Root-mean-square error in standard deviations of each state variable (of `actual`, or `scale` (state,))."""
    truth, guess, known = _pair(actual, forecast)
    return _scalar(
        np.sqrt(_mean(_squared_error(truth, guess) / _spread(truth, known, scale) ** 2, known, axes=(-2, -1)))
    )


def nrmse_at(actual: Any, forecast: Any, step: int, *, scale: Any = None) -> float:
    """Root-mean-square error of many forecasts at one step, in standard deviations, averaged over state variables.

    With 84 samples of one time unit this is the NRMSE84 of Jaeger & Haas (2004) on the Mackey-Glass series.

    Parameters
    ----------
    actual, forecast : (start, time, state), or (start, time) of one variable: one row for each start.
    step : 1 is the first sample forecast.
    scale : (state,) standard deviations; those of all of `actual` if None.
    """
    one, other = real_numbers(actual, "actual"), real_numbers(forecast, "forecast")
    one, other = (array[..., None] if array.ndim == 2 else array for array in (one, other))
    truth, guess, known = _pair(one, other)
    if truth.ndim != 3 or whole(step, "step") > truth.shape[1]:
        raise InputError(
            f"actual: shape {np.shape(actual)} found, expected (start, time, state) of at least {step} times"
        )
    flat = truth.reshape(-1, truth.shape[-1])
    squared = _squared_error(truth, guess)[:, step - 1] / _spread(flat, np.isfinite(flat), scale) ** 2
    return float(np.sqrt(_mean(squared, known[:, step - 1], axes=(0,))).mean())


def r2(actual: Any, forecast: Any) -> Score:
    """Coefficient of determination, averaged over state variables: 1 is perfect, 0 is as good as the mean.

    A variable that does not move counts 1 where the forecast is exact, else minus infinity.
    """
    truth, guess, known = _pair(actual, forecast)
    residual = _mean(_squared_error(truth, guess), known, axes=(-2,))
    mean = _mean(truth, known, axes=(-2,))[..., None, :]
    variance = _mean((truth - mean) ** 2, known, axes=(-2,))
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = np.where(residual == 0, 1.0, 1.0 - residual / variance)
    return _scalar(explained.mean(axis=-1))


def correlation(actual: Any, forecast: Any) -> Score:
    """Pearson correlation over time, averaged over variables; 0 where either does not move or a forecast failed."""
    truth, guess, known = _pair(actual, forecast)
    failed = (known & ~np.isfinite(guess)).any(axis=-2)
    guess = np.where(np.isfinite(guess), guess, 0.0)
    a = np.where(known, truth - _mean(truth, known, axes=(-2,))[..., None, :], 0.0)
    b = np.where(known, guess - _mean(guess, known, axes=(-2,))[..., None, :], 0.0)
    product = np.sqrt((a**2).sum(axis=-2) * (b**2).sum(axis=-2))
    both_move = (product > 0) & ~failed
    return _scalar(np.where(both_move, (a * b).sum(axis=-2) / np.where(both_move, product, 1.0), 0.0).mean(axis=-1))


def mase(actual: Any, forecast: Any, history: Any, *, season: int = 1) -> Score:
    """Mean absolute error in units of the naive one's on the past (Hyndman & Koehler 2006), averaged over variables.

    Parameters
    ----------
    history : (time,), (time, state) or (..., time, state): what the forecaster had seen; the naive forecast there is
        the value `season` samples ago.
    """
    truth, guess, known = _pair(actual, forecast)
    past = _states(history, "history")
    season = whole(season, "season")
    if past.shape[-1] != truth.shape[-1] or past.shape[-2] <= season:
        raise InputError(
            f"history: shape {past.shape} found, expected {truth.shape[-1]} variables and more than {season} samples"
        )
    check_finite(past, "history", missing=True)
    step = np.abs(past[..., season:, :] - past[..., :-season, :])
    naive = _mean(step, np.isfinite(step), axes=(-2,))
    error = np.where(np.isfinite(guess), np.abs(truth - guess), np.inf)
    error = _mean(error, known, axes=(-2,))
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(error == 0, 0.0, error / naive)
    return _scalar(ratio.mean(axis=-1))


def crps(actual: Any, ensemble: Any, *, fair: bool = False) -> Score:
    """Continuous ranked probability score of an ensemble, in the unit of the state, averaged over time and variables.

    CRPS = mean_i |x_i - y| - 1/2 mean_ij |x_i - x_j| (Gneiting & Raftery 2007, equation 21); of one member it is the
    absolute error.

    Parameters
    ----------
    actual : (time,), (time, state) or (..., time, state).
    ensemble : (member, *shape of actual).
    fair : count only pairs of different members, which is unbiased for small ensembles (Ferro 2014).
    """
    truth = _states(actual, "actual")
    members = real_numbers(ensemble, "ensemble")
    flat = np.ndim(actual) == 1 and not isinstance(actual, Trajectory)
    members = members[..., None] if flat and members.ndim == 2 else members
    if members.ndim != truth.ndim + 1 or members.shape[1:] != truth.shape or len(members) == 0:
        raise InputError(
            f"ensemble: shape {members.shape} found, expected (member, {', '.join(map(str, truth.shape))})"
        )
    known = _known(truth)
    count, fair = len(members), truth_value(fair, "fair")
    if fair and count < 2:
        raise InputError("ensemble: 1 member found, expected at least 2 for the fair score")
    failed = ~np.isfinite(members).all(axis=0)
    ordered = np.sort(np.where(failed, 0.0, members), axis=0)
    weights = (2.0 * np.arange(1, count + 1) - count - 1).reshape(-1, *[1] * truth.ndim)
    spread = (weights * ordered).sum(axis=0) / (count * (count - 1 if fair else count))
    score = np.abs(ordered - truth).mean(axis=0) - spread
    score[failed] = np.inf
    return _scalar(_mean(score, known, axes=(-2, -1)))


@dataclass(frozen=True)
class ValidTime:
    """How long a forecast held.

    time : (...,) in Lyapunov times where an exponent was given, else in the unit of `dt`.
    censored : (...,) whether the forecast still held at its end, so that `time` is only a lower bound.
    """

    time: Score
    censored: bool | Bool[np.ndarray, "*batch"]

    def __float__(self) -> float:
        return float(self.time)


def valid_time(
    actual: Any,
    forecast: Any,
    *,
    dt: float | None = None,
    exponent: float | None = None,
    threshold: float = 0.4,
    scale: Any = None,
) -> ValidTime:
    """Time until the forecast is off by `threshold`, the forecast's first sample lying one `dt` after the last known.

    The error at one instant is the root mean square over state variables of the error in standard deviations
    (Vlachos et al. 2020, section 4.2, threshold 0.4 as of Pathak et al. 2018).

    Parameters
    ----------
    dt : sampling interval; that of `actual` where it is a trajectory, else 1.
    exponent : largest Lyapunov exponent, 1/time; with it the answer counts Lyapunov times.
    threshold : in standard deviations.
    scale : (state,) the standard deviations; of `actual` if None, which asks for an `actual` of some length.
    """
    truth, guess, known = _pair(actual, forecast)
    step = interval_of(actual, dt) * (1.0 if exponent is None else positive(exponent, "exponent"))
    threshold = positive(threshold, "threshold")
    squared = _squared_error(truth, guess) / _spread(truth, known, scale) ** 2
    count = known.sum(axis=-1)
    error = np.sqrt(np.where(known, squared, 0.0).sum(axis=-1) / np.maximum(count, 1))
    crossed = error > threshold
    censored = ~crossed.any(axis=-1)
    good = np.where(censored, truth.shape[-2], crossed.argmax(axis=-1))
    return ValidTime(_scalar(good * step), bool(censored) if censored.ndim == 0 else censored)


def spectral_distance(actual: Any, forecast: Any, *, smoothing: float = 2.0) -> Score:
    """Hellinger distance between the normalised power spectra, 0 to 1, averaged over state variables.

    H = sqrt(1 - sum sqrt(p q)), the mean of each series removed and the spectra smoothed by a Gaussian of `smoothing`
    frequency bins (Mikhaeil, Monfared & Durstewitz 2022, appendix). 0 for two constants, 1 for one, and 1 where a
    forecast failed.

    Raises
    ------
    InputError : besides shapes, if an actual sample is missing: a spectrum needs them all.
    """
    truth, guess, known = _pair(actual, forecast, least=4)
    if not known.all():
        raise InputError(f"actual: {int((~known).sum())} missing samples found, expected none; fill the gaps first")
    failed = ~np.isfinite(guess).all(axis=-2)
    p = _power(truth, smoothing)
    q = _power(np.where(failed[..., None, :], 0.0, guess), smoothing)
    total_p, total_q = p.sum(axis=-2), q.sum(axis=-2)
    moving = (total_p > 0) & (total_q > 0)
    norm = np.sqrt(np.where(moving, total_p * total_q, 1.0))
    affinity = np.where(moving, np.sqrt(p * q).sum(axis=-2) / norm, 0.0)
    affinity = np.where((total_p == 0) & (total_q == 0), 1.0, affinity)
    affinity = np.where(failed, 0.0, affinity)
    return _scalar(np.sqrt(np.clip(1.0 - affinity, 0.0, 1.0)).mean(axis=-1))


def measure_distance(
    actual: Any,
    forecast: Any,
    *,
    method: Literal["histogram", "sliced_wasserstein"] = "histogram",
    bins: int = 30,
    projections: int = 100,
    seed: int | np.random.Generator | None = 0,
) -> Score:
    """How far the forecast's points in state space lie from the actual ones, whatever their order in time.

    The two runs may differ in length: only the last axis and the leading axes have to agree.

    Parameters
    ----------
    method : "histogram", the Kullback-Leibler divergence of the actual from the forecast measure on a grid of
        `bins` cells a variable over the actual range, smoothed by 1e-6 of a sample a cell, with one cell for all that
        lies outside (Koppe et al. 2019; Brenner et al. 2022, equation 20), in nats; or "sliced_wasserstein", the
        root mean square over `projections` random directions of the 2-Wasserstein distance of the standardised points
        (Bonneel et al. 2015), in standard deviations.
    bins : cells a variable; three variables of 30 cells are the rule, many variables ask for few.
    seed : of the directions.
    """
    truth, guess = _states(actual, "actual"), _states(forecast, "forecast")
    if truth.shape[-1] != guess.shape[-1] or truth.shape[:-2] != guess.shape[:-2]:
        raise InputError(f"forecast: shape {guess.shape} found, expected as many runs and variables as {truth.shape}")
    one_of(method, "method", ("histogram", "sliced_wasserstein"))
    bins, projections = whole(bins, "bins", 2), whole(projections, "projections")
    _known(truth)
    rng = generator(seed)
    distances = np.empty(truth.shape[:-2])
    for run in np.ndindex(distances.shape):
        points = truth[run][np.isfinite(truth[run]).all(axis=1)]
        if len(points) == 0:
            raise InputError("actual: no complete sample found, expected at least one")
        others = guess[run]
        if method == "histogram":
            distances[run] = _histogram_divergence(points, others, bins)
        elif not np.isfinite(others).all():
            distances[run] = np.inf
        else:
            distances[run] = _sliced_wasserstein(points, others, projections, rng)
    return _scalar(distances)


def _histogram_divergence(points: np.ndarray, others: np.ndarray, bins: int) -> float:
    smoothing = 1e-6
    low, high = points.min(axis=0), points.max(axis=0)
    width = np.where(high > low, high - low, 1.0) / bins
    cell = np.minimum(((points - low) / width).astype(int), bins - 1)
    inside = np.isfinite(others).all(axis=1)
    inside &= ((np.where(inside[:, None], others, low) >= low) & (np.where(inside[:, None], others, low) <= high)).all(
        axis=1
    )
    other_cell = np.minimum(((others[inside] - low) / width).astype(int), bins - 1)
    _, label = np.unique(np.concatenate([cell, other_cell]), axis=0, return_inverse=True)
    occupied = int(label.max()) + 1
    cells = float(bins) ** points.shape[1] + 1.0
    # The last of these is the cell of everything outside; the cells that nobody visits are summed in closed form.
    p = np.append(np.bincount(label[: len(points)], minlength=occupied), 0) + smoothing
    q = np.append(np.bincount(label[len(points) :], minlength=occupied), len(others) - inside.sum()) + smoothing
    p_total, q_total = len(points) + smoothing * cells, len(others) + smoothing * cells
    empty = max(cells - occupied - 1, 0.0) * smoothing / p_total * np.log(q_total / p_total)
    p, q = p / p_total, q / q_total
    return max(float((p * np.log(p / q)).sum() + empty), 0.0)


def _sliced_wasserstein(points: np.ndarray, others: np.ndarray, projections: int, rng: np.random.Generator) -> float:
    spread = points.std(axis=0)
    spread[spread == 0] = 1.0
    directions = rng.standard_normal((points.shape[1], projections))
    directions /= np.linalg.norm(directions, axis=0)
    quantiles = (np.arange(max(len(points), len(others))) + 0.5) / max(len(points), len(others))
    shadows = [np.sort((cloud - points.mean(axis=0)) / spread @ directions, axis=0) for cloud in (points, others)]
    a, b = (shadow[(quantiles * len(shadow)).astype(int)] for shadow in shadows)
    return float(np.sqrt(((a - b) ** 2).mean()))


def _states(values: Any, name: str) -> np.ndarray:
    array = real_numbers(values.states if isinstance(values, Trajectory) else values, name)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim < 2 or array.size == 0:
        raise InputError(f"{name}: shape {array.shape} found, expected (..., time, state) with at least one sample")
    return array


def _known(truth: np.ndarray) -> np.ndarray:
    check_finite(truth, "actual", missing=True)
    known = np.isfinite(truth)
    if not known.any(axis=(-2, -1)).all():
        raise InputError("actual: every sample of a run is missing, expected at least one number")
    return known


def _pair(actual: Any, forecast: Any, least: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth, guess = _states(actual, "actual"), _states(forecast, "forecast")
    if truth.shape != guess.shape:
        raise InputError(f"forecast: shape {guess.shape} found, expected that of actual, {truth.shape}")
    if truth.shape[-2] < least:
        raise InputError(f"actual: {truth.shape[-2]} samples found, expected at least {least}")
    return truth, guess, _known(truth)


def _squared_error(truth: np.ndarray, guess: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.where(np.isfinite(guess), (truth - np.where(np.isfinite(guess), guess, 0.0)) ** 2, np.inf)


def _mean(values: np.ndarray, known: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    count = known.sum(axis=axes)
    return np.where(known, values, 0.0).sum(axis=axes) / np.maximum(count, 1)


def _spread(truth: np.ndarray, known: np.ndarray, scale: Any) -> np.ndarray:
    if scale is not None:
        spread = np.atleast_1d(real_numbers(scale, "scale"))
        if spread.shape not in ((1,), truth.shape[-1:]) or not (np.isfinite(spread) & (spread > 0)).all():
            raise InputError(f"scale: {spread.tolist()} found, expected {truth.shape[-1]} positive numbers")
        return spread
    centred = truth - _mean(truth, known, axes=(-2,))[..., None, :]
    spread = np.sqrt(_mean(centred**2, known, axes=(-2,)))[..., None, :]
    if (spread == 0).any():
        raise InputError("actual: a state variable does not move, so it has no spread to measure by; give scale=")
    return spread


def _power(values: np.ndarray, smoothing: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter1d

    smoothing = at_least_zero(smoothing, "smoothing")
    if smoothing > values.shape[-2]:
        raise InputError(
            f"smoothing: {smoothing:g} found, expected fewer frequency bins than {values.shape[-2]} samples"
        )
    centred = values - values.mean(axis=-2, keepdims=True)
    # What rounding leaves of a constant is no spectrum.
    centred[np.abs(centred) <= 1e-13 * np.abs(values).max(axis=-2, keepdims=True)] = 0.0
    power = np.abs(np.fft.rfft(centred, axis=-2)[..., 1:, :]) ** 2
    return gaussian_filter1d(power, smoothing, axis=-2, mode="nearest") if smoothing > 0 else power


def _scalar(score: np.ndarray) -> Score:
    return float(score) if np.ndim(score) == 0 else score
