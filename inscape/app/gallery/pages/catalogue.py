"""The catalogue for programs: JSON, Atom feed, digest."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, Response

from inscape.app.catalogue.digest import digest
from inscape.app.catalogue.exports import as_json, card_record
from inscape.app.catalogue.feed import atom
from inscape.app.catalogue.findings import findings
from inscape.app.catalogue.library import Library
from inscape.app.gallery.rendering import render
from inscape.app.gallery.run_view import page_notes
from inscape.app.terminal import plain
from inscape.studies.run_index import RunRecord


class Problem(BaseModel):
    """Why something cannot be done, in one line."""

    error: str


class PaperFound(BaseModel):
    slug: str
    title: str
    score: float


class ClaimFound(BaseModel):
    paper: str
    claim: str
    statement: str
    score: float


class Found(BaseModel):
    """What a question found, best first."""

    papers: list[PaperFound]
    claims: list[ClaimFound]


class RunTold(BaseModel):
    """A run as the index knows it."""

    study: str
    name: str
    started: str
    state: str
    scale: str
    seed: int | None
    seconds: float | None


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": told}
    for status, told in ((400, "Cannot be done"), (404, "Not known"), (422, "Not what was expected"))
}
router = APIRouter(tags=["catalogue"], responses=PROBLEMS)
Name = Annotated[str, Path(max_length=200)]


@router.get("/api/papers")
def all_papers(request: Request) -> list[dict[str, Any]]:
    """Every paper with its claims, and our numbers beside them."""
    return as_json(request.app.state.library)


@router.get("/api/papers/{name}")
def one_paper(request: Request, name: Name) -> dict[str, Any]:
    """One paper, by number, slug, name or arXiv id."""
    library: Library = request.app.state.library
    card = library.catalogue.card(name)
    return card_record(card, library.shown(card))


@router.get("/api/search")
def search(
    request: Request,
    q: Annotated[str, Query(max_length=1000)],
    count: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Found:
    """Papers and claims by words and by meaning."""
    hits = request.app.state.library.catalogue.search.find(q, papers=count, claims=count)
    return Found(
        papers=[PaperFound(slug=h.card.slug, title=h.card.paper.title, score=h.score) for h in hits.papers],
        claims=[
            ClaimFound(
                paper=h.card.slug, claim=h.claim.claim.name, statement=h.claim.claim.statement, score=h.score
            )
            for h in hits.claims
        ],
    )  # fmt: skip


@router.get("/api/runs")
def all_runs(
    request: Request,
    study: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> list[RunTold]:
    """The user's runs, what was begun last first."""
    library: Library = request.app.state.library
    library.refresh()
    return [_told(record) for record in library.index.runs(study=study, limit=limit, offset=offset)]


@router.get("/api/runs/{study}/{name}")
def one_run(request: Request, study: Name, name: Name) -> dict[str, Any]:
    """One run: its settings, numbers, notes and the names of its figures."""
    library: Library = request.app.state.library
    folder, is_shipped = library.folder(study, name)
    record = library.record(folder, is_shipped)
    measured = {claim: vars(number) for claim, number in library.measured(record, is_shipped).items()}
    is_readable = record.state != "damaged"
    return dict(
        plain(
            {
                **_told(record).model_dump(),
                "measured": measured,
                "settings": folder.settings if is_readable else {},
                "notes": page_notes(folder) if is_readable else [],
                "figures": list(record.figures),
                "shipped": is_shipped,
            }
        )
    )


@router.get("/feed.xml", response_class=Response, include_in_schema=False)
def feed(request: Request) -> Response:
    """New and changed measurements as an Atom feed."""
    text = atom(findings(request.app.state.library), address=str(request.base_url))
    return Response(text, media_type="application/atom+xml")


@router.get("/digest", response_class=HTMLResponse, include_in_schema=False)
def digest_page(request: Request, days: Annotated[float, Query(gt=0, le=3660)] = 7.0) -> HTMLResponse:
    """What was found in the last days."""
    made = digest(request.app.state.library, days=days)
    return render(request, "digest.html", digest=made, papers=made.by_paper(), days=days)


def _told(record: RunRecord) -> RunTold:
    seconds = record.seconds if record.seconds is not None and record.seconds == record.seconds else None
    return RunTold(
        study=record.study, name=record.name, started=record.started, state=record.state, scale=record.scale,
        seed=record.seed, seconds=seconds,
    )  # fmt: skip
