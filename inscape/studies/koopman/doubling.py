"""Bar 1: the doubling map, whose least residual is known at every point of the plane and for every dictionary."""

from __future__ import annotations

from math import cos, floor, log2, pi, sqrt

import numpy as np

from inscape.analysis.galerkin import Galerkin
from inscape.analysis.residuals import least_residual


def doubling_operator(order: int) -> Galerkin:
    """Exact matrices of x -> 2x mod 1 on exp(2 pi i k x), 0 < |k| <= order: K moves the character k to 2k."""
    waves = np.array([k for k in range(-order, order + 1) if k != 0])
    cross = (waves[:, None] == 2 * waves[None, :]).astype(float)
    identity = np.eye(len(waves))
    return Galerkin.from_matrices(identity, cross, identity)


def least_residual_of_doubling(z: complex, order: int) -> float:
    """The exact least residual: K acts on the chains k, 2k, 4k, ... of l characters, and leaves the span at their end.

    On a chain (K - z)*(K - z) is tridiagonal, 1 + |z|^2 on the diagonal and |z| beside it, up to phases.
    """
    length = floor(log2(order)) + 1
    return sqrt(max(1 + abs(z) ** 2 - 2 * abs(z) * cos(pi / (length + 1)), 0.0))


def worst_difference(orders: list[int]) -> dict[str, float]:
    """Largest difference of computed and exact least residuals over orders and a polar grid of points; and the least
    residual of EDMD's eigenvalues, all of which are zeros that the map does not have."""
    points = (np.linspace(0, 1.5, 7)[:, None] * np.exp(1j * np.linspace(0, 2 * pi, 8, endpoint=False))).ravel()
    difference, false = 0.0, np.inf
    for order in orders:
        operator = doubling_operator(order)
        found = least_residual(operator, points)
        exact = np.array([least_residual_of_doubling(z, order) for z in points])
        difference = max(difference, float(np.abs(found - exact).max()))
        system = operator.eigen()
        near = np.abs(system.eigenvalues) < 0.5
        false = min(false, float(system.residuals[near].min()) if near.any() else np.inf)
    return {"difference": difference, "false_residual": false}
