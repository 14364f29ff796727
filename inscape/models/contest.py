"""The contest: every registered law learns from the same past and is judged on time that it has not seen."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float
from sklearn.base import clone

from inscape.errors import InputError, InscapeError
from inscape.models.conformal import Bands, conformal_bands
from inscape.models.ensemble import Ensemble
from inscape.models.held_out import TimeSplit, Window, bridged, windows
from inscape.models.model import Model
from inscape.models.persistence import strongest_period
from inscape.models.registry import Candidate, candidates
from inscape.models.scores import Score, are_equal, beats, score_of
from inscape.models.selection import (
    Task,
    attempt,
    elected,
    ensemble_candidate,
    heat,
    median_errors,
    seeded,
    simplest,
    spread,
)
from inscape.parallel import Backend, parallel_map
from inscape.trajectories import Trajectories, Trajectory, as_trajectories

ORIGINS = 40
"""Forecasts made in each held-out part, where there is room for so many."""

LONGEST_HORIZON = 200
FORECASTS_SIDE_BY_SIDE = 5
LEARNING_LIMIT = 200_000
"""Samples that a law learns from at most: the latest ones before the held-out time."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One candidate and how it fared.

    Parameters
    ----------
    candidate : family, label and the unfitted estimator.
    model : fitted on all time before calibration; None if it failed.
    terms : numbers in the learned law.
    is_symbolic : whether the law can be written as an equation.
    selection : errors in the selection part; it was fitted before that.
    held_out : errors in the calibration and test parts together, which no choice between laws has seen.
    selection_errors, calibration_errors, test_errors : (origin, step, state) forecast less truth.
    seconds : time to fit and forecast.
    failure : why it did not take part, empty if it did.
    """

    candidate: Candidate
    model: Model | None = None
    terms: int = 0
    is_symbolic: bool = False
    selection: Score | None = None
    held_out: Score | None = None
    calibration_errors: Float[np.ndarray, "origin step state"] = field(default_factory=lambda: np.empty((0, 0, 0)))
    test_errors: Float[np.ndarray, "origin step state"] = field(default_factory=lambda: np.empty((0, 0, 0)))
    seconds: float = 0.0
    failure: str = ""
    selection_errors: Float[np.ndarray, "origin step state"] = field(default_factory=lambda: np.empty((0, 0, 0)))

    @property
    def score(self) -> Score | None:
        """The errors that the choice between laws goes by."""
        return self.selection

    @property
    def errors(self) -> Score:
        """The held-out errors of an entry that did not fail."""
        assert self.held_out is not None, self.failure
        return self.held_out

    @property
    def fitted(self) -> Model:
        """The fitted model of an entry that did not fail."""
        assert self.model is not None, self.failure
        return self.model

    @property
    def name(self) -> str:
        return self.candidate.label

    @property
    def family(self) -> str:
        return self.candidate.family

    @property
    def is_reference(self) -> bool:
        return self.candidate.is_reference


@dataclass(frozen=True, eq=False)
class Contest:
    """What came out.

    Parameters
    ----------
    recording : the runs on which it was held.
    split : where they were cut.
    horizon : samples of each forecast that was judged.
    entries : every candidate, the best first by its error in the selection part; failures last.
    winner : the simplest entry that is as good as the best one; `best` is the best one.
    reference : the best of those that know nothing.
    model : the winner, fitted anew on the whole recording.
    forecast : what it says comes after each recording's end (the last run's).
    bands : half-widths of its calibrated band for the first `horizon` steps.
    coverage : (step,) measured share of test samples inside the band.
    independent_forecasts : how many of the held-out forecasts do not overlap.
    learned_from : the runs (the latest part of long ones) from which the final model learned.
    notes : what was done to the data and should be known.
    """

    recording: Trajectories
    split: TimeSplit
    horizon: int
    entries: tuple[Entry, ...]
    winner: Entry
    best: Entry
    reference: Entry
    model: Model
    forecast: Trajectory
    bands: Bands
    coverage: Float[np.ndarray, "step"]
    independent_forecasts: int
    learned_from: Trajectories
    notes: tuple[str, ...] = field(default=())

    @property
    def leaderboard(self) -> tuple[Entry, ...]:
        """The best entry of every family, best first; a family whose candidates all failed stands last."""
        seen: dict[str, Entry] = {}
        for entry in (self.winner, *self.entries):
            seen.setdefault(entry.family, entry)
        order = {id(e): k for k, e in enumerate(self.entries)}
        return tuple(sorted(seen.values(), key=lambda e: order[id(e)]))

    @property
    def nearest_equation(self) -> Entry | None:
        """The readable equation with the smallest error in the selection part, whether or not it won."""
        return next((e for e in self.entries if e.is_symbolic and not e.is_reference and e.model is not None), None)

    @property
    def measured_coverage(self) -> float:
        """Share of all test samples inside the band."""
        return float(np.nanmean(self.coverage)) if np.isfinite(self.coverage).any() else float("nan")

    @property
    def beats_reference(self) -> bool:
        """Whether the winner forecasts held-out time better than knowing nothing, at 95 % confidence."""
        if self.winner.is_reference or self.winner.held_out is None or self.reference.held_out is None:
            return False
        return beats(self.winner.held_out, self.reference.held_out)

    @property
    def rivals(self) -> tuple[Entry, ...]:
        """The other families' entries that held-out time cannot tell from the winner."""
        return tuple(
            entry
            for entry in self.leaderboard
            if entry is not self.winner
            and entry.held_out is not None
            and self.winner.held_out is not None
            and are_equal(entry.held_out, self.winner.held_out)
        )


