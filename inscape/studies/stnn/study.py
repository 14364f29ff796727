"""Study 23: structured networks. Its claims, and the recipe that measures them."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.models.structured import StNN
from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.stnn import contestants, costs, forcing, lotka_volterra
from inscape.studies.stnn.claims import CLAIMS, PAPER
from inscape.studies.study import Study

STUDY = Study(
    number=23,
    name="stnn",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "Networks whose weight matrices are sparse factors of Hankel operators, for the next state from a short past. "
        "We count and time them, and hold them on chaos against dense nets of equal size, DMD, HAVOK, SINDy and LEADS."
    ),
    rooms=("systems", "models", "analysis"),
    needs=("neural",),
)
OTHER_SYSTEMS = ("Rossler", "Halvorsen", "Thomas")
NOISE = (0.01, 0.02, 0.05)
NOISY = (
    "StNN",
    "HankelNet",
    "dense, equal size",
    "Hankel-DMD, 32 samples, steadied",
    *contestants.SPARSE,
)
SHOWN = ("StNN", "HankelNet", "dense, equal size", "Hankel-DMD, 32 samples, steadied", "HAVOK", "SINDy, weak form")


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    for part in (exactness, lorenz, noise, front, lotka, lobes, speed):
        part(lab, findings)
    findings.notes += (
        "The paper's tables and its code could not be read. The layout is that of the first author's notebook "
        "on beamforming (learned radix-2 recursion to 2 x 2 leaves, leaky ReLU 0.1); the only public rewrite for "
        "dynamical systems has one level, a dense Fourier block and tanh, sigmoid, ReLU. Which one the paper has is not "
        "known.",
    )
    return findings


def _seeds(lab: Lab, count: int, label: str) -> list[int]:
    return [s % 2**31 for s in lab.seeds(count, label)]


def _median(values: Any, setting: str) -> Measured:
    array = np.asarray(values, dtype=float)
    low, high = bootstrap_interval(array, lambda a: float(np.median(a)))
    return Measured(float(np.median(array)), low, high, setting)


def exactness(lab: Lab, findings: Findings) -> None:
    """Bars 1 and 2: factors, gradients, counted sizes."""
    every = [*range(2, 130), 192, 255, 256, 257, 500, 511, 512, 777, 1000, 1023, 1024, 1025, 1500, 2047, 2048]
    chosen = lab.choose(smoke=[2, 3, 7, 16], desk=every, paper=list(range(2, 2049)))
    error = lab.step("exactness of factors", costs.factor_error, chosen)
    findings.measured["factors_exact"] = Measured(error, setting=f"{len(chosen)} lengths from 2 to {chosen[-1]}")
    passed = lab.step("gradients", costs.gradients_hold)
    findings.measured["gradients_exact"] = Measured(float(passed), setting="HankelNet and StNN, weights and windows")
    rows = lab.step("sizes", costs.sizes)
    findings.tables["sizes"] = Table("Weights, and operations of one answer", tuple(rows))
    by_name = {(r["net"], r["window"]): r for r in rows}
    stnn, dense = by_name["StNN p=6", 16], by_name["dense, same widths", 16]
    findings.measured["stnn_parameters"] = Measured(stnn["parameters"], setting="16 numbers in, 16 out")
    findings.measured["stnn_operations"] = Measured(stnn["operations"], setting="16 numbers in, 16 out")
    for name, key in (("size_ratio", "parameters"), ("operations_ratio", "operations")):
        ratio = dense[key] / stnn[key] if stnn[key] else None
        findings.measured[name] = Measured(ratio, setting=f"{dense[key]} against {stnn[key]}")


def lorenz(lab: Lab, findings: Findings) -> None:
    """C1, C3 and bar 3: everybody on clean Lorenz."""
    steps = lab.choose(smoke=2, desk=100, paper=120)
    seeds = _seeds(lab, lab.choose(smoke=1, desk=5, paper=5), "lorenz")
    few = seeds[: lab.choose(smoke=1, desk=2, paper=5)]
    reach = lab.choose(smoke=60, desk=contestants.REACH, paper=contestants.REACH)
    names = list(contestants.contestants(3, steps))
    items = [
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
        for s in (few if name == "dense, same widths" else seeds)
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
    findings.measured["hankelnet_one_step"] = _median(
        one["HankelNet"], f"{setting}, {_size(scores, 'HankelNet')} weights"
    )
    findings.measured["stnn_one_step"] = _median(one["StNN"], f"{setting}, {_size(scores, 'StNN')} weights")
    slowest = max(r["seconds"] for name in ("StNN", "HankelNet") for r in scores[name])
    findings.measured["lm_seconds"] = Measured(slowest, setting=f"longest of StNN and HankelNet, {setting}")
    wide = one["dense, same widths"]
    findings.measured["accuracy_kept"] = _median(
        one["StNN"][: len(wide)] / wide, f"{len(wide)} seeds; the wide net by Adam, {25 * steps} steps"
    )
    findings.measured["accuracy_at_equal_size"] = _median(one["StNN"] / one["dense, equal size"], setting)
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
            findings.measured[claim] = _median(lead, f"{setting}; forecasts end at {reach} samples")
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
    steps = lab.choose(smoke=2, desk=50, paper=120)
    seeds = _seeds(lab, lab.choose(smoke=1, desk=5, paper=5), "lorenz")
    levels = lab.choose(smoke=(0.02,), desk=NOISE, paper=NOISE)
    reach = lab.choose(smoke=60, desk=contestants.REACH, paper=contestants.REACH)
    items = [
        {"system": "Lorenz", "model": name, "noise": level, "seed": s, "steps": steps, "reach": reach}
        for level in levels
        for name in NOISY
        for s in (seeds if level == 0.02 else seeds[: lab.choose(smoke=1, desk=2, paper=5)])
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
    setting = f"{len(seeds)} seeds, {steps} steps, noisy history"
    findings.measured["noise_valid_time"] = _median(at["HankelNet"], setting)
    plain, *others = (at[name] for name in contestants.SPARSE)
    if len(plain) == len(seeds):
        ratio = at["HankelNet"] / np.maximum(plain, 1e-3)
        findings.measured["noise_over_sindy"] = _median(ratio, setting)
    known = [o for o in others if len(o) == len(seeds)]
    if known:
        ratio = at["HankelNet"] / np.maximum(np.max(known, axis=0), 1e-3)
        findings.measured["noise_over_weak_sindy"] = _median(ratio, setting)
    from inscape.studies.stnn.figures import valid_time_against_noise

    findings.figures["valid time against noise"] = valid_time_against_noise(rows)


def front(lab: Lab, findings: Findings) -> None:
    """Bar 7: every structured net beside a dense net of its size, on four systems."""
    steps = lab.choose(smoke=2, desk=40, paper=120)
    systems = lab.choose(smoke=("Lorenz",), desk=("Lorenz", *OTHER_SYSTEMS), paper=("Lorenz", *OTHER_SYSTEMS))
    blocks = lab.choose(smoke=(2,), desk=(2, 4, 6), paper=(2, 4, 6, 12))
    seeds = _seeds(lab, lab.choose(smoke=1, desk=1, paper=5), "front")
    inputs, plans = 3 * contestants.DELAYS, []
    for p in blocks:
        size = StNN(p).parameters(inputs, 3)
        # Two HankelNet blocks weigh about what one of StNN does.
        plans += [
            {"kind": "StNN", "p": p, "pair": p},
            {"kind": "HankelNet", "p": 2 * p, "pair": p},
            {"kind": "dense", "parameters": size, "layers": 2, "pair": p},
        ]
    items = [
        {"system": y, "model": "front", "plan": plan, "noise": 0.0, "seed": s, "steps": steps, "reach": 100}
        for y in systems
        for plan in plans
        for s in seeds
    ]
    found = lab.parallel_map(contestants.fit_and_score, items, label="size and accuracy")
    rows = []
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
    wins = [at[s, p, kind] < at[s, p, "dense"] for s, p in pairs for kind in ("StNN", "HankelNet")]
    findings.measured["structured_wins_at_equal_size"] = Measured(
        float(np.mean(wins)) if wins else None, setting=f"{len(wins)} pairs, one-step error"
    )
    from inscape.studies.stnn.figures import size_accuracy_front

    findings.figures["size and accuracy"] = size_accuracy_front(rows)


def lotka(lab: Lab, findings: Findings) -> None:
    """C2 and bar 5: the LEADS benchmark."""
    seeds = _seeds(lab, lab.choose(smoke=1, desk=5, paper=5), "lotka-volterra")
    nets = list(lotka_volterra.window_nets())
    items = [
        {"net": net, "both": both, "seed": s, "same_starts": same}
        for net in nets
        for both in (True, False)
        for same in (True, False)
        for s in seeds[: lab.choose(smoke=1, desk=5 if same and both else 2, paper=5)]
    ]
    found = lab.parallel_map(lotka_volterra.window_score, items, label="Lotka-Volterra, windows")
    epochs = lab.choose(smoke=3, desk=3_000, paper=lotka_volterra.PAPER_EPOCHS)
    plans = [
        {"seed": seeds[0], "epochs": epochs, "shared": shared, "same_starts": True}
        for shared in lab.choose(smoke=(True,), desk=(True, False), paper=(True, False))
    ]
    leads = lab.parallel_map(lotka_volterra.leads_score, plans, label="Lotka-Volterra, LEADS")
    table = []
    by_net: dict[tuple[str, bool, bool], list[dict[str, Any]]] = {}
    for item, row in zip(items, found, strict=True):
        by_net.setdefault((item["net"], item["both"], item["same_starts"]), []).append(row)
    for (net, both, same), rows in by_net.items():
        table.append(
            {
                "model": net,
                "sees": "x and log x" if both else "log x",
                "starts": "one for all environments" if same else "drawn for each",
                "weights": rows[0]["parameters"],
                "seeds": len(rows),
                "error": float(np.median([r["mse"].mean() for r in rows])),
                "worst environment": float(np.median([r["mse"].max() for r in rows])),
                "fit, s": float(np.median([r["seconds"] for r in rows])),
            }
        )
    for plan, row in zip(plans, leads, strict=True):
        table.append(
            {
                "model": f"LEADS, {epochs} epochs"
                if plan["shared"]
                else f"one network an environment, {epochs} epochs",
                "sees": "x",
                "starts": "one for all environments",
                "weights": row["parameters"],
                "seeds": 1,
                "error": float(row["mse_after_window"].mean()),
                "worst environment": float(row["mse_after_window"].max()),
                "fit, s": row["seconds"],
            }
        )
    caption = "Lotka-Volterra, 10 environments: test mean squared error over the 16 samples after a window of 4"
    findings.tables["lotka-volterra"] = Table(caption, tuple(table))

    def error(net: str) -> np.ndarray:
        return np.array([r["mse"].mean() for r in by_net[net, True, True]])

    setting = f"{len(seeds)} seeds, starts as released, x and log x seen, log x forecast"
    stnn = by_net["StNN p=4, no activation", True, True]
    findings.measured["lotka_volterra"] = _median(error(nets[0]), f"{setting}; {stnn[0]['parameters']} weights")
    hankel = by_net["HankelNet p=4, no activation", True, True][0]["parameters"]
    findings.measured["lotka_volterra_hankelnet"] = _median(error(nets[1]), f"{setting}; {hankel} weights")
    findings.measured["lotka_volterra_with_activation"] = _median(error("StNN p=4, leaky ReLU"), setting)
    ours = leads[0]
    findings.measured["lotka_volterra_over_leads"] = Measured(
        float(ours["mse_after_window"].mean() / stnn[0]["mse"].mean()),
        setting=f"LEADS with {epochs} epochs, same runs; from the first sample its error is {ours['mse'].mean():.2e}",
    )
    findings.measured["lotka_volterra_size"] = Measured(
        ours["parameters"] / stnn[0]["parameters"], setting=f"{ours['parameters']} against {stnn[0]['parameters']}"
    )
    findings.notes += (
        "Lotka-Volterra: the nets that meet the bar have no activation, so they are structured linear laws of a window "
        "of x and log x; with an activation, or without the plain numbers, 160 windows are too few and the error is "
        "ten times larger or more. LEADS sees the plain states and is told the environment; it knows no window.",
        "Lotka-Volterra: the released code of LEADS starts every environment from the same states and keeps the epoch "
        "with the least error on the test runs; we take its starts and keep the last epoch.",
    )
    from inscape.studies.stnn.figures import errors_by_environment

    findings.figures["lotka-volterra by environment"] = errors_by_environment(
        {
            f"LEADS, {epochs} epochs": ours["mse_after_window"].tolist(),
            **{net: by_net[net, True, True][0]["mse"].tolist() for net in nets[:3]},
        },
        lotka_volterra.PAPER_MSE,
    )


def lobes(lab: Lab, findings: Findings) -> None:
    """HAVOK: the forcing of Lorenz, and what it foretells."""
    settings = lab.choose(
        smoke=((9, 100),),
        desk=((7, 100), (9, 100), (11, 100), (15, 100)),
        paper=((7, 100), (9, 100), (11, 100), (15, 100)),
    )
    duration = lab.choose(smoke=40.0, desk=200.0, paper=400.0)
    items = [{"rank": r, "delays": d, "duration": duration, "seed": lab.seed} for r, d in settings]
    found = lab.parallel_map(forcing.lobe_forecast, items, label="HAVOK")
    rows = []
    for item, row in zip(items, found, strict=True):
        for sign in ("forcing", "|x|", "|dx/dt|"):
            if sign != "forcing" and item is not items[0]:
                continue
            told = row[sign]
            rows.append(
                {
                    "sign": f"forcing, rank {item['rank']}" if sign == "forcing" else sign,
                    "switches": int(told["switches"]),
                    "foretold": told["sensitivity"],
                    "by chance": told["chance_sensitivity"],
                    "bursts that are followed": told["precision"],
                    "by chance ": told["chance_precision"],
                    "area under ROC": told["area"],
                    "lead": told["lead"],
                    "excess kurtosis": row["excess_kurtosis"] if sign == "forcing" else None,
                }
            )
    caption = (
        f"Changes of lobe of Lorenz foretold within {forcing.HORIZON} time units, threshold chosen on the other half"
    )
    findings.tables["changes of lobe"] = Table(caption, tuple(rows))
    best = max(range(len(found)), key=lambda k: found[k]["forcing"]["area"])
    row, item = found[best], items[best]
    told = row["forcing"]
    setting = (
        f"{duration / 2:g} time units, rank {item['rank']} (largest area of {len(items)}), {item['delays']} delays"
    )
    findings.measured["switches_foretold"] = Measured(
        told["sensitivity"],
        setting=f"{told['switches']:.0f} switches, {setting}; by chance {told['chance_sensitivity']:.2f}",
    )
    findings.measured["switch_precision_over_chance"] = Measured(
        told["precision"] / told["chance_precision"] if told["chance_precision"] else None,
        setting=f"{told['precision']:.2f} against {told['chance_precision']:.2f}, {setting}",
    )
    findings.measured["forcing_kurtosis"] = Measured(row["excess_kurtosis"], setting=setting)
    findings.measured["forcing_over_plain_sign"] = Measured(told["area"] - row["|x|"]["area"], setting=setting)
    from inscape.studies.stnn.figures import forcing_and_switches

    findings.figures["forcing and changes of lobe"] = forcing_and_switches(row["picture"])


def speed(lab: Lab, findings: Findings) -> None:
    """C4 and bar 6: one at a time, since two timings side by side would share a core's caches."""
    n = lab.choose(smoke=64, desk=costs.LONG, paper=costs.LONG)
    long = lab.step("long windows", costs.long_windows, n)
    findings.measured["long_window_speed"] = Measured(
        long["dense"] / long["hankel"], setting=f"n = {n}: {long['dense']:.0f} us against {long['hankel']:.0f} us"
    )
    short = lab.step("short windows", costs.short_windows)
    findings.measured["short_window_speed"] = Measured(
        short["stnn"] / short["dense"], setting=f"{short['stnn']:.1f} us against {short['dense']:.1f} us"
    )
    times = lab.step("forecast times", costs.forecast_times, {"steps": 1})
    rows = [{"model": name, "us": value} for name, value in times.items() if value is not None]
    findings.tables["times"] = Table(
        "Microseconds a sample of a 200-sample forecast, and of one compiled call", tuple(rows)
    )
    findings.measured["faster_than_dense"] = Measured(
        times["dense, same widths, one call"] / times["StNN, one call"],
        setting=f"{times['dense, same widths, one call']:.1f} us against {times['StNN, one call']:.1f} us",
    )
    others = {k: v for k, v in times.items() if v is not None and k in (*contestants.LINEAR, *contestants.SPARSE)}
    fastest = min(others, key=lambda k: others[k])
    findings.measured["faster_than_others"] = Measured(
        others[fastest] / times["StNN"], setting=f"{fastest}: {others[fastest]:.1f} us against {times['StNN']:.1f} us"
    )
    findings.measured["gpu_speed"] = Measured(
        None, setting="torch-structured loads on a GPU only (it imports triton at once), and none is here"
    )
