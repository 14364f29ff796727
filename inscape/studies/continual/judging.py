"""From results to claims: what the arms of study 15 say of its bars."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from inscape.studies.continual.learning import final, just_trained, old_ratio
from inscape.studies.lab import bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table

Results = dict[str, list[dict[str, Any]]]
"""A result for each seed, by arm."""


def over_seeds(values: list[float], setting: str, statistic: Callable[[np.ndarray], float] = np.mean) -> Measured:
    """A mean over seeds with its bootstrap interval."""
    low, high = bootstrap_interval(values, statistic)
    return Measured(float(statistic(np.array(values))), low, high, f"{setting}, {len(values)} seeds")


def judge_predictions(findings: Findings, strong: Results, bodies: Results, doors: Results) -> None:
    """Bars 1 to 3, the ablations and what holds of the paper's own bodies."""
    ours = strong["hypernet"]

    def over(*rivals: str, results: Results = strong) -> list[float]:
        """Final error of the hypernetwork over the better of some rivals, seed by seed."""
        return [
            final(one) / min(final(results[name][k]) for name in rivals) for k, one in enumerate(results["hypernet"])
        ]

    tuned = [name for name in strong if name[:4] in ("ewc ", "si 0", "si 1")]
    measured = {
        "strong_ratio": [old_ratio(one) for one in ours],
        "strong_penalties": over("ewc", "si"),
        "strong_finetune": over("finetune"),
        "strong_penalties_tuned": over(*tuned),
        "strong_penalties_wide": over("ewc, wide", "si, wide"),
        "strong_finetune_wide": over("finetune, wide"),
        "strong_progressive": over("progressive"),
        "near_oracle": over("multitask"),
        "without_regulariser": [old_ratio(one) for one in strong["hypernet without regulariser"]],
        "without_look_ahead": [old_ratio(one) for one in strong["hypernet without look-ahead"]],
        "bodies_ratio": [old_ratio(one) for one in bodies["hypernet"]],
        "bodies_penalties": over("ewc", "si", results=bodies),
        "bodies_finetune_ratio": [old_ratio(one) for one in bodies["finetune"]],
        "beats_forgetters_door": [1.0 / x for x in over("finetune", "ewc", "si", results=doors)],
    }
    for name, values in measured.items():
        findings.measured[name] = over_seeds(values, "random actions, single steps")
    for sequence, results in (("strong", strong), ("bodies", bodies), ("door", doors)):
        findings.tables[f"{sequence} sequence"] = Table(
            "Mean squared error of single steps, in deviations of the first task's changes squared; means over seeds.",
            tuple(
                {
                    "arm": name,
                    "just trained": float(np.mean([just_trained(one) for one in runs])),
                    "final": float(np.mean([final(one) for one in runs])),
                    "old tasks, final / just trained": float(np.mean([old_ratio(one) for one in runs])),
                    "trained weights": runs[0]["trained"],
                    "CPU ms a minibatch": 1e3 * float(np.mean([one["seconds"] for one in runs])),
                }
                for name, runs in results.items()
            ),
        )


def judge_growth(findings: Findings, many: Results) -> None:
    """Bars 5 and 8, and claim 5."""
    run = many["hypernet"][0]
    seconds, kept, tasks = run["seconds"], run["bytes"], len(run["seconds"])
    late, early = float(np.median(seconds[-3:])), float(np.median(seconds[min(4, tasks - 2) :][:3]))
    setting = f"{tasks} carts, eight old ones minded a step"
    findings.measured["growth_time"] = Measured(late / early, setting=f"{1e3 * late:.3g} ms; {setting}")
    findings.measured["growth_ratio"] = Measured(old_ratio(run), setting=setting)
    findings.measured["bytes_a_task"] = Measured(
        float(kept[-1] - kept[-2]), setting="embedding, normaliser and expected errors in single precision"
    )
    findings.measured["embedding_bytes"] = Measured(10, setting="embedding=10; the normaliser comes beside it")


def judge_returns(findings: Findings, returns: dict[str, dict[str, list[np.ndarray]]]) -> None:
    """Bar 6 and claims 1 to 3."""
    carts, boxes = returns["carts"], returns["boxes"]

    def of(matrices: list[np.ndarray], old: bool = False) -> np.ndarray:
        return np.array([m[: len(m) - 1 if old else len(m), -1].mean() for m in matrices])

    old = {method: of(matrices, old=True) for method, matrices in carts.items()}
    settings = "four carts, planned with the final laws"
    best = np.max([old[name] for name in ("finetune", "ewc", "si")], axis=0)
    findings.measured["beats_forgetters"] = over_seeds(list(old["hypernet"] - best), settings)
    findings.measured["like_rehearsal"] = over_seeds(
        list(of(carts["hypernet"]) / ((of(carts["coreset"]) + of(carts["multitask"])) / 2)), settings
    )
    kept = [100.0 * m[:-1, -1].sum() / np.diagonal(m)[:-1].sum() for m in carts["hypernet"]]
    findings.measured["retained"] = over_seeds(kept, settings)
    for name, arms, method in (
        ("carts_hypernet", carts, "hypernet"),
        ("carts_finetune", carts, "finetune"),
        ("pusher_hypernet", boxes, "hypernet"),
        ("pusher_finetune", boxes, "finetune"),
    ):
        if method in arms:
            values = list(100.0 * of(arms[method]) / of(arms["single"]))
            findings.measured[name] = over_seeds(values, settings if arms is carts else "five boxes, final laws")
    if "ewc" in boxes:
        best = np.max([of(boxes[name], old=True) for name in ("finetune", "ewc")], axis=0)
        findings.measured["beats_forgetters_pusher"] = over_seeds(
            list(of(boxes["hypernet"], old=True) - best), "five boxes, final laws, above idling"
        )
    for label, arms in returns.items():
        findings.tables[f"returns, {label}"] = Table(
            "Mean reward of a step, planned in the laws: right after a task was learned, and after the last one"
            + (", less what doing nothing earns." if label == "boxes" else "."),
            tuple(
                {
                    "method": method,
                    "just trained": float(np.mean([np.diagonal(m).mean() for m in matrices])),
                    "final": float(of(matrices).mean()),
                    "old tasks, final": float(of(matrices, old=True).mean()),
                }
                for method, matrices in arms.items()
            ),
        )


def judge_balance(findings: Findings, played: Results, ceiling: list[dict[str, float]]) -> None:
    """Whether planning with these laws does what it is meant to: the pole stands, as when the law is the world."""
    setting = "second half of each episode, cos > 0.9, final laws"
    for name, method in (("carts_balanced", "single"), ("carts_balanced_hypernet", "hypernet")):
        shares = [100.0 * float(one["balanced"][:, -1].mean()) for one in played[method]]
        findings.measured[name] = over_seeds(shares, setting)
    best = float(np.mean([one["return"] for one in ceiling]))
    earned = [100.0 * float(one["returns"][:, -1].mean()) / best for one in played["single"]]
    findings.measured["carts_ceiling"] = over_seeds(earned, f"{best:.3g} in the world itself, one episode a cart")
    findings.tables["balance, carts"] = Table(
        "Share of the second half of the episodes in which the pole stands (cos > 0.9), with the laws after the last "
        "cart, in %; means over seeds. The last row plans in the world itself.",
        tuple(
            {"law": name} | {f"cart {k + 1}": 100.0 * float(share) for k, share in enumerate(shares)}
            for name, shares in [
                *((m, np.mean([one["balanced"][:, -1] for one in runs], axis=0)) for m, runs in played.items()),
                ("the world", [one["balanced"] for one in ceiling]),
            ]
        ),
    )
