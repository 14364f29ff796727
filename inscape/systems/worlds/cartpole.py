"""The pole on a cart, to be swung up: dm_control's `cartpole swingup`, its physics and its reward."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError, UnknownNameError
from inscape.systems.worlds.mujoco_world import MujocoWorld
from inscape.systems.worlds.picture import View

PARAMETERS: Mapping[str, float] = MappingProxyType(
    {
        "cart_mass": 1.0,
        "pole_mass": 0.1,
        "pole_length": 1.0,
        "gear": 10.0,
        "cart_damping": 5e-4,
        "pole_damping": 2e-6,
        "rail": 1.8,
        "gravity": 9.81,
    }
)
"""Masses in kg, lengths in m (`rail` is half of it), `gear` in N for an action of 1, damping in N s/m and N m s."""

_MODEL = """
<mujoco model="cartpole">
  <option timestep="0.01" integrator="RK4" gravity="0 0 -{gravity!r}"><flag contact="disable" energy="enable"/></option>
  <worldbody>
    <geom name="floor" type="plane" pos="0 0 -.05" size="4 4 .2" rgba=".87 .88 .90 1"/>
    <geom name="near_rail" type="capsule" pos="0 .07 1" zaxis="1 0 0" size=".02 {rail_drawn!r}" rgba=".45 .52 .60 1"/>
    <geom name="far_rail" type="capsule" pos="0 -.07 1" zaxis="1 0 0" size=".02 {rail_drawn!r}" rgba=".45 .52 .60 1"/>
    <body name="cart" pos="0 0 1">
      <joint name="slider" type="slide" axis="1 0 0" limited="true" range="-{rail!r} {rail!r}" solreflimit=".08 1"
             damping="{cart_damping!r}"/>
      <geom name="cart" type="box" size=".2 .15 .1" mass="{cart_mass!r}" rgba=".00 .45 .70 1"/>
      <body name="pole">
        <joint name="hinge" type="hinge" axis="0 1 0" damping="{pole_damping!r}"/>
        <geom name="pole" type="capsule" fromto="0 0 0 0 0 {pole_length!r}" size=".045" mass="{pole_mass!r}"
              rgba=".90 .62 .00 1"/>
      </body>
    </body>
  </worldbody>
  <actuator><motor name="force" joint="slider" gear="{gear!r}" ctrllimited="true" ctrlrange="-1 1"/></actuator>
