"""The mesh of a delay integrator: no step is longer than the shortest delay, and no step runs over a corner."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement, pairwise
from math import gcd, lcm

import numpy as np
from jaxtyping import Float, Int

_LARGEST_LAG = 4_096
_SMOOTH_LEVEL = 7


class DelayMesh:
    """Ends of the steps, from `start` on.

    A jump of the derivative at the start comes back, one order smoother each time, at every sum of delays. Where the
    delays are whole multiples of one step, all those corners are ends of steps of a uniform mesh. Otherwise the corners
    up to the seventh order are put on the mesh one by one, and it is uniform after the last of them.

    Parameters
    ----------
    start : time at which the history ends.
    delays : (delay,) positive.
    parts : into how many steps the longest step that is possible is divided; twice as many halve every step.
    """

    def __init__(self, start: float, delays: Float[np.ndarray, "delay"], parts: int):
        self.start = start
        self.parts = parts
        base, multiples = common_step(delays)
        self.step = base / parts
        self.lags: Int[np.ndarray, "delay"] = multiples * parts
        self.history_steps = int(np.ceil(delays.max() / self.step * (1 - 1e-12)))
        self._corners = np.array([start])
        if not multiples.all():
            levels = range(1, _SMOOTH_LEVEL + 1)
            sums = [sum(c) for level in levels for c in combinations_with_replacement(delays.tolist(), level)]
            corners = np.unique([0.0, *sums])
            corners = corners[np.diff(corners, prepend=-np.inf) > 1e-9 * delays.min()]
            pieces = [
                np.linspace(a, b, parts * max(1, int(np.ceil((b - a) / base * (1 - 1e-12)))), endpoint=False)
                for a, b in pairwise(corners)
            ]
            self._corners = start + np.concatenate([*pieces, corners[-1:]])

    def ends(self, first: int, count: int) -> Float[np.ndarray, "count"]:
        """Ends of the steps `first`, `first + 1`, ...; end 0 is the start, and negative ones lie in the history."""
        index = np.arange(first, first + count)
        listed = len(self._corners) - 1
        ends = self._corners[-1] + (index - listed) * self.step
        ends = np.where(index < 0, self.start + index * self.step, ends)
        inside = (index >= 0) & (index <= listed)
        ends[inside] = self._corners[index[inside]]
        return ends

    def index_at(self, time: float) -> int:
        """The first end at or after `time`."""
        listed = len(self._corners) - 1
        if time <= self._corners[-1]:
            return int(np.searchsorted(self._corners, time - 1e-9 * self.step))
        return listed + int(np.ceil((time - self._corners[-1]) / self.step - 1e-9))


def common_step(delays: Float[np.ndarray, "delay"]) -> tuple[float, Int[np.ndarray, "delay"]]:
    """The longest step of which every delay is a whole multiple, and the multiples.

    Where there is none of a useful size: the shortest delay, and multiples of 0.
    """
    shortest = float(delays.min())
    ratios = [Fraction(float(d) / shortest).limit_denominator(64) for d in delays]
    if all(abs(float(r) * shortest - d) <= 1e-14 * d for r, d in zip(ratios, delays, strict=True)):
        denominator = lcm(*(r.denominator for r in ratios))
        counts = [int(r * denominator) for r in ratios]
        shared = gcd(*counts)
        multiples = np.array([c // shared for c in counts])
        if multiples.max() <= _LARGEST_LAG:
            return shortest / multiples.min(), multiples
    return shortest, np.zeros(len(delays), dtype=int)
