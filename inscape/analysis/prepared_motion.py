"""What every measurement along a tangent motion does first: check, start, fall onto the attractor, align the frame."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.lyapunov import initial_state, typical_period
from inscape.analysis.series import at_least_zero, positive, whole
from inscape.analysis.tangent_motion import FlowMotion, MapMotion, check_measurable, random_frame
from inscape.errors import InputError
from inscape.systems.flow import Flow
from inscape.systems.map import Map


def prepared_motion(
    system: Flow | Map,
    *,
    initial: Any = None,
    count: int | None = None,
    transient: float = 0.0,
    frame: Float[np.ndarray, "state count"] | None = None,
    seed: int | np.random.Generator | None = 0,
    tolerance: float = 1e-12,
    measure_volume: bool = False,
) -> tuple[FlowMotion | MapMotion, float]:
    """A tangent motion that has left its transient behind, and the period of the system (1 for a map).

    Raises
    ------
    InputError : if the system is no flow or map, the state does not fit, or `count` is not from 1 to its dimension.
    DivergedError : if the transient does not stay in bounds.
    """
    check_measurable(system)
    state = initial_state(system, initial)
    count = system.dimension if count is None else whole(count, "count")
    if count > system.dimension:
        raise InputError(f"count: {count} found, expected at most {system.dimension}, the number of state variables")
    if frame is None:
        frame = random_frame(system.dimension, count, np.random.default_rng(seed))
    motion: FlowMotion | MapMotion
    if isinstance(system, Map):
        motion, period = MapMotion(system, state, frame), 1.0
    else:
        period = typical_period(system, state)
        motion = FlowMotion(
            system, state, frame, interval=period / 20, tolerance=tolerance, measure_volume=measure_volume
        )
    transient = at_least_zero(transient, "transient")
    if transient > 0:
        motion.grow(motion.time + transient)
    return motion, period


def sampling_grid(
    system: Flow | Map, period: float, duration: float | None, per_period: int, periods: float
) -> tuple[int, float]:
    """(samples, step) of a run of `duration`, or of so many periods; a map is sampled at every iteration."""
    duration = periods * period if duration is None else positive(duration, "duration")
    if isinstance(system, Map):
        return max(1, round(duration)), 1.0
    samples = max(1, round(duration / period * whole(per_period, "per_period")))
    return samples, duration / samples
