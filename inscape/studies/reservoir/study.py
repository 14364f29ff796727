"""Study 08: reservoirs that balance themselves. The recipe."""

from __future__ import annotations

from typing import Any

from inscape.parallel import parallel_map
from inscape.studies.lab import Lab
from inscape.studies.paper import Findings, Measured
from inscape.studies.reservoir import oracles, speed
from inscape.studies.reservoir.arms import scored
from inscape.studies.reservoir.beyond import connectomes, drifting_sensor, recordings
from inscape.studies.reservoir.claims import CLAIMS, PAPER
from inscape.studies.reservoir.comparisons import global_balance, largest_gains, local_adaptation, one_step
from inscape.studies.reservoir.explanations import controls, failures, mechanism
from inscape.studies.reservoir.grid import Plain, Scores, Sizes, measured_grid, task_series
from inscape.studies.reservoir.remarks import remarks
from inscape.studies.reservoir.tasks import TASKS
from inscape.studies.study import Study

STUDY = Study(
    number=8,
    name="reservoir",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "Networks of excitatory and inhibitory nodes remember and forecast best near balance. Where the inhibition of "
        "each node adapts to a target rate, or is designed for it in closed form, they do better than any one balance."
    ),
    rooms=("systems", "analysis", "models"),
    needs=("studies",),
)


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    sizes = Sizes.of(lab)
    series = task_series(lab, sizes)
    scores = measured_grid(lab, sizes, series)
    global_balance(findings, sizes, scores)
    local_adaptation(findings, sizes, scores)
    one_step(findings, sizes, scores)
    mechanism(lab, findings, sizes, series, scores)
    controls(lab, findings, sizes, series, scores)
    regimes = failures(lab, findings, sizes, series)
    largest_gains(findings, sizes, scores, regimes)
    oracle(lab, findings, sizes, scores)
    timing(lab, findings)
    repeatability(lab, findings, sizes, series)
    recordings(lab, findings)
    drifting_sensor(lab, findings, sizes, series)
    connectomes(lab, findings)
    findings.notes = remarks(findings)
    return findings


def oracle(lab: Lab, findings: Findings, sizes: Sizes, scores: Scores) -> None:
    """Registers, peers and the bound."""
    findings.measured["register"] = Measured(
        lab.step("register", oracles.register_capacity, 50), setting="150 delays, 6,000 samples"
    )
    item = {
        "network": {"nodes": 100, "degree": 20, "seed": lab.seed},
        "seed": lab.seed,
        "length": lab.choose(smoke=1500, desk=6000, paper=6000),
        "delays": lab.choose(smoke=20, desk=60, paper=150),
    }
    apart = lab.step("peers on the same states", oracles.differences, item)
    for peer in ("rcbench", "reservoirpy"):
        pair = [apart[f"memory_{peer}"], apart[f"narma_{peer}"]]
        known = [100.0 * v for v in pair if v is not None]
        findings.measured[f"like_{peer}"] = Measured(
            max(known) if known else None,
            setting=f"100 nodes, {item['delays']} delays, the larger of the two" if known else f"{peer} not installed",
        )
    largest = max(
        float(v.max()) for (_, _, task), arms in scores.table.items() if task == "memory" for v in arms.values()
    )
    runs = sum(len(v) for (_, _, task), arms in scores.table.items() if task == "memory" for v in arms.values())
    findings.measured["never_over"] = Measured(largest / sizes.nodes, setting=f"{runs} networks of {sizes.nodes} nodes")


def timing(lab: Lab, findings: Findings) -> None:
    """Bar 6, one measurement at a time."""
    item = {
        "nodes": lab.choose(smoke=100, desk=500, paper=500),
        "degree": lab.choose(smoke=10, desk=50, paper=50),
        "steps": lab.choose(smoke=500, desk=4000, paper=4000),
        "their_steps": lab.choose(smoke=20, desk=1000, paper=4000),
        "with_reservoirpy": True,
    }
    adapted = lab.step("speed of adaptation", speed.adaptation, item)
    absent = "ReservoirPy not installed"
    findings.measured["speed_adaptation"] = Measured(
        adapted["ratio"],
        setting=absent
        if adapted["theirs"] is None
        else f"{1e6 * adapted['ours']:.3g} us a step, {item['nodes']} nodes",
    )
    findings.measured["design_time"] = Measured(adapted["design_share"], setting=f"{item['nodes']} nodes")
    longer = item | {"steps": lab.choose(smoke=500, desk=6000, paper=6000)}
    plain = lab.step("speed of a run", speed.plain_run, longer)
    findings.measured["speed_run"] = Measured(
        plain["ratio"],
        setting=absent if plain["theirs"] is None else f"{plain['ours']:.3g} CPU-s for {longer['steps']} steps",
    )
    swept = lab.step("speed of a sweep", speed.sweep, longer | {"settings": lab.choose(smoke=2, desk=40, paper=40)})
    findings.measured["speed_sweep"] = Measured(
        swept["ratio"],
        setting=absent if swept["theirs"] is None else f"{swept['ours']:.3g} s, theirs {swept['theirs']:.3g} s",
    )


def repeatability(lab: Lab, findings: Findings, sizes: Sizes, series: Plain) -> None:
    """Bar 7: the same items by one worker and by two."""
    items = [
        {
            "network": sizes.network(seed),
            "series": series[task, seed],
            "arms": [{"kind": "global", "balance": -0.2}, {"kind": "local", "targets": ["beta", 8, 8]}],
            "seed": seed,
        }
        for seed in sizes.seeds[:1]
        for task in TASKS
    ]
    findings.measured["repeatable"] = Measured(
        lab.step("one worker and two", _largest_difference, items), setting=f"{len(items)} items of the grid, two arms"
    )


def _largest_difference(items: list[dict[str, Any]]) -> float:
    alone = parallel_map(scored, items, backend="serial")
    together = parallel_map(scored, items, jobs=2)
    return max(
        abs(a["score"] - b["score"]) for x, y in zip(alone, together, strict=True) for a, b in zip(x, y, strict=True)
    )
