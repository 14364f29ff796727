"""`Paper` and `Claim`: what was published, as numbers that a run can meet or miss."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from inscape.errors import InputError

Verdict = Literal["met", "not met", "reported", "not run", "not judged"]


@dataclass(frozen=True)
class Paper:
    """A publication.

    Parameters
    ----------
    title, year : as printed.
    arxiv, doi : identifiers; empty if there is none.
    authors, venue : as printed.
    """

    title: str
    year: int
    authors: str = ""
    arxiv: str = ""
    doi: str = ""
    venue: str = ""

    @property
    def reference(self) -> str:
        """One line: authors, title, venue, year, identifier."""
        identifier = f"arXiv {self.arxiv}" if self.arxiv else f"doi {self.doi}" if self.doi else ""
        return ", ".join(part for part in (self.authors, self.title, self.venue, str(self.year), identifier) if part)


@dataclass(frozen=True)
class Claim:
    """One number of a paper, and what ours must be for the claim to stand.

    Parameters
    ----------
    name : short name; the keyword under which `Findings` reports it.
    statement : what the paper says, in one sentence of ours.
    paper : the paper's number, None where it gives none.
    unit : of both numbers; empty for a pure number.
    setting : where and how the paper measured it.
    at_least, at_most : bounds on our number; with neither, the claim is reported and not judged.
    as_released, as_corrected : the same number from the authors' released files, or after a correction, where these
        differ from the printed one.
    is_timing : the number is a duration or a ratio of durations, so it differs from run to run.
    """

    name: str
    statement: str
    paper: float | None = None
    unit: str = ""
    setting: str = ""
    at_least: float | None = None
    at_most: float | None = None
    as_released: float | None = None
    as_corrected: float | None = None
    is_timing: bool = False

    @property
    def bound(self) -> str:
        """The bound in words, such as "at least 40 %"."""
        unit = f" {self.unit}" if self.unit else ""
        if self.at_least is not None and self.at_most is not None:
            return f"{self.at_least:g} to {self.at_most:g}{unit}"
        if self.at_least is not None:
            return f"at least {self.at_least:g}{unit}"
        return "" if self.at_most is None else f"at most {self.at_most:g}{unit}"

    def judge(self, measured: Measured | None) -> Verdict:
        """Whether a measured number meets the claim. The value decides, not the edge of its interval."""
        if measured is None or measured.value is None:
            return "not run"
        if self.at_least is None and self.at_most is None:
            return "reported"
        low = -np.inf if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        return "met" if low <= measured.value <= high else "not met"


@dataclass(frozen=True)
class Measured:
    """Our number for a claim.

    Parameters
    ----------
    value : the number; None where the run could not give one, with the reason in `setting`.
    low, high : ends of its interval (95 % unless `setting` says otherwise), None where there is none.
    setting : on what it was measured: systems, seeds, sizes.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    setting: str = ""

    def __post_init__(self) -> None:
        for name in ("value", "low", "high"):
            number = getattr(self, name)
            object.__setattr__(self, name, float(number) if number is not None and np.isfinite(number) else None)

    @classmethod
    def of(cls, value: Measured | float | None) -> Measured:
        """A `Measured` of whatever a recipe returns."""
        if isinstance(value, Measured):
            return value
        if value is None or isinstance(value, (int, float, np.integer, np.floating)):
            return cls(None if value is None else float(value))
        raise InputError(f"finding: {type(value).__name__} found, expected a number or a Measured")


@dataclass(frozen=True)
class Table:
    """A table of a study's report: a caption and rows of equal keys."""

    caption: str
    rows: tuple[Mapping[str, Any], ...]


class Findings:
    """What a run found: a number for each claim by name, tables, figures and notes.

    Parameters
    ----------
    tables : `Table`s by name.
    figures : plotly figures by name.
    notes : sentences a reader must know: misses, departures from the paper, doubts.
    **measured : a number or a `Measured` for each claim.
    """

    def __init__(
        self,
        *,
        tables: Mapping[str, Table] | None = None,
        figures: Mapping[str, Any] | None = None,
        notes: tuple[str, ...] | list[str] = (),
        **measured: Measured | float | None,
    ):
        self.measured = {name: Measured.of(value) for name, value in measured.items()}
        self.tables = dict(tables or {})
        self.figures = dict(figures or {})
        self.notes = tuple(notes)


@dataclass(frozen=True)
class Judged:
    """A claim beside our number; a run too small to judge by (scale "smoke") leaves the verdict open."""

    claim: Claim
    measured: Measured | None
    is_trial: bool = False
    verdict: Verdict = field(init=False)

    def __post_init__(self) -> None:
        verdict = self.claim.judge(self.measured)
        is_open = self.is_trial and verdict in ("met", "not met")
        object.__setattr__(self, "verdict", "not judged" if is_open else verdict)
