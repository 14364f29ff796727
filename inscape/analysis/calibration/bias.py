"""What a surrogate's error does to the parameters that it helps to find, before anything is sampled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.calibration.curve_model import Forward, names_of
from inscape.analysis.calibration.fisher import Identifiability, identifiability
from inscape.errors import InputError


@dataclass(frozen=True, eq=False)
class SurrogateBias:
    """How far a surrogate moves the estimates, at several points.

    Parameters
    ----------
    names : of the parameters.
    points : (point, parameter).
    shifts : (point, parameter) estimate with the surrogate less the truth, in the parameters' units.
    in_sigmas : (point, parameter) the same over the deviation that the data's own errors cause.
    mean_error : (point,) mean absolute error of the surrogate's curve, in its unit.
    """

    names: tuple[str, ...]
    points: Float[np.ndarray, "point parameter"]
    shifts: Float[np.ndarray, "point parameter"]
    in_sigmas: Float[np.ndarray, "point parameter"]
    mean_error: Float[np.ndarray, "point"]

    @property
    def worst(self) -> float:
        """The largest shift of any parameter at any point, in sigmas."""
        return float(np.abs(self.in_sigmas).max())

    def rows(self) -> list[dict[str, Any]]:
        """For each parameter the median and the largest absolute shift."""
        return [
            {
                "parameter": name,
                "median shift": float(np.median(np.abs(self.shifts[:, k]))),
                "largest shift": float(np.abs(self.shifts[:, k]).max()),
                "median in sigma": float(np.median(np.abs(self.in_sigmas[:, k]))),
                "largest in sigma": float(np.abs(self.in_sigmas[:, k]).max()),
            }
            for k, name in enumerate(self.names)
        ]


def surrogate_bias(
    surrogate: Forward,
    exact: Forward,
    points: Float[np.ndarray, "point parameter"],
    *,
    sigma: Any,
    names: Sequence[str] | None = None,
    kept: Any = None,
) -> SurrogateBias:
    """The shift of a least-squares estimate that uses `surrogate` on curves that `exact` made, to first order.

    With S the sensitivities, the estimate moves by -(S' S)^-1 S' (surrogate - exact).

    Raises
    ------
    InputError : if the two models answer in different shapes or a curve is not finite at a point.
    """
    rows = np.atleast_2d(np.asarray(points, dtype=float))
    theirs, ours = (np.asarray(m(rows), dtype=float) for m in (exact, surrogate))
    if theirs.shape != ours.shape:
        raise InputError(f"surrogate: curves of shape {ours.shape} found, the exact model answers {theirs.shape}")
    used = np.ones(theirs.shape[1], dtype=bool) if kept is None else np.asarray(kept, dtype=bool)
    error = ours - theirs
    if not np.isfinite(error[:, used]).all():
        raise InputError("surrogate: a curve is not finite at one of the points; keep to where both models answer")
    labels = names_of(exact, names if names is not None else getattr(surrogate, "names", None))
    shifts, spread = [], []
    for row, missed in zip(rows, error, strict=True):
        known = identifiability(exact, row, sigma=sigma, names=labels, kept=used)
        shifts.append(_shift(known, missed, sigma, used))
        spread.append(known.sigmas)
    moved = np.array(shifts)
    return SurrogateBias(labels, rows, moved, moved / np.array(spread), np.abs(error[:, used]).mean(axis=1))


@dataclass(frozen=True, eq=False)
class ErrorBudget:
    """What a smooth model error of a given size does to the estimates.

    Parameters
    ----------
    names : of the parameters.
    error : mean absolute size of the error, in the unit of the curve.
    median, high : (parameter,) median and 90 % quantile of the absolute shift over random smooth errors.
    median_in_sigmas, high_in_sigmas : the same over the deviation that the data's own errors cause.
    """

    names: tuple[str, ...]
    error: float
    median: Float[np.ndarray, "parameter"]
    high: Float[np.ndarray, "parameter"]
    median_in_sigmas: Float[np.ndarray, "parameter"]
    high_in_sigmas: Float[np.ndarray, "parameter"]

    def error_for(self, share: float = 0.2) -> float:
        """The size of error whose median shift is `share` of a sigma, for the parameter that minds most."""
        return float(self.error * share / self.median_in_sigmas.max())


def error_budget(
    model: Forward,
    at: Any,
    *,
    error: float,
    sigma: Any,
    names: Sequence[str] | None = None,
    waves: int = 6,
    draws: int = 2000,
    seed: int | np.random.Generator | None = 0,
) -> ErrorBudget:
    """Turn "the surrogate errs by so much" into "the parameter is off by so much", without a surrogate at hand.

    The error is a random smooth curve: the first `waves` half-waves over the record (a constant is one of them), with
    independent Gaussian amplitudes, scaled to a mean absolute size of `error`.
    """
    if not (np.isfinite(error) and error > 0):
        raise InputError(f"error: {error!r} found, expected positive, in the unit of the curve")
    known = identifiability(model, at, sigma=sigma, names=names)
    samples = len(known.sensitivities)
    random = np.random.default_rng(seed)
    phase = np.pi * (np.arange(samples) + 0.5) / samples
    curves = random.standard_normal((draws, waves)) @ np.cos(np.arange(waves)[:, None] * phase)
    curves *= error / np.abs(curves).mean(axis=1, keepdims=True)
    used = np.ones(samples, dtype=bool)
    shifts = np.abs([_shift(known, c, sigma, used) for c in curves])
    median, high = np.median(shifts, axis=0), np.quantile(shifts, 0.9, axis=0)
    return ErrorBudget(known.names, float(error), median, high, median / known.sigmas, high / known.sigmas)


def _shift(known: Identifiability, error: np.ndarray, sigma: Any, used: np.ndarray) -> np.ndarray:
    deviation = np.broadcast_to(np.asarray(sigma, dtype=float), error.shape)[used]
    scaled = known.sensitivities[used] / deviation[:, None]
    move = np.linalg.lstsq(scaled, error[used] / deviation, rcond=None)[0]
    return -move * known.at
