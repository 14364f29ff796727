"""From a file of named arrays to a run: which array is time, which are states, which drove the system."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.assembly import in_order, rises_evenly
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.findings import GuessWarning
from inscape.trajectories.request import Request, asked_units, time_unit_of_name
from inscape.trajectories.trajectory import Trajectory


class StoredArray(Protocol):
    """An array that may still lie in its file."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> Any: ...
    def __getitem__(self, key: Any) -> Any: ...


@dataclass(frozen=True)
class Labels:
    """What a file says of its arrays beyond their names: units, context, and names of an array's columns."""

    units: Mapping[str, str]
    context: Mapping[str, float | str]
    columns: Mapping[str, tuple[str, ...]]


class Column:
    """One column of a stored array of records, left in its file until it is asked for."""

    def __init__(self, array: StoredArray, field: str):
        self._array, self._field = array, field
        self.shape, self.dtype = tuple(array.shape), np.dtype(array.dtype)[field]

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self._array[key][self._field])


def with_columns_apart(arrays: Mapping[str, Any]) -> dict[str, StoredArray]:
    """The arrays, those of records replaced by their columns."""
    apart: dict[str, StoredArray] = {}
    for name, array in arrays.items():
        fields = np.dtype(array.dtype).names
        if fields:
            apart |= {f"{name}/{field}": Column(array, field) for field in fields}
        else:
            apart[name] = array
    return apart


def refuse_unbelievable(file: str, array: str, claimed: int, stored: int) -> None:
    """Damaged headers claim any size: hold the claim against the file before memory is taken for it.

    Raises
    ------
    InputError : if an array claims more than 256 MiB and more than 16,384 times its file, beyond what packing yields.
    """
    if claimed > (1 << 28) and claimed > (stored << 14):
        raise InputError(
            f"{file}: array {array!r} claims {claimed:.3g} bytes in a file of {stored}; the file is damaged"
        )


NO_LABELS = Labels({}, {}, {})


def run_from_arrays(
    file: str,
    arrays: Mapping[str, StoredArray],
    request: Request,
    labels: Labels = NO_LABELS,
    *,
    transposed: bool = False,
) -> Trajectory | Trajectories:
    """Build a run, or several where one array is (run, time, state), from named arrays.

    One-dimensional arrays of one length are taken together, each a state variable; one array of more dimensions is
    taken alone. With `transposed` (MATLAB's habit) an array may have time as its last axis.

    Raises
    ------
    InputError : if no array of numbers is there, time is not found and no `dt` given, or several arrays could be meant.
    UnknownNameError : if an array asked for is not there.
    """
    arrays = with_columns_apart(arrays)
    numeric = {n: a for n, a in arrays.items() if np.dtype(a.dtype).kind in "biuf" and max(a.shape, default=0) > 1}
    single = {n: a for n, a in arrays.items() if np.dtype(a.dtype).kind in "biuf" and a.shape and 0 not in a.shape}
    numeric = numeric or single
    if not numeric:
        objects = sorted(n for n, a in arrays.items() if np.dtype(a.dtype).kind in "OV")
        held = f"; {', '.join(objects[:5])} hold objects" if objects else ""
        raise InputError(f"{file}: no array of numbers found{held}; expected time and states")

    def named(asked: str) -> str:
        if asked not in arrays:
            raise UnknownNameError(f"{file}: array", asked, arrays)
        kind = np.dtype(arrays[asked].dtype).kind
        if kind not in "biuf" or not arrays[asked].shape:
            raise InputError(
                f"{file}: array {asked!r} of type {arrays[asked].dtype} found, expected an array of numbers"
            )
        return asked

    notes: list[str] = []
    inputs = [named(name) for name in request.inputs]
    if request.run is not None:
        raise InputError(f"{file}: run={request.run!r} is for tables; arrays hold runs along their first axis")
    time = _time(file, numeric, request, {*inputs, *(request.columns or ())}, named, notes)
    times = None if time is None else np.asarray(arrays[time][...], float).reshape(-1)
    if request.columns is not None:
        chosen = [named(name) for name in request.columns]
    else:
        chosen = _states(file, numeric, {time, *inputs}, None if times is None else len(times), transposed, request)
    pieces = {n: _oriented(file, n, arrays[n], times, request.dtype, transposed, notes) for n in (*chosen, *inputs)}
    states, names = _joined(file, chosen, pieces, labels)
    driven, input_names = _joined(file, inputs, pieces, labels) if inputs else (None, ())
    if driven is not None and driven.ndim != 2:
        raise InputError(f"{file}: inputs of shape {driven.shape} found, expected (time, input)")
    if times is None:
        times = np.arange(len(states)) * float(request.dt or 1.0)
    if len(times) != len(states):
        raise InputError(f"{file}: {len(times)} times for states of shape {states.shape}, expected as many")
    units = _units(file, time, labels, names, input_names, request)
    times, states, driven, mended = in_order(file, times, states, driven, request)
    context = dict(labels.context)
    return Trajectory(times, states, driven, context, names, input_names, units, file, (*notes, *mended))


