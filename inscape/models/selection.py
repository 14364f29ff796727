"""Selection: which law to forecast with, judged by forecasts of a part of the recording that it did not learn from."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import numpy as np
from jaxtyping import Float
from sklearn.base import clone

from inscape.errors import InputError, InscapeError
from inscape.models.complexity import is_symbolic, number_of_terms
from inscape.models.ensemble import Ensemble, joined
from inscape.models.held_out import Window, bridged, forecast_errors
from inscape.models.model import Model
from inscape.models.persistence import strongest_period
from inscape.models.registry import Candidate, candidates
from inscape.models.scores import Score, are_equal, beats, score_of
from inscape.parallel import Backend, parallel_map
from inscape.trajectories import Trajectories, as_trajectories

VOTES = 10
"""Votes in the ensemble that competes with the laws themselves."""

ELIGIBLE = 30
"""The best so many candidates may be voted for."""

HEAT_FROM = 1_000
"""Samples to learn from, from which on candidates have to qualify on a short part of it first."""

HEAT_SAMPLES, HEAT_FORECASTS = 600, 8
QUALIFIED = 10
"""So many go on, and of every family the best one, whatever can be read as an equation, and what knows nothing."""

LEARNED_SHARE = 2 / 3
ORIGINS = 12


@dataclass(frozen=True, eq=False)
class Tried:
    """One candidate after the selection part.

    Parameters
    ----------
    candidate : family, label and the unfitted estimator.
    model : fitted on what lies before the selection part; None if it failed, and for an ensemble.
    terms : numbers in the learned law.
    is_symbolic : whether the law can be written as an equation.
    selection_errors : (origin, step, state) forecast less truth.
    score : of these errors; None if it failed.
    seconds : time to fit and forecast.
    failure : why it did not take part, empty if it did.
    """

    candidate: Candidate
    model: Model | None = None
    terms: int = 0
    is_symbolic: bool = False
    selection_errors: Float[np.ndarray, "origin step state"] = field(default_factory=lambda: np.empty((0, 0, 0)))
    score: Score | None = None
    seconds: float = 0.0
    failure: str = ""


@dataclass(frozen=True, eq=False)
class Choice:
    """What the selection came to.

    Parameters
    ----------
    model : the unfitted estimator of the best forecaster, possibly an `Ensemble`.
    law : that of the simplest candidate that cannot be told from the best.
    ranking : every candidate, the best first; failures last.
    horizon : samples of each forecast that was judged.
    seconds : what it took.
    """

    model: Model
    law: Model
    ranking: tuple[Tried, ...]
    horizon: int
    seconds: float


def choose(
    training: object,
    dt: float | None = None,
    *,
    horizon: int | None = None,
    laws: Sequence[str] | None = None,
    seed: int = 0,
    jobs: int = 1,
    backend: Backend | None = None,
    progress: bool | None = None,
) -> Choice:
    """Choose a forecaster by a recording alone: learn from its first two thirds, forecast the last from many origins.

    Parameters
    ----------
    training, dt : the recording, as of `as_trajectories`.
    horizon : samples of each forecast; two periods of the recording if None, less where it is short.
    laws : families that take part, all if None.
    seed : of every estimator that takes one.
    jobs, backend, progress : as of `parallel_map`.

    Raises
    ------
    InputError : if no candidate could be fitted, or no run holds a forecast after its first two thirds.
    """
    started = time.perf_counter()
    runs = as_trajectories(training, dt)
    learning = Trajectories([run[: max(2, round(LEARNED_SHARE * len(run)))] for run in runs])
    made = _windows(runs, learning, horizon)
    entered = [seeded(candidate, seed) for candidate in candidates(learning, laws)]
    scale = spread(learning)
    going, out = heat(entered, learning, made, scale, jobs=jobs, backend=backend, progress=progress)
    tried = try_all(going, learning, made, scale, jobs=jobs, backend=backend, progress=progress) + out
    standing = [t for t in tried if t.score is not None]
    if not standing:
        reasons = "; ".join(f"{t.candidate.label}: {t.failure}" for t in tried[:3])
        raise InputError(f"recording: no law could be fitted ({reasons})")
    law = simplest(standing)
    return Choice(
        clone(standing[0].candidate.model),
        clone(law.candidate.model),
        tuple(tried),
        len(made[0].future),
        time.perf_counter() - started,
    )


def try_all(
    entered: Sequence[Candidate],
    learning: Trajectories,
    made: list[Window],
    scale: Float[np.ndarray, "state"],
    *,
    jobs: int = 1,
    backend: Backend | None = None,
    progress: bool | None = None,
    label: str = "learning laws",
) -> list[Tried]:
    """Fit every candidate and judge its forecasts; ensembles of the best join them. The best first, failures last."""
    tasks = [Task(candidate, learning, made, scale) for candidate in entered]
    done = parallel_map(attempt, tasks, label=label, backend=backend or "serial", jobs=jobs, progress=progress)
    done += [ensemble_of(members, votes, scale) for members, votes in elected(done, scale)]
    return sorted(done, key=lambda t: t.score.mean if t.score else np.inf)


def heat(
    entered: Sequence[Candidate],
    learning: Trajectories,
    made: list[Window],
    scale: Float[np.ndarray, "state"],
    *,
    jobs: int = 1,
    backend: Backend | None = None,
    progress: bool | None = None,
) -> tuple[list[Candidate], list[Tried]]:
    """Those who go on to a contest on a long recording, and those who do not, with the reason as their failure.

    Every candidate learns from the last 600 samples alone; some of its forecasts decide.
    """
    if learning.samples < HEAT_FROM:
        return list(entered), []
    share = HEAT_SAMPLES / learning.samples
    short = Trajectories(run[len(run) - max(2, int(len(run) * share)) :] for run in learning)
    asked = [made[k] for k in np.unique(np.linspace(0, len(made) - 1, HEAT_FORECASTS).astype(int))]
    tasks = [Task(candidate, short, asked, scale) for candidate in entered]
    done = parallel_map(
        attempt, tasks, label="qualifying laws", backend=backend or "serial", jobs=jobs, progress=progress
    )
    ranked = sorted(done, key=lambda t: t.score.mean if t.score else np.inf)
    going: list[Tried] = []
    for place, tried in enumerate(ranked):
        is_first = tried.candidate.family not in {t.candidate.family for t in going}
        if place < QUALIFIED or is_first or tried.is_symbolic or tried.candidate.is_reference or tried.failure:
            # What failed on a short part may do on the whole.
            going.append(tried)
    names = {id(t) for t in going}
    out = [
        replace(t, model=None, score=None, failure=f"did not qualify: errs by {t.score.mean:.2g} of the spread when it "
                f"learned from {short.samples:,} samples")
        for t in ranked if id(t) not in names and t.score is not None
    ]  # fmt: skip
    order = {id(t.candidate): k for k, t in enumerate(done)}
    return [t.candidate for t in sorted(going, key=lambda t: order[id(t.candidate)])], out


class Contestant(Protocol):
    """What the rules of preference look at."""

    @property
    def candidate(self) -> Candidate: ...
    @property
    def terms(self) -> int: ...
    @property
    def is_symbolic(self) -> bool: ...
    @property
    def score(self) -> Score | None: ...
    @property
    def selection_errors(self) -> Float[np.ndarray, "origin step state"]: ...


Anyone = TypeVar("Anyone", bound=Contestant)


def simplest(standing: Sequence[Anyone]) -> Anyone:
    """The one that is preferred among those, best first, that the selection part cannot tell from the best.

    Knowing nothing is preferred to any law; then the readable equation with the fewest terms; then the best itself.
    """
    best = standing[0]
    tied = [t for t in standing if t is best or are_equal(_score(t), _score(best))]
    for one in tied:
        if one.candidate.is_reference and not beats(_score(best), _score(one)):
            return one
    readable = [t for t in tied if t.is_symbolic and not t.candidate.is_reference]
    return min(readable, key=lambda t: (t.terms, _score(t).mean)) if readable else best


def elected(tried: Sequence[Anyone], scale: Float[np.ndarray, "state"]) -> list[tuple[list[Anyone], list[int]]]:
    """The ensemble whose median forecasts the selection part best: its members and the votes of each.

    Members are added one at a time, the one that helps most, and may be added again (ensemble selection; Caruana et al.
    2004). Laws only, and none that failed; an empty list where there are fewer than three.
    """
    able = [t for t in tried if t.score is not None and not t.candidate.is_reference]
    able = sorted(able, key=lambda t: _score(t).mean)[:ELIGIBLE]
    if len(able) < 3:
        return []
    chosen = [0]
    while len(chosen) < VOTES:
        held = [able[k].selection_errors for k in chosen]
        means = [score_of(median_errors([*held, t.selection_errors]), scale).mean for t in able]
        chosen.append(int(np.argmin(means)))
    members = sorted(set(chosen))
    return [([able[k] for k in members], [chosen.count(k) for k in members])] if len(members) > 1 else []


def _score(one: Contestant) -> Score:
    assert one.score is not None  # only those that stand are compared
    return one.score


def spread(runs: Trajectories) -> Float[np.ndarray, "state"]:
    """Standard deviation of each state variable over all runs; 1 for a constant one."""
    states = np.concatenate([run.states for run in runs])
    deviation = np.nanstd(states, axis=0)
    return np.where(deviation > 0, deviation, 1.0)


def seeded(candidate: Candidate, seed: int) -> Candidate:
    """The candidate with its random numbers from this seed, where it draws any."""
    if "seed" not in candidate.model.get_params(deep=False):
        return candidate
    return replace(candidate, model=clone(candidate.model).set_params(seed=seed))


@dataclass(frozen=True, eq=False)
class Task:
    """A candidate, what it learns from and what it is asked."""

    candidate: Candidate
    learning: Trajectories
    windows: list[Window]
    scale: Float[np.ndarray, "state"]


def attempt(task: Task) -> Tried:
    """Fit a candidate and judge its forecasts; what went wrong is told, not raised."""
    started = time.perf_counter()
    tried = Tried(task.candidate)
    try:
        with warnings.catch_warnings():
            # Solvers warn about every rank-deficient try; a poor law shows in its score.
            warnings.simplefilter("ignore")
            model = clone(task.candidate.model).fit(task.learning)
            errors = forecast_errors(model, task.windows, refit=True)
        tried = Tried(
            task.candidate, model, number_of_terms(model), is_symbolic(model), errors, score_of(errors, task.scale)
        )
    except InscapeError as error:
        tried = replace(tried, failure=" ".join(str(error).split()))
    except Exception as error:  # a law that breaks must not take the contest with it
        tried = replace(tried, failure=" ".join(f"{type(error).__name__}: {error}".split()))
    return replace(tried, seconds=time.perf_counter() - started)


def ensemble_of(members: Sequence[Tried], votes: Sequence[int], scale: Float[np.ndarray, "state"]) -> Tried:
    """The median of candidates that were judged already; nothing is fitted."""
    errors = median_errors([t.selection_errors for t in members], votes)
    terms = sum(t.terms for t in members)
    return Tried(ensemble_candidate(members, votes), None, terms, False, errors, score_of(errors, scale))


def ensemble_candidate(members: Sequence[Contestant], votes: Sequence[int]) -> Candidate:
    """The median of these laws as a candidate of its own."""
    model = Ensemble([clone(t.candidate.model) for t in members], votes=list(votes))
    return Candidate("ensemble", f"median of {len(members)} laws", model)


def median_errors(
    errors: Sequence[Float[np.ndarray, "origin step state"]], votes: Sequence[int] | None = None
) -> Float[np.ndarray, "origin step state"]:
    """Errors of the median forecast: the truth is the same for all, so they are the median of the errors."""
    missing = np.isnan(errors[0])
    together = joined(errors, votes=votes)
    return np.where(missing, np.nan, np.where(np.isnan(together), np.inf, together))


def _windows(runs: Trajectories, learning: Trajectories, horizon: int | None) -> list[Window]:
    longest = max(runs, key=len)
    room = len(longest) - max(len(run) for run in learning)
    period = strongest_period(longest.states[-20_000:])
    reach = min(horizon or max(10, 2 * period), room)
    if reach < 1:
        raise InputError(f"recording: {len(longest)} samples found, expected at least 4 to choose a law by")
    made: list[Window] = []
    for early, run in zip(learning, runs, strict=True):
        last = len(run) - reach
        if last < len(early):
            continue
        count = max(1, ORIGINS // len(runs))
        origins = np.unique(np.linspace(len(early), last, count).astype(int))
        made += [Window(bridged(run[:origin]), run[origin : origin + reach]) for origin in origins]
    return made
