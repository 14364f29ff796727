"""A file appears whole or not at all, and what stood there before is not lost to a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from inscape.atomic import draft_of, write_text
from inscape.errors import InputError


def test_a_text_is_written_and_written_over(tmp_path):
    target = tmp_path / "a.txt"
    write_text(target, "one")
    write_text(target, "two")
    assert target.read_text() == "two"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failure_half_way_keeps_what_was_there_and_leaves_no_draft(tmp_path):
    target = tmp_path / "a.txt"
    write_text(target, "kept")
    with pytest.raises(ZeroDivisionError):
        fail_half_way(target)
    assert target.read_text() == "kept"
    assert list(tmp_path.iterdir()) == [target]


def fail_half_way(target: Path) -> None:
    with draft_of(target) as draft:
        draft.write_text("half")
        raise ZeroDivisionError


def test_a_folder_takes_the_place_of_a_folder(tmp_path):
    target = tmp_path / "store"
    for text in ("one", "two"):
        with draft_of(target) as draft:
            draft.mkdir()
            (draft / text).write_text(text)
    assert [p.name for p in target.iterdir()] == ["two"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_never_takes_the_place_of_a_folder(tmp_path):
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="is a folder"):
        write_text(folder, "a page")
    assert (folder / "thesis.txt").read_text() == "years of work"
    assert list(tmp_path.iterdir()) == [folder]


def test_a_place_that_cannot_be_written_is_named_with_the_mend(tmp_path):
    with pytest.raises(InputError, match="choose another folder"):
        write_text(tmp_path / "absent" / "a.txt", "x")
