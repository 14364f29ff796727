"""Which task is this? Asked of the laws that are known, by how well each foretells what was just seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

if TYPE_CHECKING:
    from inscape.models.continual.task_law import TaskLaw
    from inscape.models.continual.transitions import Transitions

LEAST_VARIANCE = 1e-6
"""Floor of an expected squared error, in units of the target scale squared."""


@dataclass(frozen=True)
class TaskGuess:
    """What a stretch of motion says of its task.

    Parameters
    ----------
    task : the likeliest known task.
    probabilities : of every known task, all equally likely beforehand.
    surprise : squared error of the likeliest law over the one it had on its own held-out data: about 1 at home.
    is_new : whether the surprise is above the threshold asked for: no known task looks like this.
    """

    task: str
    probabilities: Mapping[str, float]
    surprise: float
    is_new: bool


def guess_task(
    laws: Mapping[str, TaskLaw],
    expected: Mapping[str, Float[np.ndarray, "state"]],
    seen: Transitions,
    threshold: float,
) -> TaskGuess:
    """Gaussian likelihood of what was seen under each law, with its own held-out squared errors as variances.

    Parameters
    ----------
    laws : of the known tasks.
    expected : (state,) the mean squared error of each on data of its own task that it was not trained on.
    seen : transitions of one unknown task.
    threshold : surprise from which a task counts as new.
    """
    likelihood, surprise = {}, {}
    for task, law in laws.items():
        variance = np.maximum(expected[task], LEAST_VARIANCE)
        squared = law.errors(seen.states, seen.inputs, seen.nexts).astype(float) ** 2
        likelihood[task] = -0.5 * float((squared / variance + np.log(2.0 * np.pi * variance)).sum())
        surprise[task] = float((squared.mean(axis=0) / variance).mean())
    best = max(likelihood, key=lambda task: likelihood[task])
    weights = np.exp(np.array(list(likelihood.values())) - likelihood[best])
    shares = weights / weights.sum()
    return TaskGuess(
        best, dict(zip(likelihood, map(float, shares), strict=True)), surprise[best], surprise[best] > threshold
    )
