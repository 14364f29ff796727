"""How good a set of forecasts is, and whether two sets can be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

WORTHLESS = 3.0
"""An error counts for at most so many standard deviations of the recording: twice that of two unrelated states."""

VALID = 0.4
"""A forecast is called valid while its error is below so many standard deviations (Pathak et al. 2018)."""

NEGLIGIBLE = 0.005
"""Two laws whose errors differ by less of the recording's spread are as good as each other."""

ANOTHER_ORDER = 10.0
"""An error so many times smaller is no accident of a good forecast, however small both are."""

ROUNDING = 1e-6
"""Errors that differ by less of the recording's spread may be those of its digits."""


@dataclass(frozen=True, eq=False)
class Score:
    """Errors of forecasts in standard deviations of the recording.

    Parameters
    ----------
    each : (origin,) error of each forecast: root mean square over state variables, capped, averaged over its steps.
    by_step : (step,) the same, averaged over origins.
    valid_steps : median number of steps before the error passes 0.4; the whole horizon if it never did.
    """

    each: Float[np.ndarray, "origin"]
    by_step: Float[np.ndarray, "step"]
    valid_steps: float

    @property
    def mean(self) -> float:
        return float(np.mean(self.each))

    @property
    def error(self) -> float:
        """Standard error of `mean` over origins; infinite with fewer than three."""
        return standard_error(self.each)


def score_of(errors: Float[np.ndarray, "origin step state"], scale: Float[np.ndarray, "state"]) -> Score:
    """Score forecasts; truth that is missing (NaN) does not count, and a broken forecast counts as worthless."""
    with np.errstate(invalid="ignore"):
        squared = np.minimum(np.abs(errors) / scale, WORTHLESS * np.sqrt(errors.shape[2])) ** 2
    known = ~np.isnan(squared)
    count = known.sum(axis=2)
    rms = np.sqrt(np.where(known, squared, 0.0).sum(axis=2) / np.maximum(count, 1))
    rms = np.where(count > 0, np.minimum(rms, WORTHLESS), np.nan)
    observed = np.isfinite(rms).any(axis=1)
    rms = rms[observed] if observed.any() else np.full((1, errors.shape[1]), WORTHLESS)
    failed = np.nan_to_num(rms) > VALID
    valid = np.where(failed.any(axis=1), failed.argmax(axis=1), errors.shape[1])
    steps = np.isfinite(rms).any(axis=0)
    by_step = np.full(errors.shape[1], np.nan)
    by_step[steps] = np.nanmean(rms[:, steps], axis=0)
    return Score(np.nanmean(rms, axis=1), by_step, float(np.median(valid)))


def standard_error(each: Float[np.ndarray, "origin"]) -> float:
    """Standard error of the mean of a series whose neighbours may share samples.

    The variance is inflated by the first autocorrelations while these are positive (initial positive sequence,
    Geyer 1992), so overlapping forecasts do not pass for independent ones.
    """
    n = len(each)
    if n < 3:
        return float("inf")
    centred = each - each.mean()
    variance = float(centred @ centred) / (n - 1)
    if variance == 0.0:
        return 0.0
    inflation = 1.0
    for lag in range(1, n // 3 + 1):
        correlation = float(centred[lag:] @ centred[:-lag]) / ((n - lag) * variance)
        if correlation <= 0:
            break
        inflation += 2 * (1 - lag / n) * correlation
    return float(np.sqrt(variance * inflation / n))


def are_equal(one: Score, best: Score) -> bool:
    """Whether `one` is within one standard error (of the paired differences) of `best`, or negligibly far from it."""
    difference = paired(one, best)
    mean = float(difference.mean())
    return mean <= max(NEGLIGIBLE, standard_error(difference))


def beats(one: Score, other: Score, confidence: float = 0.95) -> bool:
    """Whether `one` has the smaller error, by a one-sided paired Student test over origins.

    A negligible difference counts only where it is an order of magnitude: on a periodic recording the last season errs
    little, and a law that errs by a millionth of that still knows more.
    """
    from scipy.stats import t

    difference = paired(other, one)
    error = standard_error(difference)
    if not np.isfinite(error):
        return False
    gain = float(difference.mean())
    matters = gain > NEGLIGIBLE or (gain > ROUNDING and ANOTHER_ORDER * one.mean < other.mean)
    return matters and gain > float(t.ppf(confidence, len(difference) - 1)) * error


def paired(one: Score, other: Score) -> Float[np.ndarray, "origin"]:
    """Differences of errors, origin by origin."""
    return one.each - other.each
