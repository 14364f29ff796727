"""A small walker on four legs of two joints, held by springs to where its actions say."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError, UnknownNameError
from inscape.systems.worlds.mujoco_world import MujocoWorld
from inscape.systems.worlds.picture import View

LEGS = ("front_left", "front_right", "hind_left", "hind_right")
GROUNDS = ("flat", "rough")
SUBSTEPS, TIME_STEP = 5, 0.004
# Metres, kilograms, radians: about the build of a 12 kg robot dog, with no joint to the side.
HIP_REST, KNEE_REST = -0.6, 1.2
HIP_SWING, KNEE_SWING = 0.5, 0.7
THIGH = SHANK = 0.2
FALLEN_HEIGHT, FALLEN_TILT = 0.14, 0.6
BUMPS = 250


class Quadruped(MujocoWorld):
    """A body of 11.6 kg on four legs, each with a hip and a knee, that is paid for walking forward upright.

    An action in [-1, 1] sets where a joint's spring pulls it: up to 0.5 rad from rest at a hip, 0.7 rad at a knee.
    Observed are the direction of gravity and both velocities in the body's own frame, height, joint angles from rest
    and their velocities, and the time from -1 to 1. An episode is 500 actions of 0.02 s and ends early with a fall.

    Parameters
    ----------
    speed : asked for, m/s; a step earns clip(v / speed, 0, 1) of it times how upright the body is.
    ground : "flat", or "rough" with bumps up to `bump`.
    bump : m.
    ground_seed : draws the bumps.
    load : kg on the back.
    time_limit : actions in an episode.

    Raises
    ------
    InputError : for a constant that is not a finite number in its range.
    UnknownNameError : for another ground.
    """

    view = View(plane="xz", center=(0.0, 0.0), span=1.6, follow="torso")

    def __init__(
        self,
        speed: float = 0.5,
        ground: str = "flat",
        *,
        bump: float = 0.04,
        ground_seed: int = 0,
        load: float = 0.0,
        time_limit: int = 500,
        render_mode: str | None = None,
    ):
        if ground not in GROUNDS:
            raise UnknownNameError("ground", str(ground), GROUNDS)
        for name, value, least in (("speed", speed, 1e-9), ("bump", bump, 1e-9), ("load", load, 0.0)):
            if isinstance(value, bool) or not np.isfinite(value) or value < least:
                raise InputError(f"{name}: {value!r} found, expected a finite number of at least {least:g}")
        self._made_of = (speed, ground, bump, ground_seed, load, time_limit, render_mode)
        joints = [f"{leg}_{joint}" for leg in LEGS for joint in ("hip", "knee")]
        names = (
            *("gravity_x", "gravity_y", "gravity_z", "vx", "vy", "vz", "wx", "wy", "wz", "height"),
            *joints,
            *(f"{joint}_velocity" for joint in joints),
            "time",
        )
        super().__init__(
            _xml(ground, float(bump), int(ground_seed), float(load)),
            frame_skip=SUBSTEPS,
            time_limit=time_limit,
            observation_names=names,
            action_names=tuple(f"{joint}_pull" for joint in joints),
            action_low=-1.0,
            action_high=1.0,
            parameters={"speed": float(speed), "bump": float(bump) if ground == "rough" else 0.0, "load": float(load)},
            render_mode=render_mode,
        )
        self.ground = ground
        self._rest = np.tile([HIP_REST, KNEE_REST], 4)
        self._swing = np.tile([HIP_SWING, KNEE_SWING], 4)

    def __reduce__(self) -> tuple[Any, ...]:
        return _built, self._made_of

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "state"]:
        """Standing, joints within 0.05 rad of rest."""
        state = np.zeros(self.state_size)
        state[2] = 2.0 * THIGH * np.cos(HIP_REST) + 0.03
        state[3] = 1.0
        state[7:15] = self._rest + rng.uniform(-0.05, 0.05, 8)
        return state

    def controls(self, actions: Float[np.ndarray, "*batch action"]) -> Float[np.ndarray, "*batch control"]:
        """Where the springs pull to, and the clock's pace."""
        told = np.ones((*np.shape(actions)[:-1], 9))
        told[..., :8] = self._rest + self._swing * np.asarray(actions)
        return told

    def observe(self, states: Float[np.ndarray, "*batch state"]) -> Float[np.ndarray, "*batch observation"]:
        """Gravity and velocities in the body's frame, height, joints from rest, their velocities, the time."""
        states = np.asarray(states, dtype=float)
        rotation = _rotation(states[..., 3:7])
        moving = np.einsum("...ji,...j->...i", rotation, states[..., 15:18])
        count = np.rint(states[..., -1:] / self.dt)
        return np.concatenate(
            [
                -rotation[..., 2, :],
                moving,
                states[..., 18:21],
                states[..., 2:3],
                states[..., 7:15] - self._rest,
                states[..., 21:29],
                2.0 * count / self.time_limit - 1.0,
            ],
            axis=-1,
        )

    def forward_speed(self, observations: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch"]:
        """Speed of the body along its own axis, m/s."""
        return np.asarray(observations)[..., 3]

    def reward(
        self, observations: Float[np.ndarray, "*batch observation"], actions: Float[np.ndarray, "*batch action"]
    ) -> Float[np.ndarray, "*batch"]:
        """In [0, 1]: share of the speed asked for, less for what goes beyond it, times how upright the body is."""
        share = self.forward_speed(observations) / self.parameters["speed"]
        return np.clip(1.0 - np.abs(1.0 - share), 0.0, 1.0) * np.clip(-np.asarray(observations)[..., 2], 0.0, 1.0)

    def terminates(self, observations: Float[np.ndarray, "*batch observation"]) -> Bool[np.ndarray, "*batch"]:
        """Whether the body has fallen: low, or tilted by more than 53 degrees."""
        seen = np.asarray(observations)
        return (seen[..., 9] < FALLEN_HEIGHT) | (seen[..., 2] > -FALLEN_TILT)


def _xml(ground: str, bump: float, seed: int, load: float) -> str:
    legs, motors = "", ""
    for leg in LEGS:
        x, y = (0.2 if leg.startswith("front") else -0.2), (0.1 if leg.endswith("left") else -0.1)
        legs += f"""<body name="{leg}" pos="{x} {y} 0"><joint name="{leg}_hip" range="-1.4 0.5"/>
          <geom type="capsule" fromto="0 0 0 0 0 -{THIGH}" size="0.02" mass="0.9" rgba=".00 .45 .70 1"/>
          <body pos="0 0 -{THIGH}"><joint name="{leg}_knee" range="0.2 2.3"/>
            <geom type="capsule" fromto="0 0 0 0 0 -{SHANK}" size="0.015" mass="0.2" rgba=".90 .62 .00 1"/>
            <geom type="sphere" pos="0 0 -{SHANK}" size="0.025" mass="0.05" contype="1" conaffinity="1"
              friction="1 0.01 0.001" rgba=".20 .20 .20 1"/></body></body>"""
        for joint in ("hip", "knee"):
            motors += f'<position name="{leg}_{joint}" joint="{leg}_{joint}" kp="70" forcerange="-33 33"/>'
    bumps = ""
    if ground == "rough":
        rng = np.random.default_rng(seed)
        for x, y, height in zip(
            rng.uniform(0.3, 8.0, BUMPS), rng.uniform(-1.0, 1.0, BUMPS), rng.uniform(0.2, 1.0, BUMPS), strict=True
        ):
            bumps += f'<geom type="box" pos="{x:.4f} {y:.4f} 0" size="0.08 0.08 {bump * height:.4f}" class="ground"/>'
    carried = f'<geom type="box" pos="0 0 0.09" size="0.1 0.06 0.03" mass="{load!r}"/>' if load else ""
    return f"""<mujoco model="quadruped">
  <option timestep="{TIME_STEP}" integrator="implicitfast"/>
  <default>
    <joint type="hinge" axis="0 -1 0" damping="1.5" armature="0.02" limited="true"/>
    <geom contype="0" conaffinity="0" rgba=".45 .52 .60 1"/>
    <default class="ground"><geom contype="1" conaffinity="1" rgba=".80 .78 .74 1"/></default>
  </default>
  <compiler angle="radian"/>
  <worldbody><geom name="floor" type="plane" size="20 5 1" class="ground"/>{bumps}
    <body name="torso"><freejoint name="root"/>
      <geom type="box" size="0.22 0.09 0.05" mass="7" contype="1" conaffinity="1"/>{carried}{legs}</body>
  </worldbody>
  <actuator>{motors}<general name="clock" joint="front_left_hip" gear="0" dyntype="integrator" gainprm="0"/></actuator>
  <contact>{"".join(f'<exclude body1="torso" body2="{leg}"/>' for leg in LEGS)}</contact>
</mujoco>"""


def _rotation(quaternions: Float[np.ndarray, "*batch 4"]) -> Float[np.ndarray, "*batch 3 3"]:
    w, x, y, z = np.moveaxis(quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True), -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _built(speed: float, ground: str, bump: float, seed: int, load: float, longest: int, mode: str | None) -> Quadruped:
    return Quadruped(speed, ground, bump=bump, ground_seed=seed, load=load, time_limit=longest, render_mode=mode)
