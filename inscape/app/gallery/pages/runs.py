"""Runs: the history, one run, two runs side by side, again, and a bin that gives back."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from inscape.app.catalogue.card import Card
from inscape.app.catalogue.library import Library, Shown
from inscape.app.gallery.pages.papers import begin
from inscape.app.gallery.rendering import render
from inscape.app.gallery.run_view import cell, claim_row, figure_links, page_notes, tables, video_links
from inscape.app.page import plain_figure
from inscape.errors import InputError, UnknownNameError
from inscape.studies.lab import SCALES
from inscape.studies.paper import Paper
from inscape.studies.run_bin import empty_bin, take_back, throw_away, thrown_away
from inscape.studies.run_index import RunRecord
from inscape.studies.runs import FILM_TYPES, RunFolder
from inscape.studies.study import Study, StudyRun

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 50
STATES = ("finished", "unfinished", "damaged")
MOST_PAGES = 10**6


@router.get("/runs", response_class=HTMLResponse)
def runs(
    request: Request,
    study: str = "",
    scale: str = "",
    state: str = "",
    page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1,
    binned: str = "",
) -> HTMLResponse:
    """The history, what was begun last first."""
    library: Library = request.app.state.library
    library.refresh()
    wanted = {"study": study or None, "scale": scale or None, "state": state or None}
    count = library.index.count(**wanted)
    records = library.index.runs(**wanted, limit=ON_A_PAGE, offset=(page - 1) * ON_A_PAGE)
    cards = {card.slug: card for card in library.catalogue}
    jobs = [job for job in request.app.state.jobs.all("study") if not job.is_over]
    asked = {"study": study, "scale": scale, "state": state}
    query = urlencode({key: value for key, value in asked.items() if value})
    return render(
        request, "runs.html", rows=[_row(library, record, cards.get(record.study)) for record in records], count=count,
        page=page, pages=max(1, -(-count // ON_A_PAGE)), query=query, asked=asked, jobs=jobs, states=STATES,
        scales=SCALES, studies=[card for card in cards.values() if card.state == "runs here"],
        binned=_pair(binned), in_bin=len(thrown_away(library.store)), root=str(library.store.root),
    )  # fmt: skip


@router.get("/runs/compare", response_class=HTMLResponse)
def compare(request: Request, run: Annotated[list[str] | None, Query(max_length=10)] = None) -> HTMLResponse:
    """Two runs side by side: what differs in settings, versions and numbers.

    Raises
    ------
    InputError : if not two runs of one study are named.
    """
    library: Library = request.app.state.library
    named = [_pair(text) for text in run or []]
    if len(named) != 2 or None in named:
        raise InputError(f"compare: {len(run or [])} runs found, expected two as study/run; mark two in the history")
    # The one that was begun first stands first, so that a change reads forward in time.
    found = [_whole(library, *pair) for pair in named if pair is not None]
    first, second = sorted(found, key=lambda run: run[0].name)
    folders = (first[0], second[0])
    if folders[0].path.parent.name != folders[1].path.parent.name:
        raise InputError("compare: runs of two studies found, expected two of one study")
    card = _card(library, folders[0])
    sides = [_shown(library, folder, is_shipped, card) for folder, is_shipped in (first, second)]
    return render(request, "runs_compare.html", card=card, sides=sides, claims=_both(sides), facts=_facts(folders))


@router.get("/runs/bin", response_class=HTMLResponse)
def bin_page(request: Request) -> HTMLResponse:
    """What was thrown away, and can be taken back."""
    return render(request, "runs_bin.html", binned=thrown_away(request.app.state.store))


@router.post("/runs/bin/empty")
def empty(request: Request) -> RedirectResponse:
    """Remove for good what is in the bin."""
    empty_bin(request.app.state.store)
    return RedirectResponse("/runs/bin", status_code=303)


@router.get("/runs/{study}/{name}", response_class=HTMLResponse)
def run(request: Request, study: str, name: str) -> HTMLResponse:
    """One run."""
    library: Library = request.app.state.library
    folder, is_shipped = library.folder(study, name)
    card = _card(library, folder)
    shown = _shown(library, folder, is_shipped, card)
    record = shown.record
    facts: dict[str, Any] = {"figures": [], "videos": [], "notes": [], "tables": [], "versions": {}}
    if record.state != "damaged":
        facts = {
            "figures": figure_links(folder), "videos": video_links(folder), "notes": page_notes(folder),
            "tables": tables(folder), "versions": _versions(folder),
        }  # fmt: skip
    return render(
        request, "run.html", plots=bool(facts["figures"]), card=card, shown=shown, record=record,
        claims=[claim_row(judged) for judged in shown.judged], path=str(folder.path), **facts,
    )  # fmt: skip


@router.get("/runs/{study}/{name}/figures/{figure}.json")
def figure(request: Request, study: str, name: str, figure: str) -> Response:
    """A plotly figure without a theme of its own.

    Raises
    ------
    UnknownNameError : if the run has none of that name.
    """
    folder, _ = request.app.state.library.folder(study, name)
    if figure not in folder.figures:
        raise UnknownNameError("figure", figure[:100], folder.figures)
    try:
        plain = plain_figure(folder.figures[figure].read_text(encoding="utf-8"))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"figure {figure}: its file is damaged") from None
    return Response(json.dumps(plain), media_type="application/json", headers={"cache-control": "max-age=3600"})


@router.get("/runs/{study}/{name}/films/{film}")
def film(request: Request, study: str, name: str, film: str) -> FileResponse:
    """A film of a run."""
    folder, _ = request.app.state.library.folder(study, name)
    known = {file.name: file for file in folder.films.values()}
    if film not in known:
        raise UnknownNameError("film", film[:100], known)
    return FileResponse(known[film], media_type=FILM_TYPES[known[film].suffix])


@router.get("/runs/{study}/{name}/report.html")
def report(request: Request, study: str, name: str) -> Response:
    """The run's report as a file to keep: one page that opens without a network."""
    from inscape.app.study_report import render_study_report

    library: Library = request.app.state.library
    folder, _ = _whole(library, study, name)
    if not folder.is_finished:
        raise InputError(f"run {study}/{name}: not finished, so it has no report; run it again to take it up")
    page = render_study_report(StudyRun(_study(_card(library, folder)), folder))
    download = {"content-disposition": f'attachment; filename="{study}-{name}.html"'}
    return Response(page, media_type="text/html", headers=download)


