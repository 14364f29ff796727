"""Between tangent planes and a convex hull: bounds of a concave function of the plane from some of its values."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Float

from inscape.analysis.galerkin import Galerkin
from inscape.analysis.least_eigenvalue import Evaluation

# Squares below this share of |K|^2 have lost their digits; they are computed from the vectors again.
_SQUARED_FLOOR = 1e-9


class ConcaveSandwich:
    """Bounds of res(z) anywhere from evaluations of res at some points.

    h(z) = res(z)^2 - |z|^2 = min over v of (a_v - 2 Re(conj(z) b_v)), a_v = <v, L v>, b_v = <v, A v>, is a least of
    affine functions. Above: the affine function of every v that is known. Below: the upper hull of the known values.
    """

    def __init__(self, galerkin: Galerkin):
        self._galerkin = galerkin
        self._x: list[tuple[float, float, float]] = []
        self._tangents: list[tuple[float, float, float]] = []
        self._vectors: list[np.ndarray] = []
        self._facets: np.ndarray | None = None

    def add(self, evaluation: Evaluation) -> None:
        """Take in one evaluation, and its mirror image where the features are real."""
        g, v, z = self._galerkin, evaluation.vector, evaluation.z
        image = g.cross @ v
        b = np.vdot(v, image)
        outside = g.escape @ v
        a = float(np.vdot(image, image).real + np.vdot(outside, outside).real)
        height = evaluation.lower - abs(z) ** 2
        self._x.append((z.real, z.imag, height))
        self._tangents.append((a, -2 * b.real, -2 * b.imag))
        self._vectors.append(v)
        if g.is_real and z.imag:
            self._x.append((z.real, -z.imag, height))
            self._tangents.append((a, -2 * b.real, 2 * b.imag))
            self._vectors.append(v.conj())
        elif g.is_real:
            # On the axis the minimiser may be complex; its conjugate does as well and bounds the other half.
            self._tangents.append((a, -2 * b.real, 2 * b.imag))
            self._vectors.append(v.conj())
        self._facets = None

    def bounds(self, z: Complex[np.ndarray, "point"]) -> tuple[Float[np.ndarray, "point"], Float[np.ndarray, "point"]]:
        """(lower, upper) bounds of res(z); the lower one is 0 outside the hull of the points evaluated."""
        rows = np.stack([np.ones(len(z)), z.real, z.imag], axis=1)
        square = np.abs(z) ** 2
        planes = rows @ np.array(self._tangents).T
        best = planes.argmin(axis=1)
        upper = np.sqrt(np.maximum(planes[np.arange(len(z)), best] + square, 0.0))
        for k in np.flatnonzero(upper**2 < _SQUARED_FLOOR * (1 + square)):
            upper[k] = self._residual(z[k], self._vectors[best[k]])
        facets = self._upper_facets()
        lower = np.zeros(len(z))
        if len(facets):
            # A facet is as exact as the heights that it was computed from.
            slack = 1e-13 * (1 + square)
            lower = np.sqrt(np.maximum((rows @ facets.T).min(axis=1) + square - slack, 0.0))
            lower[~self._covers(z)] = 0.0
        return np.minimum(lower, upper), upper

    def witness(self, z: complex) -> tuple[float, Complex[np.ndarray, "rank"]]:
        """The least residual at z among the vectors known, and its vector."""
        planes = np.array(self._tangents) @ np.array([1.0, z.real, z.imag])
        vector = self._vectors[int(planes.argmin())]
        return self._residual(z, vector), vector

    def _residual(self, z: complex, v: np.ndarray) -> float:
        g = self._galerkin
        return float(np.hypot(np.linalg.norm(g.cross @ v - z * v), np.linalg.norm(g.escape @ v)))

    def _covers(self, z: np.ndarray) -> np.ndarray:
        known = np.array(self._x)
        slack = 1e-12 * (1 + np.abs(known[:, :2]).max())
        low, high = known[:, :2].min(axis=0) - slack, known[:, :2].max(axis=0) + slack
        return (z.real >= low[0]) & (z.real <= high[0]) & (z.imag >= low[1]) & (z.imag <= high[1])

    def _upper_facets(self) -> np.ndarray:
        # Rows (c, p, q) of the affine functions c + p x + q y over the facets of the upper hull.
        from scipy.spatial import ConvexHull, QhullError

        if self._facets is None:
            known = np.array(self._x)
            low, high = known.min(axis=0), known.max(axis=0)
            middle = (low + high) / 2
            # One point far below makes a hull of a surface that is flat.
            deep = np.array([[middle[0], middle[1], low[2] - 10 * (1 + high[2] - low[2])]])
            try:
                hull = ConvexHull(np.concatenate([known, deep]))
            except QhullError:
                # Points on one line bound nothing between them; they are evaluated one by one then.
                self._facets = np.empty((0, 3))
                return self._facets
            p, q, r, d = hull.equations.T
            up = (r > 1e-10) & ~(hull.simplices == len(known)).any(axis=1)
            self._facets = -np.stack([d[up], p[up], q[up]], axis=1) / r[up][:, None]
        return self._facets
