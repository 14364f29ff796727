"""A finger that pushes a box over a table; the two halves of the box differ in density."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.worlds.picture import View
from inscape.systems.worlds.variant import Variant

DENSITIES = ((500.0, 500.0), (100.0, 500.0), (500.0, 100.0), (500.0, 250.0), (250.0, 500.0))
"""HyperCRL's five boxes: density of the left and the right half (kg/m^3), the finger coming from the left."""
HALF = 0.08
GOALS = np.array([[0.07, -0.08], [0.07, 0.08], [0.23, -0.08], [0.23, 0.08]])
"""Where the four corners are to go (m), in the order in which they are observed."""
CORNERS = np.array([[-HALF, -HALF, 0.0], [-HALF, HALF, 0.0], [HALF, -HALF, 0.0], [HALF, HALF, 0.0]])
SPEED = 0.2
CONTROL_COST = 0.25
FINGER_RADIUS = 0.012

_MODEL = """
<mujoco model="planar pusher">
  <option timestep="0.005" integrator="implicitfast" cone="elliptic"/>
  <default><geom friction="0.5 0.005 0.0001"/></default>
  <worldbody>
    <geom name="table" type="plane" size="1 1 .1" rgba=".87 .88 .90 1"/>
    <body name="box" pos="0 0 .04">
      <freejoint name="box"/>
      <geom name="left" type="box" pos="-.04 0 0" size=".04 .08 .04" density="{left!r}" rgba=".00 .45 .70 1"/>
      <geom name="right" type="box" pos=".04 0 0" size=".04 .08 .04" density="{right!r}" rgba=".34 .71 .91 1"/>
    </body>
    <body name="finger" pos="0 0 .045">
      <joint name="x" type="slide" axis="1 0 0" limited="true" range="-.4 .5"/>
      <joint name="y" type="slide" axis="0 1 0" limited="true" range="-.4 .4"/>
      <geom name="finger" type="capsule" fromto="0 0 -.02 0 0 .02" size="{radius!r}" mass=".5" friction="0.3 .005 .0001"
            rgba=".90 .62 .00 1"/>
    </body>
  </worldbody>
  <actuator>
    <general name="speed x" joint="x" ctrllimited="true" ctrlrange="-1 1" gainprm="{gain!r}" biastype="affine"
             biasprm="0 0 -{servo!r}"/>
    <general name="speed y" joint="y" ctrllimited="true" ctrlrange="-1 1" gainprm="{gain!r}" biastype="affine"
             biasprm="0 0 -{servo!r}"/>
  </actuator>
</mujoco>
"""
_SERVO = 400.0
"""N s/m: stiff enough that friction hardly slows the finger."""


