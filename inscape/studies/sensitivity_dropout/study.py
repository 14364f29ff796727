"""Study 06: sensitivity dropout and the eigenscore. The recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table
from inscape.studies.sensitivity_dropout import arms, detection, figures
from inscape.studies.sensitivity_dropout.claims import CLAIMS, PAPER
from inscape.studies.sensitivity_dropout.ledger import ledger
from inscape.studies.sensitivity_dropout.paired import paired, paired_ratio
from inscape.studies.sensitivity_dropout.remarks import remarks
from inscape.studies.sensitivity_dropout.timings import exactness, timing
from inscape.studies.study import Study

STUDY = Study(
    number=6,
    name="sensitivity-dropout",
    paper=PAPER,
    claims=CLAIMS,
    summary=(
        "The scatter of a language model's answers in its hidden states is taken as a sign of hallucination, and the "
        "units that move most between checkpoints are switched off while it trains. Scores, speed and effect are "
        "measured as printed, as released and as corrected."
    ),
    rooms=("models", "probes", "analysis"),
    needs=("neural", "studies"),
)


@dataclass(frozen=True)
class Sizes:
    """What the lab's scale asks for."""

    seeds: int
    epochs: int
    known: int
    unseen: int
    samples: int
    late: tuple[int, ...]
    sets: int
    widths: tuple[int, ...]
    width_seeds: int
    countries: int
    elements: int
    chunk: int

    @classmethod
    def of(cls, lab: Lab) -> Sizes:
        return lab.choose(
            smoke=cls(2, 8, 40, 10, 4, (6, 8), 3, (32, 64), 1, 0, 0, 1),
            desk=cls(5, 36, 405, 45, 10, tuple(range(22, 37, 2)), 20, (32, 64, 128), 3, 120, 90, 35),
            paper=cls(20, 60, 405, 45, 10, tuple(range(22, 61)), 20, (32, 64, 128, 256, 512), 10, 240, 110, 35),
        )


@STUDY.run
def run(lab: Lab) -> Findings:
    findings = Findings()
    sizes = Sizes.of(lab)
    exactness(lab, findings)
    timing(lab, findings)
    trained = train_arms(lab, sizes)
    training(findings, sizes, trained)
    zeroing(findings, sizes, trained)
    oscillations(lab, findings, sizes, trained)
    detecting(lab, findings, sizes)
    findings.tables["ledger"] = ledger(findings)
    findings.notes = remarks(findings, is_trial=lab.scale == "smoke")
    return findings


def train_arms(lab: Lab, sizes: Sizes) -> dict[str, list[dict[str, Any]]]:
    """Every arm at every seed."""
    items = [
        {
            "policy": policy,
            "seed": seed,
            "width": 64,
            "epochs": sizes.epochs,
            "known": sizes.known,
            "unseen": sizes.unseen,
            "samples": sizes.samples,
            "late": list(sizes.late) if policy == "none" else [],
            "sets": sizes.sets,
        }
        for seed in lab.seeds(sizes.seeds, "facts")
        for policy in arms.POLICIES
    ]
    results = lab.parallel_map(arms.trained, items, label="training on facts")
    return {
        policy: [r for item, r in zip(items, results, strict=True) if item["policy"] == policy]
        for policy in arms.POLICIES
    }


