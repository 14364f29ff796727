"""Study 25: a policy from few steps in the world, and a formula from the policy. The recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.sindy_rl import engine, figures, speed
from inscape.studies.sindy_rl.claims import CLAIMS, PAPER
from inscape.studies.sindy_rl.curves import JUDGES, best_within, steps_to
from inscape.studies.sindy_rl.flow import cylinders
from inscape.studies.sindy_rl.remarks import remarks
from inscape.studies.study import Study

STUDY = Study(
    number=25,
    name="sindy-rl",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "A sparse law is learned from a few thousand steps of a world, a network policy is trained inside it, and the "
        "policy is rewritten as a cubic formula. Beside it: a linear law, networks as law, MB-MPO, and PPO in the "
        "world itself. The same in a flow, where a turned cylinder is to save drag."
    ),
    rooms=("systems", "models", "control"),
    needs=("robots", "neural", "studies"),
)

Runs = dict[str, list[dict[str, Any]]]
LEVEL = 700.0


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    equality(lab, findings)
    speeds(lab, findings)
    pelts(lab, findings)
    runs = swing_ups(lab)
    efficiency(findings, runs)
    formulas(findings, runs["quadratic law"])
    variances(findings, runs["quadratic law"])
    controls(lab, findings, runs)
    swimmers(lab, findings)
    cylinders(lab, findings)
    films(lab, runs["quadratic law"])
    findings.notes = remarks(findings)
    return findings


def equality(lab: Lab, findings: Findings) -> None:
    """B1."""
    count = lab.choose(smoke=6, desk=30, paper=30)
    pairs = lab.parallel_map(engine.random_fit, [{"number": n} for n in range(count)], label="fits like PySINDy's")
    known = [pair for pair in pairs if pair is not None]
    setting = f"{len(known)} random fits, every sixth collinear" if known else "PySINDy not installed"
    same = sum(pair["same"] for pair in known) if known else None
    findings.measured["support"] = Measured(same, setting=setting)
    findings.measured["coefficients"] = Measured(
        max(pair["apart"] for pair in known) if known else None, setting=setting
    )


def speeds(lab: Lab, findings: Findings) -> None:
    """B2, B3: one measurement at a time."""
    if findings.measured["support"].value is None:
        for name in ("speed_refit", "speed_lorenz96", "speed_grid", "speed_blocks", "rollout_one", "rollout_many"):
            findings.measured[name] = Measured(None, setting="PySINDy not installed")
        return
    plans = {
        "refit": (lab.choose(smoke=1_000, desk=16_000, paper=16_000), lab.choose(smoke=2, desk=20, paper=20)),
        "lorenz96": (lab.choose(smoke=600, desk=20_000, paper=20_000), lab.choose(smoke=1, desk=2, paper=20)),
        "grid": (lab.choose(smoke=1_000, desk=16_000, paper=16_000), lab.choose(smoke=2, desk=20, paper=20)),
    }
    rows, blocks = [], []
    for case, (size, theirs) in plans.items():
        told = lab.step(f"speed of {case}", speed.fits, {"case": case, "rows": size, "theirs": theirs})
        ratio = {name: told["theirs"] / told[name] for name in speed.BOOTSTRAPS}
        blocks.append(ratio["blocks"])
        setting = f"{size} rows, {told['rows']:.3g} s against {told['theirs']:.3g} s"
        findings.measured[f"speed_{case}"] = Measured(ratio["rows"], setting=setting)
        rows.append({"case": case, "PySINDy, s": told["theirs"], "rows, s": told["rows"], "blocks, s": told["blocks"]})
    findings.measured["speed_blocks"] = Measured(min(blocks), setting="the slowest of the three cases")
    steps = lab.choose(smoke=2_000, desk=100_000, paper=100_000)
    told = lab.step("speed of roll-outs", speed.rollouts, {"steps": steps, "their_steps": 100})
    findings.measured["rollout_one"] = Measured(told["theirs"] / told["one"], setting=f"{1 / told['one']:,.0f} steps/s")
    findings.measured["rollout_many"] = Measured(1e-6 / told["many"], setting="256 worlds, one thread")
    findings.tables["speed"] = Table("CPU seconds of 20 models (grid: 25 pairs), one thread", tuple(rows))


def pelts(lab: Lab, findings: Findings) -> None:
    """B8."""
    models = lab.choose(smoke=100, desk=1000, paper=1000)
    told = lab.step("hare and lynx", engine.lynx_and_hare, models)
    setting = f"21 years, {models} row bootstraps, degree 2, threshold 0.19"
    least = min(row["inclusion"] for row in told["shares"] if row["true"])
    most = max(row["inclusion"] for row in told["shares"] if not row["true"])
    findings.measured["lynx_hare"] = Measured(least, setting=setting)
    findings.measured["lynx_hare_rest"] = Measured(most, setting=setting)
    findings.measured["lynx_hare_time"] = Measured(told["seconds"], setting=setting)
    findings.figures["hare-and-lynx"] = figures.inclusions(told["shares"])


def swing_ups(lab: Lab) -> Runs:
    """All arms, every seed an item of its own."""
    # The rooms below need torch and gymnasium; the list of studies does not.
    from inscape.studies.sindy_rl import swing_up

    size = {
        "steps": lab.choose(smoke=4_096, desk=3_000_000, paper=10_000_000),
        "worlds": lab.choose(smoke=16, desk=256, paper=256),
        "random_steps": lab.choose(smoke=400, desk=8_000, paper=8_000),
        "collect": lab.choose(smoke=50, desk=500, paper=500),
        "evaluate": lab.choose(smoke=1, desk=4, paper=4),
        "formula_steps": lab.choose(smoke=300, desk=5_000, paper=5_000),
    }
    counts = {
        "quadratic law": ("quadratic", True, lab.choose(smoke=1, desk=5, paper=20)),
        "linear law": ("linear", True, lab.choose(smoke=1, desk=3, paper=20)),
        "networks as law": ("network", True, lab.choose(smoke=1, desk=3, paper=20)),
        "never refitted": ("quadratic", False, lab.choose(smoke=1, desk=2, paper=5)),
    }
    items, owners = [], []
    for name, (kind, refit, count) in counts.items():
        for seed in range(count):
            items.append(size | {"law": kind, "refit": refit, "seed": lab.seed + seed})
            owners.append(name)
    told = lab.parallel_map(swing_up.trained, items, label="swing-up inside laws")
    rivals = [
        {
            "seed": lab.seed + seed,
            "steps": lab.choose(smoke=4_096, desk=4_000_000, paper=5_000_000),
            "worlds": lab.choose(smoke=16, desk=256, paper=256),
            "until": lab.choose(smoke=1.0, desk=800.0, paper=1000.0),
        }
        for seed in range(lab.choose(smoke=1, desk=3, paper=20))
    ]
    free = lab.parallel_map(swing_up.model_free, rivals, label="swing-up in the world")
    runs: Runs = {name: [run for run, owner in zip(told, owners, strict=True) if owner == name] for name in counts}
    return runs | meta_policies(lab, size) | {"PPO in the world": free}


def meta_policies(lab: Lab, size: dict[str, Any]) -> Runs:
    """C2's last arm: as many steps in the world as the others take, and its own numbers inside the law; and the same
    without the adaptation that the method is about."""
    from inscape.studies.sindy_rl import swing_up

    item = {name: size[name] for name in ("random_steps", "collect", "evaluate")} | {
        "hidden": lab.choose(smoke=[8], desk=[64, 64], paper=[512, 512]),
        "worlds": lab.choose(smoke=10, desk=80, paper=250),
        "refit_every": lab.choose(smoke=1, desk=10, paper=10),
        "steps": lab.choose(smoke=2_560, desk=3_788_800, paper=46_080_000),
    }
    seeds = [lab.seed + seed for seed in range(lab.choose(smoke=1, desk=3, paper=20))]
    metas = lab.parallel_map(swing_up.meta_trained, [item | {"seed": s} for s in seeds], label="swing-up by MB-MPO")
    plain = [item | {"seed": s, "inner_rate": 0.0} for s in seeds[: lab.choose(smoke=1, desk=2, paper=5)]]
    alone = lab.parallel_map(swing_up.meta_trained, plain, label="swing-up by MB-MPO without adaptation")
    return {"MB-MPO": metas, "MB-MPO, no adaptation": alone}


def efficiency(findings: Findings, runs: Runs) -> None:
    """C1, C2, B4-B6."""
    ours, free = runs["quadratic law"], runs["PPO in the world"]
    best = np.array([best_within(run) for run in ours])
    low, high = bootstrap_interval(best, np.median)
    setting = (
        f"{len(ours)} seeds, {ours[0]['real_steps'][-1]:,} steps in the world; {np.round(best).astype(int).tolist()}"
    )
    findings.measured["swing_up"] = Measured(float(np.median(best)), low, high, setting)
    findings.measured["swing_up_time"] = Measured(
        max(run["seconds"] for run in ours) / 60, setting=f"{len(ours)} seeds"
    )
    for name, arm in (("linear", "linear law"), ("network", "networks as law"), ("meta", "MB-MPO")):
        rivals = runs[arm]
        theirs = np.array([best_within(run) for run in rivals])
        margin = float(np.median(best) - np.median(theirs))
        told = f"median of {len(ours)} seeds less median of {len(rivals)}: {np.round(theirs).astype(int).tolist()}"
        findings.measured[f"over_{name}"] = Measured(margin, setting=told)
    findings.measured["margin"] = findings.measured["over_linear"]
    for name, level, counted in (
        ("efficiency", LEVEL, False),
        ("efficiency_all", LEVEL, True),
        ("fewer_steps", _level_of(free), False),
    ):
        findings.measured[name] = _ratio(ours, free, level, counted)
    arms = {name: runs[name] for name in figures.LOOKS}
    findings.figures["steps-in-the-world"] = figures.sample_efficiency(arms)
    findings.figures["lost-episodes"] = figures.trust({n: r for n, r in arms.items() if n != "PPO in the world"})
    findings.tables["seeds"] = Table(
        "Swing-up, every run",
        tuple(
            {
                "arm": name,
                "best return": float(np.max(run["returns"])),
                "last policy": run.get("last"),
                "steps in the world": run["real_steps"][-1],
                "steps to 700": _finite(steps_to(run, LEVEL)),
                "terms of the law": run.get("terms"),
                "CPU, s": run["seconds"],
            }
            for name, several in runs.items()
            for run in several
        ),
    )


def _level_of(free: list[dict[str, Any]]) -> float:
    """PPO's level: 95 % of what it reaches in the world at best, the median over seeds."""
    return 0.95 * float(np.median([np.max(run["returns"]) for run in free]))


