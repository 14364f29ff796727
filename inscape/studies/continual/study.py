"""Study 15: continual dynamics with hypernetworks. The recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inscape.studies.continual import beyond, figures, planning, speed
from inscape.studies.continual.claims import CLAIMS, PAPER
from inscape.studies.continual.films import film_of_carts
from inscape.studies.continual.judging import (
    Results,
    judge_balance,
    judge_growth,
    judge_predictions,
    judge_returns,
    over_seeds,
)
from inscape.studies.continual.learning import learned
from inscape.studies.continual.remarks import remarks
from inscape.studies.continual.sequences import worlds_of
from inscape.studies.lab import Lab
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.study import Study

STUDY = Study(
    number=15,
    name="continual-dynamics",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "A robot meets one body after another and keeps no old data. A hypernetwork writes the weights of a dynamics "
        "network from ten numbers a task, and what it wrote for old tasks is held in place; a planner still acts well "
        "on the bodies it met first."
    ),
    rooms=("systems", "models", "control"),
    needs=("neural", "robots"),
)

RIVALS = ("finetune", "ewc", "si", "coreset", "progressive", "single", "multitask")
STRENGTHS = {"ewc": (1e2, 1e4, 1e6), "si": (0.01, 0.1, 1.0)}
CART_PLANNER = {"horizon": 30, "samples": 100, "elites": 12, "rounds": 3, "exponent": 1.0}
"""Of iCEM. 1.2 s ahead: a pole of 1 m swings to and fro in 1.6 s, and a shorter look does not find the way up."""
WIDE = (460, 460)
"""A shared body of 460 units a layer has about as many trained weights as the hypernetwork of the desk scale."""


@dataclass(frozen=True)
class Sizes:
    """How large everything is at the lab's scale."""

    seeds: list[int]
    settings: dict[str, Any]
    minibatches: dict[str, int]
    train: int
    test: int
    count: int | None
    strengths: Mapping[str, tuple[float, ...]]

    @classmethod
    def of(cls, lab: Lab) -> Sizes:
        paper = {
            "hidden": (200, 200, 200, 200),
            "hyper_hidden": (256, 256),
            "loss": "gaussian",
        }
        return cls(
            seeds=[s % 2**31 for s in lab.seeds(lab.choose(smoke=1, desk=3, paper=4), "bodies")],
            settings=lab.choose(
                smoke={"hidden": (16, 16), "hyper_hidden": (8, 8), "batch_size": 50},
                desk={"hidden": (64, 64), "hyper_hidden": (32, 32)},
                paper=paper,
            ),
            minibatches=lab.choose(
                smoke={"strong": 20, "bodies": 20, "door": 20, "carts": 20, "many": 20, "boxes": 10},
                desk={"strong": 1200, "bodies": 1200, "door": 700, "carts": 1500, "many": 300, "boxes": 200},
                paper={"strong": 20_000, "bodies": 20_000, "door": 20_000, "carts": 5000, "many": 2000, "boxes": 2000},
            ),
            train=lab.choose(smoke=200, desk=8000, paper=100_000),
            test=lab.choose(smoke=100, desk=2000, paper=10_000),
            count=lab.choose(smoke=2, desk=None, paper=None),
            strengths=lab.choose(smoke={"ewc": (1e4,)}, desk=STRENGTHS, paper=STRENGTHS),
        )


@STUDY.run
def run(lab: Lab) -> Findings:
    findings, sizes = Findings(), Sizes.of(lab)
    strong = predictions(lab, sizes, "strong")
    bodies = predictions(lab, sizes, "bodies")
    doors = predictions(lab, sizes, "door")
    many = growth(lab, sizes)
    played, ceiling = carts(lab, sizes)
    returns = {"carts": kept_of(played, "returns"), "boxes": boxes(lab, sizes)}
    judge_predictions(findings, strong, bodies, doors)
    judge_growth(findings, many)
    judge_returns(findings, returns)
    judge_balance(findings, played, ceiling)
    planners(lab, findings, sizes)
    costs(lab, findings, sizes)
    unlabelled(lab, findings, sizes)
    findings.figures["errors of the strong sequence"] = figures.matrices(strong, ("finetune", "ewc", "si", "hypernet"))
    findings.figures["learning and keeping"] = figures.learning_and_keeping({"strong": strong, "bodies": bodies})
    findings.figures["returns of the carts"] = figures.returns(returns["carts"], [one["return"] for one in ceiling])
    findings.figures["time of a minibatch"] = figures.growing(many["hypernet"])
    findings.notes = remarks(findings, is_trial=lab.scale == "smoke")
    return findings


