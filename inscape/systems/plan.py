"""What a simulation is asked to do, checked: when to look, where to start, with which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.arrays import real_array
from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem


def numbers(name: str, values: Any) -> np.ndarray:
    """`values` as an array of finite floats.

    Raises
    ------
    InputError : if something in it is not a finite number.
    """
    array = real_array(name, values).astype(float, copy=False)
    if not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        at = tuple(int(i) for i in bad[0])
        raise InputError(f"{name}: {len(bad)} values not finite, first at {at[0] if len(at) == 1 else at}; drop them")
    return array


def number(name: str, value: Any, expected: str, *, least: float = -np.inf, above: float = -np.inf) -> float:
    """`value` as a float, if it is a finite number, at least `least` and greater than `above`.

    Raises
    ------
    InputError : if it is not; `expected` says what it should have been.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        found = value if isinstance(value, (str, bool)) or value is None else type(value).__name__
        raise InputError(f"{name}: {found!r} found, expected {expected}")
    if not (np.isfinite(value) and value >= least and value > above):
        raise InputError(f"{name}: {value!r} found, expected {expected}")
    return float(value)


def sampling_times(
    system: SymbolicSystem, times: Any, periods: float | None, per_period: int
) -> tuple[Float[np.ndarray, "time"], int]:
    """The instants to record, in the order of integration, and the direction of time: 1 or -1."""
    if times is not None:
        if periods is not None:
            raise InputError(f"{system.name}: times and periods both given; expected one of them")
        grid = numbers("times", times)
        if grid.ndim != 1 or len(grid) == 0:
            raise InputError(f"times: shape {grid.shape} found, expected (time,) with at least one instant")
        steps = np.diff(grid)
        if (steps > 0).all():
            return grid, 1
        if (steps < 0).all():
            return grid, -1
        falls = (steps < 0).sum() > (steps > 0).sum()
        row = int(np.argmax(steps >= 0 if falls else steps <= 0)) + 1
        raise InputError(
            f"times: {grid[row]:.9g} at row {row} follows {grid[row - 1]:.9g}; "
            "expected times that rise throughout (or fall throughout, for a run backward)"
        )
    if periods is None:
        raise InputError(f"{system.name}: no times found; give times=, or periods= (and per_period=)")
    span = number("periods", periods, "a positive number", above=0)
    density = number("per_period", per_period, "at least 1 point per period", least=1)
    if system.period is None:
        raise InputError(f"{system.name}: its period is not known; give times=, or define it with period=")
    count = max(1, round(span * density))
    return np.arange(count) * (system.period / density), 1


def duration(name: str, value: float | None) -> float:
    """A length of time, 0 if None."""
    return 0.0 if value is None else number(name, value, "a length of time, 0 or more", least=0)


def run_count(runs: int | None) -> int | None:
    """The number of runs asked for, checked."""
    if runs is None:
        return None
    if isinstance(runs, bool) or not isinstance(runs, (int, np.integer)) or runs < 1:
        raise InputError(f"runs: {runs!r} found, expected a whole number, at least 1")
    return int(runs)


def initial_states(system: SymbolicSystem, initial: Any) -> Float[np.ndarray, "run state"]:
    """Initial states with a run axis, and checked against the size of the state."""
    start = numbers("initial", initial)
    if start.ndim not in (1, 2) or start.shape[-1] != system.dimension or len(start) == 0:
        raise InputError(
            f"initial: shape {start.shape} found, expected ({system.dimension},) or (run, {system.dimension}) "
            f"for {system.name} ({', '.join(system.state_names[:6])}{', ...' if system.dimension > 6 else ''})"
        )
    return np.atleast_2d(start)


def parameter_table(
    system: SymbolicSystem, overrides: Mapping[str, Any] | None
) -> tuple[Float[np.ndarray, "run parameter"], bool]:
    """Parameter values with a run axis of length 1 or the number of runs, and whether that axis was given."""
    values = system.parameter_values[None]
    if not overrides:
        return values, False
    names = list(system.parameters)
    columns: dict[str, np.ndarray] = {}
    for name, given in overrides.items():
        if name not in system.parameters:
            raise UnknownNameError(f"parameter of {system.name}", name, names)
        column = numbers(f"parameter {name}", given)
        if column.ndim > 1 or column.size == 0:
            raise InputError(f"parameter {name}: shape {column.shape} found, expected a number or (run,)")
        columns[name] = column
    lengths = {len(c) for c in columns.values() if c.ndim == 1}
    if len(lengths) > 1:
        raise InputError(f"parameters: arrays of lengths {sorted(lengths)} found, expected one value for each run")
    table = np.repeat(values, max(lengths, default=1), axis=0)
    for name, column in columns.items():
        table[:, names.index(name)] = column
    return table, bool(lengths)


def align(start: np.ndarray, table: np.ndarray, runs: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Initial states and parameters with one row for each run.

    Raises
    ------
    InputError : if the numbers of runs disagree.
    """
    sizes = {"initial": len(start), "parameters": len(table), "runs": runs or 1}
    total = max(sizes.values())
    for name, size in sizes.items():
        if size not in (1, total):
            other = next(k for k, v in sizes.items() if v == total)
            raise InputError(f"{name}: {size} runs found, but {other} is for {total}")
    return (
        start if len(start) == total else np.repeat(start, total, axis=0),
        table if len(table) == total else np.repeat(table, total, axis=0),
    )
