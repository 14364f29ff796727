"""How sure each term of a sparse law is: how often it comes back when the recording is resampled in blocks."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float
from sklearn.base import clone

from inscape.errors import InscapeError
from inscape.models.complexity import inner

if TYPE_CHECKING:
    from inscape.models.contest import Contest

RESAMPLES = 100
SURE = 0.9
"""A term that comes back in at least so many of the resamples is sure; one in at most 1 - SURE is surely absent."""

_LOOKED_AT = 10_000

TRACE = 1e-5
"""A term outside the law whose part in a rate is smaller than this is an error of digits, not a rival of the law."""


@dataclass(frozen=True)
class TermInclusion:
    """One term in the law of one state variable.

    Parameters
    ----------
    state, term : names.
    coefficient : in the law; 0 if the term does not stand in it.
    low, high : 5 % and 95 % quantiles of the coefficient over the resamples.
    probability : share of the resamples in which the term came back.
    """

    state: str
    term: str
    coefficient: float
    low: float
    high: float
    probability: float

    @property
    def is_in_law(self) -> bool:
        return self.coefficient != 0.0

    @property
    def is_doubtful(self) -> bool:
        """Whether it stands in the law and often does not come back, or is missing and mostly does."""
        return self.probability < SURE if self.is_in_law else self.probability > 0.5


def term_inclusion(contest: Contest, seed: int = 0) -> tuple[TermInclusion, ...]:
    """Resample the recording and fit the winner's settings anew; terms that never come back are left out.

    The block bootstrap (Kunsch 1989) keeps neighbouring samples together. Only sparse laws that carry an ensemble
    (`ensemble` among their settings) have an answer; others give an empty tuple.
    """
    model: Any = inner(contest.model)
    if "ensemble" not in model.get_params(deep=False) or not hasattr(model, "inclusion_"):
        return ()
    again = clone(model).set_params(ensemble=RESAMPLES, seed=seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            again.fit(contest.learned_from)
    except InscapeError:
        return ()
    samples = np.asarray(again.coef_samples_, dtype=float)
    shares = ((samples != 0) & ~_traces(contest, model, samples)).mean(axis=0)
    low, high = np.quantile(samples, [0.05, 0.95], axis=0)
    return tuple(
        TermInclusion(state, term, *map(float, (model.coef_[i, j], low[i, j], high[i, j], shares[i, j])))
        for i, state in enumerate(model.state_names_)
        for j, term in enumerate(model.terms_.names)
        if model.coef_[i, j] != 0 or shares[i, j] > 1 - SURE
    )


def _traces(
    contest: Contest, model: Any, samples: Float[np.ndarray, "model state term"]
) -> Bool[np.ndarray, "model state term"]:
    """Where a coefficient outside the law moves a state by next to nothing, measured against the law's own terms."""
    run = max(contest.learned_from, key=len)[-_LOOKED_AT:]
    columns = model.terms_.columns(run.states, run.inputs)
    sizes = np.sqrt(np.nanmean(np.square(columns), axis=0))
    moves = np.sqrt(np.square(model.coef_ * sizes).sum(axis=1, keepdims=True))
    return (model.coef_ == 0) & (np.abs(samples) * sizes < TRACE * moves)
