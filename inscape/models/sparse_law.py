"""`SparseLaw`: terms and their coefficients - a learned right-hand side that evaluates, prints and becomes a system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float

from inscape.models.dictionary import Terms

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem

Time = Literal["continuous", "discrete"]


@dataclass(frozen=True)
class SparseLaw:
    """x' = Theta(x, u) Xi, or x[k+1] = Theta(x[k], u[k]) Xi.

    Parameters
    ----------
    terms : the dictionary, met with the names of the system.
    coefficients : (state, term).
    time : "continuous" or "discrete".
    """

    terms: Terms
    coefficients: Float[np.ndarray, "state term"]
    state_names: tuple[str, ...]
    input_names: tuple[str, ...]
    time: Time

    def rhs(
        self, states: Float[np.ndarray, "*batch state"], inputs: Float[np.ndarray, "*batch input"] | None = None
    ) -> Float[np.ndarray, "*batch state"]:
        """Rates of change, or next states."""
        return self.terms.columns(states, inputs) @ self.coefficients.T

    def equations(self, digits: int = 4) -> tuple[str, ...]:
        """One line a state variable, coefficients to so many significant digits."""
        left = "{}' = " if self.time == "continuous" else "{}[k+1] = "
        lines = []
        names = self.terms.names
        for state, row in zip(self.state_names, self.coefficients, strict=True):
            lines.append(left.format(state) + written_sum(row, names, digits))
        return tuple(lines)

    def system(
        self, name: str, initial: Float[np.ndarray, "state"], period: float | None = None, parametric: bool = False
    ) -> SymbolicSystem:
        """The law as a `Flow` or a `Map`.

        Parameters
        ----------
        parametric : make every coefficient a parameter (`c_<state>_<number of the term>`), where numbers stand else.
        """
        import sympy

        from inscape.systems import Flow, Map
        from inscape.systems.definition import Definition, symbol

        parameters: dict[str, float] = {}
        sides = []
        expressions = self.terms.expressions
        for state, row in zip(self.state_names, self.coefficients, strict=True):
            parts = []
            for index in np.flatnonzero(row):
                value = sympy.Float(float(row[index]))
                if parametric:
                    key = f"c_{state}_{index}"
                    parameters[key] = float(row[index])
                    value = symbol(key)
                parts.append(value * expressions[index])
            sides.append(sympy.Add(*parts))
        definition = Definition(name, self.state_names, self.input_names, parameters, tuple(sides))
        kind = Flow if self.time == "continuous" else Map
        return kind(definition, initial=initial, period=period if self.time == "continuous" else None)


def written_sum(coefficients: Float[np.ndarray, "term"], names: Sequence[str], digits: int = 4) -> str:
    """Coefficients times terms as one line of text, without those that are zero."""
    body = ""
    for index in np.flatnonzero(coefficients):
        value, term = float(coefficients[index]), names[index]
        number = f"{abs(value):.{digits}g}"
        sign = ("-" if value < 0 else "") if not body else (" - " if value < 0 else " + ")
        body += sign + (number if term == "1" else term if number == "1" else f"{number} {term}")
    return body or "0"
