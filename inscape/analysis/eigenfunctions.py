"""Eigenvalues and eigenfunctions out of fitted models, ours and others', in one form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float, Num

from inscape.analysis.features import points_of_plane
from inscape.analysis.series import shown, whole
from inscape.errors import InputError


@dataclass(frozen=True, eq=False)
class Eigenfunctions:
    """Numbers and functions that claim g(F(x)) = eigenvalue g(x).

    Parameters
    ----------
    eigenvalues : (pair,) of `steps` samples.
    along : (time, state) of one run -> (window, pair) values of the functions, one row a window of samples, in order.
    steps : samples between a window and the one it is compared with.
    """

    eigenvalues: Complex[np.ndarray, "pair"]
    along: Callable[[Float[np.ndarray, "time state"]], Num[np.ndarray, "window pair"]]
    steps: int = 1


def eigenfunctions_of(model: Any, dt: float = 1.0) -> Eigenfunctions:
    """Eigenpairs of a fitted model, or of a pair (eigenvalues, function of (time, state) -> (time, pair)).

    Read are: models of inscape with `eigenvalues_` and `eigenfunctions` or, as `DMD`, with a linear `operator_`; the
    DMD, HankelDMD, BOPDMD and kindred of PyDMD and its kernel EDMD; estimators of kooplearn; anything with an
    `eig(eval_right_on=states)` as theirs.

    Parameters
    ----------
    dt : sampling interval of the recording, for models whose eigenvalues are of continuous time.

    Raises
    ------
    InputError : if the model is none of these, or not fitted.
    """
    if isinstance(model, Eigenfunctions):
        return model
    if isinstance(model, tuple) and len(model) == 2 and callable(model[1]):
        values = points_of_plane(model[0], "eigenvalues")
        if values.ndim != 1 or not values.size:
            raise InputError(f"eigenvalues: shape {values.shape} found, expected (pair,)")
        return Eigenfunctions(values, model[1])
    home = type(model).__module__.split(".")[0]
    if home == "pydmd":
        return _of_pydmd(model, dt)
    if callable(getattr(model, "eig", None)):
        return _of_kooplearn(model)
    if hasattr(model, "eigenvalues_") and callable(getattr(model, "eigenfunctions", None)):
        return Eigenfunctions(points_of_plane(model.eigenvalues_, "eigenvalues"), model.eigenfunctions)
    if all(hasattr(model, name) for name in ("operator_", "constant_", "delays")):
        return _of_linear_law(model)
    raise InputError(
        f"model: {shown(model)} found, expected a fitted model with eigenfunctions (a Koopman model or DMD of inscape, "
        "PyDMD, kooplearn) or a pair (eigenvalues, function of states)"
    )


def _of_pydmd(model: Any, dt: float) -> Eigenfunctions:
    try:
        values, modes = np.asarray(model.eigs, dtype=complex), np.asarray(model.modes, dtype=complex)
        states = np.asarray(model.snapshots).shape[0]
    except (AttributeError, IndexError, TypeError, ValueError):
        raise InputError(f"model: {type(model).__name__} of PyDMD that is not fitted found, call fit first") from None
    if type(model).__name__ == "BOPDMD":
        values = np.exp(values * dt)
    if type(model).__name__ == "EDMD":
        return _of_pydmd_kernel(model, values)
    delays, rest = divmod(modes.shape[0], states)
    if rest or not delays:
        raise InputError(f"model: modes of {modes.shape[0]} rows for {states} states found, expected a multiple")
    functionals = np.linalg.pinv(modes).T

    def along(x: np.ndarray) -> np.ndarray:
        _check_states(x, states)
        return _windows(x, delays) @ functionals

    return Eigenfunctions(values, along)


def _of_pydmd_kernel(model: Any, values: np.ndarray) -> Eigenfunctions:
    from sklearn.metrics.pairwise import pairwise_kernels

    vectors = np.asarray(model.operator.eigenvectors)
    singular = np.asarray(model.operator.svd_vals)
    if vectors.shape[1] != len(values):
        raise InputError(
            f"model: {len(values)} eigenvalues for {vectors.shape[1]} eigenfunctions found: PyDMD has left out zeros; "
            "lower svd_rank"
        )
    learned = np.asarray(model.snapshots).T
    mix = model._svd_modes @ (vectors / np.where(singular > 0, singular, np.inf)[:, None])

    def along(x: np.ndarray) -> np.ndarray:
        _check_states(x, learned.shape[1])
        kernel = pairwise_kernels(x, learned[: len(mix)], metric=model._kernel_metric, **model._kernel_params)
        return np.asarray(kernel @ mix)

    return Eigenfunctions(values, along)


def _of_kooplearn(model: Any) -> Eigenfunctions:
    from sklearn.exceptions import NotFittedError

    try:
        values = points_of_plane(model.eig(), "eigenvalues")
    except (NotFittedError, AttributeError):
        raise InputError(f"model: {type(model).__name__} that is not fitted found, call fit first") from None
    features = getattr(model, "n_features_in_", None)

    def along(x: np.ndarray) -> np.ndarray:
        if features is not None:
            _check_states(x, int(features))
        return np.asarray(model.eig(eval_right_on=x)[1])

    return Eigenfunctions(values, along, steps=whole(getattr(model, "lag_time", 1), "lag_time"))


def _of_linear_law(model: Any) -> Eigenfunctions:
    from scipy.linalg import eig

    # h[k+1] = A h[k] + c is linear in (h, 1); left eigenvectors are the affine functions that it only scales.
    size = len(model.operator_)
    step = np.eye(size + 1)
    step[:size, :size], step[:size, size] = model.operator_, model.constant_
    values, left = eig(step, left=True, right=False)
    delays = int(model.delays)
    states = size // delays

    def along(x: np.ndarray) -> np.ndarray:
        _check_states(x, states)
        # Its newest sample comes first.
        windows = np.concatenate([x[delays - 1 - lag : len(x) - lag] for lag in range(delays)], axis=1)
        return np.concatenate([windows, np.ones((len(windows), 1))], axis=1) @ left.conj()

    return Eigenfunctions(values.astype(complex), along)


def _windows(x: np.ndarray, delays: int) -> np.ndarray:
    return np.concatenate([x[lag : len(x) - delays + 1 + lag] for lag in range(delays)], axis=1)


def _check_states(x: np.ndarray, expected: int) -> None:
    if x.shape[1] != expected:
        raise InputError(f"recording: {x.shape[1]} states found, expected the {expected} that the model was fitted on")
