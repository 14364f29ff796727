"""Study 12: networks that stand in for a battery model, and what they do to its parameters. The recipe."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.studies.battery import calibration_checks, figures, full_model_checks, networks, solver_checks
from inscape.studies.battery.claims import C_RATE, CLAIMS, PAPER
from inscape.studies.battery.remarks import remarks
from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.study import Study
from inscape.systems.battery import SingleParticle, nmc_graphite

STUDY = Study(
    number=12,
    name="battery",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "Physics-informed networks stand in for a battery model, so that its hidden parameters can be inferred from a "
        "discharge. Measured beside them: the solver they replace, cheaper surrogates, and what their errors do."
    ),
    rooms=("systems", "analysis", "models"),
    needs=("neural", "battery", "studies"),
)


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    solver(lab, findings)
    trained = hierarchy(lab, findings)
    rungs(lab, findings, trained)
    information = lab.step("what can be told apart", calibration_checks.information, {})
    identifiability(findings, information)
    calibration(lab, findings)
    network_bias(lab, findings, trained)
    full_model(lab, findings)
    any_current(lab, findings)
    findings.notes = remarks(findings, trained, information)
    return findings


def solver(lab: Lab, findings: Findings) -> None:
    """Bars 1 and 2."""
    fine = lab.choose(smoke=(100, 2.0), desk=(400, 0.25), paper=(400, 0.25))
    item = {"shells": fine[0], "step": fine[1], "tests": lab.choose(smoke=3, desk=40, paper=400)}
    found = lab.step("solver against a finer one", solver_checks.refinement, item)
    setting = f"{item['tests']} curves of the paper's box, 136 times"
    findings.measured["solver_mean"] = Measured(found["mean"], setting=setting)
    findings.measured["solver_max"] = Measured(found["max"], setting=setting)
    peer = lab.step(
        "solver against PyBaMM",
        solver_checks.against_pybamm,
        {"radial": 150, "curves": lab.choose(smoke=4, desk=400, paper=1000)},
    )
    if peer["difference"] is None:
        for name in ("solver_pybamm", "solver_speed", "solver_speed_error"):
            findings.measured[name] = Measured(None, setting="pybamm is not installed")
        return
    findings.measured["solver_pybamm"] = Measured(
        peer["difference"], setting=f"PyBaMM on 150 radial points; {peer['own_mesh']:.2g} mV on its own 20"
    )
    findings.measured["solver_speed"] = Measured(
        peer["ratio"],
        setting=f"{1e6 * peer['ours']:.3g} us on 10 shells and 12 s, PyBaMM {1e3 * peer['theirs']:.3g} ms",
    )
    findings.measured["solver_speed_error"] = Measured(peer["error"], setting="Chen2020, 1C, 136 times to 3,000 s")


def hierarchy(lab: Lab, findings: Findings) -> list[dict[str, Any]]:
    """C1 and bar 3: every arm of networks, paper's and slow box."""
    arms = lab.choose(smoke={"paper": ("tuned", "mean"), "slow": ("tuned", "formula")}, desk=None, paper=None)
    seconds = lab.choose(smoke=0.4, desk=40.0, paper=180.0)
    items = [
        {
            "arm": arm,
            "box": box,
            "seed": seed,
            "seconds": seconds,
            "tests": lab.choose(smoke=5, desk=100, paper=400),
            "shipped": lab.scale == "desk",
            "most_steps": lab.choose(smoke=6, desk=None, paper=None),
        }
        for box, arm, seed in networks.trainings(lab.choose(smoke=1, desk=3, paper=40))
        if arms is None or arm in arms[box]
    ]
    runs = lab.parallel_map(networks.trained, items, label="training networks")
    formulas = {
        box: lab.step(f"formulas, {box} box", networks.formula_errors, box, lab.choose(smoke=5, desk=100, paper=400))
        for box in networks.BOXES
    }
    middle = {
        (box, arm): float(np.median([r["mean"] for r in runs if r["box"] == box and r["arm"] == arm]))
        for box, arm in dict.fromkeys((r["box"], r["arm"]) for r in runs)
    }

    def plain(box: str) -> tuple[str, float]:
        return min(((a, middle[box, a]) for a in networks.PLAIN if (box, a) in middle), key=lambda p: p[1])

    def setting_of(box: str, arm: str) -> str:
        spent = [r["seconds"] for r in runs if (r["box"], r["arm"]) == (box, arm)]
        count = "one seed" if len(spent) == 1 else f"{len(spent)} seeds, median"
        return f"{count}, {min(spent):.3g} to {max(spent):.3g} CPU-s of training each"

    kind, error = plain("paper")
    findings.measured["hierarchy"] = Measured(
        error / middle["paper", "mean"],
        setting=f"{kind} {error:.3g} mV, the better of the plain ones; {setting_of('paper', 'mean')}",
    )
    own = np.array([r["mean"] for r in runs if (r["box"], r["arm"]) == ("paper", "mean")])
    findings.measured["surrogate_spm"] = Measured(
        float(np.median(own)), *bootstrap_interval(own, np.median), setting=setting_of("paper", "mean")
    )
    for name, arm in (("hierarchy_net", "net on net"), ("gauss_newton", "mean, Gauss-Newton")):
        if ("paper", arm) in middle:
            value = middle["paper", arm] if name == "gauss_newton" else error / middle["paper", arm]
            findings.measured[name] = Measured(value, setting=setting_of("paper", arm))
    if ("slow", "mean") in middle:
        kind, error = plain("slow")
        findings.measured["hierarchy_slow"] = Measured(
            error / middle["slow", "mean"], setting=f"{kind} {error:.3g} mV; {setting_of('slow', 'mean')}"
        )
    on_formula = {a: middle["slow", a] for a in ("formula", "formula, Gauss-Newton") if ("slow", a) in middle}
    if on_formula:
        best = min(on_formula, key=lambda a: on_formula[a])
        findings.measured["formula_slow"] = Measured(
            on_formula[best],
            setting=f"{best}; the formula alone {formulas['slow']['eigenmodes']:.3g} mV; {setting_of('slow', best)}",
        )
    findings.tables["networks"] = Table(
        "Networks: median over the seeds of the voltage error (mV) on test curves, and what they do with lithium",
        tuple(_arm_row(box, arm, [r for r in runs if r["box"] == box and r["arm"] == arm]) for box, arm in middle),
    )
    findings.tables["formulas"] = Table(
        "Formulas without training: mean voltage error (mV)",
        tuple({"box": box} | {k: float(v) for k, v in found.items()} for box, found in formulas.items()),
    )
    findings.figures["networks"] = figures.arm_errors(runs, {b: f["eigenmodes"] for b, f in formulas.items()})
    findings.figures["training"] = figures.training_curves(runs)
    radii, _, exact = SingleParticle(nmc_graphite(), c_rate=C_RATE, shells=32).profiles(
        {"i0_a": 2.0, "ds_c": 2.0}, np.array([1350.0])
    )
    findings.figures["profiles"] = figures.end_profiles(runs, radii, exact[0, 0])
    return runs


