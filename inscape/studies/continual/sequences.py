"""The sequences of bodies of study 15, and what random actions show of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SEQUENCES = ("bodies", "strong", "pusher", "door", "cartpoles")


@dataclass(frozen=True)
class Samples:
    """Single steps of one task: to learn from, and to be tested on, each (states, inputs, nexts)."""

    task: str
    dt: float
    train: tuple[np.ndarray, np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray, np.ndarray]


def worlds_of(sequence: str, count: int | None = None, seed: int = 0) -> list[Any]:
    """The worlds of a sequence, in the order in which they are met."""
    from inscape.systems.worlds import cartpole_variants, half_cheetah, hinge_door, planar_pusher

    if sequence == "many":
        return list(cartpole_variants.many(count or 50, seed=seed))
    makers: dict[str, Any] = {
        "bodies": half_cheetah.bodies,
        "strong": half_cheetah.strong_sequence,
        "pusher": planar_pusher.sequence,
        "door": hinge_door.sequence,
        "cartpoles": cartpole_variants.four,
    }
    return list(makers[sequence]())[:count]


def samples_of(world: Any, sequence: str, train: int, test: int, seed: int) -> Samples:
    """What random actions do in a world: runs from its starts, or single steps from anywhere for carts."""
    if sequence in ("cartpoles", "many"):
        parts = [world.single_steps(n, seed=seed + k) for k, n in enumerate((train, test))]
        return Samples(world.task, world.dt, parts[0], parts[1])
    # Whole runs are held out: neighbours in one run are alike. Many short ones, so that what seldom happens in a run,
    # such as a fall on the back, is among both.
    resets = {"pusher": 30, "door": 50}.get(sequence, 100)
    pairs = [_pairs(world.random_steps(n, resets=resets, seed=seed + k)) for k, n in enumerate((train, test))]
    return Samples(world.task, world.dt, pairs[0], pairs[1])


def options_of(sequence: str) -> dict[str, Any]:
    """What a `ContinualDynamics` must be told of a sequence, as in the release: the cheetah's forward velocity is
    predicted itself, and its pitch enters as (cos, sin)."""
    return {"absolute": (0,), "angles": (2,)} if sequence in ("bodies", "strong") else {}


def _pairs(runs: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        np.concatenate([run.states[:-1] for run in runs]),
        np.concatenate([run.inputs[:-1] for run in runs]),
        np.concatenate([run.states[1:] for run in runs]),
    )
