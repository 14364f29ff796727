"""`Galerkin`: what a dictionary of observables sees of the Koopman operator, from snapshot pairs alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Complex, Float, Num

from inscape.analysis.features import check_hermitian, complex_numbers, feature_pairs, finite_numbers, square_matrix
from inscape.analysis.series import share
from inscape.errors import InputError

RANK_TOLERANCE = 1e-12
_CHUNKS = 6


@dataclass(frozen=True, eq=False)
class EigenSystem:
    """Eigenpairs of the compressed operator, the smallest residual first.

    Parameters
    ----------
    eigenvalues : (rank,) of one step.
    vectors : (rank, rank) right eigenvectors in the columns, in the orthonormal basis, of unit norm: eigenfunctions
        are `psi @ basis @ vectors`, of unit norm on the samples.
    left : (rank, rank) left eigenvectors in the columns, left* A = eigenvalue left*, scaled to left* vectors = 1 where
        the pair allows it: modes of any observable g are left* coordinates(g).
    residuals : (rank,) ||(K - eigenvalue) g|| / ||g|| of each eigenfunction g on the samples.
    """

    eigenvalues: Complex[np.ndarray, "rank"]
    vectors: Complex[np.ndarray, "rank rank"]
    left: Complex[np.ndarray, "rank rank"]
    residuals: Float[np.ndarray, "rank"]


@dataclass(frozen=True, eq=False)
class Galerkin:
    """The Koopman operator K between a dictionary and itself, with the part of K that leaves the dictionary's span.

    In a basis that is orthonormal on the samples, K psi = basis * cross + rest, and `escape` is a triangular factor of
    the rest: ||(K - z) g||^2 = ||(cross - z) v||^2 + ||escape v||^2 for g = basis v. No squared matrix is formed, so
    residuals are right down to rounding, while v* (L - z A* - conj(z) A + |z|^2 G) v stops at 1e-8
    (Colbrook, Ayton & Szoke 2023, J. Fluid Mech. 955, A21; Colbrook & Townsend 2024, Comm. Pure Appl. Math. 77, 221).

    Parameters
    ----------
    cross : (rank, rank) A = <psi_i, K psi_j> in the orthonormal basis.
    escape : (rows, rank) with escape* escape = L - A* A.
    basis : (feature, rank); `psi @ basis` is orthonormal on the samples.
    coordinates : (rank, feature) of the features in the basis.
    samples : snapshot pairs used; 0 where the matrices were given exactly.
    dropped : pairs left out for a missing value.
    side : "Koopman", or "transfer" where the operator is the adjoint of K on a kernel's space (`kernel_galerkin`).
    """

    cross: Num[np.ndarray, "rank rank"]
    escape: Num[np.ndarray, "rows rank"]
    basis: Num[np.ndarray, "feature rank"]
    coordinates: Num[np.ndarray, "rank feature"]
    samples: int
    dropped: int = 0
    side: str = "Koopman"

    @classmethod
    def of(
        cls,
        psi_x: Num[np.ndarray, "sample feature"],
        psi_y: Num[np.ndarray, "sample feature"],
        weights: Float[np.ndarray, "sample"] | None = None,
        rtol: float = RANK_TOLERANCE,
    ) -> Galerkin:
        """From the features of M snapshot pairs (x, F(x)); O(M N^2) time, O(N^2) beside the features.

        Parameters
        ----------
        psi_x, psi_y : (sample, feature) real or complex features before and after one step; pairs with NaN are left out
            and counted.
        weights : (sample,) quadrature weights of at least zero; 1 / samples if None.
        rtol : directions of the scaled features whose singular value lies below `rtol` of the largest are cut off.

        Raises
        ------
        InputError : for shapes that do not match, infinite features, or no more pairs than independent features:
            every residual would be zero then; take `kernel_galerkin`, or fewer features.
        """
        before, after, each, dropped = feature_pairs(psi_x, psi_y, weights)
        stream = GalerkinStream(rtol=rtol)
        stream.add(before, after, each)
        stream.dropped += dropped
        return stream.finish()

    @classmethod
    def from_matrices(cls, gram: Any, cross: Any, image: Any, rtol: float = RANK_TOLERANCE) -> Galerkin:
        """From exact inner products G = <psi_i, psi_j>, A = <psi_i, K psi_j>, L = <K psi_i, K psi_j>, each (N, N).

        Squares are in the input here, so residuals below 1e-8 are rounding.

        Raises
        ------
        InputError : unless all three are finite, square, of one size, and G and L are Hermitian with no negative part.
        """
        g = square_matrix(gram, "gram")
        a, el = square_matrix(cross, "cross", len(g)), square_matrix(image, "image", len(g))
        rtol = share(rtol, "rtol")
        check_hermitian(g, "gram")
        check_hermitian(el, "image")
        scale = np.sqrt(np.abs(np.diagonal(g)))
        scale = np.where(scale > 0, scale, 1.0)
        values, vectors = np.linalg.eigh(g / np.outer(scale, scale))
        if values[0] < -1e-8 * max(values[-1], 0.0) or values[-1] <= 0:
            raise InputError(f"gram: eigenvalue {values[0]:.2g} found, expected a matrix of inner products")
        # Squared singular values: what rounding leaves in them lies at 1e-16, not at rtol^2.
        kept = values > values[-1] * max(rtol**2, len(g) * np.finfo(float).eps)
        root = np.sqrt(values[kept])
        basis = vectors[:, kept] / root / scale[:, None]
        coordinates = (vectors[:, kept] * root).conj().T * scale
        a, el = basis.conj().T @ a @ basis, basis.conj().T @ el @ basis
        return cls(a, root_of_rest(a, el), basis, coordinates, samples=0)

    @property
    def rank(self) -> int:
        """Independent directions kept."""
        return len(self.cross)

    @property
    def features(self) -> int:
        """Features of the dictionary."""
        return len(self.basis)

    @property
    def is_real(self) -> bool:
        """Whether the spectrum mirrors itself in the real axis, as that of real features does."""
        return not (np.iscomplexobj(self.cross) or np.iscomplexobj(self.escape))

    @property
    def gram(self) -> Float[np.ndarray, "rank rank"]:
        """G, the identity in the orthonormal basis."""
        return np.eye(self.rank)

    @cached_property
    def image(self) -> Num[np.ndarray, "rank rank"]:
        """L = <K psi_i, K psi_j> in the orthonormal basis."""
        return self.cross.conj().T @ self.cross + self.escape.conj().T @ self.escape

    @cached_property
    def triangle(self) -> Num[np.ndarray, "rows rank"]:
        """K of the basis, (rank + rows, rank): `cross` over `escape`; triangle* triangle = image."""
        return np.concatenate([self.cross, self.escape])

    def pencil(self, z: complex) -> Num[np.ndarray, "rows rank"]:
        """`triangle` less z times the identity on top; its least singular value is the least residual at z."""
        pencil = self.triangle.astype(complex)
        pencil[np.arange(self.rank), np.arange(self.rank)] -= z
        return pencil

    def coordinates_of(self, features: Num[np.ndarray, "feature *observable"]) -> Num[np.ndarray, "rank *observable"]:
        """Coefficients in the orthonormal basis of observables given by coefficients of the features.

        Raises
        ------
        InputError : if there is not one coefficient a feature.
        """
        given = finite_numbers(features, "features")
        if given.ndim not in (1, 2) or len(given) != self.features:
            raise InputError(f"features: shape {given.shape} found, expected ({self.features},) or with columns")
        return self.coordinates @ given

    def eigen(self) -> EigenSystem:
        """EDMD's eigenpairs, each with its residual; O(rank^3).

        The eigenvalues alone prove nothing: those with a residual near one are artefacts of the dictionary.
        """
        from scipy.linalg import eig

        values, left, right = eig(self.cross, left=True, check_finite=False)
        right, left = right.astype(complex), left.astype(complex)
        right /= np.linalg.norm(right, axis=0)
        overlap = np.einsum("ij,ij->j", left.conj(), right)
        safe = np.abs(overlap) > np.finfo(float).eps
        left[:, safe] /= overlap[safe].conj()
        inside = self.cross @ right - right * values
        residuals = np.sqrt((np.abs(inside) ** 2).sum(axis=0) + (np.abs(self.escape @ right) ** 2).sum(axis=0))
        order = np.argsort(residuals, kind="stable")
        return EigenSystem(values[order].astype(complex), right[:, order], left[:, order], residuals[order])

    def __repr__(self) -> str:
        cut = f" of {self.features} features" if self.rank < self.features else ""
        pairs = f"{self.samples} pairs" if self.samples else "exact inner products"
        return f"Galerkin({self.side} operator, rank {self.rank}{cut}, {pairs}, {self.dropped} left out)"


@dataclass(eq=False)
class GalerkinStream:
    """A `Galerkin` of more pairs than fit in memory: chunks go in, one triangular factor is kept (TSQR).

    The order and size of the chunks change the answer by rounding only. O(N^2) memory.

    Examples
    --------
    >>> stream = GalerkinStream()
    >>> for chunk in chunks: stream.add(psi(chunk.before), psi(chunk.after))  # doctest: +SKIP
    >>> stream.finish()  # doctest: +SKIP
    """

    rtol: float = RANK_TOLERANCE
    samples: int = 0
    dropped: int = 0
    _factor: np.ndarray | None = field(default=None, repr=False)
    _weight: float = field(default=0.0, repr=False)

    def __post_init__(self) -> None:
        share(self.rtol, "rtol")

    def add(self, psi_x: Any, psi_y: Any, weights: Any = None) -> None:
        """Take in pairs, (sample, feature) before and after; a pair weighs 1 where no `weights` are given.

        Raises
        ------
        InputError : as of `Galerkin.of`, or if the chunk has another number of features than those before.
        """
        if _is_empty(psi_x) and _is_empty(psi_y):
            return
        before, after, each, dropped = feature_pairs(psi_x, psi_y, weights)
        if weights is None:
            each = np.ones(len(before))
        features = before.shape[1]
        if self._factor is not None and self._factor.shape[1] != 2 * features:
            raise InputError(f"psi_x: {features} features found, expected {self._factor.shape[1] // 2} as before")
        root = np.sqrt(each)[:, None]
        step = max(_CHUNKS * features, 256)
        for start in range(0, len(before), step):
            rows = slice(start, start + step)
            chunk = np.concatenate([before[rows], after[rows]], axis=1) * root[rows]
            stacked = chunk if self._factor is None else np.concatenate([self._factor, chunk])
            self._factor = _triangle_of(stacked)
        self.samples += int((each > 0).sum())
        self.dropped += dropped
        self._weight += float(each.sum())

    def finish(self) -> Galerkin:
        """The matrices of all pairs added so far; more may be added afterwards.

        Raises
        ------
        InputError : if nothing was added, all features are zero, or pairs are no more than independent features.
        """
        if self._factor is None:
            raise InputError("stream: no pairs found, expected at least one call of add(psi_x, psi_y)")
        features = self._factor.shape[1] // 2
        factor = self._factor / np.sqrt(self._weight)
        x, y = factor[:, :features], factor[:, features:]
        scale = np.linalg.norm(x, axis=0)
        if not scale.any():
            raise InputError("psi_x: all features are zero on every sample, expected at least one that is not")
        scale = np.where(scale > 0, scale, 1.0)
        u, s, vh = np.linalg.svd(x / scale, full_matrices=False)
        kept = s > s[0] * self.rtol
        rank = int(kept.sum())
        if self.samples <= rank:
            raise InputError(
                f"psi_x: {self.samples} pairs for {rank} independent features found, expected more pairs; "
                "take kernel_galerkin, which is made for few snapshots, or fewer features"
            )
        u, s, vh = u[:, kept], s[kept], vh[kept]
        basis = vh.conj().T / s / scale[:, None]
        coordinates = s[:, None] * vh * scale
        mapped = y @ basis
        cross = u.conj().T @ mapped
        # Twice is enough for the rest to be orthogonal to the span, however little of it there is.
        rest = mapped - u @ cross
        rest -= u @ (u.conj().T @ rest)
        return Galerkin(cross, _triangle_of(rest), basis, coordinates, self.samples, self.dropped)


def root_of_rest(cross: np.ndarray, image: np.ndarray) -> np.ndarray:
    """E with E* E = L - A* A; what rounding leaves in the difference counts as zero."""
    rest, directions = np.linalg.eigh(image - cross.conj().T @ cross)
    floor = 10 * len(cross) * np.finfo(float).eps * max(float(np.abs(np.diagonal(image)).max()), 0.0)
    return np.sqrt(np.where(rest > floor, rest, 0.0))[:, None] * directions.conj().T


def _triangle_of(matrix: np.ndarray) -> np.ndarray:
    from scipy.linalg import qr

    return qr(matrix, mode="r", overwrite_a=True, check_finite=False)[0][: matrix.shape[1]]


def _is_empty(values: Any) -> bool:
    array = complex_numbers(values, "psi_x")
    return array.ndim == 2 and not len(array)
