"""`Arm`: a two-link arm in the plane that reaches for a goal, or carries a puck there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Float, UInt8

from inscape.errors import InputError
from inscape.systems.worlds.damped_motor import damped_motor
from inscape.systems.worlds.goal_world import GoalWorld
from inscape.systems.worlds.raster import Raster

UPPER, LOWER = 0.5, 0.5
INERTIA, GEAR, DAMPING = 0.1, 1.0, 0.5
SHOULDER, ELBOW = (-2.4, 2.4), (0.3, 2.6)
GRASP = 0.08
TASKS = ("reach", "place")


class Arm(GoalWorld):
    """Two links of 0.5 m on geared joints, with a gripper; no gravity.

    Each joint is a damped motor behind a high gear, so that the arm's own inertia does not couple the joints and the
    motion between two actions is solved exactly; the hand's place is the arm's forward kinematics. A puck within
    0.08 m of the hand is held while the grip action is positive, and moves with the hand.

    Parameters
    ----------
    goal : (2,) in metres; where the hand ("reach") or the puck ("place") is to be.
    task : "reach" or "place".
    shows_goal, render, time_limit : as of `PointMass`. Numbers observed are the joint angles and speeds, the puck's
        place, and whether it is held; the puck is there in both tasks.

    Raises
    ------
    UnknownNameError, InputError : on a task that is not there or a goal that is no pair of numbers.
    """

    motion_names: ClassVar[tuple[str, ...]] = (
        "shoulder", "elbow", "shoulder speed", "elbow speed", "puck x", "puck y", "held",
    )  # fmt: skip
    drive_names: ClassVar[tuple[str, ...]] = ("shoulder torque", "elbow torque", "grip")
    motion_units: ClassVar[tuple[str, ...]] = ("rad", "rad", "rad/s", "rad/s", "m", "m", "")

    def __init__(
        self,
        goal: Sequence[float] | Float[np.ndarray, "2"] = (0.4, 0.4),
        *,
        task: str = "reach",
        shows_goal: bool = False,
        render: int | None = None,
        time_limit: int = 60,
    ):
        if task not in TASKS:
            raise InputError(f"task: {task!r} found, expected one of {', '.join(TASKS)}")
        self.task = task
        super().__init__(
            goal,
            shows_goal=shows_goal,
            render=render,
            time_limit=time_limit,
            dt=0.05,
            tolerance=0.05,
            extent=1.1,
            texture=0.1,
            parameters={"upper": UPPER, "lower": LOWER, "inertia": INERTIA, "gear": GEAR, "damping": DAMPING},
        )

    def hand(self, states: Float[np.ndarray, "*lead state"]) -> Float[np.ndarray, "*lead 2"]:
        """Where the hand is, in metres."""
        return _elbow(states) + LOWER * _direction(states[..., 0] + states[..., 1])

    def place(self, states: Float[np.ndarray, "*lead state"]) -> Float[np.ndarray, "*lead 2"]:
        """The hand's place, or the puck's: what the goal is compared with."""
        return self.hand(states) if self.task == "reach" else states[..., 4:6]

    def draw_states(self, count: int, random: np.random.Generator) -> Float[np.ndarray, "sample state"]:
        """Anywhere within the joints' range, at rest, the puck somewhere within reach."""
        joints = _drawn_joints(count, random)
        puck = _hand_of(_drawn_joints(count, random))
        return np.hstack([joints, np.zeros((count, 2)), puck, np.zeros((count, 1))])

    def draw_goals(self, count: int, random: np.random.Generator) -> Float[np.ndarray, "sample 2"]:
        """Somewhere within reach."""
        return _hand_of(_drawn_joints(count, random))

    def move(
        self, states: Float[np.ndarray, "*lead state"], actions: Float[np.ndarray, "*lead action"]
    ) -> Float[np.ndarray, "*lead state"]:
        """The states one step later; actions are clipped to [-1, 1]."""
        actions = np.clip(actions, -1, 1)
        low, high = np.array([SHOULDER, ELBOW]).T
        joints, speeds = damped_motor(
            states[..., :2],
            states[..., 2:4],
            GEAR * actions[..., :2],
            self.dt,
            inertia=INERTIA,
            damping=DAMPING,
            low=low,
            high=high,
        )
        near = np.linalg.norm(self.hand(states) - states[..., 4:6], axis=-1) <= GRASP
        held = (near | (states[..., 6] > 0.5)) & (actions[..., 2] > 0)
        puck = np.where(held[..., None], _hand_of(joints), states[..., 4:6])
        return np.concatenate([joints, speeds, puck, held[..., None].astype(float)], axis=-1)

    def expert(
        self, states: Float[np.ndarray, "*lead state"], goals: Float[np.ndarray, "*lead 2"] | None = None
    ) -> Float[np.ndarray, "*lead action"]:
        """Turns the joints to where the hand should be: the goal, or first the puck and then, holding it, the goal."""
        goals = np.broadcast_to(self.goal if goals is None else goals, (*states.shape[:-1], 2))
        held = states[..., 6:] > 0.5
        target = goals if self.task == "reach" else np.where(held, goals, states[..., 4:6])
        turns = np.clip(4 * (_joints_of(target) - states[..., :2]) - 0.4 * states[..., 2:4], -1, 1)
        near = np.linalg.norm(self.hand(states) - states[..., 4:6], axis=-1, keepdims=True) <= 0.75 * GRASP
        grip = np.where((held | near) & (self.task == "place"), 1.0, -1.0)
        return np.concatenate([turns, grip], axis=-1)

    def draw(
        self,
        raster: Raster,
        states: Float[np.ndarray, "frame state"],
        goals: Float[np.ndarray, "frame 2"] | None,
    ) -> UInt8[np.ndarray, "frame row column"]:
        """Two limbs, the puck, a dark dot for a goal that is shown; a gripper that holds is brighter."""
        elbow, hand = _elbow(states), self.hand(states)
        layers = [] if goals is None else [(raster.dot(goals, 0.1), 0.0)]
        layers += [
            (raster.limb(np.zeros_like(elbow), elbow, 0.05), 0.5),
            (raster.limb(elbow, hand, 0.05), 0.65),
            (raster.dot(states[:, 4:6], 0.1), 1.0),
            # A closed hand is darker than an open one, so that a held puck can be told from one beside it.
            (raster.dot(hand, 0.06) * (0.5 + 0.5 * states[:, 6, None, None]).astype(np.float32), 0.0),
        ]
        return raster.blend(len(states), layers)


