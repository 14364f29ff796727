"""Study 05: circuits as priors for bodies that move. The recipe."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inscape.studies.circuit_priors import arms, figures, speed
from inscape.studies.circuit_priors.claims import CLAIMS, PAPER
from inscape.studies.circuit_priors.remarks import remarks
from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.study import Study

STUDY = Study(
    number=5,
    name="circuit-priors",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "A circuit of named neurons, taken from how a worm swims, moves a body well before any training, learns with "
        "four weights, and goes with a body of another length. A network without it starts from nothing."
    ),
    rooms=("systems", "control", "analysis"),
    needs=("robots", "neural"),
)
LEVELS = (700, 800, 900)


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    steps = lab.choose(smoke=100, desk=1000, paper=1000)
    birth = at_birth(lab, findings, steps)
    wiring(lab, findings, steps)
    four, thirty = searches(lab, findings, steps)
    networks = rivals(lab, findings, steps, birth)
    compare(findings, four, thirty, networks, steps)
    bodies(lab, findings, four, steps)
    walkers(lab, findings)
    held_signs(lab, findings)
    timing(lab, findings)
    pictures(lab, findings, four, networks, birth, steps)
    findings.notes = remarks(findings)
    return findings


def at_birth(lab: Lab, findings: Findings, steps: int) -> float:
    """C1 and bar 1."""
    episodes = lab.choose(smoke=2, desk=10, paper=30)
    item = {"episodes": episodes, "networks": lab.choose(smoke=2, desk=10, paper=30), "steps": steps}
    found = lab.step("at birth", arms.at_birth, item)
    findings.measured["birth"] = over(found["circuit"], f"{episodes} starts")
    findings.measured["birth_random"] = over(found["random"], f"{episodes} starts")
    findings.measured["birth_mlp"] = Measured(max(found["network"]), setting=f"{len(found['network'])} draws")
    pair = lab.step("in dm_control", arms.in_dm_control, {"episodes": episodes, "steps": steps})
    apart = [100.0 * abs(a - b) / b for a, b in zip(pair["ours"], pair["theirs"], strict=True) if b]
    findings.measured["birth_oracle"] = Measured(
        max(apart) if apart else None, setting=f"{len(apart)} starts" if apart else "dm_control not installed"
    )
    return float(np.mean(found["circuit"]))


def wiring(lab: Lab, findings: Findings, steps: int) -> None:
    """C6 and bar 2: signs, magnitudes, and what is cut."""
    few = {"episodes": lab.choose(smoke=1, desk=3, paper=10), "steps": steps}
    rows = lab.step("sign patterns", arms.signs, few)
    designed = next(row["return"] for row in rows if row["designed"])
    others = max(row["return"] for row in rows if not row["designed"])
    findings.measured["sign"] = Measured(
        designed / others if others else None, setting=f"designed {designed:.0f}, best other {others:.0f}"
    )
    findings.tables["signs"] = Table("Return of each sign pattern of the four weights, untrained", tuple(rows))
    findings.figures["sign patterns"] = figures.sign_patterns(rows)
    draws = few | {"draws": lab.choose(smoke=2, desk=20, paper=100), "seed": lab.seed}
    found = lab.step("ablations", arms.ablations, draws)
    findings.measured["magnitude"] = over(found["magnitude"], f"{draws['draws']} draws")
    findings.measured["sign_free"] = over(found["free"], f"{draws['draws']} draws")
    findings.measured["no_proprioception"] = Measured(found["no prop"], setting=f"{few['episodes']} starts")
    findings.measured["no_contralateral"] = Measured(found["no contra"] / found["whole"] if found["whole"] else None)
    wanted = lab.choose(smoke=[40, 60], desk=[20, 30, 40, 50, 60, 70, 80, 100, 140], paper=list(range(20, 141, 5)))
    rows = lab.step("periods", arms.periods, few | {"periods": wanted})
    findings.figures["periods"] = figures.period_curve(rows)


def searches(lab: Lab, findings: Findings, steps: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The circuit's weights by CMA-ES, four or thirty, and by other searches."""
    common = {"steps": steps, "judged": lab.choose(smoke=1, desk=10, paper=30)}
    four = [
        common
        | {
            "method": "cma",
            "shared": True,
            "learned": (),
            "seed": s,
            "episodes": lab.choose(smoke=16, desk=80, paper=400),
        }
        for s in small(lab.seeds(lab.choose(smoke=1, desk=5, paper=10), "four weights"))
    ]
    thirty = [
        common
        | {
            "method": "cma",
            "shared": False,
            "learned": ("period", "duty"),
            "seed": s,
            "episodes": lab.choose(smoke=14, desk=600, paper=3000),
            "settings": {"sigma": 0.3, "recheck": lab.choose(smoke=1, desk=6, paper=10)},
        }
        for s in small(lab.seeds(lab.choose(smoke=1, desk=3, paper=10), "thirty weights"))
    ]
    free = [{**item, "learned": ("period", "duty")} for item in four[: lab.choose(smoke=1, desk=3, paper=10)]]
    count = lab.choose(smoke=8, desk=160, paper=800)
    others = [four[0] | {"method": "ars", "episodes": count}]
    others += [four[0] | {"method": "es", "episodes": count, "settings": {"weight_decay": d}} for d in (0.005, 0.0)]
    found = lab.parallel_map(arms.searched, [*four, *thirty, *free, *others], label="searching circuits")
    ends = np.cumsum([len(four), len(thirty), len(free)])
    found_four, found_thirty, found_free = found[: ends[0]], found[ends[0] : ends[1]], found[ends[1] : ends[2]]
    ars, decayed, plain = found[ends[2] :]
    findings.measured["period"] = over([r["period"] for r in found_free], f"{len(free)} seeds, 4 weights, free clock")
    findings.measured["es_circuit"] = Measured(decayed["return"], setting=f"{count} episodes, weight decay 0.005")
    findings.measured["es_no_decay"] = Measured(plain["return"], setting=f"{count} episodes")
    findings.measured["formula"] = Measured(max(r["formula"] for r in found_four), setting="the longest of the seeds")
    findings.measured["final_unshared"] = over([r["return"] for r in found_thirty], f"{len(thirty)} seeds")
    names = ("four weights, CMA-ES", "thirty weights and clock, CMA-ES", "four weights and clock, CMA-ES")
    rows = [
        {"arm": name, "seed": k, "return": r["return"], "period": r["period"], "episodes": r["curve"][-1][0]}
        for name, runs in zip(names, (found_four, found_thirty, found_free), strict=True)
        for k, r in enumerate(runs)
    ]
    named = (("ARS", ars), ("published evolution strategy", decayed), ("the same without decay", plain))
    rows += [
        {"arm": name, "seed": 0, "return": r["return"], "period": r["period"], "episodes": r["curve"][-1][0]}
        for name, r in named
    ]
    findings.tables["searches"] = Table("What each search found, played in fresh episodes", tuple(rows))
    return found_four, [*found_thirty, *found_free]