@router.get("/runs/{study}/{name}/findings.json")
def findings(request: Request, study: str, name: str) -> FileResponse:
    """All numbers of a run as a file to keep."""
    folder, _ = request.app.state.library.folder(study, name)
    if not folder.is_finished:
        raise InputError(f"run {study}/{name}: not finished, so it has no findings yet")
    return FileResponse(folder.path / "findings.json", filename=f"{study}-{name}.json", media_type="application/json")


@router.post("/runs/{study}/{name}/again")
def again(request: Request, study: str, name: str) -> RedirectResponse:
    """Run with the same settings; an unfinished run is taken up where it stopped."""
    library: Library = request.app.state.library
    folder, _ = _whole(library, study, name)
    card = _card(library, folder)
    settings = folder.settings
    begin(request, card, settings["scale"], int(settings["seed"]))
    return RedirectResponse(f"/papers/{quote(card.slug)}#run", status_code=303)


@router.post("/runs/{study}/{name}/delete")
def delete(request: Request, study: str, name: str) -> RedirectResponse:
    """Put a run into the bin; the page that follows offers to take it back."""
    library: Library = request.app.state.library
    folder, is_shipped = library.folder(study, name)
    if is_shipped:
        raise InputError(f"run {study}/{name}: it came with inscape and stays")
    throw_away(library.store, folder.path.parent.name, folder.name)
    library.look_again()
    return RedirectResponse(f"/runs?binned={quote(study)}/{quote(name)}", status_code=303)


