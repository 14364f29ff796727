"""`disk_certificate`: what a declared modulus of continuity lets one prove about a map of the disk from finite data.

Without the declaration nothing follows: see `inscape.systems.adversary`. With it, every observable g has a residual
||(K - z) g|| / ||g|| whose integral over the disk can be bounded from above, cell by cell, from the nearest pair of the
data. For a measure-preserving map and |z| = 1 that bound is one of the distance from z to the spectrum. This is the
verified one-limit tower of Colbrook, Mezic and Stepanenko (2024), arXiv 2407.06312, in its simplest executable form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from itertools import pairwise
from math import ceil, pi

import numpy as np
from jaxtyping import Complex, Float

from inscape.errors import InputError

Modulus = Callable[[Float[np.ndarray, "distance"]], Float[np.ndarray, "distance"]]
ROUNDING = 1e-9
"""Added to every proved distance: what sums over cells in double precision may lose, with a wide margin."""
UNKNOWN = "cannot be known from these data"


@dataclass(frozen=True)
class DiskCertificate:
    """Points of the unit circle, each with a proved bound of its distance to the Koopman spectrum.

    What is left out is not excluded: a smaller bump than the data resolve stays unseen. The set converges to the
    spectrum as pairs and observables are added, and is never wrong on the way.

    Attributes
    ----------
    points, radii : (value,) every disc |w - point| <= radius holds a point of the spectrum; by rising radius.
    is_known : whether anything at all was proved.
    verdict : one sentence.
    assumption : what was declared.
    resolution : the mean distance from a point of the disk to the data.
    """

    points: Complex[np.ndarray, "value"]
    radii: Float[np.ndarray, "value"]
    is_known: bool
    verdict: str
    assumption: str
    resolution: float

    def within(self, radius: float) -> Complex[np.ndarray, "value"]:
        """The points that are proved to lie within `radius` of the spectrum."""
        return self.points[self.radii <= radius]


def disk_certificate(
    points: Float[np.ndarray, "pair 2"],
    images: Float[np.ndarray, "pair 2"],
    *,
    lipschitz: float | None = None,
    modulus: Modulus | None = None,
    rings: int = 8,
    wavenumber: int = 3,
    cell: float | None = None,
) -> DiskCertificate:
    """Certified approximation of the Koopman spectrum of a measure-preserving map of the unit disk.

    The observables are hat functions of the radius times exp(i m t), alone and combined into the eigenvectors of the
    measure-preserving Galerkin problem. `F` is taken to map the disk to itself, to preserve area, and to satisfy
    |F(x) - F(x')| <= modulus(|x - x'|); the pairs are taken to be exact.

    Parameters
    ----------
    points, images : (pair, 2) x and F(x), in the unit disk.
    lipschitz : Lipschitz constant of F; or
    modulus : a modulus of continuity of F, a rising function of distances (distance,).
    rings : hat functions along the radius.
    wavenumber : largest angular wavenumber.
    cell : diameter of the cells of the disk; 0.7 of the mean spacing of the data if None.

    Returns
    -------
    DiskCertificate; where neither constant nor modulus is declared it proves nothing and says so.

    Raises
    ------
    InputError : if the pairs are not points of the disk, or contradict the declared modulus.
    """
    x, y = _pairs(points, images)
    rings, wavenumber = _whole("rings", rings, 2), _whole("wavenumber", wavenumber, 1)
    if modulus is not None and lipschitz is not None:
        raise InputError("lipschitz, modulus: both found, expected one of them")
    if modulus is None and lipschitz is None:
        return _refusal(len(x))
    omega, assumption = _declared(lipschitz, modulus)
    _check_declaration(x, y, omega, assumption)

    from scipy.spatial import KDTree

    size = _positive("cell", cell) if cell is not None else 0.7 * np.sqrt(pi / len(x))
    centres, weights, reach = polar_cells(size)
    distance, nearest = KDTree(x).query(centres)
    cells = _Cells(centres, y[nearest], weights, reach, omega(distance + reach))
    basis = _RingFunctions(rings, wavenumber)
    found, bounds = _bounds(basis, _candidates(basis, cells), cells)
    # The constant function is an eigenfunction of every map, with eigenvalue 1.
    found, bounds = np.append(found, 1.0), np.append(bounds, 0.0)
    useful = bounds < 2
    order = np.argsort(bounds[useful], kind="stable")
    proved = bounds[useful][order]
    count = int((proved < 0.5).sum())
    verdict = f"{count} points proved within 0.5 of the spectrum, given {assumption}; what is missing is not excluded"
    return DiskCertificate(found[useful][order], proved, True, verdict, assumption, float(weights @ distance))


def polar_cells(
    size: float,
) -> tuple[Float[np.ndarray, "cell 2"], Float[np.ndarray, "cell"], Float[np.ndarray, "cell"]]:
    """The unit disk in cells of about `size`: a point of each, its share of the area, and how far its corners lie."""
    count = max(2, ceil(1 / size))
    edges = np.linspace(0, 1, count + 1)
    centres, weights, reach = [], [], []
    for inner, outer in pairwise(edges):
        sectors = max(4, ceil(pi * (inner + outer) * count))
        middle, half = (inner + outer) / 2, pi / sectors
        angles = 2 * half * np.arange(sectors)
        centres.append(middle * np.stack([np.cos(angles), np.sin(angles)], axis=1))
        weights.append(np.full(sectors, (outer**2 - inner**2) / sectors))
        # The farthest point of a sector is one of its corners.
        corners = np.sqrt(
            middle**2 + np.array([inner, outer]) ** 2 - 2 * middle * np.array([inner, outer]) * np.cos(half)
        )
        reach.append(np.full(sectors, corners.max()))
    return np.concatenate(centres), np.concatenate(weights), np.concatenate(reach)


class _RingFunctions:
    """Hat functions of the radius times exp(i m t), |m| <= wavenumber; those with m != 0 vanish at the centre."""

    def __init__(self, rings: int, wavenumber: int):
        self.knots = np.linspace(0, 1, rings + 1)
        self.waves = np.arange(-wavenumber, wavenumber + 1)
        self.ring = np.concatenate([np.arange(0 if m == 0 else 1, rings + 1) for m in self.waves])
        self.wave = np.concatenate([np.full(rings + (m == 0), m) for m in self.waves])

    def hats(self, radius: np.ndarray) -> Float[np.ndarray, "point ring"]:
        width = self.knots[1]
        return np.maximum(0, 1 - np.abs(radius[:, None] - self.knots) / width)

    def values(self, x: np.ndarray) -> Complex[np.ndarray, "point function"]:
        radius = np.hypot(x[:, 0], x[:, 1])
        phase = (x[:, 0] + 1j * x[:, 1]) / np.where(radius > 0, radius, 1.0)
        powers = {m: (phase if m >= 0 else phase.conj()) ** abs(m) for m in self.waves}
        hats = self.hats(radius)
        return np.stack([hats[:, k] * powers[m] for k, m in zip(self.ring, self.wave, strict=True)], axis=1)

    def gram(self) -> Float[np.ndarray, "function function"]:
        """Exact inner products over the disk of area 1: cubic in r on every interval, so two Gauss points serve."""
        nodes, weights = np.polynomial.legendre.leggauss(3)
        width = self.knots[1]
        radius = (self.knots[:-1, None] + width * (nodes + 1) / 2).ravel()
        measure = 2 * radius * np.tile(weights * width / 2, len(self.knots) - 1)
        radial = (self.hats(radius) * measure[:, None]).T @ self.hats(radius)
        return radial[np.ix_(self.ring, self.ring)] * (self.wave[:, None] == self.wave)

    def steepness(self, vectors: np.ndarray, spread: float, bins: int = 256) -> Float[np.ndarray, "bin vector"]:
        """Upper bounds of |gradient| of each combination, over radii within `spread` of each bin of the radius."""
        from scipy.ndimage import maximum_filter1d

        edges = np.linspace(0, 1, bins + 1)
        low, high = edges[:-1, None], edges[1:, None]
        width = self.knots[1]
        left, right = self.knots - width, self.knots + width
        meets = (high > left) & (low < right)
        closest = np.clip(self.knots, low, high)
        peak = np.maximum(0, 1 - np.abs(closest - self.knots) / width)
        # hat(r) / r is largest at the knot, or at the inner end where the bin lies beyond it.
        turning = np.where(self.knots > 0, peak / np.maximum(closest, 1e-300), 0.0)
        size = np.abs(vectors)
        along = (meets / width)[:, self.ring] @ size
        around = (np.abs(self.wave) * turning[:, self.ring]) @ size
        steep = np.hypot(along, around)
        return maximum_filter1d(steep, 2 * (ceil(spread * bins) + 1) + 1, axis=0, mode="nearest")


@dataclass(frozen=True)
class _Cells:
    """Cells of the disk: a point of each and the image of the nearest pair, the share of the area, and the bounds of
    how far from the point, and from that image, a point of the cell and its image lie."""

    centres: Float[np.ndarray, "cell 2"]
    images: Float[np.ndarray, "cell 2"]
    weights: Float[np.ndarray, "cell"]
    reach: Float[np.ndarray, "cell"]
    slack: Float[np.ndarray, "cell"]

    def parts(self, size: int = 8192) -> Iterator[_Cells]:
        for start in range(0, len(self.weights), size):
            rows = slice(start, start + size)
            yield _Cells(*(getattr(self, f.name)[rows] for f in fields(self)))


def _candidates(basis: _RingFunctions, cells: _Cells) -> Complex[np.ndarray, "function vector"]:
    # Which observables are tried does not touch the proof; these are the ones most likely to give small residuals.
    from scipy.linalg import cholesky, solve_triangular, svd

    product = sum(
        basis.values(part.centres).conj().T @ (part.weights[:, None] * basis.values(part.images))
        for part in cells.parts()
    )
    root = cholesky(basis.gram(), lower=True)
    half = solve_triangular(root, product, lower=True)
    inner = solve_triangular(root, half.conj().T, lower=True).conj().T
    left, _, right = svd(inner)
    values, vectors = np.linalg.eig(left @ right)
    # The map is real: the conjugate of what is proved is proved as well.
    upper = solve_triangular(root.T, vectors[:, values.imag >= 0], lower=False)
    return np.concatenate([np.eye(len(root))[:, basis.wave >= 0], upper], axis=1)


def _bounds(
    basis: _RingFunctions, vectors: Complex[np.ndarray, "function vector"], cells: _Cells
) -> tuple[Complex[np.ndarray, "vector"], Float[np.ndarray, "vector"]]:
    inner, total = np.zeros(vectors.shape[1], dtype=complex), np.zeros(vectors.shape[1])
    for part in cells.parts():
        g, moved = basis.values(part.centres) @ vectors, basis.values(part.images) @ vectors
        inner += part.weights @ (g.conj() * moved)
    size = np.abs(inner)
    z = np.where(size > 0, inner / np.where(size > 0, size, 1.0), 1.0)
    near = basis.steepness(vectors, float(cells.reach.max()))
    far = basis.steepness(vectors, float(cells.slack.max()))
    for part in cells.parts():
        g, moved = basis.values(part.centres) @ vectors, basis.values(part.images) @ vectors
        # |g(F(x)) - z g(x)| at any x of a cell: its value at the nearest pair, and how far both terms may move off it.
        worst = np.abs(moved - z * g)
        worst += _at(near, part.centres) * part.reach[:, None] + _at(far, part.images) * part.slack[:, None]
        total += part.weights @ worst**2
    norm = np.einsum("iv,ij,jv->v", vectors.conj(), basis.gram(), vectors).real
    radii = np.sqrt(total / norm) * (1 + ROUNDING) + ROUNDING
    complex_ones = z.imag > 0
    return np.append(z, z[complex_ones].conj()), np.append(radii, radii[complex_ones])


def _at(table: np.ndarray, x: np.ndarray) -> np.ndarray:
    index = np.minimum((np.hypot(x[:, 0], x[:, 1]) * len(table)).astype(int), len(table) - 1)
    return table[index]


def _refusal(count: int) -> DiskCertificate:
    verdict = (
        f"{UNKNOWN}: {count} pairs leave annuli unseen, in which a smooth map may turn as little as it likes and "
        "fill the whole circle; declare lipschitz= or modulus="
    )
    return DiskCertificate(np.empty(0, complex), np.empty(0), False, verdict, "none", float("nan"))


def _declared(lipschitz: float | None, modulus: Modulus | None) -> tuple[Modulus, str]:
    if modulus is None:
        constant = _positive("lipschitz", lipschitz)
        return (lambda distance: constant * distance), f"Lipschitz constant {constant:g}"
    if not callable(modulus):
        raise InputError(f"modulus: {type(modulus).__name__} found, expected a function of distances")

    def omega(distance: np.ndarray) -> np.ndarray:
        bound = np.asarray(modulus(distance), dtype=float)
        if bound.shape != distance.shape or not np.isfinite(bound).all() or (bound < 0).any():
            raise InputError(
                f"modulus: {bound.shape} found for distances {distance.shape}, expected as many bounds >= 0"
            )
        return bound

    return omega, "a modulus of continuity"


def _check_declaration(x: np.ndarray, y: np.ndarray, omega: Modulus, assumption: str) -> None:
    from scipy.spatial import KDTree

    if len(x) < 2:
        return
    distance, other = KDTree(x).query(x, k=2)
    distance, other = distance[:, 1], other[:, 1]
    moved = np.hypot(*(y - y[other]).T)
    excess = moved - omega(distance)
    worst = int(np.argmax(excess))
    if excess[worst] > 1e-9:
        raise InputError(
            f"pairs {worst} and {other[worst]}: images {moved[worst]:.3g} apart from points {distance[worst]:.3g} "
            f"apart, which contradicts {assumption}; declare a larger one, or take out noise"
        )


def _pairs(points: np.ndarray, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    arrays = []
    for name, values in (("points", points), ("images", images)):
        try:
            array = np.asarray(values, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"{name}: {type(values).__name__} found, expected numbers (pair, 2)") from None
        if array.ndim != 2 or array.shape[1] != 2 or len(array) == 0:
            raise InputError(f"{name}: shape {array.shape} found, expected (pair, 2) with at least one pair")
        if not np.isfinite(array).all():
            rows = np.flatnonzero(~np.isfinite(array).all(axis=1))
            raise InputError(f"{name}: {len(rows)} rows not finite, the first {rows[0]}; drop the pairs")
        if (np.hypot(*array.T) > 1 + 1e-9).any():
            raise InputError(f"{name}: radius {np.hypot(*array.T).max():.6g} found, expected points of the unit disk")
        arrays.append(array)
    if len(arrays[0]) != len(arrays[1]):
        raise InputError(f"images: {len(arrays[1])} rows found, expected one for each of {len(arrays[0])} points")
    return arrays[0], arrays[1]


def _positive(name: str, value: float | None) -> float:
    number = float(value) if isinstance(value, (int, float, np.number)) and not isinstance(value, bool) else np.nan
    if not np.isfinite(number) or number <= 0:
        raise InputError(f"{name}: {value!r} found, expected a positive number")
    return number


def _whole(name: str, value: int, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise InputError(f"{name}: {value!r} found, expected a whole number, at least {least}")
    return int(value)
