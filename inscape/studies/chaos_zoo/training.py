"""Claims C4 and C5 measured: features learned on chaos, and training data drawn where a forecaster errs."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import wilcoxon

from inscape.studies.chaos_zoo import importance, transfer
from inscape.studies.chaos_zoo.series import flows
from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.systems import zoo


def features(lab: Lab, findings: Findings) -> None:
    """C4 and bar 7: features learned on chaos."""
    from inscape.errors import MissingExtraError
    from inscape.extras import require

    try:
        for module in ("aeon", "tsfresh", "torch"):
            require(module, "studies")
    except MissingExtraError as error:
        findings.measured["transfer_wins"] = findings.measured["transfer_gain"] = Measured(None, setting=str(error))
        return
    sets = lab.choose(smoke=("GunPoint",), desk=transfer.DATA_SETS, paper=transfer.DATA_SETS)
    seeds = lab.seeds(lab.choose(smoke=1, desk=3, paper=10), "transfer")
    systems = flows(lab.choose(smoke=4, desk=None, paper=None))
    common = {
        "systems": systems,
        "windows": lab.choose(smoke=100, desk=2000, paper=10_000),
        "epochs": lab.choose(smoke=1, desk=30, paper=200),
        "all_features": lab.scale == "paper",
    }
    items: list[dict[str, Any]] = [
        {"data_set": d, "source": source, "seed": seed % 2**31, **common}
        for d in sets
        for source in ("chaos", "raw", "random")
        for seed in (seeds if source != "raw" else seeds[:1])
    ]
    found = lab.parallel_map(transfer.transfer_accuracy, items, label="transfer")
    accuracy: dict[str, dict[str, list[float]]] = {}
    for item, value in zip(items, found, strict=True):
        accuracy.setdefault(item["data_set"], {}).setdefault(item["source"], []).append(value)
    means = {d: {s: float(np.mean(v)) for s, v in by.items()} for d, by in accuracy.items()}
    gains = [m["chaos"] - m["raw"] for m in means.values()]
    findings.measured["transfer_wins"] = Measured(
        float(sum(g > 0 for g in gains)), setting=f"of {len(means)} data sets, mean of {len(seeds)} seeds"
    )
    low, high = bootstrap_interval(gains, np.mean)
    findings.measured["transfer_gain"] = Measured(
        100 * float(np.mean(gains)), 100 * low, 100 * high, f"{len(means)} data sets"
    )
    control = [m["chaos"] - m["random"] for m in means.values()]
    findings.measured["transfer_over_random"] = Measured(
        100 * float(np.mean(control)), setting=f"{len(means)} data sets"
    )
    if np.mean(control) <= 0:
        findings.notes += (
            "C4: features learned on chaos at random time scales do as well, so the gain is not the period's.",
        )
    released = {d: dict(zip(("chaos", "raw", "random"), v, strict=True)) for d, v in transfer.PUBLISHED.items()}
    findings.tables["transfer"] = Table(
        "Test accuracy by source of features",
        tuple(
            {"data set": d, **m, **{f"{s}, released": released.get(d, {}).get(s) for s in m}} for d, m in means.items()
        ),
    )
    from inscape.studies.chaos_zoo.figures import transfer_bars

    findings.figures["transfer"] = transfer_bars(accuracy)


def sampling(lab: Lab, findings: Findings) -> None:
    """C5: importance sampling of training data."""
    names = [n for n in flows() if zoo.card(n).kind == "flow"]
    count = lab.choose(smoke=1, desk=20, paper=125)
    names = [names[i] for i in np.linspace(0, len(names) - 1, count).astype(int)]
    seeds = [s % 2**31 for s in lab.seeds(lab.choose(smoke=2, desk=8, paper=8), "sampling")]
    plan = {
        "seeds": seeds,
        "lookback": lab.choose(smoke=10, desk=25, paper=50),
        "epochs": lab.choose(smoke=2, desk=60, paper=400),
        "round_epochs": lab.choose(smoke=1, desk=5, paper=30),
    }
    found = lab.parallel_map(
        importance.importance_trial, [{"name": n, **plan} for n in names], label="importance sampling"
    )
    rows = {n: f for n, f in zip(names, found, strict=True) if f is not None}
    mean = {way: np.array([np.mean(f[way]) for f in rows.values()]) for way in ("full", "importance", "random")}
    for way in mean:
        low, high = bootstrap_interval(mean[way], np.median)
        findings.measured[f"sampling_{way}"] = Measured(
            float(np.median(mean[way])), low, high, f"{len(rows)} systems, mean of {len(seeds)} seeds"
        )
    better = mean["importance"] < mean["full"]
    findings.measured["sampling_better"] = Measured(100 * float(better.mean()), setting=f"{len(rows)} systems")
    if better.mean() < 0.5:
        findings.notes += (
            "C5 does not appear: drawing by error helps on fewer than half of the systems, as released.",
        )
    if len(rows) > 5:
        findings.measured["sampling_p"] = Measured(
            float(wilcoxon(mean["importance"], mean["full"]).pvalue), setting=f"Wilcoxon over {len(rows)} systems"
        )
    cost = float(np.mean([f["importance_steps"] / f["full_steps"] for f in rows.values()]))
    findings.measured["sampling_cost"] = Measured(cost, setting="gradient samples, drawn over full")
    findings.tables["sampling"] = Table(
        "sMAPE fraction by way of training",
        tuple({"system": n, **{w: float(mean[w][i]) for w in mean}} for i, n in enumerate(rows)),
    )
    from inscape.studies.chaos_zoo.figures import importance_pairs

    findings.figures["importance sampling"] = importance_pairs(
        mean["full"].tolist(), mean["importance"].tolist(), mean["random"].tolist(), list(rows)
    )
