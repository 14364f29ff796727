"""How far a pair (z, g) is from an eigenpair of the Koopman operator: residuals of Galerkin coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Complex, Float, Num

from inscape.analysis.features import finite_numbers, points_of_plane
from inscape.analysis.galerkin import Galerkin
from inscape.errors import InputError


def residual(
    galerkin: Galerkin, z: Complex[np.ndarray, "*pair"] | complex, v: Num[np.ndarray, "rank *pair"]
) -> Float[np.ndarray, "*pair"]:
    """res(z, v) = ||(K - z) g|| / ||g|| on the samples, g = psi basis v; no squared matrices.

    Parameters
    ----------
    z : one point, or one a column of `v`.
    v : (rank,) or (rank, pair) coefficients in the orthonormal basis (`galerkin.coordinates_of` makes them from
        coefficients of the features).

    Raises
    ------
    InputError : for shapes that do not match, values that are not finite, or a column of zeros.
    """
    _check_galerkin(galerkin)
    points, vectors = points_of_plane(z), finite_numbers(v, "v")
    if vectors.ndim not in (1, 2) or len(vectors) != galerkin.rank:
        raise InputError(f"v: shape {vectors.shape} found, expected ({galerkin.rank},) or ({galerkin.rank}, pair)")
    columns = vectors.reshape(galerkin.rank, -1)
    if points.ndim > 1 or (points.ndim == 1 and points.size not in (1, columns.shape[1])):
        raise InputError(f"z: shape {points.shape} found, expected one point or one a column of v, {columns.shape[1]}")
    norms = np.linalg.norm(columns, axis=0)
    if (norms == 0).any():
        raise InputError("v: a column of zeros found, expected a function that is not zero")
    # res(z, v) of a set of z with one v is as common as that of a set of pairs.
    if points.ndim == 1 and columns.shape[1] == 1 and points.size > 1:
        columns, norms = np.repeat(columns, points.size, axis=1), np.repeat(norms, points.size)
    inside = galerkin.cross @ columns - columns * points
    answer = np.hypot(np.linalg.norm(inside, axis=0), np.linalg.norm(galerkin.escape @ columns, axis=0)) / norms
    return answer[0] if vectors.ndim == 1 and points.ndim == 0 else answer


def least_residual(galerkin: Galerkin, z: Complex[np.ndarray, "*point"] | complex, *, vectors: bool = False) -> Any:
    """res(z) = min over v of res(z, v): the least singular value of `galerkin.pencil(z)`.

    Right to rounding, one singular value decomposition a point, O(rank^3); for many points `pseudospectrum` is far
    faster.

    Parameters
    ----------
    vectors : also return the minimisers, (*point, rank), of unit norm.

    Returns
    -------
    (*point,) residuals; with `vectors`, a pair of them and the minimisers.
    """
    from scipy.linalg import qr, svd

    _check_galerkin(galerkin)
    points = points_of_plane(z)
    least = np.empty(points.size)
    minimisers = np.empty((points.size, galerkin.rank), dtype=complex)
    for k, point in enumerate(points.ravel()):
        # QR first halves the decomposition of a matrix with twice as many rows as columns.
        factor = qr(galerkin.pencil(point), mode="r", overwrite_a=True, check_finite=False)[0][: galerkin.rank]
        if vectors:
            _, s, vh = svd(factor, check_finite=False)
            minimisers[k] = vh[-1].conj()
        else:
            s = svd(factor, compute_uv=False, check_finite=False)
        least[k] = s[-1]
    shaped = least.reshape(points.shape) if points.ndim else least[0]
    return (shaped, minimisers.reshape(*points.shape, galerkin.rank)) if vectors else shaped


def _check_galerkin(galerkin: Any) -> None:
    if not isinstance(galerkin, Galerkin):
        raise InputError(f"galerkin: {type(galerkin).__name__} found, expected Galerkin; make one by Galerkin.of")
