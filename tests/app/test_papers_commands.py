"""`inscape papers ...` at the terminal."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from inscape.app.cli import _run
from tests.app.reading_cases import keep_run, use_toy


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_toy(monkeypatch)
    keep_run(tmp_path, "20260102T000000-desk-seed0-0003", 1.7e9, distance=9.0, bias=3.0)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert _run(["papers", *arguments]) == 0
    return capsys.readouterr().out


def test_the_list_tells_what_holds(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "1 of 2" in said(capsys, "list", "--store", str(root))
    told = json.loads(said(capsys, "list", "--store", str(root), "--json"))
    assert next(p for p in told if p["number"] == 99)["claims"][1]["verdict"] == "not met"


def test_one_paper_is_shown_with_its_numbers(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "show", "99", "--store", str(root))
    assert "9 (8.5 to 9.5)" in text
    assert "not met" in text
    assert "no study yet" in said(capsys, "show", "hot-jupiter", "--store", str(root))


def test_a_question_is_answered(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "99-toy-walk" in said(capsys, "search", "how far does a drunkard walk", "--store", str(root))
    told = json.loads(said(capsys, "search", "hot", "Jupiter", "--store", str(root), "--json"))
    assert told["papers"][0]["slug"] == "97-hot-jupiter"
    assert "Nothing here" in said(capsys, "search", "qqqq", "--store", str(root))


def test_feed_and_exports_go_to_files(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "feed", "--out", str(root / "feed.xml"), "--store", str(root))
    assert ElementTree.parse(root / "feed.xml").getroot().tag.endswith("feed")
    said(capsys, "export", "--out", str(root / "all.json"), "--store", str(root))
    assert len(json.loads((root / "all.json").read_text())) == 3
    said(capsys, "export", "--format", "bibtex", "--out", str(root / "all.bib"), "--store", str(root))
    assert "How far a <drunkard> walks \\& why" in (root / "all.bib").read_text()


def test_a_digest_is_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "digest", "--days", "3660", "--store", str(root), "--folder", str(root / "digests"))
    assert "written:" in text
    assert len(list((root / "digests").iterdir())) == 2


def test_a_list_of_ones_own_comes_in(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "mine.txt").write_text("2301.00001 Something of mine\n")
    assert "1 of them new" in said(capsys, "import", str(root / "mine.txt"), "--store", str(root))
    assert "Something of mine" in said(capsys, "list", "--store", str(root))
    shown = said(capsys, "show", "own-2301-00001", "--store", str(root))
    assert "your own list" in shown
    assert "verdict" not in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "nothing"], "paper 'nothing' is not known"),
        (["export", "--format", "csv"], "format 'csv' is not known"),
        (["import", "/no/such/file"], "No such file"),
        (["digest", "--days", "-3"], "days: -3 found"),
        (["digest", "--send"], "no host"),
        (["search", "a" * 2000], "2000 characters"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    monkeypatch.delenv("INSCAPE_SMTP_HOST", raising=False)
    assert _run(["papers", *arguments, "--store", str(root)]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
