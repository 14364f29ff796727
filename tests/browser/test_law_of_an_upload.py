"""From a recording in the reader's hand to its law, and what happens when the recording is no recording."""

from __future__ import annotations

import numpy as np
import pytest
from waiting import appears, until


def damped_swing(samples: int = 300) -> bytes:
    """Exact samples of x'' = -0.1 x' - 4 x."""
    times = 0.1 * np.arange(samples)
    omega = np.sqrt(4 - 0.05**2)
    x = np.exp(-0.05 * times) * np.cos(omega * times)
    v = np.exp(-0.05 * times) * (-0.05 * np.cos(omega * times) - omega * np.sin(omega * times))
    rows = [f"{t:.2f},{a:.10f},{b:.10f},{7.0}" for t, a, b in zip(times, x, v, strict=True)]
    return "\n".join(["t,x,v,note", *rows]).encode()


def hand_over(page, name: str, content: bytes) -> None:
    page.set_input_files("#file", {"name": name, "mimeType": "application/octet-stream", "buffer": content})


@pytest.mark.timeout(1_200)
def test_an_uploaded_recording_becomes_its_law(visit, accessible):
    seen = visit("/learn")
    page = seen.page
    hand_over(page, "swing.csv", damped_swing())
    appears(page, "#choice")
    seen.shot("recording", whole=True)
    assert accessible(page) == []
    page.select_option('[data-column="note"]', "out")
    page.click("summary")
    for box in page.locator("[data-law]").all():
        if box.get_attribute("data-law") not in ("sindy", "dmd"):
            box.uncheck()
    page.click("#start")
    appears(page, ".job, .headline")
    seen.shot("learning")
    appears(page, ".headline", patience=900)
    assert page.locator(".equation").count() == 2
    numbers = page.inner_text("#law")
    assert "4" in numbers
    page.locator("#forecast .js-plotly-plot").first.wait_for()
    page.locator("#contest").scroll_into_view_if_needed()
    page.locator("#contest .js-plotly-plot").first.wait_for()
    seen.shot("law", whole=True)
    assert accessible(page) == []
    with page.expect_download() as report:
        page.click("[href$='/download/report']")
    assert report.value.suggested_filename == "inscape-report.html"
    seen.becomes(width=390, scheme="dark")
    page.locator("#forecast .js-plotly-plot").first.wait_for()
    seen.shot("law-390-dark", whole=True)
    assert seen.fits()
    assert accessible(page) == []
    seen.open("/learn")
    assert "swing.csv" in page.inner_text("table")
    assert seen.fits()


def test_work_is_begun_and_cancelled_by_keyboard_alone(visit):
    page = visit("/learn").page
    page.focus('[data-sample="lorenz-noisy"]')
    page.keyboard.press("Enter")
    appears(page, ".job")
    page.focus(".job-cancel")
    page.keyboard.press("Space")
    appears(page, '.job[data-state="cancelled"]')
    assert page.locator(".job-cancel").is_hidden()
    appears(page, ".after-job a[href='/learn']")


def test_a_long_file_name_is_taken_and_fits_a_telephone(visit):
    seen = visit("/learn", width=390)
    page = seen.page
    hand_over(page, "swing_" + "x" * 140 + ".csv", damped_swing())
    appears(page, "#choice")
    assert page.inner_text("h1").endswith("xxx.csv")
    assert seen.fits()
    page.click("#start")
    appears(page, ".job")
    assert seen.fits()
    page.click(".job-cancel")
    appears(page, '.job[data-state="cancelled"]')


def test_a_file_is_chosen_by_keyboard(visit):
    page = visit("/").page
    # Asked for before the first key: keys and this request come to the browser on two ways, and either may be faster.
    with page.expect_file_chooser() as asked:
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "file":
                break
        page.keyboard.press("Enter")
    asked.value.set_files({"name": "swing.csv", "mimeType": "text/csv", "buffer": damped_swing(60)})
    appears(page, "#choice")


def test_what_a_file_says_is_text_and_nothing_else(visit):
    rows = "\n".join(f"{k / 10},{np.cos(k / 3):.6f},=1+{k}" for k in range(60))
    header = "t,größe <img src=x onerror=alert(1)>,=cmd|' /C calc'!A0"
    page = visit("/learn").page
    hand_over(page, "mesure d'été <b>.csv", f"{header}\n{rows}".encode("latin-1"))
    appears(page, "#choice")
    said = page.inner_text("main")
    assert "größe <img src=x onerror=alert(1)>" in said
    assert "=cmd|' /C calc'!A0: holds words and is left out" in said
    assert page.inner_text("h1") == "mesure d'été <b>.csv"
    assert page.locator("main img, main b:not(.findings b)").count() == 0


def test_a_file_that_is_too_large_is_refused_before_it_is_sent(visit, tmp_path):
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(65 * 2**20)
    page = visit("/learn").page
    page.set_input_files("#file", str(large))
    until(page, "document.getElementById('problem').textContent.includes('65 MiB found')")
    assert "large.csv" in page.inner_text("#problem")
    assert page.url.endswith("/learn")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("binary.csv", bytes(range(256)) * 50),
        ("cut.parquet", b"PAR1" + b"\1" * 100),
    ],
)
def test_a_bad_file_is_answered_in_one_line_and_the_gallery_lives(visit, name, content):
    seen = visit("/learn")
    page = seen.page
    hand_over(page, name, content)
    appears(page, "#unreadable")
    said = page.inner_text("#unreadable")
    assert said
    assert "Traceback" not in page.content()
    assert page.locator("main img").count() == 0
    seen.open("/zoo")


@pytest.mark.parametrize(("name", "content"), [("empty.csv", b""), ("evil.pkl", b"\x80\x04."), ("noname", b"1,2")])
def test_a_file_that_cannot_be_a_recording_is_refused_at_the_door(visit, name, content):
    visit.expected.append("400")
    seen = visit("/learn")
    hand_over(seen.page, name, content)
    until(seen.page, "document.getElementById('problem').textContent.length > 10")
    assert "expected" in seen.page.inner_text("#problem")
    assert seen.page.url.endswith("/learn")
