"""The Hankel matrix as a product of sparse factors, and its product with a vector by them (exact)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Complex, Float

from inscape.errors import InputError
from inscape.models.structured.network import next_power_of_two, whole

if TYPE_CHECKING:
    import scipy.sparse


@dataclass(frozen=True, eq=False)
class HankelFactors:
    """H = I~ J_m' F* D F J_n, with H[i, k] = c[i + k], of m rows and n columns.

    T = I~ H is Toeplitz and sits in the corner of a circulant of size r, which the Fourier matrix F (unitary)
    diagonalises; J_n = [I_n; 0] pads, J_m' cuts, I~ reverses.

    Parameters
    ----------
    antidiagonals : c (m + n - 1,).
    rows : m.
    """

    antidiagonals: Float[np.ndarray, "antidiagonal"]
    rows: int

    def __post_init__(self) -> None:
        try:
            c = np.array(self.antidiagonals, dtype=float)
        except (TypeError, ValueError):
            raise InputError("antidiagonals: expected a vector of numbers") from None
        if c.ndim != 1 or not len(c) or not np.isfinite(c).all():
            raise InputError(f"antidiagonals: shape {c.shape} found, expected (rows + columns - 1,) finite numbers")
        if whole("rows", self.rows) > len(c):
            raise InputError(f"rows: {self.rows} found, expected at most the {len(c)} antidiagonals")
        object.__setattr__(self, "antidiagonals", c)

    @property
    def columns(self) -> int:
        """n."""
        return len(self.antidiagonals) - self.rows + 1

    @property
    def size(self) -> int:
        """r, the size of the circulant: the power of two from 2 max(m, n) on."""
        return 2 * next_power_of_two(max(self.rows, self.columns))

    def circulant_column(self) -> Float[np.ndarray, "r"]:
        """First column of the circulant: t[i - k] = T[i, k], indices modulo r."""
        column = np.zeros(self.size)
        column[: self.rows] = self.antidiagonals[self.rows - 1 :: -1]
        ahead = self.antidiagonals[self.rows :]
        column[self.size - len(ahead) :] = ahead[::-1]
        return column

    def diagonal(self) -> Complex[np.ndarray, "r"]:
        """D, the discrete Fourier transform of the circulant's first column."""
        return np.fft.fft(self.circulant_column())

    def dense(self) -> Float[np.ndarray, "row column"]:
        """H itself."""
        return self.antidiagonals[np.add.outer(np.arange(self.rows), np.arange(self.columns))]

    def factors(self) -> list[scipy.sparse.csr_array]:
        """The sparse matrices whose product is H, left to right; F and F* as the log2(r) levels of the recursion.

        F_r = P' (F_{r/2} + F_{r/2}) [I I; W -W] / sqrt(2) at each level, so that the last factors of F are butterflies
        and the first one is the bit reversal.
        """
        from scipy import sparse

        r = self.size
        forward = _fourier_levels(r)
        backward = [level.conj().T.tocsr() for level in reversed(forward)]
        pad = sparse.eye_array(r, self.columns, format="csr")
        cut = sparse.eye_array(self.rows, r, format="csr")
        reverse = sparse.csr_array(np.eye(self.rows)[::-1])
        diagonal = sparse.diags_array(self.diagonal(), format="csr")
        return [reverse, cut, *backward, diagonal, *forward, pad]

    def apply(self, x: Any, mode: Literal["fft", "butterfly", "dense"] = "fft") -> Float[np.ndarray, "*batch row"]:
        """H x for x (*batch, column), by the fast Fourier transform, the fused butterfly or the matrix.

        Raises
        ------
        InputError : if the last axis of x is not n long.
        """
        x = np.asarray(x, dtype=float)
        if x.ndim < 1 or x.shape[-1] != self.columns:
            raise InputError(f"x: shape {x.shape} found, expected (*batch, {self.columns})")
        if mode == "dense":
            return x @ self.dense().T
        if mode == "fft":
            spectrum = np.fft.rfft(self.circulant_column()) * np.fft.rfft(x, self.size)
            return np.fft.irfft(spectrum, self.size)[..., : self.rows][..., ::-1]
        if mode != "butterfly":
            raise InputError(f"mode: {mode!r} found, expected 'fft', 'butterfly' or 'dense'")
        from inscape.models.structured.fused import hankel_products

        flat = x.reshape(-1, 1, self.columns)
        return hankel_products(self.antidiagonals[None], flat, self.rows).reshape(*x.shape[:-1], self.rows)


def _fourier_levels(size: int) -> list[scipy.sparse.csr_array]:
    """Sparse factors of the unitary Fourier matrix, left to right: bit reversal, then levels from small to large."""
    from scipy import sparse

    from inscape.models.structured.butterfly import bit_reversal

    levels = []
    length = size
    while length > 1:
        half = length // 2
        one = sparse.eye_array(half)
        twiddles = sparse.diags_array(np.exp(-2j * np.pi * np.arange(half) / length))
        step = sparse.block_array([[one, one], [twiddles, -twiddles]]) / np.sqrt(2.0)
        levels.append(sparse.kron(sparse.eye_array(size // length), step, format="csr"))
        length = half
    reversal = sparse.csr_array((np.ones(size), (np.arange(size), bit_reversal(size))), shape=(size, size))
    return [reversal, *reversed(levels)]
