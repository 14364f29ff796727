"""A door on a hinge with a latch, and three handles to open it by."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import UnknownNameError
from inscape.systems.worlds.picture import View
from inscape.systems.worlds.variant import Variant

HANDLES = {
    "pull": '<geom name="handle" type="capsule" fromto="0 -.03 -.09 0 -.03 .09" size=".012" rgba=".90 .62 .00 1"/>',
    "round": '<geom name="handle" type="cylinder" fromto="0 -.05 0 0 -.01 0" size=".035" rgba=".90 .62 .00 1"/>',
    "lever": '<geom name="handle" type="capsule" fromto="0 -.03 0 -.13 -.03 0" size=".012" rgba=".90 .62 .00 1"/>',
}
TASKS = (
    ("pull", -1.57, 1.57),
    ("round", -1.57, 0.0),
    ("lever", -1.57, 0.0),
    ("round", 0.0, 1.57),
    ("lever", 0.0, 1.57),
)
"""HyperCRL's five doors: the handle, and how far it can be turned (rad)."""
BOLT = 0.03
"""How far the bolt reaches into its strike (m); a quarter turn of the handle draws it back by more."""
KNOB = (0.42, -0.02, 0.0)

_MODEL = """
<mujoco model="hinge door">
  <compiler angle="radian"/>
  <option timestep="0.004" integrator="implicitfast" gravity="0 0 0"/>
  <default><geom friction="1 .01 .001" contype="1" conaffinity="1"/></default>
  <worldbody>
    <geom name="post" type="box" pos="-.04 0 0" size=".02 .03 .35" contype="0" conaffinity="0" rgba=".6 .6 .6 1"/>
    <geom name="strike near" type="box" pos=".535 -.03 0" size=".02 .012 .04" contype="2" conaffinity="2" condim="1"
          rgba=".6 .6 .6 1"/>
    <geom name="strike far" type="box" pos=".535 .03 0" size=".02 .012 .04" contype="2" conaffinity="2" condim="1"
          rgba=".6 .6 .6 1"/>
    <body name="door">
      <joint name="hinge" type="hinge" axis="0 0 1" limited="true" range="-1.57 1.57" damping=".3" frictionloss=".1"/>
      <geom name="panel" type="box" pos=".25 0 0" size=".25 .015 .3" density="150" rgba=".34 .71 .91 1"/>
      <body name="bolt" pos=".5 0 0">
        <joint name="bolt" type="slide" axis="-1 0 0" limited="true" range="0 .06" damping="2"/>
        <geom name="bolt" type="box" pos="{tip!r} 0 0" size=".015 .012 .01" mass=".05" contype="2" conaffinity="2"
              condim="1" rgba=".3 .3 .3 1"/>
      </body>
      <body name="handle" pos="{knob}">
        <joint name="handle" type="hinge" axis="0 1 0" limited="true" range="{low!r} {high!r}" damping=".05"
               stiffness=".2" frictionloss=".02"/>
        {handle}
        <geom name="spindle" type="cylinder" fromto="0 -.01 0 0 0 0" size=".01" mass=".1" contype="0" conaffinity="0"/>
      </body>
    </body>
    <body name="hand" pos="{hand}">
      <joint name="hand x" type="slide" axis="1 0 0" limited="true" range="-.4 .3"/>
      <joint name="hand y" type="slide" axis="0 1 0" limited="true" range="-.4 .5"/>
      <joint name="hand z" type="slide" axis="0 0 1" limited="true" range="-.3 .3"/>
      <joint name="roll" type="hinge" axis="1 0 0" limited="true" range="-1.8 1.8"/>
      <joint name="pitch" type="hinge" axis="0 1 0" limited="true" range="-1.8 1.8"/>
      <joint name="yaw" type="hinge" axis="0 0 1" limited="true" range="-1.8 1.8"/>
      <geom name="palm" type="box" pos="0 -.05 0" size=".02 .02 .05" mass=".4" rgba=".8 .47 .65 1"/>
      <body name="upper finger" pos="0 0 .02">
        <joint name="grip" type="slide" axis="0 0 1" limited="true" range="0 .04" damping="1"/>
        <geom name="upper finger" type="box" size=".012 .04 .006" mass=".05" rgba=".8 .47 .65 1"/>
      </body>
      <body name="lower finger" pos="0 0 -.02">
        <joint name="lower grip" type="slide" axis="0 0 -1" limited="true" range="0 .04" damping="1"/>
        <geom name="lower finger" type="box" size=".012 .04 .006" mass=".05" rgba=".8 .47 .65 1"/>
      </body>
    </body>
  </worldbody>
  <equality>
    <joint joint1="lower grip" joint2="grip"/>
    {latch}
  </equality>
  <actuator>
    {motors}
  </actuator>
</mujoco>
"""
_MOTORS = {
    "hand x": (60.0, 0.4),
    "hand y": (60.0, 0.4),
    "hand z": (60.0, 0.4),
    "roll": (1.0, 2.0),
    "pitch": (1.0, 2.0),
    "yaw": (1.0, 2.0),
    "grip": (40.0, 0.15),
}
"""Stiffness of each velocity servo, and the speed that an action of 1 asks for (m/s or rad/s)."""
_NAMES = (
    *(f"hand {axis}" for axis in "xyz"),
    *(f"hand quaternion {axis}" for axis in "wxyz"),
    *(f"hand velocity {axis}" for axis in "xyz"),
    *(f"hand rate {name}" for name in ("roll", "pitch", "yaw")),
    "grip",
    "grip velocity",
    *(f"knob {axis}" for axis in "xyz"),
    *(f"knob quaternion {axis}" for axis in "wxyz"),
    "door angle",
    "door velocity",
    "handle angle",
    "handle velocity",
)


