"""`Dictionary`: the ways to make observables, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.models.koopman.observables import Observables

if TYPE_CHECKING:
    from inscape.models.dictionary import Library


class Dictionary:
    """Makers of observables: `Dictionary.rbf(400) | Dictionary.delays(20)` holds those of both."""

    @staticmethod
    def identity() -> Observables:
        """The state itself."""
        from inscape.models.koopman.delays import Delays

        return Delays(1)

    @staticmethod
    def delays(count: int, stride: int = 1, variables: Sequence[str] | None = None) -> Observables:
        """The last `count` samples, `stride` apart, of all variables or those named: a Krylov space of the state."""
        from inscape.models.koopman.delays import Delays

        return Delays(count, stride, None if variables is None else tuple(variables))

    @staticmethod
    def polynomial(degree: int = 2, delays: int = 1, stride: int = 1) -> Observables:
        """All monomials up to `degree` of the last `delays` samples, the constant among them."""
        from inscape.models.koopman.polynomials import Polynomials

        return Polynomials(degree, delays, stride)

    @staticmethod
    def rbf(
        centres: int = 100,
        shape: str = "exponential",
        *,
        width: float = 1.0,
        delays: int = 1,
        stride: int = 1,
        standardize: bool = True,
        seed: int | None = 0,
    ) -> Observables:
        """Radial functions about k-means centres of the last `delays` samples."""
        from inscape.models.koopman.radial import RadialFunctions

        return RadialFunctions(
            centres, shape, width=width, delays=delays, stride=stride, standardize=standardize, seed=seed
        )

    @staticmethod
    def fourier(order: int = 1, period: float = 2 * np.pi, within: str = "box") -> Observables:
        """Characters exp(2 pi i k.x / period) of a torus, for whole k with every |k_j| at most `order`."""
        from inscape.models.koopman.torus import TorusModes

        return TorusModes(order, period, within)

    @staticmethod
    def terms(library: Library | Sequence[str] | str | Callable[..., Any]) -> Observables:
        """Terms of a library of `inscape.models.dictionary`, texts such as "x**2 * y", or functions of symbols."""
        from inscape.models.koopman.symbolic_terms import SymbolicTerms

        return SymbolicTerms(library)

    @staticmethod
    def user(function: Callable[[np.ndarray], np.ndarray], delays: int = 1, stride: int = 1) -> Observables:
        """A function (sample, delays * state) -> (sample, feature) of one's own, real or complex."""
        from inscape.models.koopman.user_function import UserFunction

        return UserFunction(function, delays, stride)

    @staticmethod
    def net(outputs: int = 20, **settings: Any) -> Observables:
        """The state and a net, trained so that their span is nearly invariant; settings of `NeuralObservables`."""
        from inscape.models.koopman.neural import NeuralObservables

        return NeuralObservables(outputs, **settings)

    @staticmethod
    def constant() -> Observables:
        """The function 1, whose eigenvalue is 1 for every system."""
        from inscape.models.koopman.delays import Constant

        return Constant()
