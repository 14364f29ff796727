"""`PointMass`: a damped mass on a walled table that is to reach a goal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float, UInt8

from inscape.systems.worlds.damped_motor import damped_motor
from inscape.systems.worlds.goal_world import GoalWorld
from inscape.systems.worlds.raster import Raster

MASS, GEAR, DAMPING, WALL = 0.3, 0.1, 1.0, 0.29


class PointMass(GoalWorld):
    """A mass of 0.3 kg on a table of 0.58 m a side, driven by two forces of up to 0.1 N against a damping of 1 N s/m.

    The numbers are those of dm_control's point mass as Brandfonbrener, Nachum and Bruna 2023 change it: walls at
    0.29 m, success within 0.015 m of the goal at any of 100 steps of 0.05 s, and an expert that acts
    clip(10 (goal - place) - speed). Between two actions the motion is solved exactly.

    Parameters
    ----------
    goal : (2,) in metres; where the mass is to go.
    shows_goal : whether the goal is among what is observed (and drawn as a dark dot).
    render : observe grey frames of so many pixels a side; None for numbers (x, y, vx, vy and, if shown, the goal).
    time_limit : steps of an episode.
    """

    motion_names: ClassVar[tuple[str, ...]] = ("x", "y", "vx", "vy")
    drive_names: ClassVar[tuple[str, ...]] = ("force x", "force y")
    motion_units: ClassVar[tuple[str, ...]] = ("m", "m", "m/s", "m/s")

    def __init__(
        self,
        goal: Sequence[float] | Float[np.ndarray, "2"] = (0.0, 0.0),
        *,
        shows_goal: bool = False,
        render: int | None = None,
        time_limit: int = 100,
    ):
        super().__init__(
            goal,
            shows_goal=shows_goal,
            render=render,
            time_limit=time_limit,
            dt=0.05,
            tolerance=0.015,
            extent=0.3,
            parameters={"mass": MASS, "gear": GEAR, "damping": DAMPING, "wall": WALL},
        )

    def draw_states(self, count: int, random: np.random.Generator) -> Float[np.ndarray, "sample state"]:
        """Anywhere on the table, at rest."""
        return np.hstack([random.uniform(-WALL, WALL, (count, 2)), np.zeros((count, 2))])

    def draw_goals(self, count: int, random: np.random.Generator) -> Float[np.ndarray, "sample 2"]:
        """Anywhere on the table, as the starts: over a straight way from one to the other, place and force are then
        uncorrelated, and a clone of all experts learns nothing of the place from their mean."""
        return random.uniform(-WALL, WALL, (count, 2))

    def move(
        self, states: Float[np.ndarray, "*lead state"], actions: Float[np.ndarray, "*lead action"]
    ) -> Float[np.ndarray, "*lead state"]:
        """The states one step later; actions are clipped to [-1, 1]."""
        drive = GEAR * np.clip(actions, -1, 1)
        place, speed = damped_motor(
            states[..., :2], states[..., 2:], drive, self.dt, inertia=MASS, damping=DAMPING, low=-WALL, high=WALL
        )
        return np.concatenate([place, speed], axis=-1)

    def place(self, states: Float[np.ndarray, "*lead state"]) -> Float[np.ndarray, "*lead 2"]:
        """The mass's place, which the goal is compared with."""
        return states[..., :2]

    def expert(
        self, states: Float[np.ndarray, "*lead state"], goals: Float[np.ndarray, "*lead 2"] | None = None
    ) -> Float[np.ndarray, "*lead action"]:
        """The paper's expert: clip(10 (goal - place) - speed)."""
        goals = self.goal if goals is None else goals
        return np.clip(10 * (goals - states[..., :2]) - states[..., 2:], -1, 1)

    def draw(
        self,
        raster: Raster,
        states: Float[np.ndarray, "frame state"],
        goals: Float[np.ndarray, "frame 2"] | None,
    ) -> UInt8[np.ndarray, "frame row column"]:
        """A bright dot of 0.03 m for the mass, a dark one for a goal that is shown."""
        layers = [(raster.dot(states[:, :2], 0.03), 1.0)]
        if goals is not None:
            layers.insert(0, (raster.dot(goals, 0.03), 0.0))
        return raster.blend(len(states), layers)