def hold_contest(
    trajectories: object,
    dt: float | None = None,
    *,
    laws: Sequence[str] | None = None,
    horizon: int | None = None,
    steps: int | None = None,
    level: float = 0.9,
    seed: int = 0,
    jobs: int = -1,
    backend: Backend | None = None,
    progress: bool | None = None,
) -> Contest:
    """Hold the contest on a recording.

    Each candidate learns from the first part of every run and forecasts the selection part from many origins; the
    simplest one within one standard error of the best wins. All are then fitted on everything before the calibration
    part and forecast calibration and test: held-out errors are measured on both, since no choice has seen them; the
    first sets the winner's band, and the second measures its coverage.

    Parameters
    ----------
    trajectories, dt : the recording, as of `as_trajectories`; evenly sampled.
    laws : families that take part (see `registry.families`), all if None.
    horizon : samples of each judged forecast; about one period of the recording if None, less where it is short.
    steps : samples of the forecast beyond the end; about one period if None, more than can be judged if need be.
    level : coverage of the bands.
    seed : of every estimator that takes one.
    jobs, backend, progress : as of `parallel_map`; a small recording is done in this process unless a backend is named.

    Raises
    ------
    InputError : if the recording is shorter than 8 samples, uneven, or no candidate could be fitted.
    """
    runs = as_trajectories(trajectories, dt)
    split = TimeSplit.of(runs)
    judged = _horizon(runs, split, horizon)
    selection = windows(runs, split, "selection", judged, ORIGINS)
    calibration = windows(runs, split, "calibration", judged, ORIGINS)
    test = windows(runs, split, "test", judged, ORIGINS)
    learning = split.until(runs, "selection", LEARNING_LIMIT)
    relearning = split.until(runs, "calibration", LEARNING_LIMIT)
    scale = spread(learning)
    notes = []
    if learning.samples < sum(split.span(r, "training")[1] for r in range(len(runs))):
        notes.append(
            f"laws learned from the last {learning.samples:,} samples of the training time, not from all of it"
        )
    chosen: Backend = backend or ("serial" if runs.samples * runs[0].dimension < 3_000 or jobs == 1 else "loky")
    entered = [seeded(candidate, seed) for candidate in candidates(learning, laws)]
    going, out = heat(entered, learning, selection, scale, jobs=jobs, backend=chosen, progress=progress)
    tasks = [_Task(Task(candidate, learning, selection, scale), relearning, calibration, test) for candidate in going]
    done = parallel_map(_compete, tasks, label="learning laws", backend=chosen, jobs=jobs, progress=progress)
    done += [Entry(t.candidate, seconds=t.seconds, failure=t.failure) for t in out]
    done += [_ensemble(members, votes, scale) for members, votes in elected(done, scale)]
    entries = tuple(sorted(done, key=lambda e: e.selection.mean if e.selection else np.inf))
    standing = [e for e in entries if e.selection is not None and e.held_out is not None]
    if not standing:
        reasons = "; ".join(f"{e.name}: {e.failure}" for e in entries[:3])
        raise InputError(f"recording: no law could be fitted ({reasons})")
    best = standing[0]
    winner = simplest(standing)
    reference = next((e for e in standing if e.is_reference), best)
    bands = conformal_bands(winner.calibration_errors, level, max(1, split.disjoint("calibration", judged)))
    latest = _latest(runs)
    model = _refit(winner, latest, seed)
    return Contest(
        runs, split, judged, entries, winner, best, reference, model,
        continued(model, runs[-1], steps or _default_steps(runs, judged)), bands, bands.coverage(winner.test_errors),
        split.disjoint("calibration", judged) + split.disjoint("test", judged), latest, tuple(notes),
    )  # fmt: skip


