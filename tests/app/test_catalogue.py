"""Every paper of the list has a card; a card that says too little is refused by name; adding a study adds its page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inscape.app.catalogue import snapshot
from inscape.app.catalogue.card import CardClaim, card_from_dict, card_of_study, read_card
from inscape.app.catalogue.catalogue import CARDS, Catalogue, planned_cards
from inscape.app.catalogue.exports import as_bibtex, as_json
from inscape.app.catalogue.library import SHIPPED, Library
from inscape.errors import InputError, UnknownNameError
from inscape.studies.paper import Claim
from inscape.studies.run_index import RunIndex
from inscape.studies.runs import RunStore
from tests.app.reading_cases import TOY, keep_run, library_of, use_toy

CARD = """
name = "toy"
number = 77
title = "A toy"
year = 2020
summary = "It plays."
[[claims]]
metric = "Accuracy"
number = 97.5
unit = "%"
direction = "higher"
"""


def test_all_twenty_five_papers_have_a_card() -> None:
    catalogue = Catalogue.read()
    assert [card.number for card in catalogue if card.number is not None] == list(range(1, 26))
    for card in catalogue:
        assert card.paper.title
        assert card.summary
        assert card.state in ("runs here", "planned")
        assert card.claims


def test_a_planned_paper_gives_way_to_its_study(monkeypatch: pytest.MonkeyPatch) -> None:
    use_toy(monkeypatch)
    monkeypatch.setattr(TOY, "number", 14)
    cards = [card for card in Catalogue.read() if card.number == 14]
    assert [card.state for card in cards] == ["runs here"]


def test_a_study_that_is_added_has_its_card_without_another_edit(monkeypatch: pytest.MonkeyPatch) -> None:
    use_toy(monkeypatch)
    card = Catalogue.read().card(99)
    assert card.slug == "99-toy-walk"
    assert [claim.direction for claim in card.claims] == ["near", "lower", "reported", "lower", "higher"]
    assert card_from_dict(json.loads(json.dumps(card.as_dict()))) == card == card_of_study(TOY)


@pytest.mark.parametrize("name", ["99", "99-toy-walk", "toy walk", 99])
def test_a_card_is_found_by_number_and_by_name(monkeypatch: pytest.MonkeyPatch, name: str | int) -> None:
    use_toy(monkeypatch)
    assert Catalogue.read().card(name).number == 99


@pytest.mark.parametrize("name", ["", "100", "²", "9" * 5000, "../../etc/passwd", "toy walk\0"])
def test_a_name_that_is_none_lists_the_nearest(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    use_toy(monkeypatch)
    with pytest.raises(UnknownNameError, match="is not known"):
        Catalogue.read().card(name)


def test_a_card_in_toml_is_read(tmp_path: Path) -> None:
    file = tmp_path / "77-toy.toml"
    file.write_text(CARD)
    card = read_card(file)
    assert (card.slug, card.number, card.state) == ("77-toy", 77, "planned")
    assert card.claims == (CardClaim(Claim("c1", "Accuracy", paper=97.5, unit="%"), "higher"),)


@pytest.mark.parametrize(
    ("was", "is_now", "told"),
    [
        ("number = 97.5\n", "", "claim 1 \\('Accuracy'\\): no number found"),
        ('metric = "Accuracy"\n', "", "claim 1: no metric found"),
        ('direction = "higher"\n', "", "claim 1 \\('Accuracy'\\): no direction found"),
        ('direction = "higher"', 'direction = "sideways"', "'sideways' found, expected higher"),
        ("number = 97.5", 'number = "many"', "'many' found, expected a number"),
        ("number = 97.5", "number = true", "True found, expected a number"),
        ('unit = "%"', 'unti = "%"', "'unti' is not known"),
        ('title = "A toy"', "", "no title found"),
        ('summary = "It plays."', 'sumary = "It plays."', "no summary found"),
        ("year = 2020", "year = ", "no TOML"),
    ],
)
def test_a_card_that_says_too_little_is_refused_by_name(tmp_path: Path, was: str, is_now: str, told: str) -> None:
    file = tmp_path / "77-toy.toml"
    file.write_text(CARD.replace(was, is_now))
    with pytest.raises(InputError, match=r"77-toy\.toml.*" + told):
        read_card(file)


def test_planned_cards_hold_facts_and_no_promises() -> None:
    cards = planned_cards()
    assert len(cards) == len(list(CARDS.glob("*.toml")))
    for card in cards:
        assert card.slug.startswith(f"{card.number:02d}-")
        assert card.paper.arxiv
        assert all(claim.claim.bound == "" for claim in card.claims)


def test_the_snapshot_is_made_once_and_anew_when_a_study_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    room = tmp_path / "room"
    room.mkdir()
    (room / "a.py").write_text("one")
    import inscape.studies

    monkeypatch.setattr(inscape.studies, "__path__", [str(room)])
    calls = []
    monkeypatch.setattr(snapshot, "_read_here", lambda: calls.append(1) or (card_of_study(TOY),))
    assert snapshot.study_cards() == snapshot.study_cards() == (card_of_study(TOY),)
    assert len(calls) == 1
    (room / "a.py").write_text("another")
    snapshot.study_cards()
    assert len(calls) == 2
    for k in range(9):
        (room / "a.py").write_text("x" * k)
        snapshot.study_cards()
    assert len(list((tmp_path / "inscape").glob("studies-*.json"))) == 4
    snapshot.snapshot_file().write_text('{"cards": [{"slug":')
    assert snapshot.study_cards() == (card_of_study(TOY),)


def test_ones_own_run_goes_before_one_that_came_with_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch)
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    keep_run(shipped, "20270101T000000-desk-seed0-0001", 2e9, distance=10.0)
    library = Library(RunStore(own), shipped=shipped)
    card = library.catalogue.card(99)
    shown = library.shown(card)
    assert shown is not None
    assert (shown.is_shipped, shown.met, shown.date) == (True, 1, "2027-01-01")
    keep_run(own, "20260101T000000-smoke-seed0-0002", 1.7e9, distance=3.0)
    library.look_again()
    shown = library.shown(card)
    assert shown is not None
    assert shown.is_shipped, "a trial does not stand before a run that can be judged"
    keep_run(own, "20260102T000000-desk-seed0-0003", 1.7e9, distance=3.0)
    library.look_again()
    shown = library.shown(card)
    assert shown is not None
    assert (shown.is_shipped, shown.met, shown.missed) == (False, 0, 1)


def test_shipped_runs_are_of_studies_that_stand_and_have_numbers_of_their_claims() -> None:
    index = RunIndex(RunStore(SHIPPED), ":memory:")
    index.refresh()
    catalogue = Catalogue.read()
    assert index.count() >= 9
    for run in index.runs():
        assert run.state == "finished"
        assert run.scale == "desk"
        assert run.figures
        known = {claim.claim.name for claim in catalogue.card(run.study).claims}
        assert known & set(index.measured(run.study, run.name))


def test_what_is_exported_holds_every_claim_and_is_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_toy(monkeypatch)
    keep_run(tmp_path, "20260102T000000-desk-seed0-0003", 1.7e9, distance=9.0)
    records: list[dict[str, Any]] = json.loads(json.dumps(as_json(library_of(tmp_path)), allow_nan=False))
    toy = next(record for record in records if record["number"] == 99)
    distance = toy["claims"][0]
    assert (distance["ours"], distance["low"], distance["verdict"]) == (9.0, 8.5, "met")
    assert toy["claims"][4]["verdict"] == "not run"
    assert toy["run"]["scale"] == "desk"


def test_bibtex_keys_are_unique() -> None:
    text = as_bibtex(Catalogue.read())
    keys = [line.partition("{")[2].rstrip(",") for line in text.splitlines() if line.startswith("@")]
    assert len(keys) == len(set(keys)) >= 25


def test_benchmark_tables_of_the_package_are_those_of_the_documentation() -> None:
    import importlib.util

    tool = Path(__file__).parents[2] / "tools" / "write_benchmark_tables.py"
    spec = importlib.util.spec_from_file_location("write_benchmark_tables", tool)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    packaged = module.TARGET.read_text(encoding="utf-8")
    assert packaged == module.text_of(module.gathered()), "run: python tools/write_benchmark_tables.py"


def test_the_catalogue_is_read_without_the_studies_packages() -> None:
    """The gallery's process stays small: reading the cards apart imports no torch into it."""
    import subprocess
    import sys

    text = (
        "import sys\nfrom inscape.app.catalogue.catalogue import Catalogue\n"
        "assert len(Catalogue.read(apart=True)) >= 25\nassert 'torch' not in sys.modules\nprint('small')\n"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout == "small\n"
