"""`SymbolicSystem`: what flows, maps and delay flows have in common - one definition and the forms derived from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from os import PathLike
from typing import Any, ClassVar, Literal, Self, overload

import numpy as np
import sympy
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError
from inscape.systems import export, plan
from inscape.systems.array_backends import evaluate, heyoka_system, numba_kernel, torch_function
from inscape.systems.definition import Definition, trace
from inscape.systems.polynomial import Monomials, polynomial_terms


class SymbolicSystem:
    """A world whose law is written as symbols.

    Usable as a decorator on the law itself::

        @Flow
        def lorenz(x, y, z, *, sigma=10.0, rho=28.0, beta=8 / 3):
            return sigma * (y - x), x * (rho - z) - y, x * y - beta * z

    or, with more to say, as ``@Flow(period=0.75, initial=(1, 1, 20))``.

    Parameters
    ----------
    law : a `Definition`, or a plain function of symbols (see `definition.trace`).
    name : what the system is called; the function's name if None.
    initial : (state,) a state to start from, ones if None.
    period : dominant period in the system's own time unit (None if not known; 1 for a map).
    description, citation : one line each.
    units : unit by name of a state or an input; "time" is the unit of time.
    """

    is_map: ClassVar[bool] = False

    def __new__(cls, law: Definition | Callable[..., Any] | None = None, **options: Any) -> Any:
        if law is None:
            return partial(cls, **options)
        return super().__new__(cls)

    def __init__(
        self,
        law: Definition | Callable[..., Any],
        *,
        name: str | None = None,
        initial: Sequence[float] | Float[np.ndarray, "state"] | None = None,
        period: float | None = None,
        description: str = "",
        citation: str = "",
        units: Mapping[str, str] | None = None,
    ):
        if not isinstance(law, Definition) and not callable(law):
            raise InputError(f"law: {type(law).__name__} found, expected a function of symbols or a Definition")
        self.definition = law if isinstance(law, Definition) else trace(law, name)
        self.name = name or self.definition.name
        start = np.ones(self.dimension) if initial is None else plan.numbers(f"{self.name}: initial", initial)
        if start.shape != (self.dimension,):
            raise InputError(f"{self.name}: initial {start.tolist()}, expected {self.dimension} finite numbers")
        if period is not None:
            period = plan.number(f"{self.name}: period", period, "a positive number", above=0)
        self.initial = start
        self.period = period
        self.description = description or (getattr(law, "__doc__", None) or "").strip()
        self.citation = citation
        self.units = dict(units or {})
        for known in self.units:
            if known not in (choices := (*self.state_names, *self.input_names, "time")):
                raise UnknownNameError(f"unit of {self.name}: name", known, choices)

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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SymbolicSystem):
            return NotImplemented
        return (
            type(self) is type(other)
            and self.definition == other.definition
            and (self.name, self.period, self.units) == (other.name, other.period, other.units)
            and np.array_equal(self.initial, other.initial)
        )

    def __hash__(self) -> int:
        return hash((type(self), self.definition))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self), self.__dict__)

    @classmethod
    def from_text(cls, text: str, **options: Any) -> Self:
        """A system from equations as text; see `inscape.systems.text.from_text`.

        Raises
        ------
        InputError : if the text cannot be read (the message names line and word), or is of another kind of system.
        """
        from inscape.systems.text import from_text

        return cls._of_this_kind(from_text(text, **options))

    @classmethod
    def from_file(cls, path: str | PathLike[str], **options: Any) -> Self:
        """A system from a text file of equations; see `from_text`."""
        from inscape.systems.text import from_file

        return cls._of_this_kind(from_file(path, **options))

    @classmethod
    def _of_this_kind(cls, system: SymbolicSystem) -> Self:
        if not isinstance(system, cls):
            raise InputError(
                f"text: a {type(system).__name__} found, expected a {cls.__name__}; mend the left-hand sides"
            )
        return system

    @overload
    def compile(self, target: Literal["heyoka"]) -> list[tuple[Any, Any]]: ...
    @overload
    def compile(self, target: Literal["numpy", "numba", "torch"] = "numpy") -> Callable[..., Any]: ...
    def compile(self, target: str = "numpy") -> Any:
        """The right-hand side in the form that another library wants.

        Parameters
        ----------
        target : "numpy": f(states, time=0.0, inputs=None) over leading axes, as `rhs`;
            "numba": a compiled f(x, p, t, out) for one state, where `p` holds the parameters and then the inputs;
            "torch": f(states, time=0.0, inputs=None, parameters=None) on tensors (..., state), differentiable, where
            `parameters` maps names to tensors that take the place of the system's numbers;
            "heyoka": pairs (variable, expression) for `heyoka.taylor_adaptive`, parameter i being `heyoka.par[i]`.

        Raises
        ------
        UnknownNameError : if the target is none of these.
        MissingExtraError : if torch is asked for and absent.
        """
        if target == "numpy":
            return self.rhs
        if target == "numba":
            return numba_kernel(self.definition, self.definition.expressions)
        if target == "torch":
            return torch_function(self.definition, self.definition.expressions)
        if target == "heyoka":
            return heyoka_system(self.definition)
        raise UnknownNameError("target", target, ("numpy", "numba", "torch", "heyoka"))

    def latex(self) -> str:
        """The law as an `aligned` block of LaTeX."""
        return export.as_latex(self.definition, self.is_map)

    def text(self) -> str:
        """The law, its numbers and its initial state as equations that `from_text` reads back."""
        return export.plain_text(self.definition, self.is_map, self.initial, self.period, self.units)

    def python(self) -> str:
        """Source of a NumPy function of the law that needs nothing of inscape."""
        return export.python_source(self.definition, self.is_map)

    def julia(self) -> str:
        """Source of a Julia function of the law, in the form of DifferentialEquations.jl."""
        return export.julia_source(self.definition, self.is_map)

    def polynomial_terms(self) -> dict[str, Monomials] | None:
        """Coefficient of each monomial in each right-hand side; see `inscape.systems.polynomial.polynomial_terms`."""
        return polynomial_terms(self.definition)

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


def _restored(kind: type[SymbolicSystem], attributes: dict[str, Any]) -> SymbolicSystem:
    system = object.__new__(kind)
    system.__dict__.update(attributes)
    return system
