"""Study 01: routing pathways. The recipe."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from inscape.probes.routing import calibrate_alarm
from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.pathways.arms import ANSWER, THRESHOLDS, trained
from inscape.studies.pathways.checks import exact_and_fast, frozen_theory
from inscape.studies.pathways.claims import CLAIMS, PAPER
from inscape.studies.pathways.reading import (
    NORMALISED,
    Run,
    after_memorising,
    correlations,
    generalised_at,
    holds,
    memorised_at,
    moving_average,
    partial_given_step,
    related,
    share_of_move,
    weakest,
)
from inscape.studies.pathways.remarks import remarks
from inscape.studies.study import Study

STUDY = Study(
    number=1,
    name="pathways",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "In a mixture of experts the routes of different samples grow alike, and steadier from layer to layer, while "
        "a network passes from memorising to generalising; routes need no test set. We train small mixtures on "
        "modular arithmetic, with control runs that cannot generalise."
    ),
    rooms=("systems", "models", "probes", "analysis"),
    needs=("neural",),
)

ANSWERED = tuple(f"{gauge}{ANSWER}" for gauge in ("string_distance", NORMALISED, "overlap", "smoothness"))
GAUGES = (
    "string_distance",
    "string_distance_normalised",
    "expert_distance",
    NORMALISED,
    "overlap",
    "total_variation",
    "smoothness",
    "consistency",
    "entropy",
    "length",
    "train_loss",
    "test_loss",
    *ANSWERED,
)


@dataclass(frozen=True)
class Arms:
    """The training runs by arm, one for each seed."""

    items: dict[str, list[dict[str, Any]]]
    runs: dict[str, list[Run]]


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    arms = all_runs(lab)
    asynchrony(findings, arms.runs["generalising"])
    gauges(findings, arms)
    course_of_distance(findings, arms.runs["generalising"])
    controls(findings, arms)
    causes(findings, arms)
    alarms(findings, arms)
    exact_and_fast(lab, findings)
    frozen_theory(lab, findings)
    figures(findings, arms)
    findings.notes = remarks(findings)
    return findings


def all_runs(lab: Lab) -> Arms:
    """Every arm of the study, trained."""
    seeds = [s % 2**31 for s in lab.seeds(lab.choose(smoke=1, desk=3, paper=10), "networks")]
    base = {
        "domains": lab.choose(
            smoke={"add": 0.8, "subtract": 0.65},
            desk={"add": 0.8, "subtract": 0.65},
            paper={"add": 0.5, "subtract": 0.4, "multiply": 0.3},
        ),
        "modulus": lab.choose(smoke=11, desk=23, paper=97),
        "shuffled": False,
        "layers": 3,
        "deviation": 0.04,
        "steps": lab.choose(smoke=80, desk=3000, paper=20_000),
        "every": lab.choose(smoke=20, desk=100, paper=250),
        "probes": lab.choose(smoke=30, desk=150, paper=500),
        "course": {"clip": 1.0},
        "olmoe": False,
        "change": None,
        "change_step": 0,
    }
    changed_at = lab.choose(smoke=40, desk=300, paper=1000)
    few = slice(None, lab.choose(smoke=1, desk=1, paper=5))
    items = {
        "generalising": [base | {"seed": s} for s in seeds],
        "no decay": [base | {"seed": s, "course": {"clip": 1.0, "weight_decay": 0.0}} for s in seeds],
        "shuffled labels": [base | {"seed": s, "shuffled": True} for s in seeds],
        "six layers": [base | {"seed": s, "layers": 6} for s in seeds[few]],
        "no balancing": [base | {"seed": s, "course": {"clip": 1.0, "balancing": 0.0}} for s in seeds[few]],
        "OLMoE class": [base | {"seed": s, "olmoe": True} for s in seeds[few]],
    }
    for change in ("freeze", "shuffle", "share"):
        items[change] = [base | {"seed": s, "change": change, "change_step": changed_at} for s in seeds]
    # The longest first, so that the two cores end together.
    order = sorted(items, key=lambda arm: arm not in ("OLMoE class", "six layers"))
    flat = [(arm, item) for arm in order for item in items[arm]]
    done = lab.parallel_map(trained, [item for _, item in flat], label="training networks")
    runs: dict[str, list[Run]] = {arm: [] for arm in items}
    for (arm, _), found in zip(flat, done, strict=True):
        runs[arm].append(found)
    return Arms(items, runs)


def asynchrony(findings: Findings, runs: list[Run]) -> None:
    """C1 and bar 4: memorising, generalising, and the order of domains."""
    lags, ordered, spreads = [], [], []
    for run in runs:
        starts = []
        for domain, told in run["domains"].items():
            known, understood = memorised_at(run, domain), generalised_at(run, domain)
            starts.append(np.inf if understood is None else run["steps"][understood])
            if known is not None and understood is not None:
                lags.append(float(run["steps"][understood] - run["steps"][known]))
            first = run["steps"][np.argmax(told["losses"] < np.log(2), axis=0)]
            spreads.append(float(np.quantile(first, 0.9) - np.quantile(first, 0.1)))
        # Domains are written down with the largest share of training rows first.
        ordered.append(all(a < b for a, b in pairwise(starts)))
    several = f"{len(runs)} networks, {len(runs[0]['domains'])} domains"
    findings.measured["lag"] = _median(lags, several + ", median and range")
    findings.measured["asynchrony"] = Measured(100 * float(np.mean(ordered)), setting=several)
    findings.measured["spread"] = _median(spreads, "first loss below log 2; " + several)


def gauges(findings: Findings, arms: Arms) -> None:
    """C2, C3, C5, C6, bars 1 and 2: correlations of every gauge with test accuracy."""
    runs, deep = arms.runs["generalising"], arms.runs["six layers"]
    setting = f"{len(runs)} networks, checkpoints with at least 95 % of training rows right"
    for claim, gauge in (
        ("string_distance", "string_distance"),
        ("normalised_distance", NORMALISED),
        ("normalised_string", "string_distance_normalised"),
        ("overlap", "overlap"),
        ("training_loss", "train_loss"),
        ("validation_loss", "test_loss"),
        ("entropy_r", "entropy"),
    ):
        value, low, high = weakest(correlations(runs, gauge))
        if claim == "entropy_r":
            findings.measured["entropy_share"] = Measured(100 * value**2, setting=f"r = {value:.2f}; {setting}")
        else:
            findings.measured[claim] = Measured(value, low, high, f"{setting}; range over networks")
    value, low, high = weakest(correlations(deep, "consistency"))
    findings.measured["consistency"] = Measured(-value, -high, -low, f"{len(deep)} networks of six layers")
    value, low, high = weakest(correlations(deep, "smoothness"))
    findings.measured["smoothness"] = Measured(value, low, high, f"{len(deep)} networks of six layers")
    for claim, gauge, sign in (("normalised_distance_holds", NORMALISED, -1), ("overlap_holds", "overlap", 1)):
        findings.measured[claim] = Measured(
            100 * float(np.mean([holds(run, gauge, sign) for run in runs])),
            setting=f"{len(runs)} networks, every domain",
        )
    own = correlations(runs, "overlap")
    rivals = [correlations(runs, "train_loss"), correlations(runs, moving_average)]
    margins = {d: np.abs(own[d]) - np.maximum(*[np.abs(r[d]) for r in rivals]) for d in own}
    findings.measured["better_than_loss"] = Measured(
        min((float(np.nanmedian(m)) for m in margins.values() if np.isfinite(m).any()), default=float("nan")),
        setting=setting + "; median over networks",
    )
    for claim, arm in (("second_model", "OLMoE class"), ("unbalanced", "no balancing")):
        value, low, high = weakest(correlations(arms.runs[arm], NORMALISED))
        told = f"{len(arms.runs[arm])} networks"
        findings.measured[claim] = (
            Measured(abs(value), setting=told) if claim == "second_model" else Measured(value, low, high, told)
        )
    by_threshold = {t: weakest(correlations(runs, f"{NORMALISED} at {t:g}"))[0] for t in THRESHOLDS}
    findings.measured["thresholds"] = Measured(
        min(abs(v) for v in by_threshold.values()),
        setting=", ".join(f"{t:g}: {v:.2f}" for t, v in by_threshold.items()),
    )
    rows = []
    for arm in ("generalising", "six layers", "OLMoE class", "no balancing"):
        for index, run in enumerate(arms.runs[arm]):
            for domain in run["domains"]:
                for gauge in GAUGES:
                    found = related(run, domain, gauge)
                    rows.append(
                        {
                            "arm": arm,
                            "network": index,
                            "domain": domain,
                            "gauge": gauge,
                            "r": None if found is None else found.value,
                            "low": None if found is None else found.low,
                            "high": None if found is None else found.high,
                            "partial": partial_given_step(run, domain, gauge),
                            "checkpoints": int(after_memorising(run, domain).sum()),
                        }
                    )
    findings.tables["correlations"] = Table(
        "Correlation of every gauge with test accuracy after memorising", tuple(rows)
    )
    findings.tables["by_gauge"] = Table("The same, median over networks and domains", _medians(rows))


def course_of_distance(findings: Findings, runs: list[Run]) -> None:
    """C4: up while memorising, down afterwards, by layer and across domains."""
    up, down, cross = [], [], []
    falls = []
    for run in runs:
        for domain, told in run["domains"].items():
            first = memorised_at(run, domain)
            if first is None:
                continue
            values = told["string_distance"]
            peak = int(np.argmax(values[: first + 1]))
            up.append(float(values[peak] - values[0]))
            down.append(float(values[-3:].mean() - values[first]))
            falls.append(told["per_layer"][-3:].mean(axis=0) - told["per_layer"][first])
            kept = after_memorising(run, domain)
            if kept.sum() >= 5:
                cross.append(float(np.corrcoef(run["cross"][kept], told["test_accuracy"][kept])[0, 1]))
    findings.measured["rises"] = _median(up, "from the start to the largest value up to memorising")
    findings.measured["falls"] = _median(down, "to the mean of the last three checkpoints")
    findings.measured["cross_domain"] = _median(cross, "distance in experts over length, pairs of two domains")
    if falls:
        mean = np.mean(falls, axis=0)
        findings.measured["steepest_layer"] = Measured(
            float(np.argmin(mean)) + 1, setting="change by layer: " + ", ".join(f"{v:+.2f}" for v in mean)
        )


def controls(findings: Findings, arms: Arms) -> None:
    """Bar 3: networks that cannot generalise, and what is left given the step."""
    runs = arms.runs["generalising"]
    for name, arm in (("decay", "no decay"), ("labels", "shuffled labels")):
        for ending, gauge in (("", NORMALISED), ("_overlap", "overlap")):
            shares = share_of_move(arms.runs[arm], runs, gauge)
            signed = float(np.mean(shares))
            low, high = bootstrap_interval(shares, lambda v: float(abs(np.mean(v))))
            findings.measured[f"control_{name}{ending}"] = Measured(
                abs(signed), low, high, f"{signed:+.2f} with its sign; {len(runs)} networks, same seeds and steps"
            )
        reached = [told["test_accuracy"][-5:].mean() for run in arms.runs[arm] for told in run["domains"].values()]
        findings.measured[f"control_{name}_test"] = _median(reached, "mean of the last five checkpoints")
    for claim, gauge in (("partial_distance", NORMALISED), ("partial_overlap", "overlap")):
        left = [partial_given_step(run, domain, gauge) for run in runs for domain in run["domains"]]
        findings.measured[claim] = _median(left, f"{len(runs)} networks, every domain; median and range")


def causes(findings: Findings, arms: Arms) -> None:
    """Routers changed once the training rows are known: does generalisation move?"""

    def final(run: Run) -> float:
        return float(np.mean([told["test_accuracy"][-5:].mean() for told in run["domains"].values()]))

    def half(run: Run) -> float:
        starts = [generalised_at(run, domain) for domain in run["domains"]]
        return float(np.mean([np.nan if s is None else run["steps"][s] for s in starts]))

    free = arms.runs["generalising"]
    rows = [{"routers": "free", "test accuracy": _mean(final, free), "steps to half": _mean(half, free)}]
    for claim, change in (("frozen", "freeze"), ("dealt", "shuffle"), ("shared", "share")):
        changed = arms.runs[change]
        apart = np.array([final(a) - final(b) for a, b in zip(changed, free, strict=True)])
        low, high = bootstrap_interval(apart, lambda v: float(np.mean(v)))
        findings.measured[claim] = Measured(
            float(apart.mean()), low, high, f"from step {arms.items[change][0]['change_step']}, {len(free)} networks"
        )
        rows.append({"routers": claim, "test accuracy": _mean(final, changed), "steps to half": _mean(half, changed)})
    findings.tables["causes"] = Table("Routers changed once the training rows are known", tuple(rows))


def alarms(findings: Findings, arms: Arms) -> None:
    """Early-stop advice: does the slope of the gauge tell generalising runs from controls, each left out in turn?"""

    def told(run: Run) -> list[np.ndarray]:
        return [
            run["domains"][d][NORMALISED][0 if (first := memorised_at(run, d)) is None else first :]
            for d in run["domains"]
        ]

    control = [arms.runs["no decay"], arms.runs["shuffled labels"]]
    found, false = [], []
    for index, run in enumerate(arms.runs["generalising"]):
        kept = [part for arm in control for i, other in enumerate(arm) if i != index for part in told(other)]
        if not any(len(part) >= 8 for part in kept):
            return
        alarm = calibrate_alarm(kept, window=8, rate=0.01)
        found += [alarm.first(part) is not None for part in told(run)]
        false += [alarm.first(part) is not None for arm in control for part in told(arm[index])]
    setting = "slope over 8 checkpoints, 1 % of the other seeds' control windows above it"
    findings.measured["alarm_found"] = Measured(100 * float(np.mean(found)), setting=f"{len(found)} cases; {setting}")
    findings.measured["alarm_false"] = Measured(100 * float(np.mean(false)), setting=f"{len(false)} cases; {setting}")


def figures(findings: Findings, arms: Arms) -> None:
    """Gauges and accuracy over training, arms side by side; strength of each gauge."""
    from inscape.studies.pathways.figures import accuracy_curves, gauge_curves, gauge_strengths

    shown = {name: arms.runs[name] for name in ("generalising", "no decay", "shuffled labels")}
    findings.figures["accuracy"] = accuracy_curves(shown)
    findings.figures["gauges"] = gauge_curves(shown)
    rows = [r for r in findings.tables["correlations"].rows if r["arm"] == "generalising" and r["r"] is not None]
    findings.figures["strengths"] = gauge_strengths(rows)


def _medians(rows: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
    table = []
    for gauge in GAUGES:
        entry: dict[str, Any] = {"gauge": gauge}
        for arm in dict.fromkeys(row["arm"] for row in rows):
            mine = [r for r in rows if r["arm"] == arm and r["gauge"] == gauge and r["r"] is not None]
            entry[arm] = float(np.median([r["r"] for r in mine])) if mine else None
            if arm == "generalising":
                left = [r["partial"] for r in mine if np.isfinite(r["partial"])]
                entry["given the step"] = float(np.median(left)) if left else None
        table.append(entry)
    return tuple(table)


def _median(values: list[float], setting: str) -> Measured:
    kept = [v for v in values if np.isfinite(v)]
    if not kept:
        return Measured(None, setting="no network reached it; " + setting)
    return Measured(float(np.median(kept)), float(min(kept)), float(max(kept)), setting)


def _mean(measure: Any, runs: list[Run]) -> float | None:
    values = [measure(run) for run in runs]
    kept = [v for v in values if np.isfinite(v)]
    return float(np.mean(kept)) if kept else None
