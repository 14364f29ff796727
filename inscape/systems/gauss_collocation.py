"""Gauss collocation on one step: nodes, weights, and the polynomial through the stage values (Hairer, Norsett & Wanner
1993, sect. II.7)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True, eq=False)
class GaussCollocation:
    """The constants of Gauss collocation with `q` stages on the unit step.

    A step is held by its values at q + 1 points: its left end, then the q Gauss nodes.

    Parameters
    ----------
    nodes, weights : (q,) Gauss-Legendre quadrature on [0, 1].
    matrix : (q, q) integrals of the Lagrange polynomials from 0 to each node.
    points : (q + 1,) 0 and the nodes.
    barycentric : (q + 1,) barycentric weights of the points.
    legendre : (q + 1, q + 1) from values at the points to shifted Legendre coefficients.
    halves : (2, q + 1, q + 1) from values at the points to values at the points of the left and of the right half.
    """

    nodes: Float[np.ndarray, "q"]
    weights: Float[np.ndarray, "q"]
    matrix: Float[np.ndarray, "q q"]
    points: Float[np.ndarray, "q+1"]
    barycentric: Float[np.ndarray, "q+1"]
    legendre: Float[np.ndarray, "q+1 q+1"]
    halves: Float[np.ndarray, "2 q+1 q+1"]


@cache
def gauss_collocation(stages: int) -> GaussCollocation:
    """The constants for so many stages; the step is of order 2 * stages at its end, stages + 1 in between."""
    from numpy.polynomial import legendre

    x, w = legendre.leggauss(stages)
    nodes, weights = (x + 1) / 2, w / 2
    degrees = np.arange(stages)
    # Lagrange polynomials in the Legendre basis by discrete orthogonality, then integrated term by term.
    to_coefficients = (2 * degrees[:, None] + 1) * weights * legendre.legvander(x, stages - 1).T
    integrals = np.array([legendre.legval(x, legendre.legint(row, lbnd=-1)) for row in np.eye(stages)]).T / 2
    points = np.concatenate(([0.0], nodes))
    gaps = points[:, None] - points + np.eye(stages + 1)
    barycentric = 1 / gaps.prod(axis=1)
    barycentric /= np.abs(barycentric).max()
    vandermonde = legendre.legvander(2 * points - 1, stages)
    to_legendre = np.linalg.inv(vandermonde)
    halves = np.array([legendre.legvander(2 * (points + side) / 2 - 1, stages) @ to_legendre for side in (0, 1)])
    return GaussCollocation(nodes, weights, integrals @ to_coefficients, points, barycentric, to_legendre, halves)
