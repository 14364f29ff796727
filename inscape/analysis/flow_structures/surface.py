"""`Surface`: an interface as the level set of a scalar, and the signed distance of every point to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float

from inscape.analysis.flow_structures.regions import largest_region, without_holes
from inscape.errors import InputError
from inscape.trajectories.velocity_fields.derivatives import gradient


@dataclass(frozen=True, eq=False)
class Surface:
    """Where a scalar crosses a threshold, islands and holes left out.

    Parameters
    ----------
    scalar : (*grid) the field; NaN where it is missing.
    threshold : its value on the surface.
    inside : (*grid) the largest connected region above the threshold, holes filled.
    axes, periodic : of the grid.
    name : what it is called: "TNTI", "TTI", or how it was found.
    """

    scalar: Float[np.ndarray, "*grid"]
    threshold: float
    inside: Bool[np.ndarray, "*grid"]
    axes: tuple[Float[np.ndarray, "point"], ...]
    periodic: tuple[bool, ...]
    name: str = ""

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance of the points along each axis."""
        return tuple(float((a[-1] - a[0]) / (len(a) - 1)) for a in self.axes)

    @property
    def share_inside(self) -> float:
        """Share of the window that is inside."""
        return float(self.inside.mean())

    @cached_property
    def points(self) -> Float[np.ndarray, "surface_point axis"]:
        """Points of the surface: its crossings of the grid's lines, linear between two nodes."""
        return self._crossings[0]

    @cached_property
    def _crossings(self) -> tuple[np.ndarray, np.ndarray]:
        """Crossings of the grid's lines, and the unit gradient of the scalar at each."""
        slopes = np.moveaxis(gradient(_filled(self.scalar), self.spacing, self.periodic, spectral=False), 0, -1)
        places, normals = [], []
        for axis, closes in enumerate(self.periodic):
            count = self.scalar.shape[axis]
            here = np.arange(count if closes else count - 1)
            after = (here + 1) % count
            changes = np.take(self.inside, here, axis) != np.take(self.inside, after, axis)
            low, high = np.take(self.scalar, here, axis)[changes], np.take(self.scalar, after, axis)[changes]
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.clip((self.threshold - low) / (high - low), 0.0, 1.0)
            share = np.where(np.isfinite(share), share, 0.5)
            index = np.argwhere(changes)
            coordinates = np.stack([self.axes[k][index[:, k]] for k in range(len(self.axes))], axis=1)
            coordinates[:, axis] += share * self.spacing[axis]
            a, b = np.take(slopes, here, axis)[changes], np.take(slopes, after, axis)[changes]
            places.append(coordinates)
            normals.append(a + share[:, None] * (b - a))
        found = np.concatenate(normals)
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return np.concatenate(places), found / np.where(length > 0, length, 1.0)

    @cached_property
    def distance(self) -> Float[np.ndarray, "*grid"]:
        """Signed distance to the surface, positive inside; NaN where the scalar is missing."""
        from scipy.spatial import cKDTree

        points, normals = self._crossings
        origin = np.array([a[0] for a in self.axes])
        lengths = np.array(
            [len(a) * h if p else 0.0 for a, h, p in zip(self.axes, self.spacing, self.periodic, strict=True)]
        )
        wraps = lengths > 0

        def home(coordinates: np.ndarray) -> np.ndarray:
            moved = coordinates - origin
            moved[:, wraps] %= lengths[wraps]
            # A remainder may round up to the length itself.
            moved[:, wraps] = np.where(moved[:, wraps] >= lengths[wraps], 0.0, moved[:, wraps])
            return moved

        nodes = np.stack(np.meshgrid(*self.axes, indexing="ij"), axis=-1).reshape(-1, len(self.axes))
        known, asked = home(points), home(nodes)
        apart, nearest = cKDTree(known, boxsize=lengths).query(asked)
        way = asked - known[nearest]
        way[:, wraps] -= lengths[wraps] * np.round(way[:, wraps] / lengths[wraps])
        through = (way * normals[nearest]).sum(axis=1)
        # The nearest crossing lies up to half a cell beside the foot of the perpendicular.
        beside = np.minimum(apart**2 - through**2, 0.5 * min(self.spacing) ** 2)
        size = np.sqrt(np.maximum(apart**2 - np.maximum(beside, 0.0), 0.0)).reshape(self.inside.shape)
        return np.where(np.isnan(self.scalar), np.nan, np.where(self.inside, size, -size))

    @cached_property
    def normals(self) -> Float[np.ndarray, "*grid axis"]:
        """Unit vectors towards the inside, across the surface that is nearest."""
        slopes = np.moveaxis(gradient(_filled(self.distance), self.spacing, self.periodic, spectral=False), 0, -1)
        length = np.linalg.norm(slopes, axis=-1, keepdims=True)
        return slopes / np.where(length > 0, length, 1.0)

    def __repr__(self) -> str:
        return f"Surface({self.name or 'level'} at {self.threshold:.4g}, {self.share_inside:.1%} inside)"


