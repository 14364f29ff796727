"""`Definition`: the one symbolic text of a law of motion, from which every other form is derived."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import sympy

from inscape.errors import InputError
from inscape.systems.plan import number
from inscape.systems.symbols import t

_STEPWISE = (sympy.floor, sympy.ceiling, sympy.sign, sympy.Heaviside)


@dataclass(frozen=True, eq=False)
class Definition:
    """Names, parameters and right-hand sides of a law. Two are equal if they say the same, whatever they are called.

    Parameters
    ----------
    name : what the system is called.
    state_names, input_names : in the order of the state and input vectors.
    parameters : default values by name. Array-valued parameters are held flat, as `k_0_1`.
    expressions : one sympy expression for each state variable: its time derivative, or its next value for a map.
    """

    name: str
    state_names: tuple[str, ...]
    input_names: tuple[str, ...]
    parameters: Mapping[str, float]
    expressions: tuple[sympy.Expr, ...]

    def __post_init__(self) -> None:
        if len(self.expressions) != len(self.state_names):
            raise InputError(
                f"{self.name}: {len(self.expressions)} right-hand sides for {len(self.state_names)} state variables"
            )
        for key, value in self.parameters.items():
            _finite(self.name, key, value)
        known = {*self.state_names, *self.input_names, *self.parameters, str(t)}
        for state, expression in zip(self.state_names, self.expressions, strict=True):
            stray = sorted(str(s) for s in expression.free_symbols if str(s) not in known)
            if stray:
                raise InputError(f"{self.name}: the law of {state} uses {', '.join(stray)}, which is not defined")
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    @cached_property
    def states(self) -> tuple[sympy.Symbol, ...]:
        """The symbols of the state variables."""
        return tuple(symbol(n) for n in self.state_names)

    @cached_property
    def inputs(self) -> tuple[sympy.Symbol, ...]:
        """The symbols of the inputs."""
        return tuple(symbol(n) for n in self.input_names)

    @cached_property
    def parameter_symbols(self) -> tuple[sympy.Symbol, ...]:
        """The symbols of the parameters, in the order of `parameters`."""
        return tuple(symbol(n) for n in self.parameters)

    @cached_property
    def jacobian(self) -> sympy.Matrix:
        """d(right-hand side)/d(state), (state, state), between the jumps: a sign or a floor has derivative zero."""
        plain = [e.replace(sympy.Mod, lambda u, m: u - m * sympy.floor(u / m)) for e in self.expressions]
        # Outer steps first, since one may stand inside another.
        steps = sorted({a for e in plain for a in e.atoms(*_STEPWISE)}, key=lambda a: -a.count_ops())
        held = {step: sympy.Dummy(f"step_{k}", real=True) for k, step in enumerate(steps)}
        frozen = sympy.Matrix([e.xreplace(held) for e in plain])
        return frozen.jacobian(self.states).xreplace({dummy: step for step, dummy in held.items()})

    @cached_property
    def divergence(self) -> sympy.Expr:
        """Trace of the Jacobian."""
        return self.jacobian.trace()

    @cached_property
    def exponent_names(self) -> tuple[str, ...]:
        """The parameters that stand in the exponent of a power.

        They are compiled in as numbers: a power with a known whole exponent has a Taylor series at 0, one with an
        unknown exponent has none.
        """
        numbers = set(self.parameter_symbols)
        found = {
            s
            for e in self.expressions
            for p in e.atoms(sympy.Pow)
            if p.base is not sympy.E
            for s in p.exp.free_symbols & numbers
        }
        return tuple(name for name, s in zip(self.parameters, self.parameter_symbols, strict=True) if s in found)

    @property
    def is_autonomous(self) -> bool:
        """Whether time does not stand in the law."""
        return not any(t in e.free_symbols for e in self.expressions)

    def with_parameters(self, values: Mapping[str, float]) -> Definition:
        """The same law with other numbers."""
        from inscape.errors import UnknownNameError

        for name in values:
            if name not in self.parameters:
                raise UnknownNameError(f"parameter of {self.name}", name, self.parameters)
        changed = object.__new__(Definition)
        # Jacobian and symbols that were worked out before hold for the new numbers as well.
        changed.__dict__.update(self.__dict__)
        numbers = {**self.parameters, **{k: _finite(self.name, k, v) for k, v in values.items()}}
        changed.__dict__["parameters"] = MappingProxyType(numbers)
        return changed

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Definition):
            return NotImplemented
        return (
            (self.state_names, self.input_names) == (other.state_names, other.input_names)
            and list(self.parameters.items()) == list(other.parameters.items())
            and self.expressions == other.expressions
        )

    def __hash__(self) -> int:
        return hash((self.state_names, self.expressions))

    def __reduce__(self) -> tuple[Any, ...]:
        return Definition, (self.name, self.state_names, self.input_names, dict(self.parameters), self.expressions)


def _finite(system: str, name: str, value: Any) -> float:
    return number(f"{system}: parameter {name}", value, "a finite number")


def symbol(name: str) -> sympy.Symbol:
    """The real symbol that stands for `name` in every law."""
    return sympy.Symbol(name, real=True)


def trace(rhs: Callable[..., Any], name: str | None = None) -> Definition:
    """Read a law off a plain Python function by calling it with symbols.

    Positional arguments are state variables; keyword-only arguments with a default are parameters (a nested sequence
    of numbers becomes an array of symbols); keyword-only arguments without one are inputs. The function returns one
    expression, or a sequence of them, in the order of the state variables.
    """
    label = name or rhs.__name__
    states: list[str] = []
    inputs: list[str] = []
    parameters: dict[str, float] = {}
    keywords: dict[str, Any] = {}
    for argument in inspect.signature(rhs).parameters.values():
        if argument.kind in (argument.POSITIONAL_ONLY, argument.POSITIONAL_OR_KEYWORD):
            states.append(argument.name)
        elif argument.kind is argument.KEYWORD_ONLY and argument.default is argument.empty:
            inputs.append(argument.name)
            keywords[argument.name] = symbol(argument.name)
        elif argument.kind is argument.KEYWORD_ONLY:
            flat, keywords[argument.name] = _parameter(argument.name, argument.default)
            parameters |= flat
        else:
            raise InputError(f"{label}: *{argument.name} found; name every state variable and parameter")
    if not states:
        raise InputError(f"{label}: no state variable found; they are the positional arguments of the function")
    returned = rhs(*(symbol(s) for s in states), **keywords)
    sides = list(returned) if isinstance(returned, (tuple, list, np.ndarray, sympy.Matrix)) else [returned]
    return Definition(label, tuple(states), tuple(inputs), parameters, tuple(sympy.sympify(e) for e in sides))


def _parameter(name: str, default: Any) -> tuple[dict[str, float], Any]:
    array = np.asarray(default, dtype=float)
    if array.ndim == 0:
        return {name: float(array)}, symbol(name)
    flat: dict[str, float] = {}
    symbols = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        key = "_".join([name, *map(str, index)])
        flat[key] = float(array[index])
        symbols[index] = symbol(key)
    return flat, symbols
