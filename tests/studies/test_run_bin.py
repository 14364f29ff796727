"""What is thrown away can be taken back, and nothing outside the store is ever moved."""

from __future__ import annotations

from pathlib import Path

import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.studies.run_bin import empty_bin, take_back, throw_away, thrown_away
from inscape.studies.runs import RunStore
from tests.studies.test_run_index import make_run

NAME = "20260101T000000-desk-seed3-0001"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    make_run(tmp_path / "runs", "97-tiny", NAME)
    return RunStore(tmp_path / "runs")


def test_a_run_goes_to_the_bin_and_comes_back_whole(store: RunStore) -> None:
    before = {file.name: file.read_bytes() for file in (store.root / "97-tiny" / NAME).glob("*.json")}
    throw_away(store, "97-tiny", NAME)
    assert store.runs() == []
    assert thrown_away(store) == [("97-tiny", NAME)]
    take_back(store, "97-tiny", NAME)
    assert [run.name for run in store.runs()] == [NAME]
    assert {file.name: file.read_bytes() for file in (store.root / "97-tiny" / NAME).glob("*.json")} == before
    assert thrown_away(store) == []


def test_a_damaged_run_that_lost_its_settings_goes_to_the_bin_as_well(store: RunStore) -> None:
    (store.root / "97-tiny" / NAME / "settings.json").unlink()
    throw_away(store, "97-tiny", NAME)
    assert thrown_away(store) == [("97-tiny", NAME)]
    take_back(store, "97-tiny", NAME)
    assert (store.root / "97-tiny" / NAME / "findings.json").exists()
    throw_away(store, "97-tiny", NAME)
    assert empty_bin(store) == 1


def test_an_emptied_bin_gives_nothing_back(store: RunStore) -> None:
    throw_away(store, "97-tiny", NAME)
    assert empty_bin(store) == 1
    assert empty_bin(store) == 0
    with pytest.raises(UnknownNameError):
        take_back(store, "97-tiny", NAME)


def test_a_run_of_another_store_is_never_moved_however_it_is_named(store: RunStore) -> None:
    outside = store.root.parent / "outside"
    make_run(store.root.parent, "outside", NAME)
    for study, name in (("../outside", NAME), ("..", f"outside/{NAME}"), (str(outside), NAME)):
        with pytest.raises(UnknownNameError):
            throw_away(store, study, name)
        with pytest.raises(UnknownNameError):
            take_back(store, f"../{study}", name)
    assert (outside / NAME / "settings.json").exists()


def test_a_run_at_work_is_not_thrown_away(store: RunStore) -> None:
    with store.runs()[0].locked(), pytest.raises(InputError, match="at work"):
        throw_away(store, "97-tiny", NAME)
    assert [run.name for run in store.runs()] == [NAME]


def test_a_run_does_not_come_back_over_another(store: RunStore) -> None:
    throw_away(store, "97-tiny", NAME)
    make_run(store.root, "97-tiny", NAME, value=9.0)
    with pytest.raises(InputError, match="stands there already"):
        take_back(store, "97-tiny", NAME)
    assert store.runs()[0].findings is not None
    assert thrown_away(store) == [("97-tiny", NAME)]


@pytest.mark.parametrize(
    ("study", "name"),
    [("..", "runs"), ("97-tiny", ".."), ("97-tiny/..", NAME), ("", ""), (".bin", "97-tiny"), ("97-tiny", "a\0b")],
)
def test_only_plain_names_of_runs_are_moved(store: RunStore, study: str, name: str) -> None:
    with pytest.raises(UnknownNameError):
        throw_away(store, study, name)
    with pytest.raises(UnknownNameError):
        take_back(store, study, name)
    assert [run.name for run in store.runs()] == [NAME]