def rivals(lab: Lab, findings: Findings, steps: int, birth: float) -> list[dict[str, Any]]:
    """PPO on a network, and on the circuit."""
    seeds = small(lab.seeds(lab.choose(smoke=1, desk=3, paper=10), "ppo"))
    common = {"world": "swimmer", "steps": steps, "judged": lab.choose(smoke=1, desk=10, paper=30)}
    nets = [
        common | {"actor": "network", "seed": s, "steps_in_all": lab.choose(smoke=2048, desk=300_000, paper=3_000_000)}
        for s in seeds
    ]
    wired = common | {
        "actor": "circuit",
        "seed": seeds[0],
        "steps_in_all": lab.choose(smoke=2048, desk=60_000, paper=300_000),
    }
    found = lab.parallel_map(arms.ppo, [*nets, wired], label="training by PPO")
    networks, circuit = found[:-1], found[-1]
    findings.measured["final_network"] = over([r["return"] for r in networks], f"{len(nets)} seeds")
    findings.measured["ppo_circuit"] = Measured(
        circuit["return"] / birth if birth else None,
        setting=f"{circuit['return']:.0f} after {wired['steps_in_all']} steps, {birth:.0f} before",
    )
    actor = 24 * 64 + 64 + 64 * 64 + 64 + 64 * 5 + 5
    findings.measured["parameters"] = Measured(actor / 4, setting=f"{actor} against 4")
    return networks


