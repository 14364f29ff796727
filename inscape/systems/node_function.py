"""Laws compiled to machine code for a row of states at once, all of one numba type."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from functools import cache
from typing import Any

import sympy

from inscape.systems.code import Writer
from inscape.systems.symbols import t

_KEPT = 512
_functions: OrderedDict[Hashable, Any] = OrderedDict()
_lock = threading.Lock()


@cache
def node_function_type() -> Any:
    """The numba type of f(times, states, pasts, parameters, out).

    It is the same for all laws, so that a kernel that calls them is compiled once, and found on disk ever after.
    """
    from numba import float64, types, void

    matrix = float64[:, ::1]
    return types.FunctionType(void(float64[::1], matrix, matrix, float64[::1], matrix))


def node_function(
    states: Sequence[sympy.Symbol],
    pasts: Sequence[sympy.Symbol],
    parameters: Sequence[sympy.Symbol],
    expressions: Sequence[sympy.Expr],
) -> Any:
    """Machine code of f(times, states, pasts, parameters, out) with out (node, expression), kept for the next time."""
    key = tuple(states), tuple(pasts), tuple(parameters), tuple(expressions)
    with _lock:
        if key in _functions:
            _functions.move_to_end(key)
            return _functions[key]
    built = _compile(*key)
    with _lock:
        _functions[key] = built
        while len(_functions) > _KEPT:
            _functions.popitem(last=False)
    return built


def _compile(
    states: Sequence[sympy.Symbol],
    pasts: Sequence[sympy.Symbol],
    parameters: Sequence[sympy.Symbol],
    expressions: Sequence[sympy.Expr],
) -> Any:
    import numba

    from inscape.systems.array_backends import numba_names

    names: dict[sympy.Basic, str] = {s: f"x[i, {k}]" for k, s in enumerate(states)}
    names |= {s: f"d[i, {k}]" for k, s in enumerate(pasts)}
    names |= {s: f"p[{k}]" for k, s in enumerate(parameters)}
    names[t] = "times[i]"
    writer = Writer(names)
    values = writer.write(expressions)
    body = [*writer.lines, *(f"out[i, {k}] = {value}" for k, value in enumerate(values))]
    source = "def law(times, x, d, p, out):\n    for i in range(len(times)):\n        " + "\n        ".join(body) + "\n"
    # The source was written from a sympy tree, with names of its own: no text of a user is executed.
    scope = dict(numba_names())
    exec(source, scope)
    return numba.cfunc(node_function_type().signature, error_model="numpy")(scope["law"])