</mujoco>
"""


class CartpoleSwingup(MujocoWorld):
    """A pole that hangs from a cart, to be swung up and balanced by pushing the cart.

    The `cartpole swingup` of dm_control (Tassa et al. 2018, arXiv 1801.00690): 1000 actions of 0.01 s, the pole hanging
    at the start, a reward in [0, 1] for each action. Observed are position, cos and sin of the pole's angle from
    upright, and both velocities; the action in [-1, 1] is a force of so many `gear` newton.

    Parameters
    ----------
    time_limit : actions in an episode.
    parameters : physical constants that differ from dm_control's; see `PARAMETERS`.
    render_mode : "rgb_array" or None.

    Raises
    ------
    UnknownNameError : if a parameter is none of the pole's or cart's.
    InputError : if a parameter is not a finite number in its range.
    """

    view = View(plane="xz", center=(0.0, 1.0), span=4.6)

    def __init__(
        self,
        *,
        time_limit: int = 1000,
        parameters: Mapping[str, float] | None = None,
        render_mode: str | None = None,
    ):
        constants = dict(PARAMETERS)
        for name, value in (parameters or {}).items():
            if name not in PARAMETERS:
                raise UnknownNameError("parameter", name, PARAMETERS)
            least = 0.0 if "damping" in name or name == "gravity" else np.nextafter(0.0, 1.0)
            if not (np.isfinite(value) and value >= least):
                raise InputError(f"{name}: {value!r} found, expected a finite number {'>=' if least == 0 else '>'} 0")
            constants[name] = float(value)
        super().__init__(
            _MODEL.format(**constants, rail_drawn=constants["rail"] + 0.2),
            time_limit=time_limit,
            observation_names=("position", "cosine", "sine", "velocity", "angular_velocity"),
            action_names=("force",),
            parameters=constants,
            render_mode=render_mode,
        )

    def start(self, rng: np.random.Generator) -> Float[np.ndarray, "4"]:
        """The cart near the middle, the pole hanging, both almost at rest: dm_control's distribution."""
        return np.array([0.0, np.pi, 0.0, 0.0]) + 0.01 * rng.standard_normal(4)

    def observe(self, states: Float[np.ndarray, "*batch 4"]) -> Float[np.ndarray, "*batch 5"]:
        position, angle, velocity, spin = np.moveaxis(np.asarray(states, dtype=float), -1, 0)
        return np.stack([position, np.cos(angle), np.sin(angle), velocity, spin], axis=-1)

    def angle(self, observations: Float[np.ndarray, "*batch 5"]) -> Float[np.ndarray, "*batch"]:
        """Angle of the pole from upright, in (-pi, pi]."""
        return np.arctan2(observations[..., 2], observations[..., 1])

    def is_upright(self, observations: Float[np.ndarray, "*batch 5"]) -> Float[np.ndarray, "*batch"]:
        """1 upright, 0 hanging."""
        return (observations[..., 1] + 1) / 2

    def is_centred(self, observations: Float[np.ndarray, "*batch 5"]) -> Float[np.ndarray, "*batch"]:
        """1 in the middle of the rail, 0.1 at 2 m from it."""
        return bell(observations[..., 0] / 2)

    def is_calm(self, observations: Float[np.ndarray, "*batch 5"]) -> Float[np.ndarray, "*batch"]:
        """1 with the pole at rest, 0.1 at 5 rad/s."""
        return bell(observations[..., 4] / 5)

    def is_gentle(self, actions: Float[np.ndarray, "*batch 1"]) -> Float[np.ndarray, "*batch"]:
        """1 without force, 0 at full force."""
        return np.maximum(0.0, 1 - actions[..., 0] ** 2)

    def reward(
        self, observations: Float[np.ndarray, "*batch 5"], actions: Float[np.ndarray, "*batch 1"]
    ) -> Float[np.ndarray, "*batch"]:
        """Upright, times softer weights for being centred, gentle and calm; in [0, 1]."""
        observations, actions = np.asarray(observations), np.asarray(actions)
        return (
            self.is_upright(observations)
            * (1 + self.is_centred(observations))
            / 2
            * (4 + self.is_gentle(actions))
            / 5
            * (1 + self.is_calm(observations))
            / 2
        )

    def out_of_bounds(self, observations: Float[np.ndarray, "*batch 5"]) -> Bool[np.ndarray, "*batch"]:
        """Where a learned law is no longer believed: |x| 5, |cos| and |sin| 1.1, |v| 10 (Zolman et al. 2024)."""
        limits = np.array([5.0, 1.1, 1.1, 10.0, np.inf])
        # Written so that NaN is out of bounds too.
        return ~(np.abs(observations) < limits).all(axis=-1)

    def project(self, observations: Float[np.ndarray, "*batch 5"]) -> Float[np.ndarray, "*batch 5"]:
        """(cos, sin) divided by their norm."""
        return self.on_circle(observations)

    @staticmethod
    def on_circle(observations: Float[np.ndarray, "*batch 5"]) -> Float[np.ndarray, "*batch 5"]:
        """(cos, sin) divided by their norm."""
        found = np.array(observations, dtype=float)
        found[..., 1:3] /= np.maximum(np.linalg.norm(found[..., 1:3], axis=-1, keepdims=True), 1e-12)
        return found


def bell(x: Float[np.ndarray, "*batch"]) -> Float[np.ndarray, "*batch"]:
    """A Gaussian of height 1 that is 0.1 at 1."""
    return 0.1 ** np.square(x)
