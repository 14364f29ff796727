"""What goes beyond the paper: recorded series, a drifting sensor, and a connectome."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.studies.lab import Lab
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.reservoir import drift, figures, recorded, wiring
from inscape.studies.reservoir.grid import Plain, Sizes, mean_of, median_of


def recordings(lab: Lab, findings: Findings) -> None:
    """Real series, with the same readout and the same budget of tuning for both kinds of network."""
    seeds = [s % 2**31 for s in lab.seeds(lab.choose(smoke=1, desk=5, paper=20), "recordings")]
    plans = {"laser": (300, 4000, (1, 10)), "sunspots": (100, 309, (1, 10))}
    rows = []
    for name, (nodes, most, horizons) in plans.items():
        series = recorded.load(name)
        if series is None:
            findings.measured[name] = Measured(None, setting="needs ReservoirPy")
            continue
        for steps in horizons[: lab.choose(smoke=1, desk=2, paper=2)]:
            items = [
                {
                    "series": series[: lab.choose(smoke=300, desk=most, paper=10_093)],
                    "nodes": lab.choose(smoke=50, desk=nodes, paper=nodes),
                    "budget": lab.choose(smoke=2, desk=12, paper=50),
                    "steps": steps,
                    "seed": seed,
                    "washout": 30,
                }
                for seed in seeds
            ]
            found = lab.parallel_map(recorded.forecast_errors, items, label=f"forecasting {name}")
            errors = {kind: np.array([f[kind] for f in found]) for kind in ("untuned", "edge", "tuned", "theirs")}
            rows.append({"series": name, "samples ahead": steps} | {k: float(np.median(v)) for k, v in errors.items()})
            if steps == 1:
                setting = f"{len(seeds)} networks of {items[0]['nodes']} nodes, one sample ahead"
                findings.measured[name] = median_of(errors["untuned"] / errors["theirs"], setting)
                budget = f"{items[0]['budget']} settings each"
                findings.measured[f"{name}_tuned"] = median_of(
                    errors["tuned"] / errors["theirs"], f"{setting}, {budget}"
                )
    findings.tables["recordings"] = Table(
        "Test NRMSE on recorded series, median over networks: one-step design with Beta(8, 8) at its defaults "
        "(untuned), at the gain where it only just forgets its start (edge), and tuned; ReservoirPy's tuned (theirs)",
        tuple(rows),
    )


SENSORS: tuple[tuple[str, float, float], ...] = (
    ("mackey-glass", 0.1, 0.0),
    ("mackey-glass", 0.3, 0.0),
    ("mackey-glass", 0.3, 4.0),
    ("narma", 0.1, 0.0),
)
"""Task, input scaling and offset of the input in standard deviations."""


def drifting_sensor(lab: Lab, findings: Findings, sizes: Sizes, series: Plain) -> None:
    """The input grows threefold while networks run: those that adapt on, and those that do not."""
    seeds = sizes.seeds[: lab.choose(smoke=1, desk=3, paper=10)]
    nodes, degree = lab.choose(smoke=50, desk=200, paper=500), lab.choose(smoke=20, desk=40, paper=50)
    items = [
        {
            "network": {"nodes": nodes, "degree": degree, "input_scale": scale, "seed": seed},
            "series": series[task, seed],
            "offset": offset,
            "seed": seed,
        }
        for task, scale, offset in SENSORS
        for seed in seeds
    ]
    found = lab.parallel_map(drift.errors, items, label="drifting sensor")
    rows = []
    for number, (task, scale, offset) in enumerate(SENSORS):
        runs = found[number * len(seeds) : (number + 1) * len(seeds)]
        # The last quarter of the run: the first half is before the change, the next quarter is for recovery.
        ends = {name: np.array([run[name][-len(run[name]) // 4 :].mean() for run in runs]) for name in runs[0]}
        rows.append(
            {"task": task, "input scaling": scale, "offset": offset} | {n: float(np.median(e)) for n, e in ends.items()}
        )
        name = {2: "recovery_offset", 3: "recovery_narma"}.get(number)
        if name is not None:
            findings.measured[name] = median_of(
                ends[drift.HOMEOSTATIC] / ends[drift.FROZEN], f"{len(seeds)} networks of {nodes} nodes, last quarter"
            )
        if number == 0:
            setting = f"{len(seeds)} networks of {nodes} nodes, Mackey-Glass 10 samples ahead, last quarter"
            findings.measured["recovery"] = median_of(ends[drift.HOMEOSTATIC] / ends[drift.FROZEN], setting)
            if drift.ECHO in ends:
                findings.measured["recovery_echo"] = median_of(ends[drift.HOMEOSTATIC] / ends[drift.ECHO], setting)
            errors: dict[str, np.ndarray] = {name: np.stack([run[name] for run in runs]) for name in runs[0]}
            change = len(runs[0][drift.FROZEN]) // 2 * drift.BLOCK
            findings.figures["recovery"] = figures.recovery(errors, drift.BLOCK, change)
    findings.tables["drift"] = Table(
        "Error after the input grew threefold, last quarter of the run, in standard deviations of the target "
        "(median over networks; every readout learns on)",
        tuple(rows),
    )


def connectomes(lab: Lab, findings: Findings) -> None:
    """A small connectome, balanced in closed form."""
    seeds = [s % 2**31 for s in lab.seeds(lab.choose(smoke=1, desk=5, paper=20), "connectomes")]
    plan: dict[str, Any] = {
        "nodes": lab.choose(smoke=60, desk=200, paper=200),
        "length": lab.choose(smoke=1500, desk=6000, paper=6000),
        "scales": [0.1, 0.2, 0.5, 1.0, 2.0],
    }
    found = lab.parallel_map(wiring.memories, [plan | {"seed": seed} for seed in seeds], label="connectomes")
    memory = {name: np.array([f[name] for f in found]) for name in ("plain", "balanced", "edge")}
    setting = f"{len(seeds)} made connectomes, {plan['nodes']} nodes, best of {len(plan['scales'])} scales as they come"
    findings.measured["connectome"] = mean_of(memory["balanced"] / memory["plain"], setting)
    findings.measured["connectome_edge"] = mean_of(memory["edge"] / memory["plain"], setting)
