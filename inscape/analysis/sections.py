"""Poincare sections: where a motion crosses a surface, and the map from one crossing to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.interpolated_path import Path
from inscape.analysis.series import points_of, positive, series_of, whole
from inscape.analysis.surface import Surface, surface
from inscape.errors import InputError
from inscape.trajectories import Trajectories, Trajectory

PER_PERIOD = 400
"""Samples a period from which crossings of a flow are interpolated."""


def poincare_section(
    motion: Any,
    plane: Any,
    *,
    direction: Any = None,
    periods: float = 500.0,
    duration: float | None = None,
    transient: float | None = None,
    initial: Float[np.ndarray, "state"] | None = None,
    per_period: int = PER_PERIOD,
) -> Trajectory:
    """Crossings of a surface by a run.

    A flow is simulated, and its crossings are found on quintic pieces that match states, velocities and accelerations
    at every sample, the latter two exactly from the law; a recording is interpolated by cubic splines.

    Parameters
    ----------
    motion : a flow, or a trajectory.
    plane : "z = 27", "maxima of x", ("z", 27) or (normal, offset); see `surface.surface`.
    direction : "up", "down" or "both": the sense of left side minus right side; "up" if None.
    periods, duration : how long a flow runs; `duration`, in its time unit, comes first.
    transient : time that a flow runs before; 20 periods (or a tenth of `duration`) if None.
    initial : (state,) where a flow starts; its own initial state if None.
    per_period : samples a period between which a flow's crossings are interpolated.

    Returns
    -------
    Trajectory of the crossings: their times and states, with `plane` and `direction` in its context.

    Raises
    ------
    InputError : if the surface cannot be read, nothing crosses it, or the motion is neither.
    """
    if isinstance(motion, Trajectory | Trajectories):
        run = motion[0] if isinstance(motion, Trajectories) and len(motion) == 1 else motion
        points = points_of(run, least=4, missing=True)
        cut = surface(plane, run.state_names, direction)
        path = spline_path(run.times, points)
        names, context, source, units = run.state_names, dict(run.context), run.source, dict(run.units)
    elif hasattr(motion, "rhs") and hasattr(motion, "jacobian") and hasattr(motion, "simulate"):
        cut = surface(plane, motion.state_names, direction)
        run = _simulated(motion, periods, duration, transient, initial, whole(per_period, "per_period", 4))
        path = law_path(motion, run)
        names, context, source, units = motion.state_names, dict(run.context), motion.name, {}
    else:
        raise InputError(f"motion: {type(motion).__name__} found, expected a flow or a trajectory")
    times, states = path.crossings(cut)
    if len(times) == 0:
        raise InputError(f"section: {cut.text} is not crossed {_sense(cut)}; the run covers {_extent(path, names)}")
    context |= {"section": cut.text, "direction": _sense(cut)}
    return Trajectory(times, states, context=context, state_names=names, source=source, units=units)


def stroboscopic_section(
    system: Any,
    interval: float,
    *,
    count: int = 1_000,
    transient: int = 100,
    initial: Float[np.ndarray, "state"] | None = None,
) -> Trajectory:
    """A flow seen once every `interval`, as one looks at a driven system; `transient` is in intervals."""
    interval, count = positive(interval, "interval"), whole(count, "count")
    start = whole(transient, "transient", 0)
    return system.simulate(initial, np.arange(start, start + count) * interval, transient=start * interval)


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


def _simulated(
    system: Any, periods: float, duration: float | None, transient: float | None, initial: Any, per_period: int
) -> Trajectory:
    period = system.period
    if duration is None and period is None:
        raise InputError(f"{system.name}: its period is not known; give duration=")
    span = positive(duration, "duration") if duration is not None else positive(periods, "periods") * period
    step = (period if period is not None else span / 500) / per_period
    lead = transient if transient is not None else (20 * period if duration is None else span / 10)
    return system.simulate(initial, np.arange(max(round(span / step), 4)) * step, transient=lead)


def _sense(cut: Surface) -> str:
    return {1: "up", -1: "down", 0: "both"}[cut.direction]


def _extent(path: Path, names: tuple[str, ...]) -> str:
    low, high = np.nanmin(path.states, axis=0), np.nanmax(path.states, axis=0)
    return ", ".join(f"{n} {a:.4g} to {b:.4g}" for n, a, b in list(zip(names, low, high, strict=True))[:4])
