"""`GoalWorld`: a world whose task is a place to reach, seen as numbers or as pictures, the goal shown or hidden."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import gymnasium
import numpy as np
from jaxtyping import Bool, Float, UInt8

from inscape.errors import InputError
from inscape.systems.worlds.raster import Raster, in_chunks
from inscape.systems.worlds.world import World


class GoalWorld(World):
    """What `PointMass` and `Arm` share: a goal, an expert that knows it, and what a learner is shown.

    An episode succeeds if the goal is reached at any of its steps; `step` earns 1 where it is reached and says so in
    `info["is_success"]`. Leaves say `draw_states`, `draw_goals`, `move`, `place`, `expert` and `draw`.

    Parameters
    ----------
    goal : (2,) in metres.
    shows_goal : whether the goal is among the numbers observed, and drawn.
    render : observe grey frames (bytes) of so many pixels a side; None for numbers.
    time_limit, dt, parameters : as of `World`.
    tolerance : the goal is reached within so many metres.
    extent : pictures show so many metres to each side of the middle.
    texture : contrast of the pictures' fixed random background.
    """

    motion_names: ClassVar[tuple[str, ...]]
    motion_units: ClassVar[tuple[str, ...]]
    drive_names: ClassVar[tuple[str, ...]]
    goal_names: ClassVar[tuple[str, ...]] = ("goal x", "goal y")

    def __init__(
        self,
        goal: Sequence[float] | Float[np.ndarray, "2"],
        *,
        shows_goal: bool,
        render: int | None,
        time_limit: int,
        dt: float,
        tolerance: float,
        extent: float,
        texture: float = 0.3,
        parameters: Mapping[str, float],
    ):
        self.goal = _goal(goal)
        self.shows_goal, self.tolerance, self.extent = bool(shows_goal), tolerance, extent
        self.texture = texture
        self.raster = None if render is None else Raster(render, extent, texture)
        names = self.motion_names + (self.goal_names if shows_goal else ())
        super().__init__(
            names,
            self.drive_names,
            dt=dt,
            time_limit=time_limit,
            parameters={**parameters, "goal x": float(self.goal[0]), "goal y": float(self.goal[1])},
        )
        if self.raster is not None:
            self.observation_space = gymnasium.spaces.Box(0, 255, (self.raster.size, self.raster.size), np.uint8)

    @property
    def state_size(self) -> int:
        """How many numbers `state` has; the goal is no part of it."""
        return len(self.motion_names)

    # -- what a leaf says ------------------------------------------------------------------------------------------

    @abstractmethod
    def draw_states(self, count: int, random: np.random.Generator) -> Float[np.ndarray, "sample state"]:
        """States in which episodes begin."""

    @abstractmethod
    def draw_goals(self, count: int, random: np.random.Generator) -> Float[np.ndarray, "sample 2"]:
        """Goals that the world can reach."""

    @abstractmethod
    def place(self, states: Float[np.ndarray, "*lead state"]) -> Float[np.ndarray, "*lead 2"]:
        """What the goal is compared with, in metres."""

    @abstractmethod
    def expert(
        self, states: Float[np.ndarray, "*lead state"], goals: Float[np.ndarray, "*lead 2"] | None = None
    ) -> Float[np.ndarray, "*lead action"]:
        """The actions of an expert who knows the goals; this world's own goal if None."""

    @abstractmethod
    def draw(
        self, raster: Raster, states: Float[np.ndarray, "frame state"], goals: Float[np.ndarray, "frame 2"] | None
    ) -> UInt8[np.ndarray, "frame row column"]:
        """Pictures of states, with goals where these are given."""

    # -- what follows from it --------------------------------------------------------------------------------------

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "state"]:
        """A state in which an episode begins."""
        return self.draw_states(1, rng)[0]

    def distance(
        self, states: Float[np.ndarray, "*lead state"], goals: Float[np.ndarray, "*lead 2"] | None = None
    ) -> Float[np.ndarray, "*lead"]:
        """Metres to the goal."""
        return np.linalg.norm(self.place(states) - (self.goal if goals is None else goals), axis=-1)

    def success(
        self, states: Float[np.ndarray, "*lead state"], goals: Float[np.ndarray, "*lead 2"] | None = None
    ) -> Bool[np.ndarray, "*lead"]:
        """Whether the goal is reached."""
        return self.distance(states, goals) <= self.tolerance

    def frames(
        self, states: Float[np.ndarray, "frame state"], goals: Float[np.ndarray, "frame 2"] | None = None
    ) -> UInt8[np.ndarray, "frame row column"]:
        """What is seen of many states, as pictures; goals enter only if this world shows them.

        Raises
        ------
        InputError : if this world was not made with `render=`.
        """
        if self.raster is None:
            raise InputError(f"{self.name}: no size of pictures is known; make it with render=24, say")
        shown = np.broadcast_to(self.goal if goals is None else goals, (len(states), 2)) if self.shows_goal else None
        drawn = np.empty((len(states), self.raster.size, self.raster.size), dtype=np.uint8)
        for rows in in_chunks(len(states)):
            drawn[rows] = self.draw(self.raster, states[rows], None if shown is None else shown[rows])
        return drawn

    def observe(
        self, states: Float[np.ndarray, "*lead state"], goals: Float[np.ndarray, "*lead 2"] | None = None
    ) -> np.ndarray:
        """Numbers (..., state), with the goal behind them where it is shown; or frames (..., row, column) as bytes."""
        states = np.asarray(states, dtype=float)
        lead = states.shape[:-1]
        goals = np.broadcast_to(self.goal if goals is None else goals, (*lead, 2))
        if self.raster is not None:
            flat = self.frames(states.reshape(-1, states.shape[-1]), goals.reshape(-1, 2))
            return flat.reshape(*lead, self.raster.size, self.raster.size)
        return np.concatenate([states, goals], axis=-1) if self.shows_goal else states.copy()

    def reward(
        self, observations: Float[np.ndarray, "*lead observation"], actions: Float[np.ndarray, "*lead action"]
    ) -> Float[np.ndarray, "*lead"]:
        """1 where the goal is reached.

        Raises
        ------
        InputError : if pictures are observed, from which it is not known.
        """
        if self.raster is not None:
            raise InputError(f"{self.name}: the reward is not known from pictures; make the world without render=")
        return self.success(np.asarray(observations)[..., : self.state_size]).astype(float)

    def step_reward(
        self,
        states: Float[np.ndarray, "*lead state"],
        actions: Float[np.ndarray, "*lead action"],
        observations: np.ndarray,
    ) -> Float[np.ndarray, "*lead"]:
        """1 where the goal is reached."""
        return self.success(states).astype(float)

    def terminates(self, observations: np.ndarray) -> Bool[np.ndarray, "*lead"]:
        """Never: an episode lasts its time, also behind the goal."""
        observed = 1 if self.raster is None else 2
        return np.zeros(np.shape(observations)[:-observed], dtype=bool)

    def step(self, action: Float[np.ndarray, "action"]) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Act once; `info["is_success"]` says whether the goal is reached."""
        observation, reward, terminated, truncated, info = super().step(action)
        return observation, reward, terminated, truncated, info | {"is_success": reward > 0}

    def picture(self, *, width: int = 480, height: int = 320) -> UInt8[np.ndarray, "height width 3"]:
        """The world as it stands, with its goal."""
        side = min(width, height)
        raster = Raster(side, self.extent, texture=0.0)
        grey = self.draw(raster, self.state[None], self.goal[None])[0]
        canvas = np.full((height, width), round(255 * 0.25), dtype=np.uint8)
        top, left = (height - side) // 2, (width - side) // 2
        canvas[top : top + side, left : left + side] = grey
        return np.repeat(canvas[:, :, None], 3, axis=2)

    def seen_as(self, *, render: int | None, shows_goal: bool | None = None) -> Self:
        """The same world, seen as pictures of so many pixels a side, or as numbers."""
        other = copy.copy(self)
        shows = self.shows_goal if shows_goal is None else shows_goal
        GoalWorld.__init__(
            other,
            self.goal,
            shows_goal=shows,
            render=render,
            time_limit=self.time_limit,
            dt=self.dt,
            tolerance=self.tolerance,
            extent=self.extent,
            texture=self.texture,
            parameters={n: v for n, v in self.parameters.items() if n not in self.goal_names},
        )
        return other

    def with_goal(self, goal: Sequence[float] | Float[np.ndarray, "2"]) -> Self:
        """The same world with another goal."""
        other = copy.copy(self)
        other.goal = _goal(goal)
        return other.seen_as(render=None if self.raster is None else self.raster.size)


def _goal(goal: Any) -> np.ndarray:
    try:
        place = np.asarray(goal, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"goal: {goal!r} found, expected two numbers in metres") from None
    if place.shape != (2,) or not np.isfinite(place).all():
        raise InputError(f"goal: {goal!r} found, expected two finite numbers in metres")
    return place