def predictions(lab: Lab, sizes: Sizes, sequence: str) -> Results:
    """Every arm on one sequence of bodies, by name, a result for each seed."""
    arms = arms_of(sizes, sequence)
    # The hypernetwork's arms take as long as all the others together: they are work of their own.
    groups = [[name for name in arms if name.startswith("hypernet")], [n for n in arms if not n.startswith("hypernet")]]
    items = [
        {
            "sequence": sequence,
            "count": sizes.count,
            "train": sizes.train,
            "test": sizes.test,
            "seed": seed,
            "arms": [arms[name] for name in group],
        }
        for group in groups
        for seed in sizes.seeds
    ]
    found = lab.parallel_map(learned, items, label=f"learning the {sequence} sequence")
    results: Results = {name: [] for name in arms}
    for number, result in enumerate(found):
        for name, one in zip(groups[number // len(sizes.seeds)], result, strict=True):
            results[name].append(one)
    return results


def arms_of(sizes: Sizes, sequence: str) -> dict[str, dict[str, Any]]:
    """Settings of every arm."""
    base = {**sizes.settings, "minibatches": sizes.minibatches[sequence], "validation": 0.0}
    arms = {"hypernet": {**base, "method": "hypernet"}}
    rivals = RIVALS if sequence != "door" else ("finetune", "ewc", "si")
    arms |= {name: {**base, "method": name} for name in rivals}
    if sequence != "door":
        arms["multitask"]["together"] = True
    if sequence == "strong":
        arms["hypernet without regulariser"] = {**arms["hypernet"], "beta": 0.0}
        arms["hypernet without look-ahead"] = {**arms["hypernet"], "look_ahead": False}
        for name, strengths in sizes.strengths.items():
            arms |= {f"{name} {s:g}": {**base, "method": name, "strength": s} for s in strengths}
        arms |= {f"{name}, wide": {**base, "method": name, "hidden": WIDE} for name in ("finetune", "ewc", "si")}
    return arms


def growth(lab: Lab, sizes: Sizes) -> Results:
    """Many carts, one after another, the regulariser minding eight of the old ones a step."""
    item = {
        "sequence": "many",
        "count": lab.choose(smoke=6, desk=50, paper=50),
        "train": lab.choose(smoke=100, desk=1000, paper=4000),
        "test": lab.choose(smoke=50, desk=500, paper=2000),
        "arms": [
            {
                **cart_settings(sizes),
                "method": "hypernet",
                "minibatches": sizes.minibatches["many"],
                "regularised_tasks": 8,
                "validation": 0.0,
            }
        ],
    }
    # One at a time: the time of a minibatch is measured.
    return {"hypernet": [lab.step("many carts", learned, {**item, "seed": seed})[0] for seed in sizes.seeds[:1]]}


def cart_settings(sizes: Sizes) -> dict[str, Any]:
    """Carts need no more than the desk's networks at any scale."""
    return sizes.settings if sizes.settings.get("batch_size") else {"hidden": (64, 64), "hyper_hidden": (32, 32)}


def carts(lab: Lab, sizes: Sizes) -> tuple[Results, list[dict[str, float]]]:
    """Returns and shares balanced of every method on four carts, a matrix a seed; and those of the world as law."""
    methods = ("hypernet", *RIVALS)
    count = lab.choose(smoke=2, desk=4, paper=4)
    acting = {
        "planner": lab.choose(
            smoke={"horizon": 5, "samples": 20, "elites": 4, "rounds": 2},
            desk=CART_PLANNER,
            paper={**CART_PLANNER, "samples": 300, "elites": 30, "rounds": 5},
        ),
        "steps": lab.choose(smoke=10, desk=120, paper=120),
    }
    items = [
        {
            **acting,
            "count": count,
            "train": lab.choose(smoke=200, desk=4000, paper=4000),
            "seed": seed,
            "settings": {**cart_settings(sizes), "method": method, "minibatches": sizes.minibatches["carts"]},
            "episodes": lab.choose(smoke=1, desk=2, paper=10),
        }
        for method in methods
        for seed in sizes.seeds
    ]
    found = lab.parallel_map(planning.cartpole_returns, items, label="planning on carts")
    filmed = {method: items[methods.index(method) * len(sizes.seeds)] for method in ("hypernet", "finetune")}
    motions = lab.parallel_map(planning.final_motions, list(filmed.values()), label="carts to be filmed")
    names = [world.task for world in worlds_of("cartpoles", count)]
    film_of_carts(dict(zip(filmed, motions, strict=True)), names, Path(lab.folder.path) / "films" / "carts.mp4")
    known = [{**acting, "cart": cart, "episodes": 1, "seed": sizes.seeds[0]} for cart in range(count)]
    ceiling = lab.parallel_map(planning.true_return, known, label="planning in the carts themselves")
    return by_method(methods, sizes, found), ceiling


def kept_of(played: Results, name: str) -> dict[str, list[np.ndarray]]:
    """One of the matrices of every run, by method."""
    return {method: [one[name] for one in runs] for method, runs in played.items()}


def boxes(lab: Lab, sizes: Sizes) -> dict[str, list[np.ndarray]]:
    """R[t, j] on the pushed boxes, counted from what doing nothing earns."""
    methods = lab.choose(
        smoke=("hypernet", "single"), desk=("hypernet", "single", "finetune", "ewc"), paper=("hypernet", *RIVALS)
    )
    items = [
        {
            "count": lab.choose(smoke=2, desk=5, paper=5),
            "train": lab.choose(smoke=100, desk=2000, paper=2000),
            "seed": seed,
            "settings": {**cart_settings(sizes), "method": method, "minibatches": 5 * sizes.minibatches["boxes"]},
            "planner": lab.choose(
                smoke={"horizon": 4, "samples": 20, "elites": 4, "rounds": 2},
                desk={"horizon": 12, "samples": 200, "elites": 20, "rounds": 3},
                paper={"horizon": 20, "samples": 500, "elites": 40, "rounds": 5},
            ),
            "steps_planned": lab.choose(smoke=10, desk=600, paper=4000),
            "update_every": lab.choose(smoke=10, desk=200, paper=200),
            "minibatches_planned": sizes.minibatches["boxes"],
            "episodes": lab.choose(smoke=1, desk=2, paper=10),
            "steps": lab.choose(smoke=10, desk=120, paper=120),
        }
        for method in methods
        for seed in sizes.seeds
    ]
    found = lab.parallel_map(planning.pusher_returns, items, label="pushing boxes")
    return by_method(methods, sizes, [one["returns"] - one["idle"][:, None] for one in found])


def by_method(methods: tuple[str, ...], sizes: Sizes, found: list[Any]) -> dict[str, list[Any]]:
    """Results in the order of methods, then seeds, by method."""
    count = len(sizes.seeds)
    return {method: found[k * count : (k + 1) * count] for k, method in enumerate(methods)}


def planners(lab: Lab, findings: Findings, sizes: Sizes) -> None:
    """Bar 7: the released CEM, iCEM at a quarter of its steps of the law, MPPI."""
    wide = lab.choose(smoke=20, desk=200, paper=500)
    base = {"horizon": lab.choose(smoke=5, desk=30, paper=30), "rounds": 3}
    # CEM draws a last round of fresh samples, so that it asks for rounds + 1 of them.
    fewer = max(8, int(0.37 * wide))
    kinds = [
        {"kind": "CEM", **base, "samples": wide, "elites": max(2, wide // 10)},
        {"kind": "iCEM", **base, "samples": fewer, "elites": max(2, fewer // 8), "exponent": 1.0, "decay": 1.25},
        {"kind": "MPPI", **base, "samples": fewer},
    ]
    items = [
        {
            "count": lab.choose(smoke=1, desk=4, paper=4),
            "train": lab.choose(smoke=200, desk=4000, paper=4000),
            "seed": seed,
            "settings": {**cart_settings(sizes), "method": "single", "minibatches": sizes.minibatches["carts"]},
            "episodes": lab.choose(smoke=1, desk=2, paper=10),
            "steps": lab.choose(smoke=10, desk=120, paper=120),
            "planners": kinds,
        }
        for seed in sizes.seeds
    ]
    found = lab.parallel_map(planning.planners_compared, items, label="comparing planners")
    earned = np.array([[one["return"] for one in run] for run in found])
    asked = np.array([[one["asked"] for one in run] for run in found])
    setting = "four carts, one net each, CEM as released (no warm start, white noise)"
    findings.measured["icem_return"] = over_seeds(list(earned[:, 1] / earned[:, 0]), setting)
    findings.measured["icem_calls"] = Measured(float(asked[:, 1].mean() / asked[:, 0].mean()), setting=setting)
    findings.tables["planners"] = Table(
        "Mean reward of a step on four carts, steps of the law and CPU time for each decision; means over seeds.",
        tuple(
            {
                "planner": kind["kind"],
                "reward": float(earned[:, k].mean()),
                "steps of the law": float(asked[:, k].mean()),
                "CPU ms": 1e3 * float(np.mean([run[k]["seconds"] for run in found])),
            }
            for k, kind in enumerate(kinds)
        ),
    )


def costs(lab: Lab, findings: Findings, sizes: Sizes) -> None:
    """Bar 4 and the cost of the exact regulariser, one measurement at a time."""
    item = {
        "widths": lab.choose(smoke=[6, 10, 4], desk=[24, 200, 200, 18], paper=[24, 200, 200, 18]),
        "hidden": lab.choose(smoke=[6, 6], desk=[50, 50], paper=[50, 50]),
        "repeats": lab.choose(smoke=1, desk=9, paper=9),
    }
    olds = {"speed_4": 4, "speed_19": 19}
    found = {
        name: lab.step(f"against hypnettorch, {old}", speed.against_hypnettorch, {**item, "old": old})
        for name, old in olds.items()
    }
    absent = "hypnettorch not installed"
    for name, one in found.items():
        findings.measured[name] = Measured(
            one["ratio"],
            setting=absent if one["ratio"] is None else f"ours {1e3 * one['ours']:.3g} ms, target 24-200-200-18",
        )
    apart = [one["difference"] for one in found.values() if one["difference"] is not None]
    findings.measured["like_hypnettorch"] = Measured(
        max(apart) if apart else None, setting="double precision, 4 and 19 old tasks" if apart else absent
    )
    several = lab.choose(smoke=[100, 200], desk=[2000, 16_000], paper=[10_000, 80_000])
    recorded = {
        "settings": cart_settings(sizes),
        "samples": several,
        "minibatches": lab.choose(smoke=5, desk=100, paper=200),
    }
    few, eight = lab.step("time against recordings", speed.minibatch_seconds, recorded)
    findings.measured["time_and_data"] = Measured(eight / few, setting=f"{several[0]} and {several[1]} steps recorded")
    many = lab.choose(smoke=[3, 6], desk=[5, 10, 20, 50, 100, 200], paper=[5, 10, 20, 50, 100, 200])
    seconds = lab.step("regulariser against tasks", speed.regulariser_seconds, {**item, "many": many})
    findings.measured["time_and_tasks"] = Measured(
        seconds[-1] / seconds[-2], setting=f"{many[-1]} and {many[-2]} old tasks, {1e3 * seconds[-1]:.3g} ms"
    )
    findings.tables["cost of the regulariser"] = Table(
        "CPU ms of its value and gradient with look-ahead, exact over all old tasks.",
        tuple({"old tasks": old, "ms": 1e3 * s} for old, s in zip(many, seconds, strict=True)),
    )


def unlabelled(lab: Lab, findings: Findings, sizes: Sizes) -> None:
    """Beyond the paper: no label, and bodies never met."""
    settings = {**sizes.settings, "method": "hypernet", "minibatches": sizes.minibatches["strong"]}
    items = [
        {
            "sequence": "strong",
            "train": sizes.train,
            "seed": seed,
            "windows": lab.choose(smoke=4, desk=40, paper=100),
            "settings": settings,
        }
        for seed in sizes.seeds
    ]
    found = lab.parallel_map(beyond.told_apart, items, label="telling bodies apart")
    for name, key in (("inferred", "right"), ("new_found", "found_new"), ("new_false", "called_new")):
        findings.measured[name] = over_seeds([one[key] for one in found], f"stretches of {beyond.WINDOW} steps")
    carts = [
        {
            "count": lab.choose(smoke=4, desk=20, paper=50),
            "unseen": lab.choose(smoke=1, desk=5, paper=10),
            "train": lab.choose(smoke=200, desk=1000, paper=4000),
            "few": 100,
            "seed": seed,
            "settings": {**cart_settings(sizes), "method": "hypernet", "minibatches": sizes.minibatches["many"]},
        }
        for seed in sizes.seeds
    ]
    met = lab.parallel_map(beyond.unseen_carts, carts, label="meeting unseen carts")
    setting = f"{carts[0]['count']} known carts, {carts[0]['unseen']} unseen"
    findings.measured["unseen_embedding"] = over_seeds([one["embedded"] / one["fresh"] for one in met], setting)
    findings.measured["embedding_map"] = over_seeds([one["map"] for one in met], setting)
