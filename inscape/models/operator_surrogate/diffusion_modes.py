"""The surface of a sphere into which lithium flows: the exact mean plus a few numbers that remember the past.

With x the stoichiometry, f = D / R^2 and u a third of the rate at which the mean falls: a quasi-steady parabola has its
surface at mean - u / (5 f); the quartic profile of Subramanian et al. (2005, J. Electrochem. Soc. 152, A2002) carries
one number more, dg/dt = -30 f g - 22.5 u, surface = mean + 8 g / 35 - u / (35 f); the eigenmodes of the linear problem
carry one each, da/dt = -lambda^2 f a - 2 u with tan lambda = lambda, surface = mean + sum a - (u / f) times what the
left-out modes weigh.

Where D varies over the profile, f is taken at mean + 2/7 (surface - mean): right to first order for the parabola, since
surface - mean = -u times the integral of s^4 / f over the radius s, and the parabola at the mean s^2 of that weight,
5/7, is 2/7 of its way from the mean to the surface.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numba import njit

from inscape.systems.battery.particle_kernel import evaluate

PARABOLA, QUARTIC, EIGENMODES = 0, 1, 2


def eigenvalues(count: int) -> Float[np.ndarray, "mode"]:
    """The first positive roots of tan lambda = lambda."""
    roots = (np.arange(1, count + 1) + 0.5) * np.pi
    for _ in range(50):
        roots = (np.arange(1, count + 1)) * np.pi + np.arctan(roots)
    return roots


@njit(cache=True, fastmath=True)
def surfaces(  # type: ignore[no-untyped-def]
    kind,
    squares,
    steps,
    outputs,
    currents,
    charges,
    per_charge,
    rates,
    slopes,
    factors,
    starts,
    found,
    memory,
    has_memory,
):
    """Surface stoichiometries found (run, time) along internal steps; where has_memory, the state (run, time, mode).

    squares (mode,) of the eigenvalues; currents (1 or run, step) A; charges (1 or run, step + 1) C;
    per_charge (run,) uptake u of one ampere; rates, slopes: D / R^2 as a curve, times factors (run,); starts (run,).
    """
    modes = squares.size if kind == EIGENMODES else 1
    tail = 0.2
    for m in range(modes):
        if kind == EIGENMODES:
            tail -= 2.0 / squares[m]
    state = np.empty(modes)
    for r in range(factors.size):
        row = r if currents.shape[0] > 1 else 0
        mean = starts[r]
        surface = mean
        for m in range(modes):
            state[m] = 0.0
        output = 0
        while output < outputs.size and outputs[output] == 0:
            found[r, output] = mean
            if has_memory:
                memory[r, output, :] = 0.0
            output += 1
        for k in range(steps.size):
            u = currents[row, k] * per_charge[r]
            before = mean
            mean = starts[r] - 3.0 * charges[row, k + 1] * per_charge[r]
            middle = 0.5 * (before + mean)
            rate = factors[r] * evaluate(rates, slopes, middle + (surface - mean) * 2.0 / 7.0)
            # Each mode relaxes exactly while current and rate stand still.
            if kind == QUARTIC:
                rest = -0.75 * u / rate
                state[0] = rest + (state[0] - rest) * np.exp(-30.0 * rate * steps[k])
            elif kind == EIGENMODES:
                for m in range(modes):
                    rest = -2.0 * u / (squares[m] * rate)
                    state[m] = rest + (state[m] - rest) * np.exp(-squares[m] * rate * steps[k])
            for _ in range(3):
                rate = factors[r] * evaluate(rates, slopes, mean + (surface - mean) * 2.0 / 7.0)
                if kind == PARABOLA:
                    surface = mean - 0.2 * u / rate
                elif kind == QUARTIC:
                    surface = mean + 8.0 / 35.0 * state[0] - u / (35.0 * rate)
                else:
                    total = 0.0
                    for m in range(modes):
                        total += state[m]
                    surface = mean + total - tail * u / rate
            while output < outputs.size and outputs[output] == k + 1:
                found[r, output] = surface
                if has_memory:
                    for m in range(modes):
                        memory[r, output, m] = state[m]
                output += 1