def _direction(angle: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], axis=-1)


def _elbow(states: np.ndarray) -> np.ndarray:
    return UPPER * _direction(states[..., 0])


def _hand_of(joints: np.ndarray) -> np.ndarray:
    return UPPER * _direction(joints[..., 0]) + LOWER * _direction(joints[..., 0] + joints[..., 1])


def _joints_of(hand: np.ndarray) -> np.ndarray:
    """The joint angles that put the hand there, elbow to the left; the nearest ones where it is out of reach."""
    reach = np.clip(np.linalg.norm(hand, axis=-1), 1e-9, UPPER + LOWER)
    bend = np.arccos(np.clip((reach**2 - UPPER**2 - LOWER**2) / (2 * UPPER * LOWER), -1, 1))
    shoulder = np.arctan2(hand[..., 1], hand[..., 0]) - np.arctan2(LOWER * np.sin(bend), UPPER + LOWER * np.cos(bend))
    shoulder = (shoulder + np.pi) % (2 * np.pi) - np.pi
    return np.stack([np.clip(shoulder, *SHOULDER), np.clip(bend, *ELBOW)], axis=-1)


def _drawn_joints(count: int, random: np.random.Generator) -> np.ndarray:
    return np.stack([random.uniform(-1.6, 1.6, count), random.uniform(0.5, 2.4, count)], axis=1)