def surface(
    scalar: Float[np.ndarray, "*grid"],
    threshold: float,
    axes: Sequence[Float[np.ndarray, "point"]],
    periodic: Sequence[bool] | bool = False,
    name: str = "",
) -> Surface:
    """The surface at a threshold: the largest connected region above it, with its holes filled.

    Raises
    ------
    InputError : if the threshold is not crossed within the window, or arrays do not fit.
    """
    values, coordinates, closes = checked_grid(scalar, axes, periodic)
    with np.errstate(invalid="ignore"):
        above = values > threshold
    if not above.any() or above[np.isfinite(values)].all():
        low, high = np.nanmin(values), np.nanmax(values)
        raise InputError(
            f"interface: no crossing of {threshold:.4g} in view, values run from {low:.4g} to {high:.4g}; "
            "choose another threshold or frame"
        )
    inside = without_holes(largest_region(above, closes), closes)
    if inside.all():
        raise InputError(f"interface: the region above {threshold:.4g} fills the window; take a wider one")
    return Surface(values, float(threshold), inside, coordinates, closes, name)


def checked_grid(
    values: object, axes: Sequence[Float[np.ndarray, "point"]] | None, periodic: Sequence[bool] | bool
) -> tuple[np.ndarray, tuple[np.ndarray, ...], tuple[bool, ...]]:
    """A scalar field, its axes and which of them close, checked."""
    try:
        field = np.asarray(values, dtype=float)
        coordinates = tuple(np.asarray(a, dtype=float) for a in (axes or ()))
    except (TypeError, ValueError):
        raise InputError(f"scalar: {type(values).__name__} found, expected numbers on a grid") from None
    if len(coordinates) not in (2, 3) or field.shape != tuple(len(a) for a in coordinates):
        raise InputError(
            f"scalar: shape {field.shape} found, expected one point for each of axes {[len(a) for a in coordinates]}"
        )
    if min(field.shape) < 6:
        raise InputError(f"scalar: {field.shape} points found, expected at least 6 along each axis")
    if not np.isfinite(field).any() or np.isinf(field).any():
        raise InputError("scalar: missing everywhere or infinite; mark missing values by NaN")
    closes = (periodic,) * len(coordinates) if isinstance(periodic, bool) else tuple(bool(p) for p in periodic)
    if len(closes) != len(coordinates):
        raise InputError(f"periodic: {len(closes)} entries found, expected {len(coordinates)}")
    return field, coordinates, closes


def _filled(field: np.ndarray) -> np.ndarray:
    missing = np.isnan(field)
    if not missing.any():
        return field
    from scipy.ndimage import distance_transform_edt

    places = distance_transform_edt(missing, return_distances=False, return_indices=True)
    return field[tuple(places)]
