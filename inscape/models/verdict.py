"""What may be believed after a contest, in sentences: a law, a forecast, or nothing yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from inscape.models.contest import Contest, Entry
from inscape.models.inclusion import TermInclusion, term_inclusion

Kind = Literal["law", "forecast", "undecided", "none"]

FEWEST_FORECASTS = 5
"""Below so many independent held-out forecasts nothing is singled out, however well it did."""

GOOD = 0.5
"""A law whose held-out error is above so much of the recording's spread is not called found."""


@dataclass(frozen=True)
class Verdict:
    """What may be believed.

    Parameters
    ----------
    kind : "law" (an equation was singled out), "forecast" (something beats knowing nothing, but no equation was singled
        out), "undecided" (too little to tell), "none" (nothing beats knowing nothing).
    headline, sentences : the same in words.
    inclusion : how often each term of the winning law came back when the recording was resampled, where that applies.
    """

    kind: Kind
    headline: str
    sentences: tuple[str, ...]
    inclusion: tuple[TermInclusion, ...] = ()


def judge(contest: Contest, seed: int = 0) -> Verdict:
    """Weigh a contest: enough held-out forecasts, a margin over knowing nothing, rivals, and terms that come and go."""
    samples = contest.recording.samples
    winner, reference = contest.winner, contest.reference
    few = contest.independent_forecasts < FEWEST_FORECASTS
    inclusion = () if winner.is_reference else term_inclusion(contest, seed)
    doubtful = [term for term in inclusion if term.is_doubtful]
    rivals = [entry for entry in contest.rivals if not entry.is_reference]
    sentences = [_standing(contest)]
    if contest.best is not winner:
        sentences.append(
            f"{winner.name} has {winner.terms} numbers in it, {contest.best.name} {contest.best.terms}; "
            "selection cannot tell their errors apart, so the simpler one is preferred."
        )
    if winner.is_reference or not contest.beats_reference:
        reason = _against_nothing(winner, reference)
        if few:
            return Verdict("undecided", _undecided(contest, reason), tuple(sentences), inclusion)
        headline = f"No law beats {_plain(reference)}: {reason}."
        return Verdict("none", headline, tuple(sentences), inclusion)
    sentences += _doubts(doubtful)
    if few:
        reason = f"only {contest.independent_forecasts} held-out forecasts do not overlap"
        reason += f", and {_names(rivals)} did as well" if rivals else ""
        return Verdict("undecided", _undecided(contest, reason), tuple(sentences), inclusion)
    if not winner.is_symbolic:
        headline = f"{winner.name} forecasts best, but it is no equation: the law itself stays open."
        return Verdict("forecast", headline, (*sentences, *_rivalry(winner, rivals)), inclusion)
    error = winner.test.mean if winner.test else np.inf
    if doubtful or error > GOOD:
        reason = (
            f"{len(doubtful)} of its terms come and go when the recording is resampled"
            if doubtful
            else f"its held-out error is {error:.0%} of the recording's spread"
        )
        headline = f"{samples:,} samples do not single out a law: {winner.name} forecasts best, but {reason}."
        return Verdict("forecast", headline, (*sentences, *_rivalry(winner, rivals)), inclusion)
    headline = (
        f"Law found: {winner.name}, {winner.terms} terms, held-out error {percent(error)} of the recording's spread."
    )
    return Verdict("law", headline, (*sentences, *_rivalry(winner, rivals)), inclusion)


def _standing(contest: Contest) -> str:
    winner, reference = contest.winner, contest.reference
    steps = "step" if contest.horizon == 1 else "steps"
    return (
        f"Over {contest.horizon} {steps} of held-out time {_plain(winner)} errs by {percent(winner.test.mean)} of the "
        f"recording's spread"
        + ("." if winner is reference else f", {_plain(reference)} by {percent(reference.test.mean)}.")
    )


def _undecided(contest: Contest, reason: str) -> str:
    return f"{contest.recording.samples:,} samples do not single out a law: {reason}."


def _against_nothing(winner: Entry, reference: Entry) -> str:
    if winner.is_reference:
        return f"{_plain(winner)} forecasts as well as anything that learned"
    return f"{winner.name} is not better than {_plain(reference)} beyond the error of the comparison"


def _rivalry(winner: Entry, rivals: Sequence[Entry]) -> list[str]:
    if not rivals:
        return []
    verb = "forecasts" if len(rivals) == 1 else "forecast"
    simpler = " with fewer numbers" if all(winner.terms < r.terms for r in rivals) else ""
    return [f"{_names(rivals)} {verb} the held-out time as well; {winner.name} does it{simpler} as an equation."
            if winner.is_symbolic else f"{_names(rivals)} {verb} the held-out time as well."]  # fmt: skip


def _doubts(doubtful: Sequence[TermInclusion]) -> list[str]:
    if not doubtful:
        return []
    named = ", ".join(f"{t.term} in {t.state} ({t.probability:.0%})" for t in doubtful[:4])
    more = f" and {len(doubtful) - 4} more" if len(doubtful) > 4 else ""
    return [f"Terms that come and go when the recording is resampled: {named}{more}."]


def _names(entries: Sequence[Entry]) -> str:
    names = [entry.name for entry in entries[:3]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _plain(entry: Entry) -> str:
    return f"the {entry.name}" if entry.is_reference else entry.name


def percent(share: float) -> str:
    """A share in per cent, two digits where it is small."""
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.2g} %"
