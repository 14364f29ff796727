"""What a user asks a reader for, and which column or array of the file plays which part."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from inscape.errors import InputError, UnknownNameError

# Names under which time goes in recordings, with the unit that the name itself states.
TIME_NAMES: dict[str, str] = {
    "time": "", "times": "", "t": "", "timestamp": "", "timestamps": "", "datetime": "", "date": "", "date_time": "",
    "date/time": "", "utc": "", "elapsed": "", "elapsed_time": "", "time_stamp": "",
    "seconds": "s", "second": "s", "sec": "s", "secs": "s", "time_s": "s", "t_s": "s", "time_sec": "s",
    "milliseconds": "ms", "ms": "ms", "time_ms": "ms", "t_ms": "ms", "time_us": "us", "time_ns": "ns",
    "minutes": "min", "minute": "min", "hours": "h", "hour": "h", "time_h": "h", "days": "d", "day": "d",
    "months": "month", "years": "year", "year": "year", "yr": "year",
}  # fmt: skip

_LABEL = re.compile(r"^(?P<name>.*?)\s*(?:\[(?P<square>[^\[\]]*)\]|\((?P<round>[^()]*)\))\s*$", re.DOTALL)


@dataclass(frozen=True)
class Request:
    """What to take from a file; see `inscape.trajectories.read` for the meaning of each field."""

    dt: float | None = None
    time: str | None = None
    inputs: tuple[str, ...] = ()
    run: str | None = None
    columns: tuple[str, ...] | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    sort: bool = False
    duplicates: str = "error"
    dtype: np.dtype = field(default_factory=lambda: np.dtype(np.float64))

    @property
    def tells_time(self) -> bool:
        """Whether the user says where time or the runs are, so that labels in the file do not count."""
        return any(value is not None for value in (self.dt, self.time, self.run))


@dataclass(frozen=True)
class Parts:
    """Which columns of a table are time, states, inputs and the number of the run, by position."""

    time: int | None
    states: tuple[int, ...]
    inputs: tuple[int, ...]
    run: int | None
    names: tuple[str, ...]
    units: Mapping[str, str]
    notes: tuple[str, ...] = ()
    guessed: bool = False

    @property
    def state_names(self) -> tuple[str, ...]:
        return tuple(self.names[i] for i in self.states)

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(self.names[i] for i in self.inputs)


class TextColumnError(InputError):
    """Columns of words stand among those of numbers: `numbers` could be states, `others` could not."""

    def __init__(self, message: str, *, numbers: Sequence[str], others: Sequence[str]):
        super().__init__(message)
        self.numbers = tuple(numbers)
        self.others = tuple(others)


def name_and_unit(label: str) -> tuple[str, str]:
    """Part a column label into name and unit: "x [m]" and "x (m)" give ("x", "m")."""
    match = _LABEL.match(label.strip())
    if match is None or not match["name"]:
        return label.strip(), ""
    return match["name"].strip(), (match["square"] if match["square"] is not None else match["round"]).strip()


def time_unit_of_name(name: str) -> str | None:
    """The unit that a time column's name states ("" if none), or None if the name is not one of time."""
    return TIME_NAMES.get(name.strip().lower())


