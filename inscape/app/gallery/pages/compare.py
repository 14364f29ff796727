"""Compare: the house beside its peers, as measured - claims of studies that name a peer, and tables of benchmarks."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from inscape.app import catalogue
from inscape.app.catalogue.card import Card
from inscape.app.catalogue.library import Library, Shown
from inscape.app.gallery.rendering import render
from inscape.app.gallery.run_view import claim_row
from inscape.studies.paper import Judged

router = APIRouter(include_in_schema=False)

TABLES = Path(catalogue.__file__).parent / "benchmarks.json"

PEERS = (
    "PySINDy", "PyDMD", "PyKoopman", "kooplearn", "ReservoirPy", "rcbench", "dysts", "DOP853", "scipy", "LEADS",
    "TransformerLens", "hypnettorch", "lm-polygraph", "imitation's", "stable-baselines3", "dm_control",
    "neuralforecast", "N-BEATS", "N-HiTS", "echo state network", "torch-structured", "jitcode", "jitcdde", "nolds",
    "plain Python", "published method", "published methods", "published package's", "best peer", "orbdot", "nestle",
    "numbacs", "fluidsim", "PyBaMM",
)  # fmt: skip
"""Other people's programs and results, by the names that claims use for them."""

_PEER = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in PEERS))


@dataclass(frozen=True)
class Beside:
    """The claims of one study that were measured beside a peer."""

    card: Card
    shown: Shown
    rows: tuple[dict[str, Any], ...]


@router.get("/compare", response_class=HTMLResponse)
def compare(request: Request) -> HTMLResponse:
    """All comparisons with peers that were measured."""
    library: Library = request.app.state.library
    return render(request, "compare.html", beside=measured_beside(library), tables=benchmark_tables())


def measured_beside(library: Library) -> list[Beside]:
    """The claims with peers of every study that was measured; gathered anew when the runs have changed."""
    mark = library.mark
    kept = _kept.get(library)
    if kept is None or kept[0] != mark:
        kept = _kept[library] = (mark, _gathered(library))
    return kept[1]


_kept: WeakKeyDictionary[Library, tuple[tuple[Hashable, ...], list[Beside]]] = WeakKeyDictionary()


def _gathered(library: Library) -> list[Beside]:
    newest = library.newest()
    beside = []
    for card in library.catalogue:
        shown = library.shown(card, newest)
        if shown is None:
            continue
        rows = tuple(claim_row(judged) for judged in shown.judged if _has_peer(judged))
        if rows:
            beside.append(Beside(card, shown, rows))
    return beside


@cache
def benchmark_tables() -> list[dict[str, Any]]:
    """The packaged tables of benchmarks."""
    return list(json.loads(TABLES.read_text(encoding="utf-8")))


def _has_peer(judged: Judged) -> bool:
    ours = judged.measured
    is_measured = ours is not None and ours.value is not None
    return is_measured and bool(_PEER.search(judged.claim.statement) or _PEER.search(judged.claim.setting))
