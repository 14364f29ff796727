"""`inscape study run` takes several studies, and none of them where one has no such name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inscape.app.cli import _run as run
from inscape.studies import registry
from tests.studies import toy_study


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "studies", lambda: {toy_study.STUDY.slug: toy_study.STUDY})


def options(store: Path) -> list[str]:
    return ["--scale", "smoke", "--backend", "serial", "--store", str(store), "--json"]


def test_one_study_is_told_as_itself_and_several_as_a_list(toys: None, tmp_path: Path, capsys: Any) -> None:
    assert run(["study", "run", "99", *options(tmp_path)]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert run(["study", "run", "099", "toy-walk", *options(tmp_path)]) == 0
    both = json.loads(capsys.readouterr().out)
    assert len(both) == 2
    assert alone["claims"] == both[0]["claims"] == both[1]["claims"]


def test_no_study_runs_where_one_has_no_such_name(toys: None, tmp_path: Path, capsys: Any) -> None:
    assert run(["study", "run", "99", "toy-wak", *options(tmp_path)]) == 2
    said = capsys.readouterr()
    assert "toy-wak" in said.err
    assert said.out == ""
    assert not list(tmp_path.iterdir())
