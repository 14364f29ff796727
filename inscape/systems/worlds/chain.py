"""Any chain body from an MJCF file: its serial hinges found, its motors driven, its head's speed the reward."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.extras import require
from inscape.systems.worlds.mujoco_world import MujocoWorld, compiled
from inscape.systems.worlds.picture import View

if TYPE_CHECKING:
    import mujoco
else:
    mujoco = require("mujoco", "robots")

CONTROL_STEP = 0.03
LEAST_JOINTS = 2


class Chain(MujocoWorld):
    """A body whose driven hinges follow one another, head first: a swimmer, an eel, a snake, an arm.

    Observed are the joint angles, the head's velocity in its own frame, the joint velocities and the time from -1 to 1;
    the reward is the head's speed along `forward` in its frame, over `speed`, clipped to [0, 1].

    Parameters
    ----------
    model : path or text of an MJCF file. Its longest line of hinges that have a motor is the chain; a file with a body
        that parts, or a motor elsewhere, is refused.
    control_step : time of an action, s; a whole number of the model's time steps.
    speed : that earns the full reward, m/s.
    forward : direction in the head's frame; from its first hinge to its middle if None.
    limit : of a bend, in rad, for joints that the file leaves free.
    time_limit : actions in an episode.

    Raises
    ------
    InputError : if the file holds no chain of 2 driven hinges, in words that say why.
    """

    def __init__(
        self,
        model: str | Path,
        *,
        control_step: float = CONTROL_STEP,
        speed: float = 0.1,
        forward: tuple[float, float, float] | None = None,
        limit: float = np.pi / 3,
        time_limit: int = 1000,
        render_mode: str | None = None,
    ):
        self._made_of = (model, control_step, speed, forward, limit, time_limit, render_mode)
        made = compiled(model)
        for name, value in (("control_step", control_step), ("speed", speed), ("limit", limit)):
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"{name}: {value!r} found, expected a positive number")
        self._hinges, self._motors = serial_hinges(made)
        self._head = int(made.body_parentid[made.jnt_bodyid[self._hinges[0]]])
        self._positions = made.jnt_qposadr[self._hinges]
        self._velocities = made.jnt_dofadr[self._hinges]
        ranges = made.jnt_range[self._hinges]
        limited = made.jnt_limited[self._hinges].astype(bool)
        self.limits = np.where(limited, np.abs(ranges).max(axis=1), limit)
        count = len(self._hinges)
        names = (
            *(f"joint_{i}" for i in range(count)),
            *("head_vx", "head_vy", "head_vz"),
            *(f"joint_{i}_velocity" for i in range(count)),
            "time",
        )
        super().__init__(
            _with_clock(model),
            frame_skip=max(1, round(control_step / made.opt.timestep)),
            time_limit=time_limit,
            observation_names=names,
            action_names=tuple(f"motor_{i}" for i in range(count)),
            action_low=-1.0,
            action_high=1.0,
            parameters={"joints": float(count), "speed": float(speed)},
            render_mode=render_mode,
        )
        self._gain = np.where(
            made.actuator_ctrllimited[self._motors].astype(bool), made.actuator_ctrlrange[self._motors, 1], 1.0
        )
        self.forward = _unit(np.array(forward, dtype=float)) if forward is not None else self._towards_head()
        extent = float(made.stat.extent)
        self.view = View(plane="xy", span=max(1.0, 2.0 * extent), follow=_body_name(made, self._head))

    @property
    def joints(self) -> int:
        return len(self._hinges)

    def __reduce__(self) -> tuple[Any, ...]:
        return _built, self._made_of

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "state"]:
        """The model's own position, joints bent anywhere within half their limits, at rest."""
        state = super().start(rng)
        state[self._positions] = self.model.qpos0[self._positions] + 0.5 * self.limits * rng.uniform(-1, 1, self.joints)
        return state

    def controls(self, actions: Float[np.ndarray, "*batch action"]) -> Float[np.ndarray, "*batch control"]:
        """Actions as shares of each motor's control range, and the clock's pace."""
        told = np.zeros((*np.shape(actions)[:-1], self.model.nu))
        told[..., self._motors] = np.asarray(actions) * self._gain
        told[..., -1] = 1.0
        return told

    def observe(self, states: Float[np.ndarray, "*batch state"]) -> Float[np.ndarray, "*batch observation"]:
        """Joint angles, the head's velocity in its own frame, joint velocities, the time."""
        states = np.asarray(states, dtype=float)
        bends = states[..., self._positions] - self.model.qpos0[self._positions]
        turns = states[..., self.model.nq + self._velocities]
        count = np.rint(states[..., -1] / self.dt)
        time = 2.0 * count[..., None] / self.time_limit - 1.0
        return np.concatenate([bends, self._head_velocity(states), turns, time], axis=-1)

    def forward_speed(self, observations: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch"]:
        """Speed of the head along `forward`, m/s."""
        return np.asarray(observations)[..., self.joints : self.joints + 3] @ self.forward

    def reward(
        self, observations: Float[np.ndarray, "*batch observation"], actions: Float[np.ndarray, "*batch action"]
    ) -> Float[np.ndarray, "*batch"]:
        """The forward speed's share of what was asked for, in [0, 1]."""
        return np.clip(self.forward_speed(observations) / self.parameters["speed"], 0.0, 1.0)

    def step_response(self) -> float:
        """Control steps that the slowest joint takes from rest to half its limit, at full action of its motor.

        Raises
        ------
        InputError : if a joint does not get there within an episode.
        """
        slowest = 0.0
        rest = np.concatenate([self.model.qpos0, np.zeros(self._size - self.model.nq)])
        for joint in range(self.joints):
            push = np.zeros(self.joints)
            push[joint] = 1.0
            state = rest
            for step in range(1, self.time_limit + 1):
                state = self.move(state, push)
                bend = abs(state[self._positions[joint]] - self.model.qpos0[self._positions[joint]])
                if bend >= 0.5 * self.limits[joint]:
                    slowest = max(slowest, float(step))
                    break
            else:
                raise InputError(
                    f"{self.name}: joint_{joint} at full action stays within half its limit for {self.time_limit} "
                    "steps; give circuits.chain a period, or the motor more gear"
                )
        return slowest

    def _head_velocity(self, states: np.ndarray) -> np.ndarray:
        # MuJoCo's cvel: turning, then moving, both at the tree's centre of mass and in the world's frame.
        motion = self.derived(states, "cvel")[..., self._head, :]
        place = self.derived(states, "xipos")[..., self._head, :]
        centre = self.derived(states, "subtree_com")[..., int(self.model.body_rootid[self._head]), :]
        rotation = self.derived(states, "xmat")[..., self._head, :]
        rotation = rotation.reshape(*rotation.shape[:-1], 3, 3) if rotation.shape[-1] == 9 else rotation
        moving = motion[..., 3:] - np.cross(place - centre, motion[..., :3])
        return np.einsum("...ji,...j->...i", rotation, moving)

    def _towards_head(self) -> Float[np.ndarray, "3"]:
        hinge = self._hinges[0]
        body = self.model.jnt_bodyid[hinge]
        at_hinge = self.model.body_pos[body] + self.model.jnt_pos[hinge]
        away = self.model.body_ipos[self._head] - at_hinge
        if np.linalg.norm(away) < 1e-9:
            raise InputError(f"{self.name}: the head's middle lies on its first hinge; give forward=")
        return _unit(away)


def serial_hinges(model: mujoco.MjModel) -> tuple[np.ndarray, np.ndarray]:
    """The driven hinges of a model, head first, and the motor of each.

    Raises
    ------
    InputError : if they are no single line, or fewer than 2.
    """
    driven: dict[int, int] = {}
    for motor in range(model.nu):
        joint = int(model.actuator_trnid[motor, 0])
        is_joint = model.actuator_trntype[motor] == mujoco.mjtTrn.mjTRN_JOINT
        if not is_joint or model.jnt_type[joint] != mujoco.mjtJoint.mjJNT_HINGE:
            raise InputError(f"chain: motor {motor} drives no hinge; expected motors on hinges only")
        driven[joint] = motor
    hinges = sorted(driven, key=lambda j: (_depth(model, int(model.jnt_bodyid[j])), j))
    if len(hinges) < LEAST_JOINTS:
        raise InputError(f"chain: {len(hinges)} driven hinge found, expected at least {LEAST_JOINTS}")
    for one, after in pairwise(hinges):
        if not _is_below(model, int(model.jnt_bodyid[after]), int(model.jnt_bodyid[one])):
            names = [mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_JOINT, j) or f"joint {j}" for j in (one, after)]
            raise InputError(f"chain: the body parts at {names[0]} and {names[1]}; expected driven hinges in one line")
    return np.array(hinges), np.array([driven[j] for j in hinges])


