"""Search by words and by meaning over papers and claims; nothing is downloaded.

Three scores are added. BM25 (Robertson & Zaragoza 2009) wants the very words. The cosine of tf-idf vectors over stems,
pairs and runs of letters forgives endings and misspellings. The same vectors reduced by a truncated singular value
decomposition (Deerwester et al. 1990) bring together what is said in other words; beside it, terms of a short list of
the field's synonyms are asked for as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.app.catalogue.card import Card, CardClaim
from inscape.app.catalogue.words import features, kin, words
from inscape.errors import InputError

Embedder = Callable[[Sequence[str]], np.ndarray]
"""Texts to vectors (text, axis), for who has a language model at hand."""

_K1, _B = 1.2, 0.6
_KIN = 0.35
"""Weight of a synonym beside a word that was really asked for."""
_WORDS, _LETTERS, _MEANING = 1.0, 0.9, 0.5
_AXES = 128


@dataclass(frozen=True)
class ClaimHit:
    card: Card
    claim: CardClaim
    score: float


@dataclass(frozen=True)
class PaperHit:
    card: Card
    score: float


@dataclass(frozen=True)
class Hits:
    """What a question found, best first."""

    papers: tuple[PaperHit, ...]
    claims: tuple[ClaimHit, ...]


class Search:
    """An index over cards.

    Parameters
    ----------
    cards : what is searched: a text for each paper and one for each of its claims.
    embedder : vectors of texts that take the place of the decomposition's, from a model that runs here.
    """

    def __init__(self, cards: Sequence[Card], *, embedder: Embedder | None = None):
        self.cards = tuple(cards)
        self.claims = [(card, claim) for card in self.cards for claim in card.claims]
        texts = [_text_of(card) for card in self.cards]
        texts += [_text_of_claim(card, claim) for card, claim in self.claims]
        self._index = TextIndex(texts, embedder=embedder)
        place = {card.slug: k for k, card in enumerate(self.cards)}
        self._owner = np.array([place[card.slug] for card, _ in self.claims], dtype=int)

    def find(self, question: str, *, papers: int = 10, claims: int = 10) -> Hits:
        """The papers and claims that answer a question best; none where nothing of it is known.

        Raises
        ------
        InputError : if the question is longer than 1,000 characters.
        """
        score = self._index.scores(question)
        if not score.any():
            return Hits((), ())
        count = len(self.cards)
        of_paper, of_claim = score[:count].copy(), score[count:]
        # A paper is also what its best claims speak of; a claim is also found through its paper.
        best = np.zeros(count)
        np.maximum.at(best, self._owner, of_claim)
        of_claim = of_claim + 0.3 * of_paper[self._owner]
        of_paper += 0.5 * best
        first, second = _best(of_paper, papers), _best(of_claim, claims)
        return Hits(
            tuple(PaperHit(self.cards[k], float(of_paper[k])) for k in first),
            tuple(ClaimHit(*self.claims[k], float(of_claim[k])) for k in second),
        )


class TextIndex:
    """Scores of texts for a question, as of the module.

    Parameters
    ----------
    texts : what is searched.
    embedder : as of `Search`.
    """

    def __init__(self, texts: Sequence[str], *, embedder: Embedder | None = None):
        self._embedder = embedder
        self._size = len(texts)
        bags = [Counter(words(text)) for text in texts]
        self._word_column, occurrences = _counted(bags)
        self._bm25 = _bm25_weights(occurrences).tocsc()
        self._column, counts = _counted([Counter(features(text)) for text in texts])
        present = np.bincount(counts.indices, minlength=counts.shape[1])
        self._rarity = np.log((1 + self._size) / (1 + present)) + 1
        weighted = counts.astype(float)
        weighted.data = (1 + np.log(weighted.data)) * self._rarity[weighted.indices]
        self._vectors = _unit_rows(weighted).tocsc()
        self._axes: np.ndarray
        self._meaning: np.ndarray
        self._axes, self._meaning = _principal(self._vectors) if embedder is None else (np.empty((0, 0)), np.empty(0))
        if embedder is not None:
            self._meaning = _unit(np.asarray(embedder(list(texts)), dtype=float))

    def scores(self, question: str) -> Float[np.ndarray, "text"]:
        """One score a text, 0 where it has nothing in common with the question."""
        if len(question) > 1000:
            raise InputError(f"question: {len(question)} characters found, expected at most 1000; ask for less")
        near = kin(question)
        asked = dict.fromkeys(words(question), 1.0)
        for word in (word for term in near for word in words(term)):
            asked.setdefault(word, _KIN)
        matched = _weighted_sum(self._bm25, self._word_column, asked)
        vector = dict.fromkeys(features(question), 1.0)
        for feature in (f for term in near for f in features(term)):
            vector.setdefault(feature, _KIN)
        columns, weights = self._query(vector)
        if not len(columns) and self._embedder is None:
            return np.zeros(self._size)
        alike = self._vectors[:, columns] @ weights
        if self._embedder is not None:
            meant = self._meaning @ _unit(np.asarray(self._embedder([question]), dtype=float))[0]
        else:
            folded = self._axes[columns].T @ weights
            length = np.linalg.norm(folded)
            meant = self._meaning @ (folded / length) if length else np.zeros(self._size)
        top = matched.max()
        total = _WORDS * (matched / top if top else matched) + _LETTERS * alike + _MEANING * np.maximum(meant, 0.0)
        return np.where((matched > 0) | (alike > 0.05) | (meant > 0.5), total, 0.0)

    def _query(self, vector: dict[str, float]) -> tuple[np.ndarray, np.ndarray]:
        known = [(self._column[f], weight) for f, weight in vector.items() if f in self._column]
        columns = np.array([column for column, _ in known], dtype=int)
        weights = np.array([weight for _, weight in known]) * self._rarity[columns]
        return columns, weights / (np.linalg.norm(weights) or 1.0)


def _text_of(card: Card) -> str:
    paper = card.paper
    # What a paper is called says more than what is told about it.
    parts = (paper.title, paper.title, card.name, card.summary, " ".join(card.questions), paper.authors, paper.venue)
    return ". ".join(part for part in (*parts, paper.arxiv, " ".join(card.rooms)) if part)


def _text_of_claim(card: Card, claim: CardClaim) -> str:
    about = claim.claim
    return ". ".join(part for part in (about.statement, about.statement, about.name.replace("_", " "), about.setting,
                                       about.unit, card.name) if part)  # fmt: skip


def _counted(bags: Sequence[Counter[str]]) -> tuple[dict[str, int], Any]:
    """The column of each feature, and how often it stands in each text (text, feature)."""
    from scipy import sparse

    column: dict[str, int] = {}
    indices: list[int] = []
    values: list[int] = []
    ends = [0]
    for bag in bags:
        indices += [column.setdefault(feature, len(column)) for feature in bag]
        values += bag.values()
        ends.append(len(indices))
    counts = sparse.csr_array((np.array(values, dtype=float), indices, ends), shape=(len(bags), max(len(column), 1)))
    return column, counts


def _bm25_weights(occurrences: Any) -> Any:
    size = occurrences.shape[0]
    lengths = occurrences.sum(axis=1)
    present = np.bincount(occurrences.indices, minlength=occurrences.shape[1])
    rarity = np.log(1 + (size - present + 0.5) / (present + 0.5))
    relative = lengths / (lengths.mean() or 1.0) if size else lengths
    row = np.repeat(np.arange(size), np.diff(occurrences.indptr))
    weights = occurrences.copy()
    saturation = weights.data + _K1 * (1 - _B + _B * relative[row])
    weights.data = rarity[weights.indices] * weights.data * (_K1 + 1) / saturation
    return weights


def _weighted_sum(matrix: Any, column: dict[str, int], asked: dict[str, float]) -> np.ndarray:
    known = [(column[word], weight) for word, weight in asked.items() if word in column]
    if not known:
        return np.zeros(matrix.shape[0])
    columns, weights = zip(*known, strict=True)
    return matrix[:, list(columns)] @ np.array(weights)


def _principal(vectors: Any) -> tuple[np.ndarray, np.ndarray]:
    """The leading axes of the vectors (feature, axis), and each text on them at unit length (text, axis)."""
    from scipy.sparse.linalg import svds

    count = min(_AXES, min(vectors.shape) - 1)
    if count < 1:
        return np.zeros((vectors.shape[1], 1)), np.zeros((vectors.shape[0], 1))
    start = np.random.default_rng(0).standard_normal(min(vectors.shape))
    left, singular, right = svds(vectors, k=count, v0=start)
    return right.T, _unit(left * singular)


def _unit(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1.0)


def _unit_rows(matrix: Any) -> Any:
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    scaled = matrix.tocsr().copy()
    scaled.data /= np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(scaled.indptr))
    return scaled


def _best(score: np.ndarray, count: int) -> list[int]:
    order = np.argsort(-score, kind="stable")[:count]
    return [int(k) for k in order if score[k] > 0]