def _arm_row(box: str, arm: str, runs: list[dict[str, Any]]) -> dict[str, Any]:
    def middle(name: str) -> float:
        return float(np.median([r[name] for r in runs]))

    return {
        "box": box,
        "arm": arm,
        "seeds": len(runs),
        "untrained mV": middle("untrained"),
        "trained mV": middle("mean"),
        "lowest": float(min(r["mean"] for r in runs)),
        "highest": float(max(r["mean"] for r in runs)),
        "max mV": middle("max"),
        "lithium lost (stoichiometry)": middle("lithium"),
        "CPU-s": middle("seconds"),
        "checkpoints": sum(r["shipped"] for r in runs),
    }


def rungs(lab: Lab, findings: Findings, trained: list[dict[str, Any]]) -> None:
    """Bar 4: the table of rungs."""
    item = {
        "box": "paper",
        "tolerance": 0.02,
        "tests": lab.choose(smoke=5, desk=400, paper=400),
        "with_network": lab.scale != "smoke",
    }
    found = lab.step("rungs of the paper's box", solver_checks.rung_table, item)
    setting = f"{found['chosen']}, {item['tests']} test curves"
    findings.measured["rung_mean"] = Measured(found["mean"], setting=setting)
    findings.measured["rung_max"] = Measured(found["settled"], setting=setting)
    findings.measured["rung_cost"] = Measured(found["cost"], setting=f"{setting}, batches of 256")
    rows = list(found["rows"])
    cost = lab.step("cost of a network", _network_cost)
    own = [r for r in trained if r["box"] == "paper" and r["arm"] == "mean"]
    rows.append(
        {
            "rung": "network on the exact mean",
            "mean mV": float(np.median([r["mean"] for r in own])),
            "max mV": float(np.median([r["max"] for r in own])),
            "max mV after 30 s": float(np.median([r["settled"] for r in own])),
            "us a curve": cost,
            "training s": float(np.median([r["seconds"] for r in own])),
            "chosen": False,
        }
    )
    rows.sort(key=lambda row: row["us a curve"])
    findings.tables["rungs"] = Table("Rungs of the paper's box: error and cost", tuple(rows))
    findings.figures["rungs"] = figures.rung_chart(rows)


