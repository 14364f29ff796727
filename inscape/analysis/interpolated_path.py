"""A run between its samples: the smooth path through states, velocities and, where known, accelerations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from inscape.analysis.surface import Surface

_ROUNDS = 60


@dataclass(frozen=True)
class Path:
    """Samples with what is needed to interpolate between neighbours.

    times : (time,) rising; states, velocities : (time, state); accelerations : (time, state), or None for cubic
    (Hermite) pieces in place of quintic ones.
    """

    times: Float[np.ndarray, "time"]
    states: Float[np.ndarray, "time state"]
    velocities: Float[np.ndarray, "time state"]
    accelerations: Float[np.ndarray, "time state"] | None = None

    def between(
        self, piece: Int[np.ndarray, "query"], share: Float[np.ndarray, "query"]
    ) -> tuple[Float[np.ndarray, "query state"], Float[np.ndarray, "query state"]]:
        """States and velocities at a `share` (0 to 1) of the way along each `piece`."""
        span = (self.times[piece + 1] - self.times[piece])[:, None]
        s = share[:, None]
        x0, x1 = self.states[piece], self.states[piece + 1]
        v0, v1 = self.velocities[piece] * span, self.velocities[piece + 1] * span
        jump = x1 - x0
        if self.accelerations is None:
            c2, c3 = 3 * jump - 2 * v0 - v1, v0 + v1 - 2 * jump
            return x0 + s * (v0 + s * (c2 + s * c3)), (v0 + s * (2 * c2 + 3 * s * c3)) / span
        a0, a1 = self.accelerations[piece] * span**2, self.accelerations[piece + 1] * span**2
        c2 = a0 / 2
        c3 = 10 * jump - 6 * v0 - 4 * v1 - 1.5 * a0 + 0.5 * a1
        c4 = -15 * jump + 8 * v0 + 7 * v1 + 1.5 * a0 - a1
        c5 = 6 * jump - 3 * (v0 + v1) - 0.5 * (a0 - a1)
        states = x0 + s * (v0 + s * (c2 + s * (c3 + s * (c4 + s * c5))))
        return states, (v0 + s * (2 * c2 + s * (3 * c3 + s * (4 * c4 + 5 * s * c5)))) / span

    def crossings(self, surface: Surface) -> tuple[Float[np.ndarray, "crossing"], Float[np.ndarray, "crossing state"]]:
        """Times and states at which the path crosses a surface in its direction, but for gaps (NaN)."""
        with np.errstate(invalid="ignore"):
            level = np.broadcast_to(surface.level(self.states, self.velocities), self.times.shape)
            # A sample that lies on the surface belongs to the side it goes to, so that it is counted once.
            upward = (level[:-1] < 0) & (level[1:] >= 0)
            downward = (level[:-1] >= 0) & (level[1:] < 0)
        if surface.direction < 0:
            upward, downward = (level[:-1] > 0) & (level[1:] > 0), (level[:-1] > 0) & (level[1:] <= 0)
        wanted = upward if surface.direction > 0 else downward if surface.direction < 0 else upward | downward
        piece = np.flatnonzero(wanted)
        low, high = np.zeros(len(piece)), np.ones(len(piece))
        low_level, high_level = level[piece].copy(), level[piece + 1].copy()
        share = high.copy()
        for _ in range(_ROUNDS):
            if len(piece) == 0 or (high - low).max() < 1e-13:
                break
            # Ridders' rule: the bracket at least halves, and near a simple root the error is squared.
            middle = (low + high) / 2
            middle_level = surface.level(*self.between(piece, middle))
            root = np.sqrt(np.maximum(middle_level**2 - low_level * high_level, 1e-300))
            share = np.clip(middle + (middle - low) * np.sign(low_level - high_level) * middle_level / root, low, high)
            share_level = surface.level(*self.between(piece, share))
            for guess, guess_level in ((middle, middle_level), (share, share_level)):
                inside = (guess >= low) & (guess <= high)
                same = np.sign(guess_level) == np.sign(low_level)
                low, low_level = np.where(inside & same, guess, low), np.where(inside & same, guess_level, low_level)
                other = inside & ~same
                high, high_level = np.where(other, guess, high), np.where(other, guess_level, high_level)
            if (np.abs(share_level) <= 1e-15 * np.abs(level[piece + 1] - level[piece])).all():
                break
        states, _ = self.between(piece, share)
        times = self.times[piece] + share * (self.times[piece + 1] - self.times[piece])
        return times, states
