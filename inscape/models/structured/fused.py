"""Products with Hankel blocks by a fused butterfly: forward levels, diagonal and backward levels in one buffer.

The forward transform decimates in frequency and leaves its results in bit-reversed order; the backward one decimates
in time and takes them so. The diagonal is stored in that order, and no permutation is ever carried out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
from jaxtyping import Float

from inscape.models.structured.network import next_power_of_two

if TYPE_CHECKING:
    import torch


@numba.njit(cache=True, fastmath={"contract"})
def _transform(v: np.ndarray, twiddles: np.ndarray) -> None:
    """Fourier transform in place; results in bit-reversed order. `twiddles` are the r/2 roots of the first level."""
    size = len(v)
    length, stride = size, 1
    while length > 1:
        half = length // 2
        for start in range(0, size, length):
            for k in range(half):
                first, second = v[start + k], v[start + half + k]
                v[start + k] = first + second
                v[start + half + k] = (first - second) * twiddles[k * stride]
        length = half
        stride *= 2


@numba.njit(cache=True, fastmath={"contract"})
def _transform_back(v: np.ndarray, twiddles: np.ndarray) -> None:
    """The inverse of `_transform` times the size, from bit-reversed order to natural order."""
    size = len(v)
    length, stride = 2, size // 2
    while length <= size:
        half = length // 2
        for start in range(0, size, length):
            for k in range(half):
                first = v[start + k]
                second = v[start + half + k] * np.conj(twiddles[k * stride])
                v[start + k] = first + second
                v[start + half + k] = first - second
        length *= 2
        stride //= 2


@numba.njit(cache=True)
def _spectra(c: np.ndarray, rows: int, size: int, twiddles: np.ndarray) -> np.ndarray:
    """(p, r) the diagonals D / r in bit-reversed order, of blocks with antidiagonals c (p, rows + columns - 1)."""
    spectra = np.zeros((len(c), size), dtype=np.complex128)
    for j in range(len(c)):
        for d in range(rows):
            spectra[j, d] = c[j, rows - 1 - d]
        for e in range(1, c.shape[1] - rows + 1):
            spectra[j, size - e] = c[j, rows - 1 + e]
        _transform(spectra[j], twiddles)
        spectra[j] /= size
    return spectra


@numba.njit(cache=True)
def _products(spectra: np.ndarray, x: np.ndarray, rows: int, twiddles: np.ndarray) -> np.ndarray:
    """(batch, p, rows) from x (batch, p or 1, column)."""
    p, size = spectra.shape
    answers = np.empty((len(x), p, rows))
    shared, v = np.empty(size, dtype=np.complex128), np.empty(size, dtype=np.complex128)
    for sample in range(len(x)):
        for j in range(p):
            if j < x.shape[1]:
                shared[:] = 0.0
                for k in range(x.shape[2]):
                    shared[k] = x[sample, j, k]
                _transform(shared, twiddles)
            for k in range(size):
                v[k] = shared[k] * spectra[j, k]
            _transform_back(v, twiddles)
            for i in range(rows):
                answers[sample, j, i] = v[rows - 1 - i].real
    return answers


@numba.njit(cache=True)
def _antidiagonal_sums(g: np.ndarray, x: np.ndarray, size: int, twiddles: np.ndarray) -> np.ndarray:
    """(p, rows + columns - 1) sums over the batch of g[j, i] x[j, k] with i + k = d: the gradient of c."""
    p, rows, columns = g.shape[1], g.shape[2], x.shape[2]
    sums = np.empty((p, rows + columns - 1))
    total, first, second = (
        np.empty(size, dtype=np.complex128),
        np.empty(size, dtype=np.complex128),
        np.empty(size, dtype=np.complex128),
    )
    for j in range(p):
        total[:] = 0.0
        for sample in range(len(x)):
            first[:] = 0.0
            second[:] = 0.0
            for i in range(rows):
                first[i] = g[sample, j, i]
            for k in range(columns):
                second[k] = x[sample, min(j, x.shape[1] - 1), k]
            _transform(first, twiddles)
            _transform(second, twiddles)
            for k in range(size):
                total[k] += first[k] * second[k]
        _transform_back(total, twiddles)
        for d in range(rows + columns - 1):
            sums[j, d] = total[d].real / size
    return sums


def _plan(rows: int, columns: int) -> tuple[int, np.ndarray]:
    size = 2 * next_power_of_two(max(rows, columns))
    return size, np.exp(-2j * np.pi * np.arange(size // 2) / size)


def hankel_products(
    c: Float[np.ndarray, "p antidiagonal"], x: Float[np.ndarray, "batch p column"], rows: int
) -> Float[np.ndarray, "batch p row"]:
    """y[b, j, i] = sum_k c[j, i + k] x[b, j, k], an x of one block being shared by all."""
    size, twiddles = _plan(rows, x.shape[-1])
    spectra = _spectra(np.ascontiguousarray(c, dtype=float), rows, size, twiddles)
    return _products(spectra, np.ascontiguousarray(x, dtype=float), rows, twiddles)


def fused_hankel(c: torch.Tensor, x: torch.Tensor, rows: int) -> torch.Tensor:
    """`hankel_products` on tensors (p, antidiagonal) and (*batch, p or 1, column), with its derivative."""
    return _fused_function().apply(c, x, rows)


_FUNCTION: list[Any] = []


def _fused_function() -> Any:
    """The autograd function, made when torch is first needed."""
    if _FUNCTION:
        return _FUNCTION[0]
    import torch

    def products(c: torch.Tensor, x: torch.Tensor, rows: int) -> torch.Tensor:
        flat = x.detach().reshape(-1, *x.shape[-2:])
        answer = hankel_products(c.detach().cpu().numpy(), flat.cpu().numpy(), rows)
        return torch.as_tensor(answer, dtype=x.dtype, device=x.device).reshape(*x.shape[:-2], c.shape[0], rows)

    class FusedHankel(torch.autograd.Function):
        """Its transpose is a Hankel product with rows and columns exchanged."""

        @staticmethod
        def forward(ctx: Any, c: torch.Tensor, x: torch.Tensor, rows: int) -> torch.Tensor:
            ctx.save_for_backward(c, x)
            return products(c, x, rows)

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:
            c, x = ctx.saved_tensors
            to_x = products(c, gradient, x.shape[-1])
            if x.shape[-2] == 1 and c.shape[0] > 1:
                to_x = to_x.sum(-2, keepdim=True)
            size, twiddles = _plan(gradient.shape[-1], x.shape[-1])
            g, flat = (t.reshape(-1, *t.shape[-2:]).double().cpu().numpy() for t in (gradient, x.detach()))
            sums = _antidiagonal_sums(np.ascontiguousarray(g), np.ascontiguousarray(flat), size, twiddles)
            return torch.as_tensor(sums, dtype=c.dtype, device=c.device), to_x, None

    _FUNCTION.append(FusedHankel)
    return FusedHankel
