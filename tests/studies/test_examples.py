"""The lines that a paper's page shows run as they stand, in a process of their own."""

from __future__ import annotations

import importlib
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import inscape.studies
from inscape.extras import CORNERSTONES
from inscape.studies.registry import studies

FOLDER = Path(inscape.studies.__file__).parent
EXAMPLES = sorted(FOLDER.glob("*/example.py"))


def test_every_study_has_an_example() -> None:
    assert [name for name, study in studies().items() if not study.example] == []
    assert len(EXAMPLES) == len(studies())


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_an_example_is_short(file: Path) -> None:
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 16
    assert max(map(len, lines)) <= 120


@pytest.mark.slow
@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.parent.name)
def test_an_example_runs(file: Path, tmp_path: Path) -> None:
    """As a reader would run it: the lines alone, in an empty folder."""
    for extra in importlib.import_module(f"inscape.studies.{file.parent.name}").STUDY.needs:
        if extra in CORNERSTONES and find_spec(CORNERSTONES[extra]) is None:
            pytest.skip(f"{file.parent.name}: needs inscape[{extra}]")
    own = tmp_path / "mine.py"
    own.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    ran = subprocess.run([sys.executable, str(own)], capture_output=True, text=True, cwd=tmp_path, timeout=600)
    assert ran.returncode == 0, ran.stderr[-800:]
    assert ran.stdout.strip()
