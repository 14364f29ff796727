"""A list of one's own comes in as arXiv ids, BibTeX or OPML, and whatever else comes is refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.app.catalogue.exports import as_bibtex
from inscape.app.catalogue.reading_list import add_to_own, card_of, papers_in, papers_of, read_own
from inscape.errors import InputError
from inscape.studies.paper import Paper
from tests.app.reading_cases import library_of, use_toy

BIBTEX = r"""
@string{jml = "Journal"}
@article{lorenz1963,
  author = {Lorenz, Edward N. and R{\"o}ssler, Otto},
  title = {Deterministic {Nonperiodic} Flow \& more},
  journal = "J. Atmos. Sci.",
  year = 1963,
  doi = {10.1175/1520}
}
@misc{gilpin, title={Chaos as an interpretable benchmark}, author={Gilpin, W.}, year={2021},
  eprint={2110.05266}, archivePrefix={arXiv}}
@comment{ignored, title = {not a paper}}
@article{broken, title = {Never closed
"""
OPML = """<?xml version="1.0"?><opml version="2.0"><body><outline text="folder">
<outline text="Chaos &amp; order" htmlUrl="https://arxiv.org/abs/2110.05266v3"/>
<outline text="A blog" xmlUrl="https://example.org/feed"/>
<outline title="hep-th/9901001 Old ways"/></outline></body></opml>"""


def test_bibtex_gives_titles_authors_years_and_ids() -> None:
    first, second, third = papers_of(BIBTEX)
    assert first.title == "Deterministic Nonperiodic Flow & more"
    assert first.authors == "Edward N. Lorenz, Otto Rossler"
    assert "author = {Edward N. Lorenz and Otto Rossler}" in as_bibtex([card_of(first)])
    assert (first.year, first.doi, first.venue) == (1963, "10.1175/1520", "J. Atmos. Sci.")
    assert (second.arxiv, second.year) == ("2110.05266", 2021)
    assert third.title == "Never closed"


def test_opml_gives_the_papers_among_its_outlines() -> None:
    first, second = papers_of(OPML)
    assert (first.title, first.arxiv, first.year) == ("Chaos & order", "2110.05266", 2021)
    assert (second.title, second.arxiv, second.year) == ("Old ways", "hep-th/9901001", 1999)


def test_a_line_with_an_id_is_a_paper_and_others_are_not() -> None:
    found = papers_of("my list\n2110.05266v2  Chaos as a benchmark\nhttps://arxiv.org/abs/2407.06312\n3.14159 no\n")
    assert [(p.arxiv, p.title) for p in found] == [
        ("2110.05266", "Chaos as a benchmark"),
        ("2407.06312", "arXiv 2407.06312"),
    ]


def test_a_paper_that_is_listed_twice_is_one_and_the_order_stays() -> None:
    found = papers_of("2110.05266 Chaos\n2407.06312\n2110.05266v3 again\n")
    assert [(p.arxiv, p.title) for p in found] == [("2110.05266", "Chaos"), ("2407.06312", "arXiv 2407.06312")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"\'Etude de \c{c}a", "Etude de ca"),
        (r"\textit{Slanted} and {\bf bold}", "Slanted and bold"),
        (r"\o rsted and Stra\ss e", "orsted and Strasse"),
        (r"50 \% of \$x\_1\$", "50 % of $x_1$"),
    ],
)
def test_latex_in_a_title_becomes_plain(written: str, meant: str) -> None:
    assert papers_of("@article{a, title = {" + written + "}, doi = {10.48550/arXiv.2110.05266}}")[0].title == meant


def test_the_doi_of_arxiv_names_the_paper_and_other_dois_do_not() -> None:
    assert papers_of("@article{a, title = {T}, doi = {10.48550/arXiv.2110.05266}}")[0].arxiv == "2110.05266"
    assert papers_of("@article{a, title = {T}, doi = {10.1234.56789/x}}")[0].arxiv == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no paper found"),
        (b"nothing of the kind", "no paper found"),
        (b"\xff\xfe\x00\x01\x80", "no UTF-8 text"),
        (b"<opml><body>", "not well formed"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><opml>&b;</opml>', "no outline needs"),
        (b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">]><opml/>', "no outline needs"),
    ],
)
def test_a_file_that_lists_nothing_is_refused_in_one_line(tmp_path: Path, content: bytes, told: str) -> None:
    file = tmp_path / "list"
    file.write_bytes(content)
    with pytest.raises(InputError, match=told):
        papers_in(file)


def test_a_file_that_is_too_large_or_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        papers_in(tmp_path / "absent.bib")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(17 * 2**20)
    with pytest.raises(InputError, match="at most 16"):
        papers_in(tmp_path / "huge")


@given(st.text(max_size=400))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_it_stumble(text: str) -> None:
    for given_text in (text, "@article{" + text, "@article{a, title = {" + text, "<opml>" + text):
        try:
            for paper in papers_of(given_text):
                assert paper.title or paper.arxiv
        except InputError:
            continue


def test_own_papers_are_kept_once_and_shown_with_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_toy(monkeypatch)
    library = library_of(tmp_path)
    before = len(library.catalogue)
    assert add_to_own(tmp_path, papers_of(BIBTEX)) == 3
    assert add_to_own(tmp_path, papers_of(BIBTEX)) == 0
    assert len(library.catalogue) == before + 3
    assert library.catalogue.card("2110.05266").state == "yours"
    assert library.catalogue.search.find("nonperiodic").papers[0].card.paper.year == 1963


def test_an_own_paper_that_is_in_the_reading_list_is_shown_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_toy(monkeypatch)
    library = library_of(tmp_path)
    before = len(library.catalogue)
    add_to_own(tmp_path, [Paper("That Jupiter again", year=2025, arxiv="2501.00097")])
    assert len(library.catalogue) == before


def test_a_torn_list_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "reading-list.json").write_text('{"papers": [{"slug": ')
    assert read_own(tmp_path) == ()


def test_bibtex_that_goes_out_comes_in_again() -> None:
    papers = [
        Paper("On $x_1$ & {chaos} of 50 %", year=2021, authors="A. Ünal, B. Bee", arxiv="2101.00001", venue="J"),
        Paper("Another", year=2021, authors="A. Ünal", doi="10.1/2"),
    ]
    back = papers_of(as_bibtex(card_of(paper) for paper in papers))
    assert [(p.title, p.year, p.authors, p.arxiv, p.doi) for p in back] == [
        ("On $x_1$ & chaos of 50 %", 2021, "A. Ünal, B. Bee", "2101.00001", ""),
        ("Another", 2021, "A. Ünal", "", "10.1/2"),
    ]
