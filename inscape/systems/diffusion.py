"""`Diffusion`: how noise enters a law, dx = f(x, t) dt + B(x, t) dW, written in the law's own symbols."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from inscape.errors import InputError
from inscape.systems.definition import Definition, symbol

NoiseLaw = float | np.ndarray | Sequence[Any] | Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Diffusion:
    """The diffusion matrix of an Ito equation in symbols.

    Parameters
    ----------
    matrix : (state, channel); channel k is an independent Wiener process.
    states : the symbols of the state variables.
    """

    matrix: sympy.Matrix
    states: tuple[sympy.Symbol, ...]

    @property
    def channels(self) -> int:
        """Number of independent Wiener processes."""
        return self.matrix.shape[1]

    @property
    def is_additive(self) -> bool:
        """Whether the state does not stand in it."""
        return not (self.matrix.free_symbols & set(self.states))

    @property
    def is_diagonal(self) -> bool:
        """Whether each state variable has a noise of its own, whose strength depends on no other variable."""
        size = len(self.states)
        return self.matrix.shape == (size, size) and all(
            self.matrix[i, j] == 0 if i != j else not (self.matrix[i, i].free_symbols & set(self.states) - {s})
            for i, s in enumerate(self.states)
            for j in range(size)
        )

    @property
    def milstein_correction(self) -> tuple[sympy.Expr, ...]:
        """b db/dx of each state variable, for diagonal noise."""
        return tuple(self.matrix[i, i] * sympy.diff(self.matrix[i, i], s) for i, s in enumerate(self.states))


def diffusion(definition: Definition, noise: NoiseLaw) -> Diffusion:
    """Read a diffusion off what a user gives.

    Parameters
    ----------
    noise : one strength for all state variables; (state,) strengths; a matrix (state, channel); or a function of
        symbols that returns any of these; its arguments are those variables, inputs and parameters of the law that
        it needs, by their names, and `t`.

    Raises
    ------
    InputError : if the shape does not fit, a value is not finite, or the function names what the law does not have.
    """
    given = _called(definition, noise) if callable(noise) else noise
    try:
        array = np.array(given.tolist() if isinstance(given, sympy.MatrixBase) else given, dtype=object)
        entries = [sympy.sympify(e) for e in array.ravel()]
    except (sympy.SympifyError, ValueError, TypeError):
        raise InputError(f"noise: {noise!r} found, expected numbers or a function of the law's symbols") from None
    size = len(definition.states)
    if array.ndim == 0:
        matrix = sympy.eye(size) * entries[0]
    elif array.shape == (size,):
        matrix = sympy.diag(*entries)
    elif array.ndim == 2 and array.shape[0] == size and array.shape[1] > 0:
        matrix = sympy.Matrix(size, array.shape[1], entries)
    else:
        raise InputError(f"noise: shape {array.shape} found, expected one number, ({size},) or ({size}, channel)")
    known = {*definition.states, *definition.parameter_symbols, *definition.inputs, symbol("t")}
    for entry in entries:
        if entry.is_number and not (entry.is_real and entry.is_finite):
            raise InputError(f"noise: {entry} found, expected finite real numbers")
        stray = sorted(str(s) for s in entry.free_symbols - known)
        if stray:
            raise InputError(f"noise: {', '.join(stray)} found, which the law of {definition.name} does not have")
    return Diffusion(matrix, definition.states)


def _called(definition: Definition, noise: Callable[..., Any]) -> Any:
    known = (*definition.state_names, *definition.input_names, *definition.parameters, "t")
    keywords = {}
    for argument in inspect.signature(noise).parameters.values():
        if argument.name not in known:
            raise InputError(
                f"noise: argument {argument.name!r} is not in the law of {definition.name}; known: {', '.join(known)}"
            )
        keywords[argument.name] = symbol(argument.name)
    positional = [
        keywords.pop(a.name) for a in inspect.signature(noise).parameters.values() if a.kind is a.POSITIONAL_ONLY
    ]
    return noise(*positional, **keywords)
