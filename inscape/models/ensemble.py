"""`Ensemble`: several laws forecasting together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self, get_args

import numpy as np
from jaxtyping import Float
from sklearn.base import clone

from inscape.errors import InputError, InscapeError
from inscape.models.model import Model
from inscape.trajectories import Trajectories, Trajectory

Rule = Literal["median", "mean"]


class Ensemble(Model):
    """The median (or mean) of the forecasts of several laws, sample by sample and variable by variable.

    Errors of laws that go astray at different times and in different directions cancel; the median is not moved by the
    minority that went astray. A law that cannot be fitted is left out; one that diverges no longer votes.

    Parameters
    ----------
    members : estimators of this room.
    rule : how their forecasts are joined.
    votes : how often each member counts; once if None.

    Notes
    -----
    After `fit`: `members_`, the fitted laws, with `votes_`; `failures_`, why the others were left out.
    """

    def __init__(self, members: Sequence[Model] = (), rule: Rule = "median", votes: Sequence[int] | None = None):
        self.members = members
        self.rule = rule
        self.votes = votes

    @classmethod
    def of_fitted(cls, models: Sequence[Model], rule: Rule = "median", votes: Sequence[int] | None = None) -> Self:
        """An ensemble of laws that were fitted on the same recording already."""
        made = cls([clone(model) for model in models], rule, votes)
        first = models[0]
        made.dt_, made.scale_ = first.dt_, first.scale_
        made.state_names_, made.input_names_ = first.state_names_, first.input_names_
        made._join(list(models), [1] * len(models) if votes is None else list(votes), [])
        return made

    def _learn(self, runs: Trajectories) -> None:
        if self.rule not in get_args(Rule):
            raise InputError(f"rule: {self.rule!r} found, expected one of {', '.join(get_args(Rule))}")
        if not self.members or not all(isinstance(m, Model) for m in self.members):
            raise InputError(f"members: {self.members!r} found, expected a list of at least one model")
        votes = [1] * len(self.members) if self.votes is None else list(self.votes)
        if len(votes) != len(self.members) or not all(isinstance(v, (int, np.integer)) and v >= 1 for v in votes):
            raise InputError(f"votes: {votes} found, expected one whole number for each of {len(self.members)} members")
        fitted: list[Model] = []
        counted: list[int] = []
        failures: list[str] = []
        for member, vote in zip(self.members, votes, strict=True):
            try:
                fitted.append(clone(member).fit(runs))
                counted.append(int(vote))
            except InscapeError as error:
                failures.append(str(error))
        if not fitted:
            raise InputError(f"members: none of {len(self.members)} could be fitted; the first: {failures[0]}")
        self._join(fitted, counted, failures)

    def _join(self, fitted: list[Model], votes: list[int], failures: list[str]) -> None:
        self.members_, self.votes_, self.failures_ = fitted, votes, failures
        self._past = max(member.past for member in self.members_)
        self._takes_inputs = any(member._takes_inputs for member in self.members_)

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        return self._continue_each([history], None if inputs is None else inputs[None], horizon)[0]

    def _continue_each(
        self, histories: list[Trajectory], inputs: np.ndarray | None, horizon: int
    ) -> Float[np.ndarray, "origin horizon state"]:
        each = [member.forecast_each(histories, horizon, inputs) for member in self.members_]
        return joined(each, self.rule, self.votes_)

    def _check_recent(self, past: Trajectory) -> None:
        for member in self.members_:
            member._check_recent(past)

    @property
    def complexity(self) -> int:
        """Numbers in all members together."""
        from inscape.models.complexity import number_of_terms

        return sum(number_of_terms(member) for member in self.members_)


def joined(
    forecasts: Sequence[Float[np.ndarray, "*shape"]], rule: Rule = "median", votes: Sequence[int] | None = None
) -> Float[np.ndarray, "*shape"]:
    """Forecasts of several laws as one; a value that is not finite does not count where another law has one."""
    together = np.stack(forecasts) if votes is None else np.repeat(np.stack(forecasts), votes, axis=0)
    together = np.where(np.isfinite(together), together, np.nan)
    silent = np.isnan(together).all(axis=0)
    filled = np.where(silent, 0.0, together)
    return np.where(silent, np.nan, np.nanmedian(filled, axis=0) if rule == "median" else np.nanmean(filled, axis=0))
