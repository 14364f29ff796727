"""Which column of a cycler's table is time, current and voltage, and in what unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inscape.errors import InputError, UnknownNameError

# By quantity, best first: Arbin, Maccor, Neware, BioLogic, Digatron, Battery Data Format, PyBaMM, plain tables.
_NAMES: dict[str, tuple[str, ...]] = {
    "time": (
        "test time", "total time", "time since start", "elapsed time", "testtime", "time", "t", "prog time",
        "run time", "seconds", "step time",
    ),
    "current": ("current", "i", "amps", "current avg", "amp", "cell current", "control i"),
    "voltage": (
        "voltage", "v", "volts", "terminal voltage", "ecell", "cell voltage", "ewe", "u", "potential",
        "battery voltage", "volt",
    ),
    "temperature": ("temperature", "cell temperature", "aux temperature 1", "temp", "surface temperature"),
}  # fmt: skip
_FACTORS: dict[str, dict[str, float]] = {
    "time": {"s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0, "min": 60.0, "h": 3600.0, "hr": 3600.0,
             "ms": 1e-3, "hours": 3600.0},
    "current": {"a": 1.0, "ma": 1e-3, "ua": 1e-6, "µa": 1e-6},
    "voltage": {"v": 1.0, "mv": 1e-3},
    "temperature": {"c": 1.0, "°c": 1.0, "degc": 1.0, "k": 1.0, "deg c": 1.0},
}  # fmt: skip
_UNITS = frozenset(unit for factors in _FACTORS.values() for unit in factors)
_UNIT = re.compile(r"^(?P<name>.*?)\s*(?:[\[(](?P<boxed>[^\])]*)[\])]|/\s*(?P<slashed>[^/\s]+))\s*$")


@dataclass(frozen=True)
class Column:
    """A column that was found.

    Parameters
    ----------
    place : which it is.
    label : as it stands in the file.
    factor : to SI.
    unit : as stated, "" if it is not.
    """

    place: int
    label: str
    factor: float
    unit: str


def name_and_unit(label: str) -> tuple[str, str]:
    """ "Current(mA)" as ("current", "ma"); "Ecell/V" as ("ecell", "v"); "<I>/mA" as ("i", "ma"); "time_s" as ("time",
    "s")."""
    match = _UNIT.match(label.strip())
    name, unit = (match["name"], match["boxed"] or match["slashed"] or "") if match else (label, "")
    plain = re.sub(r"[_\s]+", " ", name.strip().strip("<>|").lower()).strip(" .")
    head, _, last = plain.rpartition(" ")
    if match is None and head and last in _UNITS:
        return head, last
    return plain, unit.strip().lower()


def find_column(file: str, quantity: str, labels: Sequence[str], asked: str | None = None) -> Column | None:
    """The column of a quantity: the one asked for, or the best known name; None if there is none.

    Raises
    ------
    UnknownNameError : if the column asked for is not there.
    InputError : if its unit is not one of the quantity.
    """
    if asked is not None:
        if asked not in labels:
            raise UnknownNameError(f"{file}: column", asked, labels)
        return _column(file, quantity, labels.index(asked), asked)
    parted = [name_and_unit(label)[0] for label in labels]
    for name in _NAMES[quantity]:
        if name in parted:
            place = parted.index(name)
            return _column(file, quantity, place, labels[place])
    return None


def _column(file: str, quantity: str, place: int, label: str) -> Column:
    unit = name_and_unit(label)[1]
    factors = _FACTORS[quantity]
    # "hh:mm:ss" says how a time is written, not its unit.
    if unit and unit not in factors and ":" not in unit:
        raise InputError(f"{file}: unit {unit!r} of column {label!r} is not one of {quantity}: {', '.join(factors)}")
    return Column(place, label, factors.get(unit, 1.0), unit)


def looks_like_header(cells: Sequence[str]) -> bool:
    """Whether a row of cells names at least time, current and voltage."""
    parted = {name_and_unit(cell)[0] for cell in cells}
    return all(parted & set(_NAMES[quantity]) for quantity in ("time", "current", "voltage"))
