"""The flow case of study 25: drag with and without control, against rotations that know nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.sindy_rl import figures


def cylinders(lab: Lab, findings: Findings) -> None:
    """The loop in the flow, its formula, PPO in the flow itself, steady and random rotation."""
    # As in the study's recipe: the list of studies needs no torch.
    from inscape.studies.sindy_rl import cylinder

    flow = {
        "resolution": lab.choose(smoke=6, desk=12, paper=24),
        "actions": lab.choose(smoke=140, desk=300, paper=300),
        "episodes": lab.choose(smoke=1, desk=2, paper=10),
    }
    loop = flow | {
        "chirps": lab.choose(smoke=280, desk=3_000, paper=3_000),
        "collect": lab.choose(smoke=40, desk=200, paper=200),
        "refit_every": lab.choose(smoke=1, desk=25, paper=25),
        "worlds": lab.choose(smoke=8, desk=64, paper=64),
        "steps": lab.choose(smoke=1_024, desk=819_200, paper=5_000_000),
    }
    seeds = [lab.seed + seed for seed in range(lab.choose(smoke=1, desk=3, paper=20))]
    still = lab.step("cylinder left to itself", cylinder.uncontrolled, flow)
    ours = lab.parallel_map(
        cylinder.inside_laws, [loop | {"seed": seed} for seed in seeds], label="cylinder inside laws"
    )
    rivals = [flow | {"seed": s, "steps": run["real_steps"][-1]} for s, run in zip(seeds, ours, strict=True)]
    free = lab.parallel_map(cylinder.in_the_world, rivals, label="cylinder in the flow itself")
    arms = {name: [run[name] for run in ours] for name in ("network", "formula", "constant", "random")} | {"PPO": free}
    drags = {name: [100 * (1 - told["drag"] / still["drag"]) for told in several] for name, several in arms.items()}
    measured = findings.measured
    told = (
        f"of {still['drag']:.4f}, in the second half of {flow['episodes']} episodes of {flow['actions']} actions; "
        f"{len(seeds)} seeds, {ours[0]['real_steps'][-1]:,} steps of the flow"
    )
    measured["cylinder"] = _over_seeds(drags["network"], told)
    measured["cylinder_formula"] = _over_seeds(drags["formula"], f"{[r['formula_size'] for r in ours]} numbers")
    for name, rival in (("ppo", "PPO"), ("constant", "constant")):
        apart = np.subtract(drags["network"], drags[rival])
        saved = f"which saves {np.round(drags[rival], 2).tolist()}"
        measured[f"cylinder_over_{name}"] = _over_seeds(apart, saved)
    measured["control_cylinder_random"] = _over_seeds(drags["random"], "drawn evenly from the action space")
    explained = [100 * run["explained"]["drag"] for run in ours]
    measured["control_cylinder_reward"] = _over_seeds(explained, "an episode of chirps that it never saw")
    measured["cylinder_strouhal"] = Measured(still["strouhal"], setting=f"{flow['resolution']} nodes a diameter")
    seconds = sum(run["all_seconds"] for run in (*ours, *free))
    measured["cylinder_time"] = Measured(seconds / 60, setting=f"{len(seeds)} seeds, PPO in the flow among them")
    # The seed in the middle stands for all in the figures.
    shown = int(np.argsort(drags["network"])[(len(seeds) - 1) // 2])
    findings.figures["cylinder-drag"] = figures.drag_over_time(
        {"left to itself": still["drags"][0]} | {name: several[shown]["drags"][0] for name, several in arms.items()}
    )
    findings.figures["cylinder-wakes"] = figures.wakes(
        {"left to itself": still["wake"], "turned by the network": ours[shown]["wake"]}
    )
    findings.tables["cylinder"] = Table(
        "Drag of the cylinder, every seed; left to itself " + f"{still['drag']:.4f}",
        tuple(
            {"seed": seed}
            | {name: several[i]["drag"] for name, several in arms.items()}
            | {"turning, rms (U/D)": ours[i]["network"]["turning"], "last network": ours[i]["last"]["drag"]}
            | {"formula of the network": ours[i]["text"][0], "CPU, s": ours[i]["seconds"]}
            for i, seed in enumerate(seeds)
        ),
    )


def _over_seeds(values: Any, setting: str) -> Measured:
    """The median over seeds and its interval."""
    return Measured(float(np.median(values)), *bootstrap_interval(values, np.median), setting)
