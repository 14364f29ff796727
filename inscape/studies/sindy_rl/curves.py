"""What a learning curve tells: steps to a level, and the best within some steps."""

from __future__ import annotations

from typing import Any

import numpy as np

JUDGES = 8
"""Episodes by which finished policies are compared; the same ones for all."""


def steps_to(run: dict[str, Any], level: float, evaluations: bool = False) -> float:
    """Steps in the world at which a run first returned so much; infinite if it never did."""
    reached = np.flatnonzero(np.asarray(run["returns"]) >= level)
    if not len(reached):
        return float("inf")
    steps = np.asarray(run["real_steps"], dtype=float)
    if evaluations and "evaluation_steps" in run:
        steps = steps + np.asarray(run["evaluation_steps"])
    return float(steps[reached[0]])


def best_within(run: dict[str, Any], steps: float = 4e4) -> float:
    """Best return up to so many steps in the world."""
    within = np.asarray(run["real_steps"]) <= steps
    return float(np.max(np.asarray(run["returns"])[within])) if within.any() else float("nan")
