"""Pairs that a Koopman fit does not see, on which its residuals are judged."""

from __future__ import annotations

import numpy as np

from inscape.models.koopman.snapshots import Snapshots

MOST_HELD_OUT = 20_000
"""Pairs that are kept to judge by; more of them would not narrow a band by much."""
MANY_RUNS = 5


class HeldOutPairs:
    """Those of every k-th run, or of the end of each run where runs are few and of known length.

    Parameters
    ----------
    share : of the pairs, at least 0 and below 1; with 0 nothing is held out.
    past : samples in a window.
    lengths : samples of each run, where known.

    Attributes: `most` pairs are kept, evenly thinned where there are more.
    """

    def __init__(self, share: float, past: int, lengths: tuple[int, ...] | None = None):
        self.share = share
        self.past = past
        few = lengths is not None and len(lengths) < MANY_RUNS
        self._cuts = None
        if few and lengths is not None:
            pairs = np.maximum(np.array(lengths) - past, 0)
            self._cuts = np.round((1 - share) * pairs).astype(int)
        self.most = MOST_HELD_OUT
        self._kept: list[Snapshots] = []
        self._thin = 1

    def rest(self, pairs: Snapshots) -> Snapshots:
        """Keep what is held out of these pairs and return the others."""
        if not self.share or not len(pairs):
            return pairs
        if self._cuts is None:
            every = max(2, round(1 / self.share))
            late = pairs.run % every == every - 1
            early = ~late
        else:
            cuts = self._cuts[pairs.run]
            # Windows that reach back over the cut were seen in part.
            early, late = pairs.place < cuts, pairs.place >= cuts + self.past
        if late.any():
            self._keep(pairs.at(late))
        return pairs if early.all() else pairs.at(early)

    def pairs(self) -> Snapshots | None:
        """What was held out, `most` of it; None if nothing was."""
        self._thin_out()
        return Snapshots.joined(self._kept) if self._kept else None

    def _keep(self, pairs: Snapshots) -> None:
        self._kept.append(pairs.at(slice(None, None, self._thin)) if self._thin > 1 else pairs)
        self._thin_out()

    def _thin_out(self) -> None:
        while sum(map(len, self._kept)) > self.most:
            self._thin *= 2
            self._kept = [Snapshots.joined(self._kept).at(slice(None, None, 2))]
