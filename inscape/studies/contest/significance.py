"""Whether one contestant is better than others over many systems: ranks, Friedman, Nemenyi, Wilcoxon with Holm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import friedmanchisquare, rankdata, studentized_range, wilcoxon

from inscape.errors import InputError


@dataclass(frozen=True)
class Friedman:
    """Friedman's test that all contestants are equal.

    Parameters
    ----------
    statistic, p : chi-square of the ranks and its probability.
    critical_difference : two mean ranks that lie further apart differ at the 5 % level (Nemenyi).
    """

    statistic: float
    p: float
    critical_difference: float


def mean_ranks(scores: Mapping[str, Float[np.ndarray, "system"]]) -> dict[str, float]:
    """Mean over systems of every contestant's rank, 1 for the lowest score; equal scores share their ranks."""
    ranks = rankdata(_table(scores), axis=0)
    return dict(zip(scores, ranks.mean(axis=1).tolist(), strict=True))


def wins(scores: Mapping[str, Float[np.ndarray, "system"]]) -> dict[str, int]:
    """On how many systems each contestant has the lowest score; those who share the lowest all count."""
    table = _table(scores)
    return dict(zip(scores, (table == table.min(axis=0)).sum(axis=1).tolist(), strict=True))


def friedman(scores: Mapping[str, Float[np.ndarray, "system"]], level: float = 0.05) -> Friedman:
    """Friedman's test, and Nemenyi's critical difference q sqrt(k (k + 1) / 6 n) (Demsar 2006, section 3.2.2).

    Raises
    ------
    InputError : with fewer than 3 contestants or 2 systems.
    """
    table = _table(scores)
    contestants, systems = table.shape
    if contestants < 3 or systems < 2:
        raise InputError(f"scores: {contestants} contestants on {systems} systems found, expected at least 3 on 2")
    found = friedmanchisquare(*table)
    quantile = studentized_range.ppf(1 - level, contestants, np.inf) / np.sqrt(2)
    width = quantile * np.sqrt(contestants * (contestants + 1) / (6 * systems))
    return Friedman(float(found.statistic), float(found.pvalue), float(width))


def signed_ranks(
    ours: Float[np.ndarray, "system"], theirs: Mapping[str, Float[np.ndarray, "system"]]
) -> dict[str, float]:
    """Probability by chance of each difference from ours: Wilcoxon's signed ranks, adjusted after Holm (1979)."""
    raw = {name: _wilcoxon(ours, values) for name, values in theirs.items()}
    order = sorted(raw, key=lambda name: raw[name])
    adjusted: dict[str, float] = {}
    floor = 0.0
    for place, name in enumerate(order):
        floor = max(floor, min(1.0, (len(order) - place) * raw[name]))
        adjusted[name] = floor
    return {name: adjusted[name] for name in theirs}


def _wilcoxon(ours: np.ndarray, theirs: np.ndarray) -> float:
    difference = np.asarray(ours) - np.asarray(theirs)
    return 1.0 if not difference.any() else float(wilcoxon(difference).pvalue)


def _table(scores: Mapping[str, np.ndarray]) -> np.ndarray:
    sizes = {len(values) for values in scores.values()}
    if len(sizes) != 1:
        raise InputError(f"scores: {sorted(sizes)} systems found, expected the same for every contestant")
    table = np.array([np.asarray(values, dtype=float) for values in scores.values()])
    if not np.isfinite(table).all():
        raise InputError("scores: a value that is not finite found; give failures the worst score there is")
    return table
