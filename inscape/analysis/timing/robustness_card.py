"""The robustness card: the same question under every defensible choice of rows, clipping and errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inscape.analysis.timing.clipping import clipped
from inscape.analysis.timing.fits import fit
from inscape.analysis.timing.jitter import Jitter
from inscape.analysis.timing.models import Events, count_events
from inscape.errors import InputError
from inscape.trajectories.timing_tables import HOMOGENEOUS_REFITS, TimingTable

CLIPS = ("none", "3 errors", "3 scatters")
JITTERS: tuple[Jitter, ...] = ("none", "one", "per source")


@dataclass(frozen=True)
class Choice:
    """One way to ask whether a period changes, and its answer.

    Parameters
    ----------
    rows, clip, jitter : the choice.
    events : how many were fitted.
    decay, error : change of the period, ms a year.
    gain : BIC of a constant period less that of a changing one.
    verdict : "decays", "grows", "constant" or "undecided".
    """

    rows: str
    clip: str
    jitter: str
    events: int
    decay: float
    error: float
    gain: float
    verdict: str


@dataclass(frozen=True)
class RobustnessCard:
    """Every choice with its answer.

    Parameters
    ----------
    choices : in the order in which they were made.
    """

    choices: tuple[Choice, ...]

    @property
    def verdicts(self) -> dict[str, int]:
        """How many choices end in each verdict."""
        return dict(Counter(choice.verdict for choice in self.choices).most_common())

    @property
    def is_settled(self) -> bool:
        """Whether every choice has the same answer."""
        return len(self.verdicts) == 1

    @property
    def sentence(self) -> str:
        """The card in words."""
        told = ", ".join(f"{verdict} under {count}" for verdict, count in self.verdicts.items())
        rates = [choice.decay for choice in self.choices]
        span = f"dP/dt from {min(rates):.2f} to {max(rates):.2f} ms/yr"
        if self.is_settled:
            return f"the verdict holds under all {len(self.choices)} choices: {self.choices[0].verdict}; {span}"
        return f"the verdict hangs on the choice: {told} of {len(self.choices)} choices; {span}. {self.lever}"

    @property
    def lever(self) -> str:
        """Which choice moves the answer most: the largest change of the mean rate between its values, against the
        mean error."""
        widest, named = 0.0, ""
        error = float(np.mean([choice.error for choice in self.choices]))
        for part in ("rows", "clip", "jitter"):
            means = {
                value: float(np.mean([c.decay for c in self.choices if getattr(c, part) == value]))
                for value in dict.fromkeys(getattr(c, part) for c in self.choices)
            }
            low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
            if means[high] - means[low] > widest:
                widest = means[high] - means[low]
                named = f"{part}: {means[low]:.2f} with '{low}', {means[high]:.2f} with '{high}'"
        return f"It moves most with {named} ({widest / error:.1f} mean errors)" if named else ""

    def rows(self) -> list[dict[str, float | str]]:
        """A row for each choice."""
        return [
            {
                "rows": c.rows,
                "clip": c.clip,
                "jitter": c.jitter,
                "events": c.events,
                "dP/dt (ms/yr)": c.decay,
                "error": c.error,
                "BIC gain": c.gain,
                "verdict": c.verdict,
            }
            for c in self.choices
        ]


def robustness(
    table: TimingTable,
    subsets: Mapping[str, TimingTable] | None = None,
    *,
    clips: Sequence[str] = CLIPS,
    jitters: Sequence[Jitter] = JITTERS,
    strong: float = 6.0,
) -> RobustnessCard:
    """Fit a changing period under every combination of choices.

    Parameters
    ----------
    subsets : choices of rows by name; if None: all, without homogeneous refits, and without each of the two largest
        sources and without errors below 2 s, as far as these leave ten rows.
    clips : of "none", "3 errors" and "3 scatters", as of `clipped`.
    jitters : as of `fit`.
    strong : gain of BIC from which a period is said to change, and below minus 2 of which it is said to be constant
        (Kass & Raftery 1995).

    Raises
    ------
    InputError : if a clip is not known, or no combination can be fitted.
    """
    unknown = [clip for clip in clips if clip not in CLIPS]
    if unknown:
        raise InputError(f"clip: {unknown[0]!r} found, expected one of {', '.join(CLIPS)}")
    choices = []
    for rows, part in (subsets or _usual_subsets(table)).items():
        events = count_events(part)
        for clip in clips:
            try:
                kept = events if clip == "none" else events.keep(_kept(events, clip))
            except InputError:
                continue
            choices += [_choice(rows, clip, kept, jitter, strong) for jitter in jitters if len(kept) >= 6]
    if not choices:
        raise InputError(f"robustness: {len(table)} events found, expected at least 6 under some choice")
    return RobustnessCard(tuple(choices))


def _kept(events: Events, clip: str) -> np.ndarray:
    return clipped(events, by="errors" if clip == "3 errors" else "scatter")


def _choice(rows: str, clip: str, events: Events, jitter: Jitter, strong: float) -> Choice:
    moving, still = fit(events, "decay", jitter=jitter), fit(events, "linear", jitter=jitter)
    gain = still.bic - moving.bic
    verdict = "undecided"
    if gain >= strong:
        verdict = "decays" if moving.decay_rate < 0 else "grows"
    elif gain <= -2:
        verdict = "constant"
    return Choice(rows, clip, jitter, len(events), moving.decay_rate, moving.decay_error, gain, verdict)


def _usual_subsets(table: TimingTable) -> dict[str, TimingTable]:
    subsets = {"all": table}
    without = table.drop_refits()
    if len(without) < len(table):
        subsets["no refits"] = without
    base = without
    masks = {f"without {source[:40]}": np.array([s != source for s in base.sources]) for source in _largest(base)}
    masks["errors above 2 s"] = base.errors >= 2 / 86_400
    for name, mask in masks.items():
        if 10 <= mask.sum() < len(base):
            subsets[name] = base.keep(mask)
    return subsets


def _largest(table: TimingTable) -> list[str]:
    refits = set(HOMOGENEOUS_REFITS)
    counted = Counter(source for source in table.sources if source and source not in refits)
    return [source for source, count in counted.most_common(2) if count >= 3]
