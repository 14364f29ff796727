"""Turbulent interfaces: found from clusters of a scalar, or by the rival rules, and what changes across them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.flow_structures.path_correlation import decorrelation
from inscape.analysis.flow_structures.profiles import Profile, profile
from inscape.analysis.flow_structures.surface import Surface, checked_grid, surface
from inscape.errors import InputError
from inscape.trajectories.velocity_fields.derivatives import curl
from inscape.trajectories.velocity_fields.field import VelocityField

__all__ = [
    "Interfaces",
    "Profile",
    "Surface",
    "decorrelation",
    "from_clusters",
    "from_pdf_minimum",
    "from_threshold",
    "from_vorticity",
    "profile",
]

_BINS = 1024


@dataclass(frozen=True, eq=False)
class Interfaces:
    """Surfaces between the clusters of a scalar.

    Parameters
    ----------
    centres : (cluster,) mean values of the zones of uniform concentration, rising.
    shares : (cluster,) share of the window in each.
    surfaces : one between each pair of neighbours, outermost first.
    """

    centres: Float[np.ndarray, "cluster"]
    shares: Float[np.ndarray, "cluster"]
    surfaces: tuple[Surface, ...]

    @property
    def thresholds(self) -> tuple[float, ...]:
        """Midpoints between neighbouring centres."""
        return tuple(s.threshold for s in self.surfaces)

    @property
    def tnti(self) -> Surface:
        """The turbulent/non-turbulent interface: the outermost surface."""
        return self.surfaces[0]

    @property
    def tti(self) -> Surface:
        """The next surface inwards, between two turbulent zones.

        Raises
        ------
        InputError : if there are only two clusters.
        """
        if len(self.surfaces) < 2:
            raise InputError(f"interfaces: {len(self.centres)} clusters found, a TTI needs at least three")
        return self.surfaces[1]


def from_clusters(
    scalar: VelocityField | Float[np.ndarray, "*grid"],
    *,
    at: float | None = None,
    clusters: int = 4,
    axes: Sequence[Float[np.ndarray, "point"]] | None = None,
    periodic: Sequence[bool] | bool = False,
    seed: int | None = 0,
) -> Interfaces:
    """Zones of uniform concentration by K-means, and the surfaces between them.

    Parameters
    ----------
    scalar : a velocity field with a scalar, and `at` which instant; or the scalar on a grid with its `axes`.
    clusters : how many zones; four give the interfaces of Khojasteh et al. 2025.
    seed : of the K-means starts.

    Raises
    ------
    InputError : if there is no scalar, fewer than two clusters are not empty, or no interface is in view.
    """
    values, coordinates, closes = _scalar(scalar, at, axes, periodic)
    if not isinstance(clusters, (int, np.integer)) or clusters < 2:
        raise InputError(f"clusters: {clusters!r} found, expected a whole number of at least 2")
    known = values[np.isfinite(values)]
    counts, edges = np.histogram(known, bins=_BINS)
    middles = 0.5 * (edges[1:] + edges[:-1])
    held = counts > 0
    if np.ptp(known) == 0 or held.sum() < clusters:
        raise InputError(
            f"clusters: {clusters} asked for, but the scalar has {int(held.sum())} distinct levels "
            f"({known.min():.4g} to {known.max():.4g}); fewer than two clusters would not be empty"
        )
    from sklearn.cluster import KMeans

    # A scalar is one number a point, so its histogram says all that K-means needs.
    fit = KMeans(clusters, n_init=10, random_state=seed).fit(middles[held, None], sample_weight=counts[held])
    centres = np.sort(fit.cluster_centers_[:, 0])
    thresholds = 0.5 * (centres[1:] + centres[:-1])
    zone = np.searchsorted(thresholds, known)
    shares = np.bincount(zone, minlength=clusters) / known.size
    names = ("TNTI", *("TTI",) * (clusters - 2))
    surfaces = tuple(
        surface(values, float(level), coordinates, closes, name) for level, name in zip(thresholds, names, strict=True)
    )
    return Interfaces(centres, shares, surfaces)


def from_threshold(
    scalar: VelocityField | Float[np.ndarray, "*grid"],
    threshold: float,
    *,
    at: float | None = None,
    axes: Sequence[Float[np.ndarray, "point"]] | None = None,
    periodic: Sequence[bool] | bool = False,
    name: str = "threshold",
) -> Surface:
    """The surface at a threshold of one's own."""
    values, coordinates, closes = _scalar(scalar, at, axes, periodic)
    if not np.isfinite(threshold):
        raise InputError(f"threshold: {threshold!r} found, expected a finite number")
    return surface(values, threshold, coordinates, closes, name)


