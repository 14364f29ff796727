"""The first page: a system in motion, and the doors."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from inscape.app.gallery.rendering import render
from inscape.app.gallery.wall import tiles

router = APIRouter(include_in_schema=False)

SHOWN = ("Lorenz", "Aizawa", "Halvorsen", "Thomas", "Dadras", "Rossler", "ChenLee", "HyperRossler")
"""Systems that follow one another on the first page."""


@router.get("/", response_class=HTMLResponse)
def home(request: Request) -> HTMLResponse:
    """The first page."""
    by_name = {tile.name: tile for tile in tiles()}
    shown = [by_name[name] for name in SHOWN if name in by_name]
    return render(request, "home.html", shown=shown, systems=len(by_name))
