"""The report: one file, valid, self-contained, safe to open whatever stood in the recording."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from inscape.app.learn import learn
from inscape.app.learned import Learned
from inscape.app.samples import lorenz, lynx_hare
from inscape.errors import InputError
from inscape.trajectories import Trajectory

HOSTILE = '</script><script>alert("x")</script><img src=x onerror=alert(1)>'
VOID = {"meta", "link", "br", "img", "input", "hr", "path", "mspace"}


class Page(HTMLParser):
    """Elements as they nest, what they refer to, and the scripts."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.references: list[str] = []
        self.handlers: list[str] = []
        self.scripts: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "action", "data", "poster", "srcset"):
                self.references.append(value or "")
            if name.startswith("on"):
                self.handlers.append(name)
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        elif not (self.open and self.open[-1] == "style"):
            self.words += data


@pytest.fixture(scope="module")
def learned() -> Learned:
    return learn(lorenz(noise=0.01, samples=900), laws=["sindy", "dmd"], jobs=1)


@pytest.fixture(scope="module")
def page(learned: Learned, tmp_path_factory: pytest.TempPathFactory) -> str:
    return learned.report(tmp_path_factory.mktemp("report") / "report.html").read_text(encoding="utf-8")


def test_the_report_is_well_formed(page: str) -> None:
    parsed = Page(page)
    assert page.startswith("<!DOCTYPE html>")
    assert parsed.unbalanced == []
    assert parsed.open == []


def test_the_report_refers_to_nothing_outside_itself(page: str) -> None:
    parsed = Page(page)
    assert [r for r in parsed.references if not r.startswith("#")] == []
    styles = "".join(re.findall(r"<style>(.*?)</style>", page, re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles
    assert "default-src 'none'" in page


def test_nothing_in_the_report_can_send_the_recording_away(page: str) -> None:
    assert "showSendToCloud: false" in page
    assert "cloud.plotly.com/newchart" not in page


def test_plotly_is_in_the_report_once(page: str) -> None:
    assert page.count("* plotly.js v") == 1


def test_the_report_shows_the_law_the_verdict_and_every_figure(page: str, learned: Learned) -> None:
    words = Page(page).words
    assert learned.verdict.headline in words
    assert page.count("<math ") == 3
    drawn = json.loads(Page(page).scripts[0])
    assert {"recording", "held-out", "portrait", "leaderboard", "growth", "spectrum"} <= set(drawn)
    assert {"scatter3d"} == {trace["type"] for trace in drawn["portrait"]["data"]}


def test_the_forecast_and_its_band_are_in_the_first_figure(page: str, learned: Learned) -> None:
    traces = json.loads(Page(page).scripts[0])["recording"]["data"]
    names = {trace["name"] for trace in traces}
    assert {"recording", "forecast", "90 % band"} <= names
    forecast = next(trace for trace in traces if trace["name"] == "forecast")
    assert forecast["y"][1] == pytest.approx(learned.forecast.states[0, 0], rel=1e-5)


def test_names_from_the_file_are_text_and_never_markup(tmp_path: Path) -> None:
    t = np.arange(120) * 0.1
    run = Trajectory(
        t,
        np.stack([np.sin(t), np.cos(t)], axis=1),
        state_names=(HOSTILE, "b & <i>c</i>"),
        units={HOSTILE: "<b>m</b>", "time": "<s>"},
        source=HOSTILE,
    )
    learned = learn(run, laws=["dmd"], jobs=1)
    page = learned.report(tmp_path / "hostile.html").read_text(encoding="utf-8")
    parsed = Page(page)
    assert len(parsed.scripts) == 3
    assert parsed.handlers == []
    assert parsed.unbalanced == []
    assert not any("alert(" in script for script in parsed.scripts[1:])
    assert HOSTILE in json.loads(parsed.scripts[0])["portrait"]["layout"]["xaxis"]["title"]["text"].replace(
        "&lt;", "<"
    ).replace("&gt;", ">")


def test_a_short_recording_gets_a_report_too(tmp_path: Path) -> None:
    learned = learn(lynx_hare(), laws=["dmd"], jobs=1)
    page = learned.report(tmp_path / "short.html").read_text(encoding="utf-8")
    assert "21 samples do not single out a law" in page
    assert "spectrum" not in json.loads(Page(page).scripts[0])


def test_a_report_replaces_an_older_one_whole_and_leaves_nothing_beside_it(learned: Learned, tmp_path: Path) -> None:
    place = tmp_path / "report.html"
    place.write_text("old")
    learned.report(place)
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]
    assert place.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_a_place_that_cannot_be_written_to_is_named(learned: Learned, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        learned.report(tmp_path / "nowhere" / "report.html")
    with pytest.raises(InputError, match="is a folder"):
        learned.report(tmp_path)