def _ratio(ours: list[dict[str, Any]], free: list[dict[str, Any]], level: float, counted: bool) -> Measured:
    mine = float(np.median([steps_to(run, level, counted) for run in ours]))
    capped = [min(steps_to(run, level), float(run["real_steps"][-1])) for run in free]
    theirs = float(np.median(capped))
    never = sum(not np.isfinite(steps_to(run, level)) for run in free)
    bound = f"; {never} of {len(free)} PPO runs never reached it (a lower bound)" if never else ""
    if not np.isfinite(mine):
        return Measured(None, setting=f"fewer than half of our seeds reached {level:.0f}{bound}")
    with_all = ", evaluations counted" if counted else ""
    return Measured(theirs / mine, setting=f"to {level:.0f}: {theirs:,.0f} against {mine:,.0f} steps{with_all}{bound}")


def formulas(findings: Findings, ours: list[dict[str, Any]]) -> None:
    """C4, B7, over the seeds whose network swings the pole up."""
    able = [run for run in ours if run["formula"]["network"] >= LEVEL] or ours
    made = [run["formula"] for run in able]
    share = np.array([100 * f["printed"] / f["network"] for f in made])
    low, high = bootstrap_interval(share, np.median)
    setting = (
        f"{len(made)} networks; returns {[round(f['printed']) for f in made]} of {[round(f['network']) for f in made]}"
    )
    findings.measured["formula_return"] = Measured(float(np.median(share)), low, high, setting)
    more = np.array([100 * f["more"] / f["network"] for f in made])
    told = "four rounds instead of one"
    findings.measured["control_rounds"] = Measured(float(np.median(more)), *bootstrap_interval(more, np.median), told)
    size = float(np.median([f["printed_size"] for f in made]))
    findings.measured["formula_terms"] = Measured(max(f["printed_size"] for f in made), setting="the largest")
    findings.measured["formula_size"] = Measured(
        made[0]["network_size"] / size, setting=f"{made[0]['network_size']} / {size:g}"
    )
    jerk = [f["network_jerk"] / max(f["printed_jerk"], 1e-12) for f in made]
    findings.measured["formula_smoother"] = Measured(
        float(np.median(jerk)),
        *bootstrap_interval(jerk, np.median),
        "mean change of the action a step, network over formula",
    )
    held = [f["printed_multiplier"] for f in made]
    told = f"below 1 small displacements die out; {sum(m < 1 for m in held)} of {len(held)} networks"
    findings.measured["formula_stable"] = Measured(float(np.median(held)), setting=told)
    findings.figures["formulas"] = figures.formulas(ours)
    best = max(made, key=lambda f: f["printed"])
    rows = [{"what": "policy", "formula": line} for line in best["printed_text"]]
    rows += [{"what": "law", "formula": line} for line in able[made.index(best)]["equations"]]
    findings.tables["formulas"] = Table("The best formula and the law it was made in", tuple(rows))


