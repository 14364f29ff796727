"""Study 16: inverse dynamics pretraining. The recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from inscape.analysis.confounding import confounding
from inscape.models.inverse_dynamics import InverseDynamics
from inscape.studies.inverse_dynamics import linear, published
from inscape.studies.inverse_dynamics.claims import CLAIMS, PAPER
from inscape.studies.inverse_dynamics.films import film_of_paths
from inscape.studies.inverse_dynamics.remarks import remarks
from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.study import Study

STUDY = Study(
    number=16,
    name="inverse-dynamics",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "Demonstrations of many tasks that carry no label teach an encoder; a new task is then cloned from a few "
        "episodes on its frozen code. Asking which action led from one observation to the next finds the state, while "
        "cloning is confounded by goals that are not seen."
    ),
    rooms=("systems", "analysis", "models", "control"),
    needs=("neural", "robots"),
)


@STUDY.run
def run(lab: Lab) -> Findings:
    from inscape.studies.inverse_dynamics import figures
    from inscape.studies.inverse_dynamics.plan import all_arms

    findings = Findings()
    exact(lab, findings)
    rows = linear_world(lab, findings)
    meters(lab, findings)
    arms = all_arms(lab)
    objectives(findings, arms)
    sizes_of_pretraining(findings, arms)
    contexts(findings, arms)
    probes(findings, arms)
    variants(findings, arms)
    timing(lab, findings)
    paper_beside(findings, arms)
    findings.figures["success"] = figures.success_by_size(arms)
    findings.figures["linear"] = figures.linear_planes(rows)
    findings.figures["pretraining"] = figures.pretraining_sizes(arms)
    findings.figures["probes"] = figures.probe_errors(arms)
    findings.figures["published"] = figures.beside_the_paper(findings.tables["published"].rows)
    findings.figures["paths"] = figures.paths_to_a_goal(arms)
    findings.figures["frames"] = figures.what_is_seen()
    film_of_paths(arms, Path(lab.folder.path) / "films" / "to-a-new-goal.mp4", lab.choose(smoke=1, desk=4, paper=8))
    findings.notes = remarks(findings)
    return findings


def exact(lab: Lab, findings: Findings) -> None:
    """B1: the one-dimensional case."""
    item = {
        "kappa": 0.5,
        "steps": 20,
        "episodes": lab.choose(smoke=20_000, desk=200_000, paper=200_000),
        "seed": lab.seed,
    }
    found = lab.step("exact case", linear.exact_case, item)
    setting = f"{item['episodes']:,} episodes drawn"
    findings.measured["exact_slope"] = Measured(-56 * found["drawn_slope"], setting=setting)
    findings.measured["exact_r2"] = Measured(found["drawn_r2"], setting=f"{setting}; closed form {found['r2']:.5f}")
    findings.measured["exact_inverse"] = Measured(found["inverse_r2"], setting=setting)


def linear_world(lab: Lab, findings: Findings) -> list[dict[str, Any]]:
    """B2: planes found in closed form and policies from one episode."""
    counts = lab.choose(smoke=[300], desk=[30, 100, 300, 1000], paper=[30, 100, 300, 1000, 10_000])
    seeds = [s % 2**31 for s in lab.seeds(lab.choose(smoke=1, desk=5, paper=20), "linear")]
    goals = lab.choose(smoke=5, desk=20, paper=20)
    base: dict[str, Any] = {"distractor_std": 3.0, "actuated": None, "goals": goals, "offset": 1}
    items = [base | {"episodes": n, "seed": s} for n in counts for s in seeds]
    items += [base | {"episodes": counts[-1], "seed": s, "distractor_std": 0.3} for s in seeds]
    items += [base | {"episodes": counts[-1], "seed": s, "actuated": 2} for s in seeds]
    done = lab.parallel_map(linear.planes, items, label="linear worlds")
    loud, quiet, idle = done[: -2 * len(seeds)], done[-2 * len(seeds) : -len(seeds)], done[-len(seeds) :]
    enough = [found for item, found in zip(items, loud, strict=False) if item["episodes"] >= 300]
    setting = f"{len(seeds)} seeds, " + ", ".join(f"{n:,}" for n in counts if n >= 300) + " episodes"

    def of(found: list[dict[str, Any]], objective: str, what: str) -> list[float]:
        return [one[objective][what] for one in found]

    for claim, objective, worst in (
        ("linear_id", "inverse", max),
        ("linear_bc", "cloning", min),
        ("linear_fd", "forward", min),
    ):
        sines = of(enough, objective, "sine")
        findings.measured[claim] = Measured(worst(sines), min(sines), max(sines), setting + "; range")
    errors = of(enough, "inverse", "same_start")
    findings.measured["linear_id_error"] = Measured(
        max(errors), min(errors), max(errors), f"{setting}; {goals} goals each; judged on episodes from the same start"
    )
    others = [e for name in ("cloning", "forward", "variance") for e in of(enough, name, "same_start")]
    findings.measured["linear_other_error"] = Measured(min(others), min(others), max(others), setting)
    for claim, name in (("linear_true_error", "true plane"), ("linear_new_error", "inverse")):
        errors = of(enough, name, "new_start")
        findings.measured[claim] = Measured(
            float(np.mean(errors)), min(errors), max(errors), setting + "; other starts"
        )
    last = f"{len(seeds)} seeds, {counts[-1]:,} episodes; largest"
    findings.measured["linear_quiet"] = Measured(max(of(quiet, "forward", "sine")), setting=last)
    findings.measured["linear_rank"] = Measured(max(of(idle, "inverse", "actuated_sine")), setting=last)
    findings.measured["linear_unactuated"] = Measured(
        min(of(idle, "inverse", "sine")), setting=last.replace("largest", "smallest")
    )
    rows = [
        {
            "episodes": item["episodes"],
            "seed": item["seed"],
            "objective": name,
            "sine": told["sine"],
            "error, same start": told["same_start"],
            "error, new start": told["new_start"],
        }
        for item, found in zip(items, loud, strict=False)
        for name, told in found.items()
    ]
    findings.tables["linear"] = Table(
        "Linear encoders in closed form: angle to the state plane and one-episode policies", tuple(rows)
    )
    return rows


def meters(lab: Lab, findings: Findings) -> None:
    """The confounding meter and the label-free corpus: what is known before any training."""
    item = {"episodes": lab.choose(smoke=300, desk=2000, paper=2000), "seed": lab.seed}
    found = lab.step("confounding meter", linear.meter, item)
    apart = max(abs(found["one_frame"] - found["exact_one"]), abs(found["two_frames"] - found["exact_two"]))
    findings.measured["meter_error"] = Measured(
        apart,
        setting=f"{item['episodes']:,} episodes; exact {found['exact_one']:.3f} and {found['exact_two']:.3f}",
    )
    told = lab.step(
        "meter on frames",
        meter_on_frames,
        lab.choose(smoke=12, desk=200, paper=200),
        lab.choose(smoke=50, desk=500, paper=500),
    )
    for name in ("one_frame", "two_frames"):
        low, high = told[f"{name}_band"]
        findings.measured[name] = Measured(told[name], low, high, "episodes of hidden goals, 24 x 24 pixels")
    labelled, rest = lab.choose(smoke=(4, 20), desk=(10, 190), paper=(10, 190))
    findings.measured["pseudo_actions"] = Measured(
        lab.step("pseudo-actions", pseudo_actions, labelled, rest),
        setting=f"{labelled} labelled episodes, {rest} without, states",
    )


def meter_on_frames(episodes: int, features: int) -> dict[str, Any]:
    """The meter on frames of the point mass."""
    from inscape.systems.worlds import PointMass, demonstrations

    found = confounding(demonstrations(PointMass(), contexts=episodes, render=24, seed=5), features=features)
    return {
        "one_frame": found.one_frame,
        "two_frames": found.two_frames,
        "one_frame_band": list(found.one_frame_band),
        "two_frames_band": list(found.two_frames_band),
    }


def pseudo_actions(labelled: int, rest: int) -> float:
    """R² of the actions that an inverse of a few labelled episodes infers for the others."""
    from inscape.systems.worlds import PointMass, demonstrations

    runs = demonstrations(PointMass(), contexts=labelled + rest, seed=6)
    return InverseDynamics().fit(runs[:labelled]).score(runs[labelled:])


def objectives(findings: Findings, arms: Any) -> None:
    """B3, C1, C4, C7: frozen encoders on goals they never saw."""
    few, more = _sizes(arms)
    goals = len(arms.success("inverse", few))
    seeds = len(arms.runs["inverse"])
    setting = f"{goals} goals, {seeds} pretraining seeds, interval over goals"
    findings.measured["id_success"] = _mean(arms.success("inverse", few), setting)
    findings.measured["id_less_bc_2"] = _mean(arms.success("inverse", few) - arms.success("cloning", few), setting)
    findings.measured["id_less_bc_5"] = _mean(arms.success("inverse", more) - arms.success("cloning", more), setting)
    findings.measured["id_less_states"] = _mean(arms.success("inverse", few) - arms.success("states", few), setting)
    scratch = arms.success("scratch", few)
    findings.measured["over_scratch"] = _mean(arms.success("inverse", few) - scratch, setting)
    others = ("cloning", "forward-explicit", "forward-implicit", "contrastive")
    best = max(others, key=lambda arm: arms.success(arm, few).mean())
    findings.measured["others_over_scratch"] = _mean(arms.success(best, few) - scratch, f"{best}; {setting}")
    row = arms.sizes.index(few)
    for claim, what in (("scratch_train", "train"), ("scratch_held_out", "held_out")):
        own = np.mean([run[what][row] for run in arms.runs["inverse"]], axis=0)
        pixels = np.array([one[what] for one in arms.scratch[few]])
        findings.measured[claim] = Measured(float(pixels.mean() / own.mean()), setting=f"{goals} goals, {few} episodes")
    findings.measured["expert"] = Measured(arms.runs["states"][0]["expert"], setting=f"{goals} goals, 4 episodes each")
    rows = []
    for arm in (*arms.runs, "scratch"):
        for size in arms.sizes:
            told = _mean(arms.success(arm, size), "")
            if told.value is not None:
                rows.append({"arm": arm, "episodes": size, "success": told.value, "low": told.low, "high": told.high})
    findings.tables["success"] = Table("Success on new goals, mean and 95 % interval over goals", tuple(rows))


def sizes_of_pretraining(findings: Findings, arms: Any) -> None:
    """B4, C3, C6: more pretraining, and pretraining that knows the new goals."""
    few, _ = _sizes(arms)
    for name, short in (("inverse", "id"), ("cloning", "bc")):
        whole = arms.success(name, few)
        findings.measured[f"{short}_growth"] = _mean(whole - arms.success(f"{name}, few", few), "paired over goals")
        findings.measured[f"{short}_from_ten"] = _mean(
            whole - arms.success(f"{name}, fewest", few), "paired over goals"
        )
        findings.measured[f"{short}_included"] = _mean(
            arms.success(f"{name}, included", few) - arms.success(f"{name}, few", few),
            "episodes of the new goals take the place of others; paired over goals",
        )


def contexts(findings: Findings, arms: Any) -> None:
    """B6, C2: the goal drawn, and the arm that carries a puck."""
    few, more = _sizes(arms)
    hidden = arms.success("inverse", few) - arms.success("cloning", few)
    shown = arms.success("inverse, shown", few) - arms.success("cloning, shown", few)
    told = _mean(shown, "")
    value = None if told.value is None else abs(told.value)
    findings.measured["shown_gap"] = Measured(value, setting=f"ID - BC = {told.value:+.3f} ({_span(told)})")
    findings.measured["hidden_gain"] = _mean(hidden - shown, "paired over goals")
    carried = [arms.success(f"{name}, place", more) for name in ("inverse", "cloning")]
    findings.measured["place_gain"] = _mean(
        carried[0] - carried[1],
        f"success {carried[0].mean():.2f} and {carried[1].mean():.2f}; "
        f"expert {arms.runs['inverse, place'][0]['expert']:.2f}",
    )


def probes(findings: Findings, arms: Any) -> None:
    """B5, C5: the true place, read from frozen codes."""
    own = arms.probe("inverse")
    findings.measured["probe_id"] = Measured(100 * own, setting="ridge regression, episodes left out")
    for claim, arm in (
        ("probe_over_bc", "cloning"),
        ("probe_over_fdi", "forward-implicit"),
        ("probe_over_cont", "contrastive"),
        ("probe_over_fde", "forward-explicit"),
    ):
        findings.measured[claim] = Measured(own / arms.probe(arm), setting=f"{100 * arms.probe(arm):.2f} cm there")
    rows = [
        {
            "arm": arm,
            "place, cm": 100 * arms.probe(arm),
            "speed, cm/s": 100 * float(np.mean([np.sqrt((run["probe"][2:4] ** 2).mean()) for run in runs])),
            "cloning error of unseen episodes": float(np.mean([run["cloning_error"] for run in runs])),
            "pretraining, CPU s": float(np.mean([run["seconds"] for run in runs])),
        }
        for arm, runs in arms.runs.items()
        if not arm.endswith("place")
    ]
    findings.tables["probes"] = Table("What a linear map reads from each code", tuple(rows))


def variants(findings: Findings, arms: Any) -> None:
    """The trap of separate crops, and k chosen without labels."""
    from inscape.studies.inverse_dynamics.plan import OFFSETS

    few, _ = _sizes(arms)
    own = arms.success("inverse", few)
    findings.measured["crops_apart"] = _mean(own - arms.success("inverse, crops apart", few), "paired over goals")
    names = {1: "inverse"} | {k: f"inverse, k = {k}" for k in OFFSETS}
    errors = {k: arms.runs[arm][0]["cloning_error"] for k, arm in names.items()}
    success = {k: float(arms.success(arm, few).mean()) for k, arm in names.items()}
    chosen = min(errors, key=errors.__getitem__)
    findings.measured["offset"] = Measured(
        float(chosen), setting="cloning error " + ", ".join(f"k {k}: {e:.3f}" for k, e in errors.items())
    )
    findings.measured["offset_regret"] = Measured(
        max(success.values()) - success[chosen], setting=", ".join(f"k {k}: {s:.2f}" for k, s in success.items())
    )


def timing(lab: Lab, findings: Findings) -> None:
    """B7: many heads at once."""
    from inscape.studies.inverse_dynamics.speed import heads_together

    item = {
        "heads": lab.choose(smoke=2, desk=24, paper=24),
        "demonstrations": 2,
        "steps": lab.choose(smoke=10, desk=600, paper=600),
        "batch": 64,
        "episodes": lab.choose(smoke=1, desk=20, paper=20),
        "seed": 0,
    }
    told = lab.step("speed", heads_together, item)
    if told["peer"] is None:
        why = f"imitation is not installed; ours took {told['ours']['cpu']:.1f} CPU s. pip install imitation"
        findings.measured["speed"] = Measured(None, setting=why)
        return
    findings.measured["speed"] = Measured(
        told["peer"]["cpu"] / told["ours"]["cpu"],
        setting=f"{told['peer']['cpu']:.1f} and {told['ours']['cpu']:.1f} CPU s; success "
        f"{told['peer']['success']:.2f} and {told['ours']['success']:.2f}",
    )


def paper_beside(findings: Findings, arms: Any) -> None:
    """B8: every bar of the paper's figures, ours beside it where we measured the same."""
    few, _ = _sizes(arms)
    ours: dict[tuple[str, str, str], tuple[float, float, float]] = {}
    for arm, method in published.METHODS.items():
        for letter, episodes in published.FINETUNE.items():
            told = _mean(arms.success(arm, episodes), "") if episodes in arms.sizes else Measured(None)
            if told.value is not None:
                ours["finetune", letter, method] = _triple(told)
    for arm in ("inverse", "cloning"):
        for letter, suffix in (("S", ", fewest"), ("M", ", few"), ("L", "")):
            ours["pretrain", letter, published.METHODS[arm]] = _triple(_mean(arms.success(arm + suffix, few), ""))
    bars = published.published()
    rows = published.beside_ours(bars, ours)
    findings.tables["published"] = Table("The paper's bars (read from its figures) and ours", tuple(rows))
    if not bars:
        for claim in ("published_rows", "published_same", "order"):
            findings.measured[claim] = Measured(
                None, setting="published_success.csv not found; set INSCAPE_DATA to its folder"
            )
        return
    findings.measured["published_rows"] = Measured(float(len(rows)), setting="all in the table")
    judged = [row["same"] for row in rows if row["same"] in ("met", "not met")]
    findings.measured["published_same"] = Measured(
        100 * judged.count("met") / len(judged) if judged else None, setting=f"{len(judged)} bars that we measured too"
    )
    from scipy.stats import spearmanr

    pairs = [
        (row["published"], row["ours"])
        for row in rows
        if row["environment"] == "Point Mass"
        and (row["sweep"], row["size"]) == ("finetune", "M")
        and row["ours"] is not None
    ]
    differ = len(pairs) > 2 and np.ptp(np.array(pairs), axis=0).min() > 0
    rho = spearmanr(*zip(*pairs, strict=True)).statistic if differ else None
    findings.measured["order"] = Measured(rho, setting=f"{len(pairs)} methods, {few} episodes, point mass")


def _sizes(arms: Any) -> tuple[int, int]:
    return arms.sizes[min(1, len(arms.sizes) - 1)], arms.sizes[min(2, len(arms.sizes) - 1)]


def _mean(values: np.ndarray, setting: str) -> Measured:
    if not np.isfinite(values).all():
        return Measured(None, setting="not measured at this size")
    low, high = bootstrap_interval(values, lambda v: float(v.mean()))
    return Measured(float(values.mean()), low, high, setting)


def _triple(told: Measured) -> tuple[float, float, float]:
    nan = float("nan")
    return tuple(nan if v is None else v for v in (told.value, told.low, told.high))  # type: ignore[return-value]


def _span(told: Measured) -> str:
    return "no interval" if told.low is None or told.high is None else f"{told.low:+.3f} to {told.high:+.3f}"
