"""A library of one toy study, for tests of feed, digest, mail and pages."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inscape.app.catalogue import catalogue as room
from inscape.app.catalogue.card import Card, CardClaim, card_of_study
from inscape.app.catalogue.library import Library
from inscape.studies.codec import encode
from inscape.studies.paper import Claim, Paper
from inscape.studies.runs import RunFolder, RunStore
from inscape.studies.study import Study

TOY = Study(
    number=99,
    name="toy walk",
    paper=Paper("How far a <drunkard> walks & why", year=1905, authors="K. Pearson", venue="Nature"),
    claims=[
        Claim("distance", "The distance grows with the root of time", paper=10.0, unit="steps", at_least=8, at_most=12),
        Claim("bias", "The walk has no drift", paper=0.0, at_most=0.5),
        Claim("told", "Its fractal dimension", paper=2.0),
        Claim("speed", "It is quick: seconds", at_most=3, is_timing=True),
        Claim("unmeasured", "Something nobody can run here", paper=1.0, at_least=0),
    ],
    summary="A walk of random steps.",
    rooms=("systems",),
)


PLANNED = (
    Card(
        slug="14-pushed-things",
        name="pushed-things",
        number=14,
        paper=Paper("A hand that pushes things about", year=2025, authors="A. Bee", arxiv="2412.00014"),
        summary="Video of objects that are pushed, foretold.",
        claims=(CardClaim(Claim("c1", "Frames told right", paper=0.9), "higher"),),
    ),
    Card(
        slug="97-hot-jupiter",
        name="hot-jupiter",
        number=97,
        paper=Paper("A hot Jupiter whose orbit decays", year=2025, authors="D. Cee", arxiv="2501.00097"),
        summary="The year of a planet grows shorter.",
        claims=(CardClaim(Claim("c1", "Change of the period", paper=-5.0, unit="ms/yr"), "reported"),),
    ),
)


def toy_cards(*, apart: bool = False) -> tuple[Card, ...]:
    return (card_of_study(TOY),)


def use_toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the toy be the only study of the house, and two papers be planned; no study's packages are imported."""
    monkeypatch.setattr(room, "study_cards", toy_cards)
    monkeypatch.setattr(room, "planned_cards", lambda: PLANNED)


def library_of(root: Path) -> Library:
    return Library(RunStore(root), shipped=root / "no-shipped-runs")


def keep_run(root: Path, name: str, at: float, **measured: float) -> RunFolder:
    """A finished desk run of the toy, done at a time in seconds since 1970."""
    scale = name.split("-")[1]
    folder = RunFolder(root / TOY.slug / name)
    folder.write("settings.json", encode({"study": TOY.slug, "scale": scale, "seed": 0, "recipe": "r"}))
    folder.write("versions.json", encode({"inscape": "0.1.0"}))
    numbers = {n: {"value": v, "low": v - 0.5, "high": v + 0.5, "setting": "40 walks"} for n, v in measured.items()}
    rows = [{"walk": 1, "end": 3.0}]
    table = {"ends": {"caption": "Where <walks> ended", "rows": rows}}
    figure = '{"data": [{"y": [1, 2]}], "layout": {"xaxis": {"title": {"text": "step"}}}}'
    folder.write("figures/path.json", figure)
    record = {"measured": numbers, "tables": table, "notes": ["The walk is drawn, not walked."], "seconds": 1.5}
    folder.write("findings.json", encode(record))
    os.utime(folder.path / "findings.json", (at, at))
    return folder
