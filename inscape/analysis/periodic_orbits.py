"""Orbits that close on themselves, by Newton's method, with the Floquet multipliers that say whether they hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from inscape.analysis.series import check_finite, positive, real_numbers, whole
from inscape.errors import DivergedError, InputError
from inscape.trajectories import Trajectory


@dataclass(frozen=True)
class PeriodicOrbit:
    """An orbit that closes.

    state : (state,) a point on it.
    period : in the system's time unit; iterates, of a map.
    multipliers : (state,) Floquet multipliers, largest modulus first; of a flow one of them is 1 (along the orbit).
    residual : distance between the orbit's ends, in the unit of the states.
    orbit : one turn of it.
    has_neutral_direction : whether a multiplier of 1 belongs to moving along it, as in every autonomous flow.
    """

    state: Float[np.ndarray, "state"]
    period: float
    multipliers: Complex[np.ndarray, "state"]
    residual: float
    orbit: Trajectory
    has_neutral_direction: bool

    @property
    def exponents(self) -> Float[np.ndarray, "state"]:
        """Lyapunov exponents of the orbit, 1/time."""
        with np.errstate(divide="ignore"):
            return np.log(np.abs(self.multipliers)) / self.period

    @property
    def is_stable(self) -> bool:
        """Whether no disturbance grows, the neutral one along a flow's orbit left aside."""
        moduli = np.abs(self.multipliers)
        if not self.has_neutral_direction:
            return bool((moduli < 1).all())
        along = int(np.argmin(np.abs(self.multipliers - 1)))
        return bool((np.delete(moduli, along) < 1).all())


def periodic_orbit(
    system: Any,
    guess: Float[np.ndarray, "state"],
    period: float | None = None,
    *,
    tolerance: float = 1e-10,
    rounds: int = 50,
    segments: int = 1,
) -> PeriodicOrbit:
    """The periodic orbit near a guess.

    Newton's method on phi_T(x) = x with the monodromy matrix from the variational equations. Of an autonomous flow the
    period is an unknown as well, and the step is held orthogonal to the flow; of a driven one and of a map it is given.

    Parameters
    ----------
    system : a flow or a map.
    guess : (state,) near the orbit.
    period : of a flow, a guess (its catalogue period if None), or, where time stands in the law, the period itself;
        of a map, the number of iterates (1 if None), of which the least that closes is reported.
    tolerance : greatest distance between the orbit's ends, in units of the size of the state.
    rounds : Newton steps before giving up.
    segments : of a flow: pieces that are shot side by side (multiple shooting), for long unstable orbits.

    Raises
    ------
    InputError : if the guess does not fit the system.
    DivergedError : if Newton's method does not arrive; a better guess mends it.
    """
    if not hasattr(system, "jacobian") or not hasattr(system, "simulate"):
        raise InputError(f"system: {type(system).__name__} found, expected a flow or a map")
    start = real_numbers(guess, "guess")
    if start.shape != (system.dimension,):
        raise InputError(f"guess: shape {start.shape} found, expected ({system.dimension},) for {system.name}")
    check_finite(start, "guess")
    tolerance, rounds, segments = positive(tolerance, "tolerance"), whole(rounds, "rounds"), whole(segments, "segments")
    if system.is_map:
        return _orbit_of_map(system, start, whole(1 if period is None else period, "period"), tolerance, rounds)
    if period is None and system.period is None:
        raise InputError(f"{system.name}: its period is not known; give period=")
    turn = positive(system.period if period is None else period, "period")
    return _orbit_of_flow(system, start, turn, tolerance, rounds, segments)


