"""Poincare sections: where a motion crosses a surface, and the map from one crossing to the next."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from jaxtyping import Float

from inscape.analysis.interpolated_path import Path
from inscape.analysis.series import at_least_zero, points_of, positive, series_of, whole
from inscape.analysis.surface import Surface, surface, symbolic_level
from inscape.errors import InputError
from inscape.trajectories import Trajectories, Trajectory

PER_PERIOD = 400
"""Samples a period from which crossings of a delay flow are interpolated."""


def poincare_section(
    motion: Any,
    plane: Any,
    *,
    direction: Any = None,
    periods: float = 500.0,
    duration: float | None = None,
    transient: float | None = None,
    initial: Float[np.ndarray, "state"] | None = None,
) -> Trajectory:
    """Crossings of a surface by a run.

    A flow finds its crossings itself, to rounding, as roots of its Taylor series; a recording, and the run of a delay
    flow, is interpolated by cubic splines.

    Parameters
    ----------
    motion : a flow, or a trajectory.
    plane : "z = 27", "maxima of x", ("z", 27) or (normal, offset); see `surface.surface`.
    direction : "up", "down" or "both": the sense of left side minus right side; "up" if None.
    periods, duration : how long a flow runs; `duration`, in its time unit, comes first.
    transient : time that a flow runs before; 20 periods (or a tenth of `duration`) if None.
    initial : (state,) where a flow starts; its own initial state if None.

    Returns
    -------
    Trajectory of the crossings: their times and states, with `plane` and `direction` in its context.

    Raises
    ------
    InputError : if the surface cannot be read, nothing crosses it, or the motion is neither.
    """
    if isinstance(motion, Trajectory | Trajectories):
        run = motion[0] if isinstance(motion, Trajectories) and len(motion) == 1 else motion
        return _section_of_run(run, plane, direction)
    if not hasattr(motion, "simulate") or not hasattr(motion, "definition"):
        raise InputError(f"motion: {type(motion).__name__} found, expected a flow or a trajectory")
    span, lead = _durations(motion, periods, duration, transient)
    if not hasattr(motion, "crossings"):
        step = (motion.period or span / 500) / PER_PERIOD
        run = motion.simulate(initial, np.arange(max(round(span / step), 4)) * step, transient=lead)
        return _section_of_run(run, plane, direction)
    cut = surface(plane, motion.state_names, direction)
    found = motion.crossings(
        symbolic_level(cut, motion), (0.0, span), transient=lead, initial=initial, direction=_sense(cut)
    )
    if len(found) == 0:
        why = f" ({found.stopped})" if found.stopped else ""
        raise InputError(f"section: {motion.name} does not cross {cut.text} {_sense(cut)} within {span:g}{why}")
    context = {**motion.parameters, "section": cut.text, "direction": _sense(cut)}
    if found.stopped:
        context["stopped"] = found.stopped
    return Trajectory(found.times, found.states, context=context, state_names=motion.state_names, source=motion.name)


def _section_of_run(run: Any, plane: Any, direction: Any) -> Trajectory:
    points = points_of(run, least=4, missing=True)
    cut = surface(plane, run.state_names, direction)
    path = spline_path(run.times, points)
    times, states = path.crossings(cut)
    if len(times) == 0:
        low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
        extent = [f"{n} {a:.4g} to {b:.4g}" for n, a, b in zip(run.state_names, low, high, strict=True)]
        raise InputError(f"section: {cut.text} is not crossed {_sense(cut)}; the run covers {', '.join(extent[:4])}")
    context = {**run.context, "section": cut.text, "direction": _sense(cut)}
    return run.replace(times=times, states=states, inputs=None, input_names=(), context=context)


def stroboscopic_section(
    system: Any,
    interval: float,
    *,
    count: int = 1_000,
    transient: int = 100,
    initial: Float[np.ndarray, "state"] | None = None,
) -> Trajectory:
    """A flow seen once every `interval`, as one looks at a driven system; `transient` is in intervals."""
    from inscape.systems.delay_flow import DelayFlow
    from inscape.systems.flow import Flow

    if not isinstance(system, (Flow, DelayFlow)):
        raise InputError(f"system: {type(system).__name__} found, expected a flow")
    interval, count = positive(interval, "interval"), whole(count, "count")
    start = whole(transient, "transient", 0)
    times = np.arange(start, start + count) * interval
    return cast(Trajectory, system.simulate(initial, times, transient=start * interval))


def return_map(section: Any, column: int | str = 0) -> Float[np.ndarray, "pair two"]:
    """One variable at each crossing beside its value at the next: (pair, 2).

    Parameters
    ----------
    section : what `poincare_section` gave, or a (time,) or (time, state) array of successive values.
    """
    values = series_of(section, "section", column=column)
    return np.column_stack([values[:-1], values[1:]])


def spline_path(times: Float[np.ndarray, "time"], states: Float[np.ndarray, "time state"]) -> Path:
    """The cubic spline through every unbroken stretch of at least four samples; the others have no velocity (NaN)."""
    from scipy.interpolate import CubicSpline

    velocities = np.full_like(states, np.nan)
    whole_rows = np.isfinite(states).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], whole_rows, [False]]).astype(int)))
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        if last - first >= 4:
            stretch = slice(first, last)
            velocities[stretch] = CubicSpline(times[stretch], states[stretch])(times[stretch], 1)
    return Path(times, np.where(np.isfinite(velocities), states, np.nan), velocities)


def law_path(system: Any, run: Trajectory) -> Path:
    """Quintic pieces through a run of a flow, with velocities and accelerations taken from the law (x'' = J x')."""
    velocities = system.rhs(run.states, run.times, run.inputs)
    if not getattr(system, "is_smooth", True) or not system.definition.is_autonomous or run.inputs is not None:
        # A kink has no acceleration, and the explicit time derivative is not at hand.
        return Path(run.times, run.states, velocities)
    accelerations = np.einsum("tij,tj->ti", system.jacobian(run.states, run.times), velocities)
    return Path(run.times, run.states, velocities, accelerations)


def _durations(system: Any, periods: float, duration: float | None, transient: float | None) -> tuple[float, float]:
    """How long a flow is watched, and how long before."""
    if duration is None and system.period is None:
        raise InputError(f"{system.name}: its period is not known; give duration=")
    span = positive(duration, "duration") if duration is not None else positive(periods, "periods") * system.period
    if transient is not None:
        return span, at_least_zero(transient, "transient")
    return span, 20 * system.period if duration is None else span / 10


def _sense(cut: Surface) -> str:
    return {1: "up", -1: "down", 0: "both"}[cut.direction]
