"""`Dictionary`: the observables psi_1 .. psi_N through which a Koopman operator is seen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from jaxtyping import Float, Inexact
from sklearn.base import BaseEstimator, clone

from inscape.errors import InputError

if TYPE_CHECKING:
    from inscape.models.dictionary import Library


class Dictionary(BaseEstimator):
    """Observables of the last few samples; `a | b` holds those of both.

    A window is (past, state), oldest sample first. Leaves implement `_evaluate` and `names`, set what they learn
    (centres, scales) in `_learn`, and say with `past` how many samples they see.
    """

    has_constant: bool = False
    """Whether the constant 1 lies in the span for any recording."""
    is_linear: bool = False
    """Whether each observable is one of the samples of the window, or the constant."""

    @property
    @abstractmethod
    def past(self) -> int:
        """Samples in the windows that the observables look at."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """The observables in words; known after `fit`."""

    def fit(self, windows: Float[np.ndarray, "sample past state"], state_names: Sequence[str] = ()) -> Self:
        """Learn what the observables take from the recording: centres, scales, weights of a net.

        Raises
        ------
        InputError : if the windows are of another shape than (sample, past, state), or none is there.
        """
        self.state_names_ = tuple(state_names) or tuple(f"x{i}" for i in range(np.shape(windows)[-1]))
        self._learn(self._checked(windows))
        return self

    def features(self, windows: Float[np.ndarray, "sample past state"]) -> Inexact[np.ndarray, "sample feature"]:
        """The value of every observable on every window; windows may hold more past than is needed.

        Raises
        ------
        InputError : if the windows are not of the recording's width, or `fit` was not called.
        """
        if not hasattr(self, "state_names_"):
            raise InputError(f"{type(self).__name__}: not fitted yet; call fit(windows) first")
        return self._evaluate(self._checked(windows))

    def pairs(
        self, before: Float[np.ndarray, "sample past state"], after: Float[np.ndarray, "sample past state"]
    ) -> Self:
        """Learn from snapshot pairs what needs both sides of them; nothing, for all but a learnt net."""
        return self

    @abstractmethod
    def _evaluate(self, windows: np.ndarray) -> np.ndarray: ...

    def _learn(self, windows: np.ndarray) -> None:
        """Set learned attributes from windows; nothing is learned by default."""

    def _checked(self, windows: Any) -> np.ndarray:
        array = np.asarray(windows)
        if array.dtype.kind not in "biuf" or array.ndim != 3 or not len(array):
            raise InputError(
                f"windows: shape {array.shape} of type {array.dtype} found, expected (sample, past, state) numbers"
            )
        if array.shape[1] < self.past:
            raise InputError(f"windows: {array.shape[1]} samples each found, {type(self).__name__} sees {self.past}")
        known = getattr(self, "state_names_", None)
        if known is not None and array.shape[2] != len(known):
            raise InputError(f"windows: {array.shape[2]} state variables found, expected {len(known)}")
        return array[:, array.shape[1] - self.past :].astype(float, copy=False)

    def __or__(self, other: Dictionary) -> Dictionary:
        from inscape.models.koopman.union import Union

        if not isinstance(other, Dictionary):
            raise InputError(f"dictionary: {type(other).__name__} found on the right of |, expected a Dictionary")
        return Union([*_parts(self), *_parts(other)])

    @staticmethod
    def identity() -> Dictionary:
        """The state itself."""
        from inscape.models.koopman.delays import Delays

        return Delays(1)

    @staticmethod
    def delays(count: int, stride: int = 1, variables: Sequence[str] | None = None) -> Dictionary:
        """The last `count` samples, `stride` apart, of all variables or those named: a Krylov space of the state."""
        from inscape.models.koopman.delays import Delays

        return Delays(count, stride, None if variables is None else tuple(variables))

    @staticmethod
    def polynomial(degree: int = 2, delays: int = 1, stride: int = 1) -> Dictionary:
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
    ) -> Dictionary:
        """Radial functions about k-means centres of the last `delays` samples."""
        from inscape.models.koopman.radial import RadialFunctions

        return RadialFunctions(
            centres, shape, width=width, delays=delays, stride=stride, standardize=standardize, seed=seed
        )

    @staticmethod
    def fourier(order: int = 1, period: float = 2 * np.pi, within: str = "box") -> Dictionary:
        """Characters exp(2 pi i k.x / period) of a torus, for whole k with every |k_j| at most `order`."""
        from inscape.models.koopman.torus import TorusModes

        return TorusModes(order, period, within)

    @staticmethod
    def terms(library: Library | Sequence[str] | str | Callable[..., Any]) -> Dictionary:
        """Terms of a library of `inscape.models.dictionary`, texts such as "x**2 * y", or functions of symbols."""
        from inscape.models.koopman.symbolic_terms import SymbolicTerms

        return SymbolicTerms(library)

    @staticmethod
    def user(function: Callable[[np.ndarray], np.ndarray], delays: int = 1, stride: int = 1) -> Dictionary:
        """A function (sample, delays * state) -> (sample, feature) of one's own, real or complex."""
        from inscape.models.koopman.user_function import UserFunction

        return UserFunction(function, delays, stride)

    @staticmethod
    def net(features: int = 20, **settings: Any) -> Dictionary:
        """Observables of a neural net, trained so that their span is nearly invariant; see `NeuralObservables`."""
        from inscape.models.koopman.neural import NeuralObservables

        return NeuralObservables(features, **settings)

    @staticmethod
    def constant() -> Dictionary:
        """The function 1, whose eigenvalue is 1 for every system."""
        from inscape.models.koopman.delays import Constant

        return Constant()


def fitted_copy(dictionary: Any, windows: np.ndarray, state_names: Sequence[str]) -> Dictionary:
    """A copy of a user's dictionary that has learned from these windows; the user's own stays as it is.

    Raises
    ------
    InputError : if it is no `Dictionary`.
    """
    if not isinstance(dictionary, Dictionary):
        raise InputError(
            f"dictionary: {type(dictionary).__name__} found, expected a Dictionary such as Dictionary.delays(20)"
        )
    return clone(dictionary).fit(windows, state_names)


def embedded(windows: np.ndarray, delays: int, stride: int) -> np.ndarray:
    """(sample, delays * state), the newest sample first."""
    newest = windows.shape[1] - 1
    picked = windows[:, newest - stride * np.arange(delays)]
    return picked.reshape(len(windows), -1)


def embedded_names(state_names: Sequence[str], delays: int, stride: int) -> tuple[str, ...]:
    """The names of the columns of `embedded`."""
    return tuple(n if lag == 0 else f"{n}_back{lag * stride}" for lag in range(delays) for n in state_names)


def whole(name: str, value: Any, least: int = 1) -> int:
    """A whole number of at least `least`, or an `InputError` that names it."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name}: {value!r} found, expected a whole number, at least {least}")
    return int(value)


def _parts(dictionary: Dictionary) -> list[Dictionary]:
    from inscape.models.koopman.union import Union

    return list(dictionary.parts) if isinstance(dictionary, Union) else [dictionary]