def training(findings: Findings, sizes: Sizes, trained: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """C4 and C5."""
    last = max(1, sizes.epochs // 6)
    ends = {p: np.array([np.mean(r["unseen"][-last:]) for r in runs]) for p, runs in trained.items()}
    swings = {p: np.array([arms.oscillation(r["unseen"]) for r in runs]) for p, runs in trained.items()}
    right = {p: np.array([100 * np.mean(r["accuracy"][-last:]) for r in runs]) for p, runs in trained.items()}
    sure = {p: np.array([np.mean(r["entropy_unseen"][-last:]) for r in runs]) for p, runs in trained.items()}
    setting = f"{sizes.seeds} seeds, paired; {sizes.known} facts, {sizes.epochs} epochs, mean of the last {last}"
    findings.measured["final"] = paired(ends["sensitive"] - ends["none"], setting)
    findings.measured["final_random"] = paired(ends["sensitive"] - ends["random"], setting)
    findings.measured["final_released"] = paired(ends["released"] - ends["none"], setting)
    findings.measured["steadier"] = paired(swings["sensitive"] - swings["none"], f"{sizes.seeds} seeds, second half")
    findings.measured["steadier_released"] = paired(
        swings["released"] - swings["none"], f"{sizes.seeds} seeds, second half"
    )
    is_steadier = swings["sensitive"] < swings["random"]
    difference = paired(swings["sensitive"] - swings["random"], "")
    findings.measured["steadier_random"] = Measured(
        100 * float(is_steadier.mean()),
        setting=f"{int(is_steadier.sum())} of {sizes.seeds} seeds; difference {difference.value:.3g} nats"
        + (f" ({difference.low:.2g} to {difference.high:.2g})" if difference.low is not None else ""),
    )
    findings.measured["accuracy"] = paired(right["sensitive"] - right["none"], setting)
    findings.measured["entropy"] = paired(
        sure["sensitive"] / sure["none"], f"small model on {sizes.unseen} facts never told"
    )
    findings.measured["medical"] = Measured(None, setting="Llama 3.1 8B, MedHALT and MMLU are not reachable here")
    findings.measured["factscore"] = Measured(None, setting="Llama 3.1 8B, HELM and FactScore are not reachable here")
    told = np.array([np.mean(r["known"][-last:]) for r in trained["none"]])
    findings.measured["known_apart"] = paired(ends["none"] - told, setting)
    findings.tables["arms"] = Table(
        f"Arms on {sizes.known} invented facts, mean over seeds of the last {last} epochs",
        tuple(
            {
                "arm": _ARM[p],
                "facts told right, %": round(float(right[p].mean()), 1),
                "EigenScore known": round(float(np.mean([np.mean(r["known"][-last:]) for r in trained[p]])), 2),
                "EigenScore unknown": round(float(ends[p].mean()), 2),
                "entropy unknown, nats": round(float(sure[p].mean()), 2),
                "detrended deviation known": round(
                    float(np.mean([arms.oscillation(r["known"]) for r in trained[p]])), 4
                ),
                "detrended deviation unknown": round(float(swings[p].mean()), 4),
            }
            for p in arms.POLICIES
        ),
    )
    findings.figures["arms"] = figures.arm_curves({_ARM[p]: [r["unseen"] for r in trained[p]] for p in arms.POLICIES})


def zeroing(findings: Findings, sizes: Sizes, trained: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """C2."""
    effects = {
        name: np.array([arms.effect_in_deviations(run["zeroing"], name) for run in trained["none"]])
        for name in ("known", "unseen")
    }
    setting = f"{sizes.seeds} seeds, {len(sizes.late)} late checkpoints, {sizes.sets} random sets each"
    findings.measured["zeroing"] = paired(effects["unseen"], setting)
    findings.measured["zeroing_known"] = paired(effects["known"], setting)
    found = findings.measured["zeroing"]
    findings.measured["zeroing_width"] = Measured(
        None if found.low is None or found.high is None else found.high - found.low, setting=setting
    )
    findings.measured["zeroing_released"] = paired(
        np.array([arms.effect_in_deviations(run["zeroing"], "unseen", "released") for run in trained["none"]]), setting
    )
    findings.figures["zeroing"] = figures.zeroing_points(trained["none"][0]["zeroing"], sizes.late)


def oscillations(
    lab: Lab, findings: Findings, sizes: Sizes, trained: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """C1, over networks of several widths."""
    items = [
        {
            "policy": "none",
            "seed": seed,
            "width": width,
            "epochs": sizes.epochs,
            "known": sizes.known,
            "unseen": sizes.unseen,
            "samples": sizes.samples,
            "late": [],
            "sets": 1,
        }
        for width in sizes.widths
        if width != 64
        for seed in lab.seeds(sizes.width_seeds, "facts")
    ]
    results = lab.parallel_map(arms.trained, items, label="training networks of other widths")
    by_width: dict[int, list[Mapping[str, Any]]] = {width: [] for width in sizes.widths}
    for item, result in zip(items, results, strict=True):
        by_width[int(str(item["width"]))].append(result)
    by_width[64] = list(trained["none"])
    swings = {w: np.array([arms.oscillation(r["unseen"]) for r in by_width[w]]) for w in sizes.widths}
    steady = np.array([arms.oscillation(r["known"]) for r in trained["none"]])
    findings.measured["oscillates"] = paired_ratio(
        np.maximum(swings[64], 1e-6),
        np.maximum(steady, 1e-6),
        f"{sizes.seeds} seeds, geometric mean, width 64, second half of {sizes.epochs} epochs",
    )
    first, last = sizes.widths[0], sizes.widths[-1]
    findings.measured["oscillates_size"] = Measured(
        float(swings[last].mean() / swings[first].mean()),
        setting=f"width {last} over {first}, ratio of means over seeds",
    )
    findings.figures["oscillation"] = figures.width_points(swings)


def detecting(lab: Lab, findings: Findings, sizes: Sizes) -> None:
    """Bar 4."""
    names = [c.name for c in CLAIMS if c.name.startswith("detection")] + ["saved"]
    lacking = detection.absent_packages()
    if not sizes.countries or lacking:
        reason = f"not installed: {', '.join(lacking)}" if lacking else "not part of this scale"
        findings.measured |= {name: Measured(None, setting=reason) for name in names}
        return
    asked = lab.step("questions", detection.questions, sizes.countries, sizes.elements)
    # Kinds are mixed in every chunk, since scores by chance compare the prompts of one.
    order = np.random.default_rng(lab.seed).permutation(len(asked))
    chunks = [
        [asked[i] for i in order[start :: max(1, len(asked) // sizes.chunk)]]
        for start in range(max(1, len(asked) // sizes.chunk))
    ]
    items = [
        {"questions": chunk, "samples": sizes.samples, "tokens": 16, "seed": seed, "width": 0.5}
        for chunk, seed in zip(chunks, lab.seeds(len(chunks), "answers"), strict=True)
    ]
    rows = [row for part in lab.parallel_map(detection.asked, items, label="asking SmolLM2") for row in part]
    areas = {"all": detection.areas(rows)} | {
        kind: detection.areas([r for r in rows if r["kind"] == kind]) for kind in ("capital", "element")
    }
    wrong = sum(not row["is_right"] for row in rows)
    setting = (
        f"SmolLM2-135M-Instruct, {len(rows)} questions, {wrong} answered wrong, {sizes.samples} answers of 16 tokens"
    )
    for name, score in _DETECTION.items():
        findings.measured[name] = Measured(*areas["all"][score], setting=setting)
    area, low, high = areas["all"]["eigenscore"]
    findings.measured["detection_width"] = Measured((high - low) / 2, setting=setting)
    findings.measured["detection_claim"] = Measured(low, setting=f"area {area:.3f}; {setting}")
    saved = np.array([1 - row["needed"] / sizes.samples for row in rows])
    low, high = bootstrap_interval(saved, np.mean)
    findings.measured["saved"] = Measured(100 * float(saved.mean()), 100 * low, 100 * high, setting)
    findings.tables["detection"] = Table(
        "Area under the curve for wrong answers, with its 95 % interval over questions",
        tuple(
            {"score": label} | {kind: "{:.2f} ({:.2f} to {:.2f})".format(*found[name]) for kind, found in areas.items()}
            for name, label in sorted(detection.SCORES.items(), key=lambda pair: -areas["all"][pair[0]][0])
        ),
    )
    findings.tables["answers"] = Table(
        "Some questions, the likeliest answer and its scores",
        tuple(
            {
                "right answer": row["answer"],
                "said": row["said"].strip().splitlines()[0][:60] if row["said"].strip() else "",
                "right": "yes" if row["is_right"] else "no",
                "EigenScore": round(row["eigenscore"], 2),
                "- log-probability": round(row["surprise"], 2),
            }
            for row in rows[:12]
        ),
    )
    findings.figures["detection"] = figures.detection_points(areas, detection.SCORES)


_ARM = {
    "none": "normal",
    "sensitive": "sensitive units masked (SenD)",
    "random": "random units masked",
    "released": "weights zeroed once (as released)",
}
_DETECTION = {
    "detection": "eigenscore",
    "detection_answers": "eigenscore_answers",
    "detection_entropy": "entropy",
    "detection_distinct": "distinct",
    "detection_surprise": "surprise",
    "detection_printed": "ees_paper",
    "detection_released": "ees_released",
}
