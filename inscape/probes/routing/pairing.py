"""Which group of test items belongs to which group of training samples: nearest in meaning, one to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.probes.routing.groups import NEVER


@dataclass(frozen=True)
class Pair:
    """A group of training samples and one of test items, named by their checkpoints, and their mean cosine."""

    memorised: int
    generalised: int
    similarity: float

    @property
    def lag(self) -> int:
        """Checkpoints from memorising to understanding."""
        return self.generalised - self.memorised


def pair_groups(
    train: Float[np.ndarray, "sample feature"],
    train_groups: Int[np.ndarray, "sample"],
    test: Float[np.ndarray, "item feature"],
    test_groups: Int[np.ndarray, "item"],
    *,
    smallest: int = 1,
) -> tuple[Pair, ...]:
    """Groups of training and test paired one to one so that the sum of their mean cosines is largest (Hungarian).

    Parameters
    ----------
    train, test : embeddings of the samples and items by any sentence encoder; the paper's is all-MiniLM-L6-v2.
    train_groups, test_groups : what `memorised` and `generalised` return; -1 is left out.
    smallest : groups of fewer members are left out.

    Raises
    ------
    InputError : for embeddings of different widths, zero or NaN rows, or groups of another length.
    """
    from scipy.optimize import linear_sum_assignment

    one, other = _unit_rows(train, "train"), _unit_rows(test, "test")
    if one.shape[1] != other.shape[1]:
        raise InputError(f"test: {other.shape[1]} features found, expected {one.shape[1]} as in train")
    rows, columns = _members(train_groups, one, "train_groups"), _members(test_groups, other, "test_groups")
    rows = {k: v for k, v in rows.items() if len(v) >= smallest}
    columns = {k: v for k, v in columns.items() if len(v) >= smallest}
    if not rows or not columns:
        return ()
    # The mean over all pairs of unit vectors is the product of the two mean vectors.
    similarity = (
        np.array([one[m].mean(axis=0) for m in rows.values()])
        @ np.array([other[m].mean(axis=0) for m in columns.values()]).T
    )
    chosen = zip(*linear_sum_assignment(-similarity), strict=True)
    names, others = list(rows), list(columns)
    return tuple(Pair(names[i], others[j], float(similarity[i, j])) for i, j in chosen)


def _unit_rows(values: Any, name: str) -> np.ndarray:
    try:
        table = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name}: no table of numbers found, expected embeddings (sample, feature)") from None
    if table.ndim != 2 or 0 in table.shape:
        raise InputError(f"{name}: shape {table.shape} found, expected embeddings (sample, feature)")
    size = np.linalg.norm(table, axis=1)
    odd = np.flatnonzero(~np.isfinite(size) | (size == 0))
    if len(odd):
        raise InputError(f"{name}: row {odd[0]} is zero or not finite; a direction is needed")
    return table / size[:, None]


def _members(groups: Any, rows: np.ndarray, name: str) -> dict[int, np.ndarray]:
    array = np.asarray(groups)
    if array.shape != (len(rows),) or array.dtype.kind not in "iu":
        raise InputError(f"{name}: {array.dtype} of shape {array.shape} found, expected {len(rows)} whole numbers")
    return {int(g): np.flatnonzero(array == g) for g in np.unique(array) if g != NEVER}
