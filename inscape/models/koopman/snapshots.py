"""Snapshot pairs of a recording: windows of the past and the windows one sample later, in pieces that fit memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from inscape.trajectories import Trajectory


@dataclass(frozen=True, eq=False)
class Snapshots:
    """Snapshot pairs (x_m, y_m = F(x_m)); a snapshot is a window (past, state), oldest sample first.

    Parameters
    ----------
    windows : (window, past, state); neighbours in time share theirs, so that features are computed once.
    first, second : (pair,) rows of `windows`: before and after one step.
    run : (pair,) number of the run that a pair is of.
    missing : pairs that were left out since a value is not a number.
    """

    windows: Float[np.ndarray, "window past state"]
    first: Int[np.ndarray, "pair"]
    second: Int[np.ndarray, "pair"]
    run: Int[np.ndarray, "pair"]
    missing: int = 0

    def __len__(self) -> int:
        return len(self.first)

    @property
    def before(self) -> Float[np.ndarray, "pair past state"]:
        return self.windows[self.first]

    @property
    def after(self) -> Float[np.ndarray, "pair past state"]:
        return self.windows[self.second]

    def at(self, pairs: np.ndarray) -> Snapshots:
        """Some of the pairs, by place or by mask, with no other windows than theirs."""
        first, second = self.first[pairs], self.second[pairs]
        used, places = np.unique(np.concatenate([first, second]), return_inverse=True)
        return Snapshots(self.windows[used], places[: len(first)], places[len(first) :], self.run[pairs])

    @classmethod
    def joined(cls, parts: Iterable[Snapshots]) -> Snapshots:
        """All pairs of several pieces."""
        pieces = list(parts)
        if len(pieces) == 1:
            return pieces[0]
        shifts = np.concatenate([[0], np.cumsum([len(p.windows) for p in pieces])])[:-1]
        return cls(
            np.concatenate([p.windows for p in pieces]),
            np.concatenate([p.first + s for p, s in zip(pieces, shifts, strict=True)]),
            np.concatenate([p.second + s for p, s in zip(pieces, shifts, strict=True)]),
            np.concatenate([p.run for p in pieces]),
            sum(p.missing for p in pieces),
        )

    @classmethod
    def of_run(cls, run: Trajectory, past: int, number: int = 0) -> Snapshots:
        """Every pair of windows of one run, one sample apart; pairs with a missing value are left out and counted."""
        states = np.asarray(run.states, dtype=float)
        if len(states) <= past:
            none = np.empty(0, dtype=int)
            return cls(np.empty((0, past, states.shape[1])), none, none, none)
        windows = np.lib.stride_tricks.sliding_window_view(states, past, axis=0).transpose(0, 2, 1)
        whole = np.isfinite(windows).all(axis=(1, 2))
        first = np.flatnonzero(whole[:-1] & whole[1:])
        pairs = cls(windows, first, first + 1, np.full(len(first), number))
        missing = len(windows) - 1 - len(first)
        if missing:
            kept = pairs.at(np.arange(len(first)))
            return cls(kept.windows, kept.first, kept.second, kept.run, missing)
        return pairs

    @classmethod
    def of_pairs(cls, before: np.ndarray, after: np.ndarray) -> Snapshots:
        """From (pair, past, state) windows before and after one step, each pair on its own."""
        known = np.isfinite(before).all(axis=(1, 2)) & np.isfinite(after).all(axis=(1, 2))
        count = int(known.sum())
        places = np.arange(count)
        windows = np.concatenate([before[known], after[known]])
        return cls(windows, places, places + count, np.flatnonzero(known), len(before) - count)


def in_pieces(runs: Iterable[Trajectory], past: int, rows: int) -> Iterator[Snapshots]:
    """The pairs of all runs in pieces of at most `rows`; short runs are put together, long ones cut with overlap."""
    waiting: list[Snapshots] = []
    held = 0
    for number, run in enumerate(runs):
        for start in range(0, max(1, len(run) - past), rows):
            piece = Snapshots.of_run(run[start : start + rows + past], past, number)
            if waiting and held + len(piece) > rows:
                yield Snapshots.joined(waiting)
                waiting, held = [], 0
            waiting.append(piece)
            held += len(piece)
    if waiting:
        yield Snapshots.joined(waiting)
