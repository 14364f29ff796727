"""From filled columns to runs: runs parted, time put in order or refused, dates turned to seconds."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from inscape.errors import InputError
from inscape.trajectories.collection import Trajectories
from inscape.trajectories.findings import GuessWarning
from inscape.trajectories.request import Parts, Request
from inscape.trajectories.trajectory import Trajectory


class Sheet:
    """Columns of a table while it is read: arrays of known length, filled block by block.

    Parameters
    ----------
    rows : how many rows there are at most; memory is touched only as it fills.
    """

    def __init__(self, file: str, parts: Parts, rows: int, request: Request):
        self.file, self.parts, self.request = file, parts, request
        self.times = None if parts.time is None else np.empty(rows)
        self.states = np.empty((rows, len(parts.states)), request.dtype)
        self.inputs = np.empty((rows, len(parts.inputs)), request.dtype) if parts.inputs else None
        self.labels: list[Any] = []
        self._label_numbers: dict[Any, int] = {}
        self.runs = None if parts.run is None else np.empty(rows, np.int64)
        self.context: dict[str, float | str] = {}
        self.filled = 0

    def take(self, count: int, column: Any) -> None:
        """Append `count` rows; `column(position)` gives a column of the block as an array."""
        rows = slice(self.filled, self.filled + count)
        if rows.stop > len(self.states):
            raise InputError(f"{self.file}: changed while it was read; read it again when it is complete")
        if self.times is not None:
            self.times[rows] = column(self.parts.time)
        for k, i in enumerate(self.parts.states):
            self.states[rows, k] = column(i)
        if self.inputs is not None:
            for k, i in enumerate(self.parts.inputs):
                self.inputs[rows, k] = column(i)
        if self.runs is not None:
            self.runs[rows] = self._numbered(column(self.parts.run))
        self.filled += count

    def _numbered(self, labels: np.ndarray) -> np.ndarray:
        import pandas

        places, values = pandas.factorize(labels)
        if (places < 0).any():
            row = self.filled + int(np.argmax(places < 0)) + 1
            name = self.parts.names[self.parts.run or 0]
            raise InputError(f"{self.file}: column {name!r} names no run at row {row}; fill or drop such rows")
        for value in values.tolist():
            if value not in self._label_numbers:
                self._label_numbers[value] = len(self.labels)
                self.labels.append(value)
        return np.array([self._label_numbers[value] for value in values.tolist()], np.int64)[places]

    def restate_time(self, unit: str, notes: tuple[str, ...]) -> None:
        """State the unit that dates were turned into, unless the user stated one."""
        units = {"time": unit, **self.request.units} | {n: u for n, u in self.parts.units.items() if n != "time"}
        self.parts = replace(self.parts, units=units, notes=(*self.parts.notes, *notes))

    def runs_of(self) -> Trajectory | Trajectories:
        """The runs that the columns hold.

        Raises
        ------
        InputError : if there is no row, or time is missing, goes back or stands still and no mend was asked for.
        """
        if self.filled == 0:
            raise InputError(f"{self.file}: no sample found, only a header; expected at least one row of numbers")
        times = None if self.times is None else self.times[: self.filled]
        states = self.states[: self.filled]
        inputs = None if self.inputs is None else self.inputs[: self.filled]
        if self.parts.guessed:
            warnings.warn(self.parts.notes[-1], GuessWarning, stacklevel=4)
        if self.runs is None:
            return self._run(times, states, inputs, {}, np.arange(0))
        numbers = self.runs[: self.filled]
        order = np.argsort(numbers, kind="stable")
        bounds = np.searchsorted(numbers[order], np.arange(len(self.labels) + 1))
        name = self.parts.names[self.parts.run or 0]
        found = []
        for number, label in enumerate(self.labels):
            rows = order[bounds[number] : bounds[number + 1]]
            if rows[-1] - rows[0] == len(rows) - 1:
                rows_or_span: Any = slice(rows[0], rows[-1] + 1)
            else:
                rows_or_span = rows
            found.append(
                self._run(
                    None if times is None else times[rows_or_span],
                    states[rows_or_span],
                    None if inputs is None else inputs[rows_or_span],
                    {name: _number_or_text(label)},
                    rows,
                )
            )
        return Trajectories(found)

    def _run(
        self,
        times: np.ndarray | None,
        states: np.ndarray,
        inputs: np.ndarray | None,
        context: dict[str, float | str],
        rows: np.ndarray,
    ) -> Trajectory:
        if times is None:
            times = np.arange(len(states)) * float(self.request.dt or 1.0)
        elif self.parts.guessed and not rises_evenly(times):
            name = self.parts.names[self.parts.time or 0]
            raise InputError(
                f"{self.file}: no time column found; {name!r} rises in even steps at first, later it does not; "
                f"time={name!r} takes it all the same, or give dt=..."
            )
        times, states, inputs, notes = in_order(self.file, times, states, inputs, self.request, rows)
        return Trajectory(
            times,
            states,
            inputs,
            self.context | context,
            self.parts.state_names,
            self.parts.input_names,
            self.parts.units,
            self.file,
            (*self.parts.notes, *notes),
        )


def in_order(
    file: str,
    times: np.ndarray,
    states: np.ndarray,
    inputs: np.ndarray | None,
    request: Request,
    rows: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, tuple[str, ...]]:
    """Time made strictly increasing as far as the user asked for it, or an error that names the rows.

    Raises
    ------
    InputError : for times missing or infinite, unsorted without `sort`, or doubled with duplicates="error".
    """
    notes = []

    def named(found: np.ndarray) -> str:
        # Rows count data rows of the file from 1, as a spreadsheet below its header would.
        numbers = [int(rows[i]) + 1 if rows is not None and len(rows) else int(i) + 1 for i in found[:3]]
        return ", ".join(map(str, numbers)) + (", ..." if len(found) > 3 else "")

    bad = np.nonzero(~np.isfinite(times))[0]
    if len(bad):
        raise InputError(f"{file}: time is missing or infinite in {len(bad)} rows ({named(bad)}); fill or drop them")
    steps = np.diff(times)
    if (steps < 0).any():
        back = np.nonzero(steps < 0)[0] + 1
        if not request.sort:
            raise InputError(
                f"{file}: time goes back in {len(back)} rows ({named(back)}); "
                "sort=True (--sort) sorts them, run='column' (--run) parts several runs"
            )
        order = np.argsort(times, kind="stable")
        times, states = times[order], states[order]
        inputs = None if inputs is None else inputs[order]
        rows = order if rows is None or not len(rows) else rows[order]
        notes.append(f"{file}: rows were sorted by time, {len(back)} went back")
        steps = np.diff(times)
    if (steps == 0).any():
        twice = np.nonzero(steps == 0)[0] + 1
        if request.duplicates == "error":
            raise InputError(
                f"{file}: time stands still in {len(twice)} rows ({named(twice)}); "
                'duplicates="mean" or "first" (--duplicates mean) mends it, run=\'column\' (--run) parts several runs'
            )
        firsts = np.concatenate([[0], np.nonzero(steps > 0)[0] + 1])
        if request.duplicates == "first":
            states = states[firsts]
            inputs = None if inputs is None else inputs[firsts]
        else:
            states = _means(states, firsts)
            inputs = None if inputs is None else _means(inputs, firsts)
        times = times[firsts]
        notes.append(f"{file}: {len(twice)} rows of doubled time were merged ({request.duplicates})")
    return times, states, inputs, tuple(notes)


def rises_evenly(values: np.ndarray) -> bool:
    """Whether numbers, at least three, rise strictly in steps that are even to a thousandth."""
    if len(values) < 3 or not np.isfinite(values).all():
        return False
    steps = np.diff(values)
    return bool(steps.min() > 0 and np.ptp(steps) <= 1e-3 * np.median(steps))


def _means(values: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    present = np.isfinite(values)
    counts = np.add.reduceat(present, firsts, axis=0, dtype=np.int64)
    sums = np.add.reduceat(np.where(present, values, 0), firsts, axis=0)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).astype(values.dtype)


def _number_or_text(label: Any) -> float | str:
    try:
        number = float(label)
    except (TypeError, ValueError):
        return str(label)
    return int(number) if number.is_integer() else number
