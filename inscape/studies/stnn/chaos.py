"""Chaos: everybody on Lorenz, clean and noisy, and the front of size and accuracy on four systems."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.models.structured import StNN
from inscape.studies.lab import Lab
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.stnn import contestants
from inscape.studies.stnn.statistics import independent_seeds, median_of

BY_ADAM = {"StNN, by Adam": 1, "dense, same widths": 2}
OTHER_SYSTEMS = ("Rossler", "Halvorsen", "Thomas")
EVERY = 20_000
"""More windows than there are."""
NOISE = (0.01, 0.02, 0.05)
NOISY = (
    "StNN",
    "HankelNet",
    "dense, equal size",
    "Hankel-DMD, 32 samples, steadied",
    *contestants.SPARSE,
)
SHOWN = ("StNN", "HankelNet", "dense, equal size", "Hankel-DMD, 32 samples, steadied", "HAVOK", "SINDy, weak form")


def lorenz(lab: Lab, findings: Findings) -> None:
    """C1, C3 and bar 3: everybody on clean Lorenz."""
    steps = lab.choose(smoke=2, desk=100, paper=120)
    seeds = independent_seeds(lab, lab.choose(smoke=1, desk=5, paper=5), "lorenz")
    # Training by Adam takes long, and says less.
    by_adam = lab.choose(smoke=BY_ADAM, desk=BY_ADAM, paper={})
    reach = lab.choose(smoke=60, desk=contestants.REACH, paper=contestants.REACH)
    names = list(contestants.contestants(3, steps))
    items: list[dict[str, Any]] = [
        {
            "system": "Lorenz",
            "model": name,
            "noise": 0.0,
            "seed": s,
            "steps": steps,
            "reach": reach,
            "keep": s == seeds[0],
        }
        for name in names
        for s in seeds[: by_adam.get(name, len(seeds))]
    ]
    found = lab.parallel_map(contestants.fit_and_score, items, label="Lorenz, clean")
    scores: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for item, row in zip(items, found, strict=True):
        if row["size"] is None:
            findings.notes += (f"Lorenz, {item['model']}: {row['reason']}",)
        else:
            scores[item["model"]].append(row)
    table = [
        {
            "model": name,
            "weights": int(np.median([r["size"] for r in rows])),
            "seeds": len(rows),
            "one-step error": float(np.median([r["one_step"] for r in rows])),
            "error at 50": float(np.median([r["mse_50"] for r in rows])),
            "error at 200": float(np.median([r["mse_200"] for r in rows])),
            "valid time": float(np.mean([r["valid_clean"] for r in rows])),
            "fit, s": float(np.median([r["seconds"] for r in rows])),
        }
        for name, rows in scores.items()
        if rows
    ]
    caption = f"Lorenz, clean, 20 runs of 520 samples at 0.02; Levenberg-Marquardt, {steps} steps"
    findings.tables["lorenz"] = Table(caption, tuple(table))
    setting = f"{len(seeds)} seeds, {steps} steps"
    one = {name: np.array([r["one_step"] for r in rows]) for name, rows in scores.items()}
    held = {name: np.array([r["valid_clean"] for r in rows]) for name, rows in scores.items()}
    findings.measured["hankelnet_one_step"] = median_of(
        one["HankelNet"], f"{setting}, {_size(scores, 'HankelNet')} weights"
    )
    findings.measured["stnn_one_step"] = median_of(one["StNN"], f"{setting}, {_size(scores, 'StNN')} weights")
    slowest = max(r["seconds"] for name in ("StNN", "HankelNet") for r in scores[name])
    findings.measured["lm_seconds"] = Measured(slowest, setting=f"longest of StNN and HankelNet, {setting}")
    wide = one["dense, same widths"]
    findings.measured["accuracy_kept"] = median_of(
        one["StNN"][: len(wide)] / wide,
        f"{len(wide)} seeds, about equal processor time; StNN by Levenberg-Marquardt, the wide net by Adam",
    )
    small = one["StNN, by Adam"]
    findings.measured["accuracy_by_adam"] = median_of(
        small / wide[: len(small)], f"{len(small)} seeds, {contestants.ADAM_STEPS * steps} steps of Adam each"
    )
    findings.measured["accuracy_at_equal_size"] = median_of(one["StNN"] / one["dense, equal size"], setting)
    rivals = {
        "lorenz_over_dmd": ("Hankel-DMD", "Hankel-DMD, 32 samples, steadied"),
        "lorenz_over_havok": ("HAVOK",),
        "lorenz_over_sindy": ("SINDy, smoothed differences", "SINDy, weak form"),
        "lorenz_over_dense": ("dense, equal size",),
    }
    for claim, group in rivals.items():
        known = [held[name] for name in group if len(held[name]) == len(seeds)]
        if known:
            lead = held["StNN"] - np.max(known, axis=0)
            findings.measured[claim] = median_of(lead, f"{setting}; forecasts end at {reach} samples")
    from inscape.studies.stnn.figures import lorenz_rollouts

    kept = {name: scores[name][0] for name in SHOWN if scores[name]}
    truth = next(iter(kept.values()))["truth"]
    findings.figures["lorenz rollouts"] = lorenz_rollouts(
        (0.02 * np.arange(1, len(truth) + 1)).tolist(),
        truth[:, 0].tolist(),
        {name: row["example"][:, 0].tolist() for name, row in kept.items()},
        {name: float(row["valid_runs"][0]) for name, row in kept.items()},
    )


def _size(scores: dict[str, list[dict[str, Any]]], name: str) -> int:
    return int(scores[name][0]["size"])


def noise(lab: Lab, findings: Findings) -> None:
    """Bar 4: sensor noise in the recording and in the history a forecast starts from."""
    steps = lab.choose(smoke=1, desk=25, paper=60)
    seeds = independent_seeds(lab, lab.choose(smoke=1, desk=5, paper=5), "lorenz")
    levels = lab.choose(smoke=(0.02,), desk=NOISE, paper=NOISE)
    reach = lab.choose(smoke=60, desk=contestants.REACH, paper=contestants.REACH)
    items: list[dict[str, Any]] = [
        {"system": "Lorenz", "model": name, "noise": level, "seed": s, "steps": steps, "reach": reach, "batch": EVERY}
        for level in levels
        for name in NOISY
        for s in (seeds if level == 0.02 else seeds[: lab.choose(smoke=1, desk=1, paper=5)])
    ]
    found = lab.parallel_map(contestants.fit_and_score, items, label="Lorenz, noisy")
    rows = [
        {
            "model": i["model"],
            "noise": i["noise"],
            "valid": r["valid"],
            "valid_clean": r["valid_clean"],
            "seed": i["seed"],
        }
        for i, r in zip(items, found, strict=True)
        if r["size"] is not None
    ]
    table = []
    for level in levels:
        for name in NOISY:
            mine = [r for r in rows if (r["model"], r["noise"]) == (name, level)]
            if mine:
                table.append(
                    {
                        "noise, %": 100 * level,
                        "model": name,
                        "seeds": len(mine),
                        "valid time": float(np.mean([r["valid"] for r in mine])),
                        "from a clean history": float(np.mean([r["valid_clean"] for r in mine])),
                    }
                )
    findings.tables["noise"] = Table("Lorenz with sensor noise: mean valid time, Lorenz units", tuple(table))
    at = {name: np.array([r["valid"] for r in rows if (r["model"], r["noise"]) == (name, 0.02)]) for name in NOISY}
    setting = f"{len(seeds)} seeds, {steps} steps over all windows, noisy history"
    findings.measured["noise_valid_time"] = median_of(at["HankelNet"], setting)
    plain, *others = (at[name] for name in contestants.SPARSE)
    if len(plain) == len(seeds):
        ratio = at["HankelNet"] / np.maximum(plain, 1e-3)
        findings.measured["noise_over_sindy"] = median_of(ratio, setting)
    known = [o for o in others if len(o) == len(seeds)]
    if known:
        ratio = at["HankelNet"] / np.maximum(np.max(known, axis=0), 1e-3)
        findings.measured["noise_over_weak_sindy"] = median_of(ratio, setting)
    from inscape.studies.stnn.figures import valid_time_against_noise

    findings.figures["valid time against noise"] = valid_time_against_noise(rows)


def front(lab: Lab, findings: Findings) -> None:
    """Bar 7: every structured net beside a dense net of its size, on four systems."""
    steps = lab.choose(smoke=2, desk=40, paper=120)
    systems = lab.choose(smoke=("Lorenz",), desk=("Lorenz", *OTHER_SYSTEMS), paper=("Lorenz", *OTHER_SYSTEMS))
    blocks = lab.choose(smoke=(2,), desk=(2, 4, 6), paper=(2, 4, 6, 12))
    seeds = independent_seeds(lab, lab.choose(smoke=1, desk=1, paper=5), "front")
    inputs = 3 * contestants.DELAYS
    plans: list[dict[str, Any]] = []
    for p in blocks:
        size = StNN(p).parameters(inputs, 3)
        # Two HankelNet blocks weigh about what one of StNN does.
        plans += [
            {"kind": "StNN", "p": p, "pair": p},
            {"kind": "HankelNet", "p": 2 * p, "pair": p},
            {"kind": "dense", "parameters": size, "layers": 2, "pair": p},
        ]
    items: list[dict[str, Any]] = [
        {"system": y, "model": "front", "plan": plan, "noise": 0.0, "seed": s, "steps": steps, "reach": 100}
        for y in systems
        for plan in plans
        for s in seeds
    ]
    found = lab.parallel_map(contestants.fit_and_score, items, label="size and accuracy")
    rows: list[dict[str, Any]] = []
    for system in systems:
        for plan in plans:
            mine = [
                r
                for i, r in zip(items, found, strict=True)
                if i["system"] == system and i["plan"] == plan and r["size"] is not None
            ]
            if mine:
                rows.append(
                    {
                        "system": system,
                        "kind": plan["kind"],
                        "p": plan["pair"],
                        "parameters": int(mine[0]["size"]),
                        "one_step": float(np.median([r["one_step"] for r in mine])),
                        "error at 50": float(np.median([r["mse_50"] for r in mine])),
                        "valid time": float(np.mean([r["valid_clean"] for r in mine])),
                    }
                )
    caption = f"Size and accuracy; {steps} steps, {len(seeds)} seeds; the dense net has at most the weights of the StNN"
    findings.tables["front"] = Table(caption, tuple(rows))
    at = {(r["system"], r["p"], r["kind"]): r["one_step"] for r in rows}
    pairs = [(s, p) for s, p, kind in at if kind == "dense" and (s, p, "StNN") in at and (s, p, "HankelNet") in at]
    findings.measured["front_printed"] = Measured(
        float(2 * len(pairs)), setting=f"{len(systems)} systems, p in {blocks}"
    )
    for claim, kind in (("stnn_wins_at_equal_size", "StNN"), ("hankelnet_wins_at_equal_size", "HankelNet")):
        wins = [at[s, p, kind] < at[s, p, "dense"] for s, p in pairs]
        findings.measured[claim] = Measured(
            float(np.mean(wins)) if wins else None, setting=f"{len(wins)} pairs, one-step error"
        )
    from inscape.studies.stnn.figures import size_accuracy_front

    findings.figures["size and accuracy"] = size_accuracy_front(rows)
