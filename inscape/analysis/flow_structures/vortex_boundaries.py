"""Vortices as the outermost closed, convex level sets around the maxima of a field such as the LAVD."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError

_LEVELS = 80
_FEWEST = 9


@dataclass(frozen=True, eq=False)
class Vortex:
    """One vortex.

    Parameters
    ----------
    centre : (2,) where the field is largest.
    level : value of the field on the boundary.
    inside : (x, y) nodes of the grid within.
    boundary : (vertex, 2) corners of the convex hull of these nodes, in order.
    area : of the cells around the nodes within.
    """

    centre: Float[np.ndarray, "2"]
    level: float
    inside: Bool[np.ndarray, "x y"]
    boundary: Float[np.ndarray, "vertex 2"]
    area: float


def vortices(
    values: Float[np.ndarray, "x y"],
    axes: Sequence[Float[np.ndarray, "point"]],
    *,
    convexity: float = 0.02,
    distance: float | None = None,
) -> tuple[Vortex, ...]:
    """Vortices of a LAVD field (Haller et al. 2016, J. Fluid Mech. 795, section 5), the strongest first.

    The level is lowered from each maximum for as long as the region around it is closed (touches neither the edge of
    the window nor a missing value), holds no higher maximum and is convex.

    Parameters
    ----------
    values : (x, y) the field; NaN where it is missing.
    axes : its coordinates.
    convexity : share of the nodes within its convex hull that a region may lack and still count as convex.
    distance : two maxima nearer than this are one; five cells if None.

    Raises
    ------
    InputError : if the field is not on the axes, or a number is out of its range.
    """
    field = np.asarray(values, dtype=float)
    if field.ndim != 2 or len(axes) != 2 or field.shape != (len(axes[0]), len(axes[1])):
        raise InputError(f"values: shape {field.shape} found, expected (x, y) as the two axes have points")
    if not 0.0 <= convexity < 1.0:
        raise InputError(f"convexity: {convexity!r} found, expected a number from 0 to below 1")
    if not np.isfinite(field).any():
        raise InputError("values: all missing, so there are no vortices")
    step = np.array([float((a[-1] - a[0]) / (len(a) - 1)) for a in axes])
    apart = 5.0 * float(step.max()) if distance is None else float(distance)
    if not (np.isfinite(apart) and apart > 0):
        raise InputError(f"distance: {distance!r} found, expected a positive number")
    found: list[Vortex] = []
    for peak in _maxima(field, np.maximum(1, np.round(apart / step)).astype(int)):
        vortex = _around(field, peak, axes, step, convexity)
        if vortex is not None and not any(other.inside[peak] for other in found):
            found.append(vortex)
    return tuple(found)


def _maxima(field: np.ndarray, reach: np.ndarray) -> list[tuple[int, int]]:
    """Places of the local maxima, highest first; two of equal height within reach count once."""
    from scipy.ndimage import maximum_filter

    low = np.where(np.isfinite(field), field, -np.inf)
    places = np.argwhere((low == maximum_filter(low, size=tuple(2 * reach + 1))) & np.isfinite(field))
    order = np.argsort(-field[tuple(places.T)], kind="stable")
    kept: list[tuple[int, int]] = []
    for i, j in places[order]:
        if all(abs(i - a) > reach[0] or abs(j - b) > reach[1] for a, b in kept):
            kept.append((int(i), int(j)))
    return kept


def _around(
    field: np.ndarray,
    peak: tuple[int, int],
    axes: Sequence[np.ndarray],
    step: np.ndarray,
    convexity: float,
) -> Vortex | None:
    """The largest closed, convex region around a maximum, if there is one of some size."""
    from scipy.ndimage import binary_dilation, label
    from scipy.spatial import ConvexHull

    top, bottom = field[peak], float(np.nanmin(field))
    missing = np.isnan(field)
    best: tuple[float, np.ndarray, ConvexHull] | None = None
    for level in np.linspace(top, bottom, _LEVELS + 2)[1:-1]:
        with np.errstate(invalid="ignore"):
            regions, _ = label(field >= level)
        region = regions == regions[peak]
        touches = region[0].any() or region[-1].any() or region[:, 0].any() or region[:, -1].any()
        if touches or (missing.any() and (binary_dilation(region) & missing).any()) or field[region].max() > top:
            break
        nodes = np.argwhere(region)
        if len(nodes) < _FEWEST or min(np.ptp(nodes, axis=0)) < 2:
            continue
        hull = ConvexHull(nodes)
        if len(nodes) < (1.0 - convexity) * _nodes_within(hull):
            break
        best = (float(level), region, hull)
    if best is None:
        return None
    level, region, hull = best
    corners = hull.points[hull.vertices].astype(int)
    boundary = np.stack([axes[0][corners[:, 0]], axes[1][corners[:, 1]]], axis=1)
    centre = np.array([axes[0][peak[0]], axes[1][peak[1]]])
    return Vortex(centre, level, region, boundary, float(region.sum() * step.prod()))


def _nodes_within(hull: object) -> int:
    """Nodes of the grid within a hull of nodes, by Pick's theorem."""
    corners = hull.points[hull.vertices].astype(int)  # type: ignore[attr-defined]
    sides = np.roll(corners, -1, axis=0) - corners
    on_edge = int(np.gcd(np.abs(sides[:, 0]), np.abs(sides[:, 1])).sum())
    return round(hull.volume + 0.5 * on_edge + 1.0)  # type: ignore[attr-defined]
