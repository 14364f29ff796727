"""Study 22: chaos as a benchmark. Its claims, and the recipe that measures them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import spearmanr

from inscape.studies.chaos_zoo import forecasting, integration, invariants, symbolic
from inscape.studies.chaos_zoo.claims import CLAIMS, PAPER, PUBLISHED_MEDIANS
from inscape.studies.chaos_zoo.series import flows, train_and_test
from inscape.studies.chaos_zoo.statistics import median_of, spearman
from inscape.studies.chaos_zoo.training import features, sampling
from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.study import Study
from inscape.systems import zoo

STUDY = Study(
    number=22,
    name="chaos zoo",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "A hundred and thirty chaotic systems, aligned by their dominant period, as a benchmark of forecasters, of "
        "equation finders and of features. We integrate all, audit their published invariants and rerun the claims."
    ),
    rooms=("systems", "analysis", "models"),
    needs=("studies",),
)


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    for part in (engine, spectra, forecasts, valid_times, sparse_laws, features, sampling):
        part(lab, findings)
    return findings


def engine(lab: Lab, findings: Findings) -> None:
    """C1 and bars 1, 2, 3 and 5: right-hand sides, integration, speed, kinks."""
    names = flows(lab.choose(smoke=8, desk=None, paper=None))
    held = lab.parallel_map(integration.integrates, [{"name": n, "seed": lab.seed} for n in names], label="integrating")
    findings.measured["reintegrable"] = Measured(float(sum(held)), setting=f"{len(names)} flows, 12 periods after 100")
    failed = [n for n, good in zip(names, held, strict=True) if not good]
    if failed:
        findings.notes += (f"Not integrated over 12 periods after a transient of 100: {', '.join(failed)}.",)
    smooth = [n for n in names if zoo.card(n).kind == "flow"]
    for form in ("numpy", "torch", "heyoka"):
        group = names if form == "numpy" else smooth
        items = [{"name": n, "form": form} for n in group]
        worst = lab.parallel_map(integration.worst_side, items, label=f"right-hand sides in {form}")
        findings.measured[f"sides_{form}"] = Measured(max(worst), setting=f"{len(group)} systems, 2 points each")
    maps = list(zoo.names(kind="map"))
    worst = lab.parallel_map(
        integration.worst_side, [{"name": n, "form": "numpy"} for n in maps], label="right-hand sides of maps"
    )
    findings.measured["sides_maps"] = Measured(max(worst), setting=f"{len(maps)} maps")
    kinks = lab.step("chua", integration.chua_error, lab.choose(smoke=3, desk=10, paper=10))
    findings.measured["chua"] = Measured(
        kinks["ours"], setting=f"against DOP853 stopped at each kink; naive {kinks['naive']:.2g}"
    )
    timed = integration.SPEED_SYSTEMS[: lab.choose(smoke=2, desk=20, paper=20)]
    # One at a time: two timings side by side would share a core's caches.
    speeds = [lab.step("speed", integration.speed, {"name": n, "with_dysts": lab.scale != "smoke"}) for n in timed]
    over_scipy = [s["dop853"] / s["ours"] for s in speeds]
    findings.measured["faster_than_dop853"] = median_of(
        over_scipy, f"{len(timed)} systems, 2,000 points, tolerance 1e-12"
    )
    over_dysts = [s["dysts"] / s["ours"] for s in speeds if s["dysts"] is not None]
    findings.measured["faster_than_dysts"] = (
        median_of(over_dysts, f"{len(over_dysts)} systems, 300 points scaled to 2,000")
        if over_dysts
        else Measured(None, setting="dysts is not installed, or smoke scale")
    )
    cold = lab.step("cold start", integration.cold_start, smooth)
    findings.measured["cold_start"] = Measured(cold, setting=f"{len(smooth)} systems, two fresh interpreters, no cache")


def spectra(lab: Lab, findings: Findings) -> None:
    """Bar 4 and the audit: exponents with errors, exact sums, zero exponents."""
    periods = lab.choose(smoke=20, desk=300, paper=2000)
    names = flows(lab.choose(smoke=4, desk=None, paper=None))
    names = [n for n in names if zoo.card(n).kind == "flow"]
    items = [{"name": n, "periods": periods, "seed": lab.seed, "max_seconds": 60.0} for n in names]
    found = lab.parallel_map(invariants.measured_spectrum, items, label="spectra")
    rows = [r for r in found if r["exponents"]]
    smooth = [r for r in rows if r["smooth"]]
    findings.notes += tuple(f"No spectrum of {r['name']}: {r['reason']}." for r in found if not r["exponents"])
    for row in (r for r in smooth if r["sum_mismatch"] > 1e-6):
        often = {"name": row["name"], "periods": periods, "seed": lab.seed, "max_seconds": 60.0, "per_period": 50}
        finer = lab.step("spectra by short intervals", invariants.measured_spectrum, often)
        findings.notes += (invariants.remark_on_sum(row, finer),)
    findings.measured["sum_is_divergence"] = Measured(
        max(r["sum_mismatch"] for r in smooth), setting=f"largest of {len(smooth)} smooth flows, {periods} periods"
    )
    zeros = [r["zero_z"] for r in rows if r["zero_z"] is not None]
    findings.measured["zero_exponent"] = Measured(
        float(np.mean(np.array(zeros) < 3)), setting=f"share of {len(zeros)} autonomous flows within 3 standard errors"
    )
    table = []
    apart = 0
    for row in rows:
        published = zoo.card(row["name"]).published.largest_exponent
        ratio = row["exponents"][0] / published if published else np.nan
        apart += bool(published) and abs(ratio - 1) > 0.25
        table.append(
            {
                "system": row["name"],
                "published": published,
                "measured": row["exponents"][0],
                "error": row["errors"][0],
                "verdict": row["verdict"],
                "sum off by": row["sum_mismatch"],
            }
        )
    findings.measured["published_off"] = Measured(float(apart), setting=f"of {len(rows)} flows, by more than 25 %")
    findings.tables["exponents"] = Table("Largest Lyapunov exponents, published and measured", tuple(table))
    shown = [r for r in table if r["published"] and r["published"] > 0 and r["verdict"] == "chaotic"]
    from inscape.studies.chaos_zoo.figures import published_against_measured

    findings.figures["exponents"] = published_against_measured(
        [r["published"] for r in shown],
        [r["measured"] for r in shown],
        [r["error"] for r in shown],
        [r["system"] for r in shown],
    )
    for name in invariants.REFERENCE:
        long = lab.choose(smoke=200, desk=10_000, paper=50_000) * (100 if zoo.card(name).kind == "map" else 1)
        found = lab.step(
            "textbook exponents", invariants.textbook_exponent, {"name": name, "periods": long, "seed": lab.seed}
        )
        width = 1.96 * found["error"]
        findings.measured[f"exponent_{name.lower()}"] = Measured(
            found["exponent"], found["exponent"] - width, found["exponent"] + width, f"{long} periods or iterations"
        )


def _coarse(lab: Lab, seed: int, names: list[str]) -> list[dict[str, Any]]:
    items = [{"name": n, "per_period": 15, "seed": seed} for n in names]
    series = lab.parallel_map(train_and_test, items, label="series at 15 points a period")
    return [s for s in series if s["train"] is not None and np.std(s["test"][:, 0]) > 0]


def forecasts(lab: Lab, findings: Findings) -> None:
    """C2 and C3: the univariate contest at 15 points a period."""
    names = flows(lab.choose(smoke=5, desk=None, paper=None))
    seeds = lab.seeds(lab.choose(smoke=1, desk=3, paper=10), "forecasts")
    epochs = lab.choose(smoke=5, desk=100, paper=100)
    grid = [n for n in forecasting.lookbacks(15) if n >= 5][:: lab.choose(smoke=4, desk=1, paper=1)]
    by_method: dict[str, list[dict[str, float]]] = {}
    for seed in seeds:
        kept = _coarse(lab, seed, names)
        items = [{"train": s["train"], "test": s["test"], "per_period": 15, "seed": seed % 2**31} for s in kept]
        rows = lab.parallel_map(forecasting.classic_contest, items, label="classic forecasters")
        trains = np.stack([s["train"][:, 0] for s in kept])
        tests = np.stack([s["test"][:, 0] for s in kept])
        scored = {method: [row[method] for row in rows] for method in rows[0]}
        for method, network, lookbacks in (("N-BEATS", "nbeats", grid), ("LSTM", "lstm", [15])):
            plan = {
                "network": network,
                "grid": lookbacks,
                "epochs": epochs,
                "seed": seed % 2**31,
                "trains": trains,
                "tests": tests,
            }
            scored[method] = list(lab.step(f"training {method}", forecasting.planned_contest, plan))
        for method, values in scored.items():
            by_method.setdefault(method, []).append(dict(zip([s["name"] for s in kept], values, strict=True)))
    shared = sorted(set.intersection(*(set(run) for runs in by_method.values() for run in runs)))
    scores = {m: np.array([[run[n] for n in shared] for run in runs]) for m, runs in by_method.items()}
    _report_contest(findings, scores, shared, len(seeds))
    _report_chaos(findings, scores["N-BEATS"].mean(axis=0), shared)


def _report_contest(findings: Findings, scores: dict[str, np.ndarray], names: list[str], seeds: int) -> None:
    mean = {method: values.mean(axis=0) for method, values in scores.items()}
    medians = {method: float(np.median(values)) for method, values in mean.items()}
    stacked = np.stack(list(mean.values()))
    ranks = dict(zip(mean, (1 + stacked.argsort(axis=0).argsort(axis=0)).mean(axis=1), strict=True))
    best = dict(zip(mean, np.bincount(stacked.argmin(axis=0), minlength=len(mean)), strict=True))
    low, high = bootstrap_interval(mean["N-BEATS"], np.median)
    setting = f"{len(names)} systems, {seeds} seeds; small network, see notes"
    findings.measured["nbeats_smape"] = Measured(medians["N-BEATS"], low, high, setting)
    others = {m: v for m, v in medians.items() if m != "N-BEATS"}
    rival = min(others, key=lambda m: others[m])
    findings.measured["nbeats_lead"] = Measured(
        others[rival] - medians["N-BEATS"], setting=f"over {rival}, median sMAPE"
    )
    networks_and_paper = [m for m in others if m in PUBLISHED_MEDIANS]
    published_rival = min(networks_and_paper, key=lambda m: others[m])
    findings.measured["nbeats_lead_published"] = Measured(
        others[published_rival] - medians["N-BEATS"],
        setting=f"over {published_rival}, the best of the paper's other methods here",
    )
    findings.tables["contest"] = Table(
        f"Univariate forecasts at 15 points a period: {len(names)} systems, mean of {seeds} seeds",
        tuple(
            {
                "method": m,
                "median sMAPE": medians[m],
                "published median": PUBLISHED_MEDIANS.get(m),
                "mean rank": float(ranks[m]),
                "best on": int(best[m]),
            }
            for m in sorted(medians, key=lambda m: medians[m])
        ),
    )
    findings.notes += (
        "N-BEATS here has 2 blocks of 4 layers of 64 units and the LSTM one layer of 25, where the paper's have "
        "30 x 4 x 256 and 2 layers; "
        "series are generated anew from the catalogue, since the released ones (676 MB) are not at hand.",
    )
    from inscape.studies.chaos_zoo.figures import forecast_ranking

    findings.figures["forecast ranking"] = forecast_ranking({m: v.tolist() for m, v in mean.items()}, PUBLISHED_MEDIANS)


def _growth(names: list[str], findings: Findings) -> dict[str, float]:
    """Measured largest exponent times dominant period, for systems whose exponent was measured in this run."""
    measured = {row["system"]: row["measured"] for row in findings.tables["exponents"].rows}
    return {n: max(measured[n], 0.0) * (zoo.card(n).period or 1.0) for n in names if n in measured}


def _report_chaos(findings: Findings, smapes: np.ndarray, names: list[str]) -> None:
    error = dict(zip(names, smapes, strict=True))
    published = invariants.published_exponents(names)
    findings.measured["chaos_published"] = spearman(list(published.values()), [error[n] for n in published])
    growth = _growth(names, findings)
    findings.measured["chaos_measured"] = spearman(list(growth.values()), [error[n] for n in growth])


def valid_times(lab: Lab, findings: Findings) -> None:
    """C3 and bar 6 at 100 points a period: valid time against measured exponents."""
    names = flows(lab.choose(smoke=6, desk=None, paper=None))
    items = [{"name": n, "seed": lab.seed, "starts": lab.choose(smoke=1, desk=5, paper=50)} for n in names]
    found = lab.parallel_map(forecasting.valid_times, items, label="valid times")
    held = {n: f["valid_time"] for n, f in zip(names, found, strict=True) if f is not None}
    growth = _growth(list(held), findings)
    both = list(growth)
    rho = spearman([growth[n] for n in both], [held[n] for n in both])
    findings.measured["valid_time_and_chaos"] = Measured(
        None if rho.value is None else -rho.value,
        None if rho.high is None else -rho.high,
        None if rho.low is None else -rho.low,
        rho.setting,
    )
    if len(both) > 4:
        findings.measured["valid_time_p"] = Measured(
            float(spearmanr([growth[n] for n in both], [held[n] for n in both]).pvalue), setting=f"{len(both)} systems"
        )
        from inscape.studies.chaos_zoo.figures import chaos_against_forecast

        findings.figures["valid time"] = chaos_against_forecast(
            [growth[n] for n in both], [held[n] for n in both], both, rho.value or 0.0
        )
    if rho.value is not None and rho.value > -0.35:
        findings.notes += (
            "C3: systems that are not chaotic have no growth to be ranked by, and blur the order of the rest.",
        )
    chaotic = {row["system"] for row in findings.tables["exponents"].rows if row["verdict"] == "chaotic"}
    among = [n for n in both if n in chaotic]
    findings.measured["valid_time_in_chaos"] = spearman([-growth[n] for n in among], [held[n] for n in among])
    published = invariants.published_exponents(both)
    findings.measured["valid_time_and_published"] = spearman(
        [-exponent * (zoo.card(n).period or 1.0) for n, exponent in published.items()], [held[n] for n in published]
    )


def sparse_laws(lab: Lab, findings: Findings) -> None:
    """C6 and bar 8: sparse regression on clean runs."""
    names = symbolic.polynomial_flows()[: lab.choose(smoke=4, desk=None, paper=None)]
    items = [{"name": n, "degree": max(2, zoo.card(n).polynomial_degree or 2), "seed": lab.seed} for n in names]
    found = lab.parallel_map(symbolic.recover, items, label="sparse laws")
    rows = [{"system": n, "degree": i["degree"], **f} for n, i, f in zip(names, items, found, strict=True) if f]
    exact = [r for r in rows if r["exact"]]
    findings.measured["sindy_exact"] = Measured(
        float(len(exact)), setting=f"of {len(rows)} polynomial flows, 20 clean periods"
    )
    if exact:
        findings.measured["sindy_coefficients"] = Measured(
            float(np.median([r["error"] for r in exact])),
            setting=f"median over {len(exact)} exact supports of the largest error",
        )
    others = [n for n in flows() if n not in names and zoo.card(n).kind == "flow"]
    others = others[: lab.choose(smoke=2, desk=None, paper=None)]
    rest = lab.parallel_map(
        symbolic.recover, [{"name": n, "degree": 3, "seed": lab.seed} for n in others], label="sparse laws of the rest"
    )
    every = [r["smape"] for r in (*rows, *(f for f in rest if f))]
    low, high = bootstrap_interval(every, np.median)
    findings.measured["sindy_smape"] = Measured(
        float(np.median(every)), low, high, f"{len(every)} flows, rates on another run"
    )
    findings.measured["sindy_seconds"] = Measured(
        float(np.median([r["seconds"] for r in rows])), setting="CPU, median, threshold chosen from the data"
    )
    findings.tables["sparse laws"] = Table("Sparse laws of the polynomial flows", tuple(rows))
