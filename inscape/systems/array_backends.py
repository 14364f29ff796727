"""From sympy to functions of arrays: NumPy and torch over leading axes, numba for one state at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
import sympy

from inscape.extras import require
from inscape.systems.definition import Definition
from inscape.systems.symbols import t

_KEPT = 512
_functions: OrderedDict[Hashable, Callable[..., Any]] = OrderedDict()
_lock = threading.Lock()


def _names(definition: Definition) -> tuple[Hashable, ...]:
    return definition.state_names, definition.input_names, tuple(definition.parameters)


def _cached(key: Hashable, build: Callable[[], Callable[..., Any]]) -> Callable[..., Any]:
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


def arguments(definition: Definition) -> list[sympy.Symbol]:
    """States, parameters, inputs and time: the arguments of every compiled function, in that order."""
    return [*definition.states, *definition.parameter_symbols, *definition.inputs, t]


def numpy_function(definition: Definition, expressions: tuple[sympy.Expr, ...]) -> Callable[..., list[Any]]:
    """A function of `arguments` that returns the values of `expressions`; arrays broadcast."""
    build = lambda: sympy.lambdify(arguments(definition), list(expressions), modules="numpy", cse=True)  # noqa: E731
    return _cached(("numpy", expressions, *_names(definition)), build)


def evaluate(
    definition: Definition,
    expressions: tuple[sympy.Expr, ...],
    states: np.ndarray,
    time: float | np.ndarray,
    inputs: np.ndarray | None,
) -> np.ndarray:
    """Values of `expressions` at states (..., state), on a new last axis."""
    function = numpy_function(definition, expressions)
    driving = [] if inputs is None else [inputs[..., i] for i in range(inputs.shape[-1])]
    columns = [states[..., i] for i in range(states.shape[-1])]
    leading = np.broadcast_shapes(states.shape[:-1], np.shape(time), *(u.shape for u in driving))
    out = np.empty((*leading, len(expressions)))
    with np.errstate(all="ignore"):
        for i, value in enumerate(function(*columns, *definition.parameters.values(), *driving, time)):
            out[..., i] = value
    return out


def numba_function(definition: Definition, expressions: tuple[sympy.Expr, ...]) -> Callable[..., None]:
    """A numba kernel f(state, parameters, inputs, time, out) that writes the values of `expressions` into `out`."""
    return _cached(("numba", expressions, *_names(definition)), lambda: _build_numba(definition, expressions))


def _build_numba(definition: Definition, expressions: tuple[sympy.Expr, ...]) -> Callable[..., None]:
    import numba

    from inscape.systems.source import python_kernel

    namespace: dict[str, Any] = {}
    # The source is printed by our own printer from a sympy tree; no text of a user is executed.
    exec(python_kernel(definition, expressions), {"math": __import__("math"), "np": np}, namespace)
    return numba.njit(error_model="numpy")(namespace["kernel"])


def torch_function(definition: Definition, expressions: tuple[sympy.Expr, ...]) -> Callable[..., Any]:
    """A function of torch tensors (states (..., state), time, inputs) -> (..., expression), differentiable."""
    torch = require("torch", "neural")
    from inscape.systems.torch_backend import TORCH_NAMES

    build = lambda: sympy.lambdify(  # noqa: E731
        arguments(definition), list(expressions), modules=[TORCH_NAMES(torch), torch], cse=True
    )
    return _cached(("torch", expressions, *_names(definition)), build)
