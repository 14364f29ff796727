"""Split-conformal forecast bands: an error that was not exceeded in most calibration forecasts bounds the next one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError

GAP_CLOSED = 2.0
"""Set on every sixth system of the zoo at 33 points a period; the contest study measures coverage on all of them."""


@dataclass(frozen=True, eq=False)
class Bands:
    """Half-widths of a forecast band.

    Parameters
    ----------
    level : the coverage asked for.
    half_widths : (step, state) in the units of the states.
    promised : the coverage that the number of calibration forecasts can promise; below `level` where they are few.
    forecasts : how many calibration forecasts stand behind the band.
    """

    level: float
    half_widths: Float[np.ndarray, "step state"]
    promised: float
    forecasts: int

    @property
    def is_as_asked(self) -> bool:
        """Whether there were enough calibration forecasts for the level asked for."""
        return self.promised >= self.level - 1e-12

    def coverage(self, errors: Float[np.ndarray, "origin step state"]) -> Float[np.ndarray, "step"]:
        """The share of held-out errors inside the band at each step; steps without a known sample are NaN."""
        held_out = _errors(errors)
        if held_out.shape[1:] != self.half_widths.shape:
            raise InputError(
                f"errors: shape {held_out.shape}, expected (origin, {', '.join(map(str, self.half_widths.shape))})"
            )
        known = ~np.isnan(held_out)
        inside = (np.abs(held_out) <= self.half_widths) & known
        count = known.sum(axis=(0, 2))
        with np.errstate(invalid="ignore"):
            return np.where(count > 0, inside.sum(axis=(0, 2)) / np.maximum(count, 1), np.nan)


def conformal_bands(
    errors: Float[np.ndarray, "origin step state"], level: float = 0.9, stretches: int | None = None
) -> Bands:
    """Bands that hold the next forecast's error with probability `level`, step by step and state by state.

    With n exchangeable calibration forecasts the band is the ceil((n + 1) level)-th smallest absolute error (Vovk et
    al. 2005; Lei et al. 2018, eq. 2 of "Distribution-free predictive inference for regression"). Where n is too small
    for `level` the largest error is taken and `promised` falls to n / (n + 1).

    Forecasts from neighbouring origins share samples and err together: forty of them may hold no more than five
    independent ones, and a band made as if there were forty is too narrow. With `stretches` the band of all but one
    stretch is held against the errors of that one, each stretch in turn, and the band is widened by the factor that
    would have been needed (a jackknife over blocks, after Barber et al. 2021 and Chernozhukov et al. 2018). As the
    factor itself comes from few stretches, it is taken at a level above the one asked for: `GAP_CLOSED` stretches'
    worth of what lies between it and 1. The promise stays approximate: measure it on held-out time.

    Parameters
    ----------
    errors : forecast less truth; NaN where the truth is missing, infinite where the forecast broke down.
    level : coverage between 0 and 1.
    stretches : how many of the forecasts, in order, lie side by side without sharing samples; all of them if None.

    Raises
    ------
    InputError : if `level` is outside (0, 1), there is no forecast, or `stretches` is no number of stretches.
    """
    residuals = np.abs(_errors(errors))
    if not (isinstance(level, (int, float)) and 0 < level < 1):
        raise InputError(f"level: {level!r} found, expected a coverage between 0 and 1, such as 0.9")
    if stretches is not None and (isinstance(stretches, bool) or stretches != int(stretches) or stretches < 1):
        raise InputError(f"stretches: {stretches!r} found, expected how many forecasts lie side by side, at least 1")
    half_widths, promised, least = _ranked(residuals, float(level))
    if stretches is not None and 2 <= stretches < len(residuals):
        half_widths = half_widths * _widening(residuals, float(level), int(stretches))
    return Bands(float(level), half_widths, promised, least)


def _ranked(residuals: np.ndarray, level: float) -> tuple[np.ndarray, float, int]:
    """Half-widths by rank, the coverage they promise, and the fewest known errors of a step and state."""
    counts = (~np.isnan(residuals)).sum(axis=0)
    ranked = np.sort(residuals, axis=0)  # NaN goes last
    rank = np.ceil((counts + 1) * level).astype(int)
    taken = np.clip(np.minimum(rank, counts) - 1, 0, None)
    half_widths = np.take_along_axis(ranked, taken[None], axis=0)[0]
    half_widths[counts == 0] = np.inf
    least = int(counts.min(initial=len(residuals)))
    promised = level if (rank <= counts).all() else least / (least + 1)
    return half_widths, float(promised), least


def _widening(residuals: np.ndarray, level: float, stretches: int) -> float:
    """The factor by which bands of the other stretches would have had to be wider, at least 1."""
    label = np.arange(len(residuals)) * stretches // len(residuals)
    ratios = []
    for k in range(stretches):
        others, _, _ = _ranked(residuals[label != k], level)
        held_out = residuals[label == k]
        comparable = ~np.isnan(held_out) & (others > 0) & np.isfinite(others)
        ratios.append(held_out[comparable] / np.broadcast_to(others, held_out.shape)[comparable])
    together = np.sort(np.concatenate(ratios))
    if not len(together) or not np.isfinite(together[0]):
        return 1.0
    raised = level + (1 - level) * min(1.0, GAP_CLOSED / stretches)
    factor = float(together[int(np.ceil(raised * len(together))) - 1])
    # A forecast that broke down has no finite band; the widest that held is taken.
    return max(1.0, factor if np.isfinite(factor) else float(together[np.isfinite(together)][-1]))


def _errors(errors: Float[np.ndarray, "origin step state"]) -> Float[np.ndarray, "origin step state"]:
    array = np.asarray(errors)
    if array.dtype.kind not in "biuf" or array.ndim != 3 or 0 in array.shape:
        raise InputError(
            f"errors: {array.dtype} of shape {array.shape} found, expected numbers (origin, step, state), at least one"
        )
    return array.astype(float)
