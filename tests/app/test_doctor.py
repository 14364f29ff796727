"""The doctor tells what is there, what is not, and how to get it."""

from __future__ import annotations

import json

import pytest

from inscape.app import doctor


def test_this_installation_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.examine(as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["well"] is True
    assert {"machine", "core", "engine"} <= {check["part"] for check in found["checks"]}


def test_a_missing_package_comes_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "CORE", ("numpy", "no-such-package"))
    monkeypatch.setattr(doctor, "EXTRAS", {"neural": ("no-such-network",)})
    found = {check.name: check for check in doctor.packages()}
    assert found["numpy"].is_well
    assert found["no-such-package"].found == "pip install no-such-package"
    assert found["no-such-network"].found == "comes with: pip install 'inscape[neural]'"
    assert not found["no-such-network"].is_needed


def test_a_missing_core_package_is_told_by_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "CORE", ("no-such-package",))
    monkeypatch.setattr(doctor, "self_checks", list)
    assert doctor.examine() == 1
    assert "no-such-package" in capsys.readouterr().out


def test_a_broken_engine_is_a_finding_and_no_crash() -> None:
    def broken() -> str:
        raise RuntimeError("out of\norder")

    check = doctor._tried("engine", "moves", broken)
    assert not check.is_well
    assert check.found == "RuntimeError: out of order"


def test_cores_and_memory_are_counted() -> None:
    assert doctor.usable_cores() >= 1
    memory = doctor.available_memory()
    assert memory is None or memory > 2**20


def test_what_the_doctor_calls_core_is_what_the_package_requires() -> None:
    import re
    import tomllib
    from pathlib import Path

    from inscape.app.doctor import CORE

    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
    required = {re.split(r"[<>=!\[]", line)[0] for line in project["dependencies"]}
    assert set(CORE) == required