@router.post("/runs/bin/{study}/{name}/restore")
def restore(request: Request, study: str, name: str) -> RedirectResponse:
    """Take a run back out of the bin."""
    library: Library = request.app.state.library
    take_back(library.store, study, name)
    library.look_again()
    return RedirectResponse(f"/runs/{quote(study)}/{quote(name)}", status_code=303)


@router.post("/runs/compare")
def chosen(request: Request, run: Annotated[list[str] | None, Form()] = None) -> RedirectResponse:
    """Two marked runs of the history, to be compared."""
    return RedirectResponse("/runs/compare?" + urlencode({"run": (run or [])[:10]}, doseq=True), status_code=303)


def _row(library: Library, record: RunRecord, card: Card | None) -> dict[str, Any]:
    judged = [] if card is None else card.judge(library.index.measured(record.study, record.name), record.scale)
    verdicts = [j.verdict for j in judged]
    return {
        "record": record,
        "title": record.study if card is None else card.name,
        "number": None if card is None else card.number,
        "met": verdicts.count("met"),
        "judged": verdicts.count("met") + verdicts.count("not met"),
        "key": f"{record.study}/{record.name}",
    }


def _pair(text: str) -> tuple[str, str] | None:
    study, slash, name = text.partition("/")
    return (study[:200], name[:200]) if slash and study and name else None


def _card(library: Library, folder: RunFolder) -> Card:
    name = folder.path.parent.name
    try:
        return library.catalogue.card(name)
    except UnknownNameError:  # A study that stood here once, or stands elsewhere: its runs are shown all the same.
        return Card(slug=name, name=name, paper=Paper(name, year=0))


def _study(card: Card) -> Study:
    """The study without its recipe: what a report needs of it, without importing its packages."""
    return Study(
        number=card.number, name=card.name, paper=card.paper, claims=[c.claim for c in card.claims],
        summary=card.summary, rooms=card.rooms, needs=card.needs,
    )  # fmt: skip


def _whole(library: Library, study: str, name: str) -> tuple[RunFolder, bool]:
    """The folder of a run that can be read."""
    folder, is_shipped = library.folder(study, name)
    record = library.record(folder, is_shipped)
    if record.state == "damaged":
        raise InputError(f"run {study}/{name}: damaged ({record.remark}); mend the file, or delete the run")
    return folder, is_shipped


def _shown(library: Library, folder: RunFolder, is_shipped: bool, card: Card) -> Shown:
    record = library.record(folder, is_shipped)
    return Shown(record, tuple(card.judge(library.measured(record, is_shipped), record.scale)), is_shipped)


def _both(sides: list[Shown]) -> list[dict[str, Any]]:
    """Each claim with both numbers, and whether their intervals overlap."""
    rows = []
    for first, second in zip(sides[0].judged, sides[1].judged, strict=True):
        one, two = first.measured, second.measured
        change, apart = "", ""
        if one and two and one.value is not None and two.value is not None:
            change = "same" if one.value == two.value else _change(one.value, two.value)
            if None not in (one.low, one.high, two.low, two.high):
                is_apart = one.high < two.low or two.high < one.low  # type: ignore[operator]
                apart = "apart" if is_apart else "overlap"
        rows.append({"first": claim_row(first), "second": claim_row(second), "change": change, "intervals": apart})
    return rows


def _change(before: float, after: float) -> str:
    if before and abs(after / before) < 1000 and after / before > 0:
        return f"{100 * (after / before - 1):+.3g} %"
    return f"{after - before:+.3g}"


def _facts(folders: tuple[RunFolder, RunFolder]) -> list[tuple[str, str, str]]:
    """Settings and versions that differ, or that a reader looks for."""
    rows = []
    for kind in ("settings", "versions"):
        first, second = getattr(folders[0], kind), getattr(folders[1], kind)
        for key in dict.fromkeys((*first, *second)):
            one, two = cell(first.get(key, "–")), cell(second.get(key, "–"))
            if one != two or key in ("scale", "seed"):
                rows.append((key, one, two))
    return rows


def _versions(folder: RunFolder) -> dict[str, str]:
    try:
        return folder.versions
    except (OSError, ValueError):
        return {}
