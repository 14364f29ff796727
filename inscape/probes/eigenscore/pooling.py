"""One embedding for an answer out of the hidden states of its tokens."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError, UnknownNameError

Pooling = Literal["mean+last", "mean", "last", "second-last"]
POOLINGS: tuple[str, ...] = get_args(Pooling)


def pooled(
    hidden: Float[np.ndarray, "*answer token unit"], pooling: Pooling = "mean+last"
) -> Float[np.ndarray, "*answer unit"]:
    """Hidden states of answers, NaN past an answer's end, as one embedding each.

    Parameters
    ----------
    hidden : states at the answer's tokens.
    pooling : "mean+last" is half of both, as the paper prints; "second-last" is the last token but one, as its code
        does (the only token of an answer that has one).

    Raises
    ------
    InputError : for an answer without tokens.
    UnknownNameError : for another pooling.
    """
    if pooling not in POOLINGS:
        raise UnknownNameError("pooling", str(pooling), POOLINGS)
    array = np.asarray(hidden, dtype=np.float64)
    if array.ndim < 2:
        raise InputError(f"hidden: shape {array.shape} found, expected (..., token, unit)")
    lengths = (~np.isnan(array).all(axis=-1)).sum(axis=-1)
    if (lengths == 0).any():
        raise InputError(f"hidden: {int((lengths == 0).sum())} answers without a token found, expected at least one")

    def at(token: np.ndarray) -> np.ndarray:
        return np.take_along_axis(array, token[..., None, None], axis=-2)[..., 0, :]

    if pooling == "second-last":
        return at(np.maximum(lengths - 2, 0))
    last = at(lengths - 1)
    if pooling == "last":
        return last
    inside = np.arange(array.shape[-2]) < lengths[..., None]
    # A NaN within an answer must stay one, so the mean does not skip it.
    mean = np.where(inside[..., None], array, 0.0).sum(axis=-2) / lengths[..., None]
    return mean if pooling == "mean" else (mean + last) / 2
