"""Text as features: stems of words, pairs of them, and runs of letters that survive endings and misspellings."""

from __future__ import annotations

import itertools
import re
import tomllib
import unicodedata
from functools import cache
from pathlib import Path

_WORD = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?")
_STOP = frozenset(
    """
    a about all an and any are as at be been beside but by can could did do does each for from had has have how i
    if in into is it its itself just many me more most much my no not of on one or our over paper than that the
    their them then there these they this to until up was we were what when where which while who whose why will
    with without would you your
    """.split()  # noqa: SIM905
)
_ENDINGS = (
    "isations", "izations", "isation", "ization", "ations", "ingly", "ation", "ments", "ities", "ising", "izing",
    "ised", "ized", "ises", "izes", "ment", "ness", "ably", "ible", "able", "ings", "ions", "ies",
    "ing", "ion", "ive", "ity",
    "ise", "ize", "ers", "ors", "est", "ed", "es", "er", "or", "ly", "al", "ic", "e", "s", "y",
)  # fmt: skip


def words(text: str) -> list[str]:
    """The stems of a text's words, in order; words that say nothing are left out.

    Letters lose their accents, British and American endings become the same stem.
    """
    plain = unicodedata.normalize("NFKD", text.lower()).encode("ascii", "ignore").decode()
    return [_stem(word) for word in _WORD.findall(plain) if word not in _STOP]


@cache
def letter_runs(word: str) -> tuple[str, ...]:
    """Runs of three to five letters of a word between its edges."""
    framed = f"<{word}>"
    return tuple(framed[i : i + n] for n in (3, 4, 5) for i in range(len(framed) - n + 1))


def features(text: str) -> list[str]:
    """All features of a text: stems, pairs of neighbours, runs of letters."""
    stems = words(text)
    pairs = [f"{first} {second}" for first, second in itertools.pairwise(stems)]
    return [*stems, *pairs, *(run for stem in stems for run in letter_runs(stem))]


def kin(text: str) -> list[str]:
    """Terms of the field that mean about what terms of the text mean."""
    asked = f" {' '.join(words(text))} "
    found: dict[str, None] = {}
    for group in _families():
        if any(f" {stems} " in asked for stems, _ in group):
            found |= dict.fromkeys(term for stems, term in group if f" {stems} " not in asked)
    return list(found)


@cache
def _stem(word: str) -> str:
    if not word.isalpha():
        return word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word


@cache
def _families() -> tuple[tuple[tuple[str, str], ...], ...]:
    listed = tomllib.loads((Path(__file__).parent / "kin.toml").read_text(encoding="utf-8"))["families"]
    return tuple(tuple((" ".join(words(term)), term) for term in family) for family in listed)
