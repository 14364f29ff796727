"""Papers: the reading list with its search, and a page for each paper - claims, figures, how to run it, run it here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from inscape.app.catalogue.card import Card, CardClaim
from inscape.app.catalogue.exports import as_bibtex
from inscape.app.catalogue.library import Library, Shown
from inscape.app.catalogue.reading_list import add_to_own, papers_of
from inscape.app.gallery.rendering import render
from inscape.app.gallery.run_view import claim_rows, figure_links, page_notes, video_links
from inscape.errors import InputError, UnknownNameError
from inscape.studies.lab import SCALES

router = APIRouter(include_in_schema=False)

STATES = (("", "all"), ("runs here", "runs here"), ("planned", "planned"), ("yours", "your own"))
MOST_SEED = 2**31 - 1
MOST_LISTED = 900_000
FAINT = 0.2
"""Share of the best score below which a paper is no answer."""
Question = Annotated[str, Query(max_length=1000)]


@dataclass(frozen=True)
class Line:
    """A paper in the list: its card, the run whose numbers it shows, and the claims that a question found."""

    card: Card
    shown: Shown | None
    claims: tuple[CardClaim, ...] = ()

    @property
    def verdicts(self) -> Counter[str]:
        return Counter(judged.verdict for judged in self.shown.judged) if self.shown else Counter()

    @property
    def bar(self) -> list[tuple[str, float, float]]:
        """Pieces of the bar of verdicts as (class, begin, width) of 100."""
        total = len(self.card.claims)
        pieces, begin = [], 0.0
        for verdict, kind in (("met", "met"), ("not met", "missed"), ("reported", "told"), ("not judged", "told")):
            width = 100.0 * self.verdicts[verdict] / total if total else 0.0
            if width:
                pieces.append((kind, begin, width))
            begin += width
        return pieces


@router.get("/papers", response_class=HTMLResponse)
def papers(request: Request, q: Question = "", state: str = "", part: str = "") -> HTMLResponse:
    """The list; with a question the papers that answer it, best first, and their claims."""
    library: Library = request.app.state.library
    newest = library.newest()
    found = _found(library, q)
    lines = [
        Line(card, library.shown(card, newest), claims) for card, claims in found if not state or card.state == state
    ]
    facts: dict[str, Any] = {"lines": lines, "question": q, "state": state, "states": STATES}
    if part == "list":
        return render(request, "papers_list.html", **facts)
    everything = lines if not q and not state else [Line(c, library.shown(c, newest)) for c in library.catalogue]
    return render(request, "papers.html", **facts, totals=_totals(everything))


@router.post("/papers")
def add(request: Request, listing: Annotated[str, Form(max_length=MOST_LISTED)]) -> RedirectResponse:
    """Add papers to one's own list.

    Raises
    ------
    InputError : if no paper is listed.
    """
    listed = papers_of(listing)
    if not listed:
        raise InputError("reading list: no paper found, expected arXiv ids, BibTeX or OPML")
    add_to_own(request.app.state.store.root, listed)
    return RedirectResponse("/papers?state=yours", status_code=303)


@router.get("/papers.bib")
def bibtex(request: Request) -> Response:
    """All papers as BibTeX."""
    return Response(
        as_bibtex(request.app.state.library.catalogue), media_type="application/x-bibtex",
        headers={"content-disposition": 'attachment; filename="papers.bib"'},
    )  # fmt: skip


@router.get("/papers/{name}", response_class=HTMLResponse)
def paper(request: Request, name: str) -> HTMLResponse:
    """One paper."""
    library: Library = request.app.state.library
    card = library.catalogue.card(name)
    shown = library.shown(card)
    folder = None if shown is None else library.folder(shown.record.study, shown.record.name)[0]
    jobs = request.app.state.jobs.all("study", study=card.slug)
    has_released = any(c.claim.as_released is not None or c.claim.as_corrected is not None for c in card.claims)
    return render(
        request, "paper.html", plots=folder is not None and bool(folder.figures), card=card, shown=shown,
        claims=claim_rows(card, shown), has_released=has_released,
        figures=[] if folder is None else figure_links(folder), videos=[] if folder is None else video_links(folder),
        notes=[] if folder is None else page_notes(folder), history=library.index.runs(study=card.slug, limit=8),
        job=next((job for job in jobs if not job.is_over), jobs[0] if jobs and jobs[0].state == "failed" else None),
        scales=SCALES, number=card.number, snippet=snippet(card),
    )  # fmt: skip


@router.post("/papers/{name}/run")
def run_here(
    request: Request, name: str, scale: Annotated[str, Form()] = "smoke", seed: Annotated[int, Form()] = 0
) -> RedirectResponse:
    """Begin a run in a worker process; the page shows its progress."""
    card = request.app.state.library.catalogue.card(name)
    begin(request, card, scale, seed)
    return RedirectResponse(f"/papers/{quote(card.slug)}#run", status_code=303)


def begin(request: Request, card: Card, scale: str, seed: int) -> str:
    """Queue a run of a card's study, unless just that one is at work; the job's id.

    Raises
    ------
    InputError : if the paper has no study, or the seed is out of range.
    UnknownNameError : if there is no such scale.
    """
    if card.state != "runs here":
        raise InputError(f"paper {card.slug}: it has no study yet, so it cannot be run")
    if scale not in SCALES:
        raise UnknownNameError("scale", scale[:40], SCALES)
    if not 0 <= seed <= MOST_SEED:
        raise InputError(f"seed: {seed} found, expected 0 to {MOST_SEED}")
    jobs = request.app.state.jobs
    settings = {"study": card.slug, "scale": scale, "seed": seed}
    for job in jobs.all("study", **settings):
        if not job.is_over:
            return str(job.id)
    return str(jobs.submit("study", settings, title=f"{card.name}, {scale} scale, seed {seed}").id)


def snippet(card: Card) -> str:
    """The lines of Python that rerun a study."""
    return "\n".join(
        (
            "from inscape.studies.registry import find_study",
            "",
            f'study = find_study("{card.slug}")',
            'run = study.perform(scale="desk", seed=0)',
            "for judged in run.judged:",
            "    print(judged.verdict, judged.claim.statement, judged.measured)",
            "print(run.folder.path)  # settings, versions, every step, figures, findings",
        )
    )


def _found(library: Library, question: str) -> list[tuple[Card, tuple[CardClaim, ...]]]:
    if not question.strip():
        return [(card, ()) for card in library.catalogue]
    hits = library.catalogue.search.find(question, papers=12, claims=12)
    least = FAINT * hits.papers[0].score if hits.papers else 0.0
    claims: dict[str, list[CardClaim]] = {}
    for hit in hits.claims:
        claims.setdefault(hit.card.slug, []).append(hit.claim)
    listed = [hit.card for hit in hits.papers if hit.score >= least]
    best = max((hit.score for hit in hits.claims), default=0.0)
    listed += [hit.card for hit in hits.claims if hit.card not in listed and hit.score >= best / 2]
    unique = {card.slug: card for card in listed}
    return [(card, tuple(claims.get(card.slug, ())[:3])) for card in unique.values()]


def _totals(lines: list[Line]) -> dict[str, int]:
    papers = [line for line in lines if line.card.number is not None]
    return {
        "papers": len(papers),
        "here": sum(line.card.state == "runs here" for line in papers),
        "claims": sum(len(line.card.claims) for line in lines),
        "met": sum(line.verdicts["met"] for line in lines),
        "judged": sum(line.verdicts["met"] + line.verdicts["not met"] for line in lines),
    }
