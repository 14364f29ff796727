"""The catalogue for other programs: JSON with all numbers, BibTeX of the papers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from inscape.app.catalogue.card import Card
from inscape.app.catalogue.library import Library, Shown
from inscape.app.terminal import plain


def as_json(library: Library) -> list[dict[str, Any]]:
    """Every card with its claims, and beside each claim our number from the run that the gallery shows."""
    newest = library.newest()
    return [card_record(card, library.shown(card, newest)) for card in library.catalogue]


def card_record(card: Card, shown: Shown | None) -> dict[str, Any]:
    """One card as plain data; numbers that are not finite are null."""
    claims = []
    for k, claim in enumerate(card.claims):
        measured = shown.judged[k].measured if shown else None
        claims.append(
            {
                "name": claim.claim.name,
                "statement": claim.claim.statement,
                "unit": claim.claim.unit,
                "direction": claim.direction,
                "bound": claim.claim.bound,
                "paper": claim.claim.paper,
                "as_released": claim.claim.as_released,
                "as_corrected": claim.claim.as_corrected,
                "paper_setting": claim.claim.setting,
                "ours": measured.value if measured else None,
                "low": measured.low if measured else None,
                "high": measured.high if measured else None,
                "our_setting": measured.setting if measured else "",
                "verdict": shown.judged[k].verdict if shown else "not run",
            }
        )
    record = {
        "slug": card.slug,
        "number": card.number,
        "name": card.name,
        "state": card.state,
        "title": card.paper.title,
        "authors": card.paper.authors,
        "year": card.paper.year or None,
        "venue": card.paper.venue,
        "arxiv": card.paper.arxiv,
        "doi": card.paper.doi,
        "summary": card.summary,
        "rooms": list(card.rooms),
        "questions": list(card.questions),
        "claims": claims,
        "run": None
        if shown is None
        else {
            "name": shown.record.name,
            "scale": shown.record.scale,
            "seed": shown.record.seed,
            "date": shown.date,
            "shipped": shown.is_shipped,
        },
    }
    return plain(record)


def as_bibtex(cards: Iterable[Card]) -> str:
    """One entry a paper, keys by first author and year."""
    used: dict[str, int] = {}
    entries = []
    done = set()
    for card in cards:
        paper = card.paper
        if (paper.title, paper.arxiv) in done:
            continue  # Two studies of one paper are one paper.
        done.add((paper.title, paper.arxiv))
        key = f"{_ascii(_surname(paper.authors)) or card.name.replace('-', '')}{paper.year or ''}".lower()
        used[key] = used.get(key, 0) + 1
        key += "" if used[key] == 1 else chr(ord("a") + (used[key] - 1) % 26)
        fields = {
            "title": paper.title,
            "author": " and ".join(part.strip() for part in paper.authors.split(",") if part.strip()),
            "year": str(paper.year) if paper.year else "",
            "journal": paper.venue,
            "doi": paper.doi,
            "eprint": paper.arxiv,
            "archiveprefix": "arXiv" if paper.arxiv else "",
        }
        lines = [f"  {name} = {{{_escaped(value)}}}" for name, value in fields.items() if value]
        entries.append(f"@article{{{key},\n" + ",\n".join(lines) + "\n}\n")
    return "\n".join(entries)


def _surname(authors: str) -> str:
    first = authors.split(",")[0].split()
    return first[-1] if first else ""


def _ascii(text: str) -> str:
    return re.sub(r"[^a-zA-Z]", "", unicodedata.normalize("NFKD", text))


def _escaped(text: str) -> str:
    # Braces must balance, and these characters mean something to TeX.
    return re.sub(r"([&%$#_])", r"\\\1", text.replace("\\", "").replace("{", "").replace("}", ""))
