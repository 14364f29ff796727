"""`demonstrations`: episodes of experts in a goal world, whose goals the learner does not see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.worlds.goal_world import GoalWorld
from inscape.trajectories import Trajectories, Trajectory


class _DrawnRuns(Sequence[Trajectory]):
    """Runs whose observations are drawn when they are looked at; a thousand episodes of frames fit in any memory."""

    def __init__(self, world: GoalWorld, states: np.ndarray, actions: np.ndarray, goals: np.ndarray):
        self.world, self.states, self.actions, self.goals = world, states, actions, goals
        self.lengths = (states.shape[1],) * len(states)
        self.state_names = () if world.raster is not None else world.observation_names
        self.input_names = world.action_names

    def __len__(self) -> int:
        return len(self.states)

    @overload
    def __getitem__(self, index: int) -> Trajectory: ...
    @overload
    def __getitem__(self, index: slice) -> _DrawnRuns: ...
    def __getitem__(self, index: int | slice) -> Trajectory | _DrawnRuns:
        if isinstance(index, slice):
            return _DrawnRuns(self.world, self.states[index], self.actions[index], self.goals[index])
        seen = self.world.observe(self.states[index], self.goals[index])
        # Bytes become brightness in single precision: half of what a trajectory would take by itself.
        seen = seen.astype(np.float32) / np.float32(255) if self.world.raster is not None else seen
        return Trajectory(
            np.arange(len(seen)) * self.world.dt,
            seen,
            inputs=self.actions[index],
            context={name: float(value) for name, value in zip(self.world.goal_names, self.goals[index], strict=True)},
            state_names=self.state_names,
            input_names=self.input_names,
            units={"time": "s"},
            source=f"expert of {self.world.name}",
        )

    def __iter__(self) -> Iterator[Trajectory]:
        return (self[i] for i in range(len(self)))


class Demonstrations(Trajectories):
    """Episodes of experts: states are observations, inputs actions, and each run's context its goal.

    Attributes
    ----------
    world : how they are seen.
    truth : (run, time, state) what the observations are made of; `Encoder.probe` reads it.
    truth_names : of its coordinates.
    goals : (run, 2).
    """

    world: GoalWorld
    truth: Float[np.ndarray, "run time state"]
    goals: Float[np.ndarray, "run 2"]

    @classmethod
    def of(cls, world: GoalWorld, states: np.ndarray, actions: np.ndarray, goals: np.ndarray) -> Demonstrations:
        """Recorded states and actions (run, time, ...), seen through a world."""
        runs = _DrawnRuns(world, states, actions, goals)
        collection = cls.__new__(cls)
        collection._runs = runs
        collection.world, collection.truth, collection.goals = world, states, goals
        return collection

    @property
    def truth_names(self) -> tuple[str, ...]:
        """Names of the true state's coordinates."""
        return self.world.motion_names

    @property
    def reached(self) -> Float[np.ndarray, "run"]:
        """Whether each episode reached its goal at any step, as 0 or 1."""
        return self.world.success(self.truth, self.goals[:, None]).any(axis=1).astype(float)

    @overload
    def __getitem__(self, index: int) -> Trajectory: ...
    @overload
    def __getitem__(self, index: slice) -> Demonstrations: ...
    def __getitem__(self, index: int | slice) -> Trajectory | Demonstrations:
        if isinstance(index, slice):
            runs = self._runs[index]
            assert isinstance(runs, _DrawnRuns)
            return Demonstrations.of(self.world, runs.states, runs.actions, runs.goals)
        return self._runs[index]


def demonstrations(
    world: GoalWorld,
    *,
    contexts: int | Float[np.ndarray, "context 2"] | None = None,
    episodes: int = 1,
    hide: str | None = "goal",
    render: int | None = None,
    noise: float = 0.0,
    steps: int | None = None,
    seed: int | np.random.Generator | None = 0,
) -> Demonstrations:
    """Episodes of the world's expert.

    Parameters
    ----------
    world : PointMass, Arm, or another GoalWorld.
    contexts : how many goals to draw, or the goals themselves; the world's own goal if None.
    episodes : for each goal.
    hide : "goal" to leave the goal out of what is observed (a latent context), None to show it (an inferrable one).
    render : pixels a side of the frames; what the world itself observes if None.
    noise : standard deviation of normal noise on the expert's actions, which are clipped to [-1, 1].
    steps : of each episode; the world's time limit if None.
    seed : draws goals, starts and noise.

    Returns
    -------
    Demonstrations: runs of `steps` observations and as many actions. Frames are drawn when a run is looked at.

    Raises
    ------
    InputError : on counts below 1, goals of another shape, or something else to hide.
    """
    if not isinstance(world, GoalWorld):
        raise InputError(
            f"world: {type(world).__name__} found, expected a world with a goal and an expert, such as PointMass; "
            "record a policy of your own with worlds.record(world, policy)"
        )
    if hide not in (None, "goal"):
        raise InputError(f"hide: {hide!r} found, expected 'goal' or None")
    length = world.time_limit if steps is None else steps
    for name, value in (("episodes", episodes), ("steps", length)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise InputError(f"{name}: {value!r} found, expected a whole number of at least 1")
    if not 0 <= noise < np.inf:
        raise InputError(f"noise: {noise!r} found, expected a standard deviation of at least 0")
    random = np.random.default_rng(seed)
    goals = np.repeat(_goals(world, contexts, random), episodes, axis=0)
    size = render if render is not None else (None if world.raster is None else world.raster.size)
    seen = world.seen_as(render=size, shows_goal=hide is None)
    state = world.draw_states(len(goals), random)
    states = np.empty((len(goals), length, state.shape[1]))
    actions = np.empty((len(goals), length, len(world.action_names)))
    for step in range(length):
        action = world.expert(state, goals)
        if noise:
            action = np.clip(action + noise * random.normal(size=action.shape), -1, 1)
        states[:, step], actions[:, step] = state, action
        state = world.move(state, action)
    return Demonstrations.of(seen, states, actions, goals)


def _goals(world: GoalWorld, contexts: int | np.ndarray | None, random: np.random.Generator) -> np.ndarray:
    if contexts is None:
        return world.goal[None]
    if isinstance(contexts, (int, np.integer)) and not isinstance(contexts, bool):
        if contexts < 1:
            raise InputError(f"contexts: {contexts} found, expected at least one goal")
        return world.draw_goals(int(contexts), random)
    try:
        goals = np.asarray(contexts, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"contexts: {type(contexts).__name__} found, expected a number of goals or goals") from None
    if goals.ndim != 2 or goals.shape[1] != 2 or not len(goals) or not np.isfinite(goals).all():
        raise InputError(f"contexts: shape {goals.shape} found, expected a whole number or goals (context, 2)")
    return goals
