"""Orders of batches: checking one, drawing many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from inscape.errors import InputError


def as_orders(orders: Any, batches: int, subset: bool = False) -> Int[np.ndarray, "order time"]:
    """Orders as whole numbers, one a row; a single one becomes one row.

    Parameters
    ----------
    orders : (order, time) or (time,) numbers of batches.
    batches : how many there are.
    subset : allow batches that are left out or come again, and so any number of steps.

    Raises
    ------
    InputError : if a row is not a permutation of all batches (without `subset`), names a batch that is not there, or
        the array is empty or not of whole numbers.
    """
    try:
        array = np.asarray(list(orders) if not isinstance(orders, np.ndarray) else orders)
    except (TypeError, ValueError) as error:
        raise InputError(f"order: {error}; expected rows of batch numbers, all of one length") from None
    if array.size == 0 or array.ndim not in (1, 2) or array.dtype.kind not in "iu":
        raise InputError(
            f"order: {array.dtype} of shape {array.shape} found, expected whole numbers, (time,) or (order, time)"
        )
    rows = np.atleast_2d(array).astype(np.int64)
    outside = rows[(rows < 0) | (rows >= batches)]
    if len(outside):
        raise InputError(f"order: batch {outside[0]} found, expected numbers from 0 to {batches - 1}")
    whole = np.arange(batches)
    if not subset and (rows.shape[1] != batches or not (np.sort(rows, axis=1) == whole).all()):
        raise InputError(
            f"order: it does not hold each of the {batches} batches once; "
            "pass subset=True to leave batches out or repeat them"
        )
    return rows


def random_orders(
    batches: int, count: int, seed: int | np.random.Generator | None = 0
) -> Int[np.ndarray, "order time"]:
    """`count` permutations of the batches, each equally likely."""
    if count < 1:
        raise InputError(f"orders: {count} found, expected at least 1")
    return np.random.default_rng(seed).permuted(np.tile(np.arange(batches), (count, 1)), axis=1)


def moved(order: Sequence[int] | Int[np.ndarray, "time"], batch: int, position: int) -> Int[np.ndarray, "time"]:
    """The order with one batch taken out and put back so that it comes at `position`."""
    rest = [b for b in order if b != batch]
    return np.array([*rest[:position], batch, *rest[position:]], dtype=np.int64)


def swapped(order: Int[np.ndarray, "time"], first: int, second: int) -> Int[np.ndarray, "time"]:
    """The order with two batches in each other's place."""
    found = np.array(order)
    found[order == first], found[order == second] = second, first
    return found
