"""Texts with dates: two centuries of speeches where the user has them, a made language that drifts where not."""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from inscape.errors import InputError

SPEECHES = Path("07-order-influence") / "sotu.jsonl.gz"
LONGEST = 12_000
"""Characters kept of a speech: enough for every era, and quick to read."""

SYLLABLES = ("ba", "ken", "lo", "mir", "ta", "sen", "du", "wil", "ra", "on", "che", "pol", "is", "gar", "ne", "u", "ve")


@dataclass(frozen=True)
class Dated:
    """A text and its year."""

    year: int
    text: str


def source() -> str:
    """ "speeches" if the user's copy of the addresses is there, else "made"."""
    return "speeches" if _file() is not None else "made"


@cache
def dated_texts(name: str) -> tuple[Dated, ...]:
    """The texts of a source, the oldest first."""
    if name == "made":
        return made_texts()
    file = _file()
    if file is None:
        raise InputError(f"{SPEECHES} not found; set INSCAPE_DATA to the folder of research data")
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        speeches = [json.loads(line) for line in lines]
    return tuple(Dated(s["year"], s["text"][:LONGEST]) for s in sorted(speeches, key=lambda s: (s["year"], s["id"])))


def made_texts(years: int = 96, words: int = 1_500, seed: int = 7) -> tuple[Dated, ...]:
    """A language whose words come and go over the years: each has a year of its own, around which it is used most."""
    random = np.random.default_rng(seed)
    lexicon = ["".join(random.choice(SYLLABLES, random.integers(1, 4))) for _ in range(600)]
    prime = random.uniform(-20, years + 20, len(lexicon))
    common = 1.0 / np.arange(1, len(lexicon) + 1)
    found = []
    for year in range(years):
        chances = common * np.exp(-(((year - prime) / 25.0) ** 2) / 2) + 0.05 * common
        drawn = random.choice(lexicon, words, p=chances / chances.sum())
        ends = random.random(words) < 0.12
        found.append(Dated(1800 + year, " ".join(w + ("." if e else "") for w, e in zip(drawn, ends, strict=True))))
    return tuple(found)


def _file() -> Path | None:
    named = os.environ.get("INSCAPE_DATA")
    file = Path(named) / SPEECHES if named else None
    return file if file is not None and file.is_file() else None
