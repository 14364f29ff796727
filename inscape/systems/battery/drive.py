"""`Drive`: the current through a cell against time, and the steps that follow it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError

Hold = Literal["linear", "previous"]
FIRST_STEPS = 8
"""After a jump of the current the step starts at 2^-8 of its largest and doubles."""


@dataclass(frozen=True)
class Drive:
    """A current I(t); positive discharges.

    Parameters
    ----------
    times : (sample,) s, rising.
    currents : (sample,) or (run, sample) A.
    hold : "linear" between samples, or "previous": a sample's current until the next.
    """

    times: Float[np.ndarray, "sample"]
    currents: Float[np.ndarray, "*run sample"]
    hold: Hold = "linear"

    def __post_init__(self) -> None:
        times = np.asarray(self.times, dtype=float)
        currents = np.asarray(self.currents, dtype=float)
        if times.ndim != 1 or times.size == 0 or currents.shape[-1:] != times.shape or currents.ndim > 2:
            raise InputError(f"current: shape {currents.shape} at {times.shape} times, expected (time,) or (run, time)")
        if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise InputError("current: its times are not finite and rising; sort them and drop what is doubled")
        bad = ~np.isfinite(currents)
        if bad.any():
            raise InputError(
                f"current: {int(bad.sum())} not finite, first at sample {int(np.argwhere(bad)[0][-1])}; "
                "drop these samples or fill them"
            )
        if self.hold not in ("linear", "previous"):
            raise InputError(f"hold: {self.hold!r} found, expected 'linear' or 'previous'")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "currents", currents)

    @classmethod
    def of(cls, current: Any, times: Float[np.ndarray, "time"], hold: Hold = "linear") -> Drive:
        """A drive from a number (A), a function of time, a (time,) or (run, time) array at `times`, or a drive."""
        if isinstance(current, Drive):
            return current
        if callable(current):
            return cls._of_function(current, times)
        array = np.asarray(current)
        if array.dtype.kind not in "biuf":
            raise InputError(f"current: values of type {array.dtype} found, expected numbers in A")
        if array.ndim == 0:
            return cls(np.array([times[0]]), array[None].astype(float), "previous")
        return cls(np.asarray(times, dtype=float), array.astype(float), hold)

    @classmethod
    def _of_function(cls, current: Callable[[float], float], times: np.ndarray) -> Drive:
        fine = np.unique(np.concatenate([np.linspace(times[0], times[-1], 20 * len(times) + 1), times]))
        return cls(fine, np.array([float(current(t)) for t in fine]), "linear")

    def at(self, times: Float[np.ndarray, "time"]) -> Float[np.ndarray, "run time"]:
        """Currents (run, time); one row where all runs share it. A held current is that of the interval begun."""
        rows = np.atleast_2d(self.currents)
        if self.hold == "previous":
            return rows[:, np.clip(np.searchsorted(self.times, times, side="right") - 1, 0, None)]
        return np.stack([np.interp(times, self.times, row) for row in rows])

    def thinned(self, tolerance: float = 2e-3) -> Drive:
        """The same current on fewer samples: stretches that are flat to `tolerance` of its largest become their mean.

        A record at 1 Hz of a constant current is then a few steps, not one a second; the charge is kept.
        """
        if self.currents.ndim == 2 or len(self.times) < 4:
            return self
        allowed = tolerance * max(float(np.abs(self.currents).max()), 1e-300)
        times: list[float] = []
        currents: list[float] = []
        first = 0
        for k in range(1, len(self.times) + 1):
            if k < len(self.times) and abs(self.currents[k] - self.currents[first]) <= allowed:
                continue
            last = k - 1
            if last == first:
                mean = float(self.currents[first])
            elif self.hold == "previous":
                mean = float(np.average(self.currents[first:last], weights=np.diff(self.times[first : last + 1])))
            else:
                piece, at = self.currents[first : last + 1], self.times[first : last + 1]
                mean = float(np.trapezoid(piece, at) / (at[-1] - at[0]))
            times.append(float(self.times[first]))
            currents.append(mean)
            if last > first:
                times.append(float(self.times[last]))
                currents.append(mean)
            first = k
        return Drive(np.array(times), np.array(currents), self.hold)


@dataclass(frozen=True)
class StepPlan:
    """The internal steps of a simulation.

    Parameters
    ----------
    sizes : (step,) s.
    currents : (run, step) A that flow at the end of each step.
    charges : (run, step + 1) C that have passed at the start and after each step, exactly.
    outputs : (time,) after how many steps each output time is reached.
    restarts : (step,) 1 where the memory of the steps before is of no use, since the current jumped.
    at_outputs : (run, time) A.
    """

    sizes: Float[np.ndarray, "step"]
    currents: Float[np.ndarray, "run step"]
    charges: Float[np.ndarray, "run step+1"]
    outputs: Int[np.ndarray, "time"]
    restarts: Int[np.ndarray, "step"]
    at_outputs: Float[np.ndarray, "run time"]


def plan_steps(drive: Drive, times: Float[np.ndarray, "time"], start: float, largest: float) -> StepPlan:
    """Steps that end at every output time and every sample of the current, small after a jump, else at most `largest`.

    Parameters
    ----------
    drive : the current.
    times : (time,) output times, s.
    start : when the simulation starts, s.
    largest : longest step, s.
    """
    within = drive.times[(drive.times > start) & (drive.times < times[-1])]
    marks = np.unique(np.concatenate([[start], within, times[times > start]]))
    # Marks that rounding has split are one mark.
    kept = np.concatenate([[True], np.diff(marks) > 1e-9 * max(1.0, abs(marks[-1]))])
    marks = marks[kept]
    jumps = _jumps(drive, marks)
    ends, restarts = [np.array([start])], []
    for left, right, jumped in zip(marks[:-1], marks[1:], jumps, strict=True):
        inner = _interval_ends(left, right, largest, bool(jumped))
        flags = np.zeros(len(inner), dtype=np.int64)
        flags[0] = int(jumped)
        ends.append(inner)
        restarts.append(flags)
    edges = np.concatenate(ends)
    steps = np.diff(edges)
    if drive.hold == "previous":
        currents = drive.at(edges[:-1] + 0.5 * steps)
        passing = currents * steps
    else:
        # Every sample of the current ends a step, so the current is straight within each.
        at_edges = drive.at(edges)
        currents = at_edges[:, 1:]
        passing = 0.5 * (at_edges[:, 1:] + at_edges[:, :-1]) * steps
    charges = np.zeros((len(currents), len(steps) + 1))
    np.cumsum(passing, axis=1, out=charges[:, 1:])
    outputs = np.searchsorted(edges, times - 1e-9 * max(1.0, abs(times[-1])))
    restart = np.concatenate(restarts) if restarts else np.zeros(0, dtype=np.int64)
    return StepPlan(
        steps, np.ascontiguousarray(currents), charges, outputs, restart, np.ascontiguousarray(drive.at(times))
    )


def _interval_ends(left: float, right: float, largest: float, jumped: bool) -> np.ndarray:
    span = right - left
    count = max(1, int(np.ceil(span / largest - 1e-9)))
    even = left + span * np.arange(1, count + 1) / count
    if not jumped:
        return even
    first = even[0] - left
    small = left + first * 0.5 ** np.arange(FIRST_STEPS, 0, -1)
    return np.concatenate([small, even])


def _jumps(drive: Drive, marks: np.ndarray) -> np.ndarray:
    """For each interval between marks, whether the current jumps at its start by a twentieth of its largest."""
    if len(marks) < 2:
        return np.zeros(0, dtype=bool)
    currents = drive.at(marks[:-1]) if drive.hold == "previous" else drive.at(marks[1:])
    scale = max(float(np.abs(currents).max()), 1e-300)
    change = np.abs(np.diff(currents, axis=1)).max(axis=0) / scale
    return np.concatenate([[True], change > 0.05])
