"""Recordings that visitors hand over: kept under a random id, looked into by a worker with limits, never unpickled."""

from __future__ import annotations

import re
import warnings
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inscape.errors import InputError, InscapeError

STEM = "recording"
NAME_LENGTH = 120
END_LENGTH = 20
"""Letters at the end of a long name that stay: they tell the format, and often which recording it is."""
PREVIEW = 160
"""Points of a column's small picture."""
FORMATS = "CSV, TSV, Parquet, NPZ, MAT, HDF5, NetCDF or WAV"


def suffix_of(name: str) -> str:
    """The suffix under which an upload is kept: one of the known formats' own, never the visitor's text.

    Raises
    ------
    InputError : if the name does not tell a format that can be uploaded.
    """
    from inscape.trajectories.file_formats import FORMATS as KNOWN
    from inscape.trajectories.file_formats import PACKED, format_of_name, suffixes_of

    kind = format_of_name(name)
    if kind is None or kind == "zarr":
        raise InputError(f"{shown_name(name)}: the name tells no format that is known here; expected {FORMATS}")
    found = suffixes_of(name)
    packing = found[1] if len(found) == 2 and found[1] in PACKED else ""
    return next(s for s in KNOWN[kind].suffixes if s == found[0]) + packing


def shown_name(name: str) -> str:
    """A file's name as a page may show it: its last part, printable, a long one without its middle."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(c if c.isprintable() else "?" for c in last)
    if len(shown) > NAME_LENGTH:
        shown = f"{shown[: NAME_LENGTH - END_LENGTH - 1]}…{shown[-END_LENGTH:]}"
    return shown or STEM


async def keep_upload(stream: AsyncIterator[bytes], folder: Path, suffix: str) -> Path:
    """Write an upload as it comes; nothing stays of one that breaks off or is empty.

    Raises
    ------
    InputError : if it is empty, or the disk is full.
    """
    target = folder / f"{STEM}{suffix}"
    size = 0
    try:
        with target.open("wb") as file:
            async for piece in stream:
                size += len(piece)
                file.write(piece)
    except OSError as error:
        target.unlink(missing_ok=True)
        raise InputError(f"the upload cannot be kept ({error.strerror}); free some space on this machine") from None
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if size == 0:
        target.unlink(missing_ok=True)
        raise InputError(f"the file is empty; expected a recording: {FORMATS}")
    return target


def kept_upload(folder: Path) -> Path:
    """The upload in a job's folder.

    Raises
    ------
    InputError : if there is none.
    """
    found = sorted(folder.glob(f"{STEM}.*"))
    if not found:
        raise InputError("the recording is no longer here; upload it again")
    return found[0]


def inspect_upload(settings: Mapping[str, Any], folder: Path, tell: Callable[[str, int, int], None]) -> dict[str, Any]:
    """What a recording holds: its columns with a small picture each, its time, its findings. Work for a job."""
    tell("reading", 0, 0)
    file = kept_upload(folder)
    as_found, first_error, words = _attempt(file)
    # Read as if it were evenly sampled, a file shows the column that was taken for time as well.
    as_table, second_error, more_words = _attempt(file, dt=1.0)
    words = words or more_words
    if as_found is None and as_table is None:
        raise InputError(without_path(str(first_error or second_error), file, settings["name"]))
    runs = as_found if as_found is not None else as_table
    table = as_table if as_table is not None else as_found
    assert runs is not None
    assert table is not None
    if runs[0].states.ndim != 2:
        raise InputError(
            f"a field of shape {runs[0].states.shape[1:]} found, expected columns; reduce it to modes first"
        )
    names = list(runs.state_names)
    time = _time_column(runs[0].notes) if as_found is not None else None
    findings = _findings(runs, file, settings["name"]) if as_found is not None else []
    findings += [{"severity": "note", "message": f"{name}: holds words and is left out", "mend": ""} for name in words]
    return {
        "samples": int(sum(len(run) for run in runs)),
        "runs": len(runs),
        "columns": [_column(name, runs) for name in names],
        "all_columns": list(dict.fromkeys(str(n) for n in (*([time] if time else ()), *table.state_names, *words))),
        "inputs": list(runs.input_names),
        "time": time,
        "has_time": as_found is not None,
        "no_time": "" if as_found is not None else without_path(str(first_error), file, settings["name"]),
        "dt": float(runs[0].dt) if as_found is not None and len(runs[0]) > 1 else None,
        "time_unit": runs[0].units.get("time", "") if as_found is not None else "",
        "findings": findings,
    }


def _time_column(notes: Sequence[str]) -> str | None:
    """The column that the reader took as time, from what it says it did."""
    told = (re.search(r"'(.*)' is taken as time", note) for note in notes)
    return next((found.group(1) for found in told if found), None)


def _attempt(file: Path, **options: Any) -> tuple[Any, Exception | None, tuple[str, ...]]:
    """The recording, or why it cannot be read; and the columns of words that were left out for it."""
    from inscape.trajectories import as_trajectories, read
    from inscape.trajectories.request import TextColumnError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return as_trajectories(read(file, **options)), None, ()
    except TextColumnError as error:
        if not error.numbers or "columns" in options:
            return None, error, ()
        found, reason, _ = _attempt(file, columns=list(error.numbers), **options)
        return found, reason, error.others
    except InscapeError as error:
        return None, error, ()


def _findings(runs: Any, file: Path, name: str) -> list[dict[str, str]]:
    from inscape.trajectories import check

    return [
        {"severity": f.severity, "message": without_path(f.message, file, name), "mend": f.mend} for f in check(runs)
    ]


def _column(name: str, runs: Any) -> dict[str, Any]:
    values = np.concatenate([run.states[:, list(run.state_names).index(name)] for run in runs]).astype(float)
    finite = values[np.isfinite(values)]
    step = max(1, len(values) // PREVIEW)
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 0.0)
    width = (high - low) or 1.0
    return {
        "name": str(name),
        "unit": runs[0].units.get(name, ""),
        "low": low,
        "high": high,
        "missing": int(len(values) - len(finite)),
        "picture": [round((v - low) / width, 3) if np.isfinite(v) else None for v in values[::step]],
    }


def without_path(message: str, file: Path, name: str) -> str:
    """The reader's one line with the visitor's own name of the file in the place of ours."""
    return " ".join(message.replace(str(file), name).replace(file.name, name).split())
