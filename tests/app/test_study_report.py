"""A study's page shows every claim, met or missed, and needs nothing from outside."""

from __future__ import annotations

import re

import plotly.graph_objects as go

from inscape.app.study_report import headline, write_study_report
from inscape.studies import Claim, Findings, Lab, Measured, Paper, Study, Table


def page(tmp_path, scale: str = "desk") -> str:
    study = Study(
        number=97,
        name="tiny",
        paper=Paper("Tiny <things> & others", year=2000),
        claims=[
            Claim("met", "One is at least one", paper=1.0, at_least=1, as_released=1.1),
            Claim("missed", "One is at least two", paper=2.0, at_least=2, unit="m"),
            Claim("absent", "Nobody measured it", paper=3.0, at_least=3),
        ],
    )

    @study.run
    def run(lab: Lab) -> Findings:
        films = lab.folder.path / "films"
        films.mkdir()
        (films / "a-walk.gif").write_bytes(b"GIF89a")
        (films / "a-swim.mp4").write_bytes(b"ftyp")
        (films / "notes.txt").write_bytes(b"no film")
        return Findings(
            met=1.0,
            missed=Measured(1.0, 0.5, 1.5, "one try"),
            figures={"a line": go.Figure(go.Scatter(x=[0, 1], y=[0, 1]))},
            tables={"t": Table("Rows <b>", ({"a": 1, "b": None}, {"a": 2.5, "b": True}))},
            notes=["</script> stays text"],
        )

    return write_study_report(study.perform(scale=scale, store=tmp_path, backend="serial")).read_text()


def test_every_claim_stands_beside_its_number_and_a_miss_is_shown(tmp_path):
    text = page(tmp_path)
    assert "1 of 2 bars met, 1 not run." in text
    assert text.count("not met") >= 1
    assert "0.5 to 1.5" in text
    assert "one try" in text


def test_a_trial_judges_nothing(tmp_path):
    assert "No bar judged at this scale" in page(tmp_path, "smoke")


def test_text_of_a_study_is_escaped_and_nothing_is_fetched(tmp_path):
    text = page(tmp_path)
    assert "Tiny &lt;things&gt; &amp; others" in text
    assert "&lt;/script&gt; stays text" in text
    assert "Rows &lt;b&gt;" in text
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.http", text)


def test_the_figure_is_in_the_page_as_numbers(tmp_path):
    text = page(tmp_path)
    assert 'data-figure="a-line"' in text
    assert '"a-line":{"data"' in text.replace(" ", "")


def test_the_headline_counts_every_verdict():
    from collections import Counter

    assert headline(Counter({"met": 3, "not met": 1, "reported": 2})) == "3 of 4 bars met, 2 reported."


def test_films_are_in_the_page(tmp_path):
    text = page(tmp_path)
    assert '<img src="data:image/gif;base64,R0lGODlh" alt="a walk">' in text
    assert '<video controls loop muted src="data:video/mp4;base64,ZnR5cA==">' in text
    assert "bm8gZmlsbQ" not in text
    assert "media-src data:" in text