def variances(findings: Findings, ours: list[dict[str, Any]]) -> None:
    """C5."""
    told = [run["variance"] for run in ours]
    ratio = [v["off"] / v["on"] for v in told]
    setting = f"medians over 1,000 steps each, {len(told)} seeds"
    findings.measured["variance_off"] = Measured(
        float(np.median(ratio)), *bootstrap_interval(ratio, np.median), setting
    )
    rank = [v["correlation"] for v in told]
    findings.measured["variance_tells"] = Measured(
        float(np.median(rank)), *bootstrap_interval(rank, np.median), setting
    )
    findings.figures["uncertainty"] = figures.uncertainty(ours[0])


def controls(lab: Lab, findings: Findings, runs: Runs) -> None:
    """What is left without refits, without choosing, without anything."""
    from inscape.studies.sindy_rl import swing_up

    alone = runs["never refitted"]
    findings.measured["control_no_refit"] = Measured(
        float(np.median([run["judged"] for run in alone])), setting=f"{len(alone)} seeds, the same surrogate steps"
    )
    plain = [best_within(run) for run in runs["MB-MPO, no adaptation"]]
    findings.measured["control_no_adaptation"] = Measured(
        float(np.median(plain)), setting=f"{np.round(plain).astype(int).tolist()}; each member still has its own worlds"
    )
    last = [run["last"] for run in runs["quadratic law"]]
    findings.measured["control_last"] = Measured(float(np.median(last)), *bootstrap_interval(last, np.median))
    findings.measured["control_random"] = Measured(
        lab.step("random actions", swing_up.random_return, {"seed": lab.seed})
    )


