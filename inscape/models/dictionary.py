"""Dictionaries: the candidate terms from which a sparse law is put together.

A library is written without knowing the system; met with names of states and inputs it gives `Terms`: one sympy
expression a term, and the columns those terms take on samples. Libraries add up (`+`) and multiply (`*`, all products).
"""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.user_terms import term_expressions

if TYPE_CHECKING:
    import sympy


class Terms:
    """The terms of a library for one system.

    Attributes: `expressions`, one sympy expression a term, and `names`, their text.
    """

    def __init__(self, expressions: Sequence[sympy.Expr], variables: Sequence[sympy.Symbol]):
        self._expressions = tuple(expressions)
        self.variables = tuple(variables)

    @property
    def expressions(self) -> tuple[sympy.Expr, ...]:
        return self._expressions

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(e) for e in self.expressions)

    def __len__(self) -> int:
        return len(self.expressions)

    def columns(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"] | None = None
    ) -> Float[np.ndarray, "*batch term"]:
        """The value of every term at every sample."""
        values = self._values(states, inputs)
        out = np.empty((*values.shape[:-1], len(self)))
        with np.errstate(all="ignore"):
            for index, column in enumerate(self._function(*np.moveaxis(values, -1, 0))):
                out[..., index] = column
        return out

    @cached_property
    def _function(self) -> Callable[..., Any]:
        import sympy

        return sympy.lambdify(self.variables, list(self.expressions), "numpy", cse=True)

    def _values(self, states: np.ndarray, inputs: np.ndarray | None) -> np.ndarray:
        values = np.asarray(states, dtype=float)
        if inputs is not None:
            driven = np.asarray(inputs, dtype=float)
            values = np.concatenate([np.broadcast_to(values, driven.shape[:-1] + values.shape[-1:]), driven], axis=-1)
        if values.shape[-1] != len(self.variables):
            raise InputError(
                f"states: {values.shape[-1]} variables found, the terms use {len(self.variables)}: "
                + ", ".join(map(str, self.variables))
            )
        return values

    def __getstate__(self) -> dict[str, Any]:
        # A compiled function does not pickle; it is made again where it is used.
        return {k: v for k, v in self.__dict__.items() if k != "_function"}


class Monomials(Terms):
    """Products of powers: evaluated by one multiplication a term.

    Parameters
    ----------
    powers : (term, variable) whole numbers.
    """

    def __init__(self, powers: np.ndarray, variables: Sequence[sympy.Symbol]):
        super().__init__((), variables)
        self.powers = np.asarray(powers, dtype=int)
        self._recipe = _recipe(self.powers)

    def __len__(self) -> int:
        return len(self.powers)

    @cached_property
    def _all(self) -> tuple[sympy.Expr, ...]:
        import sympy

        return tuple(
            sympy.Mul(*(v ** int(k) for v, k in zip(self.variables, row, strict=True) if k)) for row in self.powers
        )

    @property
    def expressions(self) -> tuple[sympy.Expr, ...]:
        return self._all

    def columns(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"] | None = None
    ) -> Float[np.ndarray, "*batch term"]:
        values = np.moveaxis(self._values(states, inputs), -1, 0)
        chain: list[np.ndarray] = []
        kept = np.empty((len(self), *values.shape[1:]))
        with np.errstate(over="ignore", invalid="ignore"):
            for parent, variable, slot in self._recipe:
                if variable < 0:
                    column = np.ones(values.shape[1:])
                elif parent < 0:
                    column = values[variable]
                else:
                    column = chain[parent] * values[variable]
                chain.append(column)
                if slot >= 0:
                    kept[slot] = column
        return np.moveaxis(kept, 0, -1)


