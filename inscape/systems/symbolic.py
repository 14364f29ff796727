"""`SymbolicSystem`: what flows, maps and delay flows have in common - one definition and the forms derived from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np
import sympy
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.array_backends import evaluate
from inscape.systems.definition import Definition, trace


class SymbolicSystem:
    """A world whose law is written as symbols.

    Usable as a decorator on the law itself::

        @Flow
        def lorenz(x, y, z, *, sigma=10.0, rho=28.0, beta=8 / 3):
            return sigma * (y - x), x * (rho - z) - y, x * y - beta * z

    Parameters
    ----------
    law : a `Definition`, or a plain function of symbols (see `definition.trace`).
    name : what the system is called; the function's name if None.
    initial : (state,) a state to start from, ones if None.
    period : dominant period in the system's own time unit (None if not known; 1 for a map).
    description, citation : one line each.
    """

    def __init__(
        self,
        law: Definition | Callable[..., Any],
        *,
        name: str | None = None,
        initial: Sequence[float] | Float[np.ndarray, "state"] | None = None,
        period: float | None = None,
        description: str = "",
        citation: str = "",
    ):
        self.definition = law if isinstance(law, Definition) else trace(law, name)
        self.name = name or self.definition.name
        start = np.ones(self.dimension) if initial is None else np.asarray(initial, dtype=float)
        if start.shape != (self.dimension,) or not np.isfinite(start).all():
            raise InputError(f"{self.name}: initial {start.tolist()}, expected {self.dimension} finite numbers")
        if period is not None and not (np.isfinite(period) and period > 0):
            raise InputError(f"{self.name}: period {period!r}, expected a positive number")
        self.initial = start
        self.period = period
        self.description = description or (getattr(law, "__doc__", None) or "").strip()
        self.citation = citation

    @property
    def state_names(self) -> tuple[str, ...]:
        return self.definition.state_names

    @property
    def input_names(self) -> tuple[str, ...]:
        return self.definition.input_names

    @property
    def parameters(self) -> Mapping[str, float]:
        return self.definition.parameters

    @property
    def parameter_values(self) -> Float[np.ndarray, "parameter"]:
        """The parameters as a vector, in their own order."""
        return np.array(list(self.parameters.values()), dtype=float)

    @property
    def dimension(self) -> int:
        return len(self.state_names)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name}: {', '.join(self.state_names)})"

    def with_parameters(self, **values: float) -> Self:
        """The same law with other numbers; nothing is compiled anew."""
        changed = object.__new__(type(self))
        changed.__dict__.update(self.__dict__)
        changed.definition = self.definition.with_parameters(values)
        return changed

    @property
    def jacobian_expressions(self) -> tuple[sympy.Expr, ...]:
        """The Jacobian row by row."""
        return tuple(self.definition.jacobian)

    def rhs(
        self,
        states: Float[np.ndarray, "*batch state"],
        time: float | Float[np.ndarray, "*batch"] = 0.0,
        inputs: Float[np.ndarray, "*batch input"] | None = None,
    ) -> Float[np.ndarray, "*batch state"]:
        """The right-hand side of the law: time derivatives of a flow, next states of a map.

        Parameters
        ----------
        states : (..., state).
        time : one number, or one for each state.
        inputs : (..., input), for a system that is driven.

        Raises
        ------
        InputError : if the last axis is not the state, or inputs are missing.
        """
        given, driving = self._arguments(states, inputs)
        return evaluate(self.definition, self.definition.expressions, given, time, driving)

    def jacobian(
        self,
        states: Float[np.ndarray, "*batch state"],
        time: float | Float[np.ndarray, "*batch"] = 0.0,
        inputs: Float[np.ndarray, "*batch input"] | None = None,
    ) -> Float[np.ndarray, "*batch state state"]:
        """d(right-hand side)/d(state) at states (..., state); arguments as of `rhs`."""
        given, driving = self._arguments(states, inputs)
        flat = evaluate(self.definition, self.jacobian_expressions, given, time, driving)
        return flat.reshape(*flat.shape[:-1], self.dimension, self.dimension)

    def _arguments(self, states: Any, inputs: Any) -> tuple[np.ndarray, np.ndarray | None]:
        try:
            given = np.asarray(states, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"states: {type(states).__name__} found, expected numbers (..., state)") from None
        if given.ndim == 0 or given.shape[-1] != self.dimension:
            raise InputError(f"states: shape {given.shape} found, expected (..., {self.dimension}) for {self.name}")
        count = len(self.input_names)
        if count == 0 and inputs is None:
            return given, None
        if inputs is None:
            raise InputError(f"{self.name}: no inputs found, expected (..., {count}): {', '.join(self.input_names)}")
        driving = np.asarray(inputs, dtype=float)
        if driving.ndim == 0 or driving.shape[-1] != count:
            raise InputError(f"inputs: shape {driving.shape} found, expected (..., {count}) for {self.name}")
        return given, driving