def swimmers(lab: Lab, findings: Findings) -> None:
    """C3."""
    from inscape.studies.sindy_rl import swimmer

    generations = lab.choose(smoke=1, desk=8, paper=12)
    common = {
        "members": lab.choose(smoke=2, desk=4, paper=16),
        "generations": generations,
        "minibatch": lab.choose(smoke=64, desk=1024, paper=1024),
        "segment": lab.choose(smoke=8, desk=64, paper=64),
        "every": lab.choose(smoke=5, desk=15, paper=50),
        "random_steps": lab.choose(smoke=400, desk=12_000, paper=12_000),
        "collect": lab.choose(smoke=50, desk=1_000, paper=1_000),
        "horizon": lab.choose(smoke=50, desk=1_000, paper=1_000),
    }
    inside = common | {"law": True, "worlds": lab.choose(smoke=4, desk=128, paper=256)}
    outside = common | {"law": False, "worlds": lab.choose(smoke=4, desk=16, paper=64)}
    seeds = [lab.seed + seed for seed in range(lab.choose(smoke=1, desk=5, paper=20))]
    items = [arm | {"seed": seed} for arm in (inside, outside) for seed in seeds]
    told = lab.parallel_map(swimmer.population, items, label="swimmer populations")
    mine, theirs = told[: len(seeds)], told[len(seeds) :]
    best = [float(np.median([max(run["returns"]) for run in arm])) for arm in (mine, theirs)]
    level = min(best)
    ratios = [_before(b, level) / _before(a, level) for a, b in zip(mine, theirs, strict=True)]
    spent = [arm[0]["real_steps"][-1] for arm in (mine, theirs)]
    setting = (
        f"to a return of {level:.0f}, {len(seeds)} pairs of runs; {common['members']} members, {generations} "
        f"generations; median best {best[0]:.0f} within {spent[0]:,} steps against {best[1]:.0f} within {spent[1]:,}"
    )
    findings.measured["swimmer"] = Measured(float(np.median(ratios)), *bootstrap_interval(ratios, np.median), setting)


def _before(run: dict[str, Any], level: float) -> float:
    """Steps in the world to a level; a run that never came to it counts with all of its steps."""
    return min(steps_to(run, level), float(run["real_steps"][-1]))


def films(lab: Lab, ours: list[dict[str, Any]]) -> None:
    """The best network and its formula at work, as files of the run."""
    from inscape.control.dictionary_policy import DictionaryPolicy
    from inscape.control.gaussian_policy import GaussianPolicy
    from inscape.systems.worlds import CartpoleSwingup, film

    best = max(ours, key=lambda run: run["judged"])
    folder = Path(lab.folder.path) / "films"
    folder.mkdir(exist_ok=True)
    steps = lab.choose(smoke=20, desk=1000, paper=1000)
    acting = {
        "network": GaussianPolicy.of_state(best["policy"]),
        "formula": DictionaryPolicy.of_state(best["formula"]["printed_policy"]),
    }
    for name, policy in acting.items():
        file = folder / f"swing-up-{name}.gif"
        if not file.exists():
            film(CartpoleSwingup(), policy, file, steps=steps, seed=JUDGES)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
