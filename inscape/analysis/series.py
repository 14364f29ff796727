"""What a measurement reads: the one door through which recordings come in as plain, checked numbers."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.arrays import real_array
from inscape.errors import InputError
from inscape.trajectories import Trajectories, Trajectory


def points_of(
    recording: Any, name: str = "states", *, least: int = 2, missing: bool = False
) -> Float[np.ndarray, "time state"]:
    """The states of one run as a contiguous (time, state) array of doubles.

    Parameters
    ----------
    recording : a Trajectory, a set of one run, a (time,) or a (time, state) array of real numbers.
    name : what an error calls it.
    least : the smallest number of samples that will do.
    missing : whether NaN (a missing sample) may stand in it.

    Raises
    ------
    InputError : if it is none of these, too short, or not finite.
    """
    if isinstance(recording, Trajectories):
        if len(recording) != 1:
            raise InputError(f"{name}: {len(recording)} runs found, expected one; measure them one by one")
        recording = recording[0]
    array = real_numbers(recording.states if isinstance(recording, Trajectory) else recording, name)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or array.shape[1] == 0:
        raise InputError(f"{name}: shape {array.shape} found, expected (time,) or (time, state)")
    if len(array) < least:
        raise InputError(f"{name}: {len(array)} samples found, expected at least {least}")
    check_finite(array, name, missing=missing)
    return np.ascontiguousarray(array)


def series_of(
    recording: Any, name: str = "series", *, column: int | str = 0, least: int = 2
) -> Float[np.ndarray, "time"]:
    """One variable of one run as a (time,) array of doubles: the first one, or `column` by number or state name.

    Raises
    ------
    InputError : as of `points_of`, or if there is no such column.
    """
    if isinstance(column, str):
        names = recording.state_names if isinstance(recording, Trajectory | Trajectories) else ()
        if column not in names:
            raise InputError(
                f"column: {shown(column)} found, expected one of {', '.join(names) or 'the column numbers'}"
            )
        column = names.index(column)
    column = whole(column, "column", 0)
    points = points_of(recording, name, least=least)
    if column >= points.shape[1]:
        raise InputError(f"column: {column} found, expected 0 to {points.shape[1] - 1}")
    return np.ascontiguousarray(points[:, column])


def interval_of(recording: Any, dt: float | None) -> float:
    """The sampling interval: `dt` if given, else that of a trajectory, else 1.

    Raises
    ------
    InputError : if `dt` is not positive, or the trajectory is sampled unevenly.
    """
    if dt is not None:
        return positive(dt, "dt")
    if isinstance(recording, Trajectories) and len(recording) == 1:
        recording = recording[0]
    if not isinstance(recording, Trajectory):
        return 1.0
    if not recording.is_uniform:
        raise InputError("times: unevenly sampled run found, expected one interval; resample it first")
    return recording.dt


def real_numbers(values: Any, name: str) -> Float[np.ndarray, "..."]:
    """`values` as an array of doubles, or `InputError` if they are not real numbers."""
    return real_array(name, values).astype(float, copy=False)


def check_finite(array: Float[np.ndarray, "..."], name: str, *, missing: bool = False) -> None:
    """Raise `InputError` where a value is infinite, or NaN unless missing samples are welcome."""
    bad = np.isinf(array) if missing else ~np.isfinite(array)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        row = first[0] if len(first) == 1 else first
        raise InputError(
            f"{name}: {int(bad.sum())} values not finite, first at {row}; drop them or fill the gaps first"
        )


def shown(value: Any) -> str:
    """What a message says of a value: itself where it is short, else its kind, so that the message stays one line."""
    text = repr(value)
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    return text if len(text) <= 60 and "\n" not in text else f"{type(value).__name__} {text[:40].splitlines()[0]}..."


def one_of(value: Any, name: str, known: tuple[str, ...]) -> str:
    """`value` if it is one of the `known` words, else `InputError`."""
    if not isinstance(value, str) or value not in known:
        raise InputError(f"{name}: {shown(value)} found, expected {', '.join(map(repr, known))}")
    return value


def generator(seed: Any) -> np.random.Generator:
    """The random numbers of a seed: a whole number of zero or more, a `Generator`, or None for new ones each time."""
    if seed is not None and not isinstance(seed, np.random.Generator):
        seed = whole(seed, "seed", 0)
    return np.random.default_rng(seed)


def truth_value(value: Any, name: str) -> bool:
    """`value` as a bool, or `InputError` if it is not True or False."""
    if not isinstance(value, bool | np.bool_):
        raise InputError(f"{name}: {shown(value)} found, expected True or False")
    return bool(value)


def number(value: Any, name: str, expected: str = "a finite number") -> float:
    """`value` as a float, or `InputError` if it is not one finite real number."""
    if isinstance(value, bool) or not isinstance(value, Real) or not np.isfinite(float(value)):
        raise InputError(f"{name}: {shown(value)} found, expected {expected}")
    return float(value)


def positive(value: Any, name: str) -> float:
    """`value` as a float, or `InputError` if it is not a positive finite number."""
    expected = "a positive number"
    if number(value, name, expected) <= 0:
        raise InputError(f"{name}: {shown(value)} found, expected {expected}")
    return float(value)


def at_least_zero(value: Any, name: str) -> float:
    """`value` as a float, or `InputError` if it is not a finite number of zero or more."""
    expected = "a number of at least zero"
    if number(value, name, expected) < 0:
        raise InputError(f"{name}: {shown(value)} found, expected {expected}")
    return float(value)


def share(value: Any, name: str) -> float:
    """`value` as a float, or `InputError` if it does not lie between 0 and 1."""
    expected = "a share between 0 and 1"
    if not 0 < number(value, name, expected) < 1:
        raise InputError(f"{name}: {shown(value)} found, expected {expected}")
    return float(value)


def whole(value: Any, name: str, least: int = 1) -> int:
    """`value` as an int, or `InputError` if it is not a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{name}: {shown(value)} found, expected a whole number of at least {least}")
    return int(value)