class PlanarPusher(Variant):
    """A finger on two slides pushes a box of 0.16 m a side; table friction resists where the box is heavy.

    Observed are the finger's place and those of the four corners, 10 numbers (m). An action in [-1, 1] is a speed of
    the finger of up to 0.2 m/s, held for 0.1 s. Reward: sum over corners of 1 - tanh(10 distance to its goal), less
    0.25 |action|; the goals are those of the box moved by 0.15 m.

    Parameters
    ----------
    task : name of this box.
    densities : of the left and the right half (kg/m^3).
    time_limit : actions in an episode.

    Raises
    ------
    InputError : for a density that is not positive.
    """

    view = View(plane="xy", center=(0.07, 0.0), span=0.8)

    def __init__(self, task: str = "box", *, densities: tuple[float, float] = DENSITIES[0], time_limit: int = 120):
        left, right = (float(d) for d in densities)
        if not (np.isfinite([left, right]).all() and min(left, right) > 0):
            raise InputError(f"densities: {densities!r} found, expected two positive numbers (kg/m^3)")
        self.task = str(task)
        super().__init__(
            _MODEL.format(left=left, right=right, radius=FINGER_RADIUS, gain=_SERVO * SPEED, servo=_SERVO),
            frame_skip=20,
            time_limit=time_limit,
            observation_names=(
                "finger x",
                "finger y",
                *(
                    f"corner {place} {axis}"
                    for place in ("back right", "back left", "front right", "front left")
                    for axis in "xy"
                ),
            ),
            action_names=("speed x", "speed y"),
            parameters={"density left": left, "density right": right},
        )

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "17"]:
        """The box near the origin, the finger behind it."""
        return self._placed(0.01 * rng.standard_normal(2), 0.05 * rng.standard_normal(), rng, behind=True)

    def explore(self, rng: np.random.Generator) -> Float[np.ndarray, "17"]:
        """The box anywhere on the way to its goal, the finger at one of its sides."""
        return self._placed(rng.uniform([-0.05, -0.08], [0.2, 0.08]), rng.uniform(-0.6, 0.6), rng, behind=False)

    def _placed(self, box: np.ndarray, yaw: float, rng: np.random.Generator, *, behind: bool) -> np.ndarray:
        gap = HALF + FINGER_RADIUS + rng.uniform(0.002, 0.02)
        side = np.pi if behind or rng.random() < 0.6 else rng.choice([0.0, np.pi / 2, -np.pi / 2])
        along = rng.uniform(-0.9, 0.9) * HALF
        inside = np.array([gap * np.cos(side) - along * np.sin(side), gap * np.sin(side) + along * np.cos(side)])
        turn = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
        state = np.zeros(self.state_size)
        state[:7] = [*box, 0.04, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)]
        state[7:9] = box + turn @ inside
        return state

    def observe(self, states: Float[np.ndarray, "*batch 17"]) -> Float[np.ndarray, "*batch 10"]:
        states = np.asarray(states, dtype=float)
        corners = states[..., None, :3] + rotated(states[..., None, 3:7], CORNERS)
        flat = corners[..., :2].reshape(*states.shape[:-1], 8)
        return np.concatenate([states[..., 7:9], flat], axis=-1)

    def distances(self, observations: Float[np.ndarray, "*batch 10"]) -> Float[np.ndarray, "*batch 4"]:
        """How far each corner is from its goal (m)."""
        corners = np.asarray(observations)[..., 2:].reshape(*np.shape(observations)[:-1], 4, 2)
        return np.linalg.norm(corners - GOALS, axis=-1)

    def reward(
        self, observations: Float[np.ndarray, "*batch 10"], actions: Float[np.ndarray, "*batch 2"]
    ) -> Float[np.ndarray, "*batch"]:
        """Corners near their goals, less the size of the action; at most 4."""
        near = 1.0 - np.tanh(10.0 * self.distances(observations))
        return near.sum(axis=-1) - CONTROL_COST * np.linalg.norm(actions, axis=-1)

    def project(self, observations: Float[np.ndarray, "*batch 10"]) -> Float[np.ndarray, "*batch 10"]:
        """Corners brought back to a square of the box's size: the nearest one, in the sense of least squares."""
        seen = np.array(observations, dtype=float)
        corners = seen[..., 2:].reshape(*seen.shape[:-1], 4, 2)
        middle = corners.mean(axis=-2, keepdims=True)
        apart = corners - middle
        flat = CORNERS[:, :2]
        cosine = (apart * flat).sum(axis=(-1, -2))
        sine = (apart[..., 1] * flat[:, 0] - apart[..., 0] * flat[:, 1]).sum(axis=-1)
        length = np.maximum(np.hypot(cosine, sine), 1e-12)
        c, s = (cosine / length)[..., None], (sine / length)[..., None]
        square = np.stack([c * flat[:, 0] - s * flat[:, 1], s * flat[:, 0] + c * flat[:, 1]], axis=-1)
        seen[..., 2:] = (middle + square).reshape(*seen.shape[:-1], 8)
        return seen


def sequence(**options: Any) -> list[PlanarPusher]:
    """HyperCRL's five boxes."""
    return [PlanarPusher(f"{left:g}, {right:g}", densities=(left, right), **options) for left, right in DENSITIES]


def rotated(
    quaternions: Float[np.ndarray, "*batch 4"], vectors: Float[np.ndarray, "*batch 3"]
) -> Float[np.ndarray, "*batch 3"]:
    """Vectors turned by unit quaternions (w, x, y, z)."""
    scalar, axis = quaternions[..., :1], quaternions[..., 1:]
    axis, vectors = np.broadcast_arrays(axis, vectors)
    twice = 2.0 * np.cross(axis, vectors)
    return vectors + scalar * twice + np.cross(axis, twice)
