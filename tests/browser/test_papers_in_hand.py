"""The reading list under a reader's hand: search while typing, claims and figures, runs begun and cancelled."""

from __future__ import annotations

import json
import os
import shutil
import time
import urllib.request

import pytest
from waiting import appears, until

STUDY = "19-koopman"
RUNS = ("20260101T000000-desk-seed0-aaaa", "20260102T000000-desk-seed1-bbbb")


@pytest.fixture
def two_runs(gallery):
    """Two finished runs of a study in the gallery's store; gone again afterwards."""
    for seed, name in enumerate(RUNS):
        folder = gallery.folder / "runs" / STUDY / name
        folder.mkdir(parents=True)
        value = {"value": 1.5 + 0.4 * seed, "low": 1.4 + 0.4 * seed, "high": 1.6 + 0.4 * seed, "setting": "invented"}
        findings = {"measured": {"adversary_error": value}, "tables": {}, "notes": ["Invented."], "seconds": 2.0}
        settings = {"study": STUDY, "scale": "desk", "seed": seed, "recipe": "r"}
        for file, record in (("settings", settings), ("versions", {"inscape": "0"}), ("findings", findings)):
            (folder / f"{file}.json").write_text(json.dumps(record))
        os.utime(folder / "findings.json", (1.8e9 + seed, 1.8e9 + seed))
    wait_for_notice(gallery, all, RUNS)
    yield RUNS
    shutil.rmtree(gallery.folder / "runs", ignore_errors=True)
    wait_for_notice(gallery, lambda seen: not any(seen), RUNS)


def wait_for_notice(gallery, judge, names, patience=240.0):
    """The gallery looks at its store once a second at most, and only when it is asked."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{gallery.address}/runs", timeout=patience) as answer:
            page = answer.read().decode()
        if judge(name in page for name in names):
            return
        time.sleep(0.3)
    raise AssertionError(f"the gallery never saw what became of {names}")


def test_the_list_answers_while_one_types_and_keeps_the_question_in_its_address(visit):
    page = visit("/papers").page
    assert page.locator(".paper-line").count() >= 25
    page.fill("#q", "two people moving together from text")
    page.wait_for_function("() => document.querySelectorAll('.paper-line').length < 20")
    assert "in2IN" in page.locator(".paper-line h2").first.inner_text()
    page.wait_for_function("() => location.search.includes('people')")
    page.reload()
    assert "in2IN" in page.locator(".paper-line h2").first.inner_text()
    page.fill("#q", "qqqqqq")
    page.wait_for_selector("text=Nothing here speaks of that")


def test_a_search_works_by_keyboard_alone_and_leads_to_the_claim(visit):
    page = visit("/papers").page
    page.focus("#q")
    page.keyboard.type("El Nino forecast")
    page.keyboard.press("Enter")
    # The list follows the typing: only the one that answers the whole question stays under the focus.
    until(page, "location.search === '?q=El+Nino+forecast'")
    page.focus(".found-claims a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/papers/**#claim-*")
    assert page.locator("tr:target").count() == 1


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize(
    "path", ["/papers/19", "/papers/02-vista", "/papers?q=chaos", "/digest?days=3660", "/runs/bin"]
)
def test_pages_of_papers_fit_and_are_read_by_everyone(visit, accessible, path, width, scheme):
    seen = visit(path, width=width, scheme=scheme)
    seen.page.wait_for_selector("h1")
    seen.shot(f"{path.strip('/').replace('/', '-').partition('?')[0]}-{width}-{scheme}")
    assert seen.fits()
    assert accessible(seen.page) == []


def test_a_claim_takes_the_whole_width_of_a_telephone(visit):
    page = visit("/papers/19", width=390).page
    shares = page.eval_on_selector_all(
        "th.statement", "all => all.map((th) => th.offsetWidth / th.closest('table').offsetWidth)"
    )
    assert shares
    assert min(shares) > 0.95


def test_figures_of_a_paper_are_drawn_when_they_come_into_view(visit):
    page = visit("/papers/19").page
    place = page.locator("[data-plot]").first
    assert place.locator(".main-svg").count() == 0
    place.scroll_into_view_if_needed()
    place.locator(".main-svg").first.wait_for()


def test_a_figure_for_wide_white_paper_is_read_on_a_dark_telephone(visit):
    page = visit("/papers/16", width=390, scheme="dark").page
    place = page.locator("[data-plot$='/paths.json']")
    place.scroll_into_view_if_needed()
    until(page, "document.querySelector(\"[data-plot$='/paths.json'] .main-svg\") !== null")
    strokes = place.locator(".scatterlayer .js-line").evaluate_all("all => all.map((line) => line.style.stroke)")
    assert len(strokes) > 10
    assert "rgb(0, 0, 0)" not in strokes
    frame, title = place.bounding_box(), place.locator(".gtitle").bounding_box()
    assert frame["x"] <= title["x"]
    assert title["x"] + title["width"] <= frame["x"] + frame["width"]


def test_a_run_begins_shows_its_progress_and_is_cancelled(visit):
    page = visit("/papers/19").page
    page.select_option("select[name=scale]", "smoke")
    page.fill("input[name=seed]", "31")
    page.click("#run button.primary")
    appears(page, '#run .job[data-state="running"]')
    page.click("#run .job-cancel")
    appears(page, '#run .job[data-state="cancelled"]')
    page.reload()
    assert page.locator("#run button.primary").is_visible()


def test_two_runs_are_marked_compared_and_one_deleted_and_taken_back(visit, two_runs, accessible):
    seen = visit("/runs")
    page = seen.page
    page.wait_for_selector("tbody tr")
    seen.shot("runs-with-history-1280-light")
    assert accessible(page) == []
    for name in RUNS:
        page.check(f"input[name=run][value='{STUDY}/{name}']")
    page.click("#compare p button")
    page.wait_for_selector("text=Two runs side by side")
    assert "apart" in page.inner_text("main")
    seen.shot("runs-compare-1280-light")
    assert accessible(page) == []
    seen.open(f"/runs/{STUDY}/{RUNS[0]}")
    seen.shot("run-1280-light")
    assert seen.fits()
    assert accessible(page) == []
    page.click("form[action$=delete] button")
    page.wait_for_selector("text=The run is in the bin.")
    # A run that another test has cancelled may stand in the history as well.
    assert [page.locator(f"tbody a[href$='{name}']").count() for name in RUNS] == [0, 1]
    page.click("form.undo button")
    page.wait_for_url(f"**/runs/{STUDY}/{RUNS[0]}")
    seen.open("/runs")
    assert [page.locator(f"tbody a[href$='{name}']").count() for name in RUNS] == [1, 1]


def test_what_a_run_found_here_stands_on_its_papers_page(visit, two_runs):
    page = visit("/papers/19").page
    row = page.locator("#claim-adversary_error")
    assert "1.9 " in row.inner_text()
    assert "met" in row.inner_text()
    assert "2026-01-02" in page.inner_text("main")


def test_a_paper_of_ones_own_is_added(visit, gallery):
    page = visit("/papers").page
    page.fill("#listing", "2301.00001 A <b>bold</b> paper of mine")
    page.click(".import button")
    page.wait_for_selector("text=A <b>bold</b> paper of mine")
    (gallery.folder / "runs" / "reading-list.json").unlink()


@pytest.mark.slow
def test_a_run_goes_to_its_end_and_opens_its_page(visit):
    page = visit("/papers/23").page
    page.select_option("select[name=scale]", "smoke")
    page.click("#run button.primary")
    page.wait_for_url("**/runs/23-stnn/*", timeout=500_000)
    assert "not judged" in page.inner_text("main")
