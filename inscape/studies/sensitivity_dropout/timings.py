"""Exactness, speed and overhead, measured one at a time: C3, C6 and bars 1, 2, 3 and 7."""

from __future__ import annotations

import numpy as np

from inscape.studies.lab import Lab
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.sensitivity_dropout import detection, figures, speed

_METHOD = {
    "gram": "exact",
    "naive": "centring matrix",
    "slq": "Lanczos",
    "chebyshev": "Chebyshev",
    "ees_paper": "EES as printed",
    "ees_released": "EES as released",
}


def exactness(lab: Lab, findings: Findings) -> None:
    """Bar 1."""
    item = {
        "matrices": lab.choose(smoke=10, desk=100, paper=1000),
        "largest": lab.choose(smoke=40, desk=200, paper=400),
    }
    misses = lab.step("exactness", speed.largest_miss, item | {"seed": lab.seed})
    setting = f"{item['matrices']} matrices of up to {item['largest']} answers, condition number up to 1e4"
    for method in speed.METHODS:
        findings.measured[f"exact_{method}"] = Measured(misses[method], setting=setting)


def timing(lab: Lab, findings: Findings) -> None:
    """C3, C6 and bars 2, 3 and 7, one measurement at a time."""
    shapes = lab.choose(
        smoke=[[256, 10], [256, 40]],
        desk=[[4096, 10], [2048, 100], [5000, 500], [4000, 2000]],
        paper=[[4096, 10], [2048, 100], [5000, 500], [4000, 2000], [10000, 10000]],
    )
    least = lab.choose(smoke=0.001, desk=0.5, paper=2.0)
    methods = ["gram", "naive", *speed.METHODS[1:], *speed.PUBLISHED]
    rows = lab.step("speed of the methods", speed.table, {"shapes": shapes, "methods": methods, "least": least})
    largest = rows[-1]
    at = "{units} units x {samples} answers".format(**largest)
    findings.measured["ees_time"] = Measured(largest["naive"] / largest["ees_released"], setting=f"{at}, CPU time")
    ratios = [row["ees_released"] / row["gram"] for row in rows]
    findings.measured["ees_against_exact"] = Measured(
        float(np.exp(np.mean(np.log(ratios)))),
        min(ratios),
        max(ratios),
        f"{len(rows)} shapes; least and largest beside",
    )
    apart = [abs(row["ees_paper_value"] - row["gram_value"]) for row in rows]
    findings.measured["ees_value"] = Measured(max(apart), setting=f"{len(rows)} shapes, normal numbers")
    findings.tables["speed"] = Table(
        "CPU milliseconds of a score, one thread, and its value",
        tuple(
            {"units": row["units"], "answers": row["samples"]}
            | {_METHOD[m]: f"{1e3 * row[m]:.3g} ms ({row[f'{m}_value']:.3g})" for m in methods}
            for row in rows
        ),
    )
    grid = lab.choose(
        smoke=([256], [10, 300]), desk=([576, 4096], [10, 100, 1000, 8000]), paper=([576, 4096], [10, 100, 1000, 8000])
    )
    item = {"shapes": [[units, samples] for units in grid[0] for samples in grid[1]], "least": least}
    chosen = lab.step("speed of the choice", speed.choice, item)
    worst = speed.slowest(chosen)
    findings.measured["speed_auto"] = Measured(
        worst["ratio"], setting="{units} units x {samples} answers, best {best}".format(**worst)
    )
    findings.tables["choice"] = Table(
        "CPU milliseconds of each method and of the choice between them",
        tuple(
            {
                "units": row["units"],
                "answers": row["samples"],
                "best": row["best"],
                "auto over best": round(row["ratio"], 3),
            }
            | {m: f"{1e3 * row[m]:.3g}" for m in ("auto", *speed.METHODS)}
            for row in chosen
        ),
    )
    item = {"units": lab.choose(smoke=512, desk=4096, paper=4096), "samples": 10, "least": least}
    beside = lab.step("speed against lm-polygraph", speed.against_peer, item)
    whose = "lm-polygraph" if beside["peer"] else "the same formula, lm-polygraph not installed"
    findings.measured["speed_peer"] = Measured(
        beside["ratio"], setting=f"{1e3 * beside['ours']:.3g} ms against {1e3 * beside['theirs']:.3g} ms of {whose}"
    )
    findings.figures["speed"] = figures.speed_lines(rows, [m for m in methods if m != "chebyshev"], _METHOD)
    overhead(lab, findings)


def overhead(lab: Lab, findings: Findings) -> None:
    """C6 and bar 7."""
    model = "small" if lab.scale == "smoke" or detection.absent_packages() else "smollm2"
    item = {
        "model": model,
        "tokens": lab.choose(smoke=32, desk=128, paper=512),
        "steps": lab.choose(smoke=3, desk=7, paper=15),
    }
    found = lab.step("overhead", speed.overhead, item | {"tracked": 1, "trained": 8})
    findings.measured["overhead"] = Measured(
        found["percent"],
        setting=f"{'SmolLM2' if model == 'smollm2' else 'small model'}, {item['tokens']} tokens a text, one tracked "
        f"text to eight: mask {found['mask']:.1f} %, tracking {found['track']:.1f} %",
    )
