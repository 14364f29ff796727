"""What a user calls a cell, parameters and bounds, as the models' own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.app.assignments import assignments
from inscape.errors import InputError, MissingExtraError, UnknownNameError

if TYPE_CHECKING:
    from inscape.systems.battery import Cell

BUILT_IN = ("nmc-graphite", "straight-lines")
MOST_CHARGE = 1.5
"""Of a cell's capacity, that a record may take out or put in: more is another cell, or milliamperes read as amperes."""
_WIDE = {"i0": (0.1, 10.0), "ds": (0.1, 10.0), "eps": (0.8, 1.2)}


def cell_named(name: str) -> Cell:
    """A built-in cell, a BPX file, a folder with polynomials.csv, or a PyBaMM set.

    Raises
    ------
    UnknownNameError : if it is none of them.
    InputError : if a file is missing, or PyBaMM, without which its sets are not known.
    """
    from inscape.systems.battery import cell_from_bpx, cell_from_pybamm, nmc_graphite, straight_lines
    from inscape.systems.battery.nmc_graphite import nmc_graphite_from_folder

    place = Path(name)
    if name in BUILT_IN:
        return nmc_graphite() if name == "nmc-graphite" else straight_lines()
    if place.suffix.lower() == ".json":
        if not place.is_file():
            raise InputError(f"{place}: no such file; check the path")
        return cell_from_bpx(place)
    if place.is_dir():
        return nmc_graphite_from_folder(place)
    try:
        return cell_from_pybamm(name)
    except UnknownNameError:
        import pybamm

        raise UnknownNameError("cell", name, [*BUILT_IN, *pybamm.parameter_sets]) from None
    except MissingExtraError as error:
        own = " and ".join(BUILT_IN)
        raise InputError(f"cell {name!r}: none of inscape's own ({own}), and for PyBaMM's sets {error}") from None


def check_record(
    cell: Cell,
    times: Float[np.ndarray, "time"],
    current: Float[np.ndarray, "time"],
    voltage: Float[np.ndarray, "time"],
) -> tuple[str, ...]:
    """What in a record (s, A, V) may belong to another cell, in words.

    Raises
    ------
    InputError : if more charge passes than the cell holds, or no voltage lies within its limits.
    """
    steps = np.diff(times) * 0.5 * (current[1:] + current[:-1]) / 3600
    passed = float(np.ptp(np.concatenate([[0.0], np.cumsum(steps)])))
    if passed > MOST_CHARGE * cell.capacity:
        raise InputError(
            f"current: {passed:.4g} Ah pass in the record, and {cell.name} holds {cell.capacity:.4g} Ah; is the "
            "current in mA, or the cell another one?"
        )
    low, high = cell.limits
    outside = np.isfinite(voltage) & ((voltage < low) | (voltage > high))
    if not outside.any():
        return ()
    count, first = int(outside.sum()), int(np.argmax(outside))
    told = f"{count} of {len(voltage)} voltages lie beyond the limits of {cell.name}, {low:g} to {high:g} V"
    where = f"first {voltage[first]:.4g} V at {times[first]:g} s"
    if count == int(np.isfinite(voltage).sum()):
        raise InputError(f"voltage: {told}, {where}; is the cell another one, or the voltage that of a pack?")
    return (f"{told}: {where}",)


def parameter_names(listed: str) -> tuple[str, ...]:
    """ "i0_a,ds_c" as names.

    Raises
    ------
    UnknownNameError : if one is no parameter.
    InputError : if there is none, or one twice.
    """
    from inscape.systems.battery.cell import PARAMETERS

    names = tuple(part.strip() for part in listed.split(",") if part.strip())
    for name in names:
        if name not in PARAMETERS:
            raise UnknownNameError("parameter", name, PARAMETERS)
    if not names or len(set(names)) < len(names):
        raise InputError(f"parameters: {listed!r} found, expected different names such as i0_a,ds_c")
    return names


def box_of(cell: Cell, names: Sequence[str], text: str | None) -> dict[str, tuple[float, float]]:
    """Bounds of every parameter: those given, else wide ones.

    Raises
    ------
    InputError : if bounds are not low:high.
    """
    given = assignments("box", text, "i0_a=0.5:4,ds_c=1:10", names)
    box = {}
    for name in names:
        if name in given:
            low, _, high = given[name].partition(":")
            try:
                box[name] = (float(low), float(high))
            except ValueError:
                raise InputError(f"box: {name}={given[name]} found, expected {name}=low:high") from None
            continue
        if name.startswith("x0"):
            start = (cell.anode if name == "x0_a" else cell.cathode).initial_stoichiometry
            box[name] = (max(1e-3, start - 0.1), min(1 - 1e-3, start + 0.1))
        elif name == "resistance":
            # What takes a tenth of the voltage window at 1C.
            box[name] = (0.0, 0.1 * (cell.limits[1] - cell.limits[0]) / cell.capacity)
        else:
            box[name] = _WIDE[name.split("_")[0]]
    return box


def values_of(text: str | None, names: Sequence[str]) -> dict[str, float]:
    """ "i0_a=2" as numbers.

    Raises
    ------
    InputError : if a value is no number.
    """
    found = {}
    for name, value in assignments("at", text, "i0_a=2,ds_c=2", names).items():
        try:
            found[name] = float(value)
        except ValueError:
            raise InputError(f"{name}: {value!r} found, expected a number") from None
    return found
