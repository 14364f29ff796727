"""Correlation of two short series with an interval that knows that neighbours in time are alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError

FEWEST = 5
Statistic = Callable[[Float[np.ndarray, "time column"]], float]


@dataclass(frozen=True)
class BlockBootstrap:
    """A statistic of paired series, the ends of its interval, and the length of the blocks that were drawn."""

    value: float
    low: float
    high: float
    block: int

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval lies on one side of zero."""
        return bool(self.low > 0 or self.high < 0)


def block_bootstrap(
    *series: Float[np.ndarray, "time"],
    statistic: Statistic | None = None,
    block: int | None = None,
    draws: int = 2000,
    level: float = 0.95,
    seed: int | np.random.Generator | None = 0,
) -> BlockBootstrap:
    """Percentile interval of a statistic of series that were taken together, from circular blocks of them.

    Blocks of neighbouring times are drawn with replacement, wrapping at the end, so that each draw keeps the
    dependence within a block (Politis and Romano 1992).

    Parameters
    ----------
    series : two or more of one length (time,), at least 5 times.
    statistic : a function of the table (time, series); Pearson's correlation of the first two if None.
    block : times a block; the cube root of their number, rounded up, if None.
    draws, level : of the bootstrap.

    Returns
    -------
    The statistic with its interval. A draw in which a series stands still is left out; NaN ends if all are.

    Raises
    ------
    InputError : for fewer than two series or five times, or entries that are not finite.
    """
    table = together(*series)
    times = len(table)
    length = max(1, int(np.ceil(times ** (1 / 3)))) if block is None else block
    if isinstance(length, bool) or not isinstance(length, (int, np.integer)) or not 1 <= length <= times:
        raise InputError(f"block: {block!r} found, expected a whole number from 1 to {times}")
    if isinstance(draws, bool) or not isinstance(draws, (int, np.integer)) or draws < 1:
        raise InputError(f"draws: {draws!r} found, expected a whole number of at least 1")
    if not 0 < level < 1:
        raise InputError(f"level: {level!r} found, expected between 0 and 1")
    measure = statistic or _pearson_of_table
    random = np.random.default_rng(seed)
    starts = random.integers(0, times, (int(draws), -(-times // length)))
    rows = ((starts[:, :, None] + np.arange(length)) % times).reshape(len(starts), -1)[:, :times]
    drawn = np.array([measure(table[chosen]) for chosen in rows])
    drawn = drawn[np.isfinite(drawn)]
    tails = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(drawn, tails) if len(drawn) else (np.nan, np.nan)
    return BlockBootstrap(float(measure(table)), float(low), float(high), int(length))


def pearson(x: Float[np.ndarray, "time"], y: Float[np.ndarray, "time"]) -> float:
    """Pearson's correlation; NaN where a series stands still."""
    a, b = x - x.mean(), y - y.mean()
    size = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / size) if size > 0 else float("nan")


def together(*series: Any) -> Float[np.ndarray, "time series"]:
    """Series of one length as the columns of a table.

    Raises
    ------
    InputError : for fewer than two series, different lengths, fewer than five times, or entries that are not finite.
    """
    if len(series) < 2:
        raise InputError(f"series: {len(series)} found, expected at least 2")
    try:
        columns = [np.asarray(s, dtype=np.float64) for s in series]
    except (TypeError, ValueError):
        raise InputError("series: no numbers found, expected arrays (time,)") from None
    if len({c.shape for c in columns}) > 1 or columns[0].ndim != 1:
        raise InputError(f"series: shapes {[c.shape for c in columns]} found, expected one length (time,) for all")
    if len(columns[0]) < FEWEST:
        raise InputError(
            f"series: {len(columns[0])} times found, expected at least {FEWEST}: the correlation is withheld"
        )
    table = np.stack(columns, axis=1)
    if not np.isfinite(table).all():
        raise InputError(f"series: {int((~np.isfinite(table)).sum())} NaN or infinite entries found; drop their times")
    return table


def _pearson_of_table(table: np.ndarray) -> float:
    return pearson(table[:, 0], table[:, 1])
