"""Whatever is asked of the JSON interface, it answers as its description says, and never with a fault of ours."""

# ruff: noqa: E402
from __future__ import annotations

import pytest

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
pytest.importorskip("fastapi")

from hypothesis import HealthCheck, settings

from inscape.app.gallery.server import create_app
from inscape.app.gallery.settings import Settings
from inscape.studies.runs import RunStore
from tests.app.reading_cases import keep_run, use_toy


@pytest.fixture
def api(tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        use_toy(patch)
        keep_run(folder / "runs", "20260101T000000-desk-seed0-0001", 1.7e9, distance=9.0)
        app = create_app(RunStore(folder / "runs"), Settings(folder=folder / "gallery"))
        yield schemathesis.openapi.from_asgi("/api/openapi.json", app, headers={"host": "127.0.0.1"})


schema = schemathesis.pytest.from_fixture("api")


@schema.include(path_regex=r"^/api/(papers|search|runs)").parametrize()
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case) -> None:  # type: ignore[no-untyped-def]
    case.call_and_validate(headers={"host": "127.0.0.1"})


@schema.exclude(path_regex=r"/events$").parametrize()
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_nothing_that_is_asked_is_a_fault_of_ours(case) -> None:  # type: ignore[no-untyped-def]
    assert case.call(headers={"host": "127.0.0.1"}).status_code < 500
