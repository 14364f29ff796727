"""A system of the zoo set moving for the eye: its orbit at any parameters, as quickly and finely as a picture needs."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError

PATIENCE = 0.15
"""Seconds that one orbit may take; a slider's hand waits no longer."""
TOLERANCE = 1e-9
"""Relative error of a step: what is drawn has four digits."""
PER_PERIOD = 100
MOST_PER_PERIOD = 2_700
SHARP = 0.8
"""Cosine of a turn between two steps that an eye sees as a corner."""
MOST_POINTS = 20_000
FURTHEST = 1e4
"""Where a picture ends, in sizes of the published attractor: beyond it, nothing of a trajectory can be seen."""

_ALIASES = {"th": "theta", "s": "tt", "kmin": "k_0", "smin": "sigma_0"}
"""Words of the collection's views, and the state or parameter that is meant."""
_engine = threading.Lock()


@dataclass(frozen=True, eq=False)
class Orbit:
    """One orbit as it is drawn.

    Parameters
    ----------
    times : (time,) in the system's unit; whole numbers for a map.
    states : (time, state).
    view : (time, axis), two or three columns to draw: bounded, embedded where there is one state only.
    labels : what the columns of the view are.
    stopped : why the orbit ends early; empty if it does not.
    has_diverged : whether it ends because it left every bounded region.
    seconds : what it took.
    """

    times: Float[np.ndarray, "time"]
    states: Float[np.ndarray, "time state"]
    view: Float[np.ndarray, "time axis"]
    labels: tuple[str, ...]
    stopped: str = ""
    has_diverged: bool = False
    seconds: float = field(default=0.0, compare=False)


@lru_cache(maxsize=256)
def orbit(
    name: str, parameters: tuple[tuple[str, float], ...] = (), points: int = 5_000, patience: float = PATIENCE
) -> Orbit:
    """The orbit of a system of the zoo from its published initial state.

    Parameters
    ----------
    name : a system of the zoo, as of `zoo.names()`.
    parameters : pairs of name and value that differ from the published ones.
    points : samples, `samples_per_period(name)` in each dominant period (one a step for a map).
    patience : seconds after which it comes back as far as it is.

    Raises
    ------
    UnknownNameError : if the system or a parameter is not known.
    InputError : if a value is not finite, or there are too few or too many points.
    """
    from inscape.systems import zoo
    from inscape.systems.map import Map

    if not 2 <= points <= MOST_POINTS:
        raise InputError(f"points: {points} found, expected 2 to {MOST_POINTS:,}")
    system: Any = zoo[name].with_parameters(**dict(parameters))
    is_map = isinstance(system, Map)
    per_period = 1 if is_map else samples_per_period(name)
    furthest = FURTHEST * size_of(name)
    with _engine:
        started = time.perf_counter()
        try:
            if is_map:
                run = system.simulate(steps=points - 1)
            else:
                run = _run(system, points, per_period, patience)
        except DivergedError as error:
            return _nothing(system, is_map, " ".join(str(error).split()), time.perf_counter() - started)
    states = np.asarray(run.states)
    stopped = str(run.context.get("stopped", ""))
    far = np.flatnonzero(~(np.abs(states) < furthest).all(axis=1))
    has_diverged = "diverged" in stopped
    if len(far):
        states, has_diverged = states[: far[0]], True
    times = np.asarray(run.times)[: len(states)]
    end = float(times[-1]) if len(times) else 0.0
    if has_diverged:
        stopped = f"diverged at {'step' if is_map else 't ='} {end:.4g}"
    elif "time budget" in stopped:
        stopped = f"drawn up to t = {end:.4g}: this law needs longer than {1000 * patience:.0f} ms for more"
    view, labels = view_of(system, name, states, times)
    return Orbit(times, states, view, labels, stopped, has_diverged, time.perf_counter() - started)


def portrait(name: str, points: int) -> Float[np.ndarray, "point 3"]:
    """Points of a system's attractor for the wall; flat ones have a third column of zeros."""
    found = orbit(name, (), points, patience=30.0)
    view = found.view
    if len(view) < points // 4:
        raise InputError(f"{name}: only {len(view)} points of {points}: {found.stopped}")
    return np.column_stack([view, np.zeros(len(view))]) if view.shape[1] == 2 else view