def _network_cost() -> float:
    import time

    model = networks.network("mean", "paper", 0, 1.0, most_steps=1).fit()
    batch = np.tile([[2.0, 2.0]], (32, 1))
    model(batch[:2])
    costs = []
    for _ in range(3):
        began = time.process_time()
        model(batch)
        costs.append((time.process_time() - began) / len(batch))
    return 1e6 * min(costs)


def identifiability(findings: Findings, found: dict[str, Any]) -> None:
    """Bar 6, and the budget of a surrogate's error."""
    setting = "truth (2, 2), 100 voltages from 10 s, 3 mV"
    findings.measured["fisher_i0_a"] = Measured(found["sigmas"][0], setting=setting)
    findings.measured["fisher_ds_c"] = Measured(found["sigmas"][1], setting=setting)
    findings.measured["fisher_correlation"] = Measured(found["correlation"], setting=setting)
    findings.measured["bias_of_2_mV"] = Measured(
        found["bias_in_sigmas"][0],
        setting=f"median over random smooth errors; i0_a off by {found['bias'][0]:.2g}, ds_c by {found['bias'][1]:.2g}",
    )


def calibration(lab: Lab, findings: Findings) -> None:
    """C4 and bar 5."""
    count = lab.choose(smoke=2, desk=20, paper=40)
    points = lab.choose(smoke=900, desk=25_000, paper=25_000)
    items = [
        {"truth": truth, "noise": seed, "points": points, "keep": seed == 0 and truth == "(2, 2)"}
        for truth in calibration_checks.TRUTHS
        for seed in range(count)
    ]
    found = lab.parallel_map(calibration_checks.posteriors, items, label="calibrating")
    own = [f for f, item in zip(found, items, strict=True) if item["truth"] == "(2, 2)"]
    rows: list[dict[str, Any]] = []
    for name in calibration_checks.SURROGATES:
        exact_sigma = np.array([f["exact"]["sigmas"] for f in own])
        moved = np.abs(np.array([f[name]["means"] for f in own]) - [f["exact"]["means"] for f in own]) / exact_sigma
        grown = 100 * np.abs(np.array([f[name]["sigmas"] for f in own]) / exact_sigma - 1)
        rows.append(
            {"surrogate": name, "means, largest (sigma)": float(moved.max()), "sigmas, largest (%)": float(grown.max())}
        )
    findings.tables["posteriors"] = Table(
        f"Posteriors with a surrogate against the exact solver's, truth (2, 2), {count} curves", tuple(rows)
    )
    setting = f"{rows[0]['surrogate']}, truth (2, 2), {count} curves of noise, grid of {points} points"
    findings.measured["posterior_means"] = Measured(rows[0]["means, largest (sigma)"], setting=setting)
    findings.measured["posterior_sigmas"] = Measured(rows[0]["sigmas, largest (%)"], setting=setting)
    held = [
        low <= truth <= high
        for f in own
        for (low, high), truth in zip(f["exact"]["intervals"], f["truth"], strict=True)
    ]
    findings.measured["coverage"] = Measured(
        100 * float(np.mean(held)), setting=f"{count} curves of noise, both parameters, exact solver"
    )
    findings.measured["likelihoods"] = Measured(
        lab.step("cost of likelihoods", calibration_checks.likelihood_cost, {"count": 25_000}),
        setting=f"{calibration_checks.SURROGATES[0]}, one thread",
    )
    if lab.scale == "smoke":
        findings.measured["nuts"] = Measured(None, setting="not run at this scale: jax takes longer to compile")
    else:
        item = lab.choose(smoke={}, desk={"draws": 2000, "warmup": 500}, paper={"draws": 4000, "warmup": 10_000})
        walk = lab.step("NUTS beside the grid", calibration_checks.nuts_difference, item)
        findings.measured["nuts"] = Measured(
            walk, setting="numpyro is not installed" if walk is None else "truth (2, 2), two chains"
        )
    findings.figures["posterior"] = figures.posterior_cloud(own[0]["samples"], own[0]["truth"], own)
    findings.tables["calibrated"] = Table(
        "Posterior of every truth by the exact solver, first curve",
        tuple(
            {"truth": item["truth"]}
            | {
                f"{n}": f"{m:.3g} ± {s:.2g}"
                for n, m, s in zip(("i0_a", "ds_c"), f["exact"]["means"], f["exact"]["sigmas"], strict=True)
            }
            for f, item in zip(found, items, strict=True)
            if item["noise"] == 0
        ),
    )


