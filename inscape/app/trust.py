"""What a reader may take from a report, and what not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from inscape.app.learned import Learned


def what_to_trust(learned: Learned) -> dict[str, list[str]]:
    """Sentences under two heads: "believe" and "doubt"."""
    from inscape.models.verdict import percent

    contest, verdict = learned.contest, learned.verdict
    bands, covered = contest.bands, contest.measured_coverage
    inside = f"{percent(covered)} of the held-out samples lie inside"
    asked = f"{percent(bands.level)} were asked for"
    believe = [
        "The held-out errors: no law was chosen and none was fitted with sight of the time they were measured on.",
    ]
    doubt = []
    if contest.beats_reference:
        believe.append(
            f"That {contest.winner.name} forecasts better than {contest.reference.name}: "
            "a paired test over held-out forecasts says so at 95 % confidence."
        )
    else:
        doubt.append(
            "That anything was learned at all: the winner is not better than knowing nothing by more than chance."
        )
    if verdict.kind == "law":
        sure = sum(term.is_in_law and not term.is_doubtful for term in verdict.inclusion)
        if sure:
            believe.append(f"The form of the equation: its {sure} terms came back in at least 90 % of the resamples.")
        doubt.append("The equation outside the states that were recorded: nothing was seen there.")
    if verdict.kind in ("forecast", "undecided"):
        doubt.append("Any single equation: other laws fit this recording as well, or its own terms come and go.")
    if not np.isnan(covered):
        off = covered - bands.level
        if bands.is_as_asked and off >= -0.1:
            believe.append(f"The band: {inside}, {asked}.")
        elif bands.is_as_asked:
            doubt.append(f"The band: {inside} where {asked}; the motion changed between calibration and test.")
        else:
            doubt.append(
                f"The band as a {percent(bands.level)} band: {bands.forecasts} calibration forecasts can promise "
                f"{percent(bands.promised)} at most. Neighbouring forecasts share samples, so even that is approximate."
            )
    if len(contest.forecast) > len(bands.half_widths):
        doubt.append(f"The forecast beyond step {len(bands.half_widths)}: it was not checked there, so it has no band.")
    if contest.recording.input_names:
        doubt.append("The forecast where inputs change: they are held at their last value beyond the end.")
    if "stopped" in contest.forecast.context:
        doubt.append(f"The law far ahead: {contest.forecast.context['stopped']}.")
    if any(finding.severity == "warning" for finding in learned.prepared.findings):
        doubt.append("What the warnings below concern: the recording has marks that may mislead any law.")
    return {"believe": believe, "doubt": doubt}
