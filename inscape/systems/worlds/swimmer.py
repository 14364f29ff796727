"""The swimmer: a chain of links in a thick medium, dm_control's body and physics straight on MuJoCo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, UInt8

from inscape.errors import InputError
from inscape.extras import require
from inscape.systems.worlds.mujoco_world import MujocoWorld, compiled
from inscape.systems.worlds.picture import View, draw_model
from inscape.systems.worlds.swimmer_body import (
    DENSITY,
    GEAR,
    TIME_STEP,
    joint_limit,
    observation_names,
    outline,
    swimmer_xml,
)

if TYPE_CHECKING:
    import mujoco
else:
    mujoco = require("mujoco", "robots")

SUBSTEPS = 15
CLOSE_SHARE, CLOSE, FAR = 0.2, 0.3, 2.0
TARGET_RADIUS = 0.1


class Swimmer(MujocoWorld):
    """A chain of links that swims in a plane by the torques of its joints.

    Body, medium and time steps are those of dm_control's swimmer, and so are its numbers to the last bit; the reward of
    "swim" is that of Bhattasali, Zador & Engel (2022). An episode is 1,000 actions of 0.03 s.

    Parameters
    ----------
    links : of the body, at least 3; it has one joint fewer.
    task : "swim" forward, reward clip(v / speed, 0, 1) with v the head's speed towards its nose; or "navigate" to a
        target, dm_control's own reward, 1 with the nose within 0.1 m of it.
    speed : that earns the full reward, m/s.
    density, viscosity : of the medium, in kg/m^3 and Pa s.
    gear : torque of a joint at full action, in N m.
    time_limit : actions in an episode.

    Raises
    ------
    InputError : for fewer than 3 links, or a constant that is not a finite number in its range.
    UnknownNameError : for another task.
    """

    def __init__(
        self,
        links: int = 6,
        task: str = "swim",
        speed: float = 0.1,
        *,
        density: float = DENSITY,
        viscosity: float = 0.0,
        gear: float = GEAR,
        time_limit: int = 1000,
        render_mode: str | None = None,
    ):
        names = observation_names(links, task)
        for name, value, least in (("speed", speed, 1e-9), ("density", density, 0), ("viscosity", viscosity, 0)):
            if isinstance(value, bool) or not np.isfinite(value) or value < least:
                raise InputError(f"{name}: {value!r} found, expected a finite number of at least {least:g}")
        if not np.isfinite(gear):
            raise InputError(f"gear: {gear!r} found, expected a finite torque")
        constants = {"speed": speed, "density": density, "viscosity": viscosity, "gear": gear}
        super().__init__(
            swimmer_xml(links, task, density=float(density), viscosity=float(viscosity), gear=float(gear)),
            frame_skip=SUBSTEPS,
            time_limit=time_limit,
            observation_names=names,
            action_names=tuple(f"motor_{i}" for i in range(links - 1)),
            action_low=-1.0,
            action_high=1.0,
            parameters={"links": float(links), **{k: float(v) for k, v in constants.items()}},
            render_mode=render_mode,
        )
        self.links, self.task = int(links), task
        self.view = View(plane="xy", span=max(1.0, 0.25 * links), follow="head")
        self._shown: Any = None
        self._control_step = SUBSTEPS * TIME_STEP
        self._forward = names.index("head_vy")

    @property
    def joints(self) -> int:
        return self.links - 1

    def __reduce__(self) -> tuple[Any, ...]:
        constants = {n: self.parameters[n] for n in ("density", "viscosity", "gear")}
        return _built, (self.links, self.task, self.parameters["speed"], constants, self.time_limit, self.render_mode)

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "state"]:
        """Any heading, joints bent anywhere within their limits, at rest; the target near one time in five."""
        state = np.zeros(self.state_size)
        state[2] = rng.uniform(-np.pi, np.pi)
        state[3 : self.links + 2] = rng.uniform(-1.0, 1.0, self.joints) * joint_limit(self.links)
        if self.task == "navigate":
            box = CLOSE if rng.random() < CLOSE_SHARE else FAR
            state[-2:] = rng.uniform(-box, box, 2)
        return state

    def controls(self, actions: Float[np.ndarray, "*batch action"]) -> Float[np.ndarray, "*batch control"]:
        """The torques, the clock's pace, and a target that stands still."""
        told = np.zeros((*np.shape(actions)[:-1], self.model.nu))
        told[..., : self.joints] = actions
        told[..., self.joints] = 1.0
        return told

    def observe(self, states: Float[np.ndarray, "*batch state"]) -> Float[np.ndarray, "*batch observation"]:
        """Joint angles, the target in the head's frame, velocities of each link in its own frame, the time."""
        from inscape.systems.worlds.swimmer_kernel import observe

        given = np.ascontiguousarray(states, dtype=float)
        rows = given.reshape(-1, given.shape[-1])
        seen = np.empty((len(rows), len(self.observation_names)))
        observe(rows, self.links, self.task == "navigate", self._control_step, float(self.time_limit), seen)
        return seen.reshape(*given.shape[:-1], seen.shape[-1])

    def forward_speed(self, observations: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch"]:
        """Speed of the head towards its nose, m/s."""
        return -np.asarray(observations)[..., self._forward]

    def reward(
        self, observations: Float[np.ndarray, "*batch observation"], actions: Float[np.ndarray, "*batch action"]
    ) -> Float[np.ndarray, "*batch"]:
        """In [0, 1]: the speed's share of what was asked for, or nearness to the target."""
        if self.task == "swim":
            return np.clip(self.forward_speed(observations) / self.parameters["speed"], 0.0, 1.0)
        first = self.joints
        distance = np.linalg.norm(np.asarray(observations)[..., first : first + 2], axis=-1)
        # dm_control's long tail: 0.1 at a margin of five radii.
        outside = np.maximum(distance - TARGET_RADIUS, 0.0) / (5.0 * TARGET_RADIUS)
        return 1.0 / (1.0 + 9.0 * outside**2)

    def picture(self, *, width: int = 480, height: int = 320) -> UInt8[np.ndarray, "height width 3"]:
        """The swimmer from above, its head yellow; the grid's lines are fixed in the medium."""
        # The body that moves has no skin, since MuJoCo would carry it along at every step.
        if self._shown is None:
            model = compiled(swimmer_xml(self.links, self.task, drawn=True))
            self._shown = model, mujoco.MjData(model)
        model, data = self._shown
        data.qpos[:] = self.positions(self.state)
        mujoco.mj_kinematics(model, data)
        return draw_model(model, data, self.view, width=width, height=height)

    def positions(self, state: Float[np.ndarray, "state"]) -> Float[np.ndarray, "position"]:
        """qpos of a state: the head's two slides and heading, then the joints."""
        return np.asarray(state)[: self.links + 2]

    def outline(self, state: Float[np.ndarray, "state"]) -> Float[np.ndarray, "point 2"]:
        """The body's middle line in the plane, from the head's end to the tail, m."""
        return outline(self.positions(state))

    def distance_swum(self, states: Float[np.ndarray, "time state"]) -> float:
        """How far the head came in a straight line between the first and the last state, m."""
        states = np.asarray(states)
        return float(np.linalg.norm(states[-1, :2] - states[0, :2]))


def _built(links: int, task: str, speed: float, constants: dict, time_limit: int, render_mode: str | None) -> Swimmer:
    return Swimmer(links, task, speed, **constants, time_limit=time_limit, render_mode=render_mode)
