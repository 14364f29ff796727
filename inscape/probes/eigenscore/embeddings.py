"""Embeddings of answers, looked through and centred before a score is made of them."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError

Centre = Literal["units", "answers"]
CENTRES: tuple[str, ...] = get_args(Centre)


def checked_embeddings(embeddings: object, alpha: float) -> Float[np.ndarray, "sample unit"]:
    """Embeddings as float64.

    Raises
    ------
    InputError : unless they are a finite table of at least two answers and two units, and `alpha` leaves their
        determinant above zero.
    """
    try:
        array = np.asarray(embeddings, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("embeddings: not an array of numbers, expected (sample, unit)") from None
    if array.ndim != 2:
        raise InputError(f"embeddings: shape {array.shape} found, expected (sample, unit)")
    samples, units = array.shape
    if samples < 2:
        raise InputError(f"embeddings: {samples} answer found, expected at least 2: one answer does not scatter")
    if units < 2:
        raise InputError(f"embeddings: {units} unit found, expected at least 2")
    if not np.isfinite(array).all():
        rows = np.flatnonzero(~np.isfinite(array).all(axis=1))
        raise InputError(f"embeddings: NaN or inf in answer {', '.join(map(str, rows[:5]))}; leave those answers out")
    if not np.isfinite(alpha) or alpha < 0:
        raise InputError(f"alpha: {alpha!r} found, expected a number of at least 0")
    if alpha == 0 and samples >= units:
        raise InputError(
            f"alpha: 0 with {samples} answers of {units} units, whose determinant is 0; expected more, such as 1e-3"
        )
    return array


def centred(embeddings: Float[np.ndarray, "sample unit"], centre: Centre) -> Float[np.ndarray, "sample unit"]:
    """Each embedding less its mean over units, as published, or less the mean embedding of all answers.

    Raises
    ------
    InputError : for another word.
    """
    if centre == "units":
        return embeddings - embeddings.mean(axis=1, keepdims=True)
    if centre == "answers":
        return embeddings - embeddings.mean(axis=0, keepdims=True)
    raise InputError(f"centre: {centre!r} found, expected one of {', '.join(CENTRES)}")


def are_identical(embeddings: Float[np.ndarray, "sample unit"]) -> bool:
    """Whether all answers are one answer, up to rounding in single precision."""
    size = float(np.abs(embeddings).max())
    return bool(np.abs(embeddings - embeddings[0]).max() <= 1e-6 * size)
