"""C1 to C4: the loss curves, the heads that form, and what is left without one, or with one alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from inscape.studies.induction import figures
from inscape.studies.induction.arms import LN2, median_time, time_below
from inscape.studies.induction.sizes import Key, Sizes
from inscape.studies.lab import bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table

Found = Mapping[Key, Any]


def median_of(values: Any, setting: str) -> Measured:
    """The median over seeds with its bootstrap interval."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if known.size == 0:
        return Measured(None, setting=f"{setting}; no seed got there")
    return Measured(float(np.median(known)), *bootstrap_interval(known, np.median), setting=setting)


def ending_of(kind: str, sizes: Sizes) -> str:
    """What the claims of a world other than the main one end on."""
    return "" if kind == sizes.main else f"_{kind.split()[0]}"


def learning(findings: Findings, sizes: Sizes, found: Found) -> None:
    """C1: when the loss falls, and where it ends."""
    run = found["all", sizes.main]
    setting = f"{len(sizes.seeds)} seeds, {sizes.main}, learning rate {sizes.learning_rate:g}"
    for name, level in (("below_ln2", LN2), ("below_half", LN2 / 2), ("below_tenth", 0.1)):
        findings.measured[name] = median_of(time_below(run, level), setting)
    for name, split in (
        ("end_train", "train"),
        ("end_relabelled", "relabelled"),
        ("end_new_exemplar", "new exemplar"),
        ("end_new_class", "new class"),
    ):
        if f"loss {split}" in run:
            findings.measured[name] = median_of(run[f"loss {split}"][-1], setting)
    findings.figures["learning"] = figures.loss_curves(run)
    findings.figures["heads"] = figures.head_curves(run, sizes.seeds[0])


def heads(findings: Findings, sizes: Sizes, found: Found) -> None:
    """C2 and C3, Bar 2: strengths, lone heads, single removals, and layer 1 without its way through layer 2."""
    rows: list[dict[str, Any]] = []
    for kind in sizes.kinds:
        run = found["all", kind]
        strength, lone, without = (np.asarray(run[name]) for name in ("strength", "lone", "without"))
        linear = np.array([np.corrcoef(s, a)[0, 1] for s, a in zip(strength, lone, strict=True)])
        rank = np.array([spearmanr(s, a).statistic for s, a in zip(strength, lone, strict=True)])
        ending = ending_of(kind, sizes)
        setting = f"{len(strength)} seeds, {kind}, all training sequences"
        findings.measured[f"additive_seeds{ending}"] = Measured(100.0 * float(np.mean(linear >= 0.9)), setting=setting)
        findings.measured[f"redundant{ending}"] = Measured(float(without.min()), setting=setting)
        if kind == sizes.main:
            findings.measured["strongest"] = median_of(strength.max(axis=1), setting)
            findings.measured["weakest"] = median_of(strength.min(axis=1), setting)
            findings.measured["additive"] = median_of(linear, setting)
            findings.measured["additive_rank"] = median_of(rank, setting)
            findings.measured["no_direct_effect"] = Measured(float(np.max(run["lost"])), setting=setting)
            findings.figures["lone heads"] = figures.strength_against_accuracy(strength, lone, sizes.seeds)
        rows += [
            {
                "world": kind,
                "seed": seed,
                "strengths": ", ".join(f"{v:.2f}" for v in strength[i]),
                "lone accuracy": ", ".join(f"{v:.2f}" for v in lone[i]),
                "correlation": float(linear[i]),
                "lowest without one": float(without[i].min()),
                "lost without layer 1's own writing": float(run["lost"][i]),
            }
            for i, seed in enumerate(sizes.seeds)
        ]
    findings.tables["heads"] = Table("The eight heads of layer 2 at the end of training", tuple(rows))


def lone_heads(findings: Findings, sizes: Sizes, found: Found) -> None:
    """C4: networks with a single head of layer 2, trained from their start."""
    rows, delays, learnt = [], [], []
    together = dict(zip(sizes.seeds, time_below(found["all", sizes.main], LN2 / 2), strict=True))
    for seed in sizes.lone_seeds:
        run = found["lone", seed]
        times = time_below(run, LN2 / 2)
        learnt += list(np.isfinite(times))
        delays.append(times / together[seed])
        rows += [
            {"seed": seed, "head": head, "half of ln 2": float(time), "over all heads": float(time / together[seed])}
            for head, time in enumerate(times)
        ]
    ratio = np.array(delays)
    count = f"{len(learnt)} networks of one head, {len(sizes.lone_seeds)} seeds"
    findings.measured["lone_learns"] = Measured(100.0 * float(np.mean(learnt)), setting=count)
    known = ratio[np.isfinite(ratio)]
    if known.size:
        findings.measured["lone_later"] = Measured(100.0 * float(np.mean(known > 1)), setting=count)
        findings.measured["lone_delay_least"] = median_of(_of_rows(ratio, np.nanmin), count)
        findings.measured["lone_delay_most"] = median_of(_of_rows(ratio, np.nanmax), count)
    findings.tables["lone heads"] = Table("Sequences to half of ln 2 with one head of layer 2", tuple(rows))
    findings.figures["delays"] = figures.delays(sizes.lone_seeds, ratio)


def scaling(findings: Findings, sizes: Sizes, found: Found) -> None:
    """C6, Bar 3: more classes, more labels."""
    rows: list[dict[str, Any]] = []
    times: dict[tuple[str, str], list[tuple[int, float]]] = {}
    names = {"all": "all heads", "match": "C left", "earlier_layer_and_copy": "B left"}
    for axis, values in (("classes", sizes.classes), ("labels", sizes.labels)):
        for arm, title in names.items():
            for value in values:
                key = (axis, value, arm)
                if value == values[0]:
                    key = ("all", sizes.main) if arm == "all" else ("clamp", sizes.main, arm)  # type: ignore[assignment]
                each = time_below(found[key], LN2 / 2)
                middle = float(np.median(each)) if np.isfinite(each).all() else float("nan")
                times.setdefault((axis, arm), []).append((value, middle))
                rows.append({"axis": axis, "count": value, "learns": title, "half of ln 2": middle, "seeds": len(each)})
    findings.tables["scaling"] = Table("Sequences to half of ln 2, median over seeds", tuple(rows))
    for claim, axis, arm, at in (
        ("labels_copying", "labels", "match", -1),
        ("labels_matching", "labels", "earlier_layer_and_copy", -1),
        ("classes_copying", "classes", "match", -1),
        ("classes_matching", "classes", "earlier_layer_and_copy", -1),
        ("classes_whole", "classes", "all", -1),
        ("labels_whole_10", "labels", "all", 1),
        ("labels_whole_15", "labels", "all", -1),
    ):
        (first, start), (value, end) = times[axis, arm][0], times[axis, arm][at]
        setting = f"{value} {axis} over {first}: {end:,.0f} over {start:,.0f} sequences, medians"
        findings.measured[claim] = Measured(end / start, setting=setting)
    findings.figures["scaling"] = figures.scaling(times)


def _of_rows(ratio: np.ndarray, statistic: Callable[..., Any]) -> np.ndarray:
    rows = ratio[np.isfinite(ratio).any(axis=1)]
    return statistic(rows, axis=1)


def capped(found: Mapping[str, Any], level: float) -> float:
    """Median sequences to a level; a seed that never got there counts with the sequences it was given."""
    return median_time(time_below(found, level), float(found["sequences"][-1]))
