"""The adversary: two smooth area-preserving maps that agree on all the data, with opposite Koopman spectra.

Colbrook, Mezic and Stepanenko (2024), arXiv 2407.06312, prove that no algorithm learns the spectra of all smooth
measure-preserving maps of the disk, nor decides on the torus whether there are non-trivial eigenfunctions. The maps
here make both statements executable, with spectra that are known exactly.

On the disk, F(r, t) = (r, t + phi(r)): the Koopman operator multiplies the angular mode exp(i m t) by exp(i m phi(r)).
A constant phi of p / q turns has the q-th roots of unity for its spectrum; a phi that varies continuously has the whole
unit circle, however little it varies, since m has no bound. On the torus, F(x, y) = (x, y + phi(x)): a mode
exp(2 pi i m y) carries an eigenfunction exactly where phi stands still on an interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import exp, pi, sqrt
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from inscape.errors import InputError
from inscape.systems.map import Map
from inscape.systems.symbols import Abs, Piecewise, cos, modulo, sin
from inscape.systems.symbols import exp as exponential
from inscape.systems.symbols import sqrt as root

LARGEST_ORDER = 1000
"""Rotations by p / q of a turn with q above this count as irrational."""
STEEPEST = 2 * 3**-0.25 / (1 - 3**-0.5) ** 2 * exp(1 - 1 / (1 - 3**-0.5))
"""Largest slope of the bump exp(1 - 1 / (1 - s^2)), taken at s^2 = 1 / sqrt(3)."""

Answer = Callable[[Float[np.ndarray, "pair state"], Float[np.ndarray, "pair state"]], Complex[np.ndarray, "value"]]


def _twist_law(
    x: Any, y: Any, *, turn: Any = 0.0, height: Any = 0.0, inner: Any = 0.4, outer: Any = 0.6
) -> tuple[Any, Any]:
    """Rotation of every circle by `turn` of a full turn, and by a smooth bump of angle more in an annulus."""
    radius = root(x * x + y * y)
    s = (2 * radius - inner - outer) / (outer - inner)
    bump = Piecewise((height * exponential(1 - 1 / (1 - s * s)), s * s < 1), (0, True))
    angle = 2 * pi * turn + bump
    return x * cos(angle) - y * sin(angle), x * sin(angle) + y * cos(angle)


def _shear_law(x: Any, y: Any, *, hold: Any = 0.0, left: Any = 0.4, right: Any = 0.6) -> tuple[Any, Any]:
    """y moves on by x; with hold = 1, over the middle third of an interval of x, by one and the same number."""
    s = Abs(2 * x - left - right) / (right - left)
    u = 3 * (1 - s) / 2
    rise = 1 / (1 + exponential(1 / u - 1 / (1 - u)))
    held = Piecewise((0, s >= 1), (1, 3 * s <= 1), (rise, True))
    return x, modulo(y + x + hold * held * ((left + right) / 2 - x), 1)


_twist = Map(_twist_law, name="disk twist", initial=(0.5, 0.0))
_shear = Map(_shear_law, name="torus shear", initial=(0.3, 0.1))


def disk_twist(turn: float | Fraction = 0.0, *, height: float = 0.0, inner: float = 0.4, outer: float = 0.6) -> Map:
    """The area-preserving map (r, t) -> (r, t + phi(r)) of the unit disk, in Cartesian coordinates.

    Parameters
    ----------
    turn : rotation of every circle, in full turns.
    height : of the smooth bump of phi, in radians; 0 for none.
    inner, outer : radii between which the bump lies, 0 <= inner < outer <= 1.

    Raises
    ------
    InputError : if a number is not finite or the annulus is not one of the unit disk.
    """
    values = {"turn": float(turn), "height": float(height), "inner": float(inner), "outer": float(outer)}
    if not np.isfinite(list(values.values())).all() or not 0 <= values["inner"] < values["outer"] <= 1:
        raise InputError(f"annulus: {inner} to {outer} found, expected 0 <= inner < outer <= 1 and finite numbers")
    return _twist.with_parameters(**values)


def torus_shear(*, plateau: tuple[float, float] | None = None) -> Map:
    """The area-preserving map (x, y) -> (x, y + phi(x)) of the torus of circumference 1.

    Parameters
    ----------
    plateau : the interval of x within which phi goes smoothly over to its value in the middle, which it keeps on the
        middle third; elsewhere phi(x) = x. None for phi(x) = x everywhere.

    Raises
    ------
    InputError : if the interval is not one of [0, 1].
    """
    if plateau is None:
        return _shear
    left, right = plateau
    if not np.isfinite([left, right]).all() or not 0 <= left < right <= 1:
        raise InputError(f"plateau: {left} to {right} found, expected 0 <= left < right <= 1")
    return _shear.with_parameters(hold=1.0, left=float(left), right=float(right))


@dataclass(frozen=True)
class CircleSpectrum:
    """A spectrum on the unit circle: the roots of unity of an order, or the whole circle.

    Parameters
    ----------
    order : of the roots; None for the whole circle.
    """

    order: int | None

    def distances(self, points: Any) -> Float[np.ndarray, "point"]:
        """Distance of each complex point to the spectrum."""
        z = complex_numbers("points", points)
        if self.order is None:
            return np.abs(np.abs(z) - 1)
        nearest = np.round(np.angle(z) * self.order / (2 * pi))
        return np.abs(z - np.exp(2j * pi * nearest / self.order))

    def hausdorff(self, points: Any) -> float:
        """Hausdorff distance between the spectrum and a finite set of points; infinite if the set is empty."""
        z = complex_numbers("points", points)
        if len(z) == 0:
            return float("inf")
        roots = np.exp(2j * pi * np.arange(self.order) / self.order) if self.order else _farthest_candidates(z)
        return float(max(self.distances(z).max(), _nearest(roots, z).max()))


def disk_spectrum(system: Map) -> CircleSpectrum:
    """The exact Koopman spectrum, on square-integrable functions of the disk, of a `disk_twist`."""
    p = _parameters(system, _twist)
    if p["height"] != 0:
        return CircleSpectrum(None)
    fraction = Fraction(p["turn"]).limit_denominator(LARGEST_ORDER)
    return CircleSpectrum(fraction.denominator if abs(float(fraction) - p["turn"]) < 1e-12 else None)


def lipschitz_constant(system: Map) -> float:
    """An upper bound of the Lipschitz constant of a `disk_twist`, for the Euclidean distance.

    In polar frames its derivative is [[1, 0], [s, 1]] with s = r phi'(r), of norm (|s| + sqrt(s^2 + 4)) / 2.
    """
    p = _parameters(system, _twist)
    s = p["outer"] * abs(p["height"]) * STEEPEST * 2 / (p["outer"] - p["inner"])
    return float((s + sqrt(s * s + 4)) / 2)


def point_energy(system: Map) -> float:
    """Share of exp(2 pi i y) that lies in eigenfunctions of a `torus_shear`: the length on which phi stands still."""
    p = _parameters(system, _shear)
    return p["hold"] * (p["right"] - p["left"]) / 3


def widest_gap(values: Any) -> tuple[float, float]:
    """The widest open interval of [0, 1] that holds none of the values.

    Raises
    ------
    InputError : if the values are not finite numbers of [0, 1].
    """
    array = np.asarray(values, dtype=float).ravel()
    if not np.isfinite(array).all() or (array < 0).any() or (array > 1).any():
        raise InputError("values: numbers outside [0, 1] found, expected radii of the unit disk or torus coordinates")
    sorted_ = np.unique(np.concatenate([[0.0, 1.0], array]))
    at = int(np.argmax(np.diff(sorted_)))
    return float(sorted_[at]), float(sorted_[at + 1])


@dataclass(frozen=True)
class DiskRound:
    """One round of the game on the disk.

    Attributes
    ----------
    plain, altered : the two maps; they send every point of the data to the same image, bit for bit.
    gap : inner and outer radius of the annulus that the data do not see.
    answer : (value,) eigenvalues that the estimator named.
    errors : Hausdorff distance of the answer to the spectrum of `plain` and of `altered`.
    """

    plain: Map
    altered: Map
    gap: tuple[float, float]
    answer: Complex[np.ndarray, "value"]
    errors: tuple[float, float]

    @property
    def error(self) -> float:
        """Hausdorff distance to the spectrum that the adversary then names as the true one: the farther of the two."""
        return max(self.errors)

    @property
    def truth(self) -> Map:
        """The map that the adversary names."""
        return self.plain if self.errors[0] >= self.errors[1] else self.altered


def altered_twist(points: Any, *, height: float | None = None) -> tuple[Map, tuple[float, float]]:
    """A `disk_twist` that leaves all the points where they are, and whose spectrum is the whole circle nevertheless.

    Parameters
    ----------
    points : (pair, 2) points of the unit disk.
    height : of the bump, in radians; as high as the unseen annulus is wide if None, so that the slope stays bounded.

    Returns
    -------
    The map, and the radii of the unseen annulus.
    """
    x = _plane("points", points)
    inner, outer = widest_gap(np.hypot(x[:, 0], x[:, 1]))
    # Rounding of a radius on the rim of the annulus must not let the bump touch a point of the data.
    margin = 1e-6 * (outer - inner)
    inner, outer = inner + margin, outer - margin
    return disk_twist(height=outer - inner if height is None else height, inner=inner, outer=outer), (inner, outer)


def play_on_disk(answer: Answer, points: Any, *, height: float | None = None) -> DiskRound:
    """Show an estimator the pairs (x, F(x)) of the identity of the disk, hear its spectrum, and name the truth after.

    Parameters
    ----------
    answer : takes the points (pair, 2) and their images (pair, 2); returns the eigenvalues (value,) it finds.
    points : (pair, 2) where the estimator may look, in the unit disk.
    height : as of `altered_twist`.
    """
    x = _plane("points", points)
    plain = disk_twist()
    altered, gap = altered_twist(x, height=height)
    images = plain.rhs(x)
    if not np.array_equal(images, altered.rhs(x)):
        raise InputError(f"points: {len(x)} of them fill the disk to rounding, so that no annulus is left to hide in")
    found = complex_numbers("answer", answer(x, images))
    errors = (disk_spectrum(plain).hausdorff(found), disk_spectrum(altered).hausdorff(found))
    return DiskRound(plain, altered, gap, found, errors)


@dataclass(frozen=True)
class TorusRound:
    """One round of the game on the torus: "is there an eigenfunction that depends on y?"

    Attributes
    ----------
    plain, altered : the two maps, equal on the data; the answer is no for the first and yes for the second.
    gap : the interval of x that the data do not see.
    answer : what the estimator said.
    """

    plain: Map
    altered: Map
    gap: tuple[float, float]
    answer: bool

    @property
    def truth(self) -> Map:
        """The map that the adversary names: the one for which the answer is wrong."""
        return self.plain if self.answer else self.altered

    @property
    def is_right(self) -> bool:
        return (point_energy(self.truth) > 0) == self.answer


def play_on_torus(answer: Callable[[np.ndarray, np.ndarray], bool], points: Any) -> TorusRound:
    """Show an estimator pairs of the shear of the torus, and name the truth after it has decided.

    Parameters
    ----------
    answer : takes points (pair, 2) and images (pair, 2); True if it holds that some eigenfunction depends on y.
    points : (pair, 2) in [0, 1) x [0, 1).
    """
    x = _plane("points", points)
    left, right = widest_gap(x[:, 0])
    margin = 1e-6 * (right - left)
    plain, altered = torus_shear(), torus_shear(plateau=(left + margin, right - margin))
    images = plain.rhs(x)
    if not np.array_equal(images, altered.rhs(x)):
        raise InputError(f"points: {len(x)} of them fill the torus to rounding, so that no strip is left to hide in")
    return TorusRound(plain, altered, (left, right), bool(answer(x, images)))


def disk_points(count: int, seed: int | np.random.Generator | None = 0) -> Float[np.ndarray, "pair 2"]:
    """Points drawn evenly by area from the unit disk."""
    random = np.random.default_rng(seed)
    radius, angle = np.sqrt(random.uniform(size=count)), random.uniform(0, 2 * pi, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def complex_numbers(name: str, values: Any) -> Complex[np.ndarray, "point"]:
    """The values as one row of finite complex numbers.

    Raises
    ------
    InputError : if they are not numbers, or not finite.
    """
    try:
        array = np.atleast_1d(np.asarray(values, dtype=complex)).ravel()
    except (TypeError, ValueError):
        raise InputError(f"{name}: {type(values).__name__} found, expected complex numbers") from None
    if not np.isfinite(array).all():
        bad = np.flatnonzero(~np.isfinite(array))
        raise InputError(f"{name}: {len(bad)} not finite, the first at {bad[0]}; expected finite complex numbers")
    return array


def _nearest(targets: np.ndarray, points: np.ndarray) -> np.ndarray:
    from scipy.spatial import KDTree

    tree = KDTree(np.stack([points.real, points.imag], axis=1))
    return tree.query(np.stack([targets.real, targets.imag], axis=1))[0]


def _farthest_candidates(points: np.ndarray) -> np.ndarray:
    # On the circle the distance to a finite set is largest where two of its points are equally far, or opposite one of
    # them; between neighbours of a fine grid it changes by less than their spacing, 3e-4 for this one.
    opposite = -points[np.abs(points) > 0]
    grid = np.exp(2j * pi * np.arange(20_000) / 20_000)
    return np.concatenate([grid, opposite / np.abs(opposite)])


def _plane(name: str, points: Any) -> Float[np.ndarray, "pair 2"]:
    try:
        array = np.asarray(points, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: {type(points).__name__} found, expected an array (pair, 2) of numbers") from None
    if array.ndim != 2 or array.shape[1] != 2 or len(array) == 0:
        raise InputError(f"{name}: shape {array.shape} found, expected (pair, 2) with at least one pair")
    if not np.isfinite(array).all():
        raise InputError(f"{name}: values that are not finite found, expected points of the plane; drop them")
    return array


def _parameters(system: Any, of: Map) -> dict[str, float]:
    if not isinstance(system, Map) or system.name != of.name:
        raise InputError(f"system: {getattr(system, 'name', type(system).__name__)} found, expected a {of.name}")
    return {name: float(value) for name, value in system.parameters.items()}
