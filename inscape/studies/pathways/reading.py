"""What is read off the runs of study 01: windows, correlations, moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.analysis import BlockBootstrap, block_bootstrap, partial_correlation
from inscape.analysis.block_bootstrap import FEWEST

Run = dict[str, Any]
MEMORISED = 0.95
"""Share of training rows that a network must answer to count as one that has memorised and not forgotten since."""
NORMALISED = "expert_distance_normalised"


def memorised_at(run: Run, domain: str) -> int | None:
    """Index of the first checkpoint at which a domain's training rows are answered, None if they never are."""
    known = np.flatnonzero(run["domains"][domain]["train_accuracy"] >= MEMORISED)
    return int(known[0]) if len(known) else None


def generalised_at(run: Run, domain: str) -> int | None:
    """Index of the first checkpoint at which half of a domain's test rows are answered."""
    known = np.flatnonzero(run["domains"][domain]["test_accuracy"] >= 0.5)
    return int(known[0]) if len(known) else None


def after_memorising(run: Run, domain: str) -> Bool[np.ndarray, "checkpoint"]:
    """Checkpoints that count: from the first memorised one on, without slingshots, in which training is forgotten."""
    first = memorised_at(run, domain)
    right = run["domains"][domain]["train_accuracy"] >= MEMORISED
    if first is not None:
        right[:first] = False
    return right


def related(run: Run, domain: str, gauge: str | Callable[[Run, str], np.ndarray]) -> BlockBootstrap | None:
    """Correlation of a gauge with test accuracy over the checkpoints that count; None below five of them."""
    kept = after_memorising(run, domain)
    told = gauge(run, domain) if callable(gauge) else run["domains"][domain][gauge]
    score = run["domains"][domain]["test_accuracy"]
    if kept.sum() < FEWEST or np.ptp(told[kept]) == 0 or np.ptp(score[kept]) == 0:
        return None
    return block_bootstrap(told[kept], score[kept])


def partial_given_step(run: Run, domain: str, gauge: str) -> float:
    """Correlation of a gauge with test accuracy given the logarithm of the step; NaN below five checkpoints."""
    kept = after_memorising(run, domain)
    if kept.sum() < FEWEST:
        return float("nan")
    told = run["domains"][domain]
    return partial_correlation(told[gauge][kept], told["test_accuracy"][kept], np.log1p(run["steps"][kept]))


def moving_average(run: Run, domain: str, width: int = 5) -> Float[np.ndarray, "checkpoint"]:
    """Training loss averaged over this and the four checkpoints before."""
    loss = run["domains"][domain]["train_loss"]
    total = np.cumsum(np.concatenate([[0.0], loss]))
    ends = np.arange(1, len(loss) + 1)
    starts = np.maximum(ends - width, 0)
    return (total[ends] - total[starts]) / (ends - starts)


def correlations(runs: Sequence[Run], gauge: str | Callable[[Run, str], np.ndarray]) -> dict[str, np.ndarray]:
    """domain -> (run,) correlations with test accuracy; NaN where withheld."""
    return {
        domain: np.array([getattr(related(run, domain, gauge), "value", np.nan) for run in runs])
        for domain in runs[0]["domains"]
    }


def weakest(found: dict[str, np.ndarray]) -> tuple[float, float, float]:
    """Median over runs in the domain where it is nearest to zero, and the range over runs there."""
    medians = {d: float(np.nanmedian(v)) if np.isfinite(v).any() else 0.0 for d, v in found.items()}
    domain = min(medians, key=lambda d: abs(medians[d]))
    values = found[domain]
    if not np.isfinite(values).any():
        return float("nan"), float("nan"), float("nan")
    return float(np.nanmedian(values)), float(np.nanmin(values)), float(np.nanmax(values))


def holds(run: Run, gauge: str, sign: int, least: float = 0.8) -> bool:
    """Whether the correlation is strong, of the right sign and its interval excludes zero, in every domain."""
    found = [related(run, domain, gauge) for domain in run["domains"]]
    return all(f is not None and sign * f.value >= least and f.excludes_zero for f in found)


def move(run: Run, gauge: str, domain: str, first_step: float, last_step: float) -> float:
    """Change of a gauge from the quarter of the window at its start to the quarter at its end, in means."""
    inside = (run["steps"] >= first_step) & (run["steps"] <= last_step)
    values = run["domains"][domain][gauge][inside]
    part = max(1, len(values) // 4)
    return float(values[-part:].mean() - values[:part].mean())


def share_of_move(controls: Sequence[Run], runs: Sequence[Run], gauge: str) -> np.ndarray:
    """(run,) mean move of a gauge in a control over that in the generalising run of the same seed and steps.

    Domains are averaged before the ratio is taken, so that a small move in one of them is no division by nearly zero.
    """
    found = []
    for control, run in zip(controls, runs, strict=True):
        moves: dict[str, list[float]] = {"control": [], "run": []}
        for domain in run["domains"]:
            first = memorised_at(run, domain)
            start = run["steps"][0 if first is None else first]
            stop = min(run["steps"][-1], control["steps"][-1])
            moves["run"].append(move(run, gauge, domain, start, stop))
            moves["control"].append(move(control, gauge, domain, start, stop))
        found.append(np.mean(moves["control"]) / np.mean(moves["run"]))
    return np.array(found)
