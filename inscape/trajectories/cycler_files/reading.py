"""`read_cycler`: a discharge, a charge or a drive profile from the file of a battery cycler."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.cycler_files.columns import Column, find_column, looks_like_header
from inscape.trajectories.trajectory import Trajectory

Convention = Literal["auto", "positive", "negative"]
_CLOCK = re.compile(r"^(?:(?P<d>\d+)\s*d\s*)?(?P<h>\d+):(?P<m>\d{1,2}):(?P<s>\d{1,2}(?:[.,]\d+)?)$")
HEADER_WITHIN = 200
"""Lines among which the header is sought."""
VOLTAGES = (0.5, 1000.0)


def read_cycler(
    path: str | os.PathLike[str],
    *,
    discharge: Convention = "auto",
    time: str | None = None,
    current: str | None = None,
    voltage: str | None = None,
    encoding: str | None = None,
) -> Trajectory:
    """Time, current and voltage of a cell from a text table: Arbin, Maccor, Neware, BioLogic, Digatron, the Battery
    Data Format, PyBaMM's export, or plain columns t, I, V.

    Parameters
    ----------
    path : CSV, TSV, TXT, MPT, gzipped or not.
    discharge : the sign of a discharge current in the file; "auto" reads it off the voltage, which falls in a
        discharge.
    time, current, voltage : labels of the columns, where they are not found by themselves.
    encoding : of the file; UTF-8, else Latin-1, if None.

    Returns
    -------
    Trajectory with the state `voltage` (V; and `temperature` where there is one), the input `current` (A, positive
    discharges) and times from 0 s. What was decided stands in `notes`.

    Raises
    ------
    InputError : if there is no header or column, time goes back, nothing can be read as a number, or the sign of the
        current cannot be told.
    UnknownNameError : if a column asked for is not there.
    """
    file = Path(path)
    if file.is_dir():
        raise InputError(f"{file}: a folder, expected the file of one record")
    if not file.is_file():
        raise InputError(f"{file}: no such file; check the path")
    if discharge not in ("auto", "positive", "negative"):
        raise InputError(f"discharge: {discharge!r} found, expected 'auto', 'positive' or 'negative'")
    lines = _lines(file, encoding)
    labels, rows, delimiter = _table(file.name, lines, (time, current, voltage))
    columns = {}
    for quantity, asked in (("time", time), ("current", current), ("voltage", voltage)):
        found = find_column(file.name, quantity, labels, asked)
        if found is None:
            raise InputError(
                f"{file.name}: no column of {quantity} among {', '.join(map(repr, labels[:12]))}; "
                f"name it: {quantity}={labels[0]!r}"
            )
        columns[quantity] = found
    heat = find_column(file.name, "temperature", labels)
    notes = [f"{c.label!r} is taken as {quantity}" for quantity, c in columns.items()]
    decimal_comma = delimiter != ","
    t, i, v = (_numbers(rows, columns[q], decimal_comma) for q in ("time", "current", "voltage"))
    warmth = None if heat is None else _numbers(rows, heat, decimal_comma)
    t, i, v, warmth = _cleaned(file.name, t, i, v, warmth, notes)
    if np.nanmedian(np.abs(v)) > VOLTAGES[1]:
        v = v * 1e-3
        notes.append("voltages above 1000 are taken as mV")
    sign = _sign(file.name, t, i, v, discharge, notes)
    states, names = (v[:, None], ("voltage",))
    if warmth is not None:
        states, names = np.stack([v, warmth], axis=1), ("voltage", "temperature")  # type: ignore[assignment]
    units = {"time": "s", "voltage": "V", "current": "A"}
    if heat is not None:
        units["temperature"] = "K" if heat.unit == "k" else "degC"
    return Trajectory(
        t - t[0],
        states,
        inputs=sign * i[:, None],
        state_names=names,
        input_names=("current",),
        units=units,
        source=file.name,
        notes=tuple(notes),
    )


def _lines(file: Path, encoding: str | None) -> list[str]:
    raw = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    if b"\0" in raw[:1000] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(f"{file.name}: binary, expected a text table; export it from the cycler's program as CSV")
    known = (
        [encoding] if encoding else ["utf-16"] if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "latin-1"]
    )
    for one in known:
        try:
            return raw.decode(one).splitlines()
        except (UnicodeDecodeError, LookupError):
            continue
    raise InputError(f"{file.name}: not text in {known[0]}; give another encoding=")


def _table(file: str, lines: Sequence[str], asked: Sequence[str | None]) -> tuple[list[str], list[list[str]], str]:
    wanted = {name for name in asked if name is not None}
    for number, line in enumerate(lines[:HEADER_WITHIN]):
        for delimiter in ("\t", ";", ",", None):
            if delimiter is not None and delimiter not in line:
                continue
            cells = [c.strip().strip('"') for c in line.split(delimiter)]
            if len(cells) >= 3 and (looks_like_header(cells) or (wanted and wanted <= set(cells))):
                rows = [
                    [c.strip().strip('"') for c in text.split(delimiter)]
                    for text in lines[number + 1 :]
                    if text.strip()
                ]
                if len(rows) < 2:
                    raise InputError(f"{file}: {len(rows)} rows below the header, expected at least 2")
                return cells, rows, delimiter or " "
    first = next((line.strip() for line in lines if line.strip()), "")
    raise InputError(
        f"{file}: no header with time, current and voltage in its first {min(len(lines), HEADER_WITHIN)} lines "
        f"(it begins {first[:60]!r}); name the columns: time=, current=, voltage="
    )


def _numbers(rows: Sequence[Sequence[str]], column: Column, decimal_comma: bool) -> np.ndarray:
    found = np.full(len(rows), np.nan)
    for number, row in enumerate(rows):
        if column.place >= len(row):
            continue
        text = row[column.place]
        clock = _CLOCK.match(text)
        if clock:
            parts = (float((clock[part] or "0").replace(",", ".")) for part in "dhms")
            found[number] = sum(x * f for x, f in zip(parts, (86400.0, 3600.0, 60.0, 1.0), strict=True))
            continue
        try:
            found[number] = float(text.replace(",", ".") if decimal_comma else text) * column.factor
        except ValueError:
            continue
    return found


def _cleaned(
    file: str, t: np.ndarray, i: np.ndarray, v: np.ndarray, warmth: np.ndarray | None, notes: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    if np.isfinite(v).sum() < 2:
        raise InputError(f"{file}: {int(np.isfinite(v).sum())} voltages can be read as numbers, expected at least 2")
    kept = np.isfinite(t) & np.isfinite(i)
    if not kept.all():
        notes.append(f"{int((~kept).sum())} rows without time or current are left out ({_listed(~kept)})")
    if kept.sum() < 2:
        raise InputError(f"{file}: {int(kept.sum())} rows with time and current, expected at least 2")
    number = np.flatnonzero(kept)
    back = np.flatnonzero(np.diff(t[kept]) < 0)
    if back.size:
        row = int(number[back[0] + 1]) + 1
        raise InputError(
            f"{file}: time goes back at row {row} ({t[row - 1]:g} s) and {back.size - 1} times more; "
            "this column may restart with each step: name the one of the whole test, time="
        )
    # Cyclers write a last row of one step and a first row of the next at the same time; the later one holds.
    last = np.concatenate([np.diff(t[kept]) > 0, [True]])
    if not last.all():
        notes.append(f"{int((~last).sum())} rows at the same time as the next are left out")
    number = number[last]
    missing = kept & ~np.isfinite(v)
    if missing.any():
        notes.append(f"{int(missing.sum())} voltages are missing or no numbers ({_listed(missing)})")
    return t[number], i[number], v[number], None if warmth is None else warmth[number]


def _listed(rows: np.ndarray, most: int = 5) -> str:
    """Rows below the header, counted from 1, in words."""
    found = np.flatnonzero(rows) + 1
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return f"row{'s' if len(found) > 1 else ''} {', '.join(map(str, found[:most]))}{more}"


def _sign(file: str, t: np.ndarray, i: np.ndarray, v: np.ndarray, discharge: Convention, notes: list[str]) -> float:
    if not np.abs(i).max() > 0:
        raise InputError(f"{file}: no current flows in it, expected a discharge, a charge or a profile")
    if discharge != "auto":
        return 1.0 if discharge == "positive" else -1.0
    good = np.isfinite(v)
    change, mean, steps = np.diff(v[good]), 0.5 * (i[good][1:] + i[good][:-1]), np.diff(i[good])
    # Charge that has passed moves the voltage slowly, a step of the current at once; both lower it in a discharge.
    slow = float((mean * change).sum()) / max(float((np.abs(mean * change)).sum()), 1e-300)
    fast = float((steps * change).sum()) / max(float((np.abs(steps * change)).sum()), 1e-300)
    evidence = slow + (fast if np.abs(steps).max() > 0.05 * np.abs(i).max() else 0.0)
    if abs(evidence) < 0.1:
        raise InputError(
            f"{file}: the sign of the current cannot be told from the voltage; say which sign discharges: "
            "discharge='positive' or 'negative'"
        )
    sign = 1.0 if evidence < 0 else -1.0
    notes.append(
        "a positive current discharges in the file"
        if sign > 0
        else "a negative current discharges in the file; turned, so that a positive one does"
    )
    return sign
