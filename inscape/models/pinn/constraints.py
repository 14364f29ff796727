"""What a network cannot break: the state at the start, and, where asked for, the lithium that the current has moved.

Level by level a field is  x = base + sum over levels of  amplitude (1 - exp(-(t - t0) / tau)) N.  The published base is
the initial state, the first network goes through a logistic function, and what is above is damped to a hundredth
(Hassanaly et al. 2024). On the exact mean x0 - 3 u t each network has its own mean over the sphere taken off, so that
no lithium is made or lost whatever its weights are; on the parabola the steady profile stands below as well, and
on the modes of the linear problem the flux at the surface is right from the first second on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

Base = Literal["plain", "mean", "parabolic", "modes"]
DAMPED = {"plain": 0.01, "mean": 0.1, "parabolic": 0.1, "modes": 0.1}
MODES = 24
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


def base_parts(
    module: Any, kind: Base, sphere: Sphere, time: Any, squared: Any, curve: Any, modes: Any = None
) -> tuple[Any, Any, Any, Any]:
    """Value, first and second derivative by r^2, and by time (s), of the base at (group, node).

    squared : (group, node) or (1, node) squared radii, for "modes" the same in every group; curve : D / (R^2 factor)
    with its derivative, of x; modes : `surface_modes` of these radii as arrays of `module`, worked out if None.
    """
    start, uptake = sphere.start[:, None], sphere.uptake[:, None]
    flat = 0.0 * squared + 0.0 * start
    if kind == "plain":
        return start + flat, flat, flat, flat
    fall = 3.0 * uptake
    mean = start - fall * time[:, None]
    if kind == "mean":
        return mean + flat, flat, flat, flat - fall
    value, slope = curve(mean)
    first, _ = curve(start)
    factor = sphere.factor[:, None]
    rate, rate_change = factor * value, -factor * slope * fall
    height = -uptake / rate
    shape = 0.5 * squared - 0.3
    if kind == "modes":
        value_at, slope_at, bend_at, squares = (
            (module.asarray(a) for a in surface_modes(squared[0])) if modes is None else modes
        )
        decay = module.exp(-squares * (factor * first * time[:, None]))
        formed = shape - decay @ value_at
        forming = (decay * squares * (factor * first)) @ value_at
        return (
            mean + height * formed,
            height * (0.5 - decay @ slope_at),
            -height * (decay @ bend_at),
            -fall + height * (forming - formed * rate_change / rate),
        )
    grown = 1.0 - module.exp(-SLOWEST * factor * first * time[:, None])
    growing = SLOWEST * factor * first * (1.0 - grown)
    return (
        mean + height * grown * shape,
        0.5 * height * grown + flat,
        flat,
        -fall + shape * height * (growing - grown * rate_change / rate),
    )


def amplitude(kind: Base, level: int, sphere: Sphere, first_rate: Any) -> Any:
    """(group,) what a network's answer is multiplied with; `first_rate` is D / R^2 at the start."""
    if kind == "plain":
        # A discharging electrode can only empty, a charging one only fill.
        whole = -sphere.start * (sphere.uptake > 0) + (1.0 - sphere.start) * (sphere.uptake <= 0)
        return whole * (1.0 if level == 0 else DAMPED[kind])
    return sphere.uptake / first_rate * (1.0 if level == 0 else DAMPED[kind])


def surface_modes(
    squared: Any,
) -> tuple[
    Float[np.ndarray, "mode node"],
    Float[np.ndarray, "mode node"],
    Float[np.ndarray, "mode node"],
    Float[np.ndarray, "mode"],
]:
    """What of the steady profile each diffusion mode still withholds at the start: 2 sin(l r) / (l^2 r sin l).

    squared : (node,) squared radii. Returned with the first and second derivative by r^2, and l^2 of each mode; all of
    them together are the steady profile r^2 / 2 - 3 / 10 (Crank, Mathematics of Diffusion, eq. 6.45).
    """
    roots = (np.arange(1, MODES + 1) + 0.5) * np.pi
    for _ in range(50):
        roots = np.arange(1, MODES + 1) * np.pi + np.arctan(roots)
    at = np.maximum(np.asarray(squared, dtype=float), 1e-6)
    radius = np.sqrt(at)
    phase = roots[:, None] * radius
    scale = 2.0 / (roots**2 * np.sin(roots))[:, None]
    value = scale * np.sin(phase) / radius
    slope = scale * (phase * np.cos(phase) - np.sin(phase)) / (2.0 * radius**3)
    # An eigenfunction of the Laplacian, 6 v' + 4 s v'' = -l^2 v with s the squared radius.
    bend = (-(roots**2)[:, None] * value - 6.0 * slope) / (4.0 * at)
    return value, slope, bend, roots**2
