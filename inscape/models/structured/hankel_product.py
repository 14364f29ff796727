"""Products with learned Hankel blocks in torch: by the matrix, by the Fourier factors, by the fused butterfly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    import torch

MODES = ("auto", "dense", "butterfly", "fft")

DENSE_UP_TO = 48
"""Window length up to which the matrix itself is faster in torch than its factors (benchmarks/stnn.py, one core)."""


def hankel_apply(
    c: torch.Tensor, x: torch.Tensor, rows: int, mode: str = "auto", *, summed: bool = False
) -> torch.Tensor:
    """y[..., j, i] = sum_k c[j, i + k] x[..., j, k] for i < rows; their sum over blocks j if `summed`.

    Parameters
    ----------
    c : (p, rows + columns - 1) one number an antidiagonal.
    x : (*batch, p or 1, columns).
    rows : length of each result.
    mode : "dense" builds the blocks, "fft" and "butterfly" go through a circulant, "auto" takes the faster (measured).
    summed : add up the blocks' results, which spares the transform back of all but one.
    """
    if mode not in MODES:
        raise UnknownNameError("mode", str(mode), MODES)
    columns = x.shape[-1]
    if c.ndim != 2 or c.shape[1] != rows + columns - 1 or x.ndim < 2 or x.shape[-2] not in (1, c.shape[0]):
        raise InputError(
            f"c: shape {tuple(c.shape)} with x {tuple(x.shape)} found, expected (p, {rows} + columns - 1) "
            "and (*batch, p or 1, columns)"
        )
    if mode == "auto":
        mode = "dense" if max(rows, columns) <= DENSE_UP_TO else "fft"
    if mode == "dense":
        return _by_matrix(c, x, rows, summed)
    if mode == "fft":
        return _by_fft(c, x, rows, summed)
    from inscape.models.structured.fused import fused_hankel

    y = fused_hankel(c, x, rows)
    return y.sum(-2) if summed else y


def _by_matrix(c: torch.Tensor, x: torch.Tensor, rows: int, summed: bool) -> torch.Tensor:
    import torch

    p, columns = c.shape[0], x.shape[-1]
    place = np.add.outer(np.arange(rows), np.arange(columns))
    blocks = c[:, torch.as_tensor(place, device=c.device)]
    if summed and x.shape[-2] == p:
        return torch.nn.functional.linear(x.flatten(-2), blocks.transpose(0, 1).reshape(rows, p * columns))
    if x.shape[-2] == 1 and not summed:
        flat = torch.nn.functional.linear(x[..., 0, :], blocks.reshape(p * rows, columns))
        return flat.reshape(*x.shape[:-2], p, rows)
    y = torch.einsum("pik,...pk->...pi", blocks, x.expand(*x.shape[:-2], p, columns))
    return y.sum(-2) if summed else y


def _by_fft(c: torch.Tensor, x: torch.Tensor, rows: int, summed: bool) -> torch.Tensor:
    import torch

    size = fast_length(c.shape[1])
    # Correlation of c with x: the reversal of the factorisation is the conjugate.
    spectrum = torch.fft.rfft(c, n=size) * torch.fft.rfft(x, n=size).conj()
    spectrum = spectrum.sum(-2) if summed else spectrum
    return torch.fft.irfft(spectrum, n=size)[..., :rows]


def fast_length(least: int) -> int:
    """The smallest length from `least` on whose Fourier transform is quick."""
    from scipy.fft import next_fast_len

    return int(next_fast_len(least, real=True))
