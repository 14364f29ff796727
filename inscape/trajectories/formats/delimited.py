"""CSV, TSV and other text tables: read block by block into arrays of known size, written with one line of labels."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.assembly import Sheet, rises_evenly
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.formats.cleaned_text import BLOCK, count_lines, open_unpacked
from inscape.trajectories.formats.dialect import (
    LABEL_LINE,
    MISSING,
    Dialect,
    dialect_of,
    is_date,
    is_missing,
    is_number,
    number_of,
)
from inscape.trajectories.layout import Record, labels_from, record_of, runs_from
from inscape.trajectories.request import Parts, Request, part_columns
from inscape.trajectories.timestamps import DateReader
from inscape.trajectories.trajectory import Trajectory

# What `MISSING` holds, in the letter cases that occur: the parser compares exactly.
_NULLS = sorted({variant for word in MISSING for variant in (word, word.upper(), word.title(), "NaN", "<NA>")})
_ROWS_AT_ONCE = 65_536


def read(
    path: Path,
    request: Request,
    *,
    delimiter: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    comment: str = "#",
    time_format: str | None = None,
) -> Trajectory | Trajectories:
    """Read a text table. See `inscape.trajectories.read` for the options."""
    dialect = dialect_of(path, delimiter=delimiter, decimal=decimal, header=header, comment=comment)
    own = bool(dialect.own_labels) and not request.tells_time
    parts = _own_parts(path.name, dialect) if own else _parts(path, dialect, request)
    dates = None
    if parts.time is not None and not own:
        cells = [row[parts.time] for row in dialect.rows if len(row) > parts.time and not is_missing(row[parts.time])]
        if time_format or (cells and all(is_date(cell) and not is_number(cell, dialect.decimal) for cell in cells)):
            dates = DateReader(path.name, dialect.labels[parts.time], cells, time_format)
    rows = count_lines(lambda: dialect.open(path)) - dialect.skipped
    sheet_request = Request() if own else request
    sheet = Sheet(path.name, parts, max(rows, 0), sheet_request)
    try:
        _fill_fast(path, dialect, sheet, dates)
    except _UnparsedError:
        if dates is not None:
            dates = DateReader(path.name, dialect.labels[parts.time or 0], cells, time_format)
        sheet = Sheet(path.name, parts, max(rows, 0), sheet_request)
        _fill_patiently(path, dialect, sheet, dates)
    if own:
        return own_table_runs(path.name, labels_from(path.name, dialect.own_labels), sheet, request)
    if dates is not None:
        sheet.context |= dates.context
        sheet.restate_time("s", dates.notes)
    return sheet.runs_of()


def write(trajectories: Trajectory | Trajectories, path: Path, suffixes: tuple[str, ...]) -> None:
    """Write a text table; the first line, a comment, holds what a table has no place for."""
    import pyarrow
    import pyarrow.csv

    record = record_of(trajectories)
    tab = suffixes[0] in (".tsv", ".tab")
    with _open_packed(path, suffixes) as file:
        file.write(f"{LABEL_LINE}{record.text()}\n".encode())
        labels = own_columns(record)
        text = io.StringIO()
        csv.writer(text, delimiter="\t" if tab else ",", lineterminator="\n").writerow(map(_in_one_line, labels))
        file.write(text.getvalue().encode())
        kinds = [pyarrow.float64()] * len(labels)
        if record.many:
            kinds[0] = pyarrow.int64()
        schema = pyarrow.schema([(f"c{i}", kind) for i, kind in enumerate(kinds)])
        options = pyarrow.csv.WriteOptions(include_header=False, delimiter="\t" if tab else ",")
        with pyarrow.csv.CSVWriter(file, schema, write_options=options) as writer:
            for block in column_blocks(record, _ROWS_AT_ONCE):
                arrays = [pyarrow.array(c, f.type) for c, f in zip(block, schema, strict=True)]
                writer.write_batch(pyarrow.record_batch(arrays, schema=schema))


def own_columns(record: Record) -> list[str]:
    """Column labels of a record as a table: run (of several), time, states, inputs."""
    labels = record.labels
    states = labels["state_names"] or [f"x{i}" for i in range(int(np.prod(labels["shape"])))]
    names = [*states, *labels["input_names"]]
    leading = (["run"] if record.many else []) + ["time"]
    return [*leading, *(f"{name}_" if name in leading else name for name in names)]


def column_blocks(record: Record, rows: int) -> Iterator[list[np.ndarray]]:
    """The columns of a record, as many rows at a time."""
    lengths = [run["length"] for run in record.labels["runs"]]
    run = np.repeat(np.arange(len(lengths)), lengths) if record.many else None
    flat = record.states.reshape(len(record.times), -1)
    for start in range(0, len(record.times), rows):
        span = slice(start, start + rows)
        inputs = [] if record.inputs is None else list(record.inputs[span].T)
        states = list(flat[span].T)
        # Single precision widened is exact; written short, it could round differently on the way back.
        columns = [np.ascontiguousarray(column, float) for column in (record.times[span], *states, *inputs)]
        yield columns if run is None else [run[span], *columns]


def own_table_parts(labels: dict[str, Any], columns: int, file: str) -> Parts:
    """Which column of a table in our layout plays which part.

    Raises
    ------
    InputError : if the columns do not fit the labels.
    """
    states = int(np.prod(labels["shape"]))
    inputs = len(labels["input_names"])
    first = 2 if labels["many"] else 1
    if columns != first + states + inputs or (labels["state_names"] and len(labels["state_names"]) != states):
        raise InputError(f"{file}: {columns} columns do not fit its inscape labels; write it again from the source")
    names = tuple(f"c{i}" for i in range(columns))
    at = first + states
    return Parts(first - 1, tuple(range(first, at)), tuple(range(at, at + inputs)), None, names, {})


def own_table_runs(file: str, labels: dict[str, Any], sheet: Sheet, request: Request) -> Trajectory | Trajectories:
    """The runs of a table in our layout."""
    if sheet.filled != sum(run["length"] for run in labels["runs"]):
        raise InputError(f"{file}: {sheet.filled} rows do not fit its inscape labels; it is cut short or was edited")
    columns = {"times": sheet.times, "states": sheet.states, "inputs": sheet.inputs}

    def rows_of(name: str, rows: slice) -> np.ndarray | None:
        column = columns[name]
        return None if column is None else column[: sheet.filled][rows]

    return runs_from(file, labels, rows_of, request)


def _in_one_line(name: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())


class _UnparsedError(Exception):
    """The fast parser met something that it cannot name."""


def _own_parts(file: str, dialect: Dialect) -> Parts:
    labels = labels_from(file, dialect.own_labels)
    return own_table_parts(labels, len(dialect.labels), file)


def _parts(path: Path, dialect: Dialect, request: Request) -> Parts:
    width = len(dialect.labels)
    columns = [[row[i] for row in dialect.rows if i < len(row)] for i in range(width)]
    notes = list(dialect.notes)
    numeric, dates, rising = [], [], []
    for cells in columns:
        present = [cell for cell in cells if not is_missing(cell)]
        numbers = [is_number(cell, dialect.decimal) for cell in present]
        # One stray text in a column of numbers is an error of its row, not a column of text.
        numeric.append(sum(numbers) > 0.5 * len(present) or not present)
        dates.append(bool(present) and all(is_date(cell) for cell in present) and not all(numbers))
        rising.append(
            len(present) == len(cells)
            and all(numbers)
            and rises_evenly(np.array([number_of(cell, dialect.decimal) for cell in cells]))
        )
    labels = list(dialect.labels)
    if labels and not labels[-1].strip() and all(is_missing(cell) for cell in columns[-1]) and request.columns is None:
        labels.pop()
        notes.append(f"{path.name}: an empty last column is left out")
    return part_columns(
        path.name, labels, request, evenly_rising=rising[: len(labels)], numeric=numeric, dates=dates, notes=notes
    )


def _fill_fast(path: Path, dialect: Dialect, sheet: Sheet, dates: DateReader | None) -> None:
    import pyarrow
    import pyarrow.csv

    parts = sheet.parts
    names = [f"c{i}" for i in range(len(dialect.labels))]
    texts = {parts.run, parts.time if dates is not None else None}
    taken = [i for i in (parts.run, parts.time, *parts.states, *parts.inputs) if i is not None]
    types = {names[i]: pyarrow.string() if i in texts else pyarrow.float64() for i in taken}
    try:
        with dialect.open(path) as text:
            blocks = pyarrow.csv.open_csv(
                text,
                pyarrow.csv.ReadOptions(
                    use_threads=False,
                    block_size=max(BLOCK, 8 * dialect.longest),
                    skip_rows=dialect.skipped,
                    column_names=names,
                ),
                pyarrow.csv.ParseOptions(delimiter=dialect.separator, newlines_in_values=False),
                pyarrow.csv.ConvertOptions(
                    column_types=types,
                    include_columns=[names[i] for i in taken],
                    decimal_point=dialect.decimal,
                    null_values=_NULLS,
                    strings_can_be_null=True,
                ),
            )
            for block in blocks:
                sheet.take(block.num_rows, _column_of(block, names, parts, dates))
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError, pyarrow.ArrowKeyError):
        raise _UnparsedError from None


def _column_of(block: Any, names: list[str], parts: Parts, dates: DateReader | None) -> Callable[[int], np.ndarray]:
    def column(position: int) -> np.ndarray:
        values = block.column(names[position]).to_numpy(zero_copy_only=False)
        return dates(values) if dates is not None and position == parts.time else values

    return column


def _fill_patiently(path: Path, dialect: Dialect, sheet: Sheet, dates: DateReader | None) -> None:
    """Cell by cell: slower, takes what the fast parser is too strict for, and names the line that is wrong."""
    parts, width = sheet.parts, len(dialect.labels)
    taken = [i for i in (parts.run, parts.time, *parts.states, *parts.inputs) if i is not None]
    as_text = {i for i in (parts.run, parts.time if dates is not None else None) if i is not None}
    rows: list[list[Any]] = []

    def empty() -> None:
        columns = dict(zip(taken, map(np.array, zip(*rows, strict=True)), strict=True))
        for i in as_text.intersection(taken):
            columns[i] = np.array([row[taken.index(i)] for row in rows], object)
        sheet.take(len(rows), lambda i: dates(columns[i]) if dates is not None and i == parts.time else columns[i])
        rows.clear()

    for line, cells in _numbered_rows(path, dialect):
        while len(cells) > width and not cells[-1].strip():
            cells.pop()
        if len(cells) != width:
            raise InputError(f"{path.name}: line {line} has {len(cells)} cells, the first has {width}; mend that line")
        row: list[Any] = []
        for i in taken:
            cell = cells[i].strip()
            if i in as_text:
                row.append(None if is_missing(cell) else cell)
            elif is_missing(cell):
                row.append(np.nan)
            elif is_number(cell, dialect.decimal):
                row.append(number_of(cell, dialect.decimal))
            else:
                raise InputError(
                    f"{path.name}: line {line}, column {parts.names[i]!r}: {cell[:40]!r} found, expected a number"
                )
        rows.append(row)
        if len(rows) == _ROWS_AT_ONCE:
            empty()
    if rows:
        empty()


def _numbered_rows(path: Path, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    line_number = 0
    comment = dialect.comment
    with open_unpacked(path) as file:
        file.read(dialect.mark)
        # Universal newlines, as the fast parser takes them.
        text = io.TextIOWrapper(file, dialect.encoding, errors="replace")

        def lines() -> Iterator[str]:
            nonlocal line_number
            for line in text:
                line_number += 1
                if line.strip() and not (comment and line.lstrip(" \t").startswith(comment)):
                    yield "\t".join(line.split()) if dialect.squeezed else line

        skipped = 0
        try:
            for cells in csv.reader(lines(), delimiter=dialect.separator):
                if skipped < dialect.skipped:
                    skipped += 1
                elif cells:
                    yield line_number, cells
        except csv.Error as error:
            raise InputError(f"{path.name}: line {line_number}: {error}; expected a table of numbers") from None


def _open_packed(path: Path, suffixes: tuple[str, ...]) -> Any:
    if suffixes[-1] == ".gz":
        import gzip

        return gzip.GzipFile(path, "wb", compresslevel=6, mtime=0)
    if suffixes[-1] == ".xz":
        import lzma

        return lzma.open(path, "wb", preset=3)
    if suffixes[-1] == ".bz2":
        import bz2

        return bz2.open(path, "wb")
    return open(path, "wb")
