"""The first page: a system in motion, and the doors."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from inscape.app.gallery.rendering import render
from inscape.app.gallery.settings import MEBIBYTE
from inscape.app.gallery.uploads import FORMATS
from inscape.app.gallery.wall import SHOWN, tiles

router = APIRouter(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
def home(request: Request) -> HTMLResponse:
    """The first page."""
    by_name = {tile.name: tile for tile in tiles()}
    shown = [by_name[name] for name in SHOWN if name in by_name]
    limit = request.app.state.settings.upload_bytes // MEBIBYTE
    return render(request, "home.html", shown=shown, systems=len(by_name), formats=FORMATS, limit=limit)
