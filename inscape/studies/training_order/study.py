"""Study 07: the order of training. The recipe."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.study import Study
from inscape.studies.training_order import figures
from inscape.studies.training_order.claims import CLAIMS, PAPER
from inscape.studies.training_order.curricula import curricula, maps
from inscape.studies.training_order.fidelity import (
    ESTIMATORS,
    absolute_error,
    bowl_error,
    compared,
    limits,
    memory_pattern,
    rank_correlation,
)
from inscape.studies.training_order.remarks import remarks
from inscape.studies.training_order.texts import source

STUDY = Study(
    number=7,
    name="training-order",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "What would training have led to, had the same batches come in another order? The paper tells it from one run, "
        "by expanding the optimiser's update around it; here that is rebuilt, and set beside a recursion that carries "
        "its own momentum."
    ),
    rooms=("models", "probes"),
    needs=("neural", "studies"),
)
LEAST = 0.7
Runs = Sequence[Mapping[str, Any]]


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    text = source()
    plan = {
        "text": text,
        "batches": lab.choose(smoke=6, desk=16, paper=32),
        "lr": 3e-4,
        "warm_up": lab.choose(smoke=60, desk=600, paper=2_000),
        "samples": lab.choose(smoke=4, desk=8, paper=16),
        "context": lab.choose(smoke=16, desk=64, paper=128),
        "width": lab.choose(smoke=16, desk=48, paper=96),
        "layers": lab.choose(smoke=1, desk=2, paper=4),
        "rank": lab.choose(smoke=12, desk=40, paper=64),
    }
    seeds = [s % 2**31 for s in lab.seeds(lab.choose(smoke=1, desk=5, paper=5), "runs")]
    items = [plan | {"seed": seed} for seed in seeds]
    setting = f"{len(seeds)} runs, {plan['batches']} batches, rate 3e-4, " + (
        "State of the Union addresses" if text == "speeches" else "made language"
    )
    runs = fidelity(lab, findings, items, setting)
    searched = searches(lab, findings, items, setting)
    position_maps(lab, findings, items, setting)
    trust(lab, findings, items, runs)
    bowl = {"seed": lab.seed, "size": 30, "batches": 12, "orders": lab.choose(smoke=3, desk=24, paper=100)}
    findings.measured["quadratic"] = Measured(
        lab.step("quadratic", bowl_error, bowl), setting="30 parameters, 12 batches, exact and full rank"
    )
    findings.figures["curricula"] = figures.curricula(searched)
    findings.figures["precedence"] = figures.precedence_table(searched[0]["precedence"]["gain"], searched[0]["names"])
    findings.notes = remarks(findings, text)
    return findings


def fidelity(lab: Lab, findings: Findings, items: list[dict[str, Any]], setting: str) -> Runs:
    """C1, C4 and Bars 1, 2, 5, 6."""
    counts = {
        "orders": lab.choose(smoke=6, desk=24, paper=32),
        "calibrating": lab.choose(smoke=2, desk=4, paper=4),
        "regressing": lab.choose(smoke=6, desk=16, paper=16),
        "many": lab.choose(smoke=50, desk=1_000, paper=1_000),
    }
    runs = lab.parallel_map(compared, [item | counts for item in items], label="estimating unseen orders")
    found = findings.measured
    base = np.array([absolute_error(run["recorded"], run["true"]) for run in runs])
    # Another random order's truth as the guess: each true perplexity against all others.
    chance = np.array([np.abs(run["true"][:, None] - run["true"]).sum() / (n * (n - 1)) for run, n in _sizes(runs)])
    errors = {
        name: np.array([absolute_error(run[name]["perplexity"], run["true"]) for run in runs]) for name in ESTIMATORS
    }
    ranks = {
        name: np.array([rank_correlation(run[name]["perplexity"], run["true"]) for run in runs]) for name in ESTIMATORS
    }
    closed = {
        "error": np.array([absolute_error(run["carried"]["closed"], run["true"]) for run in runs]),
        "calibrated": np.array([absolute_error(run["carried"]["calibrated"], run["true"]) for run in runs]),
        "rank": np.array([rank_correlation(run["carried"]["closed"], run["true"]) for run in runs]),
    }
    ridge = np.array([rank_correlation(run["ridge"]["perplexity"], run["true"]) for run in runs])
    found["fut_error"] = _median(
        errors["fut1"], setting + f"; true perplexity {np.mean([r['recorded'] for r in runs]):.2f}"
    )
    found["fut_over_random"] = _median(errors["fut1"] / chance, setting)
    found["fut_over_recorded"] = _median(errors["fut1"] / base, setting)
    found["fut2_over_fut1"] = _median(errors["fut2"] / errors["fut1"], setting)
    found["exact_rank"] = _median(ranks["exact"], setting)
    found["exact_error"] = _median(errors["exact"] / base, setting)
    found["carried_rank"] = _median(closed["rank"], setting)
    found["carried_error"] = _median(closed["calibrated"] / base, setting)
    found["carried_uncalibrated"] = _median(closed["error"] / base, setting)
    found["fut_error_ratio"] = _median(errors["fut1"] / errors["exact"], setting)
    found["fut_rank_difference"] = _median(closed["rank"] - ranks["fut1"], setting)
    found["over_ridge"] = _median(closed["rank"] - ridge, setting + f"; ridge itself {np.median(ridge):.2f}")
    found["no_curvature_rank"] = _median(ranks["no curvature"], setting)
    found["no_curvature_error"] = _median(errors["no curvature"] / base, setting)
    found["projection_error"] = _median(errors["fut1, projected"] / errors["fut1"], setting)
    found["bar_coverage"] = _mean([_covered(run) for run in runs], setting + ", bars from 4 retrainings")
    _speed(findings, runs, setting)
    rows = [
        {
            "estimator": name,
            "error / recorded run's": float(np.median(errors[name] / base)),
            "rank correlation": float(np.median(ranks[name])),
            "memory pattern": float(
                np.median([memory_pattern(run[name]["batches"], run["true_batches"]) for run in runs])
            ),
            "parameter error": float(np.median([run[name]["parameter_error"] for run in runs])),
            "preparation [CPU-s]": float(np.median([run[name]["prepared_seconds"] for run in runs])),
        }
        for name in ESTIMATORS
    ]
    findings.tables["estimators"] = Table(
        f"Estimators on unseen orders, medians over {setting}; parameter error: |estimated - true| / |true - recorded|",
        tuple(rows),
    )
    findings.figures["estimates"] = figures.estimated_against_true(runs)
    findings.figures["estimators"] = figures.errors_by_estimator(
        {name: values / base for name, values in errors.items()}, ranks
    )
    return runs


def _speed(findings: Findings, runs: Runs, setting: str) -> None:
    for orders in (1_000, 10_000):
        ratios = [
            orders
            * run["retraining_seconds"]
            / (run["carried"]["prepared_seconds"] + orders * run["carried"]["order_seconds"])
            for run in runs
        ]
        findings.measured[f"speed_{orders}"] = _median(ratios, setting + ", processor time of one thread")
    batches = runs[0]["true_batches"].shape[1]
    paid = [
        run["fut1"]["prepared_seconds"] / max(run["retraining_seconds"] - run["fut1"]["order_seconds"], 1e-9) / batches
        for run in runs
    ]
    findings.measured["break_even_fut"] = _median(paid, setting)


def searches(lab: Lab, findings: Findings, items: list[dict[str, Any]], setting: str) -> Runs:
    """C2, Bar 4, and what the same machinery says of presence and of pairs."""
    counts = {
        "population": lab.choose(smoke=12, desk=64, paper=64),
        "generations": lab.choose(smoke=5, desk=50, paper=50),
        "fut_population": lab.choose(smoke=8, desk=20, paper=64),
        "fut_generations": lab.choose(smoke=2, desk=12, paper=50),
        "random": lab.choose(smoke=4, desk=16, paper=16),
    }
    runs = lab.parallel_map(curricula, [item | counts for item in items], label="searching curricula")
    found = findings.measured
    best = np.array([run["random"].min() for run in runs])
    ours, theirs = (np.array([run["true"][name] for run in runs]) for name in ("searched", "searched by fut1"))
    rivals = np.array([min(v for name, v in run["true"].items() if "searched" not in name) for run in runs])
    found["curriculum"] = _mean(ours < best, setting)
    found["curriculum_margin"] = _median(best - ours, setting)
    found["fut_curriculum"] = _mean(
        theirs < np.minimum(best, rivals), setting + f"; {runs[0]['evaluated_by_fut']} orders estimated in its search"
    )
    found["fut_curriculum_random"] = _mean(theirs < [np.median(run["random"]) for run in runs], setting)
    found["left_out"] = _median([run["left_out"]["correlation"] for run in runs], setting)
    estimated, true = (
        np.concatenate([run["precedence"][f"exchanged_{kind}"] for run in runs]) for kind in ("estimated", "true")
    )
    found["exchanged"] = Measured(rank_correlation(estimated, true), setting=f"{len(true)} exchanges in {setting}")
    found["time_arrow"] = _median([r["true"]["reversed"] - r["true"]["chronological"] for r in runs], setting)
    rows = [
        {
            "order": name,
            "perplexity less the random median": float(
                np.median([r["true"][name] - np.median(r["random"]) for r in runs])
            ),
        }
        for name in runs[0]["true"]
    ]
    rows.append(
        {
            "order": "best of random",
            "perplexity less the random median": float(
                np.median([r["random"].min() - np.median(r["random"]) for r in runs])
            ),
        }
    )
    findings.tables["curricula"] = Table(f"Orders retrained, medians over {setting}", tuple(rows))
    return runs


def position_maps(lab: Lab, findings: Findings, items: list[dict[str, Any]], setting: str) -> None:
    """C3 and Bar 3."""
    runs = lab.parallel_map(maps, items[: lab.choose(smoke=1, desk=3, paper=5)], label="maps of positions")
    found, setting = findings.measured, setting.replace(f"{len(items)} runs", f"{len(runs)} runs")

    def off(values: np.ndarray) -> np.ndarray:
        return values - values.mean(axis=1, keepdims=True)

    def alike(name: str, kind: str) -> list[float]:
        return [rank_correlation(off(run[name][kind]), off(run["true"][kind])) for run in runs]

    def trend(seen: Runs, kind: str) -> list[float]:
        true = [r["true"][kind] for r in seen]
        return [rank_correlation(off(t), np.broadcast_to(np.arange(t.shape[1]), t.shape)) for t in true]

    plain = [items[0] | {"momentum": 0.0, "only_true": True}]
    without = lab.parallel_map(maps, plain, label="map without momentum")
    found["memory_grows"] = _median(trend(runs, "memorisation"), setting)
    found["memory_grows_plain"] = Measured(trend(without, "memorisation")[0], setting="one run, beta1 = 0")
    found["generalisation_depends"] = _median(trend(runs, "generalisation"), setting)
    gains = [off(run["true"]["generalisation"])[:, 0] - off(run["true"]["generalisation"])[:, -1] for run in runs]
    found["generalisation_similarity"] = _median(
        [rank_correlation(run["similarity"], gain) for run, gain in zip(runs, gains, strict=True)], setting
    )
    found["memory_map"] = _median(alike("carried", "memorisation"), setting)
    found["generalisation_map"] = _median(alike("carried", "generalisation"), setting)
    found["memory_map_fut"] = _median(alike("fut1", "memorisation"), setting)
    for kind in ("memorisation", "generalisation"):
        shown = {"retrained": "true", "carried": "carried", "FUT as inferred": "fut1"}
        findings.figures[kind] = figures.position_maps(
            {words: runs[0][name][kind] for words, name in shown.items()}, kind.capitalize()
        )
    curves = {
        f"{kind}, {words}": off(seen[0]["true"][kind]).mean(axis=0)
        for words, seen in (("momentum 0.9", runs), ("no momentum", without))
        for kind in ("memorisation", "generalisation")
    }
    findings.figures["recency"] = figures.recency(curves)


def trust(lab: Lab, findings: Findings, items: list[dict[str, Any]], runs: Runs) -> None:
    """Bar 7: where the linear regime ends."""
    doubled = lab.choose(smoke=8, desk=32, paper=64)
    regimes: dict[str, dict[str, np.ndarray]] = {
        f"{items[0]['batches']} batches at 3e-4": _regime(
            [(r["carried"]["closed"], r["true"], r["recorded"], r["carried"]["trust"]) for r in runs]
        )
    }
    for rate, chosen in ((1e-3, items), (3e-3, items[:2])):
        longer = [
            item | {"batches": doubled, "lr": rate, "orders": lab.choose(smoke=4, desk=12, paper=24)}
            for item in chosen[: lab.choose(smoke=1, desk=3, paper=5)]
        ]
        found = lab.parallel_map(limits, longer, label=f"where the linear regime ends, rate {rate:g}")
        regimes[f"{doubled} batches at {rate:g}"] = _regime(
            [(r["estimated"], r["true"], r["recorded"], r["trust"]) for r in found]
        )
    good, middle, far = regimes.values()
    findings.measured["refuses_good"] = Measured(
        float(np.mean(good["trust"] < LEAST)), setting=f"{len(good['trust'])} orders"
    )
    for name, regime in (("refuses_bad", middle), ("refuses_far", far)):
        bad = regime["error"] > 1
        findings.measured[name] = Measured(
            float(np.mean(regime["trust"][bad] < LEAST)) if bad.any() else None,
            setting=f"{int(bad.sum())} of {len(bad)} orders are worse than the recorded run",
        )
    findings.tables["trust"] = Table(
        "Trust by regime: error over the recorded run's mean error, and what is refused",
        tuple(
            {
                "regime": name,
                "median error": float(np.median(regime["error"])),
                "worse than recorded run": float(np.mean(regime["error"] > 1)),
                "median trust": float(np.median(regime["trust"])),
                "refused": float(np.mean(regime["trust"] < LEAST)),
            }
            for name, regime in regimes.items()
        ),
    )
    findings.figures["trust"] = figures.trust_against_error(regimes, LEAST)


def _regime(runs: list[tuple[Any, Any, Any, Any]]) -> dict[str, np.ndarray]:
    errors = [np.abs(estimated - true) / np.abs(recorded - true).mean() for estimated, true, recorded, _ in runs]
    return {"error": np.concatenate(errors), "trust": np.concatenate([trusts for *_, trusts in runs])}


def _covered(run: Mapping[str, Any]) -> float:
    apart = np.abs(np.log(run["carried"]["calibrated"]) - np.log(run["true"]))
    return float(np.mean(apart <= 2 * run["carried"]["spread"]))


def _sizes(runs: Runs) -> list[tuple[Mapping[str, Any], int]]:
    return [(run, len(run["true"])) for run in runs]


def _summary(values: Any, setting: str, statistic: Callable[[np.ndarray], float]) -> Measured:
    array = np.asarray(values, dtype=float)
    low, high = bootstrap_interval(array, statistic)
    return Measured(statistic(array), low, high, setting)


def _median(values: Any, setting: str) -> Measured:
    """The median over runs with its bootstrap interval."""
    return _summary(values, setting, lambda v: float(np.median(v)))


def _mean(values: Any, setting: str) -> Measured:
    return _summary(values, setting, lambda v: float(np.mean(v)))
