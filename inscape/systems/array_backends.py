"""A law as functions: NumPy and torch over leading axes, numba for one state at a time, heyoka expressions."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import cache
from typing import Any

import numpy as np
import sympy

from inscape.extras import require
from inscape.systems.code import array_source, kernel_source
from inscape.systems.definition import Definition
from inscape.systems.symbols import t

_SMOOTH = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "sqrt")
_ARCS = ("asin", "acos", "atan", "asinh", "acosh", "atanh", "atan2")
_LOGIC = ("logical_and", "logical_or", "logical_not")
_KEPT = 512
_functions: OrderedDict[Hashable, Callable[..., Any]] = OrderedDict()
_lock = threading.Lock()


def _cached(
    kind: str, definition: Definition, expressions: tuple[sympy.Expr, ...], build: Callable[[], Callable[..., Any]]
) -> Callable[..., Any]:
    names = definition.state_names, definition.input_names, tuple(definition.parameters)
    key = kind, expressions, names
    with _lock:
        found = _functions.get(key)
        if found is not None:
            _functions.move_to_end(key)
            return found
    built = build()
    with _lock:
        _functions[key] = built
        while len(_functions) > _KEPT:
            _functions.popitem(last=False)
    return built


def _run(source: str, name: str, namespace: Mapping[str, Any]) -> Callable[..., Any]:
    # The source was written by `code.Writer` from a sympy tree, with names of its own: no text of a user is executed.
    scope = dict(namespace)
    exec(source, scope)
    return scope[name]


def _array_function(
    kind: str, definition: Definition, expressions: tuple[sympy.Expr, ...], namespace: Mapping[str, Any]
) -> Callable[..., list[Any]]:
    """A function of states, parameters, inputs and time, in this order, that returns the values of `expressions`."""
    arguments = [*definition.states, *definition.parameter_symbols, *definition.inputs, t]
    return _cached(
        kind, definition, expressions, lambda: _run(array_source(arguments, expressions), "function", namespace)
    )


def evaluate(
    definition: Definition,
    expressions: tuple[sympy.Expr, ...],
    states: np.ndarray,
    time: float | np.ndarray = 0.0,
    inputs: np.ndarray | None = None,
) -> np.ndarray:
    """Values of `expressions` at states (..., state), on a new last axis (..., expression)."""
    function = _array_function("numpy", definition, expressions, _numpy_names())
    driving = [] if inputs is None else [inputs[..., i] for i in range(inputs.shape[-1])]
    columns = [states[..., i] for i in range(states.shape[-1])]
    leading = np.broadcast_shapes(states.shape[:-1], np.shape(time), *(u.shape for u in driving))
    out = np.empty((*leading, len(expressions)))
    with np.errstate(all="ignore"):
        for i, value in enumerate(function(*columns, *definition.parameters.values(), *driving, time)):
            out[..., i] = value
    return out


@cache
def _numpy_names() -> dict[str, Any]:
    from scipy.special import erf

    same = [*_SMOOTH, "sign", "floor", "ceil", "absolute", "heaviside", "remainder", "maximum", "minimum", "where"]
    same += [*_LOGIC, "nan"]
    arcs = {n: getattr(np, "arc" + n[1:]) for n in _ARCS}
    return {n: getattr(np, n) for n in same} | arcs | {"erf": erf}


def numba_kernel(definition: Definition, expressions: tuple[sympy.Expr, ...]) -> Callable[..., None]:
    """A numba kernel f(x, p, t, out) for one state: `p` holds the parameters and then the inputs."""

    def build() -> Callable[..., None]:
        import numba

        given = [*definition.parameter_symbols, *definition.inputs]
        source = kernel_source(definition.states, given, t, expressions)
        return numba.njit(error_model="numpy")(_run(source, "kernel", numba_names()))

    return _cached("numba", definition, expressions, build)


@cache
def numba_names() -> dict[str, Any]:
    import numba

    def choose(condition: bool, a: float, b: float) -> float:
        return a if condition else b

    def heaviside(u: float, at_zero: float) -> float:
        return 1.0 if u > 0 else (0.0 if u < 0 else at_zero)

    def sign(u: float) -> float:
        return 1.0 if u > 0 else (-1.0 if u < 0 else 0.0)

    def both(a: bool, b: bool) -> bool:
        return a and b

    def either(a: bool, b: bool) -> bool:
        return a or b

    def negation(a: bool) -> bool:
        return not a

    written = {
        "where": choose,
        "heaviside": heaviside,
        "sign": sign,
        "logical_and": both,
        "logical_or": either,
        "logical_not": negation,
    }
    same = (*_SMOOTH, *_ARCS, "erf", "nan")
    names: dict[str, Any] = {n: getattr(math, n) for n in same}
    # NumPy's floor and remainder stay in floating point, where those of `math` overflow an integer.
    names |= {n: getattr(np, n) for n in ("floor", "ceil", "remainder", "maximum", "minimum", "absolute")}
    return names | {n: numba.njit(inline="always")(f) for n, f in written.items()}


def torch_function(definition: Definition, expressions: tuple[sympy.Expr, ...]) -> Callable[..., Any]:
    """A differentiable function (states, time=0.0, inputs=None, parameters=None) of tensors.

    States are (..., state) and inputs (..., input); `parameters` maps names to tensors that take the place of the
    system's numbers, so that they can be learned. The result is (..., expression), of the states' type and device.
    """
    torch = require("torch", "neural")
    function = _array_function("torch", definition, expressions, _torch_names(torch))
    defaults = dict(definition.parameters)

    def law(states: Any, time: Any = 0.0, inputs: Any = None, parameters: Mapping[str, Any] | None = None) -> Any:
        like = {"dtype": states.dtype, "device": states.device}
        numbers = {**defaults, **(parameters or {})}
        # Tensors of no dimension mix with any batch, and functions of a parameter alone can be taken of them.
        constants = [torch.as_tensor(v, **like) for v in numbers.values()]
        driving = [] if inputs is None else list(inputs.unbind(-1))
        values = function(*states.unbind(-1), *constants, *driving, torch.as_tensor(time, **like))
        shape = torch.broadcast_shapes(states.shape[:-1], *(getattr(v, "shape", ()) for v in values))
        return torch.stack([torch.as_tensor(v, **like).expand(shape) for v in values], dim=-1)

    return law


def _torch_names(torch: Any) -> dict[str, Any]:
    same = (*_SMOOTH, *_ARCS, *_LOGIC, "erf", "sign", "floor", "ceil", "absolute", "nan")

    def pair(name: str) -> Callable[[Any, Any], Any]:
        two = getattr(torch, name)

        def of_two(a: Any, b: Any) -> Any:
            like = a if torch.is_tensor(a) else b
            return two(*(v if torch.is_tensor(v) else torch.as_tensor(v).to(like) for v in (a, b)))

        return of_two

    names = {n: getattr(torch, n) for n in same}
    return names | {n: pair(n) for n in ("maximum", "minimum", "remainder", "heaviside")} | {"where": torch.where}


def heyoka_system(definition: Definition) -> list[tuple[Any, Any]]:
    """Pairs (variable, right-hand side) for `heyoka.taylor_adaptive`; parameter i is `heyoka.par[i]`.

    Inputs follow the parameters as further `par`.
    """
    import heyoka as hy

    from inscape.systems.heyoka_backend import Translator, base_table

    table = base_table(definition, {})
    count = len(definition.parameters)
    table |= {u: hy.par[count + i] for i, u in enumerate(definition.inputs)}
    translate = Translator(table)
    sides = [translate(e) for e in definition.expressions]
    return list(zip([table[s] for s in definition.states], sides, strict=True))