def _with_clock(model: str | Path) -> Any:
    text = isinstance(model, str) and "<" in model
    spec = mujoco.MjSpec.from_string(str(model)) if text else mujoco.MjSpec.from_file(str(model))
    clock = spec.add_actuator(name="inscape_clock")
    clock.trntype = mujoco.mjtTrn.mjTRN_JOINT
    clock.target = next(joint.name for joint in spec.joints if joint.name)
    clock.dyntype = mujoco.mjtDyn.mjDYN_INTEGRATOR
    clock.gear = np.zeros(6)
    clock.gainprm = np.zeros_like(np.asarray(clock.gainprm))
    return spec.compile()


def _depth(model: mujoco.MjModel, body: int) -> int:
    depth = 0
    while body:
        body, depth = int(model.body_parentid[body]), depth + 1
    return depth


def _is_below(model: mujoco.MjModel, body: int, above: int) -> bool:
    while body and body != above:
        body = int(model.body_parentid[body])
    return body == above


def _body_name(model: mujoco.MjModel, body: int) -> str | None:
    return mujoco.mj_id2name(model, mujoco.mjtObj.mjOBJ_BODY, body) or None


def _unit(vector: np.ndarray) -> np.ndarray:
    size = np.linalg.norm(vector)
    if vector.shape != (3,) or not np.isfinite(vector).all() or size == 0:
        raise InputError(f"forward: {vector.tolist()} found, expected three finite numbers, not all 0")
    return vector / size


def _built(model: Any, step: float, speed: float, forward: Any, limit: float, longest: int, mode: str | None) -> Chain:
    return Chain(
        model, control_step=step, speed=speed, forward=forward, limit=limit, time_limit=longest, render_mode=mode
    )
