"""From a recording in the reader's hand to its law, and what happens when the recording is no recording."""

from __future__ import annotations

import numpy as np
import pytest
from waiting import until


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


def test_an_uploaded_recording_becomes_its_law(visit, accessible):
    seen = visit("/learn")
    page = seen.page
    hand_over(page, "swing.csv", damped_swing())
    page.wait_for_selector("#choice")
    seen.shot("recording", whole=True)
    assert accessible(page) == []
    page.select_option('[data-column="note"]', "out")
    page.click("summary")
    for box in page.locator("[data-law]").all():
        if box.get_attribute("data-law") not in ("sindy", "dmd"):
            box.uncheck()
    page.click("#start")
    page.wait_for_selector(".job, .headline")
    seen.shot("learning")
    page.wait_for_selector(".headline", timeout=180_000)
    assert page.locator(".equation").count() == 2
    numbers = page.inner_text("#law")
    assert "4" in numbers
    page.locator("#forecast .js-plotly-plot").first.wait_for()
    page.locator("#contest").scroll_into_view_if_needed()
    page.locator("#contest .js-plotly-plot").first.wait_for()
    seen.shot("law", whole=True)
    with page.expect_download() as report:
        page.click("[href$='/download/report']")
    assert report.value.suggested_filename == "inscape-report.html"
    assert accessible(page) == []


def test_work_is_cancelled_from_its_page(visit):
    seen = visit("/learn")
    page = seen.page
    page.click('[data-sample="lorenz-noisy"]')
    page.wait_for_selector(".job")
    page.click(".job-cancel")
    page.wait_for_selector('.job[data-state="cancelled"]')
    assert page.locator(".job-cancel").is_hidden()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("binary.csv", bytes(range(256)) * 50),
        ("words.csv", b"a,b\nx,y\n" * 20),
        ("cut.parquet", b"PAR1" + b"\1" * 100),
        ("<img src=x onerror=alert(1)>.csv", b"\0\1\2" * 400),
    ],
)
def test_a_bad_file_is_answered_in_one_line_and_the_gallery_lives(visit, name, content):
    seen = visit("/learn")
    page = seen.page
    hand_over(page, name, content)
    page.wait_for_selector("#unreadable")
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
