"""Where the Koopman operator has approximate eigenfunctions: certified bounds of the least residual over the plane."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Complex, Float

from inscape.analysis.concave_sandwich import ConcaveSandwich
from inscape.analysis.features import points_of_plane
from inscape.analysis.galerkin import Galerkin
from inscape.analysis.least_eigenvalue import LeastEigenvalue
from inscape.analysis.series import positive, real_numbers, shown
from inscape.errors import InputError

# Share of the tolerance that one evaluation may use up.
_PRECISION = 0.1


@dataclass(frozen=True, eq=False)
class Pseudospectrum:
    """Bounds of res(z) = min ||(K - z) g|| / ||g|| over the dictionary, at the points asked for.

    Parameters
    ----------
    points : (*point,) of the complex plane.
    lower, upper : (*point,) with lower <= res(z) <= upper.
    tolerance : upper - lower is at most this, save where no level lies between them.
    evaluations : points at which the least residual was computed.
    factorisations : Cholesky factorisations that this took.
    galerkin : the operator.
    """

    points: Complex[np.ndarray, "*point"]
    lower: Float[np.ndarray, "*point"]
    upper: Float[np.ndarray, "*point"]
    tolerance: float
    evaluations: int
    factorisations: int
    galerkin: Galerkin = field(repr=False)
    _sandwich: ConcaveSandwich = field(repr=False)

    @property
    def values(self) -> Float[np.ndarray, "*point"]:
        """(*point,) the middle of the bounds, right to half the tolerance."""
        return (self.lower + self.upper) / 2

    def inside(self, epsilon: float) -> Bool[np.ndarray, "*point"]:
        """(*point,) whether z is proved to be in the pseudospectrum of `epsilon`: some g has residual below it."""
        return self.upper < positive(epsilon, "epsilon")

    def outside(self, epsilon: float) -> Bool[np.ndarray, "*point"]:
        """(*point,) whether no function of the dictionary has a residual below `epsilon` at z."""
        return self.lower >= positive(epsilon, "epsilon")

    def at(
        self, z: Complex[np.ndarray, "*other"] | complex
    ) -> tuple[Float[np.ndarray, "*other"], Float[np.ndarray, "*other"]]:
        """Bounds (lower, upper) of res(z) at other points, from what was computed; no new evaluations."""
        points = points_of_plane(z)
        flat = _folded(points.ravel(), self.galerkin.is_real)
        lower, upper = self._sandwich.bounds(flat)
        return lower.reshape(points.shape), upper.reshape(points.shape)

    def witness(self, z: complex) -> tuple[float, Complex[np.ndarray, "rank"]]:
        """The best approximate eigenfunction known for z: its residual, its coefficients in the orthonormal basis."""
        point = complex(points_of_plane(z).reshape(()))
        return self._sandwich.witness(point)


def pseudospectrum(
    galerkin: Galerkin,
    z: Complex[np.ndarray, "*point"],
    *,
    tolerance: float = 0.01,
    levels: Float[np.ndarray, "level"] | None = None,
) -> Pseudospectrum:
    """The least residual at every point of `z`, right to `tolerance`, from few evaluations.

    res(z, v)^2 - |z|^2 is affine in z for each v, so res(z)^2 - |z|^2, their least, is concave. Each evaluation gives a
    tangent plane above it; the upper convex hull of the values lies below it, and so does res(z') - |z - z'|, squared,
    less |z|^2. The point with the widest gap is evaluated next until none is wider than `tolerance`. Real
    features mirror the plane in the real axis, and half of it is done.

    One evaluation costs about one complex Cholesky factorisation, 4/3 N^3 operations; the number of them depends on the
    surface, hardly on the number of points.

    Parameters
    ----------
    z : points of the plane, of any shape; `plane(...)` makes a grid.
    levels : if given, a point is settled as soon as none of these values lies between its bounds.

    Raises
    ------
    InputError : for no points or values that are not finite, a tolerance that is not positive.
    """
    if not isinstance(galerkin, Galerkin):
        raise InputError(f"galerkin: {type(galerkin).__name__} found, expected Galerkin; make one by Galerkin.of")
    points = points_of_plane(z)
    if not points.size:
        raise InputError("z: no points found, expected at least one")
    tolerance = positive(tolerance, "tolerance")
    marks = np.empty(0) if levels is None else np.sort(np.atleast_1d(real_numbers(levels, "levels")).ravel())
    if levels is not None and (not marks.size or not np.isfinite(marks).all() or (marks <= 0).any()):
        raise InputError("levels: an empty list or a value that is not positive found, expected residuals above zero")
    folded = _folded(points.ravel(), galerkin.is_real)
    distinct, place = np.unique(folded, return_inverse=True)
    least = LeastEigenvalue(galerkin)
    sandwich = ConcaveSandwich(galerkin)
    lower, upper = np.zeros(distinct.size), np.full(distinct.size, np.inf)
    for first in _frame(distinct):
        sandwich.add(least.evaluate(first, _PRECISION * tolerance))
    open_points = np.arange(distinct.size)
    while True:
        lower[open_points], upper[open_points] = sandwich.bounds(distinct[open_points])
        gap = upper[open_points] - lower[open_points]
        wide = gap > tolerance
        if marks.size:
            # Settled once no level is left between the bounds.
            between = np.searchsorted(marks, upper[open_points]) > np.searchsorted(marks, lower[open_points])
            wide &= between
        open_points, gap = open_points[wide], gap[wide]
        if not open_points.size:
            break
        # What is computed is as good as rounding lets it be, and is not asked for twice.
        at = int(np.argmax(gap))
        chosen = open_points[at]
        evaluation = least.evaluate(distinct[chosen], _PRECISION * tolerance, lower[chosen] ** 2)
        sandwich.add(evaluation)
        lower[chosen], upper[chosen] = np.sqrt(evaluation.lower), np.sqrt(evaluation.upper)
        open_points = np.delete(open_points, at)
    place = place.reshape(points.shape)
    return Pseudospectrum(
        points, lower[place], upper[place], tolerance, len(least.done), least.factorisations, galerkin, sandwich
    )


def plane(
    real: tuple[float, float] = (-1.2, 1.2), imag: tuple[float, float] = (-1.2, 1.2), step: float = 0.05
) -> Complex[np.ndarray, "imag real"]:
    """A grid of the complex plane, (imag, real), whose steps are at most `step`.

    Raises
    ------
    InputError : if a side is no pair of finite numbers in order, or the step is not positive.
    """
    step = positive(step, "step")
    sides = []
    for name, side in (("real", real), ("imag", imag)):
        ends = real_numbers(side, name)
        if ends.shape != (2,) or not np.isfinite(ends).all() or ends[0] > ends[1]:
            raise InputError(f"{name}: {shown(side)} found, expected two finite numbers in order")
        sides.append(np.linspace(ends[0], ends[1], int(np.ceil((ends[1] - ends[0]) / step - 1e-9)) + 1))
    return sides[0] + 1j * sides[1][:, None]


def _folded(points: np.ndarray, mirrored: bool) -> np.ndarray:
    return points.real + 1j * np.abs(points.imag) if mirrored else points


def _frame(points: np.ndarray) -> list[complex]:
    # Every point has to lie within the hull of those evaluated first, and the hull must not be a line.
    x, y = points.real, points.imag
    size = max(np.ptp(x), np.ptp(y), 1e-2)
    pad_x, pad_y = (0.05 * size if np.ptp(side) < 0.05 * size else 0.0 for side in (x, y))
    corners = {complex(a, b) for a in (x.min() - pad_x, x.max() + pad_x) for b in (y.min() - pad_y, y.max() + pad_y)}
    return sorted(corners, key=lambda c: (c.real, c.imag))
