"""A circuit for any chain of joints: found in an MJCF file, with a rhythm that fits how fast its joints move."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from inscape.control.circuits.circuit import Circuit
from inscape.control.circuits.swimming import swimmer
from inscape.errors import InputError
from inscape.systems.worlds.chain import Chain

# The slowest joint of the six-link swimmer takes 7 control steps from rest to half its limit, and that body is fastest
# with periods near 59 (57 to 60): 8.4 such times.
PERIOD_IN_RESPONSES = 8.4


def chain(world: Chain, *, period: float | None = None, **settings: Any) -> Circuit:
    """The swimming circuit for a chain body, its rhythm proposed by a step-response test unless given.

    Parameters
    ----------
    world : the body; see `Chain`.
    period : in control steps.
    **settings : as of `circuits.swimmer`.

    Raises
    ------
    InputError : if no joint answers its motor.
    """
    if not isinstance(world, Chain):
        raise InputError(f"world: {type(world).__name__} found, expected a Chain, worlds.Chain(path)")
    steps = PERIOD_IN_RESPONSES * world.step_response() if period is None else period
    made = swimmer(world.joints, period=max(2.0, float(steps)), **settings)
    limits = world.limits
    scaled = tuple(
        replace(s, scale=float(limits[int(s.channel.split("_")[1])])) if s.channel.startswith("joint_") else s
        for s in made.sensors
    )
    names = tuple(world.observation_names)
    if not all(math.isfinite(limit) for limit in limits):
        raise InputError(f"{world.name}: a joint without a limit found; expected limits, by which bends are measured")
    return replace(
        made,
        sensors=scaled,
        layout=names,
        horizon=float(world.time_limit),
        name=f"chain of {world.joints} joints",
        family=None,
    )
