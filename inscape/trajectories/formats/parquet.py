"""Parquet tables, read batch by batch; labels of ours lie in the schema's metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.assembly import Sheet, rises_evenly
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.formats.delimited import (
    column_blocks,
    own_columns,
    own_table_parts,
    own_table_runs,
)
from inscape.trajectories.layout import labels_from, record_of
from inscape.trajectories.request import Request, part_columns
from inscape.trajectories.trajectory import Trajectory

_KEY = b"inscape"
_ROWS_AT_ONCE = 131_072


def read(path: Path, request: Request) -> Trajectory | Trajectories:
    """Read a Parquet table. See `inscape.trajectories.read`."""
    import pyarrow
    import pyarrow.parquet

    try:
        # Memory-mapping a file that another program cuts would end the process.
        with pyarrow.parquet.ParquetFile(path, memory_map=False) as file:
            return _read(path.name, file, request)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{path.name}: damaged or not Parquet ({str(error).splitlines()[0][:120]})") from error


def write(trajectories: Trajectory | Trajectories, path: Path, suffixes: tuple[str, ...]) -> None:
    """Write a Parquet table."""
    import pyarrow
    import pyarrow.parquet

    record = record_of(trajectories)
    kinds = [pyarrow.int64() if record.many else pyarrow.float64()]
    labels = own_columns(record)
    kinds += [pyarrow.float64()] * (len(labels) - 1)
    schema = pyarrow.schema(list(zip(labels, kinds, strict=True)), metadata={_KEY: record.text().encode()})
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for block in column_blocks(record, _ROWS_AT_ONCE):
            arrays = [pyarrow.array(c, f.type) for c, f in zip(block, schema, strict=True)]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))


def _read(name: str, file: Any, request: Request) -> Trajectory | Trajectories:
    schema = file.schema_arrow
    rows = file.metadata.num_rows
    if rows <= 0 or not len(schema):
        raise InputError(f"{name}: no sample found, expected at least one row of numbers")
    own = (schema.metadata or {}).get(_KEY)
    # A field's columns are many; a damaged count must not be believed before there are bytes for it.
    if rows * len(schema) > 1 << 33:
        raise InputError(f"{name}: claims {rows} rows of {len(schema)} columns; too many to hold, take columns=[...]")
    if own is not None and not request.tells_time:
        labels = labels_from(name, own)
        sheet = Sheet(name, own_table_parts(labels, len(schema), name), rows, Request())
        _fill(file, sheet, _floats)
        return own_table_runs(name, labels, sheet, request)
    kinds = [_kind(field.type) for field in schema]
    first = next(file.iter_batches(batch_size=1000), None)
    rising = [
        kind == "number" and first is not None and rises_evenly(_floats(0, first.column(i)))
        for i, kind in enumerate(kinds)
    ]
    titles = list(schema.names)
    if titles[-1] == "__index_level_0__":
        titles[-1] = "index"
    parts = part_columns(
        name,
        titles,
        request,
        evenly_rising=rising,
        numeric=[kind == "number" for kind in kinds],
        dates=[kind == "date" for kind in kinds],
    )
    if parts.time is not None and kinds[parts.time] == "text":
        raise InputError(f"{name}: time column {parts.names[parts.time]!r} holds text, expected numbers or dates")
    clock = _Clock(schema[parts.time].type) if parts.time is not None and kinds[parts.time] == "date" else None
    sheet = Sheet(name, parts, rows, request)
    _fill(file, sheet, lambda i, column: clock(column) if clock and i == parts.time else _floats(i, column), parts.run)
    if clock is not None:
        sheet.context |= clock.context
        sheet.restate_time("s", ())
    return sheet.runs_of()


def _fill(file: Any, sheet: Sheet, convert: Any, run: int | None = None) -> None:
    # Columns are asked for by position: a Parquet file may hold a name twice.
    for batch in file.iter_batches(batch_size=_ROWS_AT_ONCE):

        def column(i: int, batch: Any = batch) -> np.ndarray:
            if i == run:
                return batch.column(i).to_numpy(zero_copy_only=False)
            return convert(i, batch.column(i))

        sheet.take(batch.num_rows, column)


class _Clock:
    """Arrow's dates as seconds since the first."""

    def __init__(self, kind: Any):
        self._zoned = getattr(kind, "tz", None) is not None
        self.origin: np.datetime64 | None = None

    def __call__(self, column: Any) -> np.ndarray:
        moments = column.to_numpy(zero_copy_only=False).astype("datetime64[ns]")
        present = moments[~np.isnat(moments)]
        if self.origin is None and len(present):
            self.origin = present[0]
        if self.origin is None:
            return np.full(len(moments), np.nan)
        return np.where(np.isnat(moments), np.nan, (moments - self.origin) / np.timedelta64(1, "ns") * 1e-9)

    @property
    def context(self) -> dict[str, str]:
        if self.origin is None:
            return {}
        return {"time_origin": np.datetime_as_string(self.origin, unit="auto") + ("Z" if self._zoned else "")}


def _floats(_: int, column: Any) -> np.ndarray:
    import pyarrow

    return column.cast(pyarrow.float64(), safe=False).to_numpy(zero_copy_only=False)


def _kind(kind: Any) -> str:
    import pyarrow.types as types

    if types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind) or types.is_boolean(kind):
        return "number"
    return "date" if types.is_timestamp(kind) or types.is_date(kind) else "text"
