"""A recording read piece by piece, so that more of it can be learned from than memory holds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.koopman.snapshots import Snapshots
from inscape.trajectories import Trajectory, as_trajectories


class Pieces:
    """Runs, or consecutive stretches of runs, checked as they come; each is let go before the next is read.

    Parameters
    ----------
    source : Trajectories, or any iterable of what `as_trajectories` takes.
    dt : sampling interval of plain arrays.
    joined : each piece goes on where the one before it ends; trajectories whose times say so are joined anyway.

    Attributes: `state_names`, `interval` and, of what was read so far, `samples` and `low`, `high` (state,).
    """

    def __init__(self, source: Iterable[Any], dt: float | None = None, joined: bool = False):
        self.source = source
        self.dt = dt
        self.joined = joined
        self.state_names: tuple[str, ...] = ()
        self.interval = 0.0
        self._forget(0)

    def snapshots(self, past: int, rows: int) -> Iterator[Snapshots]:
        """All pairs of windows, about `rows` at a time: short pieces are put together, long ones cut with overlap."""
        waiting: list[Snapshots] = []
        held = 0
        for part in self._parts(past, rows):
            waiting.append(part)
            held += len(part)
            if held >= rows:
                yield Snapshots.joined(waiting)
                waiting, held = [], 0
        if waiting:
            yield Snapshots.joined(waiting)

    def deviation(self) -> Float[np.ndarray, "state"]:
        """Standard deviation of each variable over what was read so far; 1 for one that stands still."""
        known = np.maximum(self._known, 1)
        variance = self._square / known - (self._sum / known) ** 2
        moves = variance > 1e-14 * self._square / known
        return np.where(moves, np.sqrt(np.maximum(variance, 0)), 1.0)

    def _parts(self, past: int, rows: int) -> Iterator[Snapshots]:
        number, place = -1, 0
        tail: np.ndarray | None = None
        last: Trajectory | None = None
        for piece in self._checked():
            if last is not None and (self.joined or self._goes_on(last, piece)):
                assert tail is not None
                states = np.concatenate([tail, piece.states])
            else:
                number, place = number + 1, 0
                states = np.asarray(piece.states, dtype=float)
            pairs = max(0, len(states) - past)
            for start in range(0, max(1, pairs), rows):
                yield Snapshots.of_states(states[start : start + rows + past], past, number, place + start)
            place += pairs
            tail, last = states[-past:], piece[-1:]

    def _checked(self) -> Iterator[Trajectory]:
        self._forget(len(self.state_names))
        number = 0
        for part in self.source:
            for piece in as_trajectories(part, self.dt):
                self._check(piece, number)
                self._count(np.asarray(piece.states, dtype=float))
                number += 1
                yield piece

    def _check(self, piece: Trajectory, number: int) -> None:
        if piece.input_names:
            raise InputError(
                f"piece {number}: inputs {', '.join(piece.input_names)} found, Koopman laws take none; select states"
            )
        if piece.states.ndim != 2:
            raise InputError(f"piece {number}: states of shape {piece.states.shape} found, expected (time, state)")
        if np.isinf(piece.states).any():
            raise InputError(f"piece {number}: infinite values found; mark missing samples as NaN")
        if not self.state_names:
            self.state_names = piece.state_names
            self._forget(len(self.state_names))
        if piece.state_names != self.state_names:
            raise InputError(f"piece {number}: variables {piece.state_names} found, expected {self.state_names}")
        if len(piece) == 1:
            return
        if not piece.is_uniform:
            raise InputError(
                f"piece {number}: uneven sampling found; resample it: inscape.trajectories.resample(piece, dt)"
            )
        self.interval = self.interval or piece.dt
        if abs(piece.dt - self.interval) > 1e-3 * self.interval:
            raise InputError(
                f"piece {number}: sampling interval {piece.dt:.6g} found, that of the first is {self.interval:.6g}; "
                "resample it: inscape.trajectories.resample(piece, dt)"
            )

    def _goes_on(self, last: Trajectory, piece: Trajectory) -> bool:
        gap = float(piece.times[0] - last.times[-1])
        return self.interval > 0 and abs(gap - self.interval) <= 1e-3 * self.interval

    def _forget(self, width: int) -> None:
        self.samples = 0
        self._known, self._sum, self._square = np.zeros(width), np.zeros(width), np.zeros(width)
        self.low, self.high = np.full(width, np.inf), np.full(width, -np.inf)

    def _count(self, states: np.ndarray) -> None:
        known = np.isfinite(states)
        values = np.where(known, states, 0.0)
        self.samples += len(states)
        self._known += known.sum(axis=0)
        self._sum += values.sum(axis=0)
        self._square += (values**2).sum(axis=0)
        self.low = np.minimum(self.low, np.where(known, states, np.inf).min(axis=0))
        self.high = np.maximum(self.high, np.where(known, states, -np.inf).max(axis=0))
