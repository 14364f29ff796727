"""The unitary matrix nearest to a Koopman matrix: measure-preserving EDMD without its dictionary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float, Num

from inscape.analysis.features import finite_numbers
from inscape.analysis.galerkin import Galerkin
from inscape.errors import InputError


@dataclass(frozen=True, eq=False)
class UnitaryPart:
    """Eigenpairs of the unitary polar factor, in the orthonormal basis of a `Galerkin`.

    Parameters
    ----------
    eigenvalues : (rank,) on the unit circle, by rising angle in (-pi, pi].
    vectors : (rank, rank) orthonormal eigenvectors in the columns.
    singular : (rank,) singular values of the Koopman matrix, largest first; how far they are below one is what the
        dictionary loses in a step.
    """

    eigenvalues: Complex[np.ndarray, "rank"]
    vectors: Complex[np.ndarray, "rank rank"]
    singular: Float[np.ndarray, "rank"]

    @property
    def angles(self) -> Float[np.ndarray, "rank"]:
        """(rank,) angles of the eigenvalues in (-pi, pi]."""
        return np.angle(self.eigenvalues)

    def coefficients(self, g: Num[np.ndarray, "rank *observable"]) -> Complex[np.ndarray, "rank *observable"]:
        """Coefficients of an observable in the eigenvectors, from those in the orthonormal basis."""
        given = finite_numbers(g, "g")
        if given.ndim not in (1, 2) or len(given) != len(self.eigenvalues):
            raise InputError(f"g: shape {given.shape} found, expected ({len(self.eigenvalues)},) or with columns")
        return self.vectors.conj().T @ given


def unitary_part(galerkin: Galerkin) -> UnitaryPart:
    """Measure-preserving EDMD: with A = P |A|, the eigenpairs of the unitary P; O(rank^3).

    P solves the orthogonal Procrustes problem, the least ||K psi - psi P|| among unitary matrices, and its spectral
    measures converge weakly to those of K for measure-preserving maps (Colbrook 2023, SIAM J. Numer. Anal. 61, 1585).
    On the span of g, K g, ..., K^(N-1) g it keeps the first N autocorrelations of g.

    Raises
    ------
    InputError : if the Koopman matrix is zero, so that every unitary matrix is as near.
    """
    from scipy.linalg import schur, svd

    if not isinstance(galerkin, Galerkin):
        raise InputError(f"galerkin: {type(galerkin).__name__} found, expected Galerkin; make one by Galerkin.of")
    u, s, vh = svd(galerkin.cross, check_finite=False)
    if s[0] == 0:
        raise InputError("galerkin: a Koopman matrix of zeros found; no unitary matrix is nearest to it")
    triangle, vectors = schur((u @ vh).astype(complex), output="complex", check_finite=False)
    eigenvalues = np.diagonal(triangle)
    eigenvalues = eigenvalues / np.abs(eigenvalues)
    order = np.argsort(np.angle(eigenvalues), kind="stable")
    return UnitaryPart(eigenvalues[order], vectors[:, order], s)
