"""`read`: a file of any known format becomes a `Trajectory`, or `Trajectories` where it holds several runs."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.file_formats import FORMATS, format_of_content, format_of_name
from inscape.trajectories.request import Request
from inscape.trajectories.trajectory import Trajectory

_LONGEST_MESSAGE = 1_000
_DUPLICATES = ("error", "mean", "first")


def read(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002
    time: str | None = None,
    dt: float | None = None,
    columns: str | Sequence[str] | None = None,
    inputs: str | Sequence[str] = (),
    run: str | None = None,
    units: Mapping[str, str] | None = None,
    sort: bool = False,
    duplicates: str = "error",
    dtype: str = "float64",
    **options: Any,
) -> Trajectory | Trajectories:
    """Read a recording.

    Files that `write` wrote come back as they were. In others the time column is the one called so (time, t, date,
    timestamp, year, seconds, ...); dates become seconds since the first. A first column that rises in even steps is
    taken as time with a `GuessWarning`. What was decided stands in `notes` of the run.

    Parameters
    ----------
    path : CSV, TSV (also packed with gzip, xz, bzip2), Parquet, NPZ, MAT (v5 and v7.3), HDF5, NetCDF, Zarr or WAV.
    format : name of the format where the suffix does not tell; see `inscape.trajectories.formats`.
    time : column or array that holds time.
    dt : sampling interval, where there is no time column.
    columns : the state variables to take; all columns that play no other part if None.
    inputs : columns that drove the system.
    run : column that numbers or names the runs; its value goes into each run's `context`.
    units : unit by name, "time" for the time axis; units in brackets behind a name are understood: `x [m]`, `x (m)`.
    sort : sort rows by time, where time goes back.
    duplicates : rows of the same time are an "error", or their "mean" or the "first" is taken.
    dtype : "float64" or "float32", which takes half the memory.
    options : of text tables: `delimiter`, `decimal` ("." or ","), `header` (True, False), `comment` ("#"),
        `time_format` (as of strptime).

    Raises
    ------
    InputError : in one line, what is wrong with the file or the options and how to mend it.
    UnknownNameError : if a column asked for is not there; the three nearest are named.
    """
    file = Path(path)
    if not file.exists():
        raise InputError(f"{file}: no such file; check the path")
    try:
        request = _request(dt, time, columns, inputs, run, units, sort, duplicates, dtype)
        name = _format(file, format)
        if file.is_dir() and name != "zarr":
            raise InputError(f"{file}: is a folder, expected a file of {FORMATS[name].title}; name a file in it")
        return _reader(name)(file, request, **_checked(name, options))
    except PermissionError:
        raise InputError(f"{file}: may not be read; check its permissions") from None
    except (MemoryError, OverflowError):
        raise InputError(f"{file.name}: does not fit in memory; take fewer columns=[...] or dtype='float32'") from None
    except UnknownNameError:
        raise
    except InputError as error:
        # Names that stand in a damaged file may be anything; a message stays one line of text.
        line = str(error)
        if line.isprintable() and len(line) <= _LONGEST_MESSAGE:
            raise
        shown = "".join(letter if letter.isprintable() else "?" for letter in line[:_LONGEST_MESSAGE])
        raise InputError(shown) from error
    except FOREIGN_ERRORS as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{file.name}: damaged or not {FORMATS[name].title} ({first[:160]})") from error


# What the parsers of other houses raise on damaged files: there is no narrower class that they keep to.
FOREIGN_ERRORS = (Exception,)


def _request(
    dt: Any, time: Any, columns: Any, inputs: Any, run: Any, units: Any, sort: bool, duplicates: str, dtype: Any
) -> Request:
    if dt is not None and not (isinstance(dt, (int, float, np.number)) and np.isfinite(dt) and dt > 0):
        raise InputError(f"dt: {dt!r} found, expected a positive number")
    if dt is not None and time is not None:
        raise InputError(f"dt: given together with time={time!r}; give one of them")
    if duplicates not in _DUPLICATES:
        raise InputError(f"duplicates: {duplicates!r} found, expected one of {', '.join(_DUPLICATES)}")
    if str(dtype) not in ("float32", "float64"):
        raise InputError(f"dtype: {dtype!r} found, expected 'float64' or 'float32'")
    if columns is not None and not columns:
        raise InputError("columns: none found, expected at least one name")
    return Request(
        None if dt is None else float(dt),
        time,
        _names(inputs),
        run,
        None if columns is None else _names(columns),
        dict(units or {}),
        sort,
        duplicates,
        np.dtype(dtype),
    )


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(str(name) for name in given)
    if len(set(names)) != len(names):
        raise InputError(f"columns: {names} holds a name twice")
    return names


def _format(file: Path, asked: str | None) -> str:
    if asked is not None:
        if asked not in FORMATS:
            raise UnknownNameError("format", asked, FORMATS)
        return asked
    named = format_of_name(file.name)
    held = format_of_content(file)
    if held is not None and (named is None or held not in FORMATS[named].also):
        if named is None or held == named:
            return held
        raise InputError(
            f"{file.name}: called {FORMATS[named].title}, its content is {FORMATS[held].title}; "
            f"rename it or say format={held!r}"
        )
    if named is None and file.is_dir():
        raise InputError(f"{file}: is a folder and no Zarr store, expected a recording; name a file in it")
    if named is None:
        known = " ".join(suffix for form in FORMATS.values() for suffix in form.suffixes)
        raise InputError(f"{file.name}: suffix not known, expected one of {known}; or say format='csv'")
    return named


def _reader(name: str) -> Any:
    return importlib.import_module(f"inscape.trajectories.formats.{FORMATS[name].module}").read


def _checked(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    for option in options:
        if option not in FORMATS[name].options:
            if not FORMATS[name].options:
                raise InputError(f"{option}: no option of {FORMATS[name].title}, which needs none")
            raise UnknownNameError(f"option of {FORMATS[name].title}", option, FORMATS[name].options)
    return {option: value for option, value in options.items() if value is not None}
