"""The radix-2 recursion of the Fourier matrix with learned real twiddles and leaves, in torch and in plain numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

if TYPE_CHECKING:
    import torch


def bit_reversal(count: int) -> Int[np.ndarray, "count"]:
    """Where the recursion leaves output k: the index whose log2(count) bits are those of k, reversed."""
    positions = np.zeros(1, dtype=np.int64)
    while len(positions) < count:
        positions = np.concatenate([2 * positions, 2 * positions + 1])
    return positions


def cosine_butterfly(size: int) -> tuple[Float[np.ndarray, "twiddle"], Float[np.ndarray, "2 2 2"]]:
    """Real parts of the Fourier twiddles, levels of size, size/2, ..., 4 in a row, and the two leaves.

    The leaves are divided by sqrt(size), as the unitary Fourier matrix would have it.
    """
    levels = []
    length = size
    while length > 2:
        levels.append(np.cos(2.0 * np.pi * np.arange(length // 2) / length))
        length //= 2
    leaf = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(size / 2.0)
    return np.concatenate(levels), np.stack([leaf, leaf])


def butterfly(
    x: torch.Tensor,
    twiddles: torch.Tensor,
    leaves: torch.Tensor,
    *,
    size: int,
    rows: Int[np.ndarray, "kept"] | None = None,
) -> torch.Tensor:
    """P' (F (+) F) [I I; W -W], recursively, for p transforms at once.

    Parameters
    ----------
    x : (*batch, p or 1, entries); followed by zeros up to `size`.
    twiddles : levels of size, size/2, ..., 4 in a row, (p, size - 2) where entries = size. Where at least half of x is
        zero, the first level is W x alone and its twiddles are only as many as there are entries.
    leaves : (p, branch, row, 2): branch 2 (or 1, for the last branch alone), row 2 (or 1, the first alone).
    rows : which results to keep, as positions among the branches' first rows in recursion order; all, in the order of
        the Fourier matrix, if None.

    Returns
    -------
    (*batch, p, size), or (*batch, p, kept).
    """
    import torch

    p = twiddles.shape[0]
    entries, length = x.shape[-1], size // 2
    at = min(entries, length)
    if entries <= length:
        both = x.expand(*x.shape[:-2], p, entries)
        v = torch.stack([both, both * twiddles[:, :at]], dim=-2)
        v = torch.nn.functional.pad(v, (0, length - entries))
    else:
        v = _halve(torch.nn.functional.pad(x, (0, size - entries))[..., None, :], twiddles[:, :at])
    while length > 2:
        v = _halve(v, twiddles[:, at : at + length // 2])
        at += length // 2
        length //= 2
    # v is (*batch, p, size / 2 branches, 2); even branches take the first leaf, odd ones the second.
    if rows is None:
        pairs = v.reshape(*v.shape[:-2], size // 4, 2, 1, 2)
        results = (pairs * leaves[:, None]).sum(-1).reshape(*v.shape[:-2], size)
        return results[..., torch.as_tensor(bit_reversal(size), device=x.device)]
    kept = v[..., torch.as_tensor(rows, device=x.device), :]
    parity = torch.as_tensor(rows % 2 if leaves.shape[1] == 2 else 0 * rows, device=x.device)
    return (kept * leaves[:, parity, 0]).sum(-1)


def _halve(v: torch.Tensor, twiddles: torch.Tensor) -> torch.Tensor:
    """One level: (*batch, p, branch, length) -> (*batch, p, 2 branch, length / 2)."""
    import torch

    half = v.shape[-1] // 2
    first, second = v[..., :half], v[..., half:]
    halves = torch.stack([first + second, (first - second) * twiddles[:, None]], dim=-2)
    return halves.reshape(*v.shape[:-2], 2 * v.shape[-2], half)
