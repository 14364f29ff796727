"""`Planner`: a search over sequences of actions, scored by a law and a cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError

if TYPE_CHECKING:
    from inscape.control.plan.planned_policy import PlannedPolicy

Step = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(n, state) and (n, action) -> (n, state) one interval later."""
Cost = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""The states (n, state) that were reached and the actions (n, action) that led there -> (n,)."""
Score = Callable[[np.ndarray], np.ndarray]
"""Sequences (n, horizon, action) -> their costs (n,)."""


class Planner(ABC):
    """A search over sequences of actions; leaves implement `_search`.

    Parameters
    ----------
    horizon : steps that it looks ahead.
    samples : sequences tried in each round.
    rounds : how often the search is narrowed.
    std : standard deviation of the first round's actions, a number or one for each action, in their own unit.
    seed : of the samples.

    Notes
    -----
    `steps_asked` counts the single steps of the law that were asked for, `plans` the plans made.
    """

    def __init__(self, horizon: int, samples: int, rounds: int, std: float | Float[np.ndarray, "action"], seed: Any):
        for name, value in (("horizon", horizon), ("samples", samples), ("rounds", rounds)):
            check_whole(name, value)
        spread = np.asarray(std, dtype=float)
        if spread.ndim > 1 or not (np.isfinite(spread).all() and (spread > 0).all()):
            raise InputError(f"std: {std!r} found, expected a positive number, or one for each action")
        self.horizon, self.samples, self.rounds, self.std, self.seed = (
            int(horizon),
            int(samples),
            int(rounds),
            std,
            seed,
        )
        self.steps_asked, self.plans = 0, 0
        self.random = np.random.default_rng(seed)
        self.reset()

    def reset(self) -> None:
        """Forget what was planned before: a new episode begins. The random numbers go on."""
        self._forget()

    def plan(
        self,
        step: Step,
        cost: Cost,
        state: Float[np.ndarray, "state"],
        *,
        actions: int | None = None,
        bounds: tuple[Any, Any] | None = None,
        task: str = "",
    ) -> Float[np.ndarray, "horizon action"]:
        """The best sequence of actions found from a state.

        Parameters
        ----------
        step, cost : the law and what is to be kept small; the cost of a step is of the state that it led to.
        actions : how many numbers an action has; known from `bounds` where they are given.
        bounds : lowest and highest actions, (action,) each; samples are clipped to them. Without, they are not clipped.
        task : named in errors.

        Raises
        ------
        InputError : for a state that is not finite, or bounds that are none.
        DivergedError : if the cost is not finite, or every sequence leads the law to infinity.
        """
        start = np.asarray(state, dtype=float)
        if start.ndim != 1 or not np.isfinite(start).all():
            raise InputError(f"state: shape {start.shape} found, expected (state,) finite numbers")
        low, high = checked_bounds(bounds, actions)

        def score(sequences: np.ndarray) -> np.ndarray:
            return self._costs(step, cost, start, sequences, task)

        best = self._search(score, low, high)
        self.plans += 1
        return best

    def policy(self, law: Any, cost: Any, *, bounds: Any = None) -> PlannedPolicy:
        """A policy that plans anew at every step and plays the first action.

        Parameters
        ----------
        law : anything with `step(states, inputs)`, or such a function.
        cost : a function as of `plan`, or a world, whose reward is to be large and whose bounds are kept.
        bounds : as of `plan`; those of the world if None.
        """
        from inscape.control.plan.planned_policy import PlannedPolicy

        return PlannedPolicy(self, law, cost, bounds=bounds)

    def _costs(self, step: Step, cost: Cost, start: np.ndarray, sequences: np.ndarray, task: str) -> np.ndarray:
        states = np.broadcast_to(start, (len(sequences), len(start))).copy()
        total = np.zeros(len(sequences))
        lost = np.zeros(len(sequences), dtype=bool)
        of_task = f" of task {task!r}" if task else ""
        with np.errstate(over="ignore", invalid="ignore"):
            for k in range(sequences.shape[1]):
                actions = sequences[:, k]
                states = np.asarray(step(states, actions))
                self.steps_asked += len(states)
                gone = ~np.isfinite(states).all(axis=1)
                if gone.any():
                    # A sequence that the law cannot follow is the worst there is; it goes on from the start, unseen.
                    lost |= gone
                    states = np.where(gone[:, None], start, states)
                each = np.asarray(cost(states, actions), dtype=float)
                if each.shape != total.shape:
                    raise InputError(f"cost: shape {each.shape} found, expected ({len(total)},): one number a state")
                if not np.isfinite(each).all():
                    raise DivergedError(
                        f"plan {self.plans}{of_task}: cost {each[~np.isfinite(each)][0]} at step {k + 1} of the horizon"
                    )
                total += each
        if lost.all():
            raise DivergedError(f"plan {self.plans}{of_task}: the law diverged along all {len(total)} sequences")
        total[lost] = np.inf
        return total

    @abstractmethod
    def _search(self, score: Score, low: np.ndarray, high: np.ndarray) -> np.ndarray: ...

    @abstractmethod
    def _forget(self) -> None: ...

    def __repr__(self) -> str:
        return f"{type(self).__name__}(horizon={self.horizon}, samples={self.samples}, rounds={self.rounds})"


def middle(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """The middle of the bounds; 0 where there are none."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(low) & np.isfinite(high), (low + high) / 2.0, 0.0)


def checked_bounds(bounds: Any, actions: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest actions, infinite where there are no bounds."""
    if bounds is None:
        if actions is None:
            raise InputError("actions: None found, expected how many numbers an action has, or bounds")
        check_whole("actions", actions)
        return np.full(actions, -np.inf), np.full(actions, np.inf)
    low, high = (np.atleast_1d(np.asarray(side, dtype=float)) for side in bounds)
    if low.shape != high.shape or low.ndim != 1 or np.isnan(low).any() or np.isnan(high).any() or (low >= high).any():
        raise InputError(f"bounds: {low} and {high} found, expected lowest below highest, (action,) each")
    if actions is not None and actions != len(low):
        raise InputError(f"bounds: {len(low)} actions found, expected {actions}")
    return low, high


def check_whole(name: str, value: Any, least: int = 1) -> None:
    """Refuse what is no whole number of at least so much."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name}: {value!r} found, expected a whole number, at least {least}")


def shifted(sequence: np.ndarray, last: np.ndarray) -> np.ndarray:
    """One step later: the first action gone, `last` at the end."""
    return np.concatenate([sequence[..., 1:, :], np.broadcast_to(last, sequence[..., -1:, :].shape)], axis=-2)
