"""Numba kernels of stochastic integration: one path along given Wiener increments."""

from __future__ import annotations

import numba
import numpy as np

EULER, MILSTEIN, SRA1 = 0, 1, 2
_UNBOUNDED = 1e12


@numba.njit(cache=True, error_model="numpy")
def follow_path(  # type: ignore[no-untyped-def]
    method, velocity, strength, correction, parameters, inputs, times, increments, areas, is_recorded, x, out
):
    """Follow one path along `times` (step + 1,).

    Parameters
    ----------
    method : EULER (Maruyama 1955), MILSTEIN (1974; diagonal noise) or SRA1 (Roessler 2010; additive noise).
    velocity, strength, correction : f, B and b db/dx as node functions.
    parameters : (parameter + input,); the last entries are overwritten by the inputs.
    inputs : (step + 1, input), interpolated linearly.
    increments, areas : (step, channel) of each Wiener process W over a step: its change, and the integral of
        W(s) - W(start of the step) over the step.
    is_recorded : (step,) whether the state after a step goes to the next row of `out`.
    x : (1, state) where to start; where the path ends on return.

    Returns the number of rows recorded before the state left every bounded region.
    """
    size = x.shape[1]
    channels = increments.shape[1]
    driven = inputs.shape[1]
    first_input = len(parameters) - driven
    none = np.empty((1, 0))
    f = np.empty((1, size))
    g = np.empty((1, size))
    y = np.empty((1, size))
    b = np.zeros((1, size * channels))
    after = np.zeros((1, size * channels))
    c = np.zeros((1, size))
    now = np.empty(1)
    rows = 0
    for step in range(len(times) - 1):
        h = times[step + 1] - times[step]
        now[0] = times[step]
        for k in range(driven):
            parameters[first_input + k] = inputs[step, k]
        velocity(now, x, none, parameters, f)
        strength(now, x, none, parameters, b)
        if method == SRA1:
            for k in range(driven):
                parameters[first_input + k] = inputs[step + 1, k]
            now[0] = times[step + 1]
            strength(now, x, none, parameters, after)
            for i in range(size):
                total = 0.0
                for k in range(channels):
                    total += after[0, i * channels + k] * areas[step, k]
                y[0, i] = x[0, i] + 0.75 * h * f[0, i] + 1.5 * total / h
            for k in range(driven):
                parameters[first_input + k] = 0.25 * inputs[step, k] + 0.75 * inputs[step + 1, k]
            now[0] = times[step] + 0.75 * h
            velocity(now, y, none, parameters, g)
            for i in range(size):
                total = 0.0
                for k in range(channels):
                    at = i * channels + k
                    total += after[0, at] * increments[step, k] + (b[0, at] - after[0, at]) * areas[step, k] / h
                x[0, i] += h * (f[0, i] + 2.0 * g[0, i]) / 3.0 + total
        else:
            if method == MILSTEIN:
                correction(now, x, none, parameters, c)
            for i in range(size):
                total = h * f[0, i]
                for k in range(channels):
                    total += b[0, i * channels + k] * increments[step, k]
                if method == MILSTEIN:
                    total += 0.5 * c[0, i] * (increments[step, i] ** 2 - h)
                x[0, i] += total
        for i in range(size):
            if not abs(x[0, i]) < _UNBOUNDED:
                x[0, i] = np.nan
                return rows
        if is_recorded[step]:
            for i in range(size):
                out[rows, i] = x[0, i]
            rows += 1
    return rows