def continued(model: Model, run: Trajectory, steps: int) -> Trajectory:
    """What a fitted model says comes after a run; its inputs are held at their last value."""
    history = bridged(run[max(0, len(run) - max(2_000, model.past)) :])
    inputs = None if history.inputs is None else np.repeat(history.inputs[-1:], steps, axis=0)
    return model.forecast(history, steps, inputs=inputs)


@dataclass(frozen=True, eq=False)
class _Task:
    first: Task
    relearning: Trajectories
    calibration: list[Window]
    test: list[Window]


def _compete(task: _Task) -> Entry:
    started = time.perf_counter()
    tried = attempt(task.first)
    # The second fit has more to learn from; whatever breaks in it is told as in the first.
    again = attempt(replace(task.first, learning=task.relearning, windows=[*task.calibration, *task.test]))
    seconds = time.perf_counter() - started
    failure = tried.failure or again.failure
    if failure:
        return Entry(tried.candidate, seconds=seconds, failure=failure)
    calibration, test = np.split(again.selection_errors, [len(task.calibration)])
    return Entry(
        tried.candidate, again.model, again.terms, again.is_symbolic,
        tried.score, again.score, calibration, test, seconds, selection_errors=tried.selection_errors,
    )  # fmt: skip


def _ensemble(members: Sequence[Entry], votes: Sequence[int], scale: Float[np.ndarray, "state"]) -> Entry:
    selection, calibration, test = (
        median_errors([getattr(e, f"{part}_errors") for e in members], votes)
        for part in ("selection", "calibration", "test")
    )
    return Entry(
        ensemble_candidate(members, votes),
        Ensemble.of_fitted([e.fitted for e in members], votes=votes),
        sum(e.terms for e in members),
        selection=score_of(selection, scale),
        held_out=score_of(np.concatenate([calibration, test]), scale),
        calibration_errors=calibration,
        test_errors=test,
        selection_errors=selection,
        seconds=sum(e.seconds for e in members),
    )


def _latest(runs: Trajectories) -> Trajectories:
    share = min(1.0, LEARNING_LIMIT / runs.samples)
    return Trajectories(run[len(run) - max(2, int(len(run) * share)) :] for run in runs)


def _refit(winner: Entry, runs: Trajectories, seed: int) -> Model:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return clone(seeded(winner.candidate, seed).model).fit(runs)
    except InscapeError:  # the law from before calibration still stands
        return winner.fitted


def _default_steps(runs: Trajectories, judged: int) -> int:
    period = strongest_period(max(runs, key=len).states[-20_000:])
    return max(judged, min(period if period > 1 else LONGEST_HORIZON, LONGEST_HORIZON, len(runs[-1]) // 4))


def _horizon(runs: Trajectories, split: TimeSplit, horizon: int | None) -> int:
    shortest = max(min(stop - start for start, stop in (split.span(r, p) for p in ("selection", "calibration", "test")))
                   for r in range(len(runs)))  # fmt: skip
    longest = max(1, shortest - 1)
    if horizon is not None:
        if isinstance(horizon, bool) or not isinstance(horizon, (int, np.integer)) or horizon < 1:
            raise InputError(f"horizon: {horizon!r} found, expected a whole number of samples, at least 1")
        return min(int(horizon), longest)
    run = max(runs, key=len)
    period = strongest_period(run.states[-20_000:])
    # Forecasts that overlap count for one: a part should hold some that do not.
    roomy = max(1, min(longest, shortest * len(runs) // FORECASTS_SIDE_BY_SIDE))
    return int(np.clip(period if period > 1 else roomy, 1, min(roomy, LONGEST_HORIZON)))
