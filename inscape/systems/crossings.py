"""Crossings of a surface g(x, t) = 0 by a flow, each found to rounding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import sympy
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.array_backends import evaluate
from inscape.systems.definition import Definition, symbol
from inscape.systems.heyoka_backend import KINKS, inline
from inscape.systems.integrator import Integrator
from inscape.systems.propagation import Budget, propagate
from inscape.systems.symbols import t
from inscape.systems.taylor import assemble

if TYPE_CHECKING:
    from inscape.systems.flow import Flow

Direction: TypeAlias = Literal["both", "up", "down"]
Surface: TypeAlias = str | sympy.Expr | Callable[..., Any]

_LOOKS_PER_SPAN = 4_000


@dataclass(frozen=True)
class Crossings:
    """Where and when a run crossed a surface.

    Parameters
    ----------
    times : (crossing,) rising.
    states : (crossing, state).
    directions : (crossing,) +1 where g rose through 0, -1 where it fell.
    stopped : why the run ended before its time, or None.
    """

    times: Float[np.ndarray, "crossing"]
    states: Float[np.ndarray, "crossing state"]
    directions: Float[np.ndarray, "crossing"]
    stopped: str | None = None

    def __len__(self) -> int:
        return len(self.times)


def surface_expression(definition: Definition, surface: Surface) -> sympy.Expr:
    """The function g whose zeros are the surface, from a text, an expression, or a function of the states.

    Raises
    ------
    InputError : if it cannot be read, or no state and no time stands in it.
    """
    if isinstance(surface, str):
        found = _from_text(definition, surface)
    elif callable(surface) and not isinstance(surface, sympy.Basic):
        found = sympy.sympify(surface(*definition.states))
    else:
        found = sympy.sympify(surface)
    if not isinstance(found, sympy.Expr):
        raise InputError(f"surface: {surface!r} found, expected an expression such as 'z - 27'")
    known = {*definition.states, *definition.parameter_symbols, t}
    stray = sorted(map(str, found.free_symbols - known))
    if stray:
        raise InputError(f"surface: {', '.join(stray)} is neither a state nor a parameter of {definition.name}")
    if not found.free_symbols & {*definition.states, t}:
        raise InputError(
            f"surface: {found} does not change; expected an expression in {', '.join(definition.state_names)}"
        )
    return found


def _from_text(definition: Definition, text: str) -> sympy.Expr:
    from inscape.systems.formula import Vocabulary, parse_formula

    sides = text.split("=")
    if len(sides) > 2 or not all(side.strip() for side in sides):
        raise InputError(f"surface: {text!r} found, expected an expression, or two that are equal: 'z = 27'")
    known = {"t": t, **{n: symbol(n) for n in (*definition.state_names, *definition.parameters)}}
    try:
        left, *right = (parse_formula(side, 1).expression(Vocabulary(dict(known))) for side in sides)
    except InputError as error:
        raise InputError(f"surface: {str(error).removeprefix('line 1: ')}") from None
    return left - right[0] if right else left


def find_crossings(
    flow: Flow,
    surface: sympy.Expr,
    start: Float[np.ndarray, "state"],
    begin: float,
    end: float,
    direction: Direction,
    tolerance: float,
    budget: Budget,
    most: int | None,
) -> Crossings:
    """All crossings between two times (the first `most` of them, if that is given)."""
    if direction not in ("both", "up", "down"):
        raise InputError(f"direction: {direction!r} found, expected 'both', 'up' or 'down'")
    if flow.is_smooth and not surface.has(*KINKS):
        found = _by_events(flow, surface, start, begin, end, direction, tolerance, budget, most)
    else:
        found = _by_looking(flow, surface, start, begin, end, direction, tolerance, budget, most)
    return found


def _by_events(
    flow: Flow,
    surface: sympy.Expr,
    start: np.ndarray,
    begin: float,
    end: float,
    direction: Direction,
    tolerance: float,
    budget: Budget,
    most: int | None,
) -> Crossings:
    import heyoka as hy

    definition = flow.definition
    law = assemble(definition, {symbol(n): definition.parameters[n] for n in definition.exponent_names}, 0, 0)
    watched = law.translate(inline(surface, law.values))
    size = flow.dimension
    times: list[float] = []
    states: list[np.ndarray] = []
    signs: list[int] = []

    def note(integrator: Any, time: float, sign: int) -> None:
        times.append(time)
        states.append(integrator.update_d_output(time)[:size].copy())
        signs.append(sign)

    sense = {"both": hy.event_direction.any, "up": hy.event_direction.positive, "down": hy.event_direction.negative}
    used = law.parameters_used(watched)
    integrator = hy.taylor_adaptive(
        law.system,
        np.pad(np.asarray(start, dtype=float), (0, len(law.system) - size)),
        time=begin,
        tol=tolerance,
        compact_mode=law.is_large,
        nt_events=[hy.nt_event(watched, note, direction=sense[direction])],
        **({"pars": flow.parameter_values[:used]} if used else {}),
    )
    reason = None
    # In pieces, so that a search for few crossings need not run to the end.
    edges = np.linspace(begin, end, 2 if most is None else 65)
    for edge in edges[1:]:
        _, reason = propagate(integrator, np.array([integrator.time, edge]), budget, size)
        if reason is not None or (most is not None and len(times) >= most):
            break
    order = np.argsort(times, kind="stable")[:most]
    return Crossings(
        np.array(times)[order],
        np.array(states).reshape(-1, size)[order],
        np.sign(np.array(signs, dtype=float))[order],
        reason if most is None or len(times) < most else None,
    )


def _by_looking(
    flow: Flow,
    surface: sympy.Expr,
    start: np.ndarray,
    begin: float,
    end: float,
    direction: Direction,
    tolerance: float,
    budget: Budget,
    most: int | None,
) -> Crossings:
    """Crossings of a law with kinks: the run is sampled, and each change of sign is closed in by shorter runs."""
    looks = _LOOKS_PER_SPAN if flow.period is None else int(np.clip(200 * (end - begin) / flow.period, 100, 10**6))
    grid = np.linspace(begin, end, looks + 1)
    integrator = Integrator(flow, tolerance=tolerance, budget=budget)
    integrator.time, integrator.state = begin, start
    path, reason = integrator.sample(grid)
    levels = evaluate(flow.definition, (surface,), path, grid[: len(path)])[:, 0]
    wanted = {"both": (1, -1), "up": (1,), "down": (-1,)}[direction]
    signs = np.sign(levels)
    signs[signs == 0] = 1
    rows = [i for i in np.flatnonzero(np.diff(signs)) if signs[i + 1] in wanted][:most]
    found = [_close_in(flow, surface, integrator, path[i], grid[i], grid[i + 1], levels[i : i + 2]) for i in rows]
    return Crossings(
        np.array([time for time, _ in found]),
        np.array([state for _, state in found]).reshape(-1, flow.dimension),
        np.array([signs[i + 1] for i in rows], dtype=float),
        reason,
    )


def _close_in(
    flow: Flow,
    surface: sympy.Expr,
    integrator: Any,
    state: np.ndarray,
    left: float,
    right: float,
    levels: np.ndarray,
) -> tuple[float, np.ndarray]:
    from scipy.optimize import brentq

    def at(time: float) -> np.ndarray:
        integrator.time, integrator.state = left, state
        if time > left:
            integrator.advance(time - left)
        return integrator.state

    def level(time: float) -> float:
        if time in (left, right):
            return float(levels[int(time == right)])
        return float(evaluate(flow.definition, (surface,), at(time), time)[0])

    if levels[0] == 0 or levels[1] == 0:
        time = left if levels[0] == 0 else right
    else:
        time = brentq(level, left, right, xtol=1e-14 * max(1.0, abs(right)), rtol=4 * np.finfo(float).eps)
    return time, at(time)
