"""The zoo: the wall of attractors, and a system's own page with its parameters under the reader's hand."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, Response

from inscape.app.gallery import motion
from inscape.app.gallery.rendering import render
from inscape.app.gallery.wall import hero_points_of, points_of, tiles, wall_bytes
from inscape.app.thinning import numbers, times_of
from inscape.errors import InputError

router = APIRouter()

PREFIX = "p."
"""What stands before a parameter's name in an address: `?p.rho=35`."""
BINARY = "application/octet-stream"
SHOWN_SLIDERS = 12


@router.get("/zoo", response_class=HTMLResponse, include_in_schema=False)
def wall(request: Request, q: str = "") -> HTMLResponse:
    """The wall of attractors."""
    from inscape.systems import zoo

    return render(request, "zoo.html", tiles=tiles(), fields=zoo.fields, q=q)


@router.get("/zoo/wall.bin", include_in_schema=False)
def wall_points() -> Response:
    """The points of the whole wall."""
    return Response(wall_bytes(), media_type=BINARY, headers={"cache-control": "max-age=3600"})


@router.get("/zoo/points/{name}.bin", include_in_schema=False)
def one_portrait(name: str) -> Response:
    """The points of one system on the wall."""
    from inscape.systems import zoo

    return Response(points_of(zoo.card(name).name), media_type=BINARY, headers={"cache-control": "max-age=3600"})


@router.get("/zoo/hero/{name}.bin", include_in_schema=False)
def hero_portrait(name: str) -> Response:
    """The points of one system on the first page."""
    from inscape.systems import zoo

    return Response(hero_points_of(zoo.card(name).name), media_type=BINARY, headers={"cache-control": "max-age=3600"})


@router.get("/zoo/{name}", response_class=HTMLResponse, include_in_schema=False)
def system_page(request: Request, name: str) -> HTMLResponse:
    """One system."""
    from markupsafe import Markup

    from inscape.app.gallery.law_markup import law_mathml
    from inscape.systems import zoo

    card = zoo.card(name)
    system = zoo[card.name]
    sliders = [
        {"name": key, "value": value, **dict(zip(("low", "high", "step"), motion.parameter_range(value), strict=True))}
        for key, value in card.parameters.items()
    ]
    names = [tile.name for tile in tiles()]
    place = names.index(card.name)
    return render(
        request,
        "system.html",
        card=card,
        sliders=sliders,
        shown_sliders=SHOWN_SLIDERS,
        # Printed from the package's own laws, every name escaped.
        equations=[Markup(line) for line in law_mathml(system)],
        code=code_of(system, card.name, {}),
        before=names[place - 1],
        after=names[(place + 1) % len(names)],
    )


@router.get("/api/zoo", tags=["zoo"])
def systems(q: str = "") -> list[dict[str, Any]]:
    """Every system of the zoo, or those in whose name, description, source or fields all words of `q` stand."""
    words = q.lower().split()
    return [
        {
            "name": t.name, "kind": t.kind, "dimension": t.dimension, "description": t.description,
            "fields": list(t.fields), "verdict": t.verdict, "largest_exponent": t.exponent,
            "kaplan_yorke": t.kaplan_yorke,
        }
        for t in tiles() if all(word in t.words for word in words)
    ]  # fmt: skip


@router.get("/api/zoo/{name}/orbit", tags=["zoo"])
def orbit(request: Request, name: str, points: int = 5_000, format: str = "json") -> Response:  # noqa: A002
    """An orbit at the parameters given as `p.NAME=VALUE`; `format` is "json", or "binary" for the gallery's pages.

    A run that leaves every bounded region comes back as far as it is good, and `stopped` says where it ended.
    """
    from inscape.systems import zoo

    if format not in ("json", "binary"):
        raise InputError(f"format: {format[:40]!r} found, expected json or binary")
    card = zoo.card(name)
    found = motion.orbit(card.name, tuple(sorted(_parameters(request).items())), points)
    head = {
        "name": card.name, "state_names": list(card.state_names), "labels": list(found.labels),
        "stopped": found.stopped, "has_diverged": found.has_diverged, "seconds": round(found.seconds, 4),
        "points": len(found.view),
    }  # fmt: skip
    if format == "json":
        body = {**head, "times": times_of(found.times), "states": [numbers(row) for row in found.states]}
        return Response(json.dumps(body), media_type="application/json")
    return Response(_packed(head, found), media_type=BINARY)


@router.get("/api/zoo/{name}/code", tags=["zoo"])
def code(request: Request, name: str) -> dict[str, str]:
    """The law at the parameters given as `p.NAME=VALUE`, as Python, LaTeX, Julia, and as inscape itself says it."""
    from inscape.systems import zoo

    card = zoo.card(name)
    parameters = _parameters(request)
    return code_of(zoo[card.name].with_parameters(**parameters), card.name, parameters)


class Setting(BaseModel):
    """Parameters that differ from the published ones."""

    parameters: dict[str, float] = Field(default_factory=dict, max_length=100)


@router.post("/api/zoo/{name}/exponents", tags=["zoo"])
def exponents(request: Request, name: str, setting: Setting) -> dict[str, str]:
    """Measure the Lyapunov exponents at given parameters; answers with the id of the job that does it."""
    from inscape.systems import zoo

    card = zoo.card(name)
    zoo[card.name].with_parameters(**setting.parameters)
    job = request.app.state.jobs.submit(
        "exponents", {"name": card.name, "parameters": setting.parameters}, title=f"Exponents of {card.name}"
    )
    return {"job": job.id}


def code_of(system: Any, name: str, changed: dict[str, float]) -> dict[str, str]:
    """A law in the languages that a reader may want to take it along in."""
    given = ", ".join(f"{key}={value!r}" for key, value in changed.items())
    tail = f".with_parameters({given})" if given else ""
    run = "steps=5_000" if type(system).__name__ == "Map" else "periods=50"
    own = f'from inscape.systems import zoo\n\nsystem = zoo["{name}"]{tail}\ntrajectory = system.simulate({run})\n'
    texts = {"inscape": lambda: own, "python": system.python, "latex": system.latex, "julia": system.julia}
    written = {}
    for language, write in texts.items():
        try:
            written[language] = write()
        except InputError as error:
            written[language] = " ".join(str(error).split())
    return written


def _parameters(request: Request) -> dict[str, float]:
    found = {}
    for key, text in request.query_params.items():
        if not key.startswith(PREFIX):
            continue
        try:
            found[key.removeprefix(PREFIX)] = float(text)
        except ValueError:
            raise InputError(f"{key[:40]}: {text[:40]!r} found, expected a number") from None
    return found


def _packed(head: dict[str, Any], found: motion.Orbit) -> bytes:
    """Length of the head, the head as JSON, then as float32: view, time and states, a row a point."""
    count = len(found.view)
    # An embedded view begins later than its states.
    states, times = found.states[-count:] if count else found.states[:0], found.times[-count:] if count else ()
    table = np.column_stack([found.view, times, states]) if count else np.empty((0, 0))
    text = json.dumps({**head, "columns": table.shape[1]}).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text + table.astype("<f4").tobytes()