def compare(
    findings: Findings,
    four: Sequence[dict[str, Any]],
    free: Sequence[dict[str, Any]],
    networks: Sequence[dict[str, Any]],
    steps: int,
) -> None:
    """C2, C3 and bars 3 and 5."""
    best_network = max(r["return"] for r in networks)
    best = max(r["return"] for r in (*four, *free))
    both = f"{best:.0f} against {best_network:.0f}, best seed of each"
    findings.measured["final"] = Measured(best / best_network if best_network else None, setting=both)
    best_four = max(r["return"] for r in four)
    findings.measured["final_four"] = Measured(best_four / best_network if best_network else None)
    reached = {level: [steps * episodes_to(r["curve"], level) for r in four] for level in LEVELS}
    theirs = {level: [steps_to(r, level) for r in networks] for level in LEVELS}
    findings.measured["seeds_to_900"] = Measured(
        float(sum(s <= 60 * steps for s in reached[900]) * 5 / len(four)),
        setting=f"{len(four)} seeds; episodes: {', '.join(f'{s / steps:.0f}' for s in reached[900])}",
    )
    birth = findings.measured["birth"].value or 0.0
    findings.measured["steps_at_750"] = Measured(0.0 if birth >= 750 else float(np.median(reached[700])))
    for level in LEVELS:
        ours, rival = float(np.median(reached[level])), float(np.median(theirs[level]))
        known = np.isfinite(ours) and np.isfinite(rival) and ours > 0
        at_birth = level <= birth
        said = f"medians: {ours:.0f} against {rival:.0f} steps" + (", none needed at birth" if at_birth else "")
        findings.measured[f"data_{level}"] = Measured(rival / ours if known else None, setting=said)


def bodies(lab: Lab, findings: Findings, four: Sequence[dict[str, Any]], steps: int) -> None:
    """C5 and bar 4; lesions."""
    longer = (8, 10, 12, 14)
    item = {
        "weights": [r["weights"] for r in four],
        "links": lab.choose(smoke=[3, 8], desk=[3, 4, 5, 6, 7, 8, 10, 12, 14], paper=list(range(3, 17))),
        "episodes": lab.choose(smoke=1, desk=3, paper=10),
        "steps": steps,
    }
    rows = lab.step("other bodies", arms.transfer, item)
    home = [row for row in rows if row["medium"] == "home" and row["links"] in longer]
    findings.measured["transfer"] = Measured(
        min(row["trained"] for row in home), setting=f"mean over {len(four)} seeds, worst of {len(home)} bodies"
    )
    findings.measured["transfer_birth"] = Measured(min(row["birth"] for row in home))
    at_home = float(np.mean([r["return"] for r in four]))
    thick = next(row["trained"] for row in rows if row["medium"] == "density 6000")
    findings.measured["thicker"] = Measured(thick / at_home if at_home else None)
    findings.tables["bodies"] = Table("Weights found on 6 links elsewhere, unchanged", tuple(rows))
    findings.figures["bodies"] = figures.bodies(rows)
    best = max(four, key=lambda r: r["return"])
    table = lab.step("lesions", arms.lesion_rows, {"weights": best["weights"], "steps": steps})
    findings.tables["lesions"] = Table(
        "Every neuron silenced and every weight cut in turn, trained circuit", tuple(table)
    )


def walkers(lab: Lab, findings: Findings) -> None:
    """C7: a walker of ours, its circuit against a network."""
    steps = lab.choose(smoke=50, desk=500, paper=500)
    seeds = small(lab.seeds(lab.choose(smoke=1, desk=2, paper=5), "walker"))
    common = {"steps": steps, "judged": lab.choose(smoke=1, desk=5, paper=20)}
    wired = [common | {"seed": s, "episodes": lab.choose(smoke=32, desk=640, paper=6400)} for s in seeds]
    nets = [
        common
        | {
            "actor": "network",
            "world": "quadruped",
            "seed": s,
            "steps_in_all": lab.choose(smoke=2048, desk=300_000, paper=5_000_000),
        }
        for s in seeds
    ]
    circuits = lab.parallel_map(arms.walker, wired, label="training walkers' circuits")
    networks = lab.parallel_map(arms.ppo, nets, label="training walkers' networks")
    # The actor of 27 observations and 8 actions.
    actor = 27 * 64 + 64 + 64 * 64 + 64 + 64 * 8 + 8
    count = circuits[0]["parameters"]
    findings.measured["walker_parameters"] = Measured(actor / count, setting=f"{actor} against {count}")
    findings.measured["walker_birth"] = Measured(circuits[0]["birth"]["flat"], setting="trot, weights set by hand")
    ours = {place: float(np.mean([r["trained"][place] for r in circuits])) for place in circuits[0]["trained"]}
    theirs = {"flat": float(np.mean([r["return"] for r in networks]))}
    theirs |= {place: float(np.mean([r["transfer"][place] for r in networks])) for place in networks[0]["transfer"]}
    budget = f"{np.mean([r['steps'] for r in circuits]):.0f} steps of CMA-ES, {nets[0]['steps_in_all']} of PPO"
    for claim, place in (("walker_final", "flat"), ("walker_rough", "rough")):
        findings.measured[claim] = Measured(
            ours[place] / theirs[place] if theirs[place] else None,
            setting=f"{ours[place]:.0f} against {theirs[place]:.0f} of {steps}; {budget}",
        )
    findings.tables["walkers"] = Table(
        "Walkers: return on the ground of training and where they never were",
        tuple(
            {"place": p, "circuit at birth": circuits[0]["birth"][p], "circuit": ours[p], "network": theirs[p]}
            for p in ours
        ),
    )


