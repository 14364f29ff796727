"""inscape's own layout in a file: all runs end to end in a few arrays, and one line of JSON for the labels."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.trajectories.collection import Trajectories, as_trajectories
from inscape.trajectories.request import Request, asked_units
from inscape.trajectories.trajectory import Trajectory

VERSION = 1


@dataclass(frozen=True)
class Record:
    """Runs laid end to end.

    Parameters
    ----------
    times : (sample,) of all runs.
    states : (sample, *state).
    inputs : (sample, input) or None.
    labels : names, units, context, source, length and number type of each run; plain JSON.
    """

    times: np.ndarray
    states: np.ndarray
    inputs: np.ndarray | None
    labels: Mapping[str, Any]

    @property
    def many(self) -> bool:
        """Whether the runs are a collection, be it of one."""
        return bool(self.labels["many"])

    def text(self) -> str:
        """The labels as one line of ASCII."""
        return json.dumps(self.labels, separators=(",", ":"))


def record_of(trajectories: Trajectory | Trajectories) -> Record:
    """Lay runs end to end."""
    runs = as_trajectories(trajectories)
    first = runs[0]
    labels = collected_labels(first, [labels_of(run) for run in runs], isinstance(trajectories, Trajectories))
    if len(runs) == 1:
        return Record(first.times, first.states, first.inputs, labels)
    inputs = None if first.inputs is None else np.concatenate([run.inputs for run in runs])
    return Record(
        np.concatenate([run.times for run in runs]), np.concatenate([run.states for run in runs]), inputs, labels
    )


def collected_labels(first: Trajectory, each: list[dict[str, Any]], many: bool) -> dict[str, Any]:
    """The labels of a collection from its first run and the labels of each."""
    return {
        "inscape": VERSION,
        "many": many,
        "state_names": list(first.state_names),
        "input_names": list(first.input_names),
        "shape": list(first.states.shape[1:]),
        "runs": each,
    }


def labels_from(file: str, text: Any) -> dict[str, Any]:
    """The labels of a file in our layout, checked.

    Raises
    ------
    InputError : if the text is not JSON of a layout that this version knows.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        labels = json.loads(str(text))
        version = labels["inscape"]
        sound = version != VERSION or _is_sound(labels)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise InputError(f"{file}: its inscape labels are damaged; write it again from the source")
    if version != VERSION:
        raise InputError(f"{file}: written in layout {version!r}, this inscape reads layout {VERSION}; update inscape")
    return labels


def runs_from(
    file: str,
    labels: Mapping[str, Any],
    arrays: Callable[[str, slice], np.ndarray | None],
    request: Request,
    lazy: bool = False,
) -> Trajectory | Trajectories:
    """Runs from labels and the arrays "times", "states" and "inputs", each asked for slice by slice.

    With `lazy`, a run's numbers are asked for only when that run is looked at.

    Raises
    ------
    InputError : if the numbers do not fit the labels, or the request is for a file that has no labels.
    UnknownNameError : if a column asked for is not there.
    """
    stored = StoredRuns(file, labels, arrays, request)
    if not labels["many"]:
        return stored[0]
    return Trajectories.stored(stored) if lazy else Trajectories(stored)


def _names_asked(file: str, labels: Mapping[str, Any], request: Request) -> tuple[tuple[str, ...], tuple[str, ...]]:
    states, inputs = tuple(labels["state_names"]), tuple(labels["input_names"])
    for option, value in (("dt", request.dt), ("time", request.time), ("run", request.run)):
        if value is not None:
            raise InputError(
                f"{file}: {option}={value!r} given, but the file holds its own times and runs; leave it out"
            )
    for name in (*(request.columns or ()), *request.inputs):
        if name not in (*states, *inputs):
            raise UnknownNameError(f"{file}: column", name, (*states, *inputs))
    driven = (*inputs, *(name for name in request.inputs if name not in inputs))
    if request.columns is None:
        return tuple(name for name in states if name not in request.inputs), driven
    both = set(request.columns) & set(request.inputs)
    if both:
        raise InputError(f"{file}: {both.pop()!r} is asked for as state and as input")
    return request.columns, tuple(name for name in driven if name not in request.columns)


