"""One step of a circuit, compiled. Imported where a circuit first acts, since numba takes its time to load."""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np


@numba.njit(cache=True, fastmath=False)
def step(observations: np.ndarray, memory: np.ndarray, tables: Any, actions: np.ndarray) -> int:
    """Fill `actions` and move `memory` on; -1, or the place of the first observation that is not finite."""
    sensors, clocks, synapses = tables.sensors, tables.clocks, tables.synapses
    sensing, timing, neurons = len(sensors), len(clocks), len(tables.order)
    base = 1 + sensing + 2 * timing
    signals = np.empty(base + neurons)
    signals[0] = 1.0
    for row in range(len(observations)):
        seen = observations[row]
        for k in range(len(seen)):
            if not math.isfinite(seen[k]):
                return row * len(seen) + k
        for k in range(sensing):
            signals[1 + k] = sensed(seen[sensors[k, 0]] / tables.scales[k], sensors[k, 1])
        if timing:
            count = np.rint(0.5 * (seen[int(tables.time[0])] + 1.0) * tables.time[1])
            for k in range(timing):
                period = clocks[k, 0]
                phase = (count + clocks[k, 2]) % period
                if clocks[k, 3] == 0.0:
                    # An offset of a third of 60 steps is 20, and must not be 19.999...
                    on = 1.0 if phase < clocks[k, 1] - 1e-9 or phase > period - 1e-9 else 0.0
                    off = 1.0 - on
                else:
                    swing = math.sin(2.0 * math.pi * phase / period)
                    on, off = max(swing, 0.0), max(-swing, 0.0)
                signals[1 + sensing + 2 * k] = on
                signals[2 + sensing + 2 * k] = off
        before = memory[row, 1].copy()
        for n in tables.order:
            total = 0.0
            for s in range(tables.first[n], tables.first[n + 1]):
                source = synapses[s, 0]
                if synapses[s, 1] and source >= base:
                    total += tables.weights[s] * before[source - base]
                else:
                    total += tables.weights[s] * signals[source]
            memory[row, 0, n] += (total - memory[row, 0, n]) * tables.membranes[n, 0]
            said = activated(memory[row, 0, n] if tables.membranes[n, 0] < 1.0 else total, tables.kinds[n])
            if not math.isnan(tables.membranes[n, 1]):
                said = tables.membranes[n, 1]
            memory[row, 1, n] = said
            signals[base + n] = said
        actions[row] = 0.0
        for k in range(len(tables.motors)):
            actions[row, tables.motors[k, 0]] += tables.motors[k, 2] * signals[tables.motors[k, 1]]
        for k in range(actions.shape[1]):
            actions[row, k] = min(max(actions[row, k], -1.0), 1.0)
    return -1


@numba.njit(cache=True, inline="always")
def sensed(x: float, kind: int) -> float:
    """A sensor's signal: its channel over its scale, seen in one of seven ways."""
    if kind == 0:
        return x
    if kind == 1:
        return min(max(x, 0.0), 1.0)
    if kind == 2:
        return min(max(-x, 0.0), 1.0)
    if kind == 3:
        return abs(x)
    if kind == 4:
        return 1.0 if x > 1.0 else 0.0
    if kind == 5:
        return 1.0 if -x > 1.0 else 0.0
    return 1.0 if abs(x) <= 1.0 else 0.0


@numba.njit(cache=True, inline="always")
def activated(x: float, kind: int) -> float:
    """Graded clip(x, 0, 1), rectified max(x, 0), or linear."""
    if kind == 0:
        return min(max(x, 0.0), 1.0)
    return max(x, 0.0) if kind == 1 else x