def view_of(
    system: Any, name: str, states: Float[np.ndarray, "time state"], times: Float[np.ndarray, "time"]
) -> tuple[Float[np.ndarray, "point axis"], tuple[str, ...]]:
    """The two or three columns in which a system is drawn, and their names."""
    from inscape.systems import zoo
    from inscape.systems.map import Map

    card = zoo.card(name)
    if card.bounded_view:
        columns = _bounded_view(card.name)(*states.T, *system.parameters.values())
        shown = np.stack([np.broadcast_to(c, len(states)) for c in columns[:3]], axis=1)
        return np.asarray(shown, dtype=float), card.bounded_view[:3]
    label = card.state_names[0]
    if states.shape[1] == 1 and isinstance(system, Map):
        return np.column_stack([states[:-1, 0], states[1:, 0]]), (f"{label}(n)", f"{label}(n+1)")
    if states.shape[1] == 1:
        delays: Any = getattr(system, "delays", ())
        lag = float(delays[0]) if len(delays) else (system.period or 10.0) / 4
        step = max(1, round(lag / (times[1] - times[0]))) if len(times) > 1 else 1
        step = min(step, max(1, len(states) // 4))
        parts = [states[2 * step - k * step : len(states) - k * step, 0] for k in range(3)]
        return np.column_stack(parts), (f"{label}(t)", f"{label}(t − τ)", f"{label}(t − 2τ)")
    return states[:, :3], card.state_names[:3]


def parameter_range(value: float) -> tuple[float, float, float]:
    """Lowest and highest value of a parameter's slider, and its step."""
    low, high = (-1.0, 1.0) if value == 0 else (min(0.0, 2 * value), max(0.0, 2 * value))
    return low, high, 10.0 ** (math.floor(math.log10(high - low)) - 3)


def measure_exponents(
    settings: Mapping[str, Any], folder: Path, tell: Callable[[str, int, int], None]
) -> dict[str, Any]:
    """The Lyapunov spectrum of a system at given parameters: work for a job."""
    from inscape.analysis import lyapunov_spectrum
    from inscape.systems import zoo

    system = zoo[settings["name"]].with_parameters(**settings["parameters"])
    tell("measuring exponents", 0, 0)
    spectrum = lyapunov_spectrum(system, max_seconds=20.0)
    return {
        "exponents": _plain(spectrum.exponents),
        "errors": _plain(spectrum.errors),
        "kaplan_yorke": _plain([float(spectrum.kaplan_yorke)])[0],
        "kaplan_yorke_error": _plain([spectrum.kaplan_yorke.error])[0],
    }


def _plain(values: Any) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in values]


@cache
def size_of(name: str) -> float:
    """The greatest absolute value of any state on a published orbit of 1,000 points."""
    from inscape.systems import zoo
    from inscape.systems.map import Map

    system = zoo[name]
    with _engine:
        run: Any = system.simulate(steps=999) if isinstance(system, Map) else _run(system, 1_000, PER_PERIOD, 10.0)
    return float(np.abs(run.states).max(initial=1e-6))


@cache
def samples_per_period(name: str) -> int:
    """How finely a system's motion must be sampled for its turns to be seen: a hundred in a period, or more.

    Some systems move far quicker than their dominant period says. The first run of a law also compiles it, which is
    why this is done apart from the orbit that is timed.
    """
    from inscape.systems import zoo

    per_period = PER_PERIOD
    with _engine:
        while per_period < MOST_PER_PERIOD:
            states = np.asarray(_run(zoo[name], 1_500, per_period, 10.0).states)
            steps = np.diff((states - states.mean(axis=0)) / (states.std(axis=0) + 1e-300), axis=0)
            lengths = np.linalg.norm(steps, axis=1)
            along = np.einsum("ij,ij->i", steps[1:], steps[:-1])
            cosine = along / np.maximum(lengths[1:] * lengths[:-1], 1e-300)
            if len(cosine) == 0 or np.mean(cosine < SHARP) < 0.1:
                break
            per_period *= 3
    return per_period


def _run(system: Any, points: int, per_period: int, patience: float) -> Any:
    length = (points - 1) / per_period * (system.period or 10.0)
    return system.simulate(times=np.linspace(0.0, length, points), tolerance=TOLERANCE, max_seconds=patience)


def _nothing(system: Any, is_map: bool, reason: str, seconds: float) -> Orbit:
    has_diverged = "diverged" in reason
    stopped = f"diverged at {'step 0' if is_map else 't = 0'}" if has_diverged else f"nothing to draw: {reason}"
    names = tuple(system.state_names)
    shown = names[:3] if len(names) > 1 else (names[0], names[0])
    empty = np.empty((0, len(names)))
    return Orbit(np.empty(0), empty, np.empty((0, len(shown))), shown, stopped, has_diverged, seconds)


@cache
def _bounded_view(name: str) -> Callable[..., tuple[Any, ...]]:
    """What to look at in the stead of states that grow for ever, as a function of states and parameters."""
    import sympy
    from sympy.parsing.sympy_parser import (
        convert_xor,
        implicit_application,
        implicit_multiplication,
        parse_expr,
        standard_transformations,
    )

    from inscape.systems import zoo

    card = zoo.card(name)
    symbols = {n: sympy.Symbol(n, real=True) for n in (*card.state_names, *card.parameters)}
    words = dict(symbols)
    for short, long in _ALIASES.items():
        if short not in words and long in words:
            words[short] = words[long]
    rules = (*standard_transformations, convert_xor, implicit_multiplication, implicit_application)
    # The texts are the package's own, never a visitor's.
    columns = [parse_expr(text, local_dict=words, transformations=rules) for text in card.bounded_view]
    return sympy.lambdify(list(symbols.values()), columns, "numpy")
