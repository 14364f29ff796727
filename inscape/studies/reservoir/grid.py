"""The grid of study 08: every network with every arm on every task, and what is read off it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Measured
from inscape.studies.reservoir.arms import name_of, scored
from inscape.studies.reservoir.tasks import TASKS, series_of_task

RANDOM, FIXED = "erdos-renyi", "fixed"
MAIN_SCALE = 0.1
LAWS: tuple[Any, ...] = (0.3, 0.5, 0.7, ["beta", 2, 2], ["beta", 8, 8])
EVEN, BELL = name_of(0.5), name_of(["beta", 8, 8])
DESIGNED: tuple[Any, ...] = (0.5, ["beta", 8, 8])


Plain = dict[tuple[str, int], dict[str, Any]]
"""The series of a task and a network seed as plain data."""


@dataclass(frozen=True)
class Sizes:
    """How large a run of the study is."""

    nodes: int
    degree: float
    length: int
    seeds: tuple[int, ...]
    scales: tuple[float, ...]
    balances: tuple[float, ...]

    @classmethod
    def of(cls, lab: Lab) -> Sizes:
        """The whole grid at "desk", a corner of it at "smoke", more networks and scales at "paper"."""
        nine = (-3.0, -2.0, -1.0, -0.5, -0.2, 0.0, 0.2, 0.5, 1.0)
        return cls(
            nodes=lab.choose(smoke=100, desk=500, paper=500),
            degree=lab.choose(smoke=20, desk=50, paper=50),
            length=lab.choose(smoke=1500, desk=6000, paper=6000),
            seeds=tuple(s % 2**31 for s in lab.seeds(lab.choose(smoke=2, desk=5, paper=20), "networks")),
            scales=lab.choose(smoke=(0.1,), desk=(0.03, 0.1, 0.3, 1.0), paper=(0.01, 0.03, 0.1, 0.3, 1.0, 3.0)),
            balances=lab.choose(smoke=(-1.0, -0.2, 0.5), desk=nine, paper=nine),
        )

    def network(self, seed: int, **changed: Any) -> dict[str, Any]:
        """Arguments of `dale_network`."""
        return {"nodes": self.nodes, "degree": self.degree, "input_scale": MAIN_SCALE, "seed": seed} | changed

    def globals(self) -> list[dict[str, Any]]:
        """The arms of one balance for all nodes."""
        return [{"kind": "global", "balance": b} for b in self.balances]


@dataclass(frozen=True)
class Scores:
    """Scores (network,) of every arm by graph, input scaling, task and name of the arm."""

    table: dict[tuple[str, float, str], dict[str, Float[np.ndarray, "network"]]]
    rate_errors: Float[np.ndarray, "network"]

    def best_global(self, graph: str, scale: float, task: str) -> Float[np.ndarray, "network"]:
        """The best global balance of each network by its test score: the highest memory, the lowest error."""
        values = self.all_global(graph, scale, task)
        return values.max(axis=1) if task == "memory" else values.min(axis=1)

    def all_global(self, graph: str, scale: float, task: str) -> Float[np.ndarray, "network balance"]:
        found = self.table[graph, scale, task]
        return np.stack([v for name, v in found.items() if name.startswith("global")], axis=1)

    def gains(self, graph: str, scale: float, task: str) -> dict[str, Float[np.ndarray, "network"]]:
        """Of every other arm over the best global one: above 1 is better, for errors too."""
        best = self.best_global(graph, scale, task)
        others = {n: v for n, v in self.table[graph, scale, task].items() if not n.startswith("global")}
        return {n: v / best if task == "memory" else best / v for n, v in others.items()}


def arm_name(arm: dict[str, Any]) -> str:
    """ "global -0.5", "0.5", "Beta(8, 8), one-step"."""
    if arm["kind"] == "global":
        return f"global {arm['balance']:g}"
    return name_of(arm["targets"]) + ("" if arm["kind"] == "local" else f", {arm['kind']}")


def task_series(lab: Lab, sizes: Sizes) -> Plain:
    """The series of every task and network, as plain data."""
    keys = [(task, seed) for task in TASKS for seed in sizes.seeds]
    items = [{"task": task, "length": sizes.length, "seed": seed} for task, seed in keys]
    return dict(zip(keys, lab.parallel_map(_plain_series, items, label="series"), strict=True))


def _plain_series(item: dict[str, Any]) -> dict[str, Any]:
    return dict(vars(series_of_task(item["task"], item["length"], item["seed"])))


def measured_grid(lab: Lab, sizes: Sizes, series: Plain) -> Scores:
    """Random in-degrees on three tasks with every law; fixed in-degrees on memory, where little is to adapt."""
    local = [{"kind": "local", "targets": law} for law in LAWS]
    design = [{"kind": "one-step", "targets": law} for law in DESIGNED]
    every = [*sizes.globals(), *local, *design]
    few = [*sizes.globals(), {"kind": "local", "targets": 0.5}]
    cells: list[tuple[str, float, str]] = [(RANDOM, s, t) for s in sizes.scales for t in TASKS]
    cells += [(FIXED, scale, "memory") for scale in sizes.scales]
    items = [
        {
            "network": sizes.network(seed, topology=graph, input_scale=scale),
            "series": series[task, seed],
            "arms": every if graph == RANDOM else few,
            "seed": seed,
        }
        for graph, scale, task in cells
        for seed in sizes.seeds
    ]
    found = lab.parallel_map(scored, items, label="grid of networks")
    table = {}
    count = len(sizes.seeds)
    for number, cell in enumerate(cells):
        rows = found[number * count : (number + 1) * count]
        arms = every if cell[0] == RANDOM else few
        table[cell] = {
            arm_name(arm): np.array([row[k]["score"] for row in rows], dtype=float) for k, arm in enumerate(arms)
        }
    main = found[cells.index((RANDOM, MAIN_SCALE, "memory")) * count :][:count]
    designed = every.index(design[0])
    return Scores(table, np.array([row[designed]["rate_error"] for row in main]))


def mean_of(values: Sequence[float] | np.ndarray, setting: str) -> Measured:
    """The mean over networks with its bootstrap interval."""
    array = np.asarray(values, dtype=float)
    low, high = bootstrap_interval(array, lambda v: float(np.mean(v)))
    return Measured(float(np.mean(array)), low, high, setting)


def median_of(values: Sequence[float] | np.ndarray, setting: str) -> Measured:
    """The median over networks with its bootstrap interval: for errors, which a diverged forecast makes infinite."""
    array = np.asarray(values, dtype=float)
    low, high = bootstrap_interval(array, lambda v: float(np.median(v)))
    return Measured(float(np.median(array)), low, high, setting)