def from_pdf_minimum(
    scalar: VelocityField | Float[np.ndarray, "*grid"],
    *,
    at: float | None = None,
    axes: Sequence[Float[np.ndarray, "point"]] | None = None,
    periodic: Sequence[bool] | bool = False,
    bins: int = 128,
) -> Surface:
    """The surface at the first minimum of the scalar's probability density above its lowest peak.

    Raises
    ------
    InputError : if the density has no minimum between two peaks.
    """
    from scipy.ndimage import gaussian_filter1d

    values, coordinates, closes = _scalar(scalar, at, axes, periodic)
    known = values[np.isfinite(values)]
    counts, edges = np.histogram(known, bins=bins)
    density = gaussian_filter1d(counts.astype(float), 2.0, mode="nearest")
    rises = np.flatnonzero((density[1:-1] <= density[:-2]) & (density[1:-1] < density[2:])) + 1
    past_peak = rises[rises > int(np.argmax(density[: bins // 2]))]
    if past_peak.size == 0:
        raise InputError("pdf minimum: the scalar's density has one peak only; take from_clusters or from_vorticity")
    # The lowest of the gap between ambient fluid and the turbulence, not a dent in its flank.
    lowest = past_peak[np.argmin(density[past_peak])]
    level = 0.5 * (edges[lowest] + edges[lowest + 1])
    return surface(values, float(level), coordinates, closes, "pdf minimum")


def from_vorticity(field: VelocityField, *, at: float, threshold: float | None = None) -> Surface:
    """The surface at a threshold of |vorticity|: the classic rule for the turbulent/non-turbulent interface.

    Where `threshold` is None it parts the logarithm of |vorticity| into two classes of least variance (Otsu 1979); what
    is below a thousandth of the largest counts as that.
    """
    if not isinstance(field, VelocityField):
        raise InputError(f"field: {type(field).__name__} found, expected a VelocityField")
    velocity = field.velocity[field.frame(at)][: field.dimension]
    spin = curl(velocity.astype(float), field.metric_spacing, field.periodic)  # type: ignore[arg-type]
    size = np.abs(spin) if field.dimension == 2 else np.linalg.norm(spin, axis=0)
    if threshold is None:
        largest = np.nanmax(size)
        if not largest > 0:
            raise InputError("vorticity: zero everywhere, so there is no interface in view")
        logarithms = np.log10(np.maximum(size[np.isfinite(size)], 1e-3 * largest))
        threshold = float(10.0 ** _otsu(logarithms))
    return surface(size, threshold, field.axes, field.periodic, "vorticity")


def _otsu(values: np.ndarray) -> float:
    counts, edges = np.histogram(values, bins=256)
    middles = 0.5 * (edges[1:] + edges[:-1])
    below = np.cumsum(counts)[:-1]
    above = counts.sum() - below
    sums = np.cumsum(counts * middles)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums[:-1] / below - (sums[-1] - sums[:-1]) / above) ** 2
    return float(edges[1 + int(np.nanargmax(between))])


def _scalar(
    scalar: Any, at: float | None, axes: Any, periodic: Sequence[bool] | bool
) -> tuple[np.ndarray, tuple[np.ndarray, ...], tuple[bool, ...]]:
    if not isinstance(scalar, VelocityField):
        return checked_grid(scalar, axes, periodic)
    if scalar.scalar is None:
        raise InputError("scalar: the field has none; read one with it, or take from_vorticity")
    if at is None:
        raise InputError("at: none found, expected the instant of the interface")
    return checked_grid(scalar.scalar[scalar.frame(at)], scalar.axes, scalar.periodic)
