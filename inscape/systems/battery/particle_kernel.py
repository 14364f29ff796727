"""Diffusion of lithium in the two kinds of particle, many runs at once, in compiled loops.

Spherical shells, thinner towards the surface; flux form, so that lithium is kept to rounding; variable-step BDF2 with
the diffusivity taken at the extrapolated state, so that a step is one tridiagonal solve. The flux of a step is
that which brings the mean to where the charge that has passed puts it.
"""

from __future__ import annotations

import numpy as np
from numba import njit

GRADING = 1.6
"""Depth of the k-th of n faces below the surface is ((n - k) / n)^GRADING of the radius."""


def shell_faces(count: int) -> np.ndarray:
    """(count + 1,) radii of the shells' faces, in particle radii."""
    return 1.0 - ((count - np.arange(count + 1)) / count) ** GRADING


def shell_radii(count: int) -> np.ndarray:
    """(count,) the radius at which each shell's mean lies on a parabola, in particle radii."""
    faces = shell_faces(count)
    return np.sqrt(0.6 * np.diff(faces**5) / np.diff(faces**3))


@njit(cache=True, inline="always")
def evaluate(values, slopes, x):  # type: ignore[no-untyped-def]
    """A curve's cubic at x, clipped to [0, 1]."""
    place = min(max(x, 0.0), 1.0) * (values.size - 1)
    k = min(int(place), values.size - 2)
    u = place - k
    rise = values[k + 1] - values[k]
    return values[k] + u * (
        slopes[k] + u * (3.0 * rise - 2.0 * slopes[k] - slopes[k + 1] + u * (slopes[k] + slopes[k + 1] - 2.0 * rise))
    )


@njit(cache=True, fastmath=True)
def run_particle(  # type: ignore[no-untyped-def]
    faces,
    steps,
    restarts,
    outputs,
    uptake,
    taken,
    rates,
    slopes,
    is_constant,
    factor,
    start,
    surface,
    profile,
    has_profile,
):
    """One particle through all steps.

    faces (shell + 1,) in radii; steps, restarts (step,); outputs (time,) steps before each output; uptake (step,) a
    third of the rate at which the mean stoichiometry falls at the end of each step, 1/s; taken (step + 1,) its
    integral; rates, slopes: D / R^2 as a curve, times `factor`; start stoichiometry. Fills surface (time,) and, where
    has_profile, profile (time, shell).
    """
    n = faces.size - 1
    volume = np.empty(n)
    second = np.empty(n)  # mean of s^2 over a shell
    for i in range(n):
        volume[i] = (faces[i + 1] ** 3 - faces[i] ** 3) / 3.0
        second[i] = (faces[i + 1] ** 5 - faces[i] ** 5) / (5.0 * volume[i])
    # Differences are taken in s^2: a parabola, which every steady current ends in, then has its exact fluxes.
    shape = np.empty(n)
    weight = np.empty(n)  # of the outer neighbour in the state at the face
    shape[0] = 0.0
    weight[0] = 0.0
    for i in range(1, n):
        shape[i] = 2.0 * faces[i] ** 3 / (second[i] - second[i - 1])
        weight[i] = (faces[i] ** 2 - second[i - 1]) / (second[i] - second[i - 1])
    # The surface lies on the even quartic through the two outer means with the slope that the current asks for.
    fourth = (faces[n] ** 7 - faces[n - 1] ** 7) / (7.0 * volume[n - 1])
    fourth_below = (faces[n - 1] ** 7 - faces[n - 2] ** 7) / (7.0 * volume[n - 2])
    apart = second[n - 1] - second[n - 2]
    bend = ((1.0 - fourth) - 2.0 * (1.0 - second[n - 1])) / ((fourth - fourth_below) - 2.0 * apart)
    wg = 0.5 * ((1.0 - second[n - 1]) - bend * apart)
    x = np.full(n, start)
    before = np.full(n, start)
    ahead = np.empty(n)
    upper = np.empty(n)
    right = np.empty(n)
    conductance = np.empty(n + 1)
    constant_rate = factor * rates[0]
    conductance[0] = 0.0
    conductance[n] = 0.0
    at_surface = start
    output = 0
    while output < outputs.size and outputs[output] == 0:
        surface[output] = start
        if has_profile:
            for i in range(n):
                profile[output, i] = start
        output += 1
    last = steps[0] if steps.size else 1.0
    a0, a1, a2, ratio = 1.0, 1.0, 0.0, 0.0
    for k in range(steps.size):
        dt = steps[k]
        if restarts[k] == 1:
            a0, a1, a2, ratio = 1.0, 1.0, 0.0, 0.0
        else:
            ratio = dt / last
            a0 = (1.0 + 2.0 * ratio) / (1.0 + ratio)
            a1 = 1.0 + ratio
            a2 = ratio * ratio / (1.0 + ratio)
        if is_constant:
            for i in range(1, n):
                conductance[i] = shape[i] * constant_rate
        else:
            for i in range(n):
                ahead[i] = x[i] + ratio * (x[i] - before[i])
            for i in range(1, n):
                face = ahead[i - 1] + weight[i] * (ahead[i] - ahead[i - 1])
                conductance[i] = shape[i] * factor * evaluate(rates, slopes, face)
        # Thomas, from the centre outward.
        for i in range(n):
            scale = dt / volume[i]
            low = -scale * conductance[i]
            high = -scale * conductance[i + 1]
            value = a1 * x[i] - a2 * before[i]
            if i == n - 1:
                value -= (a0 * taken[k + 1] - a1 * taken[k] + a2 * taken[max(k - 1, 0)]) / volume[i]
            pivot = a0 - low - high
            if i > 0:
                pivot -= low * upper[i - 1]
                value -= low * right[i - 1]
            upper[i] = high / pivot
            right[i] = value / pivot
        for i in range(n):
            before[i] = x[i]
        x[n - 1] = right[n - 1]
        for i in range(n - 2, -1, -1):
            x[i] = right[i] - upper[i] * x[i + 1]
        last = dt
        while output < outputs.size and outputs[output] == k + 1:
            inner = x[n - 1] + bend * (x[n - 1] - x[n - 2])
            at_surface = x[n - 1]
            for _ in range(3):
                rate = constant_rate if is_constant else factor * evaluate(rates, slopes, at_surface)
                at_surface = inner - wg * uptake[k] / rate
            surface[output] = at_surface
            if has_profile:
                for i in range(n):
                    profile[output, i] = x[i]
            output += 1


