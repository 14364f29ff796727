"""The laws that any other law has to beat: what was last, what is usual, what drifts, what comes back each season."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from inscape.errors import InputError
from inscape.models.model import Model
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem

KINDS = ("last", "mean", "drift", "seasonal")

ROUNDING = 1e-6
"""Peaks of the autocorrelation that differ by less, of its value at no lag, are as high as each other."""


class Persistence(Model):
    """The reference forecast.

    Parameters
    ----------
    kind : "last" repeats the last sample; "mean" returns the mean of the recording; "drift" adds the mean increment
        of the recording at each step; "seasonal" repeats the last season.
    season : samples in a season; the strongest period of the recording if None (seasonal only).

    Notes
    -----
    After `fit`: `mean_` (state,), `increment_` (state,) a sample, `season_` in samples (seasonal only).
    """

    def __init__(self, kind: Literal["last", "mean", "drift", "seasonal"] = "last", season: int | None = None):
        self.kind = kind
        self.season = season

    def _learn(self, runs: Trajectories) -> None:
        if self.kind not in KINDS:
            raise InputError(f"kind: {self.kind!r} found, expected one of {', '.join(KINDS)}")
        self.mean_ = np.nanmean(np.concatenate([run.states for run in runs]), axis=0)
        steps = np.concatenate([np.diff(run.states, axis=0) for run in runs])
        known = np.isfinite(steps).sum(axis=0)
        self.increment_ = np.where(known > 0, np.nansum(steps, axis=0) / np.maximum(known, 1), 0.0)
        self._past = 1
        if self.kind == "seasonal":
            self.season_ = self._season(runs)
            self._past = self.season_

    def _season(self, runs: Trajectories) -> int:
        longest = max(runs, key=len)
        if self.season is None:
            return strongest_period(longest.states)
        if isinstance(self.season, bool) or not isinstance(self.season, (int, np.integer)) or self.season < 1:
            raise InputError(f"season: {self.season!r} found, expected a whole number of samples, at least 1")
        if self.season > len(longest):
            raise InputError(f"season: {self.season} samples found, the longest run has {len(longest)}")
        return int(self.season)

    def _check_recent(self, past: Trajectory) -> None:
        """A missing sample is no hindrance: the last known value stands for it."""

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        ahead = np.arange(1, horizon + 1)
        if self.kind == "mean":
            return np.tile(self.mean_, (horizon, 1))
        if self.kind == "seasonal":
            recent = _last_known(history.states, self.mean_)[-self.season_ :]
            return recent[(ahead - 1) % self.season_]
        last = _last_known(history.states, self.mean_)[-1]
        step = self.increment_ if self.kind == "drift" else np.zeros_like(last)
        return last + ahead[:, None] * step

    @property
    def law(self) -> SymbolicSystem:
        """The map that the forecast iterates; "seasonal" has none of one state."""
        from sklearn.utils.validation import check_is_fitted

        check_is_fitted(self)
        if self.kind == "seasonal":
            raise AttributeError(
                "Persistence(kind='seasonal') has no law: the next state is not a function of this one"
            )
        import sympy

        from inscape.systems import Map
        from inscape.systems.definition import Definition, symbol

        states = [symbol(name) for name in self.state_names_]
        right = {
            "last": states,
            "mean": [sympy.Float(m) for m in self.mean_],
            "drift": [s + sympy.Float(d) for s, d in zip(states, self.increment_, strict=True)],
        }[self.kind]
        return Map(Definition(f"persistence_{self.kind}", self.state_names_, (), {}, tuple(right)), initial=self.mean_)


def strongest_period(states: np.ndarray) -> int:
    """The period, in samples, where the autocorrelation summed over state variables has its highest peak.

    Parameters
    ----------
    states : (time, state); missing samples are taken as the mean.

    Returns
    -------
    A whole number from 1 to half the record; 1 if the autocorrelation never rises again (no season).
    """
    centred = np.asarray(states, dtype=float) - np.nanmean(states, axis=0)
    centred = np.nan_to_num(centred)
    spread = centred.std(axis=0)
    centred = centred[:, spread > 0] / spread[spread > 0]
    length = len(centred)
    if length < 4 or centred.shape[1] == 0:
        return 1
    power = np.abs(np.fft.rfft(centred, 2 * length, axis=0)) ** 2
    correlation = np.fft.irfft(power.sum(axis=1))[:length]
    # Fewer pairs stand behind a long lag; without this correction short lags would always win.
    correlation = correlation[: length // 2 + 1] / (length - np.arange(length // 2 + 1))
    inner = correlation[1:-1]
    peaks = 1 + np.flatnonzero((inner > correlation[:-2]) & (inner >= correlation[2:]) & (inner > 0))
    if len(peaks) == 0:
        return 1
    # Multiples of an exact period are peaks as high but for rounding; the shortest of them is the period.
    highest = correlation[peaks].max() - ROUNDING * correlation[0]
    return int(peaks[np.argmax(correlation[peaks] >= highest)])


def _last_known(states: np.ndarray, fallback: np.ndarray) -> np.ndarray:
    filled = np.array(states, dtype=float)
    filled[0] = np.where(np.isfinite(filled[0]), filled[0], fallback)
    for row in range(1, len(filled)):
        missing = ~np.isfinite(filled[row])
        filled[row, missing] = filled[row - 1, missing]
    return filled
