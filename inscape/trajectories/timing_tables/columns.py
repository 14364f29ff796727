"""Rows and named columns of a text table: comma, semicolon, tab or space separated, or the fixed widths of the CDS."""

from __future__ import annotations

import csv
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from inscape.errors import InputError

_BYTES = re.compile(r"^\s*(?:(\d+)\s*-\s*)?(\d+)\s+([AIFE][\d.]+)\s+(\S+)\s+(\S+)")
_NUMBER = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")


@dataclass(frozen=True)
class TextTable:
    """A table as text.

    Parameters
    ----------
    path : the file.
    names : of the columns, as written.
    units : of the columns, where the file states them apart from the names (CDS); else empty texts.
    rows : cells, one for each column.
    lines : line of the file at which each row stands, counted from 1.
    """

    path: Path
    names: tuple[str, ...]
    units: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]

    def column(self, place: int) -> list[str]:
        """The cells of one column."""
        return [row[place] for row in self.rows]


def read_columns(path: Path | str, readme: Path | str | None = None) -> TextTable:
    """The table in a file.

    Parameters
    ----------
    readme : the ReadMe of a CDS catalogue, where the description of the bytes stands apart from the rows.

    Raises
    ------
    InputError : if the file is missing, is not text, or has no header or no rows.
    """
    file = Path(path)
    lines = _lines(file)
    if readme is not None:
        fields = _byte_description(_lines(Path(readme)), file.name)
        if not fields:
            raise InputError(f"{readme}: no byte-by-byte description of {file.name} found")
        return _fixed_width(file, lines, 0, fields)
    if any("byte-by-byte description" in line.lower() for line in lines):
        fields = _byte_description(lines, None)
        rules = [k for k, line in enumerate(lines) if line.startswith("-----")]
        return _fixed_width(file, lines, rules[-1] + 1 if rules else 0, fields)
    return _delimited(file, lines)


def _lines(file: Path) -> list[str]:
    if file.is_dir():
        raise InputError(f"{file}: a folder, expected the file of one table")
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise InputError(f"{file}: no such file") from None
    except (UnicodeDecodeError, PermissionError) as error:
        raise InputError(f"{file}: not a text table ({type(error).__name__})") from None


def _delimited(file: Path, lines: list[str]) -> TextTable:
    # A header may be a comment: the last one before the first row names the columns.
    body = [(k + 1, line) for k, line in enumerate(lines) if line.strip()]
    first = next(
        (k for k, (_, line) in enumerate(body) if not line.lstrip().startswith("#") and _has_numbers(line)), None
    )
    if first is None:
        raise InputError(f"{file}: no row with numbers found, expected a header and a table of times")
    above = [line.lstrip("# ").strip() for _, line in body[:first]]
    delimiter = _delimiter(body[first][1])
    count = len(_cells(body[first][1], delimiter))
    header = next((cells for line in reversed(above) if len(cells := _cells(line, delimiter)) == count), None)
    if header is None:
        raise InputError(f"{file}: no header of {count} columns found above line {body[first][0]}; name the columns")
    rows, places = [], []
    for line_number, line in body[first:]:
        if line.lstrip().startswith("#"):
            continue
        cells = _cells(line, delimiter)
        if len(cells) != count:
            raise InputError(f"{file}:{line_number}: {len(cells)} cells found, expected {count} as in the header")
        rows.append(tuple(cells))
        places.append(line_number)
    return TextTable(file, tuple(header), ("",) * count, tuple(rows), tuple(places))


def _has_numbers(line: str) -> bool:
    return sum(bool(_NUMBER.match(cell)) for cell in _cells(line, _delimiter(line))) >= 2


def _delimiter(line: str) -> str:
    return next((mark for mark in (";", "\t", ",") if mark in line), " ")


def _cells(line: str, delimiter: str) -> list[str]:
    if delimiter == " ":
        try:
            return shlex.split(line.replace("'", "\\'"))
        except ValueError:
            return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]


def _byte_description(lines: list[str], table: str | None) -> list[tuple[int, int, str, str]]:
    """Start, end, unit and label of every column, from the CDS standard description."""
    starts = [
        k
        for k, line in enumerate(lines)
        if "byte-by-byte description" in line.lower() and (table is None or table in line)
    ]
    if not starts:
        return []
    fields: list[tuple[int, int, str, str]] = []
    rules = 0
    for line in lines[starts[-1] + 1 :]:
        if line.startswith("-----"):
            rules += 1
            if rules == 3:
                break
            continue
        found = _BYTES.match(line)
        if found and rules == 2:
            first, last, _, unit, label = found.groups()
            fields.append((int(first or last) - 1, int(last), unit, label))
    return fields


def _fixed_width(file: Path, lines: list[str], start: int, fields: list[tuple[int, int, str, str]]) -> TextTable:
    if not fields:
        raise InputError(f"{file}: a CDS table without columns found; its byte-by-byte description cannot be read")
    rows, places = [], []
    for k, line in enumerate(lines[start:], start + 1):
        if line.strip():
            rows.append(tuple(line[first:last].strip() for first, last, _, _ in fields))
            places.append(k)
    if not rows:
        raise InputError(f"{file}: no rows found below the description of the columns")
    units = tuple("" if unit == "---" else unit for _, _, unit, _ in fields)
    return TextTable(file, tuple(label for _, _, _, label in fields), units, tuple(rows), tuple(places))