class Library(ABC):
    """A recipe for terms; `library.terms(state_names, input_names)` makes them for one system."""

    def terms(self, state_names: Sequence[str], input_names: Sequence[str] = ()) -> Terms:
        """The terms over these variables.

        Raises
        ------
        InputError : if the library yields no term.
        """
        from inscape.systems.definition import symbol

        variables = [symbol(n) for n in (*state_names, *input_names)]
        made = self._terms(variables, len(state_names))
        if len(made) == 0:
            raise InputError(f"{self!r}: no term over {', '.join((*state_names, *input_names))}")
        return made

    @abstractmethod
    def _terms(self, variables: list[Any], states: int) -> Terms:
        """The candidate terms over the symbols of the states and then the inputs."""

    def __add__(self, other: Library) -> Library:
        return _Sum(self, _library(other))

    def __mul__(self, other: Library) -> Library:
        return _Product(self, _library(other))

    def __repr__(self) -> str:
        inside = ", ".join(f"{k}={v!r}" for k, v in vars(self).items())
        return f"{type(self).__name__.strip('_').lower()}({inside})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(repr(self))


class _Polynomial(Library):
    def __init__(self, degree: int, cross: bool, bias: bool):
        self.degree = _whole("degree", degree, 0)
        self.cross = cross
        self.bias = bias

    def _terms(self, variables: list[Any], states: int) -> Terms:
        return Monomials(monomial_powers(len(variables), self.degree, self.cross, self.bias), variables)


class _Affine(Library):
    def __init__(self, degree: int, tensor: bool, cross: bool, bias: bool):
        self.degree = _whole("degree", degree, 1)
        self.tensor = tensor
        self.cross = cross
        self.bias = bias

    def _terms(self, variables: list[Any], states: int) -> Terms:
        inputs = len(variables) - states
        state_powers = monomial_powers(states, self.degree, self.cross, self.bias)
        base = np.pad(state_powers, ((0, 0), (0, inputs)))
        rows = [base]
        for index in range(inputs):
            single = np.zeros(len(variables), dtype=int)
            single[states + index] = 1
            rows.append(single[None])
        if self.tensor:
            rising = base[base.sum(axis=1) > 0]
            for index in range(inputs):
                product = rising.copy()
                product[:, states + index] += 1
                rows.append(product)
        return Monomials(np.concatenate(rows), variables)


class _Fourier(Library):
    def __init__(self, count: int, frequency: float, variables: tuple[str, ...] | None):
        self.count = _whole("count", count, 1)
        if not (np.isfinite(frequency) and frequency > 0):
            raise InputError(f"frequency: {frequency!r} found, expected a positive number")
        self.frequency = frequency
        self.variables = variables

    def _terms(self, variables: list[Any], states: int) -> Terms:
        import sympy

        used = _chosen(variables, self.variables)
        rate = sympy.Integer(int(self.frequency)) if float(self.frequency).is_integer() else sympy.Float(self.frequency)
        waves = [wave(k * rate * v) for v in used for k in range(1, self.count + 1) for wave in (sympy.sin, sympy.cos)]
        return Terms(waves, variables)


class _User(Library):
    def __init__(self, functions: tuple[Any, ...]):
        self.functions = functions

    def _terms(self, variables: list[Any], states: int) -> Terms:
        expressions = [e for f in self.functions for e in term_expressions(f, variables)]
        return Terms(_unique(expressions), variables)


class _Sum(Library):
    def __init__(self, first: Library, second: Library):
        self.first = first
        self.second = second

    def _terms(self, variables: list[Any], states: int) -> Terms:
        one, two = self.first._terms(variables, states), self.second._terms(variables, states)
        if isinstance(one, Monomials) and isinstance(two, Monomials):
            return Monomials(_unique_rows(np.concatenate([one.powers, two.powers])), variables)
        return _mixed([*one.expressions, *two.expressions], variables)


class _Product(Library):
    def __init__(self, first: Library, second: Library):
        self.first = first
        self.second = second

    def _terms(self, variables: list[Any], states: int) -> Terms:
        one, two = self.first._terms(variables, states), self.second._terms(variables, states)
        if isinstance(one, Monomials) and isinstance(two, Monomials):
            every = (one.powers[:, None] + two.powers[None]).reshape(-1, len(variables))
            return Monomials(_unique_rows(every), variables)
        return _mixed([a * b for a in one.expressions for b in two.expressions], variables)


