"""Snapshot pairs of a recording: windows of the past, and the windows one sample later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, eq=False)
class Snapshots:
    """Snapshot pairs (x_m, y_m = F(x_m)); a snapshot is a window (past, state), oldest sample first.

    Parameters
    ----------
    windows : (window, past, state); neighbours in time share theirs, so that features are computed once.
    first, second : (pair,) rows of `windows`: before and after one step.
    run : (pair,) number of the run that a pair is of.
    place : (pair,) its place in the run.
    missing : pairs that were left out since a value is not a number.
    """

    windows: Float[np.ndarray, "window past state"]
    first: Int[np.ndarray, "pair"]
    second: Int[np.ndarray, "pair"]
    run: Int[np.ndarray, "pair"]
    place: Int[np.ndarray, "pair"]
    missing: int = 0

    def __len__(self) -> int:
        return len(self.first)

    def at(self, pairs: np.ndarray | slice) -> Snapshots:
        """Some of the pairs, by place or by mask, with their windows alone; what is missing stays counted."""
        first, second = self.first[pairs], self.second[pairs]
        used = np.zeros(len(self.windows), dtype=bool)
        used[first] = used[second] = True
        where = np.cumsum(used) - 1
        return Snapshots(
            self.windows[used], where[first], where[second], self.run[pairs], self.place[pairs], self.missing
        )

    def in_rows(self, rows: int) -> Iterator[Snapshots]:
        """The pairs in pieces of at most `rows`; what is missing is counted in the first."""
        if len(self) <= rows:
            yield self
            return
        for start in range(0, len(self), rows):
            yield replace(self.at(slice(start, start + rows)), missing=0 if start else self.missing)

    @classmethod
    def joined(cls, parts: Iterable[Snapshots]) -> Snapshots:
        """All pairs of several pieces."""
        pieces = list(parts)
        if len(pieces) == 1:
            return pieces[0]
        shifts = np.cumsum([0, *(len(p.windows) for p in pieces[:-1])])
        return cls(
            np.concatenate([p.windows for p in pieces]),
            np.concatenate([p.first + s for p, s in zip(pieces, shifts, strict=True)]),
            np.concatenate([p.second + s for p, s in zip(pieces, shifts, strict=True)]),
            np.concatenate([p.run for p in pieces]),
            np.concatenate([p.place for p in pieces]),
            sum(p.missing for p in pieces),
        )

    @classmethod
    def of_states(cls, states: Float[np.ndarray, "time state"], past: int, run: int = 0, place: int = 0) -> Snapshots:
        """Every pair of windows of a stretch, one sample apart; pairs with a missing value are left out and counted.

        Parameters
        ----------
        past : samples in a window.
        run, place : number of the run, and the place in it of the stretch's first pair.
        """
        values = np.asarray(states, dtype=float)
        if len(values) <= past:
            none = np.empty(0, dtype=int)
            return cls(np.empty((0, past, values.shape[1])), none, none, none, none)
        windows = np.lib.stride_tricks.sliding_window_view(values, past, axis=0).transpose(0, 2, 1)
        known = np.logical_and.reduce(np.isfinite(values), axis=1)
        whole: Any = known if past == 1 else np.lib.stride_tricks.sliding_window_view(known, past).all(axis=1)
        first = np.flatnonzero(whole[:-1] & whole[1:])
        missing = len(windows) - 1 - len(first)
        pairs = cls(windows, first, first + 1, np.full(len(first), run), first + place, missing)
        return pairs.at(slice(None)) if missing else pairs

    @classmethod
    def of_pairs(
        cls, before: Float[np.ndarray, "pair past state"], after: Float[np.ndarray, "pair past state"]
    ) -> Snapshots:
        """From windows before and after one step, each pair a run of its own."""
        known = np.isfinite(before).all(axis=(1, 2)) & np.isfinite(after).all(axis=(1, 2))
        count = int(known.sum())
        places = np.arange(count)
        windows = np.concatenate([before[known], after[known]])
        kept = np.flatnonzero(known)
        return cls(windows, places, places + count, kept, np.zeros(count, dtype=int), len(before) - count)
