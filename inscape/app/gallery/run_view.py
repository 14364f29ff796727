"""A run as a page shows it: rows of claims, links to figures and videos, tables with plain cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from inscape.app.catalogue.card import Card
from inscape.app.catalogue.library import Shown
from inscape.app.terminal import number
from inscape.studies.paper import Judged
from inscape.studies.runs import FILM_TYPES, RunFolder

MOST_ROWS = 200
"""Rows of a table that a page shows; the run's findings hold all."""


def claim_rows(card: Card, shown: Shown | None) -> list[dict[str, Any]]:
    """A row for each claim of a card, with our number where there is one."""
    judged: Sequence[Judged] = shown.judged if shown else [Judged(claim.claim, None) for claim in card.claims]
    return [claim_row(ours, claim.direction) for ours, claim in zip(judged, card.claims, strict=True)]


def claim_row(judged: Judged, direction: str = "") -> dict[str, Any]:
    """One claim as the cells of a table."""
    claim, ours = judged.claim, judged.measured
    has_interval = ours is not None and ours.low is not None and ours.high is not None
    return {
        "name": claim.name,
        "statement": claim.statement,
        "printed": cell(claim.paper),
        "released": cell(claim.as_released),
        "corrected": cell(claim.as_corrected),
        "unit": claim.unit,
        "ours": cell(ours.value) if ours else "",
        "interval": f"{cell(ours.low)} to {cell(ours.high)}" if ours is not None and has_interval else "",
        "bound": claim.bound,
        "direction": direction,
        "verdict": judged.verdict,
        "paper_setting": claim.setting,
        "setting": ours.setting if ours else "",
        "gauge": gauge(judged),
    }


def gauge(judged: Judged) -> dict[str, Any] | None:
    """Where our number and its interval lie beside the bound, on an axis from 0 to 100; None without a bound.

    The axis holds bound, number, interval and the paper's number, with a margin; where all lie within a factor of a
    few it is linear, and where all are positive and far apart it is logarithmic.
    """
    claim, ours = judged.claim, judged.measured
    bounds = [b for b in (claim.at_least, claim.at_most) if b is not None]
    if ours is None or ours.value is None or not bounds:
        return None
    marks = [ours.value, *bounds, *(m for m in (ours.low, ours.high, claim.paper) if m is not None)]
    if not all(math.isfinite(mark) for mark in marks):
        return None
    low, high = min(marks), max(marks)
    is_log = low > 0 and high / low > 8

    def place(value: float) -> float:
        return math.log(value) if is_log else value

    begin, end = place(low), place(high)
    margin = 0.12 * (end - begin) or 0.5 * abs(end) or 1.0

    def on_axis(value: float) -> float:
        return round(100 * (place(value) - begin + margin) / (end - begin + 2 * margin), 2)

    least = on_axis(claim.at_least) if claim.at_least is not None else 0.0
    most = on_axis(claim.at_most) if claim.at_most is not None else 100.0
    return {
        "begin": min(least, most),
        "width": max(abs(most - least), 1.5),
        "value": on_axis(ours.value),
        "low": on_axis(ours.low) if ours.low is not None and ours.high is not None else None,
        "high": on_axis(ours.high) if ours.low is not None and ours.high is not None else None,
        "paper": on_axis(claim.paper) if claim.paper is not None else None,
    }


def figure_links(folder: RunFolder) -> list[tuple[str, str]]:
    """Each figure's name and its address."""
    base = f"/runs/{quote(folder.path.parent.name)}/{quote(folder.name)}/figures"
    return [(name.replace("-", " "), f"{base}/{quote(name)}.json") for name in folder.figures]


def video_links(folder: RunFolder) -> list[tuple[str, str, str]]:
    """Each film's name, address and type."""
    base = f"/runs/{quote(folder.path.parent.name)}/{quote(folder.name)}/films"
    return [(k.replace("-", " "), f"{base}/{quote(f.name)}", FILM_TYPES[f.suffix]) for k, f in folder.films.items()]


def page_notes(folder: RunFolder) -> list[str]:
    """What a reader must know, as the run says it."""
    return [cell(note) for note in (folder.findings or {}).get("notes", [])]


def tables(folder: RunFolder) -> list[dict[str, Any]]:
    """The run's tables with cells as text."""
    found = []
    for name, table in (folder.findings or {}).get("tables", {}).items():
        rows = list(table["rows"])
        columns = list(dict.fromkeys(key for row in rows for key in row))
        found.append(
            {
                "caption": cell(table["caption"] or name),
                "columns": [cell(column) for column in columns],
                "rows": [[cell(row.get(column)) for column in columns] for row in rows[:MOST_ROWS]],
                "left_out": max(0, len(rows) - MOST_ROWS),
            }
        )
    return found


def cell(value: Any) -> str:
    """A value as a reader wants it: four digits, nothing for nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = number(value) if isinstance(value, float) else str(value)
    # A file may hold half a character, which no page can.
    return text.encode("utf-8", "replace").decode("utf-8")