def _orbit_of_flow(
    system: Any, start: np.ndarray, period: float, tolerance: float, rounds: int, segments: int
) -> PeriodicOrbit:
    from inscape.systems.integrator import Integrator

    size, free = len(start), system.definition.is_autonomous
    integrator = Integrator(system, tangent=size)
    knots = np.empty((segments, size))
    integrator.time, knots[0] = 0.0, start
    for k in range(1, segments):
        integrator.state = knots[k - 1]
        integrator.advance(period / segments)
        knots[k] = integrator.state
    scale = max(float(np.abs(knots).max()), 1e-12)
    ends, slopes = np.empty_like(knots), np.empty((segments, size, size))
    for _ in range(rounds):
        span = period / segments
        for k in range(segments):
            integrator.time, integrator.state, integrator.tangent = k * span, knots[k], np.eye(size)
            integrator.advance(span)
            ends[k], slopes[k] = integrator.state, integrator.tangent
        gap = ends - np.roll(knots, -1, axis=0)
        worst = float(np.abs(gap).max())
        if worst <= tolerance * scale:
            break
        equations = np.zeros((segments * size + free, segments * size + free))
        for k in range(segments):
            here, there = slice(k * size, (k + 1) * size), ((k + 1) % segments) * size
            equations[here, here] += slopes[k]
            equations[here, there : there + size] -= np.eye(size)
            if free:
                equations[here, -1] = system.rhs(ends[k]) / segments
                equations[-1, here] = system.rhs(knots[k])
        step = np.linalg.lstsq(equations, -np.append(gap.ravel(), np.zeros(int(free))), rcond=None)[0]
        # A long step leaves the region in which the orbit is nearly linear.
        shorter = min(1.0, 0.3 * scale / max(float(np.abs(step[: segments * size]).max()), 1e-300))
        if free:
            shorter = min(shorter, 0.3 * period / max(abs(float(step[-1])), 1e-300))
        knots = knots + shorter * step[: segments * size].reshape(segments, size)
        period = period + shorter * step[-1] if free else period
        if not np.isfinite(knots).all() or not np.isfinite(period) or period <= 0:
            raise DivergedError(f"{system.name}: Newton's method left every bound; expected a better guess")
    else:
        raise DivergedError(f"{system.name}: orbit open by {worst:.3g} after {rounds} steps; expected a better guess")
    if free and float(np.abs(system.rhs(knots[0])).max()) * period <= 1e-6 * scale:
        raise DivergedError(f"{system.name}: Newton's method arrived at the fixed point {knots[0]}, not at an orbit")
    monodromy = np.eye(size)
    for slope in slopes:
        monodromy = slope @ monodromy
    orbit = system.simulate(knots[0], np.linspace(0.0, period, 401))
    return PeriodicOrbit(knots[0], float(period), _by_modulus(monodromy), worst, orbit, free)


def _orbit_of_map(system: Any, start: np.ndarray, period: int, tolerance: float, rounds: int) -> PeriodicOrbit:
    state, identity = start, np.eye(len(start))
    scale = max(float(np.abs(start).max()), 1e-12)
    for _ in range(rounds):
        path = [state]
        slope = identity
        for step in range(period):
            slope = system.jacobian(path[-1], step) @ slope
            path.append(system.rhs(path[-1], step))
        gap = path[-1] - state
        if not np.isfinite(gap).all():
            raise DivergedError(f"{system.name}: Newton's method left every bound; expected a better guess")
        worst = float(np.abs(gap).max())
        if worst <= tolerance * scale:
            break
        state = state - np.linalg.lstsq(slope - identity, gap, rcond=None)[0]
    else:
        raise DivergedError(f"{system.name}: orbit open by {worst:.3g} after {rounds} steps; expected a better guess")
    states = np.array(path)
    for shorter in range(1, period):
        if period % shorter == 0 and np.abs(states[shorter] - states[0]).max() <= 1e3 * tolerance * scale:
            return _orbit_of_map(system, state, shorter, tolerance, rounds)
    orbit = Trajectory(np.arange(period + 1.0), states, state_names=system.state_names, source=system.name)
    return PeriodicOrbit(state, float(period), _by_modulus(slope), worst, orbit, False)


def _by_modulus(matrix: np.ndarray) -> np.ndarray:
    eigenvalues = np.linalg.eigvals(matrix).astype(complex)
    return eigenvalues[np.argsort(-np.abs(eigenvalues), kind="stable")]