def network_bias(lab: Lab, findings: Findings, trained: list[dict[str, Any]]) -> None:
    """What each arm's error does to the parameters, without sampling."""
    own = [r for r in trained if r["box"] == "paper"]
    at = np.arange(136) * 10.0
    shifts = [lab.step("bias of networks", calibration_checks.network_bias, r["error_at_truth"], at) for r in own]
    arms = list(dict.fromkeys(r["arm"] for r in own))
    worst = {
        arm: float(np.median([np.abs(s).max() for s, r in zip(shifts, own, strict=True) if r["arm"] == arm]))
        for arm in arms
    }
    findings.measured["bias_of_network"] = Measured(worst["mean"], setting="network on the exact mean, median of seeds")
    findings.tables["bias"] = Table(
        "What a network's error moves the estimates at (2, 2): larger of the two parameters, median of seeds (sigma)",
        tuple({"arm": arm, "shift in sigma": value} for arm, value in worst.items()),
    )


def full_model(lab: Lab, findings: Findings) -> None:
    """C3 and bar 7."""
    item = {"runs": lab.choose(smoke=20, desk=256, paper=1024), "tests": lab.choose(smoke=4, desk=64, paper=128)}
    found = lab.step("surrogate of the pseudo-2D model", full_model_checks.full_surrogate, item)
    if found["error"] is None:
        for name in ("full_error", "full_speed", "full_repaid"):
            findings.measured[name] = Measured(None, setting="pybamm is not installed")
        return
    best = found["by"][found["best"]]
    setting = f"Chen2020, 4 parameters, {item['runs']} runs, {found['best']} on {best['modes']} modes"
    findings.measured["full_error"] = Measured(best["mean"], setting=f"{setting}; largest {best['max']:.3g} mV")
    findings.measured["full_speed"] = Measured(
        best["ratio"], setting=f"{best['us']:.3g} us against {1e3 * found['theirs']:.3g} ms (IDAKLU, inputs as a list)"
    )
    findings.measured["full_repaid"] = Measured(
        best["repaid"], setting=f"{best['training']:.3g} CPU-s of runs and learning"
    )
    findings.tables["full model"] = Table(
        "Surrogates of PyBaMM's pseudo-2D model",
        tuple({"regression": name} | dict(values) for name, values in found["by"].items()),
    )


def any_current(lab: Lab, findings: Findings) -> None:
    """Beyond: currents that were not seen."""
    item = {
        "runs": lab.choose(smoke=6, desk=80, paper=400),
        "drives": lab.choose(smoke=1, desk=10, paper=40),
        "tests": lab.choose(smoke=3, desk=20, paper=40),
    }
    found = lab.step("any current", solver_checks.any_current, item)
    setting = f"slow box, {item['drives']} random drives of {item['tests']} curves"
    for name, key in (("any_current", "network"), ("any_current_formula", "formula")):
        values = np.array(found[key])
        findings.measured[name] = Measured(float(values.mean()), *bootstrap_interval(values, np.mean), setting=setting)
    findings.figures["any current"] = figures.driven(found["shown"])