class HingeDoor(Variant):
    """A free hand with two fingers, a door on a hinge, and a handle that draws back the bolt.

    Observed are the hand's place, orientation and velocities, its grip, the knob's place and orientation, and angle and
    velocity of door and handle: 26 numbers. Seven actions in [-1, 1] are velocities: three of the hand, three of its
    turning, one of its grip. Reward, of HyperCRL's form: -|d| - (ln(d^2 + 0.005) + 5) of the distance d from hand to
    knob, less the orientation error, plus 50 |door angle| and 20 |handle angle|.

    Parameters
    ----------
    handle : "pull" (which holds no latch), "round" or "lever".
    low, high : how far the handle can be turned (rad).
    task : name; made of the others if None.
    time_limit : actions of 0.04 s in an episode.

    Raises
    ------
    UnknownNameError : for a handle that is none of the three.
    """

    view = View(plane="xy", center=(0.3, -0.1), span=1.4)

    def __init__(
        self,
        handle: str = "lever",
        *,
        low: float = 0.0,
        high: float = 1.57,
        task: str | None = None,
        time_limit: int = 1000,
    ):
        if handle not in HANDLES:
            raise UnknownNameError("handle", handle, HANDLES)
        turn = 0.04 if high > 0 else -0.04
        latch = f'<joint joint1="bolt" joint2="handle" polycoef="0 {turn!r} 0 0 0"/>'
        motors = "".join(
            f'<general name="{name} motor" joint="{name}" ctrllimited="true" ctrlrange="-1 1" '
            f'gainprm="{stiff * speed!r}" biastype="affine" biasprm="0 0 -{stiff!r}"/>'
            for name, (stiff, speed) in _MOTORS.items()
        )
        free = handle == "pull"
        self.task = task or f"{handle} {low:g} to {high:g}"
        super().__init__(
            _MODEL.format(
                knob=" ".join(map(str, KNOB)),
                hand=f"{KNOB[0]} -0.25 0",
                handle=HANDLES[handle],
                low=float(low),
                high=float(high),
                # Without a latch the bolt stays inside the door.
                tip=-0.03 if free else BOLT - 0.015,
                latch="" if free else latch,
                motors=motors,
            ),
            frame_skip=10,
            time_limit=time_limit,
            observation_names=_NAMES,
            action_names=tuple(f"{name} command" for name in _MOTORS),
            parameters={"low": float(low), "high": float(high)},
        )
        self._where = {self.model.joint(k).name: k for k in range(self.model.njnt)}

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "22"]:
        """The door shut, the hand about 0.2 m before it."""
        state = np.zeros(self.state_size)
        for name in ("hand x", "hand y", "hand z"):
            state[self._where[name]] = rng.uniform(-0.05, 0.05)
        state[self._where["grip"]] = state[self._where["lower grip"]] = 0.02
        return state

    def explore(self, rng: np.random.Generator) -> Float[np.ndarray, "22"]:
        """The hand anywhere before the door, every second time at the handle, with the door ajar or shut."""
        state = self.start(rng)
        if rng.random() < 0.5:
            state[self._where["hand y"]] = rng.uniform(0.12, 0.19)
            state[self._where["hand x"]] = rng.uniform(-0.1, 0.03)
        for name in ("roll", "pitch", "yaw"):
            state[self._where[name]] = rng.uniform(-0.3, 0.3)
        if rng.random() < 0.5:
            state[self._where["hinge"]] = -rng.uniform(0.15, 1.0)
        return state

    def observe(self, states: Float[np.ndarray, "*batch 22"]) -> Float[np.ndarray, "*batch 26"]:
        states = np.asarray(states, dtype=float)
        place, turn = self.derived(states, "xpos"), self.derived(states, "xquat")
        hand, knob = self.model.body("hand").id, self.model.body("handle").id
        speeds = states[..., self.model.nq :]

        def at(values: np.ndarray, *names: str) -> np.ndarray:
            return values[..., [self._where[name] for name in names]]

        return np.concatenate(
            [
                place[..., hand, :],
                upper(turn[..., hand, :]),
                at(speeds, "hand x", "hand y", "hand z", "roll", "pitch", "yaw"),
                at(states, "grip"),
                at(speeds, "grip"),
                place[..., knob, :],
                upper(turn[..., knob, :]),
                at(states, "hinge"),
                at(speeds, "hinge"),
                at(states, "handle"),
                at(speeds, "handle"),
            ],
            axis=-1,
        )

    def reward(
        self, observations: Float[np.ndarray, "*batch 26"], actions: Float[np.ndarray, "*batch 7"]
    ) -> Float[np.ndarray, "*batch"]:
        """The hand at the knob and turned like it, the handle turned, the door open."""
        seen = np.asarray(observations, dtype=float)
        apart = np.linalg.norm(seen[..., :3] - seen[..., 15:18], axis=-1)
        turned = 1.0 - np.square((seen[..., 3:7] * seen[..., 18:22]).sum(axis=-1))
        near = -apart - (np.log(np.square(apart) + 5e-3) + 5.0)
        return near - turned + 50.0 * np.abs(seen[..., 22]) + 20.0 * np.abs(seen[..., 24])

    def project(self, observations: Float[np.ndarray, "*batch 26"]) -> Float[np.ndarray, "*batch 26"]:
        """Quaternions divided by their norm."""
        seen = np.array(observations, dtype=float)
        for part in (slice(3, 7), slice(18, 22)):
            seen[..., part] /= np.maximum(np.linalg.norm(seen[..., part], axis=-1, keepdims=True), 1e-12)
        return seen


def upper(quaternions: Float[np.ndarray, "*batch 4"]) -> Float[np.ndarray, "*batch 4"]:
    """The one of q and -q, which are the same orientation, whose first number is not negative."""
    return np.where(quaternions[..., :1] < 0, -quaternions, quaternions)


def sequence(**options: Any) -> list[HingeDoor]:
    """HyperCRL's five doors."""
    return [HingeDoor(handle, low=low, high=high, **options) for handle, low, high in TASKS]
