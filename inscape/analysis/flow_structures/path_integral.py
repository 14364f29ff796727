"""`PathIntegral`: a running integral over uneven instants, of third order, without keeping what was summed."""

from __future__ import annotations

import numpy as np


class PathIntegral:
    """The integral of an array-valued function of time from its first sample to its latest.

    Each step is integrated on the parabola through its two ends and the sample before (after, for the first step).
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._values: list[np.ndarray] = []
        self._done: np.ndarray | None = None

    def add(self, time: float, value: np.ndarray) -> None:
        """The next sample; times go one way."""
        self._times.append(time)
        self._values.append(np.array(value, dtype=float))
        if len(self._times) < 3:
            return
        first, last = self._times[-3], self._times[-1]
        middle = self._times[-2]
        if self._done is None:
            self._done = self._on_parabola(first, middle)
        self._done = self._done + self._on_parabola(middle, last)
        if len(self._times) > 3:
            self._times.pop(0)
            self._values.pop(0)

    @property
    def total(self) -> np.ndarray:
        """The integral so far; a trapezium where there are only two samples, 0 for one."""
        if self._done is not None:
            return self._done
        if len(self._times) == 2:
            return 0.5 * (self._times[1] - self._times[0]) * (self._values[0] + self._values[1])
        return np.zeros_like(self._values[0])

    def _on_parabola(self, begin: float, end: float) -> np.ndarray:
        nodes = np.array(self._times[-3:]) - begin
        length = end - begin
        # Weights that integrate 1, s and s^2 over [0, length] exactly.
        moments = np.array([length, length**2 / 2, length**3 / 3])
        weights = np.linalg.solve(np.vander(nodes, 3, increasing=True).T, moments)
        return sum(w * v for w, v in zip(weights, self._values[-3:], strict=True))
