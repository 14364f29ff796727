"""When a training sample was memorised for good, and when a test item was understood for good (Li et al. 2025)."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError

NEVER = -1


def memorised(
    losses: Float[np.ndarray, "checkpoint sample"], *, epsilon: float, delta: float = 0.05
) -> Int[np.ndarray, "sample"]:
    """The checkpoint from which each sample stays memorised, -1 for one that never is.

    A sample is memorised from the earliest checkpoint at which, and at all later ones, its loss is at most `epsilon`
    and within `delta` of its loss at the last checkpoint. Samples of one value form a group.

    Parameters
    ----------
    losses : mean loss of each sample at each checkpoint, in nats.
    epsilon, delta : in nats; the paper's are 1.5 to 2 and 0.05, `choose_epsilon` finds the first.

    Raises
    ------
    InputError : for losses that are not finite numbers (checkpoint, sample), or negative bounds.
    """
    table = _table(losses, "losses")
    for name, bound in (("epsilon", epsilon), ("delta", delta)):
        if isinstance(bound, bool) or not isinstance(bound, (int, float, np.number)) or not bound >= 0:
            raise InputError(f"{name}: {bound!r} found, expected a number of at least 0, in nats")
    held = (table <= epsilon) & (np.abs(table - table[-1]) <= delta)
    return _from_when(held)


def choose_epsilon(
    losses: Float[np.ndarray, "checkpoint sample"],
    *,
    share: tuple[float, float] = (0.2, 0.25),
    step: float = 0.1,
    delta: float = 0.05,
) -> tuple[float, float]:
    """The bound on the loss, in steps of 0.1, for which a wished share of samples is memorised before the last one.

    Returns
    -------
    The smallest bound whose share lies within `share`, or else the one whose share is nearest to its middle; and the
    share of samples memorised before the last checkpoint.

    Raises
    ------
    InputError : as of `memorised`; for a step that is not positive.
    """
    table = _table(losses, "losses")
    if not isinstance(step, (int, float, np.number)) or isinstance(step, bool) or not 0 < step < np.inf:
        raise InputError(f"step: {step!r} found, expected a positive number of nats")
    if not 0 <= share[0] <= share[1] <= 1:
        raise InputError(f"share: {share!r} found, expected two numbers between 0 and 1, the smaller first")
    most = int(np.ceil(table.max() / step)) + 1
    # A bound cannot tell more samples apart than there are losses; beyond 1,000 steps a coarser one serves.
    bounds = step * np.unique(np.linspace(1, most, min(most, 1000)).astype(int))
    early = [float(np.mean(_early(memorised(table, epsilon=float(b), delta=delta), len(table)))) for b in bounds]
    middle = (share[0] + share[1]) / 2
    inside = [i for i, e in enumerate(early) if share[0] <= e <= share[1]]
    best = inside[0] if inside else int(np.argmin(np.abs(np.array(early) - middle)))
    return float(bounds[best]), early[best]


def generalised(
    correct: Float[np.ndarray, "checkpoint item"], *, accuracy: float = 0.8, misses: int = 1
) -> Int[np.ndarray, "item"]:
    """The checkpoint from which each test item is answered for good, -1 for one that never is.

    It is the earliest checkpoint that is answered itself and from which the mean over it and all later ones is above
    `accuracy` with at most `misses` misses.

    Parameters
    ----------
    correct : 1 where an item was answered at a checkpoint, 0 where not; or a share of several tries.

    Raises
    ------
    InputError : for values outside 0 to 1.
    """
    table = _table(correct, "correct")
    if table.min() < 0 or table.max() > 1:
        raise InputError(f"correct: values {table.min():g} to {table.max():g} found, expected 0 to 1")
    if not 0 <= accuracy < 1 or misses < 0:
        raise InputError(f"accuracy: {accuracy!r} with {misses!r} misses found, expected 0 to 1 and at least 0")
    left = np.arange(len(table), 0, -1)[:, None]
    mean = np.cumsum(table[::-1], axis=0)[::-1] / left
    missed = np.cumsum((table < 0.5)[::-1], axis=0)[::-1]
    good = (mean > accuracy) & (missed <= misses) & (table >= 0.5)
    return np.where(good.any(axis=0), good.argmax(axis=0), NEVER)


def _from_when(held: np.ndarray) -> np.ndarray:
    """First row from which a column is true to the end."""
    lasting = np.logical_and.accumulate(held[::-1], axis=0)[::-1]
    return np.where(lasting.any(axis=0), lasting.argmax(axis=0), NEVER)


def _early(groups: np.ndarray, checkpoints: int) -> np.ndarray:
    return (groups != NEVER) & (groups < checkpoints - 1)


def _table(values: Any, name: str) -> np.ndarray:
    try:
        table = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: no table of numbers found, expected (checkpoint, sample)") from None
    if table.ndim != 2 or len(table) < 2 or table.shape[1] < 1:
        raise InputError(
            f"{name}: shape {table.shape} found, expected (checkpoint, sample) with at least 2 checkpoints"
        )
    if not np.isfinite(table).all():
        raise InputError(
            f"{name}: {int((~np.isfinite(table)).sum())} NaN or infinite entries found; drop their samples"
        )
    return table
