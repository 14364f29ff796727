"""One axis of a damped motor, stepped exactly under a held drive."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def damped_motor(
    place: Float[np.ndarray, "..."],
    speed: Float[np.ndarray, "..."],
    drive: Float[np.ndarray, "..."],
    dt: float,
    *,
    inertia: float,
    damping: float,
    low: float | np.ndarray = -np.inf,
    high: float | np.ndarray = np.inf,
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Place and speed after `dt` of inertia q'' = drive - damping q', the drive held: the exact solution.

    The speed relaxes to drive / damping at the rate damping / inertia. A place beyond `low` or `high` at the end of
    the step is put back on the wall, and its speed is lost.
    """
    final = drive / damping
    rate = damping / inertia
    left = np.exp(-rate * dt)
    place = place + final * dt + (speed - final) * (1 - left) / rate
    speed = final + (speed - final) * left
    hit = (place < low) | (place > high)
    return np.clip(place, low, high), np.where(hit, 0.0, speed)
