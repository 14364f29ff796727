"""Forty questions find their paper and their claim; a question is answered quickly among thousands of texts."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from inscape.app.catalogue.catalogue import Catalogue
from inscape.app.catalogue.search import Search, TextIndex
from inscape.app.catalogue.words import kin, words
from inscape.errors import InputError

QUESTIONS = tomllib.loads((Path(__file__).parent / "search_questions.toml").read_text(encoding="utf-8"))["questions"]


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.read()


def test_forty_questions_find_their_papers_and_their_claims(catalogue: Catalogue) -> None:
    assert len(QUESTIONS) == 40
    papers, claims, missed = 0, 0, []
    for question in QUESTIONS:
        hits = catalogue.search.find(question["ask"])
        found = [hit.card.slug for hit in hits.papers[:3]]
        told = [(hit.card.slug, hit.claim.claim.name) for hit in hits.claims[:5]]
        has_paper = question["paper"] in found
        has_claim = any((question["paper"], name) in told for name in question["claims"])
        papers, claims = papers + has_paper, claims + has_claim
        if not (has_paper and has_claim):
            missed.append((question["ask"], found, told))
    print(f"paper in the first three: {papers} of 40; claim in the first five: {claims} of 40")
    for miss in missed:
        print(miss)
    assert papers >= 36
    assert claims >= 30


def test_every_question_names_a_claim_that_is_there(catalogue: Catalogue) -> None:
    for question in QUESTIONS:
        named = {claim.claim.name for claim in catalogue.card(question["paper"]).claims}
        assert set(question["claims"]) <= named, question


def test_a_paper_is_found_by_its_arxiv_id_and_by_an_author(catalogue: Catalogue) -> None:
    assert catalogue.search.find("2110.05266").papers[0].card.slug in ("22-chaos-zoo", "contest")
    assert catalogue.search.find("Bernabo").papers[0].card.slug == "03-orbital-decay"


def test_endings_spellings_and_slips_of_the_pen_find_the_same(catalogue: Catalogue) -> None:
    for asked in ("turbulence interfaces", "turbulent interface", "turbulant interfase", "TURBULENT INTERFACE"):
        assert catalogue.search.find(asked).papers[0].card.slug == "24-turbulent-interface"
    assert words("generalisation") == words("generalization")


def test_what_nothing_speaks_of_finds_nothing(catalogue: Catalogue) -> None:
    for asked in ("", "   ", "?!", "the of and", "qqqqq", "日本語"):
        hits = catalogue.search.find(asked)
        assert hits.papers == ()
        assert hits.claims == ()


def test_a_question_of_a_thousand_words_is_refused_in_one_line(catalogue: Catalogue) -> None:
    with pytest.raises(InputError, match="7000 characters found"):
        catalogue.search.find("chaos! " * 1000)


def test_synonyms_of_the_field_are_asked_for_as_well() -> None:
    assert "exoplanet" in kin("the hot Jupiter of that star")
    assert kin("zzz") == []


def test_the_same_question_gets_the_same_answer_twice(catalogue: Catalogue) -> None:
    first, second = Search(catalogue.cards), Search(catalogue.cards)
    for question in QUESTIONS[:5]:
        assert [h.card.slug for h in first.find(question["ask"]).papers] == [
            h.card.slug for h in second.find(question["ask"]).papers
        ]


def test_a_model_of_ones_own_takes_the_place_of_the_decomposition() -> None:
    texts = ["cats purr", "dogs bark", "stars shine"]

    def embed(given: list[str]) -> np.ndarray:
        return np.array([[float("animal" in t or "cat" in t or "dog" in t), float("star" in t)] for t in given])

    scores = TextIndex(texts, embedder=embed).scores("animal")
    assert scores[0] > 0
    assert scores[1] > 0
    assert scores[2] == 0


def test_one_text_and_none_are_searched_too() -> None:
    assert TextIndex(["alone"]).scores("alone")[0] > 0
    assert TextIndex([]).scores("anything").shape == (0,)
