"""A chain of links in a viscous plane: its MuJoCo model, and what is seen of it."""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError

# The body of dm_control's swimmer: metres, kilograms, seconds.
HALF_LINK = 0.05
NOSE = 0.06
DENSITY = 3000.0
GEAR = 5e-4
TIME_STEP = 0.002
TASKS = ("swim", "navigate")
LEAST_LINKS = 3
SKIN, HEAD = "0 0.45 0.70 1", "0.90 0.62 0 1"


def observation_names(links: int, task: str = "swim") -> tuple[str, ...]:
    """Names of what a swimmer sees: joint angles, the target where there is one, velocities of each link, the time.

    Velocities are in each link's own frame; y points from the nose to the tail. The time goes from -1 to +1.
    """
    if not isinstance(links, (int, np.integer)) or isinstance(links, bool) or links < LEAST_LINKS:
        raise InputError(f"links: {links!r} found, expected a whole number of at least {LEAST_LINKS}")
    if task not in TASKS:
        raise UnknownNameError("task", str(task), TASKS)
    joints = tuple(f"joint_{i}" for i in range(links - 1))
    target = ("target_x", "target_y") if task == "navigate" else ()
    parts = ("head", *(f"segment_{i}" for i in range(links - 1)))
    return (*joints, *target, *(f"{part}_{axis}" for part in parts for axis in ("vx", "vy", "wz")), "time")


def joint_limit(links: int) -> float:
    """Largest bend of a joint, in rad: 60 degrees for six links."""
    return 2.0 * math.pi / links


def swimmer_xml(
    links: int,
    task: str = "swim",
    *,
    density: float = DENSITY,
    viscosity: float = 0.0,
    gear: float = GEAR,
    drawn: bool = False,
) -> str:
    """The swimmer as an MJCF text.

    Its dynamics are those of dm_control's swimmer; what is only drawn or sensed there is left out, for speed.

    Parameters
    ----------
    density, viscosity : of the medium, in kg/m^3 and Pa s.
    gear : torque of a motor at full action, in N m.
    drawn : with a skin without mass, for pictures.
    """
    limit = 360.0 / links
    inertia = '<geom class="link"/>'
    head = ""
    if drawn:
        inertia += f'<geom type="capsule" fromto="0 -0.05 0 0 0.05 0" size="0.012" mass="0" rgba="{SKIN}"/>'
        head = f'<geom type="ellipsoid" size="0.022 0.04 0.017" pos="0 -0.022 0" mass="0" rgba="{HEAD}"/>'
    body = ""
    for i in reversed(range(links - 1)):
        joint = f'<joint name="joint_{i}" class="link" range="{-limit!r} {limit!r}"/>'
        body = f'<body name="segment_{i}" pos="0 0.1 0">{inertia}{joint}{body}</body>'
    motors = "".join(f'<motor name="joint_{i}" joint="joint_{i}"/>' for i in range(links - 1))
    # The clock and the target belong to the state, so that a state says all; no force comes of them.
    memory = "".join(
        f'<general name="{name}" joint="x" gear="0" dyntype="integrator" gainprm="0"/>'
        for name in ("clock", *(("target_x", "target_y") if task == "navigate" else ()))
    )
    root = "".join(
        f'<joint name="{name}" type="{kind}" axis="{axis}" pos="0 -0.05 0"/>'
        for name, kind, axis in (("x", "slide", "1 0 0"), ("y", "slide", "0 1 0"), ("heading", "hinge", "0 0 1"))
    )
    return f"""<mujoco model="swimmer">
  <option timestep="{TIME_STEP}" density="{density!r}" viscosity="{viscosity!r}"><flag contact="disable"/></option>
  <default>
    <default class="link">
      <joint type="hinge" pos="0 -0.05 0" axis="0 0 1" limited="true" solreflimit="0.05 1" solimplimit="0 0.8 0.1"
        armature="1e-6"/>
      <geom type="box" size="0.001 0.05 0.01" mass="0.01"/>
    </default>
    <motor gear="{gear!r}" ctrllimited="true" ctrlrange="-1 1"/>
  </default>
  <worldbody><body name="head" pos="0 0 0.05">{inertia}{head}{root}{body}</body></worldbody>
  <actuator>{motors}{memory}</actuator>
</mujoco>"""


def outline(positions: Float[np.ndarray, "position"]) -> Float[np.ndarray, "point 2"]:
    """The body's middle line from the nose's end to the tail: the ends of its links in the plane, in m."""
    q = np.asarray(positions, dtype=float)
    headings = np.cumsum(q[2:])
    start = np.array([q[0], q[1] - HALF_LINK])
    steps = 2.0 * HALF_LINK * np.stack([-np.sin(headings), np.cos(headings)], axis=-1)
    return np.concatenate([start[None], start + np.cumsum(steps, axis=0)])
