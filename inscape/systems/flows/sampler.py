"""`GridSampler`: a field on an even grid in time that can be read anywhere inside its window, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.flows import grid_kernels
from inscape.systems.flows.splines import padded

_WINDOW = 4


class GridSampler:
    """Frames of a field and how to read them between their nodes and instants.

    Parameters
    ----------
    times : (time,) instants of the frames; a single frame is steady.
    frames : (time, component, *grid) samples; NaN marks a missing one.
    periodic : whether each axis closes on itself.
    cubic : cubic splines in space where True, linear interpolation where False.

    Time is interpolated first, through the four frames around it (fewer if there are fewer).
    """

    def __init__(
        self,
        times: Float[np.ndarray, "time"],
        frames: Float[np.ndarray, "time component *grid"],
        periodic: Sequence[bool],
        cubic: bool,
    ):
        grid = frames.shape[2:]
        fewest = 4 if cubic else 2
        if min(grid) < fewest:
            raise InputError(f"grid: {grid} points found, expected at least {fewest} along each axis")
        self.times = np.asarray(times, dtype=float)
        self.grid = grid
        self.components = frames.shape[1]
        self.is_cubic = cubic
        self.closes = np.array([*periodic, *[False] * (3 - len(grid))], dtype=np.bool_)
        cells = [n if p else n - 1 for n, p in zip(grid, periodic, strict=True)]
        self.cells = np.array([*cells, *[1] * (3 - len(grid))], dtype=np.int64)
        missing = np.isnan(frames).any(axis=1)
        self._blocked = _blocked_cells(missing, periodic) if missing.any() else None
        first = padded(_filled(frames[0], missing[0]), tuple(periodic), cubic)
        stored = np.empty((len(frames), *first.shape), dtype=frames.dtype)
        stored[0] = first
        for k in range(1, len(frames)):
            stored[k] = padded(_filled(frames[k], missing[k]), tuple(periodic), cubic)
        shape = first.shape if len(grid) == 3 else (*first.shape[:2], 1, first.shape[2])
        self._shape = shape
        self._frames = stored.reshape(len(frames), -1)

    @property
    def is_steady(self) -> bool:
        return len(self.times) == 1

    def at(self, time: float, out: np.ndarray | None = None) -> np.ndarray:
        """Coefficients (x, y, z, component) at an instant; written into `out` where it is given."""
        if self.is_steady:
            return self._frames[0].reshape(self._shape)
        first, weights = self._weights(time)
        result = np.empty(self._shape, dtype=self._frames.dtype) if out is None else out
        grid_kernels.blend(self._frames, first, weights, result.reshape(-1))
        return result

    def blocked(self, earliest: float, latest: float) -> np.ndarray:
        """(x, y, z) cells that no particle may be in between two instants; an empty array if nothing is missing."""
        if self._blocked is None:
            return np.zeros((0, 1, 1), dtype=np.uint8)
        first = max(int(np.searchsorted(self.times, earliest, side="right")) - 1, 0)
        last = min(int(np.searchsorted(self.times, latest, side="left")), len(self.times) - 1)
        chosen = self._blocked[first : last + 1]
        found = chosen[0] if len(chosen) == 1 else chosen.any(axis=0)
        return np.ascontiguousarray(found.astype(np.uint8).reshape(*found.shape, *[1] * (3 - found.ndim)))

    def read(
        self, positions: Float[np.ndarray, "particle axis"], time: float
    ) -> Float[np.ndarray, "particle component"]:
        """Values at positions in cells; NaN outside the window, beside a missing sample and at lost particles."""
        out = np.empty((len(positions), self.components))
        grid_kernels.sample(
            self.at(time), self.cells, self.closes, self.blocked(time, time), self.is_cubic, positions, out
        )
        return out

    def _weights(self, time: float) -> tuple[int, np.ndarray]:
        """The first of the frames around an instant, and their Lagrange weights."""
        count = min(_WINDOW, len(self.times))
        below = int(np.searchsorted(self.times, time, side="right")) - 1
        first = min(max(below - (count - 1) // 2, 0), len(self.times) - count)
        nodes = self.times[first : first + count]
        weights = np.ones(count)
        for k in range(count):
            for m in range(count):
                if m != k:
                    weights[k] *= (time - nodes[m]) / (nodes[k] - nodes[m])
        return first, weights.astype(self._frames.dtype)


def _filled(frame: np.ndarray, missing: np.ndarray) -> np.ndarray:
    """Missing samples take their nearest neighbour's, so that a spline can pass; their cells stay blocked."""
    if not missing.any():
        return frame
    if missing.all():
        return np.zeros_like(frame)
    from scipy.ndimage import distance_transform_edt

    places = distance_transform_edt(missing, return_distances=False, return_indices=True)
    return frame[(slice(None), *places)]


def _blocked_cells(missing: np.ndarray, periodic: Sequence[bool]) -> np.ndarray:
    """(time, *cell) where a corner is missing."""
    out = missing
    for axis, closes in enumerate(periodic, start=1):
        after = np.roll(out, -1, axis=axis)
        out = out | after
        if not closes:
            out = np.take(out, np.arange(out.shape[axis] - 1), axis=axis)
    return out
