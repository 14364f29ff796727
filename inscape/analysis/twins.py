"""The largest Lyapunov exponent from twins: two runs that start next to each other and are put back when they part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from inscape.analysis.batch_means import batch_means
from inscape.analysis.exponents import LyapunovSpectrum
from inscape.analysis.lyapunov import initial_state, run_lengths, typical_period
from inscape.analysis.series import positive
from inscape.analysis.tangent_motion import check_measurable
from inscape.errors import DivergedError, InputError
from inscape.systems.flow import Flow
from inscape.systems.map import Map


def largest_exponent_twins(
    system: Flow | Map,
    *,
    initial: Float[np.ndarray, "state"] | None = None,
    duration: float | None = None,
    transient: float | None = None,
    periods: float | None = None,
    separation: float = 1e-8,
    seed: int | np.random.Generator | None = 0,
    tolerance: float = 1e-13,
) -> LyapunovSpectrum:
    """The largest exponent from the distance of two runs, rescaled to `separation` (Benettin et al. 1976).

    It needs no Jacobian, and so checks one. Its bias is of the order of the separation over the size of the attractor.

    Parameters
    ----------
    system, initial, duration, transient, periods, seed, tolerance : as of `lyapunov_spectrum`; 200,000 iterations of a
        map by default.
    separation : distance of the twins after each rescaling, in the unit of the state.

    Returns
    -------
    LyapunovSpectrum with one exponent.

    Raises
    ------
    InputError : if an argument is not what it should be.
    DivergedError : if a run leaves every bounded region.
    """
    check_measurable(system)
    start = initial_state(system, initial)
    separation = positive(separation, "separation")
    is_map = isinstance(system, Map)
    period = 1.0 if isinstance(system, Map) else typical_period(system, start)
    if is_map and duration is None and periods is None:
        duration = 200_000.0
    duration, transient = run_lengths(system, duration, transient, periods, period)
    advance = _iterations(system) if isinstance(system, Map) else _integration(system, tolerance)
    step = 1.0 if is_map else period / 20
    direction = np.random.default_rng(seed).standard_normal(system.dimension)
    first = start
    second = first + separation * direction / np.linalg.norm(direction)
    lead, steps = int(np.ceil(transient / step)), int(np.ceil(duration / step))
    if steps < 2:
        raise InputError(f"duration: {duration} found, expected at least {2 * step}")
    growth = np.empty(lead + steps)
    for i in range(lead + steps):
        first, second = advance(first, i * step, step), advance(second, i * step, step)
        apart = second - first
        distance = float(np.linalg.norm(apart))
        if not np.isfinite(distance):
            raise DivergedError(f"{system.name}: the state left every bounded region; start nearer to the attractor")
        if distance == 0.0:
            raise DivergedError(f"{system.name}: the twins met; take a separation above {separation:g}")
        growth[i] = np.log(distance / separation) / step
        second = first + apart * (separation / distance)
    means = batch_means(growth[lead:, None])
    return LyapunovSpectrum(
        means.mean,
        means.covariance,
        means.degrees_of_freedom,
        duration=steps * step,
        dimension=system.dimension,
        autonomous=not is_map and system.definition.is_autonomous,
        period=period,
        local=growth[lead:, None],
        sample_duration=step,
        interval=step,
        system=f"{system.name}, twins",
    )


Advance = Callable[[Float[np.ndarray, "state"], float, float], Float[np.ndarray, "state"]]


def _integration(flow: Flow, tolerance: float) -> Advance:
    from inscape.systems.integrator import Integrator

    motion = Integrator(flow, tangent=0, tolerance=tolerance)

    def advance(state: Float[np.ndarray, "state"], time: float, step: float) -> Float[np.ndarray, "state"]:
        motion.time = time
        motion.state = state
        motion.advance(step)
        return np.array(motion.state)

    return advance


def _iterations(system: Map) -> Advance:
    from inscape.analysis.map_tangent import tangent_map

    move, parameters = tangent_map(system.definition), system.parameter_values
    size = system.dimension
    jacobian = np.empty((size, size))

    def advance(state: Float[np.ndarray, "state"], time: float, step: float) -> Float[np.ndarray, "state"]:
        image = np.empty(size)
        move(np.ascontiguousarray(state), parameters, image, jacobian)
        return image

    return advance
