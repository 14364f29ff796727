"""What a reader of study 12 must know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inscape.studies.paper import Findings


def remarks(
    findings: Findings, trained: Sequence[Mapping[str, Any]], information: Mapping[str, Any]
) -> tuple[str, ...]:
    """Departures from the paper, misses, and what follows from the numbers."""
    notes = [
        "Of the paper only the method, as its code has it, and the abstracts were at hand; its tables were not, so C1 "
        "has no number of theirs.",
        "The plain network is judged by the better of two: as published (tau 1 s, radius, learned potentials) and "
        "tuned (tau 300 s, radius squared, potentials in closed form).",
        f"A smooth error of {information['error_for_a_fifth']:.2g} mV moves a parameter by a fifth of its deviation: "
        "that, not 2 mV, is what a surrogate for this inference has to keep to.",
        "Every finding of identifiability: " + "; ".join(information["report"]) + ".",
        "With a constant current only one function of one parameter is unknown in the paper's box; a series of six "
        "terms has it, and no network is needed there.",
    ]
    shipped = sum(bool(run["shipped"]) for run in trained)
    if shipped:
        notes.append(
            f"{shipped} of {len(trained)} trainings come from checkpoints; python -m inscape.studies.battery.networks "
            "makes and prolongs them."
        )
    lost = [run["lithium"] for run in trained if run["arm"] in ("published", "tuned") and run["box"] == "paper"]
    if lost:
        notes.append(
            f"The plain networks' cathodes end with a mean stoichiometry wrong by up to {max(lost):.2g}: lithium is "
            "lost, while the profiles look smooth and the loss falls."
        )
    stretch = findings.measured.get("formula_slow")
    if stretch is not None and stretch.value is not None and stretch.value > 0.93:
        notes.append(
            "The stretch goal is missed: a small residual is not a small voltage error, and on a formula that is right "
            "to a millivolt the residual of the first seconds rules the training."
        )
    return tuple(notes)
