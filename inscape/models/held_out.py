"""Held-out time: a recording split into learning, selection, calibration and test, and the forecasts made there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float
from sklearn.base import clone

from inscape.errors import InputError
from inscape.models.model import Model
from inscape.trajectories import Trajectories, Trajectory

Part = Literal["training", "selection", "calibration", "test"]
PARTS: tuple[Part, ...] = ("training", "selection", "calibration", "test")
SHARES_LONG = (0.6, 0.15, 0.125, 0.125)
SHARES_SHORT = (0.5, 0.17, 0.16, 0.17)
SHORT = 500
"""Below so many samples more of the recording is held out, or too few forecasts could be checked."""

REFITTED = 100
"""Below so many samples laws are fitted anew before every forecast, on all that came before it."""

LONGEST_HISTORY = 2_000
"""Samples of the past that a model sees before a forecast."""


@dataclass(frozen=True)
class TimeSplit:
    """Where each run is cut; part k of run r is [cuts[r][k], cuts[r][k + 1])."""

    cuts: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, runs: Trajectories) -> TimeSplit:
        """Cut every run in time: first learning, then selection, calibration, and the test last.

        Raises
        ------
        InputError : if no run has the 8 samples that four parts need.
        """
        longest = max(len(run) for run in runs)
        if longest < 8:
            raise InputError(
                f"recording: {longest} samples found, expected at least 8: "
                "two each to learn from, to select by, to calibrate on and to test on"
            )
        shares = SHARES_SHORT if runs.samples < SHORT else SHARES_LONG
        bounds = np.cumsum((0.0, *shares))
        return cls(tuple(tuple(round(b * len(run)) for b in bounds) for run in runs))

    def span(self, run: int, part: Part) -> tuple[int, int]:
        """First sample of a part and the one after its last."""
        k = PARTS.index(part)
        return self.cuts[run][k], self.cuts[run][k + 1]

    def until(self, runs: Trajectories, part: Part, limit: int | None = None) -> Trajectories:
        """What lies before `part`, the last `limit` samples of all runs together if there are more."""
        k = PARTS.index(part)
        spans = [cut[k] for cut in self.cuts]
        share = 1.0 if limit is None else min(1.0, limit / max(1, sum(spans)))
        kept = [
            run[stop - max(2, int(stop * share)) : stop] for run, stop in zip(runs, spans, strict=True) if stop >= 2
        ]
        return Trajectories(kept)

    def origins(self, part: Part, horizon: int, count: int) -> list[tuple[int, int]]:
        """Up to `count` places (run, sample) from which a forecast of `horizon` samples stays inside a part.

        They are spread evenly, and do not overlap where there is room for that.
        """
        places: list[tuple[int, int]] = []
        for run in range(len(self.cuts)):
            start, stop = self.span(run, part)
            places += [(run, origin) for origin in range(max(start, 1), stop - horizon + 1)]
        if len(places) <= count:
            return places
        chosen = np.unique(np.linspace(0, len(places) - 1, count).round().astype(int))
        return [places[i] for i in chosen]

    def disjoint(self, part: Part, horizon: int) -> int:
        """How many forecasts of `horizon` samples fit into a part side by side."""
        return sum(
            max(0, stop - max(start, 1)) // horizon
            for start, stop in (self.span(r, part) for r in range(len(self.cuts)))
        )


@dataclass(frozen=True, eq=False)
class Window:
    """One forecast to be made: what is known, and what came next.

    `past` is the whole learning material up to the origin where a law is fitted anew for it, else None.
    """

    history: Trajectory
    future: Trajectory
    past: Trajectories | None = None


def windows(runs: Trajectories, split: TimeSplit, part: Part, horizon: int, count: int) -> list[Window]:
    """The forecasts of a part; gaps in a history are bridged by straight lines."""
    refitted = len(runs) == 1 and runs.samples < REFITTED
    made = []
    for run, origin in split.origins(part, horizon, count):
        recent = runs[run][max(0, origin - LONGEST_HISTORY) : origin]
        past = Trajectories([runs[run][:origin]]) if refitted and origin >= 2 else None
        made.append(Window(bridged(recent), runs[run][origin : origin + horizon], past))
    return made


def forecast_errors(model: Model, made: list[Window], *, refit: bool = False) -> Float[np.ndarray, "origin step state"]:
    """Forecast less truth from every origin; infinite where the forecast broke down, NaN where the truth is missing.

    With `refit`, the model is fitted anew on all that came before each origin (where the window carries it).
    """
    if refit and made and made[0].past is not None:
        return np.concatenate([forecast_errors(clone(model).fit(window.past), [window]) for window in made])
    inputs = [window.future.inputs for window in made]
    driven = None if inputs[0] is None else np.stack([i for i in inputs if i is not None])
    recent = [window.history[-max(model.past, 2) :] for window in made]
    states = model.forecast_each(recent, len(made[0].future), driven)
    truth = np.stack([window.future.states for window in made])
    error = np.where(np.isfinite(states), states - truth, np.inf)
    return np.where(np.isfinite(truth), error, np.nan)


def bridged(history: Trajectory) -> Trajectory:
    """The history with missing samples interpolated linearly in time, and the last known value held to its end."""
    if history.is_complete:
        return history
    states = np.array(history.states, dtype=float)
    columns = [states[:, k] for k in range(states.shape[1])]
    inputs = None if history.inputs is None else np.array(history.inputs, dtype=float)
    columns += [] if inputs is None else [inputs[:, k] for k in range(inputs.shape[1])]
    for column in columns:
        known = np.isfinite(column)
        if known.any():
            column[~known] = np.interp(history.times[~known], history.times[known], column[known])
    return history.replace(states=states, inputs=inputs)
