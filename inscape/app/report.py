"""The report: one HTML file with everything in it, that opens without a network and prints well."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.app.page import render_page
from inscape.atomic import write_text
from inscape.errors import InputError

if TYPE_CHECKING:
    from inscape.app.learned import Learned
    from inscape.trajectories import Trajectory

FREE_SAMPLES = 6_000
"""Samples that the law runs free for its portrait and its spectrum."""

BADGES = {
    "law": "law found",
    "forecast": "forecast, no law",
    "undecided": "undecided",
    "none": "no law",
}


def write_report(learned: Learned, path: str | Path) -> Path:
    """Write the report; the file appears whole or not at all.

    Raises
    ------
    InputError : if the folder is not there or cannot be written.
    """
    target = Path(path)
    if target.is_dir():
        raise InputError(f"{target}: is a folder, expected the name of an HTML file")
    folder = target.absolute().parent
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; make it first")
    write_text(target, render_report(learned))
    return target


def render_report(learned: Learned) -> str:
    """The page as text."""
    free = free_run(learned)
    drawn = figures(learned, free)
    return render_page("report.html", drawn, drawn=list(drawn), **page_facts(learned, free))


def figures(learned: Learned, free: Trajectory | None) -> dict[str, Any]:
    """Every figure by the name of its place; those that the recording is too short for are left out."""
    from inscape.app import figures as draw

    made = {
        "recording": draw.recording_figure(learned),
        "held-out": draw.held_out_figure(learned),
        "portrait": draw.portrait_figure(learned, free),
        "leaderboard": draw.leaderboard_figure(learned),
        "growth": draw.growth_figure(learned) if learned.contest.horizon > 1 else None,
        "spectrum": draw.spectrum_figure(learned, free),
    }
    return {name: figure for name, figure in made.items() if figure is not None}


def free_run(learned: Learned) -> Trajectory | None:
    """The winner running free from the start of the last run, as long as that run; None for those that know nothing."""
    from inscape.errors import InscapeError
    from inscape.models.contest import continued

    contest = learned.contest
    if contest.winner.is_reference:
        return None
    run = contest.recording[-1]
    past = max(contest.model.past, 2)
    steps = min(len(run), FREE_SAMPLES)
    if len(run) <= past or contest.recording.input_names:
        return None
    start = max(0, len(run) - steps - past)
    try:
        return continued(contest.model, run[start : start + past], steps)
    except (InscapeError, ArithmeticError):
        return None


def page_facts(learned: Learned, free: Trajectory | None) -> dict[str, Any]:
    """What the template says in words."""
    from markupsafe import Markup

    from inscape.app.equations import mathml
    from inscape.app.terminal import number
    from inscape.app.trust import what_to_trust

    contest = learned.contest
    recording = contest.recording
    unit = recording[0].units.get("time", "")
    nearest = contest.nearest_equation
    return {
        "title": learned.prepared.name,
        "badge": BADGES[learned.verdict.kind],
        "kind": learned.verdict.kind,
        "verdict": learned.verdict,
        "facts": _facts(learned, unit),
        "cards": _cards(learned, unit),
        # Made of escaped names and numbers only, see `equations.mathml`.
        "equations": [Markup(line) for line in mathml(contest.model)],
        "plain_equations": learned.equations,
        "nearest": None if nearest is None else nearest.name,
        "nearest_equations": [] if nearest is None else [Markup(line) for line in mathml(nearest.fitted)],
        "winner": contest.winner,
        "inclusion": [_inclusion_row(term, number) for term in learned.verdict.inclusion],
        "leaderboard": [_leaderboard_row(entry, learned, number) for entry in learned.leaderboard],
        "candidates": len(contest.entries),
        "horizon": contest.horizon,
        "horizon_time": number(contest.horizon * contest.model.dt_),
        "unit": unit,
        "invariants": [
            {"name": m.name, "value": number(m.value), "error": f"{m.error:.2g}" if np.isfinite(m.error) else "",
             "unit": m.unit, "origin": m.origin, "remark": m.remark}
            for m in learned.invariants.measured
        ],
        "findings": learned.prepared.findings,
        "notes": learned.notes,
        "trust": what_to_trust(learned),
        "settings": {k: _setting(v) for k, v in learned.settings.items() if v not in (None, [], "")},
        "versions": learned.versions,
        "seconds": f"{learned.seconds:.1f}",
        "made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "has_portrait": recording.state_names and (recording[-1].dimension > 1 or len(recording[-1]) > 4),
        "has_free_run": free is not None,
        "band_steps": len(contest.bands.half_widths),
        "forecast_steps": len(contest.forecast),
        "stopped": contest.forecast.context.get("stopped", ""),
        "shown_states": min(6, len(recording.state_names)),
        "all_states": len(recording.state_names),
    }  # fmt: skip


def _facts(learned: Learned, unit: str) -> list[str]:
    from inscape.app.terminal import number

    recording = learned.contest.recording
    states = recording.state_names
    facts = [f"{recording.samples:,} samples" + (f" in {len(recording)} runs" if len(recording) > 1 else "")]
    named = ", ".join(states[:6]) + (f" and {len(states) - 6} more" if len(states) > 6 else "")
    facts.append(f"{len(states)} state variable{'s' if len(states) > 1 else ''}: {named}")
    if recording.input_names:
        facts.append(f"driven by {', '.join(recording.input_names)}")
    facts.append(f"one sample every {number(learned.contest.model.dt_)} {unit}".rstrip())
    return facts


def _cards(learned: Learned, unit: str) -> list[dict[str, str]]:
    from inscape.app.terminal import number
    from inscape.models.verdict import percent

    contest = learned.contest
    test, bands = contest.winner.errors, contest.bands
    covered = contest.measured_coverage
    cards = [
        {
            "label": "held-out error",
            "value": percent(test.mean),
            "note": f"of the spread, over {contest.horizon} step{'s' if contest.horizon > 1 else ''}"
            + (
                ""
                if contest.winner is contest.reference
                else f"; {percent(contest.reference.errors.mean)} for knowing nothing"
            ),
        },
        {
            "label": "forecast valid for",
            "value": ("≥ " if test.valid_steps >= contest.horizon else "")
            + number(test.valid_steps * contest.model.dt_)
            + (f" {unit}" if unit else ""),
            "note": f"until the error passes 0.4 spreads; {test.valid_steps:g} of {contest.horizon} steps checked",
        },
        {
            "label": "band coverage",
            "value": "–" if np.isnan(covered) else percent(covered),
            "note": f"measured on held-out time; {percent(bands.level)} asked"
            + (
                ""
                if bands.is_as_asked
                else f", {percent(bands.promised)} is all that {bands.forecasts} forecasts can promise"
            ),
        },
    ]
    for m in learned.invariants.measured if learned.verdict.kind in ("law", "forecast") else ():
        if m.name in ("Lyapunov exponent 1", "Kaplan-Yorke dimension"):
            label = "largest Lyapunov exponent" if m.name.startswith("Lyapunov") else m.name
            error = f"± {m.error:.2g}" if np.isfinite(m.error) else ""
            note = f"{f'{error} {m.unit}'.strip()}, of the law"
            cards.append({"label": label, "value": number(m.value), "note": note})
    return cards


def _inclusion_row(term: Any, number: Any) -> dict[str, Any]:
    return {
        "state": term.state, "term": term.term.replace("**", "^").replace("*", " "),
        "coefficient": number(term.coefficient) if term.is_in_law else "–",
        "low": number(term.low), "high": number(term.high), "percent": round(100 * term.probability),
        "is_doubtful": term.is_doubtful, "is_in_law": term.is_in_law,
    }  # fmt: skip


def _leaderboard_row(entry: Any, learned: Learned, number: Any) -> dict[str, Any]:
    row = {"family": entry.family, "name": entry.name, "terms": entry.terms, "failure": entry.failure,
           "is_winner": entry is learned.contest.winner, "is_reference": entry.is_reference,
           "seconds": f"{entry.seconds:.1f}", "selection": "", "test": "", "error": "", "valid": ""}  # fmt: skip
    if entry.selection is not None and entry.held_out is not None:
        row |= {"selection": number(entry.selection.mean), "test": number(entry.held_out.mean),
                "error": f"{entry.held_out.error:.1g}" if np.isfinite(entry.held_out.error) else "",
                "valid": f"{entry.held_out.valid_steps:g}"}  # fmt: skip
    return row


def _setting(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