def _is_sound(labels: Mapping[str, Any]) -> bool:
    names = [*labels["state_names"], *labels["input_names"]]
    sound = isinstance(labels["many"], bool) and len(labels["runs"]) > 0 and len(set(names)) == len(names)
    sound &= all(isinstance(name, str) for name in names)
    sound &= all(type(size) is int and size > 0 for size in labels["shape"]) and len(labels["shape"]) > 0
    sound &= not labels["state_names"] or labels["shape"] == [len(labels["state_names"])]
    for run in labels["runs"]:
        sound &= type(run["length"]) is int and run["length"] > 0
        sound &= isinstance(run["context"], dict) and isinstance(run["source"], str)
        sound &= all(isinstance(value, (str, int, float)) for value in run["context"].values())
        sound &= all(isinstance(unit, str) for unit in run["units"].values())
        sound &= {run["dtype"], run["input_dtype"]} <= {"float32", "float64"}
        sound &= all(isinstance(note, str) for note in run.get("notes", ()))
    return bool(sound)


class StoredRuns(Sequence[Trajectory]):
    """Runs that stay in a store until they are looked at."""

    def __init__(
        self,
        file: str,
        labels: Mapping[str, Any],
        arrays: Callable[[str, slice], np.ndarray | None],
        request: Request,
    ):
        self._file, self._labels, self._arrays, self._request = file, labels, arrays, request
        self.state_names, self.input_names = _names_asked(file, labels, request)
        self.lengths = tuple(int(run["length"]) for run in labels["runs"])
        self._ends = np.cumsum(self.lengths)

    def __len__(self) -> int:
        return len(self.lengths)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        about = self._labels["runs"][index]
        rows = slice(int(self._ends[index]) - self.lengths[index], int(self._ends[index]))
        times, states = self._arrays("times", rows), self._arrays("states", rows)
        inputs = self._arrays("inputs", rows) if self._labels["input_names"] else None
        if times is None or states is None or len(times) != self.lengths[index]:
            raise InputError(f"{self._file}: run {index} is cut short; write it again from the source")
        dtype = np.dtype(about["dtype"])
        if np.size(states) != len(times) * int(np.prod(self._labels["shape"])):
            raise InputError(f"{self._file}: run {index} has states of shape {np.shape(states)}; the file is damaged")
        run = Trajectory(
            times,
            np.asarray(states).reshape(len(times), *self._labels["shape"]).astype(dtype, copy=False),
            None if inputs is None else np.asarray(inputs).astype(np.dtype(about["input_dtype"]), copy=False),
            about["context"],
            tuple(self._labels["state_names"]),
            tuple(self._labels["input_names"]),
            about["units"],
            about["source"],
            tuple(about.get("notes", ())),
        )
        return self._as_asked(run)

    def _as_asked(self, run: Trajectory) -> Trajectory:
        if self._request.dtype == np.float32:
            inputs = None if run.inputs is None else run.inputs.astype(np.float32)
            run = run.replace(states=run.states.astype(np.float32), inputs=inputs)
        if self._request.units:
            known = (*run.state_names, *run.input_names, "time")
            run = run.replace(units={**run.units, **asked_units(self._file, self._request, known)})
        if (self.state_names, self.input_names) == (run.state_names, run.input_names):
            return run
        columns = {name: run.states[:, i] for i, name in enumerate(run.state_names)}
        if run.inputs is not None:
            columns |= {name: run.inputs[:, i] for i, name in enumerate(run.input_names)}
        driven = np.stack([columns[name] for name in self.input_names], axis=1) if self.input_names else None
        kept = {*self.state_names, *self.input_names, "time"}
        return run.replace(
            states=np.stack([columns[name] for name in self.state_names], axis=1),
            state_names=self.state_names,
            inputs=driven,
            input_names=self.input_names,
            units={name: unit for name, unit in run.units.items() if name in kept},
        )


def plain(value: Any) -> float | str:
    """A context value as JSON takes it: NumPy's scalars become Python's."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, (bool, int, float, str)):
        return value
    raise InputError(f"context: value {value!r} of type {type(value).__name__} found, expected a number or a text")


def labels_of(run: Trajectory) -> dict[str, Any]:
    """What one run says of itself, as plain JSON."""
    return {
        "length": len(run),
        "context": {str(name): plain(value) for name, value in run.context.items()},
        "units": dict(run.units),
        "source": run.source,
        "dtype": run.states.dtype.name,
        "input_dtype": "float64" if run.inputs is None else run.inputs.dtype.name,
        "notes": list(run.notes),
    }
