"""What may be believed after a contest, in sentences: a law, a forecast, or nothing yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from inscape.models.contest import Contest, Entry
from inscape.models.inclusion import TermInclusion, term_inclusion

Kind = Literal["law", "forecast", "undecided", "none"]

FEWEST_FORECASTS = 10
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
    winner = contest.winner
    few = contest.independent_forecasts < FEWEST_FORECASTS
    inclusion = () if winner.is_reference else term_inclusion(contest, seed)
    doubtful = [term for term in inclusion if term.is_doubtful]
    rivals = [entry for entry in contest.rivals if not entry.is_reference]
    sentences = [_standing(contest), *_preference(contest)]

    def verdict(kind: Kind, headline: str, *more: str) -> Verdict:
        return Verdict(kind, headline, tuple(map(_sentence, (*sentences, *more))), inclusion)

    many = f"{contest.recording.samples:,} samples"
    if not contest.beats_reference:
        reason = _against_nothing(contest)
        if few:
            return verdict("undecided", f"{many} do not single out a law: {reason}.", _count(contest))
        return verdict("none", f"No law is shown to beat {_the(contest.reference)}: {reason}.")
    sentences += _doubts(doubtful)
    if few:
        reason = _count(contest, f", and {_names(rivals)} did as well" if rivals else "")
        return verdict("undecided", f"{many} do not single out a law: {reason}")
    sentences += _rivalry(winner, rivals)
    if not winner.is_symbolic:
        return verdict("forecast", f"{_sentence(_the(winner))} forecasts best, but is no equation that can be read: "
                       "the law itself stays open.")  # fmt: skip
    error = winner.errors.mean
    if doubtful or error > GOOD:
        terms = "one of its terms comes and goes" if len(doubtful) == 1 else f"{len(doubtful)} of its terms come and go"
        reason = (
            f"{terms} when the recording is resampled"
            if doubtful
            else f"errs by {percent(error)} of the recording's spread"
        )
        return verdict("forecast", f"{many} do not single out a law: {_the(winner)} forecasts best, but {reason}.")
    count = f"{winner.terms} term" + ("" if winner.terms == 1 else "s")
    return verdict(
        "law",
        f"Law found: {_the(winner)}, {count}, held-out error {percent(error)} of the recording's spread.",
    )


def _standing(contest: Contest) -> str:
    winner, reference = contest.winner, contest.reference
    steps = "step" if contest.horizon == 1 else "steps"
    ours, theirs = winner.errors, reference.errors
    against = "" if winner is reference else f", {_the(reference)} by {percent(theirs.mean)}"
    over = f"over {contest.horizon} {steps} of held-out time"
    return f"{_the(winner)} errs by {percent(ours.mean)} of the recording's spread {over}{against}."


def _preference(contest: Contest) -> list[str]:
    winner, best = contest.winner, contest.best
    if best is winner:
        return []
    return [
        f"{_the(best)} did better in the selection part, but not by more than the error of the comparison; "
        f"{_the(winner)} is simpler ({winner.terms} numbers against {best.terms}) and therefore preferred."
    ]


def _against_nothing(contest: Contest) -> str:
    if contest.winner.is_reference:
        return f"{_the(contest.winner)} forecasts as well as anything that learned"
    versus = f" than {_the(contest.reference)}" if contest.independent_forecasts < FEWEST_FORECASTS else ""
    return f"{_the(contest.winner)} is not better{versus} by more than the error of the comparison"


def _count(contest: Contest, more: str = "") -> str:
    count = contest.independent_forecasts
    return f"only {count} held-out forecasts stand side by side{more}, where {FEWEST_FORECASTS} would be needed."


def _rivalry(winner: Entry, rivals: Sequence[Entry]) -> list[str]:
    if not rivals:
        return []
    verb = "forecasts" if len(rivals) == 1 else "forecast"
    line = f"{_names(rivals)} {verb} held-out time as well"
    if winner.is_symbolic and all(winner.terms < rival.terms for rival in rivals):
        return [f"{line}, with {min(rival.terms for rival in rivals):,} numbers instead of {winner.terms}."]
    return [f"{line}."]


def _doubts(doubtful: Sequence[TermInclusion]) -> list[str]:
    if not doubtful:
        return []
    named = ", ".join(f"{t.term} in {t.state} ({percent(t.probability)})" for t in doubtful[:4])
    more = f" and {len(doubtful) - 4} more" if len(doubtful) > 4 else ""
    return [f"terms that come and go when the recording is resampled: {named}{more}."]


def _names(entries: Sequence[Entry]) -> str:
    names = [_the(entry) for entry in entries[:3]]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _the(entry: Entry) -> str:
    return f"the {entry.name}"


def _sentence(line: str) -> str:
    return line[:1].upper() + line[1:]


def percent(share: float) -> str:
    """A share in per cent, two digits where it is small."""
    return f"{100 * share:.0f} %" if share >= 0.0995 else f"{100 * share:.2g} %"
