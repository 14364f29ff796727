"""`DictionaryPolicy`: a policy that is a sparse formula of the observations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.dictionary import Monomials, Terms
from inscape.models.sparse_law import written_sum
from inscape.systems.definition import symbol

if TYPE_CHECKING:
    from inscape.models.formula import Formula


class DictionaryPolicy:
    """a = clip(Xi Theta(s), low, high).

    Parameters
    ----------
    terms : over the names of the observations.
    coefficients : (action, term).
    low, high : (action,) bounds.
    action_names : one for each action; a0, a1, ... if empty.
    samples : (model, action, term) of an ensemble, for `variance`.
    """

    def __init__(
        self,
        terms: Terms,
        coefficients: Float[np.ndarray, "action term"],
        low: Float[np.ndarray, "action"] | float,
        high: Float[np.ndarray, "action"] | float,
        *,
        action_names: tuple[str, ...] = (),
        samples: Float[np.ndarray, "model action term"] | None = None,
    ):
        self.terms = terms
        self.coefficients = np.atleast_2d(np.asarray(coefficients, dtype=float))
        if self.coefficients.shape[1] != len(terms) or not np.isfinite(self.coefficients).all():
            raise InputError(
                f"coefficients: shape {self.coefficients.shape} found, expected (action, {len(terms)}) finite numbers"
            )
        actions = len(self.coefficients)
        self.low = np.broadcast_to(np.asarray(low, dtype=float), (actions,)).copy()
        self.high = np.broadcast_to(np.asarray(high, dtype=float), (actions,)).copy()
        self.action_names = tuple(action_names) or tuple(f"a{i}" for i in range(actions))
        self.samples = self.coefficients[None] if samples is None else np.asarray(samples, dtype=float)

    def mean(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        """The formula's value, not clipped."""
        return self.terms.columns(observation) @ self.coefficients.T

    def act(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        """The formula's value, clipped to the bounds."""
        return np.clip(self.mean(observation), self.low, self.high)

    def variance(self, observation: Float[np.ndarray, "*batch observation"]) -> Float[np.ndarray, "*batch action"]:
        """Variance of the formula over its bootstrap models."""
        columns = self.terms.columns(observation)
        return np.var(np.stack([columns @ sample.T for sample in self.samples]), axis=0)

    @property
    def parameters(self) -> Float[np.ndarray, "parameter"]:
        """The coefficients that are not zero."""
        return self.coefficients[self.coefficients != 0]

    def with_parameters(self, vector: Float[np.ndarray, "parameter"]) -> Self:
        """The same terms with other coefficients.

        Raises
        ------
        InputError : if their number differs.
        """
        values = np.asarray(vector, dtype=float)
        if values.shape != self.parameters.shape:
            raise InputError(f"parameters: shape {values.shape} found, expected {self.parameters.shape}")
        changed = self.coefficients.copy()
        changed[self.coefficients != 0] = values
        return type(self)(self.terms, changed, self.low, self.high, action_names=self.action_names)

    def equations(self, digits: int = 3) -> tuple[str, ...]:
        """One line an action."""
        return tuple(
            f"{name} = clip({written_sum(row, self.terms.names, digits)}, {low:g}, {high:g})"
            for name, row, low, high in zip(self.action_names, self.coefficients, self.low, self.high, strict=True)
        )

    def state(self) -> dict[str, Any]:
        """The policy as plain data and arrays.

        Raises
        ------
        InputError : if a term is no monomial.
        """
        if not isinstance(self.terms, Monomials):
            raise InputError("policy: terms other than monomials found; keep it as a formula instead")
        names = {"variables": list(map(str, self.terms.variables)), "actions": list(self.action_names)}
        return names | {
            "powers": self.terms.powers,
            "coefficients": self.coefficients,
            "low": self.low,
            "high": self.high,
        }

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The inverse of `state`."""
        terms = Monomials(np.asarray(state["powers"]), [symbol(str(name)) for name in state["variables"]])
        return cls(terms, state["coefficients"], state["low"], state["high"], action_names=tuple(state["actions"]))

    def formula(self) -> Formula:
        """The policy as formulas that can be written as C, Python, ONNX or LaTeX."""
        from inscape.models.formula import Formula

        return Formula.of_sums("policy", self.terms, self.coefficients, self.action_names, bounds=(self.low, self.high))

    def __repr__(self) -> str:
        return f"DictionaryPolicy({len(self.parameters)} coefficients, {len(self.coefficients)} actions)"
