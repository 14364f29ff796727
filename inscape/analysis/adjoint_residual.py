"""The other side of the operator: approximate eigenfunctions of K*, which maps that cannot be undone have in plenty."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Complex, Float, Int

from inscape.analysis.features import points_of_plane
from inscape.analysis.galerkin import Galerkin
from inscape.analysis.series import real_numbers, shown
from inscape.errors import InputError


def least_adjoint_residual(
    galerkin: Galerkin,
    z: Complex[np.ndarray, "*point"] | complex,
    test: Int[np.ndarray, "feature"],
) -> Float[np.ndarray, "*point"]:
    """min over g in the span of the `test` features of ||P (K* - conj(z)) g|| / ||g||, P onto the whole dictionary.

    A map that is not one to one may have the whole disc for its spectrum while its approximate point spectrum is the
    circle: the rest are eigenvalues of the adjoint. Snapshots of F do not give K* itself, only its projection, so the
    number is a lower bound; for test features that are fixed it rises to ||(K* - conj(z)) g|| as the dictionary grows,
    one limit more than `least_residual` needs, and nothing is verified on the way. O(rank^2 test) a point.

    Parameters
    ----------
    test : (feature,) indices of the features that g is made of: far fewer than the dictionary has, since K* of those
        at its edge is cut off.

    Raises
    ------
    InputError : for indices that are no features, or a `galerkin` that is of the transfer operator already.
    """
    if not isinstance(galerkin, Galerkin):
        raise InputError(f"galerkin: {type(galerkin).__name__} found, expected Galerkin; make one by Galerkin.of")
    if galerkin.side != "Koopman":
        raise InputError("galerkin: that of a kernel found, which is of the adjoint already; use least_residual")
    points = points_of_plane(z)
    span = _test_space(galerkin, test)
    moved = galerkin.cross.conj().T @ span
    least = np.empty(points.size)
    for k, point in enumerate(points.ravel()):
        least[k] = np.linalg.svd(moved - np.conj(point) * span, compute_uv=False)[-1]
    return least.reshape(points.shape) if points.ndim else least[0]


def _test_space(galerkin: Galerkin, test: Any) -> np.ndarray:
    indices = real_numbers(test, "test")
    known = indices.ndim == 1 and indices.size and (indices == np.round(indices)).all()
    if not known or indices.min() < 0 or indices.max() >= galerkin.features:
        raise InputError(f"test: {shown(test)} found, expected indices of features, 0 to {galerkin.features - 1}")
    span, factor = np.linalg.qr(galerkin.coordinates[:, indices.astype(int)])
    return span[:, np.abs(np.diagonal(factor)) > 1e-10 * np.abs(np.diagonal(factor)).max()]