def held_signs(lab: Lab, findings: Findings) -> None:
    """Bar 7."""
    item = {"steps": lab.choose(smoke=20, desk=1000, paper=1000), "seed": lab.seed}
    found = lab.step("signs under gradients", arms.constrained, item)
    setting = f"5 optimisers, both constraints, {item['steps']} steps each"
    findings.measured["constraint"] = Measured(found["wrong"], setting=setting)
    findings.measured["gradients"] = Measured(found["nan"], setting=setting)


def timing(lab: Lab, findings: Findings) -> None:
    """Bar 6, one measurement at a time."""
    item = {"steps": lab.choose(smoke=20, desk=1000, paper=1000), "episodes": lab.choose(smoke=2, desk=8, paper=8)}
    found = lab.step("speed of a closed loop", speed.closed_loop, item)
    absent = found["theirs"] is None
    findings.measured["speed"] = Measured(
        None if absent else found["theirs"] / found["ours"],
        setting="dm_control not installed"
        if absent
        else f"{1e6 * found['ours']:.0f} us a step side by side, {1e6 * found['single']:.0f} alone, "
        f"theirs {1e6 * found['theirs']:.0f}",
    )


def pictures(
    lab: Lab,
    findings: Findings,
    four: Sequence[dict[str, Any]],
    networks: Sequence[dict[str, Any]],
    birth: float,
    steps: int,
) -> None:
    """Figures, and films of the circuit at birth and trained in the run's folder."""
    best = max(four, key=lambda r: r["return"])
    watched = lab.step("a run watched", arms.watched, {"weights": best["weights"], "steps": steps})
    findings.figures["learning"] = figures.learning(four, networks, birth, steps)
    findings.figures["wave"] = figures.wave(watched)
    findings.figures["firing"] = figures.firing(watched)
    lab.step(
        "films",
        films,
        str(Path(lab.folder.path) / "films"),
        best["weights"],
        lab.choose(smoke=20, desk=400, paper=1000),
    )


def films(folder: str, weights: dict[str, float], steps: int) -> list[str]:
    """Films of the circuit untrained and trained, on its own body and on a longer one."""
    from inscape.control import circuits
    from inscape.systems.worlds import Swimmer, film

    Path(folder).mkdir(parents=True, exist_ok=True)
    trained = circuits.swimmer(weights=weights)
    shown = {"at-birth": (6, circuits.swimmer()), "trained": (6, trained), "twelve-links": (12, trained.for_joints(11))}
    return [
        str(film(Swimmer(links), circuit, Path(folder) / f"{name}.mp4", steps=steps, seed=arms.JUDGES))
        for name, (links, circuit) in shown.items()
    ]


def over(values: Sequence[float], setting: str) -> Measured:
    """The mean over independent units with its bootstrap interval."""
    array = np.asarray(values, dtype=float)
    low, high = bootstrap_interval(array, lambda drawn: float(np.mean(drawn)))
    return Measured(float(array.mean()), low, high, setting)


def episodes_to(curve: Sequence[Sequence[float]], level: float) -> float:
    """Episodes until a candidate earned the level; inf if none did."""
    return next((row[0] for row in curve if row[1] >= level), float("inf"))


def steps_to(run: dict[str, Any], level: float) -> float:
    """Steps until the mean of ten training episodes reached the level; inf if it never did."""
    smooth = figures.smoothed(run["returns"])
    return next((float(s) for s, value in zip(run["steps"], smooth, strict=True) if value >= level), float("inf"))


def small(seeds: Sequence[int]) -> list[int]:
    """Seeds that every library takes."""
    return [s % 2**31 for s in seeds]
