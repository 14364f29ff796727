"""Conditional Lyapunov exponents: whether a part of a system, driven by the rest, forgets where it started."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import sympy
from jaxtyping import Float

from inscape.analysis.exponents import LyapunovSpectrum
from inscape.analysis.lyapunov import average_growth, initial_state, run_lengths, typical_period
from inscape.analysis.tangent_motion import (
    FlowMotion,
    MapMotion,
    check_measurable,
    has_jumps,
    random_frame,
)
from inscape.errors import InputError, UnknownNameError
from inscape.systems.definition import Definition, symbol
from inscape.systems.flow import Flow
from inscape.systems.map import Map


def conditional_exponents(
    system: Flow | Map,
    driven: Sequence[str],
    *,
    initial: Float[np.ndarray, "state"] | None = None,
    duration: float | None = None,
    transient: float | None = None,
    periods: float | None = None,
    seed: int | np.random.Generator | None = 0,
    tolerance: float = 1e-12,
    max_seconds: float | None = None,
    progress: bool | None = None,
) -> LyapunovSpectrum:
    """Lyapunov exponents of a driven part of a system along the motion of the whole.

    A copy of the driven variables that receives the others synchronises with them if and only if all its conditional
    exponents are negative (Pecora & Carroll 1990, Phys. Rev. Lett. 64, 821).

    Parameters
    ----------
    system : the whole: a flow without jumps, or a map.
    driven : names of the state variables of the driven part.
    initial, duration, transient, periods, seed, tolerance, max_seconds, progress : as of `lyapunov_spectrum`.

    Returns
    -------
    LyapunovSpectrum with one exponent for each driven variable.

    Raises
    ------
    UnknownNameError : if a name is not a state variable.
    InputError : if no variable or all of them are named, one is named twice, or the flow jumps.
    DivergedError : if the state leaves every bounded region.
    """
    check_measurable(system)
    if not isinstance(driven, Iterable):
        raise InputError(f"driven: {type(driven).__name__} found, expected names of state variables")
    names = (driven,) if isinstance(driven, str) else tuple(driven)
    for name in names:
        if name not in system.state_names:
            raise UnknownNameError(f"state variable of {system.name}", str(name), system.state_names)
    if not 0 < len(names) < system.dimension or len(set(names)) < len(names):
        raise InputError(f"driven: {list(names)} found, expected some but not all state variables, each once")
    if isinstance(system, Flow) and has_jumps(system.definition):
        raise InputError(f"{system.name}: jumps in the law; conditional exponents need one without")
    start = initial_state(system, initial)
    period = 1.0 if isinstance(system, Map) else typical_period(system, start)
    duration, transient = run_lengths(system, duration, transient, periods, period)

    size, parts = system.dimension, len(names)
    definition = with_driven_tangent(system.definition, names)
    frame = np.vstack([np.zeros((size, parts)), random_frame(parts, parts, np.random.default_rng(seed))])
    start = np.concatenate([start, np.zeros(parts)])
    motion: FlowMotion | MapMotion
    if isinstance(system, Map):
        motion = MapMotion(Map(definition, initial=start), start, frame)
    else:
        flow = Flow(definition, initial=start, period=period)
        motion = FlowMotion(flow, start, frame, interval=period / 20, tolerance=tolerance, measure_volume=False)
    return average_growth(
        motion,
        duration,
        transient,
        period,
        system=f"{system.name}, {', '.join(names)} driven",
        dimension=size,
        autonomous=False,
        max_seconds=max_seconds,
        progress=progress,
    )


def with_driven_tangent(definition: Definition, names: Sequence[str]) -> Definition:
    """The law with one more variable w for each driven one, dw/dt = J w with J the driven block of the Jacobian.

    w = 0 is a solution, and the tangent vectors in its directions are exactly those of the driven part.
    """
    from inscape.analysis.map_tangent import almost_everywhere_jacobian

    rows = [definition.state_names.index(n) for n in names]
    columns = [definition.states[r] for r in rows]
    block = almost_everywhere_jacobian([definition.expressions[r] for r in rows], columns)
    taken = {*definition.state_names, *definition.input_names, *definition.parameters}
    fresh: list[str] = []
    for name in names:
        label = f"{name}_departure"
        while label in taken:
            label += "_"
        fresh.append(label)
    departures = [symbol(f) for f in fresh]
    sides = [sum((a * w for a, w in zip(row, departures, strict=True)), sympy.S.Zero) for row in block]
    return Definition(
        f"{definition.name} with a driven part",
        (*definition.state_names, *fresh),
        definition.input_names,
        definition.parameters,
        (*definition.expressions, *sides),
    )
