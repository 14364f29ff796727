"""`create_app`: the gallery as an ASGI application."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.staticfiles import StaticFiles

from inscape import __version__
from inscape.app.catalogue.findings import findings
from inscape.app.catalogue.library import Library
from inscape.app.gallery.jobs import Jobs
from inscape.app.gallery.rendering import STATIC, plotly_file, render
from inscape.app.gallery.security import Guard
from inscape.app.gallery.settings import Settings
from inscape.errors import InscapeError, UnknownNameError
from inscape.studies.runs import RunStore

PAGES = ("home", "jobs", "zoo", "learn", "papers", "runs", "compare", "catalogue")
"""Modules of `pages/`, each with a `router`."""

UPLOADS = ("/learn/upload",)
"""Addresses that take a recording; every other body is small."""

PAGES_AT_ONCE = 6
FOREVER = "public, max-age=31536000, immutable"


def create_app(store: RunStore, settings: Settings) -> FastAPI:
    """The gallery over a store of runs.

    `app.state` holds `store`, `settings`, `jobs` and `library` for its pages, and `is_ending`: set by who serves it
    when it shall end, so that pages which follow a job are let go.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Reading the studies and the runs takes seconds at the very first start; no page waits for what it needs not.
        # The interpreter does one thing at a time: more pages at once would only wait for each other.
        to_thread.current_default_thread_limiter().total_tokens = PAGES_AT_ONCE
        threading.Thread(target=_warm, args=(app.state.library,), daemon=True, name="library").start()
        yield
        app.state.jobs.close()
        app.state.library.close()

    app = FastAPI(
        title="inscape", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
        lifespan=lifespan,
    )  # fmt: skip
    app.state.store = store
    app.state.settings = settings
    app.state.is_ending = False
    app.state.jobs = Jobs(settings.folder / "jobs", store=store, settings=settings)
    app.state.library = Library(store, apart=True)
    app.add_api_route("/static/plotly.js", _plotly, include_in_schema=False)
    app.mount("/static", _Static(directory=STATIC))
    for page in PAGES:
        app.include_router(import_module(f"inscape.app.gallery.pages.{page}").router)
    for kind in (InscapeError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _explain)
    app.add_middleware(Guard, settings=settings, explain=_explain, large_bodies=UPLOADS)
    return app


def _warm(library: Library) -> None:
    """Read cards, runs, search index and news before anybody asks; what fails will say so to who asks."""
    library.warm()
    with contextlib.suppress(InscapeError):
        findings(library)


class _Static(StaticFiles):
    """Files of the package; their addresses change with their content, so a browser may keep them."""

    def file_response(self, *arguments: Any, **options: Any) -> Response:
        response = super().file_response(*arguments, **options)
        response.headers["cache-control"] = FOREVER
        return response


def _plotly() -> FileResponse:
    return FileResponse(plotly_file(), media_type="text/javascript", headers={"cache-control": FOREVER})


async def _explain(request: Request, error: Exception) -> Response:
    """One clear line for a visitor, never a traceback."""
    status, reason = _reason(error)
    if status == 500:
        logging.getLogger("inscape.gallery").error("%s %s", request.method, request.url.path, exc_info=error)
    headers: Mapping[str, str] | None = getattr(error, "headers", None)
    wants_page = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")
    if not wants_page:
        return JSONResponse({"error": reason}, status_code=status, headers=headers)
    return render(request, "error.html", status=status, reason=reason, code=status)


def _reason(error: Exception) -> tuple[int, str]:
    if isinstance(error, UnknownNameError):
        return 404, _line(error)
    if isinstance(error, InscapeError):
        return 400, _line(error)
    if isinstance(error, HTTPException):
        known = {404: "There is nothing at this address.", 405: "This address does not take that kind of request."}
        own = error.detail if error.detail not in ("Not Found", "Method Not Allowed") else ""
        return error.status_code, own or known.get(error.status_code, str(error.detail))
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "request"
        return 422, f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}"
    return 500, "Something went wrong here; the terminal that runs the gallery says what. Nothing of yours is lost."


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