def part_columns(
    file: str,
    labels: Sequence[str],
    request: Request,
    *,
    evenly_rising: Sequence[bool],
    numeric: Sequence[bool],
    dates: Sequence[bool],
    notes: Iterable[str] = (),
) -> Parts:
    """Decide which column plays which part.

    Parameters
    ----------
    labels : the columns' labels, units in brackets welcome.
    evenly_rising : for each column, whether it rises strictly in even steps, as far as is known.
    numeric, dates : for each column, whether it holds numbers or points in time.

    Raises
    ------
    InputError : if no column is time and no `dt` is given, or a column that is to be a state holds text.
    UnknownNameError : if a column asked for is not there.
    """
    remarks = list(notes)
    parted = [name_and_unit(label) for label in labels]
    names = _distinct([name or f"column{i}" for i, (name, _) in enumerate(parted)], remarks)
    units = {name: unit for name, (_, unit) in zip(names, parted, strict=True) if unit}

    def place(asked: str) -> int:
        for known in (list(labels), names):
            if asked in known:
                return known.index(asked)
        raise UnknownNameError(f"{file}: column", asked, names)

    run = None if request.run is None else place(request.run)
    inputs = tuple(place(name) for name in request.inputs)
    asked = None if request.columns is None else tuple(place(name) for name in request.columns)
    if set(inputs) & set(asked or ()):
        raise InputError(
            f"{file}: {names[(set(inputs) & set(asked or ())).pop()]!r} is asked for as state and as input"
        )
    taken = {run, *inputs, *(asked or ())}
    named = [i for i, name in enumerate(names) if time_unit_of_name(name) is not None and i not in taken]
    guessed = False
    time: int | None = None
    if request.time is not None:
        time = place(request.time)
    elif request.dt is None:
        exact = [i for i in named if names[i].lower() in ("time", "t")]
        if len(named) > 1 and len(exact) != 1:
            found = " and ".join(repr(names[i]) for i in named)
            raise InputError(f"{file}: columns {found} all look like time; say which: time={names[named[0]]!r}")
        rising = [i for i, even in enumerate(evenly_rising) if even and i not in taken]
        if named:
            time = exact[0] if len(exact) == 1 else named[0]
            remarks.append(f"{file}: column {labels[time]!r} is taken as time, for its name")
        elif rising == [0]:
            time, guessed = 0, True
            remarks.append(f"{file}: column {labels[0]!r} is taken as time, for it rises in even steps")
        else:
            first = next((names[i] for i in range(len(names)) if i not in taken), names[0])
            raise InputError(
                f"{file}: no time column among {_listed(names)}; give the sampling interval, dt=..., "
                f"or name the column, time={first!r}"
            )
    elif named:
        remarks.append(f"{file}: dt={request.dt:g} given, so column {labels[named[0]]!r} is left out")
        taken |= set(named)
    taken.add(time)
    if asked is not None:
        states = asked
    else:
        states = tuple(i for i in range(len(names)) if i not in taken)
    if time is not None and (time in states or time in inputs):
        raise InputError(
            f"{file}: {names[time]!r} is time and cannot be a state or input as well; choose another time="
        )
    if not states:
        raise InputError(f"{file}: no state column among {_listed(names)}; name them, columns=[...]")
    for i in (*states, *inputs):
        if not numeric[i]:
            kind = "dates" if dates[i] else "text"
            raise TextColumnError(
                f"{file}: column {names[i]!r} holds {kind}, expected numbers; name the columns to take, columns=[...]",
                numbers=[names[k] for k in states if numeric[k]],
                others=[names[k] for k in states if not numeric[k]],
            )
    if time is not None:
        unit = time_unit_of_name(names[time])
        if names[time] in units:
            unit = units[names[time]]
        if unit:
            units["time"] = unit
    kept = {names[i] for i in (*states, *inputs)} | {"time"}
    units = {name: unit for name, unit in units.items() if name in kept}
    return Parts(
        time, states, inputs, run, tuple(names), units | asked_units(file, request, kept), tuple(remarks), guessed
    )


def asked_units(file: str, request: Request, known: Iterable[str]) -> dict[str, str]:
    """The units that the user gave, each checked to belong to a name of the recording."""
    known = tuple(known)
    for name in request.units:
        if name not in known:
            raise UnknownNameError(f"{file}: unit given for", name, known)
    return {str(name): str(unit) for name, unit in request.units.items()}


def _distinct(names: list[str], remarks: list[str]) -> list[str]:
    seen: set[str] = set()
    out = []
    for name in names:
        fresh, count = name, 1
        while fresh in seen:
            count += 1
            fresh = f"{name}_{count}"
        if fresh != name:
            remarks.append(f"a second column {name!r} is called {fresh!r}")
        seen.add(fresh)
        out.append(fresh)
    return out


def _listed(names: Sequence[str], most: int = 12) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f", ... ({len(names)} in all)" if len(names) > most else "")