@njit(cache=True)
def run_batch(  # type: ignore[no-untyped-def]
    faces, steps, restarts, outputs, currents, charges, per_charge, rates, slopes, is_constant, factors, starts,
    surface, profiles, has_profile
):  # fmt: skip
    """One kind of particle for its distinct runs: currents (1 or run, step) A, charges (1 or run, step + 1) C,
    per_charge (run,) uptake of 1 A."""
    uptake = np.empty(steps.size)
    taken = np.empty(steps.size + 1)
    empty = np.empty((1, 1))
    for r in range(factors.size):
        row = r if currents.shape[0] > 1 else 0
        taken[0] = 0.0
        for k in range(steps.size):
            uptake[k] = currents[row, k] * per_charge[r]
            taken[k + 1] = charges[row, k + 1] * per_charge[r]
        run_particle(
            faces, steps, restarts, outputs, uptake, taken, rates, slopes, is_constant, factors[r], starts[r],
            surface[r], profiles[r] if has_profile else empty, has_profile,
        )  # fmt: skip


@njit(cache=True)
def terminal_voltage(  # type: ignore[no-untyped-def]
    xa, xc, a_index, c_index, currents, ua, ua_s, uc, uc_s, ia, ia_s, ic, ic_s, factor_a, factor_c, area_a, area_c,
    resistance, thermal, is_linear, shift, salt_a, salt_c, voltages
):  # fmt: skip
    """Voltages (run, time) from surface stoichiometries of the distinct particles; NaN from where one leaves (0, 1).

    shift (1 or run, time) V, salt_a and salt_c factors on the exchange currents: what the electrolyte does.
    """
    for r in range(voltages.shape[0]):
        row = r if currents.shape[0] > 1 else 0
        a, c = a_index[r], c_index[r]
        salt = r if shift.shape[0] > 1 else 0
        stopped = False
        for t in range(voltages.shape[1]):
            x, y = xa[a, t], xc[c, t]
            if stopped or not (0.0 < x < 1.0 and 0.0 < y < 1.0) or np.isnan(shift[salt, t]):
                stopped = True
                voltages[r, t] = np.nan
                continue
            current = currents[row, t]
            za = current / (area_a[r] * max(factor_a[r] * salt_a[salt, t] * evaluate(ia, ia_s, x), 1e-12))
            zc = current / (area_c[r] * max(factor_c[r] * salt_c[salt, t] * evaluate(ic, ic_s, y), 1e-12))
            if is_linear:
                loss = thermal * (za + zc)
            else:
                loss = 2.0 * thermal * (np.arcsinh(0.5 * za) + np.arcsinh(0.5 * zc))
            voltages[r, t] = evaluate(uc, uc_s, y) - evaluate(ua, ua_s, x) - loss
            voltages[r, t] += shift[salt, t] - current * resistance[r]