def _time(
    file: str, arrays: Mapping[str, StoredArray], request: Request, taken: set[str], named: Any, notes: list[str]
) -> str | None:
    lines = {n: a for n, a in arrays.items() if sum(size > 1 for size in a.shape) <= 1 and n not in taken}
    likely = [n for n in lines if time_unit_of_name(_leaf(n)) is not None]
    if request.time is not None:
        return named(request.time)
    if request.dt is not None:
        if likely:
            notes.append(f"{file}: dt={request.dt:g} given, so array {likely[0]!r} is left out")
        return None
    exact = [n for n in likely if _leaf(n).lower() in ("time", "t")]
    if len(likely) == 1 or len(exact) == 1:
        time = (exact or likely)[0]
        notes.append(f"{file}: array {time!r} is taken as time, for its name")
        return time
    if likely:
        raise InputError(
            f"{file}: arrays {', '.join(map(repr, likely))} all look like time; say which: time={likely[0]!r}"
        )
    rising = [n for n, a in lines.items() if rises_evenly(np.asarray(a[...], float).reshape(-1))]
    if len(rising) == 1 and len(arrays) > 1:
        notes.append(f"{file}: array {rising[0]!r} is taken as time, for it rises in even steps")
        warnings.warn(notes[-1], GuessWarning, stacklevel=5)
        return rising[0]
    raise InputError(
        f"{file}: no time among {_described(arrays)}; give the sampling interval, dt=..., or name the array, time='...'"
    )


def _states(
    file: str,
    arrays: Mapping[str, StoredArray],
    taken: set[str | None],
    length: int | None,
    transposed: bool,
    request: Request,
) -> list[str]:
    dated = {n for n in arrays if request.dt is not None and time_unit_of_name(_leaf(n)) is not None}
    fitting = {}
    for name, array in arrays.items():
        if name in taken or name in dated:
            continue
        axes = (array.shape[0], array.shape[-1]) if transposed or 1 in array.shape else array.shape[:1]
        if length is None or length in axes:
            fitting[name] = array
    lines = [n for n, a in fitting.items() if sum(size > 1 for size in a.shape) <= 1]
    if len(fitting) == 1:
        return list(fitting)
    if fitting and len(lines) == len(fitting) and len({max(a.shape) for a in fitting.values()}) == 1:
        return lines
    if not fitting:
        raise InputError(f"{file}: no array has the {length} samples of time among {_described(arrays)}; columns=[...]")
    raise InputError(f"{file}: several arrays could be the states: {_described(fitting)}; say which, columns=['...']")


def _oriented(
    file: str,
    name: str,
    array: StoredArray,
    times: np.ndarray | None,
    dtype: np.dtype,
    transposed: bool,
    notes: list[str],
) -> np.ndarray:
    values = np.asarray(array[...], dtype)
    if values.ndim == 2 and 1 in values.shape:
        # MATLAB knows no vectors: a row and a column are both one line of samples.
        if times is None or values.shape[0] != len(times):
            return values.reshape(-1)
        return values
    if transposed and times is not None and values.ndim > 1 and values.shape[0] != len(times) == values.shape[-1]:
        notes.append(f"{file}: array {name!r} of shape {values.shape} has time last and was turned")
        return np.ascontiguousarray(np.moveaxis(values, -1, 0))
    if times is not None and (values.ndim == 0 or len(values) != len(times)):
        raise InputError(f"{file}: array {name!r} of shape {values.shape} found, expected {len(times)} samples")
    return values


def _joined(
    file: str, names: list[str], pieces: Mapping[str, np.ndarray], labels: Labels
) -> tuple[np.ndarray, tuple[str, ...]]:
    if len(names) == 1 and pieces[names[0]].ndim != 1 and pieces[names[0]].shape[1:] != (1,):
        values = pieces[names[0]]
        if values.ndim != 2:
            return values, ()
        known = labels.columns.get(names[0], ())
        stem = _leaf(names[0])
        stem = "x" if stem in ("states", "x", "data") else stem
        return values, known if len(known) == values.shape[1] else tuple(f"{stem}{i}" for i in range(values.shape[1]))
    parts, out = [], []
    for name in names:
        piece = pieces[name]
        if piece.ndim > 2 or len(piece) != len(pieces[names[0]]):
            shapes = ", ".join(f"{n} {pieces[n].shape}" for n in names)
            raise InputError(f"{file}: arrays do not stand side by side: {shapes}; take one, columns=['...']")
        piece = piece[:, None] if piece.ndim == 1 else piece
        known = labels.columns.get(name, ())
        if piece.shape[1] == 1:
            out.append(_leaf(name))
        else:
            out += list(known) if len(known) == piece.shape[1] else [f"{_leaf(name)}{i}" for i in range(piece.shape[1])]
        parts.append(piece)
    if len(set(out)) != len(out):
        out = (
            [name.replace("/", "_") for name in names] if len(out) == len(names) else [f"x{i}" for i in range(len(out))]
        )
    return np.concatenate(parts, axis=1), tuple(out)


def _units(
    file: str,
    time: str | None,
    labels: Labels,
    names: tuple[str, ...],
    input_names: tuple[str, ...],
    request: Request,
) -> dict[str, str]:
    by_leaf = {_leaf(name): unit for name, unit in labels.units.items()}
    units = {name: by_leaf[name] for name in (*names, *input_names) if by_leaf.get(name)}
    unit = (labels.units.get(time) or time_unit_of_name(_leaf(time))) if time is not None else None
    if unit:
        units["time"] = unit
    return units | asked_units(file, request, (*names, *input_names, "time"))


def _leaf(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def _described(arrays: Mapping[str, StoredArray], most: int = 8) -> str:
    shown = ", ".join(f"{name} {tuple(array.shape)}" for name, array in list(arrays.items())[:most])
    return shown + (f", ... ({len(arrays)} in all)" if len(arrays) > most else "")
