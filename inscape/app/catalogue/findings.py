"""`Finding`: a claim that was measured for the first time, or whose number changed; what feed and digest tell of."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from inscape.app.catalogue.card import Card
from inscape.app.catalogue.library import Library
from inscape.app.terminal import number
from inscape.studies.paper import Judged, Verdict

_SPACE = uuid.UUID("8a5b3f4e-6d0c-5b52-9c55-1f6f0f7a2b10")


@dataclass(frozen=True)
class Finding:
    """One news.

    Parameters
    ----------
    card, judged : the claim beside our number.
    place : which of the card's claims it is, from 1.
    before, before_verdict : the number and verdict of the run before at the same scale; None for the first.
    study, run, scale : where it was measured; `moment` is when, in nanoseconds since 1970.
    """

    card: Card
    judged: Judged
    place: int
    before: float | None
    before_verdict: Verdict | None
    study: str
    run: str
    scale: str
    moment: int

    @property
    def id(self) -> str:
        """The same for the same measurement, wherever and however often it is told: a name-based UUID (RFC 9562)."""
        return f"urn:uuid:{uuid.uuid5(_SPACE, f'{self.study}/{self.run}/{self.judged.claim.name}')}"

    @property
    def when(self) -> datetime:
        return datetime.fromtimestamp(self.moment / 1e9, UTC)

    @property
    def value(self) -> str:
        """Our number with its unit."""
        measured = self.judged.measured
        assert measured is not None
        assert measured.value is not None
        return f"{number(measured.value)} {self.judged.claim.unit}".strip()

    @property
    def title(self) -> str:
        """Such as "Study 22, claim 3 of 37: 0.533 → 0.915, met"."""
        study = self.card.name if self.card.number is None else f"Study {self.card.number}"
        change = self.value if self.before is None else f"{number(self.before)} → {self.value}"
        verdict = "" if self.judged.verdict == "reported" else f", {self.judged.verdict}"
        return f"{study}, claim {self.place} of {len(self.card.claims)}: {change}{verdict}"


def findings(library: Library, *, since: datetime | None = None) -> list[Finding]:
    """All that was found at or after a moment, oldest first. Trials at smoke scale are no findings.

    A duration is news only where its verdict changed: it differs from run to run.
    """
    least = 0 if since is None else int(since.timestamp() * 1e9)
    # Of many who ask at once one reads the runs, and the others wait for what it finds.
    with _reading:
        mark = library.mark
        kept = _kept.get(library)
        if kept is None or kept[0] != mark:
            kept = _kept[library] = (mark, tuple(_all(library)))
    return [finding for finding in kept[1] if finding.moment >= least]


_reading = threading.Lock()
_kept: WeakKeyDictionary[Library, tuple[tuple[Hashable, ...], tuple[Finding, ...]]] = WeakKeyDictionary()
"""What was found, until the runs change: telling it anew judges every claim of every run."""


def _all(library: Library) -> Iterator[Finding]:
    cards = {card.slug: card for card in library.catalogue}
    last: dict[tuple[str, str, str], tuple[float, Verdict]] = {}
    for record, is_shipped in library.finished():
        card = cards.get(record.study)
        if card is None or record.scale == "smoke":
            continue
        judged = card.judge(library.measured(record, is_shipped), record.scale)
        for place, ours in enumerate(judged, 1):
            if ours.measured is None or ours.measured.value is None:
                continue
            key = (record.study, record.scale, ours.claim.name)
            before, before_verdict = last.get(key, (None, None))
            last[key] = (ours.measured.value, ours.verdict)
            if before is not None and before_verdict is not None and _is_old(ours, before, before_verdict):
                continue
            yield Finding(
                card,
                ours,
                place,
                before,
                before_verdict,
                record.study,
                record.name,
                record.scale,
                record.finished_at,
            )


def _is_old(ours: Judged, before: float, verdict: Verdict) -> bool:
    assert ours.measured is not None
    return verdict == ours.verdict and (ours.claim.is_timing or before == ours.measured.value)
