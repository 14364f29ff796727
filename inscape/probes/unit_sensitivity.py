"""Which hidden units move most from checkpoint to checkpoint (Mohammadzadeh et al. 2025)."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError

Embeddings = Float[np.ndarray, "checkpoint sample unit"]


def sensitivity(embeddings: Embeddings) -> Float[np.ndarray, "unit"]:
    """V_i = Var_t(e_i) * sum over t of |e_i(t) - e_i(t - 1)|, averaged over samples.

    Parameters
    ----------
    embeddings : of the same samples at the last few checkpoints.

    Raises
    ------
    InputError : for NaN, or fewer than two checkpoints.
    """
    array = _checked(embeddings)
    moved = np.abs(np.diff(array, axis=0)).sum(axis=0)
    return np.asarray((array.var(axis=0) * moved).mean(axis=0))


def sensitivity_as_released(embeddings: Embeddings) -> Float[np.ndarray, "unit"]:
    """The same as the authors' code has it: averaged over checkpoints first, then followed along samples.

    Only the first row of what comes out is read, and of it 512 units; the others are never sensitive.

    Raises
    ------
    InputError : for NaN, or fewer than two checkpoints or samples.
    """
    array = _checked(embeddings)
    if array.shape[1] < 2:
        raise InputError(f"embeddings: {array.shape[1]} sample found, expected at least 2")
    mean = array.mean(axis=0)
    scores = mean.var(axis=0) * np.abs(np.diff(mean, axis=0))
    first = np.zeros(array.shape[-1])
    first[:512] = scores[0, :512]
    return first


def sensitive_units(scores: Float[np.ndarray, "unit"], drop: float) -> Int[np.ndarray, "chosen"]:
    """The share `drop` of units with the largest scores, in ascending order of their index.

    Raises
    ------
    InputError : if that is no unit, or all of them.
    """
    array = np.asarray(scores, dtype=np.float64)
    return np.sort(np.argsort(-array, kind="stable")[: dropped_count(drop, len(array))])


def dropped_count(drop: float, units: int) -> int:
    """How many of `units` a share stands for.

    Raises
    ------
    InputError : if that is none, or all of them.
    """
    if isinstance(drop, bool) or not isinstance(drop, (int, float, np.number)) or not 0 < drop < 1:
        raise InputError(f"drop: {drop!r} found, expected a share between 0 and 1, such as 0.2")
    count = round(float(drop) * units)
    if not 0 < count < units:
        raise InputError(f"drop: {drop} of {units} units is {count}, expected at least 1 and fewer than all")
    return count


def _checked(embeddings: object) -> Embeddings:
    try:
        array = np.asarray(embeddings, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError("embeddings: not an array of numbers, expected (checkpoint, sample, unit)") from None
    if array.ndim != 3 or array.shape[0] < 2 or 0 in array.shape:
        raise InputError(
            f"embeddings: shape {array.shape} found, expected (checkpoint, sample, unit), checkpoints >= 2"
        )
    if not np.isfinite(array).all():
        where = np.argwhere(~np.isfinite(array))[0]
        raise InputError(f"embeddings: NaN or inf at checkpoint {where[0]}, sample {where[1]}; the model has diverged")
    return array
