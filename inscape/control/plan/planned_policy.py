"""`PlannedPolicy`: a planner and a law, as a policy."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.control.plan.planner import Planner, checked_bounds
from inscape.errors import InputError


class PlannedPolicy:
    """Model predictive control: plan from what is observed, play the first action, plan again.

    Parameters
    ----------
    planner : the search; each policy has its own copy, which remembers its last plan until `start`.
    law, cost, bounds : as of `Planner.policy`.
    """

    def __init__(self, planner: Planner, law: Any, cost: Any, *, bounds: Any = None):
        step = getattr(law, "step", law)
        if not callable(step):
            raise InputError(f"law: {type(law).__name__} found, expected step(states, inputs), or such a function")
        world: Any = cost if hasattr(cost, "reward") else None
        if world is None and not callable(cost):
            raise InputError(
                f"cost: {type(cost).__name__} found, expected a function of states and actions, or a world"
            )
        project = getattr(world, "project", None)
        self._step = (lambda states, actions: project(step(states, actions))) if project else step
        self._cost = (lambda states, actions: -world.reward(states, actions)) if world else cost
        space: Any = getattr(world, "action_space", None) if bounds is None else bounds
        edges = (space.low, space.high) if hasattr(space, "low") else space
        names = getattr(law, "input_names", None)
        self.bounds = checked_bounds(edges, len(names) if names else None)
        self.task = str(getattr(law, "task", ""))
        self.planner = copy.deepcopy(planner)
        self._others: list[Planner] = []

    def act(self, observation: Float[np.ndarray, "*batch state"]) -> Float[np.ndarray, "*batch action"]:
        """The first action of a new plan, for one observation, or for several, each with a planner of its own.

        Raises
        ------
        InputError, DivergedError : as of `Planner.plan`.
        """
        seen = np.asarray(observation, dtype=float)
        if seen.ndim == 1:
            return self._first(self.planner, seen)
        rows = seen.reshape(-1, seen.shape[-1])
        while len(self._others) < len(rows) - 1:
            other = copy.deepcopy(self.planner)
            other.random = np.random.default_rng([int(self.planner.random.integers(2**31)), len(self._others)])
            other.reset()
            self._others.append(other)
        planners = [self.planner, *self._others]
        actions = [self._first(planner, row) for planner, row in zip(planners, rows, strict=False)]
        return np.array(actions).reshape(*seen.shape[:-1], -1)

    def start(self) -> None:
        """An episode begins: no plan is left from the last one."""
        for planner in (self.planner, *self._others):
            planner.reset()

    def _first(self, planner: Planner, state: np.ndarray) -> np.ndarray:
        plan = planner.plan(
            self._step, self._cost, state, actions=len(self.bounds[0]), bounds=self.bounds, task=self.task
        )
        return plan[0]
