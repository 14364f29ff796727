"""Why local adaptation works, what else might have made the gain, and where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.studies.lab import Lab
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.reservoir import figures
from inscape.studies.reservoir.arms import name_of, scored
from inscape.studies.reservoir.grid import BELL, EVEN, MAIN_SCALE, RANDOM, Plain, Scores, Sizes, mean_of
from inscape.studies.reservoir.processing import capacities


def mechanism(lab: Lab, findings: Findings, sizes: Sizes, series: Plain, scores: Scores) -> None:
    """Why it works: gains become alike, and the law decides between memory and nonlinearity."""
    mean = scores.all_global(RANDOM, MAIN_SCALE, "memory").mean(axis=0)
    best = {"kind": "global", "balance": sizes.balances[int(mean.argmax())]}
    even, bell = {"kind": "local", "targets": 0.5}, {"kind": "local", "targets": ["beta", 8, 8]}
    looks = lab.parallel_map(
        scored,
        [
            {
                "network": sizes.network(seed),
                "series": series["memory", seed],
                "arms": [best, even, bell],
                "seed": seed,
                "looked_at": True,
            }
            for seed in sizes.seeds
        ],
        label="looking at nodes",
    )
    variation = [[float(np.std(a["gains"]) / np.mean(a["gains"])) for a in row] for row in looks]
    findings.measured["spread_of_gains"] = mean_of(
        [row[1] / row[0] for row in variation], f"adapted to 0.5; global beta {best['balance']:g}"
    )
    names = [f"global, beta {best['balance']:g}", f"adapted to {EVEN}", f"adapted to {BELL}"]
    findings.tables["nodes"] = Table(
        "What the nodes do, mean over networks",
        tuple(
            {
                "network": name,
                "mean gain": float(np.mean([row[k]["mean_gain"] for row in looks])),
                "variation of gains": float(np.mean([row[k] for row in variation])),
                "saturated or silent": float(np.mean([row[k]["saturated"] for row in looks])),
                "memory": float(np.mean([row[k]["score"] for row in looks])),
            }
            for k, name in enumerate(names)
        ),
    )
    findings.figures["rates"] = figures.histograms(dict(zip(names, looks[0], strict=True)))
    arms = {
        f"global {best['balance']:g}": best,
        **{name_of(law): {"kind": "local", "targets": law} for law in (0.5, 0.4, 0.3, ["beta", 8, 8], ["beta", 2, 2])},
    }
    few = sizes.seeds[: lab.choose(smoke=1, desk=3, paper=10)]
    degrees = lab.choose(
        smoke=[[1, 40], [2, 12], [3, 6]], desk=[[1, 80], [2, 40], [3, 15]], paper=[[1, 120], [2, 60], [3, 25], [4, 10]]
    )
    items = [
        {
            "network": sizes.network(seed),
            "arm": arm,
            "seed": seed,
            "length": lab.choose(smoke=2000, desk=20_000, paper=100_000),
            "degrees": degrees,
        }
        for arm in arms.values()
        for seed in few
    ]
    found = lab.parallel_map(capacities, items, label="processing capacities")
    split = {}
    for number, name in enumerate(arms):
        rows = [dict(r["by_degree"]) for r in found[number * len(few) : (number + 1) * len(few)]]
        split[name] = {int(d): float(np.mean([r[d] for r in rows])) for d in rows[0]}
    findings.figures["capacities"] = figures.capacity_bars(split, sizes.nodes)
    findings.tables["capacities"] = Table(
        f"Processing capacity by degree, {len(few)} networks of {sizes.nodes} nodes",
        tuple(
            {"network": name, **{f"degree {d}": c for d, c in by.items()}, "total": sum(by.values())}
            for name, by in split.items()
        ),
    )
    setting = f"{len(few)} networks, {items[0]['length']} samples"
    findings.measured["even_terms"] = Measured(_over(split[EVEN][2], split[BELL][2]), setting=setting)
    findings.measured["linear_terms"] = Measured(_over(split[EVEN][1], split[BELL][1]), setting=setting)


def controls(lab: Lab, findings: Findings, sizes: Sizes, series: Plain, scores: Scores) -> None:
    """What else might make the gain: each arm takes one ingredient away."""
    best = scores.best_global(RANDOM, MAIN_SCALE, "memory")
    balance = sizes.balances[int(scores.all_global(RANDOM, MAIN_SCALE, "memory").mean(axis=0).argmax())]
    items = []
    for number, seed in enumerate(sizes.seeds):
        other = sizes.seeds[number - 1]
        arms = [
            {"kind": "inhibition permuted", "targets": 0.5},
            {"kind": "rates of global", "balance": balance},
            {"kind": "targets permuted", "targets": ["beta", 8, 8]},
            {"kind": "local", "targets": 0.5, "adapted_on": series["mackey-glass", seed]["inputs"]},
            {"kind": "local", "targets": 0.5, "adapted_on": series["memory", other]["inputs"]},
            {"kind": "gain of local", "targets": 0.5},
        ]
        items.append({"network": sizes.network(seed), "series": series["memory", seed], "arms": arms, "seed": seed})
    found = lab.parallel_map(scored, items, label="control arms")
    memory = np.array([[arm["score"] for arm in row] for row in found])
    names = ("permuted", "rates", "targets", "input", "noise", "gain")
    setting = f"{len(best)} networks, over the best global balance of each"
    for column, name in enumerate(names):
        reference = scores.table[RANDOM, MAIN_SCALE, "memory"][BELL] if name == "targets" else best
        findings.measured[f"control_{name}"] = mean_of(
            memory[:, column] / reference, "over Beta(8, 8) as drawn" if name == "targets" else setting
        )


EDGE = "0.5, one-step, gain at the edge"
REGIMES: tuple[tuple[str, dict[str, Any], tuple[Any, ...]], ...] = (
    ("c 5, 10 inputs, scaling 0.3", {"gain": 5.0, "degree": 10, "input_scale": 0.3}, (0.5, ["beta", 8, 8])),
    ("c 10, 10 inputs, scaling 0.1", {"gain": 10.0, "degree": 10}, (0.5, ["beta", 8, 8])),
    ("c 20, 50 inputs, scaling 0.03", {"gain": 20.0, "input_scale": 0.03}, (0.5, ["beta", 8, 8])),
    ("c 10, 50 inputs, scaling 0.1", {}, (0.2, 0.1)),
)


def failures(lab: Lab, findings: Findings, sizes: Sizes, series: Plain) -> dict[tuple[str, str], list[float]]:
    """Where adaptation does not help: steep or sparse networks turn chaotic, quiet ones blink in step."""
    seeds = sizes.seeds[: lab.choose(smoke=1, desk=3, paper=10)]
    edge = {"kind": "edge", "targets": 0.5}
    items = [
        {
            "network": sizes.network(seed, **changed),
            "series": series["memory", seed],
            "arms": [*sizes.globals(), *({"kind": "local", "targets": law} for law in laws), edge],
            "seed": seed,
            "looked_at": True,
        }
        for _, changed, laws in REGIMES
        for seed in seeds
    ]
    found = lab.parallel_map(scored, items, label="other regimes")
    many = len(sizes.balances)
    rows, ratios = [], {}
    for number, (regime, _, laws) in enumerate(REGIMES):
        runs = found[number * len(seeds) : (number + 1) * len(seeds)]
        best = [max(run[:many], key=lambda arm: arm["score"]) for run in runs]
        arms = {"best global": best} | {name_of(law): [run[many + k] for run in runs] for k, law in enumerate(laws)}
        arms[EDGE] = [run[-1] for run in runs]
        for name, cells in arms.items():
            ratio = [c["score"] / b["score"] for c, b in zip(cells, best, strict=True)]
            ratios[regime, name] = ratio
            rows.append(
                {
                    "regime": regime,
                    "network": name,
                    "memory": float(np.mean([c["score"] for c in cells])),
                    "over best global": float(np.mean(ratio)),
                    "rate error, adapting": _mean([c.get("rate_error") for c in cells]),
                    "rate error, frozen": _mean([c.get("frozen_error") for c in cells]),
                    "apart from another start": float(np.mean([c["forgets"] for c in cells])),
                    "synchrony": float(np.mean([c["synchrony"] for c in cells])),
                }
            )
    findings.tables["regimes"] = Table(
        "Other regimes: memory, rates while inhibition adapts and once it is frozen, the distance that two starts keep "
        "under one input, and period-2 synchrony",
        tuple(rows),
    )
    setting = f"{len(seeds)} networks, rate 0.5"
    for name, regime, law in (
        ("edge_steep", REGIMES[2][0], EDGE),
        ("edge_sparse", REGIMES[1][0], EDGE),
        ("fails_steep", REGIMES[2][0], EVEN),
        ("fails_sparse", REGIMES[1][0], EVEN),
        ("fails_quiet", REGIMES[3][0], "0.1"),
    ):
        if (regime, law) in ratios:
            findings.measured[name] = mean_of(
                ratios[regime, law], setting if law in (EVEN, EDGE) else f"{len(seeds)} networks"
            )
    return {(regime, arm): ratio for (regime, arm), ratio in ratios.items() if arm not in ("best global", EDGE)}


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _over(one: float, other: float) -> float | None:
    return one / other if other > 0 else None
