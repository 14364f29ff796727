"""Velocity fields in closed form, each a `Flow` whose states are the coordinates of a fluid particle."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.systems.flow import Flow
from inscape.systems.symbols import cos, cosh, exp, pi, sin, t, tanh

_HOURS_PER_DAY = 86_400.0


def double_gyre(*, amplitude: float = 0.1, swing: float = 0.25, period: float = 10.0) -> Flow:
    """The double gyre on [0, 2] x [0, 1]: two eddies whose dividing line swings to and fro.

    Shadden, Lekien and Marsden 2005, Physica D 212, section 6.
    """

    def law(x: Any, y: Any, *, A: float = amplitude, eps: float = swing, omega: float = 2 * np.pi / period) -> Any:
        a = eps * sin(omega * t)
        f = a * x**2 + (1 - 2 * a) * x
        slope = 2 * a * x + 1 - 2 * a
        return -pi * A * sin(pi * f) * cos(pi * y), pi * A * cos(pi * f) * sin(pi * y) * slope

    return Flow(law, name="double gyre", initial=(0.5, 0.5), period=period)


def bickley_jet() -> Flow:
    """The Bickley jet with three travelling waves, in Mm and days: periodic in x with 20.015 (pi times the radius).

    Rypina et al. 2007, J. Atmos. Sci. 64; numbers as in Hadjighasem et al. 2017, Chaos 27, 053104.
    """
    speed, length, radius = 62.66e-6 * _HOURS_PER_DAY, 1.770, 6.371

    def law(
        x: Any,
        y: Any,
        *,
        U: float = speed,
        L: float = length,
        eps: tuple[float, ...] = (0.0075, 0.15, 0.3),
        c: tuple[float, ...] = (0.1446 * speed, 0.205 * speed, 0.461 * speed),
        k: tuple[float, ...] = tuple(2 * n / radius for n in (1, 2, 3)),
    ) -> Any:
        envelope = 1 / cosh(y / L) ** 2
        waves = [cos(k[n] * (x - c[n] * t)) for n in range(3)]
        slopes = [-k[n] * sin(k[n] * (x - c[n] * t)) for n in range(3)]
        # Stream function -U L tanh(y/L) + U L sech^2(y/L) sum eps cos k(x - ct); u = -psi_y, v = psi_x.
        u = U * envelope + 2 * U * envelope * tanh(y / L) * sum(eps[n] * waves[n] for n in range(3))
        v = U * L * envelope * sum(eps[n] * slopes[n] for n in range(3))
        return u, v

    return Flow(law, name="Bickley jet", initial=(1.0, 0.5), units={"x": "Mm", "y": "Mm", "time": "d"})


def abc_flow(*, viscosity: float = 0.0, amplitudes: tuple[float, float, float] = (3**0.5, 2**0.5, 1.0)) -> Flow:
    """Arnold, Beltrami and Childress: curl u = u, so that it decays by exp(-viscosity t) and keeps its shape."""
    a, b, c = amplitudes

    def law(x: Any, y: Any, z: Any, *, A: float = a, B: float = b, C: float = c, nu: float = viscosity) -> Any:
        fade = exp(-nu * t)
        return (
            fade * (A * sin(z) + C * cos(y)),
            fade * (B * sin(x) + A * cos(z)),
            fade * (C * sin(y) + B * cos(x)),
        )

    return Flow(law, name="ABC flow", initial=(1.0, 1.0, 1.0))


def saddle(*, rate: float = 1.0) -> Flow:
    """Stretching along x and squeezing along y at a constant rate: its FTLE is the rate everywhere."""

    def law(x: Any, y: Any, *, a: float = rate) -> Any:
        return a * x, -a * y

    return Flow(law, name="saddle", initial=(0.1, 0.1))


def shear(*, rate: float = 1.0) -> Flow:
    """Plane shear u = rate y: its FTLE is ln[(g T + sqrt(g^2 T^2 + 4)) / 2] / T."""

    def law(x: Any, y: Any, *, g: float = rate) -> Any:
        return g * y, 0 * x

    return Flow(law, name="shear", initial=(0.0, 1.0))


def rotation(*, rate: float = 1.0) -> Flow:
    """Rotation as a solid body: nothing is stretched, and its FTLE is 0."""

    def law(x: Any, y: Any, *, w: float = rate) -> Any:
        return -w * y, w * x

    return Flow(law, name="rotation", initial=(1.0, 0.0), period=2 * np.pi / abs(rate))
