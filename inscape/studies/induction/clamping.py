"""C5, Bar 1 and beyond: trainings under clamps, all subsets of them, and a clamp that lets go."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.analysis.phase_change import time_to_threshold
from inscape.analysis.shapley import shapley_values
from inscape.studies.induction import figures
from inscape.studies.induction.arms import CLAMPS, LN2, PARTS, plateau, time_below
from inscape.studies.induction.circuits import Found, capped, ending_of, median_of
from inscape.studies.induction.sizes import Sizes
from inscape.studies.paper import Findings, Measured, Table

NAMES = {
    "none": "half_none",
    "previous_token": "half_previous",
    "earlier_layer": "half_earlier",
    "copy": "half_copy",
    "match": "half_match",
    "earlier_layer_and_copy": "half_earlier_copy",
}


def clamped(findings: Findings, sizes: Sizes, found: Found) -> None:
    """C5: how long each clamp leaves to learn."""
    rows: list[dict[str, Any]] = []
    for kind in sizes.kinds:
        runs = {name: found["clamp", kind, name] for name in CLAMPS}
        middle = {name: capped(run, LN2 / 2) for name, run in runs.items()}
        relations = [
            middle["none"] > middle["previous_token"],
            middle["previous_token"] > middle["earlier_layer"],
            middle["earlier_layer"] > middle["copy"],
            middle["copy"] >= middle["match"],
        ]
        ending = ending_of(kind, sizes)
        missing = int(np.sum(~np.isfinite(time_below(runs["none"], LN2 / 2))))
        setting = f"{len(sizes.seeds)} seeds, {kind}" + (
            f"; without a clamp {missing} seeds did not get there and count with their budget" if missing else ""
        )
        findings.measured[f"order{ending}"] = Measured(float(sum(relations)), setting=setting)
        findings.measured[f"clamp_gain{ending}"] = Measured(middle["none"] / middle["match"], setting=setting)
        for name, run in runs.items():
            times = time_below(run, LN2 / 2)
            if kind == sizes.main:
                findings.measured[NAMES[name]] = median_of(
                    times, f"{len(times)} seeds, learning rate {sizes.learning_rate:g}, head 3 alone"
                )
            rows.append(
                {
                    "world": kind,
                    "clamp": name.replace("_", " "),
                    "below ln 2": capped(run, LN2),
                    "half of ln 2": middle[name],
                    "below 0.1": capped(run, 0.1),
                    "plateau": float(np.nanmedian(plateau(run))) if np.isfinite(plateau(run)).any() else float("nan"),
                    "seeds that got there": int(np.isfinite(times).sum()),
                }
            )
    findings.tables["clamps"] = Table("Sequences to each loss under clamps, medians over seeds", tuple(rows))
    runs = {name: found["clamp", sizes.main, name] for name in CLAMPS}
    rest = {name: np.nanmedian(plateau(run)) for name, run in runs.items() if np.isfinite(plateau(run)).any()}
    if {"none", "match", "earlier_layer_and_copy"} <= set(rest):
        longest = max(rest["match"], rest["earlier_layer_and_copy"])
        findings.measured["plateau_gone"] = Measured(
            float(longest / rest["none"]), setting=f"{longest:,.0f} over {rest['none']:,.0f} sequences"
        )
    findings.figures["clamps"] = figures.clamp_curves(runs)


def parts(findings: Findings, sizes: Sizes, found: Found) -> None:
    """Which part of the circuit had to be learnt for how long: Shapley shares over all subsets of clamps."""
    rows, shares, ratio = [], [], []
    for seed in sizes.part_seeds:
        run = found["parts", seed]
        times = dict(zip(PARTS, time_below(run, LN2 / 2), strict=True))
        rows += [
            {
                "seed": seed,
                "clamped": "".join(sorted(PARTS[name])) or "nothing",
                "clamp": name,
                "half of ln 2": float(t),
            }
            for name, t in times.items()
        ]
        if not all(np.isfinite(t) for t in times.values()):
            continue
        whole = times["none"]
        # With everything in place there is nothing left to learn.
        saved = {PARTS[name]: whole - t for name, t in times.items()} | {frozenset("ABC"): whole}
        shares.append([100 * value / whole for value in shapley_values(saved, "ABC").values()])
        alone = times["informed_match_and_copy"] + times["earlier_layer_and_copy"] + times["match"]
        ratio.append(alone / whole)
    findings.tables["parts"] = Table(
        "Sequences to half of ln 2 with every subset of the circuit's parts clamped (A copies the token before, "
        "B matches, C copies the label)",
        tuple(rows),
    )
    count = f"{len(shares)} of {len(sizes.part_seeds)} seeds whose eight subsets all got there"
    if shares:
        for claim, values in zip(
            ("share_copying_token", "share_matching", "share_copying_label"), np.array(shares).T, strict=True
        ):
            findings.measured[claim] = median_of(values, count)
        findings.measured["forecast"] = median_of(ratio, count)
        findings.figures["shares"] = figures.shares(np.array(shares))


def released(findings: Findings, sizes: Sizes, found: Found) -> None:
    """A clamp that lets go once its training has succeeded: what was learnt under it, and what it hid."""
    run = found["released"]
    free = dict(zip(sizes.seeds, time_below(found["clamp", sizes.main, "none"], LN2 / 2), strict=True))
    ratios = []
    for number, seed in enumerate(sizes.part_seeds):
        curve, times = run["loss train"][:, number], run["sequences"]
        let_go = np.flatnonzero(curve < LN2 / 2)
        if let_go.size == 0:
            continue
        start = let_go[0]
        after = time_to_threshold(times[start + 1 :], curve[start + 1 :], LN2 / 2) if start + 1 < len(curve) else np.nan
        ratios.append((float(after) - times[start]) / free[seed])
    findings.measured["released"] = median_of(ratios, f"{len(ratios)} seeds, head 3 alone")
    findings.figures["released"] = figures.released(run, found["clamp", sizes.main, "none"], sizes.part_seeds)
