"""Pages of papers, runs and comparisons, asked as a browser asks them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("httpx")

from fastapi.testclient import TestClient

from inscape.app.catalogue.card import card_of_study
from inscape.app.catalogue.library import SHIPPED
from inscape.app.gallery.server import create_app
from inscape.app.gallery.settings import Settings
from inscape.studies.runs import RunFolder, RunStore
from tests.app.reading_cases import TOY, keep_run, use_toy

FIRST, SECOND = "20260101T000000-desk-seed0-0001", "20260102T000000-desk-seed0-0002"
RUN = f"/runs/{TOY.slug}/{FIRST}"


class Visitor:
    """A browser's part: cookies, and the token that goes with every write."""

    def __init__(self, client: TestClient):
        self.client = client

    def get(self, address: str) -> Any:
        return self.client.get(address, headers={"accept": "text/html"})

    def post(self, address: str, **fields: Any) -> Any:
        page = self.get("/papers").text
        token = re.search(r'name="csrf-token" content="([^"]+)"', page)
        assert token is not None
        return self.client.post(
            address, data={**fields, "csrf_token": token.group(1)}, headers={"accept": "text/html"},
            follow_redirects=False,
        )  # fmt: skip


@pytest.fixture
def visitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    use_toy(monkeypatch)
    root = tmp_path / "runs"
    keep_run(root, FIRST, 1.7e9, distance=9.0, bias=3.0, told=1.5)
    keep_run(root, SECOND, 1.8e9, distance=11.0, bias=0.1, told=1.5)
    app = create_app(RunStore(root), Settings(folder=tmp_path / "gallery"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield Visitor(client)


def test_the_list_holds_every_paper_and_what_holds_of_it(visitor: Visitor) -> None:
    page = visitor.get("/papers").text
    assert page.count('class="paper-line"') == len(visitor.client.app.state.library.catalogue)  # type: ignore[attr-defined]
    assert "How far a &lt;drunkard&gt; walks &amp; why" in page
    assert "<drunkard>" not in page
    assert "<strong>2</strong> of 2 met" in page


def test_a_study_beside_the_list_is_told_from_the_paper_it_rests_on_and_its_code_is_set_as_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = replace(
        card_of_study(TOY), slug="contest", name="contest", number=None, summary="What `walk < run` chooses, not <b>.",
    )  # fmt: skip
    use_toy(monkeypatch)
    monkeypatch.setattr("inscape.app.catalogue.catalogue.study_cards", lambda **_: (card_of_study(TOY), beside))
    app = create_app(RunStore(tmp_path / "runs"), Settings(folder=tmp_path / "gallery"))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        page, own = Visitor(client).get("/papers").text, Visitor(client).get("/papers/contest").text
    assert page.count("How far a &lt;drunkard&gt; walks &amp; why") == 2
    assert page.count("beside the list: contest") == 1
    assert "contest, beside the reading list" in own
    assert "What <code>walk &lt; run</code> chooses, not &lt;b&gt;." in own


def test_a_question_narrows_the_list_and_shows_the_claims_that_answer(visitor: Visitor) -> None:
    page = visitor.get("/papers?q=fractal+dimension+of+a+walk&part=list").text
    assert "<html" not in page
    assert f'href="/papers/{TOY.slug}#claim-told"' in page
    assert "Nothing here speaks of that" in visitor.get("/papers?q=qqqq").text


def test_a_paper_shows_numbers_interval_bound_verdict_and_how_to_run_it(visitor: Visitor) -> None:
    page = visitor.get(f"/papers/{TOY.slug}").text
    for told in ("<strong>11</strong>", "10.5 to 11.5", "8 to 12 steps", "40 walks", "desk scale", "2026-01-02"):
        assert told in page, told
    assert "inscape study run 99 --scale desk" in page
    assert "The walk is drawn, not walked." in page
    assert f'data-plot="/runs/{TOY.slug}/{SECOND}/figures/path.json"' in page
    assert "no study yet" in visitor.get("/papers/97-hot-jupiter").text


def test_the_python_of_a_page_runs(visitor: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from inscape.app.gallery.pages.papers import snippet
    from inscape.studies import registry
    from tests.studies.toy_study import STUDY

    monkeypatch.setenv("INSCAPE_RUNS", str(tmp_path / "elsewhere"))
    monkeypatch.setattr(registry, "studies", lambda: {STUDY.slug: STUDY})
    monkeypatch.setattr("inscape.studies.study.Study.perform", _serially(STUDY.perform.__func__))  # type: ignore[attr-defined]
    exec(snippet(visitor.client.app.state.library.catalogue.card(99)), {})  # type: ignore[attr-defined]
    assert len(RunStore(tmp_path / "elsewhere").runs(STUDY.slug)) == 1


def _serially(perform: Any) -> Any:
    return lambda self, **options: perform(self, **{**options, "backend": "serial", "scale": "smoke"})


def test_the_work_of_a_study_leaves_a_run_with_its_report(
    visitor: Visitor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inscape.app.gallery.study_work import perform_study
    from inscape.parallel import watch
    from inscape.studies import registry
    from tests.studies.toy_study import STUDY

    monkeypatch.setattr(registry, "studies", lambda: {STUDY.slug: STUDY})
    monkeypatch.setattr("inscape.studies.study.Study.perform", _serially(STUDY.perform.__func__))  # type: ignore[attr-defined]
    told: list[tuple[str, int, int]] = []
    tell = lambda *word: told.append(word)  # noqa: E731
    settings = {"study": STUDY.slug, "scale": "smoke", "seed": 5, "store": str(tmp_path / "runs")}
    with watch(tell):
        result = perform_study(settings, tmp_path, tell)
    assert ("walking", 12, 12) in told
    visitor.client.app.state.library.look_again()  # type: ignore[attr-defined]
    assert (tmp_path / "runs" / result["study"] / result["run"] / "report.html").exists()
    page = visitor.get(f"/runs/{result['study']}/{result['run']}").text
    assert "not judged" in page
    assert "smoke scale, seed 5" in page


def test_figures_are_given_as_data_without_a_theme(visitor: Visitor) -> None:
    figure = visitor.get(f"{RUN}/figures/path.json").json()
    assert figure["data"] == [{"y": [1, 2]}]
    assert "template" not in figure["layout"]
    assert visitor.get(f"{RUN}/figures/none.json").status_code == 404


def test_a_run_shows_its_tables_and_gives_its_report(visitor: Visitor) -> None:
    page = visitor.get(RUN).text
    assert "Where &lt;walks&gt; ended" in page
    report = visitor.get(f"{RUN}/report.html")
    assert report.headers["content-disposition"].startswith("attachment")
    assert "How far a &lt;drunkard&gt; walks" in report.text
    assert visitor.get(f"{RUN}/findings.json").json()["seconds"] == 1.5


def test_history_is_filtered_and_two_runs_are_compared(visitor: Visitor) -> None:
    page = visitor.get("/runs").text
    assert FIRST in page
    assert SECOND in page
    assert "No run here of that kind" in visitor.get("/runs?scale=paper").text
    answer = visitor.post("/runs/compare", run=[f"{TOY.slug}/{FIRST}", f"{TOY.slug}/{SECOND}"])
    assert answer.status_code == 303
    compared = visitor.get(answer.headers["location"]).text
    assert "+22.2 %" in compared
    assert "same" in compared
    assert "apart" in compared


@pytest.mark.parametrize(
    "query",
    ["", "?run=a", "?run=a/b&run=c", f"?run={TOY.slug}/{FIRST}&run={TOY.slug}/{FIRST}&run=x/y", "?run=a/b&run=c/d"],
)
def test_what_cannot_be_compared_is_one_clear_line(visitor: Visitor, query: str) -> None:
    answer = visitor.get(f"/runs/compare{query}")
    assert answer.status_code in (400, 404)
    assert "Traceback" not in answer.text


def test_a_run_is_deleted_undone_and_deleted_for_good(visitor: Visitor) -> None:
    answer = visitor.post(f"{RUN}/delete")
    assert answer.headers["location"] == f"/runs?binned={TOY.slug}/{FIRST}"
    page = visitor.get(answer.headers["location"]).text
    assert "The run is in the bin." in page
    assert visitor.get(RUN).status_code == 404
    assert FIRST in visitor.get("/runs/bin").text
    assert visitor.post(f"/runs/bin/{TOY.slug}/{FIRST}/restore").headers["location"] == RUN
    assert visitor.get(RUN).status_code == 200
    visitor.post(f"{RUN}/delete")
    visitor.post("/runs/bin/empty")
    assert "The bin is empty." in visitor.get("/runs/bin").text
    assert visitor.post(f"/runs/bin/{TOY.slug}/{FIRST}/restore").status_code == 404


def test_a_write_without_its_token_changes_nothing(visitor: Visitor) -> None:
    for address in (f"{RUN}/delete", "/runs/bin/empty", f"/papers/{TOY.slug}/run", "/papers", "/runs/compare"):
        assert visitor.client.post(address, data={}).status_code == 403
    assert visitor.get(RUN).status_code == 200


def test_a_run_begins_with_its_settings_and_not_twice(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = visitor.client.app.state.jobs  # type: ignore[attr-defined]
    monkeypatch.setattr(jobs, "_start_waiting", lambda: None)
    for _ in range(2):
        answer = visitor.post(f"/papers/{TOY.slug}/run", scale="smoke", seed="7")
        assert answer.headers["location"] == f"/papers/{TOY.slug}#run"
    (job,) = jobs.all("study")
    assert job.settings == {"study": TOY.slug, "scale": "smoke", "seed": 7}
    assert f'data-job="{job.id}"' in visitor.get(f"/papers/{TOY.slug}").text
    assert f'data-job="{job.id}"' in visitor.get("/runs").text
    visitor.post(f"{RUN}/again")
    assert {(j.settings["scale"], j.settings["seed"]) for j in jobs.all("study")} == {("smoke", 7), ("desk", 0)}


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        ({"scale": "huge"}, 404, "scale"),
        ({"seed": "-1"}, 400, "seed"),
        ({"seed": "1e9"}, 422, "seed"),
        ({"seed": "9" * 400}, 400, "seed"),
    ],
)
def test_settings_that_are_none_begin_no_run(visitor: Visitor, fields: dict[str, str], status: int, told: str) -> None:
    answer = visitor.post(f"/papers/{TOY.slug}/run", **fields)
    assert answer.status_code in (status, 422)
    assert told in answer.text
    assert visitor.client.app.state.jobs.all("study") == []  # type: ignore[attr-defined]


def test_a_planned_paper_cannot_be_run(visitor: Visitor) -> None:
    assert visitor.post("/papers/97-hot-jupiter/run", scale="smoke").status_code == 400


def test_unknown_names_are_not_found_and_no_path_is_followed(visitor: Visitor) -> None:
    for address in (
        "/papers/none", "/papers/..%2f..%2fetc", "/runs/none/none", f"/runs/{TOY.slug}/..%2f{FIRST}", "/runs/..%2f/x",
        f"{RUN}/figures/..%2fsettings.json", f"{RUN}/films/..%2f..%2fsettings.json", f"{RUN}/films/settings.json",
        "/papers/%00", "/runs/%ff/%fe", "/papers/" + "x" * 3000,
    ):  # fmt: skip
        answer = visitor.get(address)
        assert answer.status_code == 404, address
        assert "Traceback" not in answer.text


def test_a_damaged_run_and_one_of_an_unknown_study_are_shown_and_deleted(visitor: Visitor, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    (root / TOY.slug / FIRST / "findings.json").write_text("{half")
    keep_run(root, "20260103T000000-desk-seed0-0003", 1.9e9, distance=1.0).path.parent.rename(root / "gone-study")
    library = visitor.client.app.state.library  # type: ignore[attr-defined]
    library.look_again()
    page = visitor.get(f"/runs/gone-study/{FIRST}")
    assert page.status_code == 200
    assert "cannot be read" in page.text
    assert visitor.get("/runs/gone-study/20260103T000000-desk-seed0-0003").status_code == 200
    assert visitor.get("/runs").status_code == 200
    pair = f"run=gone-study/{FIRST}&run=gone-study/20260103T000000-desk-seed0-0003"
    for address in (f"/runs/compare?{pair}", f"/runs/gone-study/{FIRST}/report.html"):
        refused = visitor.get(address)
        assert (refused.status_code, "damaged" in refused.text) == (400, True)
    assert visitor.post(f"/runs/gone-study/{FIRST}/again").status_code == 400
    assert visitor.post(f"/runs/gone-study/{FIRST}/delete").status_code == 303


def test_a_run_that_came_with_the_package_is_shown_and_cannot_be_deleted(visitor: Visitor) -> None:
    folder = next(file.parent for file in sorted(SHIPPED.glob("*/*/findings.json")))
    address = f"/runs/{folder.parent.name}/{folder.name}"
    page = visitor.get(address).text
    assert "came with inscape" in page
    assert "/delete" not in page
    refused = visitor.post(f"{address}/delete")
    assert (refused.status_code, "stays" in refused.text) == (400, True)
    assert (folder / "findings.json").exists()


def test_a_figure_that_is_damaged_says_so(visitor: Visitor, tmp_path: Path) -> None:
    (tmp_path / "runs" / TOY.slug / FIRST / "figures" / "path.json").write_text("[1")
    assert visitor.get(f"{RUN}/figures/path.json").status_code == 400


def test_an_unfinished_run_offers_to_go_on(visitor: Visitor, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "runs" / TOY.slug / FIRST)
    (folder.path / "findings.json").unlink()
    visitor.client.app.state.library.look_again()  # type: ignore[attr-defined]
    page = visitor.get(RUN).text
    assert "begun and not finished" in page
    assert "Go on" in page
    assert visitor.get(f"{RUN}/report.html").status_code == 400


def test_a_list_of_ones_own_is_added_from_the_page(visitor: Visitor) -> None:
    answer = visitor.post("/papers", listing="2301.00001 <b>Mine</b>\n")
    assert answer.headers["location"] == "/papers?state=yours"
    assert "&lt;b&gt;Mine&lt;/b&gt;" in visitor.get("/papers?state=yours").text
    assert visitor.post("/papers", listing="nothing").status_code == 400
    assert visitor.post("/papers", listing="<!DOCTYPE x><opml/>").status_code == 400


def test_peers_stand_beside_us_as_measured(visitor: Visitor) -> None:
    page = visitor.get("/compare").text
    assert "PySINDy" in page
    assert "python benchmarks/sindy.py" in page


def test_feed_digest_and_json_are_served(visitor: Visitor) -> None:
    feed = visitor.get("/feed.xml")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert 'href="http://127.0.0.1/feed.xml"' in feed.text
    assert "The walk has no drift" in visitor.get("/digest?days=3660").text
    assert visitor.client.get("/api/papers/99").json()["claims"][0]["ours"] == 11.0
    assert visitor.client.get("/api/search?q=drunkard").json()["papers"][0]["slug"] == TOY.slug
    assert [r["name"] for r in visitor.client.get("/api/runs").json()] == [SECOND, FIRST]
    assert visitor.client.get(f"/api/runs/{TOY.slug}/{FIRST}").json()["measured"]["bias"]["value"] == 3.0
    assert "@article" in visitor.get("/papers.bib").text


def test_no_page_holds_a_script_or_a_style_of_its_own(visitor: Visitor) -> None:
    for address in ("/papers", f"/papers/{TOY.slug}", "/runs", RUN, "/runs/bin", "/compare", "/digest"):
        page = visitor.get(address)
        assert page.status_code == 200
        assert not re.search(r"<script(?![^>]*\bsrc=)", page.text), address
        assert not re.search(r"<[^>]+\s(style|on\w+)=", page.text), address
        assert "default-src 'none'" in page.headers["content-security-policy"]
