"""A reading list of one's own: papers from arXiv ids, BibTeX or OPML, kept beside the runs as plain JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from inscape.app.catalogue.card import Card, card_from_dict
from inscape.atomic import write_text
from inscape.errors import InputError
from inscape.studies.paper import Paper
from inscape.studies.runs import slug

FILE = "reading-list.json"
MOST_BYTES = 16 * 2**20
MOST_PAPERS = 20_000

_ARXIV = re.compile(
    r"(?<!\d)(?<!\d\.)(\d{4}\.\d{4,5})(?:v\d+)?(?!\d)|(?<![\w-])([a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?"
)
_ENTRY = re.compile(r"@\s*([a-zA-Z]+)\s*[{(]\s*([^,\s{}()]*)\s*,")
_FIELD = re.compile(r"\s*,?\s*([a-zA-Z][\w-]*)\s*=\s*")
_LATEX = (
    (re.compile(r"\\[`'^\"~=.]\s*\{?\\?([a-zA-Z])\}?"), r"\1"),
    (re.compile(r"\\[uvHtcdbkr](?:\s+|\s*\{)\\?([a-zA-Z])\}?"), r"\1"),
    (re.compile(r"\\(ss|ae|oe|aa|o|l|i|j)(?![a-zA-Z])\s*"), r"\1"),
    (re.compile(r"\\[a-zA-Z]+\s*"), ""),
    (re.compile(r"\\([&%$#_{}])"), r"\1"),
    (re.compile(r"[{}]"), ""),
    (re.compile(r"\s+"), " "),
)
"""Accents, letters and commands of LaTeX as plain text."""


def read_own(root: Path) -> tuple[Card, ...]:
    """The user's own list beside the runs; empty where there is none or it cannot be read."""
    try:
        record = json.loads((root / FILE).read_text(encoding="utf-8"))
        return tuple(card_from_dict(card) for card in record["papers"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def add_to_own(root: Path, papers: Sequence[Paper]) -> int:
    """Add papers to the user's own list; how many were new.

    Raises
    ------
    InputError : if the list would hold more than 20,000 papers or cannot be written.
    """
    known = {card.slug: card for card in read_own(root)}
    fresh = [card for card in map(card_of, papers) if card.slug not in known]
    known |= {card.slug: card for card in fresh}
    if len(known) > MOST_PAPERS:
        raise InputError(f"reading list: {len(known)} papers found, expected at most {MOST_PAPERS}; import fewer")
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{root}: cannot be made ({error.strerror}); choose another folder") from None
    write_text(root / FILE, json.dumps({"papers": [card.as_dict() for card in known.values()]}))
    return len({card.slug for card in fresh})


def card_of(paper: Paper) -> Card:
    """A card for a paper of one's own: no claims, no study."""
    name = slug(paper.arxiv or paper.title)[:80]
    return Card(slug=f"own-{name}", name=name, paper=paper, state="yours")


def papers_in(file: Path) -> list[Paper]:
    """The papers that a file lists: BibTeX, OPML (an outline of feeds or pages), or text with an arXiv id a line.

    Raises
    ------
    InputError : if it is too large, no text, or lists no paper.
    """
    try:
        size = file.stat().st_size
        if size > MOST_BYTES:
            raise InputError(f"{file}: {size / 2**20:.0f} MiB found, expected at most {MOST_BYTES // 2**20}; split it")
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{file}: no UTF-8 text found, expected BibTeX, OPML or a list of arXiv ids") from None
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None
    found = papers_of(text)
    if not found:
        raise InputError(f"{file}: no paper found, expected BibTeX, OPML or an arXiv id on each line")
    return found


def papers_of(text: str) -> list[Paper]:
    """The papers that a text lists, each once, in its order; none where it lists none.

    Raises
    ------
    InputError : if it begins like XML and is not well formed, or defines entities.
    """
    if text.lstrip().startswith("<"):
        found = list(_from_opml(text))
    elif _ENTRY.search(text):
        found = list(_from_bibtex(text))
    else:
        found = [_of_arxiv(match, line) for line in text.splitlines() if (match := _ARXIV.search(line))]
    once: dict[str, Paper] = {}
    for paper in found:
        once.setdefault(paper.arxiv or paper.title, paper)
    return list(once.values())


def _of_arxiv(match: re.Match[str], line: str = "") -> Paper:
    arxiv = match.group(1) or match.group(2)
    digits = arxiv if arxiv[0].isdigit() else arxiv.split("/")[1]
    year = int(digits[:2])
    # What else stands on the line may be the title; an address is none.
    rest = re.sub(r"https?://\S+|arxiv:?", " ", _ARXIV.sub(" ", line), flags=re.IGNORECASE)
    title = " ".join(rest.split()).strip(" \t,;:|-\"'")
    return Paper(title or f"arXiv {arxiv}", year=(1900 if year > 90 else 2000) + year, arxiv=arxiv)


def _from_opml(text: str) -> Iterator[Paper]:
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise InputError("OPML: a document type is declared, which no outline needs; remove it")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise InputError(f"OPML: not well formed ({error}); export it again") from None
    for outline in root.iter("outline"):
        title = " ".join((outline.get("title") or outline.get("text") or "").split())
        address = outline.get("htmlUrl") or outline.get("url") or outline.get("xmlUrl") or ""
        match = _ARXIV.search(address) or _ARXIV.search(title)
        if match:
            paper = _of_arxiv(match)
            named = " ".join(_ARXIV.sub(" ", title).split())
            yield Paper(named or paper.title, year=paper.year, arxiv=paper.arxiv)


def _from_bibtex(text: str) -> Iterator[Paper]:
    for entry in _ENTRY.finditer(text):
        if entry.group(1).lower() in ("comment", "preamble", "string"):
            continue
        fields = _fields(text, entry.end())
        if not fields.get("title"):
            continue
        match = _ARXIV.search(" ".join(fields.get(k, "") for k in ("eprint", "url", "journal", "note", "doi")))
        arxiv = "" if match is None else match.group(1) or match.group(2)
        year = re.search(r"\d{4}", fields.get("year", "") or fields.get("date", ""))
        yield Paper(
            fields["title"],
            year=int(year.group()) if year else 0,
            authors=", ".join(map(_spoken, re.split(r"\s+and\s+", fields.get("author", "")))),
            arxiv=arxiv,
            doi=fields.get("doi", ""),
            venue=fields.get("journal", "") or fields.get("booktitle", ""),
        )


def _spoken(name: str) -> str:
    """A person's name without commas, which would make two persons of it: "Last, First" and "Last, Jr, First"."""
    last, *rest = (part.strip() for part in name.split(","))
    return " ".join(part for part in (rest[-1], last, *rest[:-1]) if part) if rest else last


def _fields(text: str, place: int) -> dict[str, str]:
    """The fields of one BibTeX entry: name = {value}, "value" or a bare word, braces nested."""
    found: dict[str, str] = {}
    while match := _FIELD.match(text, place):
        value, place = _value(text, match.end())
        found[match.group(1).lower()] = _plain(value)
    return found


def _value(text: str, place: int) -> tuple[str, int]:
    if place >= len(text) or text[place] not in '{"':
        end = re.compile(r"[,}\n]").search(text, place)
        stop = end.start() if end else len(text)
        return text[place:stop].strip(), stop
    opening, depth, start = text[place], 0, place + 1
    for k in range(place, len(text)):
        character = text[k]
        if character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if opening == "{" and depth == 0:
                return text[start:k], k + 1
        elif character == '"' and opening == '"' and depth == 0 and k > place:
            return text[start:k], k + 1
    return text[start:], len(text)


def _plain(value: str) -> str:
    for pattern, plain in _LATEX:
        value = pattern.sub(plain, value)
    return value.strip()
