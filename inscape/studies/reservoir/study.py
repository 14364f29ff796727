"""Study 08: reservoirs that balance themselves. The recipe."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.parallel import parallel_map
from inscape.studies.lab import Lab
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.reservoir import figures, oracles, recorded, speed
from inscape.studies.reservoir.arms import name_of, scored
from inscape.studies.reservoir.claims import CLAIMS, PAPER
from inscape.studies.reservoir.grid import (
    BELL,
    EVEN,
    FIXED,
    MAIN_SCALE,
    RANDOM,
    Scores,
    Sizes,
    mean_of,
    measured_grid,
    median_of,
    task_series,
)
from inscape.studies.reservoir.processing import capacities
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

Plain = dict[tuple[str, int], dict[str, Any]]


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
    return findings


def global_balance(findings: Findings, sizes: Sizes, scores: Scores) -> None:
    """C1: one balance for all nodes."""
    balances = np.array(sizes.balances)
    fixed = scores.all_global(FIXED, MAIN_SCALE, "memory")
    random = scores.all_global(RANDOM, MAIN_SCALE, "memory")
    peaks = balances[fixed.argmax(axis=1)]
    peaks_random = balances[random.argmax(axis=1)]
    setting = f"{len(fixed)} networks of {sizes.nodes} nodes, fixed in-degree, input scaling {MAIN_SCALE}"
    findings.measured["peak"] = Measured(
        balances[fixed.mean(axis=0).argmax()], peaks.min(), peaks.max(), setting + "; range over networks"
    )
    findings.measured["peak_seeds"] = Measured(100.0 * np.mean((peaks >= -0.5) & (peaks <= 0)), setting=setting)
    over = list(sizes.balances).index(0.5)
    findings.measured["over_excited"] = mean_of(np.maximum(fixed[:, over], 0.0) / fixed.max(axis=1), setting)
    findings.measured["peak_random"] = Measured(
        balances[random.mean(axis=0).argmax()], peaks_random.min(), peaks_random.max(), "range over networks"
    )
    rows = []
    for graph in (FIXED, RANDOM):
        for scale in sizes.scales:
            mean = scores.all_global(graph, scale, "memory").mean(axis=0)
            rows.append(
                {"graph": graph, "input scaling": scale}
                | {f"beta {b:g}": float(m) for b, m in zip(balances, mean, strict=True)}
            )
    findings.tables["balance"] = Table("Memory capacity against the global balance, mean over networks", tuple(rows))
    findings.figures["balance"] = figures.balance_curves(
        sizes.balances,
        {"fixed in-degree": fixed, "random in-degree": random},
        {
            "fixed in-degree": scores.table[FIXED, MAIN_SCALE, "memory"][EVEN],
            "random in-degree": scores.table[RANDOM, MAIN_SCALE, "memory"][EVEN],
        },
        MAIN_SCALE,
    )


def local_adaptation(findings: Findings, sizes: Sizes, scores: Scores) -> None:
    """C2, C3 and C4: each node adapted, against the best global balance for each network and task."""
    setting = f"{len(sizes.seeds)} networks, random in-degree, input scaling {MAIN_SCALE}, best of each network"
    gains = {task: scores.gains(RANDOM, MAIN_SCALE, task) for task in TASKS}
    findings.measured["gain"] = mean_of(gains["memory"][EVEN], setting)
    findings.measured["gain_every"] = Measured(float(gains["memory"][EVEN].min()), setting=setting)
    findings.measured["one_law_memory"] = mean_of(gains["memory"][BELL], setting)
    findings.measured["one_law_narma"] = median_of(1.0 / gains["narma"][BELL], setting)
    findings.measured["one_law_mackey_glass"] = median_of(1.0 / gains["mackey-glass"][BELL], setting)
    by_scale = np.stack([scores.gains(RANDOM, s, "memory")[EVEN] for s in sizes.scales], axis=1)
    best_scale = int(np.stack([scores.table[RANDOM, s, "memory"][EVEN].mean() for s in sizes.scales]).argmax())
    worst = int(by_scale.mean(axis=0).argmin())
    findings.measured["gain_everywhere"] = mean_of(
        by_scale[:, worst], f"rate 0.5, input scaling {sizes.scales[worst]:g} of {len(sizes.scales)}"
    )
    findings.measured["gain_optimum"] = mean_of(
        by_scale[:, best_scale], f"rate 0.5, input scaling {sizes.scales[best_scale]:g}, where it remembers most"
    )
    findings.figures["gains"] = figures.gain_bars(gains, MAIN_SCALE)
    arms = {"global, best balance": np.stack([scores.best_global(RANDOM, s, "memory") for s in sizes.scales], axis=1)}
    for name in (EVEN, name_of(0.3), BELL, name_of(["beta", 2, 2])):
        arms[f"adapted to {name}"] = np.stack([scores.table[RANDOM, s, "memory"][name] for s in sizes.scales], axis=1)
    findings.figures["scaling"] = figures.gain_by_scaling(sizes.scales, arms)
    rows = []
    for scale in sizes.scales:
        for task in TASKS:
            best = scores.best_global(RANDOM, scale, task)
            middle = np.mean if task == "memory" else np.median
            rows.append(
                {"input scaling": scale, "task": task, "best global": float(middle(best))}
                | {
                    n: float(middle(v))
                    for n, v in scores.table[RANDOM, scale, task].items()
                    if not n.startswith("global")
                }
            )
    findings.tables["tasks"] = Table(
        "Scores by target law: memory capacity (mean), NARMA-10 NRMSE and Mackey-Glass NRMSE84 (median over networks)",
        tuple(rows),
    )


def one_step(findings: Findings, sizes: Sizes, scores: Scores) -> None:
    """C5: the design in closed form."""
    found = scores.table[RANDOM, MAIN_SCALE, "memory"]
    setting = f"{len(sizes.seeds)} networks, rate 0.5, input scaling {MAIN_SCALE}"
    findings.measured["design_memory"] = mean_of(found[f"{EVEN}, one-step"] / found[EVEN], setting)
    findings.measured["design_rates"] = mean_of(scores.rate_errors, setting)


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


REGIMES: tuple[tuple[str, dict[str, Any], tuple[Any, ...]], ...] = (
    ("c 5, 10 inputs, scaling 0.3", {"gain": 5.0, "degree": 10, "input_scale": 0.3}, (0.5, ["beta", 8, 8])),
    ("c 10, 10 inputs, scaling 0.1", {"gain": 10.0, "degree": 10}, (0.5, ["beta", 8, 8])),
    ("c 20, 50 inputs, scaling 0.03", {"gain": 20.0, "input_scale": 0.03}, (0.5, ["beta", 8, 8])),
    ("c 10, 50 inputs, scaling 0.1", {}, (0.2, 0.1)),
)


def failures(lab: Lab, findings: Findings, sizes: Sizes, series: Plain) -> dict[tuple[str, str], list[float]]:
    """Where adaptation does not help: steep or sparse networks turn chaotic, quiet ones blink in step."""
    seeds = sizes.seeds[: lab.choose(smoke=1, desk=3, paper=10)]
    regimes = REGIMES[:: lab.choose(smoke=2, desk=1, paper=1)]
    items = [
        {
            "network": sizes.network(seed, **changed),
            "series": series["memory", seed],
            "arms": [*sizes.globals(), *({"kind": "local", "targets": law} for law in laws)],
            "seed": seed,
            "looked_at": True,
        }
        for _, changed, laws in regimes
        for seed in seeds
    ]
    found = lab.parallel_map(scored, items, label="other regimes")
    many = len(sizes.balances)
    rows, ratios = [], {}
    for number, (regime, _, laws) in enumerate(regimes):
        runs = found[number * len(seeds) : (number + 1) * len(seeds)]
        best = [max(run[:many], key=lambda arm: arm["score"]) for run in runs]
        arms = {"best global": best} | {name_of(law): [run[many + k] for run in runs] for k, law in enumerate(laws)}
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
        ("fails_steep", REGIMES[2][0], EVEN),
        ("fails_sparse", REGIMES[1][0], EVEN),
        ("fails_quiet", REGIMES[3][0], "0.1"),
    ):
        if (regime, law) in ratios:
            findings.measured[name] = mean_of(ratios[regime, law], setting if law == EVEN else f"{len(seeds)} networks")
    return {(regime, arm): ratio for (regime, arm), ratio in ratios.items() if arm != "best global"}


def largest_gains(
    findings: Findings, sizes: Sizes, scores: Scores, regimes: dict[tuple[str, str], list[float]]
) -> None:
    """C2: the largest gain over everything that was swept, for what is to be large and for what is to be small."""
    memory = {f"memory, {regime}, {law}": np.array(ratio) for (regime, law), ratio in regimes.items()}
    error = {}
    for (graph, scale, task), arms in scores.table.items():
        gains = scores.gains(graph, scale, task)
        kept = {
            f"{task}, {graph}, scaling {scale:g}, {n}": gains[n] for n in gains if n in arms and "one-step" not in n
        }
        (memory if task == "memory" else error).update(kept)
    top = max(memory, key=lambda name: memory[name].mean())
    found = mean_of(memory[top], top)
    findings.measured["gain_largest"] = Measured(
        100 * (found.value - 1) if found.value else None,
        *(100 * (end - 1) if end is not None else None for end in (found.low, found.high)),
        setting=top,
    )
    top = max(error, key=lambda name: np.median(error[name]))
    findings.measured["gain_largest_error"] = median_of(error[top], top)


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
            errors = {kind: np.array([f[kind] for f in found]) for kind in ("untuned", "tuned", "theirs")}
            rows.append({"series": name, "samples ahead": steps} | {k: float(np.median(v)) for k, v in errors.items()})
            if steps == 1:
                setting = f"{len(seeds)} networks of {items[0]['nodes']} nodes, one sample ahead"
                findings.measured[name] = median_of(errors["untuned"] / errors["theirs"], setting)
                budget = f"{items[0]['budget']} settings each"
                findings.measured[f"{name}_tuned"] = median_of(
                    errors["tuned"] / errors["theirs"], f"{setting}, {budget}"
                )
    findings.tables["recordings"] = Table(
        "Test NRMSE on recorded series: one-step design with Beta(8, 8) at its defaults, the same tuned, "
        "ReservoirPy's network tuned (median over networks)",
        tuple(rows),
    )


def _mean(values: list[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def _over(one: float, other: float) -> float | None:
    return one / other if other > 0 else None
