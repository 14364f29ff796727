"""Whatever is asked of the JSON interface, it answers as its description says, and never with a fault of ours."""

# ruff: noqa: E402
from __future__ import annotations

import pytest

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")
pytest.importorskip("fastapi")

from hypothesis import HealthCheck, given, seed, settings
from hypothesis.strategies import one_of
from schemathesis.generation import GenerationMode

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


def fuzz(api, ask, *, only: str = "", but: str = "/events", examples: int) -> list[str]:  # type: ignore[no-untyped-def]
    """Ask every operation whose path begins with `only` and does not end with `but`; gives those that were asked."""
    asked = []
    for found in api.get_all_operations():
        operation = found.ok()
        if not operation.path.startswith(only) or operation.path.endswith(but):
            continue
        asked.append(f"{operation.method} {operation.path}")

        asked_for = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]

        @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @seed(0)
        @given(case=one_of(*asked_for))
        def one_operation(case):  # type: ignore[no-untyped-def]
            ask(case)

        one_operation()
    return asked


@pytest.mark.parametrize("part", ["/api/papers", "/api/search", "/api/runs"])
def test_every_answer_is_as_described(api, part: str) -> None:  # type: ignore[no-untyped-def]
    assert fuzz(api, lambda case: case.call_and_validate(headers={"host": "127.0.0.1"}), only=part, examples=25)


def test_nothing_that_is_asked_is_a_fault_of_ours(api) -> None:  # type: ignore[no-untyped-def]
    def ask(case) -> None:  # type: ignore[no-untyped-def]
        assert case.call(headers={"host": "127.0.0.1"}).status_code < 500

    assert len(fuzz(api, ask, examples=10)) > 5
