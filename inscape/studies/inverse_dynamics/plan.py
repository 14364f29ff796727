"""The arms of study 16 and their sizes at each scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape.studies.inverse_dynamics.arms import from_scratch, pretrained
from inscape.studies.lab import Lab

OBJECTIVES = ("inverse", "cloning", "forward-explicit", "forward-implicit", "contrastive")
OFFSETS = (2, 5, 10)
PAPER_PLAN = {
    "channels": (32, 64, 128, 256),
    "strides": (2, 2, 1, 1),
    "spatial_softmax": True,
    "heads": (256, 256),
}


@dataclass(frozen=True)
class Arms:
    """What every arm found.

    Parameters
    ----------
    runs : by arm, one result of `pretrained` for each pretraining seed.
    scratch : by size, one result of `from_scratch` for each goal.
    sizes : episodes of a new goal.
    """

    runs: dict[str, list[dict[str, Any]]]
    scratch: dict[int, list[dict[str, Any]]]
    sizes: tuple[int, ...]

    def success(self, arm: str, size: int) -> np.ndarray:
        """(goal,) mean over pretraining seeds; NaN where the size was not measured."""
        if arm == "scratch":
            told = self.scratch.get(size, [])
            return np.array([one["success"] for one in told]) if told else np.full(1, np.nan)
        row = self.sizes.index(size)
        return np.mean([run["success"][row] for run in self.runs[arm]], axis=0)

    def probe(self, arm: str) -> float:
        """Root mean squared error of the place (first two coordinates), in the world's unit, mean over seeds."""
        return float(np.mean([np.sqrt((run["probe"][:2] ** 2).mean()) for run in self.runs[arm]]))


def all_arms(lab: Lab) -> Arms:
    """Pretrain, clone and roll out every arm; each is kept as soon as it is done."""
    base = _base(lab)
    seeds = [s % 2**31 for s in lab.seeds(lab.choose(smoke=1, desk=2, paper=5), "pretraining")]
    few = lab.choose(smoke=4, desk=100, paper=100)
    fewest = lab.choose(smoke=2, desk=10, paper=10)
    arms: dict[str, dict[str, Any]] = {name: {"objective": name} for name in OBJECTIVES}
    arms |= {name: {"objective": name} for name in ("reconstruction", "untrained", "states", "standardised states")}
    for name in ("inverse", "cloning"):
        arms[f"{name}, few"] = {"objective": name, "contexts": few}
        arms[f"{name}, fewest"] = {"objective": name, "contexts": fewest}
        arms[f"{name}, shown"] = {"objective": name, "shows_goal": True}
        arms[f"{name}, included"] = {"objective": name, "contexts": few, "includes": True}
        arms[f"{name}, place"] = {"objective": name, "world": "arm"}
    arms["inverse, crops apart"] = {"objective": "inverse", "crop": 1, "crops_apart": True}
    for offset in OFFSETS:
        arms[f"inverse, k = {offset}"] = {"objective": "inverse", "offset": offset}
    # More than one pretraining seed where a bar hangs on the difference of two encoders.
    twice = ("inverse", "cloning", "forward-implicit", "inverse, few", "cloning, few")
    flat = [
        (arm, base | own | {"seed": seed})
        for arm, own in arms.items()
        for seed in (seeds if arm in twice or lab.scale == "paper" else seeds[:1])
    ]
    # The longest first, so that the cores end together.
    flat.sort(key=lambda pair: pair[1]["objective"] in ("states", "standardised states", "untrained"))
    done = lab.parallel_map(pretrained, [item for _, item in flat], label="pretraining and cloning")
    runs: dict[str, list[dict[str, Any]]] = {arm: [] for arm in arms}
    for (arm, _), found in zip(flat, done, strict=True):
        runs[arm].append(found)
    sizes = tuple(base["sizes"])
    size = sizes[min(1, len(sizes) - 1)]
    items = [base | {"objective": "scratch", "goal": g, "size": size, "seed": seeds[0]} for g in range(base["goals"])]
    told = lab.parallel_map(from_scratch, items, label="training from pixels")
    return Arms(runs, {size: told}, sizes)


def _base(lab: Lab) -> dict[str, Any]:
    return {
        "world": "point mass",
        "contexts": lab.choose(smoke=12, desk=1000, paper=1000),
        "goals": lab.choose(smoke=2, desk=16, paper=20),
        "sizes": lab.choose(smoke=[1, 2, 5], desk=[1, 2, 5], paper=[1, 2, 5, 10]),
        "steps": lab.choose(smoke=15, desk=10_000, paper=100_000),
        "batch": lab.choose(smoke=32, desk=128, paper=256),
        "render": lab.choose(smoke=16, desk=24, paper=84),
        "plan": lab.choose(smoke=None, desk=None, paper=PAPER_PLAN),
        "shows_goal": False,
        "offset": None,
        "crop": lab.choose(smoke=None, desk=None, paper=None),
        "crops_apart": None,
        "includes": False,
        "head_steps": lab.choose(smoke=20, desk=1000, paper=10_000),
        "head_batch": lab.choose(smoke=16, desk=64, paper=256),
        "episodes": lab.choose(smoke=3, desk=60, paper=100),
        "probes": lab.choose(smoke=6, desk=200, paper=200),
        "heads_seed": 7,
        "scratch_steps": lab.choose(smoke=5, desk=1500, paper=10_000),
        "scratch_batch": lab.choose(smoke=16, desk=64, paper=256),
        "scratch_crop": lab.choose(smoke=1, desk=1, paper=8),
    }
