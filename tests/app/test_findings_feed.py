"""The feed tells each new or changed number once, under a name that stays, in Atom that validates."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from inscape.app.catalogue.feed import ATOM, atom
from inscape.app.catalogue.findings import findings
from tests.app.reading_cases import keep_run, library_of, use_toy

DAY = 86_400.0
START = datetime(2026, 1, 5, tzinfo=UTC).timestamp()

# RFC 4287 as a RELAX NG grammar: what a feed and an entry must and may hold, in any order.
GRAMMAR = """
<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="http://www.w3.org/2005/Atom"
         datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
<start><element name="feed"><interleave>
  <ref name="id"/><ref name="title"/><ref name="updated"/><ref name="author"/>
  <optional><element name="subtitle"><ref name="words"/></element></optional>
  <optional><element name="generator"><text/></element></optional>
  <oneOrMore><ref name="link"/></oneOrMore>
  <zeroOrMore><ref name="entry"/></zeroOrMore>
</interleave></element></start>
<define name="entry"><element name="entry"><interleave>
  <ref name="id"/><ref name="title"/><ref name="updated"/>
  <optional><element name="published"><data type="dateTime"/></element></optional>
  <oneOrMore><ref name="link"/></oneOrMore>
  <zeroOrMore><element name="category"><attribute name="term"/></element></zeroOrMore>
  <optional><element name="summary"><ref name="words"/></element></optional>
</interleave></element></define>
<define name="id"><element name="id"><data type="anyURI">
  <param name="pattern">\\S+:\\S+</param></data></element></define>
<define name="title"><element name="title"><ref name="words"/></element></define>
<define name="updated"><element name="updated"><data type="dateTime">
  <param name="pattern">.+(Z|[+-]\\d\\d:\\d\\d)</param></data></element></define>
<define name="author"><element name="author"><element name="name"><text/></element></element></define>
<define name="link"><element name="link">
  <attribute name="href"><data type="anyURI"/></attribute>
  <optional><attribute name="rel"><choice><value>self</value><value>alternate</value></choice></attribute></optional>
  <optional><attribute name="type"><data type="string"><param name="pattern">.+/.+</param></data></attribute></optional>
</element></define>
<define name="words"><optional><attribute name="type"><choice><value>text</value><value>html</value></choice>
</attribute></optional><text/></define>
</grammar>
"""


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    use_toy(monkeypatch)


def two_runs(root: Path) -> None:
    keep_run(root, "20260105T000000-desk-seed0-0001", START, distance=7.0, bias=0.1, told=1.9, speed=2.0)
    keep_run(root, "20260106T000000-desk-seed0-0002", START + DAY, distance=9.5, bias=0.1, told=2.0, speed=2.5)
    keep_run(root, "20260107T000000-smoke-seed0-0003", START + 2 * DAY, distance=1.0, bias=3.0)


def entries(text: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(text.encode()).findall(f"{{{ATOM}}}entry")


def test_first_numbers_and_changed_ones_are_news_and_the_rest_is_not(tmp_path: Path) -> None:
    two_runs(tmp_path)
    told = [(f.judged.claim.name, f.before, f.run[-4:]) for f in findings(library_of(tmp_path))]
    assert told == [
        ("distance", None, "0001"),
        ("bias", None, "0001"),
        ("told", None, "0001"),
        ("speed", None, "0001"),
        ("distance", 7.0, "0002"),
        ("told", 1.9, "0002"),
    ]


def test_a_duration_is_news_only_where_it_changes_sides(tmp_path: Path) -> None:
    two_runs(tmp_path)
    keep_run(tmp_path, "20260108T000000-desk-seed0-0004", START + 3 * DAY, speed=5.0)
    last = findings(library_of(tmp_path))[-1]
    assert (last.judged.claim.name, last.before, last.judged.verdict) == ("speed", 2.5, "not met")


def test_a_title_says_what_changed_to_what(tmp_path: Path) -> None:
    two_runs(tmp_path)
    titles = [f.title for f in findings(library_of(tmp_path))]
    assert "Study 99, claim 1 of 5: 7 → 9.5 steps, met" in titles
    assert "Study 99, claim 3 of 5: 1.9" in titles


def test_the_feed_validates_against_the_grammar_of_atom(tmp_path: Path) -> None:
    etree = pytest.importorskip("lxml.etree")
    two_runs(tmp_path)
    grammar = etree.RelaxNG(etree.fromstring(GRAMMAR))
    for news in (findings(library_of(tmp_path)), []):
        document = etree.fromstring(atom(news, address="http://127.0.0.1:8100/").encode())
        assert grammar.validate(document), grammar.error_log


def test_a_grammar_that_accepts_everything_would_not_do(tmp_path: Path) -> None:
    etree = pytest.importorskip("lxml.etree")
    two_runs(tmp_path)
    grammar = etree.RelaxNG(etree.fromstring(GRAMMAR))
    text = atom(findings(library_of(tmp_path)), address="http://127.0.0.1:8100")
    for spoilt in (text.replace("<id>", "<di>").replace("</id>", "</di>"), text.replace("T00:00:00Z", "")):
        assert not grammar.validate(etree.fromstring(spoilt.encode()))


def test_ids_are_unique_and_the_same_in_every_copy_of_the_feed(tmp_path: Path) -> None:
    two_runs(tmp_path)
    first = [e.findtext(f"{{{ATOM}}}id") for e in entries(atom(findings(library_of(tmp_path)), address="http://a"))]
    library = library_of(tmp_path)
    library.index.rebuild()
    again = [e.findtext(f"{{{ATOM}}}id") for e in entries(atom(findings(library), address="http://b"))]
    assert first == again
    assert len(set(first)) == len(first) == 6
    keep_run(tmp_path, "20260109T000000-desk-seed0-0009", START + 5 * DAY, distance=11.0)
    grown = [e.findtext(f"{{{ATOM}}}id") for e in entries(atom(findings(library_of(tmp_path)), address="http://a"))]
    assert grown[1:] == first


def test_the_newest_stands_first_and_the_feed_does_not_grow_forever(tmp_path: Path) -> None:
    two_runs(tmp_path)
    news = findings(library_of(tmp_path))
    short = entries(atom(news, address="http://a", limit=2))
    assert [e.findtext(f"{{{ATOM}}}updated") for e in short] == ["2026-01-06T00:00:00Z"] * 2


def test_text_of_a_study_cannot_break_the_xml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.app import reading_cases

    folder = keep_run(tmp_path, "20260105T000000-desk-seed0-0001", START, distance=7.0)
    text = (folder.path / "findings.json").read_text()
    (folder.path / "findings.json").write_text(text.replace("40 walks", "]]> <script>\\u0000\\ud800 & \\u000b"))
    told = atom(findings(library_of(tmp_path)), address="http://a?b=1&c=<2>")
    summary = entries(told)[0].findtext(f"{{{ATOM}}}summary")
    assert summary is not None
    assert "<drunkard>" in summary
    assert reading_cases.TOY.paper.title in summary
    assert "\x00" not in told
    assert "\x0b" not in told
