"""`Agent`: what a run of Dyna leaves - a policy, a law, and how both came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from jaxtyping import Float

from inscape.trajectories import Trajectories


@dataclass(frozen=True)
class Refit:
    """One visit to the world and the refit after it.

    Parameters
    ----------
    real_steps : steps taken in the world so far, those of evaluations apart.
    evaluation_steps : steps of evaluations so far, at most: each episode counts in full.
    surrogate_steps : steps that the learner had taken.
    reward_rate : mean reward of a step of this visit.
    returns : of the evaluation episodes.
    terms : number of terms in the law, where it counts them.
    share_left : share of surrogate episodes since the last refit that the bounds ended.
    fit_seconds : CPU time of the refit.
    """

    real_steps: int
    evaluation_steps: int
    surrogate_steps: int
    reward_rate: float
    returns: tuple[float, ...]
    terms: int | None
    share_left: float
    fit_seconds: float

    @property
    def score(self) -> float:
        """By what policies are compared: the median return of the evaluation, or else the mean reward of the visit."""
        if self.returns:
            return float(np.median(self.returns))
        return self.reward_rate if np.isfinite(self.reward_rate) else -np.inf

    def plain(self) -> dict[str, Any]:
        """The refit as plain data."""
        return asdict(self) | {"returns": list(self.returns)}

    @classmethod
    def of_plain(cls, record: Mapping[str, Any]) -> Self:
        """The inverse of `plain`."""
        return cls(**{**record, "returns": tuple(record["returns"])})


@dataclass(frozen=True)
class Agent:
    """A trained agent.

    Parameters
    ----------
    policy : the policy of the best score at a visit; `last_policy` is the last one.
    law : as fitted last; `reward` likewise, where it was learned.
    history : one `Refit` for each visit; the first has only random steps behind it.
    data : every step that the law was last fitted to; None without a law, as are law and surrogate.
    surrogate : where the policy was trained.
    time_limit : steps of an episode.
    """

    policy: Any
    last_policy: Any
    law: Any
    reward: Any
    history: tuple[Refit, ...]
    data: Trajectories | None
    surrogate: Any
    time_limit: int

    @property
    def real_steps(self) -> int:
        """Steps taken in the world, those of evaluations apart."""
        return self.history[-1].real_steps

    @property
    def evaluation_steps(self) -> int:
        """Steps of evaluation episodes, which taught nothing but chose the best policy."""
        return self.history[-1].evaluation_steps

    @property
    def returns(self) -> Float[np.ndarray, "visit"]:
        """Return of each visit: the median of its evaluation, or else its mean reward over a whole episode."""
        return np.array([r.score if r.returns else r.reward_rate * self.time_limit for r in self.history[1:]])

    @property
    def best_return(self) -> float:
        """The largest of `returns`; NaN before the first visit."""
        return float(np.max(self.returns)) if len(self.history) > 1 else np.nan

    def running_best(self) -> tuple[Float[np.ndarray, "visit"], Float[np.ndarray, "visit"]]:
        """Real steps taken, and the best return up to there."""
        steps = np.array([r.real_steps for r in self.history[1:]], dtype=float)
        return steps, np.maximum.accumulate(self.returns) if len(steps) else steps
