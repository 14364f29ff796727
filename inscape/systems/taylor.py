"""Compiled Taylor integrators (Biscani & Izzo 2021, heyoka): built once for each law, lent out and given back."""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy

from inscape.errors import InputError
from inscape.systems.definition import Definition, symbol
from inscape.systems.heyoka_backend import Translator, base_table, inline
from inscape.systems.plan import number
from inscape.systems.thresholds import rate_of, watch_rate

INLINED_NODES = 400
"""Laws with more distinct sub-expressions than this are compiled in heyoka's compact mode: slower code, but soon."""

_KEPT_LAWS = 256


@dataclass
class TaylorLaw:
    """A compiled law: its integrators at rest, and where the inputs stand among the parameters.

    The parameters of an integrator are those of the definition, then `degree + 1` polynomial coefficients for each
    input, then the time from which the polynomials count.
    """

    template: Any
    inputs: int
    degree: int
    resting: list[Any] = field(default_factory=list)

    @contextmanager
    def lend(self) -> Iterator[Any]:
        """An integrator of one's own for a while; state, time and parameters are whatever its last user left."""
        try:
            integrator = self.resting.pop()
        except IndexError:
            integrator = copy.deepcopy(self.template)
        yield integrator
        # Not given back after an exception: a run cut short may leave it in any state.
        self.resting.append(integrator)

    def own(self) -> Any:
        """An integrator that is never given back."""
        return copy.deepcopy(self.template)


_laws: OrderedDict[Hashable, TaylorLaw] = OrderedDict()
_lock = threading.Lock()


def taylor_law(
    definition: Definition,
    *,
    tolerance: float,
    tangent: int = 0,
    degree: int = 1,
    lanes: int = 1,
    compact: bool | None = None,
) -> TaylorLaw:
    """The compiled form of a smooth law, from this process's cache where it was compiled before.

    Compiled code is also kept on disk by heyoka itself (its `llvm_state` disk cache), so that a new process finds it.

    Parameters
    ----------
    definition : the law; changing the value of a parameter compiles nothing, unless it stands in an exponent.
    tolerance : relative error of a step.
    tangent : number of tangent vectors that are carried along.
    degree : degree of the polynomials in time that stand for the inputs.
    lanes : number of runs that are integrated side by side.
    compact : whether to use heyoka's compact mode; decided by the size of the law if None.
    """
    check_tolerance(tolerance)
    values = {symbol(n): definition.parameters[n] for n in definition.exponent_names}
    order = degree if definition.input_names else 0
    names = (definition.state_names, definition.input_names, tuple(definition.parameters))
    key = (definition.expressions, names, tuple(values.items()), tolerance, tangent, order, lanes, compact)
    with _lock:
        found = _laws.get(key)
        if found is not None:
            _laws.move_to_end(key)
            return found
    built = _compile(definition, values, tolerance, tangent, order, lanes, compact)
    with _lock:
        _laws[key] = built
        while len(_laws) > _KEPT_LAWS:
            _laws.popitem(last=False)
    return built


def check_tolerance(tolerance: float) -> None:
    """Raise `InputError` unless a Taylor integrator can work at this tolerance."""
    if number("tolerance", tolerance, expected := "a number from 1e-16 to 1e-2", least=1e-16) > 1e-2:
        raise InputError(f"tolerance: {tolerance!r} found, expected {expected}")


def _compile(
    definition: Definition,
    values: dict[sympy.Symbol, float],
    tolerance: float,
    tangent: int,
    degree: int,
    lanes: int,
    compact: bool | None,
) -> TaylorLaw:
    import heyoka as hy

    law = assemble(definition, values, tangent, degree)
    shape = (len(law.system), lanes) if lanes > 1 else (len(law.system),)
    used = law.parameters_used()
    options: dict[str, Any] = {"tol": tolerance, "compact_mode": law.is_large if compact is None else compact}
    if used:
        options["pars"] = np.zeros((used, lanes) if lanes > 1 else used)
    build = hy.taylor_adaptive_batch if lanes > 1 else hy.taylor_adaptive
    return TaylorLaw(build(law.system, np.ones(shape), **options), len(definition.input_names), degree)


@dataclass(frozen=True)
class AssembledLaw:
    """A law in heyoka's expressions, ready to be compiled.

    Parameters
    ----------
    system : pairs (variable, right-hand side), tangent vectors after the states, then the watch
        on thresholds if the law has any.
    translate : turns further sympy expressions in the same symbols.
    values : parameters that were put in as numbers.
    nodes : number of distinct sub-expressions.
    """

    system: list[tuple[Any, Any]]
    translate: Translator
    values: dict[sympy.Symbol, float]
    nodes: int

    @property
    def is_large(self) -> bool:
        """Whether compact mode pays."""
        return self.nodes > INLINED_NODES

    def parameters_used(self, *further: Any) -> int:
        """Length of the vector of parameters that the law (and further expressions) reads."""
        import heyoka as hy

        read = hy.get_params([side for _, side in self.system] + list(further))
        return 1 + max((int(str(p)[1:]) for p in read), default=-1)


def assemble(definition: Definition, values: dict[sympy.Symbol, float], tangent: int, degree: int) -> AssembledLaw:
    """The law with its inputs as polynomials in time, and with its tangent vectors."""
    import heyoka as hy

    parameters = len(definition.parameters)
    count = len(definition.input_names)
    table = base_table(definition, values)
    clock = hy.time - hy.par[parameters + count * (degree + 1)] if count and degree else None
    for i, u in enumerate(definition.inputs):
        first = parameters + i * (degree + 1)
        value, rate = hy.par[first + degree], hy.expression(0.0)
        for power in reversed(range(degree)):
            # Horner's scheme and its derivative.
            rate = value + clock * rate
            value = hy.par[first + power] + clock * value
        table[u] = value
        table[rate_of(u)] = rate
    translate = Translator(table)
    expressions = [inline(e, values) for e in definition.expressions]
    sides = [translate(e) for e in expressions]
    variables = [table[s] for s in definition.states]
    system = list(zip(variables, sides, strict=True))
    nodes = translate.nodes
    if tangent:
        system += tangent_equations(variables, sides, tangent)
        nodes *= 1 + tangent
    watch = watch_rate(expressions, definition.states, definition.inputs)
    if watch is not None:
        system.append((hy.expression("watch"), translate(watch)))
    return AssembledLaw(system, translate, values, nodes)


def tangent_equations(variables: list[Any], sides: list[Any], count: int) -> list[tuple[Any, Any]]:
    """The variational equations dw/dt = J(x) w of `count` tangent vectors, one vector after the other."""
    import heyoka as hy

    size = len(variables)
    jacobian = hy.diff_tensors(sides, variables, diff_order=1).jacobian
    zero = hy.expression(0.0)
    equations = []
    for k in range(count):
        vector = [hy.expression(f"w_{i}_{k}") for i in range(size)]
        for i in range(size):
            terms = [jacobian[i, j] * vector[j] for j in range(size) if jacobian[i, j] != zero]
            equations.append((vector[i], hy.sum(terms) if terms else zero))
    return equations
