"""The score while answers still come in, and when there are enough of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import solve_triangular
from scipy.stats import t as student

from inscape.errors import InputError

MOST_SUBSETS = 5000


class StreamingEigenscore:
    """The exact score after each further answer.

    A new answer borders the Gram matrix with one row, and its Cholesky factor grows by one row (work: K d + K^2).

    Parameters
    ----------
    alpha : as of `eigenscore`, whose centring "units" this follows.
    """

    def __init__(self, alpha: float = 1e-3):
        if not np.isfinite(alpha) or alpha <= 0:
            raise InputError(f"alpha: {alpha!r} found, expected a number above 0, such as 1e-3")
        self.alpha = float(alpha)
        self.rows = np.empty((0, 0))
        self.factor = np.empty((0, 0))

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, embedding: Float[np.ndarray, "unit"]) -> StreamingEigenscore:
        """Take in one answer.

        Raises
        ------
        InputError : for NaN, or an embedding of another length than those before.
        """
        row = np.asarray(embedding, dtype=np.float64)
        if row.ndim != 1 or row.size < 2 or (len(self) and row.size != self.rows.shape[1]):
            expected = f"({self.rows.shape[1]},)" if len(self) else "(unit,)"
            raise InputError(f"embedding: shape {row.shape} found, expected {expected}")
        if not np.isfinite(row).all():
            raise InputError(f"embedding: NaN or inf in answer {len(self)}; leave that answer out")
        row = row - row.mean()
        before = self.rows if len(self) else np.empty((0, row.size))
        beside = before @ row
        lower = solve_triangular(self.factor, beside, lower=True) if len(self) else beside
        # Rounding may not take from the diagonal more than alpha has put there.
        corner = np.sqrt(max(row @ row + self.alpha - lower @ lower, self.alpha))
        count = len(self)
        factor = np.zeros((count + 1, count + 1))
        factor[:count, :count] = self.factor
        factor[count, :count], factor[count, count] = lower, corner
        self.factor, self.rows = factor, np.concatenate([before, row[None]])
        return self

    @property
    def value(self) -> float:
        """`eigenscore` of the answers so far, NaN before the second.

        It depends on how many they are; compare prompts of different numbers by `at`.
        """
        if len(self) < 2:
            return float("nan")
        return 2.0 * float(np.log(np.diagonal(self.factor)).sum()) / len(self)

    def at(self, size: int = 4, seed: int | np.random.Generator | None = 0) -> tuple[float, float]:
        """The score that `size` answers have on average, and its standard error by the jackknife over answers.

        The average over all sets of `size` answers among those seen (a random 5,000 of them where there are more)
        does not shift as further answers come in.

        Raises
        ------
        InputError : unless more than `size` answers were seen and `size` is at least 2.
        """
        if size < 2 or len(self) <= size:
            raise InputError(f"size: {size} found with {len(self)} answers, expected at least 2 and fewer than those")
        return subset_score(self.rows, size, self.alpha, seed)


@dataclass(frozen=True)
class Settled:
    """A rule that ends sampling once a prompt's score is known well enough.

    Parameters
    ----------
    width : half-width of the 95 % interval to reach, in nats.
    size : the score of so many answers is what is estimated.
    at_least : answers before the rule is asked.
    each : answers added at a time.
    """

    width: float = 0.3
    size: int = 4
    at_least: int = 6
    each: int = 2

    def __post_init__(self) -> None:
        if not self.width > 0:
            raise InputError(f"width: {self.width!r} found, expected more than 0")
        if self.size < 2 or self.at_least <= self.size or self.each < 1:
            raise InputError(
                f"size {self.size}, at_least {self.at_least}, each {self.each} found; expected at least 2, more than "
                "size, and at least 1"
            )

    def half_width(self, streaming: StreamingEigenscore) -> float:
        """Half of the 95 % interval of the score."""
        count = len(streaming)
        if count < self.at_least:
            return float("inf")
        return float(student.ppf(0.975, count - 1)) * streaming.at(self.size)[1]

    def is_met(self, streaming: StreamingEigenscore) -> bool:
        """Whether the answers seen are enough."""
        return self.half_width(streaming) <= self.width


def subset_score(
    rows: Float[np.ndarray, "sample unit"], size: int, alpha: float, seed: int | np.random.Generator | None = 0
) -> tuple[float, float]:
    """Mean score of the sets of `size` among centred embeddings, and its jackknife error."""
    gram = rows @ rows.T + alpha * np.eye(len(rows))
    sets = _subsets(len(rows), size, seed)
    scores = np.linalg.slogdet(gram[sets[:, :, None], sets[:, None, :]])[1] / size
    without = np.array([scores[(sets != k).all(axis=1)].mean() for k in range(len(rows))])
    count = len(rows)
    error = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    return float(scores.mean()), float(error)


def _subsets(count: int, size: int, seed: int | np.random.Generator | None) -> Int[np.ndarray, "set member"]:
    if comb(count, size) <= MOST_SUBSETS:
        return np.array(list(combinations(range(count), size)))
    random = np.random.default_rng(seed)
    return np.argsort(random.random((MOST_SUBSETS, count)), axis=1)[:, :size]
