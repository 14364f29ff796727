"""Readers of timing and radial-velocity tables: ETD, ExoClock, CDS, orbdot, susie, Ivshina & Winn, and plain CSV."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.timing_tables.columns import TextTable, read_columns
from inscape.trajectories.timing_tables.table import TimingTable
from inscape.trajectories.timing_tables.time_scales import meaning_of
from inscape.trajectories.timing_tables.velocities import VelocityTable

# Names of columns, as they are met in the formats named above; letters and digits alone are compared.
_NAMES = {
    "time": (
        "tbjdtdb", "tmid", "tbjdtdblttcorrected", "bjdtdb", "midtime", "midtimes", "transittimes", "t0bjdtdb", "tc",
        "tmidbjdtdb", "bjd", "hjdmid", "tmidhjd", "hjd", "bjdmid", "time", "t0", "midtransittime", "mid", "btjd", "t",
        "times",
    ),
    "error": (
        "sigmad", "midtimeuncertainty", "midtimeuncertainties", "sigma", "err", "error", "errbjd", "t0unc", "tmiderr",
        "uncertainty", "unc", "etmid", "ebjd", "etc", "ebjdtdb", "ehjd", "hjdmiderror", "errord", "errday", "errdays",
        "t0bjdtdbunc", "sigmat", "sigmas", "sigmamin", "errmin", "errormin", "e", "errors", "etime",
    ),
    "epoch": ("epoch", "epochs", "orbit", "n", "cycle", "transitepoch", "ncycle"),
    "kind": ("kind", "traorocc", "type", "event", "eventtype"),
    "source": ("source", "reference", "ref", "refs", "observer", "author", "authorreference", "src", "observers"),
    "scale": ("timesystem", "timescale", "scale", "timeformat"),
    "system": ("system", "planet", "target", "star", "name"),
}  # fmt: skip
_VELOCITY_NAMES = {
    "time": (*_NAMES["time"], "bjdtdbminus", "jd"),
    "velocity": ("rvmps", "velocity", "rv", "mnvel", "vr", "radialvelocity", "vrad", "rvkms", "rvms", "velocitymps"),
    "error": ("sigmamps", "error", "err", "errvel", "erv", "rverr", "uncertainty", "erv", "sigma", "unc", "errorvel"),
    "instrument": ("instrument", "tel", "inst", "source", "spectrograph", "telescope"),
}
_TRANSITS = re.compile(r"t|p|i|(tra|pri).*")
_OCCULTATIONS = re.compile(r"o|e|s|ii|(occ|ecl|sec).*")
_DATE = re.compile(r"24\d{5}(?:\.\d+)?")
_PER_DAY = {"d": 1.0, "day": 1.0, "days": 1.0, "min": 1440.0, "m": 1440.0, "s": 86_400.0, "sec": 86_400.0}


def read_timing(
    path: Path | str,
    *,
    system: str | None = None,
    scale: str | None = None,
    columns: Mapping[str, str] | None = None,
    offset: float | None = None,
    period: float | None = None,
    readme: Path | str | None = None,
) -> TimingTable:
    """Event times from a text table.

    The format is known by its columns: ETD and ExoClock exports, CDS and AAS machine-readable tables (with their
    description on top, or `readme`), orbdot (half-integer epochs are occultations), susie (`tra_or_occ`), the list of
    Ivshina & Winn (2022), or any table with a header.

    Parameters
    ----------
    system : keep the rows of this planet, where the file holds several; "WASP-43", "wasp 043 b" are the same.
    scale : keep the rows in this time scale, where the file names them; say which it is, where it does not; "any"
        keeps all.
    columns : names of columns by meaning (time, error, epoch, kind, source, scale, system), where they are not found.
    offset : days to add to the times; found in the header ("BJD-2450000") where it stands there.
    period : about, days, where no epochs are given.
    readme : ReadMe of a CDS catalogue.

    Raises
    ------
    InputError : if the file is no such table, holds several planets or time scales and none was chosen, or a cell is
        no number: it names the line.
    """
    table = read_columns(path, readme)
    places = _find(table, _NAMES, columns, ("time", "error"))
    rows = np.arange(len(table.rows))
    if "system" in places:
        rows = _rows_of(table, places["system"], system)
    scales = _scales(table, places, scale)
    if "scale" in places or scale is not None:
        rows = _rows_in(table, rows, scales, scale)
    name = system or (table.rows[rows[0]][places["system"]] if "system" in places else table.path.stem)
    return _table_of(table, places, rows, scales, name, offset, period)


def _table_of(
    table: TextTable,
    places: Mapping[str, int],
    rows: np.ndarray,
    scales: list[str],
    name: str,
    offset: float | None,
    period: float | None,
) -> TimingTable:
    values = {
        meaning: _numbers(table, places[meaning], rows, meaning, may_miss=meaning == "epoch")
        for meaning in ("time", "error", "epoch")
        if meaning in places
    }
    times = values["time"] + (_offset(table.names[places["time"]]) if offset is None else offset)
    errors = values["error"] / _per_day(table.names[places["error"]], table.units[places["error"]])
    labels = values.get("epoch", np.full(len(rows), np.nan))
    half = np.isfinite(labels) & (np.abs(labels % 1 - 0.5) < 0.01)
    is_occultation = half | _occultations(table, places, rows)
    sources = [table.rows[k][places["source"]] if "source" in places else table.path.stem for k in rows]
    return TimingTable(
        times,
        errors,
        is_occultation,
        tuple(sources),
        tuple(scales[k] for k in rows),
        np.where(half, np.floor(labels), labels),
        period,
        name,
        tuple(f"{table.path.name}:{table.lines[k]}" for k in rows),
    )


def _occultations(table: TextTable, places: Mapping[str, int], rows: np.ndarray) -> np.ndarray:
    """Which rows are called occultations; a word that means neither is refused, for it would pass as a transit."""
    if "kind" not in places:
        return np.zeros(len(rows), dtype=bool)
    kinds = [table.rows[k][places["kind"]].strip().lower() for k in rows]
    found = [bool(_OCCULTATIONS.fullmatch(kind)) for kind in kinds]
    known = [hit or bool(_TRANSITS.fullmatch(kind)) for hit, kind in zip(found, kinds, strict=True)]
    unknown = [k for k, (kind, is_known) in enumerate(zip(kinds, known, strict=True)) if kind and not is_known]
    # A column in which no word is known tells something else of the rows: "full", "partial".
    if unknown and any(known):
        row = rows[unknown[0]]
        raise InputError(
            f"{table.path}:{table.lines[row]}: {table.rows[row][places['kind']]!r} found under "
            f"{table.names[places['kind']]} ({len(unknown)} such rows), expected transit or occultation"
        )
    return np.array(found, dtype=bool)


def read_systems(path: Path | str, *, scale: str = "BJD_TDB") -> tuple[dict[str, TimingTable], dict[str, str]]:
    """Every planet of a table of many, and why each that is left out was.

    Raises
    ------
    InputError : if the file is no such table.
    """
    table = read_columns(path)
    places = _find(table, _NAMES, None, ("time", "error", "system"))
    found: dict[str, TimingTable] = {}
    left: dict[str, str] = {}
    by_system: dict[str, list[int]] = {}
    for row, name in enumerate(table.column(places["system"])):
        by_system.setdefault(name, []).append(row)
    scales = _scales(table, places, scale)
    for name, members in by_system.items():
        try:
            rows = np.array(members)
            kept = _rows_in(table, rows, scales, scale) if "scale" in places else rows
            found[name] = _table_of(table, places, kept, scales, name, None, None)
        except InputError as error:
            left[name] = str(error)
    return found, left


def list_systems(path: Path | str) -> dict[str, int]:
    """The planets in a table of many, with their numbers of rows."""
    table = read_columns(path)
    places = _find(table, {"system": _NAMES["system"]}, None, ("system",))
    return dict(Counter(table.column(places["system"])))


def read_velocities(
    path: Path | str,
    *,
    columns: Mapping[str, str] | None = None,
    offset: float | None = None,
    readme: Path | str | None = None,
) -> VelocityTable:
    """Radial velocities from a text table: orbdot, radvel, CDS, or any with a header; km/s become m/s by their name.

    Parameters
    ----------
    columns : names of columns by meaning (time, velocity, error, instrument), where they are not found.
    offset : days to add to the times; found in the header where it stands there.

    Raises
    ------
    InputError : if the file is no such table, or a cell is no number: it names the line.
    """
    table = read_columns(path, readme)
    places = _find(table, _VELOCITY_NAMES, columns, ("time", "velocity", "error"))
    rows = np.arange(len(table.rows))
    times, velocities, errors = (_numbers(table, places[n], rows, n) for n in ("time", "velocity", "error"))
    named, unit = table.names[places["velocity"]].lower(), table.units[places["velocity"]].lower()
    per = 1000.0 if "km" in unit or re.search(r"km[/_]?p?s", named) else 1.0
    names = table.column(places["instrument"]) if "instrument" in places else [table.path.stem] * len(rows)
    shift = _offset(table.names[places["time"]]) if offset is None else offset
    return VelocityTable(times + shift, per * velocities, per * errors, tuple(names))


def _find(
    table: TextTable, known: Mapping[str, tuple[str, ...]], columns: Mapping[str, str] | None, needed: tuple[str, ...]
) -> dict[str, int]:
    places: dict[str, int] = {}
    plain = [_plain(name) for name in table.names]
    for meaning, name in (columns or {}).items():
        if meaning not in known or name not in table.names:
            raise InputError(
                f"columns: {meaning}={name!r} found, expected a meaning of {', '.join(known)} and a column of "
                f"{', '.join(table.names)}"
            )
        places[meaning] = table.names.index(name)
    for meaning, names in known.items():
        # Earlier names are surer; a column has one meaning.
        for name in names:
            if meaning not in places and name in plain and plain.index(name) not in places.values():
                places[meaning] = plain.index(name)
    missing = [meaning for meaning in needed if meaning not in places]
    if missing:
        raise InputError(
            f"{table.path}: no column for {', '.join(missing)} among {', '.join(table.names)}; "
            f'say which, such as columns={{"{missing[0]}": "..."}}'
        )
    return places


def _plain(name: str) -> str:
    # What is subtracted, and a unit in brackets, is no part of the name; "e_" is the CDS mark of an error.
    bare = re.sub(r"[\(\[].*?[\)\]]", "", _DATE.sub("", name))
    return re.sub(r"[^a-z0-9]", "", bare.lower())


def _offset(name: str) -> float:
    found = _DATE.search(name)
    if found:
        return float(found.group())
    return 2_457_000.0 if "btjd" in name.lower() else 0.0


def _per_day(name: str, unit: str) -> float:
    bracket = re.search(r"[\(\[]\s*([a-z]+)\s*[\)\]]", name.lower())
    stated = unit or (bracket.group(1) if bracket else name.lower().rsplit("_", 1)[-1] if "_" in name else "")
    return _PER_DAY.get(stated.lower(), 1.0)


def _numbers(table: TextTable, place: int, rows: np.ndarray, name: str, may_miss: bool = False) -> np.ndarray:
    values = np.full(len(rows), np.nan)
    for k, row in enumerate(rows):
        cell = table.rows[row][place]
        try:
            values[k] = float(cell)
        except ValueError:
            if may_miss and not cell.strip("-"):
                continue
            raise InputError(
                f"{table.path}:{table.lines[row]}: {name} {cell!r} found under {table.names[place]}, expected a number"
            ) from None
    return values


def _same_planet(text: str) -> str:
    parts = re.findall(r"[a-z]+|\d+", text.lower())
    if parts and parts[-1] in ("b", "c", "d") and len(parts) > 1:
        parts = parts[:-1]
    return "".join(part.lstrip("0") if part.isdigit() else part for part in parts)


def _rows_of(table: TextTable, place: int, system: str | None) -> np.ndarray:
    names = table.column(place)
    if system is None:
        if len(set(names)) > 1:
            many = ", ".join(f"{name} ({count})" for name, count in Counter(names).most_common(4))
            raise InputError(f"{table.path}: {len(set(names))} planets found ({many}, ...); choose one: system=")
        return np.arange(len(names))
    wanted = _same_planet(system)
    rows = np.flatnonzero([_same_planet(name) == wanted for name in names])
    if len(rows) == 0:
        from inscape.errors import UnknownNameError

        raise UnknownNameError(f"planet of {table.path.name}", system, set(names))
    return rows


def _scales(table: TextTable, places: Mapping[str, int], scale: str | None) -> list[str]:
    count = len(table.rows)
    if "scale" in places:
        return table.column(places["scale"])
    name = table.names[places["time"]].upper()
    if "TDB" in name or "BTJD" in name:
        return ["BJD_TDB"] * count
    if scale is not None and scale != "any":
        return [scale] * count
    return [next((s for s in ("BJD", "HJD") if s in name), "unknown")] * count


def _rows_in(table: TextTable, rows: np.ndarray, scales: list[str], scale: str | None) -> np.ndarray:
    counts = Counter(scales[k] for k in rows)
    if scale == "any":
        return rows
    if scale is None:
        meanings = {meaning_of(name) or name for name in counts}
        if len(meanings) == 1:
            return rows
        several = ", ".join(f"{name} ({count})" for name, count in counts.most_common())
        other = next(k for k in rows if meaning_of(scales[k]) != "BJD_TDB")
        raise InputError(
            f"{table.path}: time scales are mixed: {several}, first at line {table.lines[other]}; they differ by up to "
            '69 s: choose scale="BJD_TDB" to keep those rows, or "any"'
        )
    wanted = meaning_of(scale) or scale
    kept = np.array([k for k in rows if (meaning_of(scales[k]) or scales[k]) == wanted], dtype=int)
    if len(kept) == 0:
        raise InputError(f"{table.path}: no row in {scale} found; there are {', '.join(counts)}")
    return kept
