"""Koopman matrices of a kernel, for fewer snapshots than features."""

from __future__ import annotations

from typing import Any

import numpy as np

from inscape.analysis.features import check_hermitian, square_matrix
from inscape.analysis.galerkin import Galerkin, root_of_rest
from inscape.analysis.series import share, whole
from inscape.errors import InputError


def kernel_galerkin(before: Any, across: Any, after: Any, rank: int | None = None, rtol: float = 1e-8) -> Galerkin:
    """For fewer snapshots than features: the transfer operator on the space of a kernel, without projection error.

    On the reproducing space the adjoint of K moves kernel sections, K* k(x, .) = k(F(x), .), so for
    g = sum_m c_m k(x_m, .) the number ||(K* - z) g||^2 = c* (k(Y,Y) - ...) c is exact for any number of snapshots M; no
    second data set is needed. Its residuals at conj(z) are those of the left eigenvectors of
    U' k(Y,X) U'* in kernel EDMD (Colbrook 2024, J. Comput. Phys. "Another look at residual dynamic mode
    decomposition"; Williams, Rowley & Kevrekidis 2015). O(M^3).

    Parameters
    ----------
    before : (M, M) k(x_i, x_j).
    across : (M, M) k(x_i, y_j), y_j = F(x_j).
    after : (M, M) k(y_i, y_j).
    rank : directions kept at most; all above `rtol` if None.
    rtol : directions whose singular value (root of an eigenvalue of `before`) is below `rtol` of the largest are cut.

    Raises
    ------
    InputError : unless the three are finite square matrices of one size and `before`, `after` those of a kernel.
    """
    g = square_matrix(before, "before")
    a, el = square_matrix(across, "across", len(g)), square_matrix(after, "after", len(g))
    rtol = share(rtol, "rtol")
    check_hermitian(g, "before")
    check_hermitian(el, "after")
    values, vectors = np.linalg.eigh(g)
    values, vectors = values[::-1], vectors[:, ::-1]
    if values[-1] < -1e-8 * max(values[0], 0.0) or values[0] <= 0:
        raise InputError(f"before: eigenvalue {values[-1]:.2g} found, expected a positive semi-definite kernel matrix")
    count = int((values > values[0] * max(rtol**2, len(g) * np.finfo(float).eps)).sum())
    if rank is not None:
        count = min(count, whole(rank, "rank"))
    root = np.sqrt(values[:count])
    basis = vectors[:, :count] / root
    coordinates = (vectors[:, :count] * root).conj().T
    a, el = basis.conj().T @ a @ basis, basis.conj().T @ el @ basis
    return Galerkin(a, root_of_rest(a, el), basis, coordinates, samples=len(g), side="transfer")
