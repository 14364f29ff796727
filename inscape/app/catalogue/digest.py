"""The weekly digest: what was found, as text and as one HTML page without scripts, as a mail program shows it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inscape.app.catalogue.findings import Finding
from inscape.app.catalogue.findings import findings as all_findings
from inscape.app.catalogue.library import Library
from inscape.app.templating import templates
from inscape.app.terminal import number
from inscape.atomic import write_text
from inscape.errors import InputError


@dataclass(frozen=True)
class Digest:
    """The findings of some days: `subject`, `text` and `html` are what a mail holds."""

    findings: tuple[Finding, ...]
    begin: datetime
    end: datetime

    @property
    def subject(self) -> str:
        count = len(self.findings)
        told = f"{count} finding{'' if count == 1 else 's'}" if count else "nothing new"
        return f"inscape, {self.begin:%d %b} to {self.end:%d %b %Y}: {told}"

    @property
    def text(self) -> str:
        lines = [self.subject, "=" * len(self.subject), "", self.headline, ""]
        for heading, news in self.by_paper():
            lines += [heading, "-" * len(heading)]
            for finding in news:
                lines += [f"  {_mark(finding)} {finding.judged.claim.statement}", f"      {_numbers(finding)}"]
            lines.append("")
        return "\n".join(lines)

    @property
    def html(self) -> str:
        papers = [
            {"heading": heading, "news": [{"finding": f, "mark": _mark(f), "numbers": _numbers(f)} for f in news]}
            for heading, news in self.by_paper()
        ]
        digest_page = templates(("inscape.app.catalogue", "templates")).get_template("digest.html")
        return digest_page.render(digest=self, papers=papers)

    @property
    def headline(self) -> str:
        """One sentence about all of it."""
        if not self.findings:
            return "No claim was measured in these days, and none changed."
        verdicts = Counter(finding.judged.verdict for finding in self.findings)
        turned = sum(f.before_verdict not in (None, f.judged.verdict) for f in self.findings)
        fresh = sum(f.before is None for f in self.findings)
        parts = [f"{fresh} measured for the first time", f"{len(self.findings) - fresh} changed"]
        parts += [f"{verdicts[v]} {v}" for v in ("met", "not met") if verdicts[v]]
        return ", ".join(parts) + (f"; {turned} changed sides." if turned else ".")

    def by_paper(self) -> list[tuple[str, list[Finding]]]:
        """The findings under their papers, in the order of the reading list; those that changed sides first."""
        grouped: dict[str, list[Finding]] = {}
        for finding in sorted(self.findings, key=lambda f: (f.card.number is None, f.card.slug, f.place)):
            grouped.setdefault(finding.card.slug, []).append(finding)
        for news in grouped.values():
            news.sort(key=lambda f: f.before_verdict in (None, f.judged.verdict))
        return [(_heading(news[0]), news) for news in grouped.values()]


def digest(library: Library, *, days: float = 7.0, end: datetime | None = None) -> Digest:
    """The digest of the last days.

    Parameters
    ----------
    days : how many, up to `end`, which is now if None.

    Raises
    ------
    InputError : if `days` is not a positive number of at most 3,660.
    """
    if not 0 < days <= 3660:
        raise InputError(f"days: {days:g} found, expected more than 0 and at most 3660")
    last = end or datetime.now(UTC)
    begin = last - timedelta(days=days)
    news = [finding for finding in all_findings(library, since=begin) if finding.when <= last]
    return Digest(tuple(news), begin, last)


def write_digest(made: Digest, folder: Path) -> tuple[Path, Path]:
    """Write `digest-2026-11-22.html` and `.txt` into a folder; their paths.

    Raises
    ------
    InputError : if the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: cannot be made ({error.strerror}); choose another folder") from None
    stem = f"digest-{made.end:%Y-%m-%d}"
    page, plain = folder / f"{stem}.html", folder / f"{stem}.txt"
    write_text(page, made.html)
    write_text(plain, made.text)
    return page, plain


def _heading(finding: Finding) -> str:
    where = "" if finding.card.number is None else f"{finding.card.number:02d} "
    return f"{where}{finding.card.paper.title} ({finding.scale} scale)"


def _mark(finding: Finding) -> str:
    verdict = finding.judged.verdict
    return f"[{verdict}]" if verdict in ("met", "not met") else "[ - ]"


def _numbers(finding: Finding) -> str:
    claim, measured = finding.judged.claim, finding.judged.measured
    assert measured is not None
    parts = [finding.value if finding.before is None else f"{number(finding.before)} → {finding.value}"]
    if measured.low is not None and measured.high is not None:
        parts[0] += f" ({number(measured.low)} to {number(measured.high)})"
    if claim.paper is not None:
        parts.append(f"paper: {number(claim.paper)}")
    if claim.bound:
        parts.append(f"must be {claim.bound}")
    return "; ".join(parts)
