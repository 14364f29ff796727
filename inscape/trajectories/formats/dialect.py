"""How a text table is written: its delimiter, decimal sign, header and comments, told from its first lines."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inscape.errors import InputError
from inscape.trajectories.formats.cleaned_text import LONGEST_LINE, CleanedText, encoding_of, open_unpacked

MISSING = frozenset(
    {"", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", ".", "-", "?", "#na", "<na>", "missing", "#div/0!"}
)
DELIMITERS = (",", ";", "\t", "|", " ")
LABEL_LINE = "# inscape: "
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?inf(?:inity)?", re.IGNORECASE)
_DATE = re.compile(
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]+\d{1,2}:\d{2}.*)?|\d{1,2}:\d{2}(?::\d{2}.*)?|\d{8}T\d{4,6}.*"
)
_LINES = 200


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Parameters
    ----------
    labels : label of each column, from the header or "column0", ...
    rows : the first rows, split into cells.
    skipped : lines before the first row of numbers, comments apart: 1 with a header, 0 without.
    own_labels : the JSON line of a table that inscape wrote, or "".
    """

    encoding: str
    mark: int
    delimiter: str
    decimal: str
    comment: str
    labels: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    skipped: int
    longest: int
    own_labels: str = ""
    notes: tuple[str, ...] = ()

    @property
    def squeezed(self) -> bool:
        return self.delimiter == " "

    @property
    def separator(self) -> str:
        """The delimiter after cleaning."""
        return "\t" if self.squeezed else self.delimiter

    def open(self, path: Path) -> CleanedText:
        return CleanedText(path, self.encoding, self.mark, self.comment, self.squeezed)


def is_number(cell: str, decimal: str = ".") -> bool:
    """Whether a cell holds a number, written with this decimal sign."""
    cell = cell.strip()
    return bool(_NUMBER.fullmatch(cell.replace(decimal, ".") if decimal != "." and "." not in cell else cell))


def number_of(cell: str, decimal: str = ".") -> float:
    """The number that a cell holds, of which `is_number` is true."""
    return float(cell.strip().replace(decimal, "."))


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.strip().lower() in MISSING


def is_date(cell: str) -> bool:
    """Whether a cell looks like a point in time."""
    return bool(_DATE.fullmatch(cell.strip()))


def dialect_of(
    path: Path,
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    comment: str = "#",
) -> Dialect:
    """Tell the dialect of a text table from its first lines.

    Raises
    ------
    InputError : if the file is empty, is not text, or its first rows differ in length.
    """
    with open_unpacked(path) as file:
        start = file.read(1 << 16)
    if not start.strip():
        raise InputError(f"{path.name}: empty file; expected a table of numbers")
    encoding, mark = encoding_of(path.name, start)
    own_labels = _own_labels(path, mark) if start[mark:].startswith(LABEL_LINE.encode()) else ""
    lines = _first_lines(path, encoding, mark, comment)
    if not lines:
        raise InputError(f"{path.name}: only comments found; expected a table of numbers")
    if own_labels:
        # Names in a header of ours hold no tab.
        delimiter = "\t" if "\t" in lines[0] else ","
    if delimiter is None:
        delimiter = _best_delimiter(lines, path.name, decimal)
    elif delimiter not in DELIMITERS and (len(delimiter) != 1 or delimiter in '\r\n"' or ord(delimiter) > 127):
        raise InputError(f"delimiter: {delimiter!r} found, expected one character such as ',', ';' or a tab")
    rows = _split(lines, delimiter)
    decimal = _decimal(rows, delimiter) if decimal is None else decimal
    if decimal not in (".", ",") or decimal == delimiter:
        raise InputError(
            f"decimal: {decimal!r} found with delimiter {delimiter!r}, expected '.' or ',' and not the same"
        )
    if header is None:
        texts = [cell for cell in rows[0] if not (is_number(cell, decimal) or is_missing(cell) or is_date(cell))]
        header = bool(own_labels) or bool(texts)
    labels = rows[0] if header else tuple(f"column{i}" for i in range(len(rows[0])))
    body = rows[1:] if header else rows
    notes = []
    if encoding == "cp1252":
        notes.append(f"{path.name}: not UTF-8; its letters are read as Windows-1252")
    if decimal == ",":
        notes.append(f"{path.name}: the decimal sign is taken as a comma")
    if not header:
        notes.append(f"{path.name}: no header found; columns are called column0, column1, ...")
    longest = max(len(line) for line in lines)
    return Dialect(
        encoding, mark, delimiter, decimal, comment, labels, tuple(body), int(header), longest, own_labels, tuple(notes)
    )


def _own_labels(path: Path, mark: int) -> str:
    with open_unpacked(path) as file:
        file.read(mark)
        return file.readline(LONGEST_LINE)[len(LABEL_LINE) :].decode("utf-8", "replace")


def _first_lines(path: Path, encoding: str, mark: int, comment: str) -> list[str]:
    with io.TextIOWrapper(
        io.BufferedReader(CleanedText(path, encoding, mark, comment, False)), "utf-8", errors="replace"
    ) as text:
        lines = []
        for line in text:
            if line.strip():
                lines.append(line.rstrip("\n"))
            if len(lines) > _LINES:
                break
        return lines


def _split(lines: Sequence[str], delimiter: str) -> list[tuple[str, ...]]:
    if delimiter == " ":
        return [tuple(line.split()) for line in lines]
    try:
        rows = [tuple(row) for row in csv.reader(lines, delimiter=delimiter)]
    except csv.Error:
        rows = [tuple(line.split(delimiter)) for line in lines]
    return [row for row in rows if row] or [("",)]


def _best_delimiter(lines: Sequence[str], name: str, decimal: str | None) -> str:
    if name.lower().split(".")[1:2] in (["tsv"], ["tab"]):
        return "\t"

    def merit(delimiter: str) -> tuple[float, float, int]:
        rows = _split(lines, delimiter)
        widths = [len(row) for row in rows]
        usual = max(set(widths), key=widths.count)
        if usual < 2:
            return 0.0, 0.0, 0
        signs = (decimal,) if decimal else (".", ",") if delimiter != "," else (".",)
        body = [cell for row in rows[1:] or rows for cell in row]
        good = max(sum(is_number(c, sign) or is_missing(c) or is_date(c) for c in body) for sign in signs)
        return round(good / max(len(body), 1), 2), widths.count(usual) / len(widths), -DELIMITERS.index(delimiter)

    best = max(DELIMITERS, key=merit)
    return best if merit(best)[0] > 0 or merit(best)[1] > 0.5 else ","


def _decimal(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    if delimiter == ",":
        return "."
    cells = [cell for row in rows for cell in row]
    with_comma = sum("," in cell and is_number(cell, ",") for cell in cells)
    with_point = sum("." in cell and is_number(cell, ".") for cell in cells)
    return "," if with_comma and not with_point else "."
