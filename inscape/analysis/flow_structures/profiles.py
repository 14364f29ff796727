"""Conditional averages: how a quantity changes with the signed distance to an interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from inscape.analysis.flow_structures.surface import Surface
from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    import pandas

_BLOCKS = 8


@dataclass(frozen=True, eq=False)
class Profile:
    """Means of quantities in bins of signed distance, positive inside.

    Parameters
    ----------
    distance : (bin,) middles of the bins, in units of `unit`; 0 is the edge of two bins.
    means, errors : (bin,) by quantity; the error is that of the mean over blocks of the window.
    counts : (bin,) points in each.
    unit : the length that distances are measured in.
    """

    distance: Float[np.ndarray, "bin"]
    means: Mapping[str, Float[np.ndarray, "bin"]]
    errors: Mapping[str, Float[np.ndarray, "bin"]]
    counts: Int[np.ndarray, "bin"]
    unit: float

    def sides(self, name: str, width: float = 1.0) -> tuple[float, float]:
        """Means over one `width` outside and one inside."""
        values = self._of(name)
        found = []
        for near, far in ((-width, 0.0), (0.0, width)):
            chosen = (self.distance > near) & (self.distance < far) & np.isfinite(values)
            weight = self.counts[chosen].sum()
            found.append(float((values[chosen] * self.counts[chosen]).sum() / weight) if weight else np.nan)
        return found[0], found[1]

    def jump(self, name: str, width: float = 1.0) -> float:
        """Contrast (inside - outside) / (inside + outside) over one `width` each side."""
        outside, inside = self.sides(name, width)
        return (inside - outside) / (inside + outside)

    def at(self, name: str, distance: float) -> float:
        """The mean at a distance, linear between the bins."""
        values = self._of(name)
        known = np.isfinite(values)
        return float(np.interp(distance, self.distance[known], values[known]))

    def rise(self, name: str, low: float = 0.2, high: float = 0.8, reach: float = 2.0) -> float:
        """Distance over which a quantity goes from `low` to `high` of its rise across the interface.

        The rise is that from the least mean outside to the largest inside, within `reach` of the interface; each share
        is taken where the profile first passes it, coming from outside. NaN where it does not rise.
        """
        values = self._of(name)
        known = np.isfinite(values) & (np.abs(self.distance) <= reach)
        x, y = self.distance[known], values[known]
        if not ((x < 0).any() and (x > 0).any()):
            return float("nan")
        foot = int(np.argmin(np.where(x < 0, y, np.inf)))
        top = int(np.argmax(np.where(x > 0, y, -np.inf)))
        if y[top] <= y[foot]:
            return float("nan")
        share = (y - y[foot]) / (y[top] - y[foot])
        return _first_passage(x, share, high, foot) - _first_passage(x, share, low, foot)

    def to_pandas(self) -> pandas.DataFrame:
        """A row for each bin."""
        import pandas

        columns: dict[str, np.ndarray] = {"distance": self.distance, "points": self.counts}
        for name, values in self.means.items():
            columns[name] = values
            columns[f"{name} error"] = self.errors[name]
        return pandas.DataFrame(columns)

    def _of(self, name: str) -> np.ndarray:
        if name not in self.means:
            raise UnknownNameError("quantity of the profile", name, self.means)
        return np.asarray(self.means[name])


def profile(
    quantities: Mapping[str, Float[np.ndarray, "*grid"]],
    surface: Surface,
    *,
    unit: float = 1.0,
    width: float = 0.2,
    reach: tuple[float, float] = (-3.0, 3.0),
) -> Profile:
    """Means of fields on the surface's grid, conditioned on the signed distance to it.

    Parameters
    ----------
    quantities : fields by name; NaN is left out.
    unit : length of the distance axis, such as the Taylor scale.
    width : of a bin, in units.
    reach : first and last distance, in units.

    Raises
    ------
    InputError : if a field is not on the surface's grid, or the numbers make no bins.
    """
    if not (np.isfinite(unit) and unit > 0 and np.isfinite(width) and width > 0 and reach[0] < 0 < reach[1]):
        raise InputError(
            f"profile: unit {unit!r}, width {width!r}, reach {reach!r}; expected positive, and reach over 0"
        )
    if not quantities:
        raise InputError("profile: no quantity found, expected fields by name")
    first, last = int(np.floor(reach[0] / width + 1e-9)), int(np.ceil(reach[1] / width - 1e-9))
    distance = surface.distance / unit
    bins = np.full(distance.shape, -1)
    known = np.isfinite(distance)
    bins[known] = np.floor(distance[known] / width).astype(int) - first
    size = last - first
    bins[(bins >= size) | ~known] = -1
    length = distance.shape[0]
    blocks = np.arange(length) * min(_BLOCKS, length) // length
    block = np.broadcast_to(blocks.reshape(-1, *[1] * (distance.ndim - 1)), distance.shape)
    means, errors = {}, {}
    for name, values in quantities.items():
        field = np.asarray(values, dtype=float)
        if field.shape != distance.shape:
            raise InputError(f"{name}: shape {field.shape} found, expected the surface's grid {distance.shape}")
        chosen = (bins >= 0) & np.isfinite(field)
        means[name], errors[name] = _means(field[chosen], bins[chosen], block[chosen], size)
    counts = np.bincount(bins[bins >= 0], minlength=size)
    return Profile((np.arange(first, last) + 0.5) * width, means, errors, counts, float(unit))


def _means(values: np.ndarray, bins: np.ndarray, block: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    rows = int(block.max()) + 1 if block.size else 1
    place = block * size + bins
    counts = np.bincount(place, minlength=rows * size).reshape(rows, size).astype(float)
    sums = np.bincount(place, weights=values, minlength=rows * size).reshape(rows, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = sums.sum(axis=0) / counts.sum(axis=0)
        # The error of a ratio of sums over blocks.
        spread = ((sums - mean * counts) ** 2).sum(axis=0)
        error = np.sqrt(spread * rows / max(rows - 1, 1)) / counts.sum(axis=0)
    return mean, error


def _first_passage(x: np.ndarray, share: np.ndarray, level: float, start: int) -> float:
    for k in range(start + 1, len(x)):
        if share[k] >= level:
            before = share[k - 1]
            return float(x[k - 1] + (level - before) / (share[k] - before) * (x[k] - x[k - 1]))
    return float("nan")
