"""`Observables`: the functions psi_1 .. psi_N of the state through which a Koopman operator is seen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from jaxtyping import Float, Inexact
from sklearn.base import BaseEstimator, clone

from inscape.errors import InputError

if TYPE_CHECKING:
    from inscape.models.koopman.snapshots import Snapshots


class Observables(BaseEstimator):
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

    def learn_pairs(self, pairs: Snapshots) -> None:
        """Learn from snapshot pairs what needs both sides of them; nothing, for all but a learnt net."""

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

    def __or__(self, other: Observables) -> Observables:
        from inscape.models.koopman.union import Union

        if not isinstance(other, Observables):
            raise InputError(f"dictionary: {type(other).__name__} found on the right of |, expected a dictionary")
        return Union([*_parts(self), *_parts(other)])


def fitted_copy(dictionary: Any, windows: np.ndarray, state_names: Sequence[str]) -> Observables:
    """A copy of a user's dictionary that has learned from these windows; the user's own stays as it is.

    Raises
    ------
    InputError : if it is no dictionary.
    """
    if not isinstance(dictionary, Observables):
        raise InputError(f"dictionary: {type(dictionary).__name__} found, expected one such as Dictionary.delays(20)")
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


def positive(name: str, value: Any) -> float:
    """A finite number above 0, or an `InputError` that names it."""
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if not (number and np.isfinite(value) and value > 0):
        raise InputError(f"{name}: {value!r} found, expected a positive number")
    return float(value)


def _parts(dictionary: Observables) -> list[Observables]:
    from inscape.models.koopman.union import Union

    return list(dictionary.parts) if isinstance(dictionary, Union) else [dictionary]