def polynomial(degree: int = 2, *, cross: bool = True, bias: bool = True) -> Library:
    """All monomials of states and inputs up to `degree`; `cross` keeps mixed products, `bias` the constant."""
    return _Polynomial(degree, cross, bias)


def affine(degree: int = 2, *, tensor: bool = False, cross: bool = True, bias: bool = False) -> Library:
    """Monomials P(x) of the states, the inputs u as they are, and with `tensor` all products P(x) u."""
    return _Affine(degree, tensor, cross, bias)


def fourier(count: int = 1, *, frequency: float = 1.0, variables: Sequence[str] | None = None) -> Library:
    """sin(k w v) and cos(k w v) of each variable v, for k = 1 .. `count` and w = `frequency`."""
    return _Fourier(count, frequency, None if variables is None else tuple(variables))


def trigonometric(variables: Sequence[str] | None = None) -> Library:
    """sin v and cos v of each variable, or of those named."""
    return fourier(1, variables=variables)


def user(functions: Sequence[Callable[..., Any] | str] | Callable[..., Any] | str) -> Library:
    """Terms of one's own.

    Parameters
    ----------
    functions : texts such as "sin(x) * y", or plain functions of symbols, written with `inscape.systems.symbols`. A
        function whose arguments are names of variables is applied to those; any other to every combination of
        variables, as many as it has arguments.
    """
    several = (functions,) if callable(functions) or isinstance(functions, str) else tuple(functions)
    if not several:
        raise InputError("functions: none found, expected at least one text or function")
    return _User(several)


def monomial_powers(variables: int, degree: int, cross: bool = True, bias: bool = True) -> np.ndarray:
    """Exponents (term, variable) of all monomials, by degree, then in the order of the variables."""
    rows: list[np.ndarray] = []
    for total in range(0 if bias else 1, degree + 1):
        rows += [
            np.bincount(np.array(combination, dtype=int), minlength=variables)
            for combination in itertools.combinations_with_replacement(range(variables), total)
            if cross or len(set(combination)) <= 1
        ]
    return np.array(rows, dtype=int).reshape(-1, variables)


def _recipe(powers: np.ndarray) -> list[tuple[int, int, int]]:
    # (earlier product, variable to multiply it by, where the result goes): each term costs one multiplication.
    steps: list[tuple[int, int, int]] = []
    where: dict[tuple[int, ...], int] = {}

    def make(row: tuple[int, ...]) -> int:
        if row in where:
            return where[row]
        raised = [i for i, k in enumerate(row) if k]
        if not raised:
            steps.append((-1, -1, -1))
        elif sum(row) == 1:
            steps.append((-1, raised[0], -1))
        else:
            lower = list(row)
            lower[raised[-1]] -= 1
            steps.append((make(tuple(lower)), raised[-1], -1))
        where[row] = len(steps) - 1
        return where[row]

    for slot, row in enumerate(powers):
        index = make(tuple(int(k) for k in row))
        parent, variable, _ = steps[index]
        steps[index] = (parent, variable, slot)
    return steps


def _mixed(expressions: list[Any], variables: list[Any]) -> Terms:
    return Terms(_unique(expressions), variables)


def _unique(expressions: list[Any]) -> list[Any]:
    return list(dict.fromkeys(expressions))


def _unique_rows(powers: np.ndarray) -> np.ndarray:
    rows = dict.fromkeys(tuple(int(k) for k in row) for row in powers)
    return np.array(list(rows), dtype=int)


def _chosen(variables: list[Any], names: tuple[str, ...] | None) -> list[Any]:
    from inscape.errors import UnknownNameError

    if names is None:
        return variables
    by_name = {str(v): v for v in variables}
    for name in names:
        if name not in by_name:
            raise UnknownNameError("variable", name, by_name)
    return [by_name[n] for n in names]


def _library(other: Any) -> Library:
    if not isinstance(other, Library):
        raise InputError(f"library: {type(other).__name__} found, expected a library of inscape.models.dictionary")
    return other


def _whole(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name}: {value!r} found, expected a whole number, at least {least}")
    return int(value)
