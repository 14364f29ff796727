"""How large study 18 is at each scale, and the list of its trainings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from inscape.studies.induction.arms import CLAMPS, HEAD, PARTS, WORLDS, drawings_folder
from inscape.studies.lab import Lab

Key = str | tuple[Any, ...]
Arms = dict[Key, dict[str, Any]]


@dataclass(frozen=True)
class Sizes:
    """Seeds, learning rate and budgets; `pace` scales all budgets, which were set for a learning rate of 1e-4."""

    seeds: list[int]
    lone_seeds: list[int]
    part_seeds: list[int]
    learning_rate: float
    pace: float
    features: int
    classes: tuple[int, ...]
    labels: tuple[int, ...]
    probed: int | None
    kinds: tuple[str, ...]

    @classmethod
    def of(cls, lab: Lab) -> Sizes:
        worlds = WORLDS if drawings_folder() is not None else ("gaussian",)
        seeds = [5 + k for k in range(lab.choose(smoke=1, desk=5, paper=5))]
        return cls(
            seeds=seeds,
            lone_seeds=seeds[: lab.choose(smoke=1, desk=2, paper=5)],
            part_seeds=seeds[: lab.choose(smoke=1, desk=3, paper=5)],
            learning_rate=lab.choose(smoke=1e-3, desk=1e-4, paper=1e-5),
            pace=lab.choose(smoke=0.005, desk=1.0, paper=10.0),
            features=lab.choose(smoke=16, desk=512, paper=512),
            classes=lab.choose(smoke=(10, 20), desk=(50, 100, 200), paper=(50, 100, 200)),
            labels=lab.choose(smoke=(5, 10), desk=(5, 10, 15), paper=(5, 10, 15)),
            probed=lab.choose(smoke=200, desk=None, paper=None),
            kinds=lab.choose(smoke=("gaussian",), desk=worlds, paper=worlds),
        )

    @property
    def main(self) -> str:
        """The world of all claims that name no other."""
        return self.kinds[0]

    def budget(self, thousands: float) -> int:
        """Sequences, of so many thousands at a learning rate of 1e-4."""
        return max(640, round(1000 * thousands * self.pace))

    def arm(self, thousands: float, lines: int = 200, **settings: Any) -> dict[str, Any]:
        """One training: its budget, a log of so many lines, and the rest."""
        budget = self.budget(thousands)
        return {
            "sequences": budget,
            "every": max(32, round(budget / (lines if self.pace >= 1 else 10))),
            "evaluation": 500 if self.pace >= 1 else 50,
            "learning_rate": self.learning_rate,
            "stop_below": 0.05,
            "heads": None,
            "clamps": "none",
            **settings,
        }

    def world(self, kind: str | None = None, classes: int | None = None, labels: int | None = None) -> dict[str, Any]:
        """The world of an arm, the smallest of the scaling ones if nothing else is said."""
        return {
            "kind": self.main if kind is None else kind,
            "classes": self.classes[0] if classes is None else classes,
            "labels": self.labels[0] if labels is None else labels,
            "features": self.features,
        }


def every_arm(sizes: Sizes) -> Arms:
    """All trainings of the study by name, the longest first so that no worker is left with one at the end."""
    arms: Arms = {}
    # Budgets in thousands of sequences, generous for the slowest seed; most end early.
    clamped = {
        "none": 500,
        "previous_token": 400,
        "earlier_layer": 120,
        "copy": 60,
        "match": 60,
        "earlier_layer_and_copy": 60,
    }
    for kind in sizes.kinds:
        world = sizes.world(kind)
        arms["all", kind] = sizes.arm(
            120, 60, world=world, seeds=sizes.seeds, looks_inside=True, stop_below=0.0, probed=sizes.probed
        )
        for name in CLAMPS:
            arms["clamp", kind, name] = sizes.arm(
                clamped[name], world=world, seeds=sizes.seeds, heads=[HEAD], clamps=name
            )
    for seed in sizes.lone_seeds:
        arms["lone", seed] = sizes.arm(500, world=sizes.world(), seeds=[seed] * 8, heads=[[h] for h in range(8)])
    for seed in sizes.part_seeds:
        arms["parts", seed] = sizes.arm(
            500, 500, world=sizes.world(), seeds=[seed] * len(PARTS), heads=[HEAD], clamps=list(PARTS)
        )
    arms["released"] = sizes.arm(
        500, 500, world=sizes.world(), seeds=sizes.part_seeds, heads=[HEAD], clamps="match", release_below=0.34657
    )
    for axis, values in (("classes", sizes.classes[1:]), ("labels", sizes.labels[1:])):
        for value in values:
            world = sizes.world(classes=value) if axis == "classes" else sizes.world(labels=value)
            growth = value / (sizes.classes if axis == "classes" else sizes.labels)[0]
            arms[axis, value, "all"] = sizes.arm(120 * growth, world=world, seeds=sizes.seeds[:3], stop_below=0.3)
            for name in ("match", "earlier_layer_and_copy"):
                arms[axis, value, name] = sizes.arm(
                    60 * growth, world=world, seeds=sizes.seeds, heads=[HEAD], clamps=name
                )
    return dict(sorted(arms.items(), key=lambda arm: -arm[1]["sequences"] * (2 + len(arm[1]["seeds"]))))
