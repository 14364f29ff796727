"""Learn: a recording handed over or a sample picked, its columns chosen, the contest followed, the law shown."""

from __future__ import annotations

import json
import math
from typing import Any, Literal
from urllib.parse import unquote

from fastapi import APIRouter, Request
from markupsafe import Markup
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

from inscape.app.gallery.jobs import Job, Jobs, new_id
from inscape.app.gallery.learning import DOWNLOADS, FACTS
from inscape.app.gallery.rendering import render
from inscape.app.gallery.settings import MEBIBYTE
from inscape.app.gallery.uploads import FORMATS, keep_upload, shown_name, suffix_of
from inscape.app.samples import SAMPLES
from inscape.errors import InputError, UnknownNameError

router = APIRouter(prefix="/learn", include_in_schema=False)

FAMILIES_SHOWN = 40
SHOWN_JOBS = 8


class Choice(BaseModel):
    """What the contest is told of a recording."""

    columns: list[str] = Field(default_factory=list, max_length=200)
    inputs: list[str] = Field(default_factory=list, max_length=200)
    time: str | None = Field(default=None, max_length=300)
    dt: float | None = None
    run: str | None = Field(default=None, max_length=300)
    laws: list[str] = Field(default_factory=list, max_length=100)
    horizon: int | None = Field(default=None, ge=1, le=100_000)
    level: float = Field(default=0.9, ge=0.01, le=0.999)
    seed: int = Field(default=0, ge=0, le=2**31)
    sort: bool = False
    duplicates: Literal["error", "mean", "first"] = "error"


@router.get("", response_class=HTMLResponse)
def begin(request: Request) -> HTMLResponse:
    """Where a recording is handed over."""
    jobs: Jobs = request.app.state.jobs
    limit = request.app.state.settings.upload_bytes // MEBIBYTE
    recent = jobs.all("learn")[:SHOWN_JOBS]
    return render(
        request, "learn.html", samples=list(SAMPLES.values()), recent=recent, limit=limit, formats=FORMATS
    )  # fmt: skip


@router.post("/upload")
async def upload(request: Request) -> dict[str, str]:
    """Take a recording as the body of the request, its name in the header `X-File-Name`; answers with its page."""
    name = shown_name(unquote(request.headers.get("x-file-name", "")))
    suffix = suffix_of(name)
    jobs: Jobs = request.app.state.jobs
    key = new_id()
    await keep_upload(request.stream(), jobs.folder_of(key), suffix)
    jobs.submit("read", {"name": name}, title=f"Reading {name}", key=key)
    return {"job": key, "page": f"/learn/recording/{key}"}


@router.post("/sample/{name}")
def learn_sample(request: Request, name: str) -> dict[str, str]:
    """Hold the contest on a recording that comes with inscape."""
    if name not in SAMPLES:
        raise UnknownNameError("sample", name, SAMPLES)
    job = request.app.state.jobs.submit(
        "learn", {"sample": name, "name": name, "seed": 0, "level": 0.9}, title=f"Learning the law of {name}"
    )
    return {"job": job.id, "page": f"/learn/law/{job.id}"}


@router.get("/recording/{key}", response_class=HTMLResponse)
def recording(request: Request, key: str) -> HTMLResponse:
    """A recording that was handed over: what it holds, and what the contest shall take of it."""
    from inscape.models.registry import families

    job = _job(request, key, "read")
    found = job.result
    columns = [{**c, "path": _path(c["picture"])} for c in found.get("columns", ())]
    known = families()[:FAMILIES_SHOWN] if job.state == "done" else ()
    return render(request, "recording.html", job=job, found=found, columns=columns, families=known)


@router.post("/recording/{key}/start")
def start(request: Request, key: str, choice: Choice) -> dict[str, str]:
    """Begin the contest on a recording that was looked into."""
    reading = _job(request, key, "read")
    if reading.state != "done":
        raise InputError("the recording is not read yet; wait until its columns are shown")
    if choice.dt is not None and not (math.isfinite(choice.dt) and choice.dt > 0):
        raise InputError(f"dt: {choice.dt} found, expected a positive number")
    if not choice.columns:
        raise InputError("columns: none chosen to learn the law of, expected at least one")
    name = reading.settings["name"]
    settings = {**choice.model_dump(), "upload": key, "name": name}
    job = request.app.state.jobs.submit("learn", settings, title=f"Learning the law of {name}")
    return {"job": job.id, "page": f"/learn/law/{job.id}"}


@router.get("/law/{key}", response_class=HTMLResponse)
def law(request: Request, key: str) -> HTMLResponse:
    """What the contest found; its progress while it runs."""
    job = _job(request, key, "learn")
    if job.state != "done":
        return render(request, "learning.html", job=job)
    facts: dict[str, Any] = json.loads((request.app.state.jobs.folder_of(key) / FACTS).read_text(encoding="utf-8"))
    # Made by `inscape.app.equations`, which escapes every name.
    for part in ("equations", "nearest_equations"):
        facts[part] = [Markup(line) for line in facts[part]]
    return render(request, "law.html", plots=True, job=job, drawn=facts.pop("figures"), **facts)


@router.get("/law/{key}/figure/{name}")
def figure(request: Request, key: str, name: str) -> Response:
    """One of its figures as plotly describes it."""
    _job(request, key, "learn")
    held = {file.stem: file for file in (request.app.state.jobs.folder_of(key) / "figures").glob("*.json")}
    if name not in held:
        raise UnknownNameError("figure", name[:40], held)
    return Response(held[name].read_bytes(), media_type="application/json")


@router.get("/law/{key}/download/{what}")
def download(request: Request, key: str, what: str) -> FileResponse:
    """Report, model, forecast or numbers, to keep."""
    _job(request, key, "learn")
    if what not in DOWNLOADS:
        raise UnknownNameError("download", what[:40], DOWNLOADS)
    file = request.app.state.jobs.folder_of(key) / DOWNLOADS[what]
    if not file.exists():
        raise HTTPException(404, "This is not made yet; the contest must be done first.")
    return FileResponse(file, filename=f"inscape-{DOWNLOADS[what]}", media_type="application/octet-stream")


def _job(request: Request, key: str, kind: str) -> Job:
    job: Job = request.app.state.jobs.get(key)
    if job.kind != kind:
        raise UnknownNameError("recording" if kind == "read" else "contest", key[:40], ())
    return job


def _path(picture: list[float | None]) -> str:
    """A small picture of a column, 0 to 100 wide and 0 to 24 high, as an SVG path."""
    steps, pen = [], "M"
    for k, value in enumerate(picture):
        if value is None:
            pen = "M"
            continue
        steps.append(f"{pen}{100 * k / max(1, len(picture) - 1):.1f} {23 - 22 * value:.1f}")
        pen = "L"
    return "".join(steps)
