"""What a network cannot break: the state at the start, and, where asked for, the lithium that the current has moved.

Level by level a field is  x = base + sum over levels of  amplitude (1 - exp(-(t - t0) / tau)) N.  The published base is
the initial state, the first network goes through a logistic function, and what is above is damped to a hundredth
(Hassanaly et al. 2024). On the exact mean x0 - 3 u t each network has its own mean over the sphere taken off, so that
no lithium is made or lost whatever its weights are; on the parabola the steady profile stands below as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

Base = Literal["plain", "mean", "parabolic"]
DAMPED = {"plain": 0.01, "mean": 0.1, "parabolic": 0.1}
SLOWEST = 20.190728556
"""Square of the first positive root of tan x = x: the rate, over D / R^2, at which a profile becomes steady."""
MEAN_NODES = 6


def volume_nodes(count: int = MEAN_NODES) -> tuple[Float[np.ndarray, "node"], Float[np.ndarray, "node"]]:
    """Squared radii and weights of Gauss's rule for means over a sphere, exact for even powers up to 4 count - 2."""
    from scipy.special import roots_jacobi

    at, weight = roots_jacobi(count, 0.0, 0.5)
    return 0.5 * (at + 1.0), weight / weight.sum()


@dataclass(frozen=True)
class Sphere:
    """One electrode's particle in the terms of the equation dx/dt = f (x_rr + 2 x_r / r), r in radii.

    Every field is (group,): uptake u (1/s, a third of the mean's rate of fall), rate scale D / R^2 = factor D(x),
    start.
    """

    uptake: Any
    factor: Any
    start: Any


def ramp(module: Any, time: Any, begin: float, tau: float) -> tuple[Any, Any]:
    """1 - exp(-(t - begin) / tau) from `begin` on, and its derivative; `module` is numpy or torch."""
    since = module.clip(time - begin, 0.0, None)
    decay = module.exp(-since / tau)
    return 1.0 - decay, decay / tau * (time >= begin)


def base_parts(module: Any, kind: Base, sphere: Sphere, time: Any, squared: Any, curve: Any) -> tuple[Any, Any, Any]:
    """Value, derivative by r^2 and by time (s) of the base at (group, node); it is at most linear in r^2.

    squared : (group, node) or (1, node) squared radii; curve : D / (R^2 factor) with its derivative, of x.
    """
    start, uptake = sphere.start[:, None], sphere.uptake[:, None]
    flat = 0.0 * squared + 0.0 * start
    if kind == "plain":
        return start + flat, flat, flat
    fall = 3.0 * uptake
    mean = start - fall * time[:, None]
    if kind == "mean":
        return mean + flat, flat, flat - fall
    value, slope = curve(mean)
    first, _ = curve(start)
    factor = sphere.factor[:, None]
    rate, rate_change = factor * value, -factor * slope * fall
    grown = 1.0 - module.exp(-SLOWEST * factor * first * time[:, None])
    growing = SLOWEST * factor * first * (1.0 - grown)
    height = -uptake / rate
    shape = 0.5 * squared - 0.3
    return (
        mean + height * grown * shape,
        0.5 * height * grown + flat,
        -fall + shape * height * (growing - grown * rate_change / rate),
    )


def amplitude(kind: Base, level: int, sphere: Sphere, first_rate: Any) -> Any:
    """(group,) what a network's answer is multiplied with; `first_rate` is D / R^2 at the start."""
    if kind == "plain":
        # A discharging electrode can only empty, a charging one only fill.
        whole = -sphere.start * (sphere.uptake > 0) + (1.0 - sphere.start) * (sphere.uptake <= 0)
        return whole * (1.0 if level == 0 else DAMPED[kind])
    return sphere.uptake / first_rate * (1.0 if level == 0 else DAMPED[kind])
