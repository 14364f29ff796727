"""What a closed loop costs: our world and dm_control's, with the same circuit, on one core."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.control import circuits
from inscape.systems import worlds

REPEATS = 3


def closed_loop(item: Mapping[str, Any]) -> dict[str, float | None]:
    """CPU seconds a step of a closed loop, the best of three: worlds side by side, one world, dm_control.

    item : "steps", "episodes" (side by side).
    """
    world, circuit = worlds.Swimmer(), circuits.swimmer()
    batch = world.batch(item["episodes"], threads=1)

    def together() -> None:
        seen, _ = batch.reset(seed=0)
        for _ in range(item["steps"]):
            seen = batch.step(circuit.act(seen))[0]

    def alone() -> None:
        seen, _ = world.reset(seed=0)
        for _ in range(item["steps"]):
            seen = world.step(circuit.act(seen))[0]

    ours = _least(together) / (item["steps"] * item["episodes"])
    single = _least(alone) / item["steps"]
    if importlib.util.find_spec("dm_control") is None:
        return {"ours": ours, "single": single, "theirs": None}
    from dm_control.suite import swimmer as suite

    environment = suite.swimmer(n_links=6, random=0)

    def theirs() -> None:
        found = environment.reset()
        for step in range(item["steps"]):
            now = found.observation
            seen = np.concatenate([now["joints"], now["body_velocities"], [step / 500.0 - 1.0]])
            found = environment.step(circuit.act(seen))

    return {"ours": ours, "single": single, "theirs": _least(theirs) / item["steps"]}


def _least(work: Any) -> float:
    work()
    found = []
    for _ in range(REPEATS):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)
