"""The law of a delay flow taken apart: its delays, the past values it needs, its slopes, and compiled forms of them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.definition import Definition, symbol
from inscape.systems.heyoka_backend import inline
from inscape.systems.node_function import node_function
from inscape.systems.symbols import delayed, t

DELAYED = delayed(sympy.Symbol("x", real=True), sympy.Symbol("tau", real=True)).func
_KEPT_LAWS = 256


@dataclass(frozen=True, eq=False)
class DelayLaw:
    """A delay law with a symbol for each past value.

    Parameters
    ----------
    expressions : right-hand sides in states, pasts, parameters and time.
    delays : the distinct delays, as expressions of parameters.
    pasts : (symbol, index of the state variable, index of the delay) of each past value.
    """

    definition: Definition
    expressions: tuple[sympy.Expr, ...]
    delays: tuple[sympy.Expr, ...]
    pasts: tuple[tuple[sympy.Symbol, int, int], ...]

    @property
    def past_symbols(self) -> tuple[sympy.Symbol, ...]:
        return tuple(p for p, _, _ in self.pasts)

    @property
    def slopes(self) -> tuple[sympy.Expr, ...]:
        """d(right-hand side)/d(states, then pasts), row by row."""
        sides = sympy.Matrix(self.expressions)
        return tuple(sides.jacobian([*self.definition.states, *self.past_symbols]))

    def delay_values(self, definition: Definition) -> Float[np.ndarray, "delay"]:
        """The delays in numbers.

        Raises
        ------
        InputError : if one is not positive.
        """
        numbers = {symbol(k): v for k, v in definition.parameters.items()}
        values = np.array([numbers[d] if d in numbers else float(d.subs(numbers)) for d in self.delays])
        for expression, value in zip(self.delays, values, strict=True):
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"{definition.name}: delay {expression} = {value:g}, expected a positive number")
        return values


def delay_law(definition: Definition) -> DelayLaw:
    """Take the past values out of a law; `delayed(f(x, y), tau)` becomes f of the past values of x and y.

    Raises
    ------
    InputError : if nothing is delayed, or a delay depends on the state or on time.
    """
    if definition.input_names:
        names = ", ".join(definition.input_names)
        raise InputError(f"{definition.name}: driven by {names}; write the drive of a delay law as a function of t")
    taken = {*definition.state_names, *definition.parameters, "t"}

    def past_name(state: str, delay: int) -> str:
        name = f"{state}_delayed_{delay}" if delay else f"{state}_delayed"
        while name in taken:
            name += "_"
        return name

    delays: list[sympy.Expr] = []
    pasts: dict[tuple[int, int], sympy.Symbol] = {}
    moving = {*definition.states, t}

    def at(expression: sympy.Expr, lag: sympy.Expr) -> sympy.Expr:
        """`expression` as it was `lag` ago, in symbols of pasts."""
        if isinstance(expression, DELAYED):
            value, more = expression.args
            if more.free_symbols & moving or more.has(DELAYED):
                raise InputError(f"{definition.name}: delay {more} depends on state or time, expected a constant")
            return at(value, lag + more)
        if expression == t:
            return t - lag
        if expression in definition.states:
            if lag == 0:
                return expression
            if lag not in delays:
                delays.append(lag)
            key = definition.states.index(expression), delays.index(lag)
            return pasts.setdefault(key, symbol(past_name(str(expression), key[1])))
        if not expression.args:
            return expression
        return expression.func(*(at(a, lag) for a in expression.args))

    expressions = tuple(at(e, sympy.S.Zero) for e in definition.expressions)
    if not delays:
        raise InputError(f"{definition.name}: nothing is delayed; expected delayed(x, tau) in the law, or use Flow")
    return DelayLaw(definition, expressions, tuple(delays), tuple((s, i, j) for (i, j), s in pasts.items()))


@dataclass(frozen=True, eq=False)
class CompiledDelayLaw:
    """A delay law as two compiled functions over the nodes of a step.

    Parameters
    ----------
    law : the law in symbols.
    velocity : f(times, states, pasts, parameters, out), out (node, state).
    slopes : f(times, states, pasts, parameters, out), out (node, state, state + past).
    has_constant_slopes : whether d(right-hand side)/d(state) is the same everywhere.
    """

    law: DelayLaw
    velocity: Any
    slopes: Any
    has_constant_slopes: bool


_compiled: OrderedDict[Hashable, CompiledDelayLaw] = OrderedDict()
_lock = threading.Lock()


def compiled_delay_law(definition: Definition) -> CompiledDelayLaw:
    """The compiled form of a delay law, from this process's cache where it was compiled before."""
    exponents = {symbol(n): definition.parameters[n] for n in definition.exponent_names}
    key = (definition.expressions, definition.state_names, tuple(definition.parameters), tuple(exponents.values()))
    with _lock:
        if key in _compiled:
            _compiled.move_to_end(key)
            return _compiled[key]
    law = delay_law(definition)
    slopes = law.slopes
    size, width = len(definition.states), len(definition.states) + len(law.pasts)
    of_state = [slopes[row * width + column] for row in range(size) for column in range(size)]
    moving = {*definition.states, *law.past_symbols, t}
    symbols = definition.states, law.past_symbols, definition.parameter_symbols
    built = CompiledDelayLaw(
        law,
        node_function(*symbols, [inline(e, exponents) for e in law.expressions]),
        node_function(*symbols, [inline(e, exponents) for e in slopes]),
        not any(e.free_symbols & moving for e in of_state),
    )
    with _lock:
        _compiled[key] = built
        while len(_compiled) > _KEPT_LAWS:
            _compiled.popitem(last=False)
    return built
