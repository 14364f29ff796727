"""The Hessians of all batches in few Hessian products: exact on one shared subspace, and symmetric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inscape.extras import require
from inscape.probes.order.reference import Reference

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

SECOND_SHARE = 5
"""One in so many directions is kept for what the batches' curvature itself adds to the displacement."""


@dataclass(frozen=True, eq=False)
class Curvature:
    """H_l ~ Y_l' S + S' Y_l - S' W_l S with orthonormal rows S, Y_l = S H_l and W_l = S Y_l' for every batch l.

    All in whitened coordinates x = P^(-1/2) (theta - anchor), in which the displacement of an optimiser is a sum of
    gradients and their curvatures. It equals H_l on the span of S, and in the product of S with anything else; only
    what is outside S on both sides is taken as zero.

    Attributes
    ----------
    directions : S (rank, parameter).
    products : Y (batch, rank, parameter).
    cores : W (batch, rank, rank).
    losses, gradients : of every batch at the anchor, (batch,) and whitened (batch, parameter).
    """

    directions: torch.Tensor
    products: torch.Tensor
    cores: torch.Tensor
    losses: torch.Tensor
    gradients: torch.Tensor

    @property
    def rank(self) -> int:
        return len(self.directions)

    def apply(self, batch: int, x: torch.Tensor) -> torch.Tensor:
        """H_l x for a displacement (parameter,)."""
        inside = self.directions @ x
        back = self.products[batch] @ x - self.cores[batch] @ inside
        return inside @ self.products[batch] + back @ self.directions


def measure_curvature(
    reference: Reference,
    anchor: torch.Tensor,
    root: torch.Tensor,
    gradients: torch.Tensor,
    losses: torch.Tensor,
    starts: torch.Tensor,
    rank: int,
    store: Any = None,
) -> Curvature:
    """The curvature of every batch at the anchor, in `rank` Hessian products each.

    The directions are, first, those in which any order moves to first order: the gradients of all batches and the
    `starts`; then, from the products with these, the largest of the directions in which curvature bends the path.

    Parameters
    ----------
    anchor : parameters (parameter,); root : P^(1/2) (parameter,).
    gradients, losses : of every batch at the anchor, the gradients whitened (batch, parameter).
    starts : further displacements (direction, parameter), whitened, of their natural size.
    rank : how many directions.
    store : a folder for the products, which are then mapped to a file and need not fit in memory.
    """
    moves = torch.cat([gradients * starts.new_tensor(reference.rule.rate), starts])
    rank = min(rank, reference.landscape.size)
    first = principal(moves, min(len(moves), max(rank - rank // SECOND_SHARE, min(rank, 1))))
    products = _room(reference, rank, store)
    for batch in range(len(reference) if len(first) else 0):
        products[batch, : len(first)] = _whitened(reference, anchor, root, batch, first)
    directions = first
    if rank > len(first) > 0:
        inside = moves @ first.T
        bends = torch.cat([inside @ products[batch, : len(first)] for batch in range(len(reference))])
        bends = bends - (bends @ first.T) @ first
        second = principal(bends, rank - len(first))
        # Orthogonal once more: rounding is large where bends are small beside what was taken out of them.
        second = second - (second @ first.T) @ first
        second = torch.linalg.qr(second.T)[0].T
        for batch in range(len(reference)):
            rows = slice(len(first), len(first) + len(second))
            products[batch, rows] = _whitened(reference, anchor, root, batch, second)
        directions = torch.cat([first, second])
    products = products[:, : len(directions)]
    cores = products @ directions.T
    return Curvature(directions, products, (cores + cores.mT) / 2, losses, gradients)


def principal(rows: torch.Tensor, count: int) -> torch.Tensor:
    """Orthonormal rows (at most `count`, parameter) that hold the most of `rows` (row, parameter)."""
    # Rows are few and long, so their products are small; in double precision little of them is lost.
    if count == 0 or not len(rows):
        return rows[:0]
    gram = (rows @ rows.T).double()
    values, vectors = torch.linalg.eigh(gram)
    kept = torch.arange(len(values) - 1, -1, -1, device=rows.device)[: min(count, rows.shape[1])]
    kept = kept[values[kept] > values[-1] * 1e-10]
    found = (vectors[:, kept] / values[kept].sqrt()).T.to(rows.dtype) @ rows
    return torch.linalg.qr(found.T)[0].T if len(found) else found


def _whitened(
    reference: Reference, anchor: torch.Tensor, root: torch.Tensor, batch: int, directions: torch.Tensor
) -> torch.Tensor:
    return reference.products(anchor, batch, directions * root)[2] * root


def _room(reference: Reference, rank: int, store: Any) -> torch.Tensor:
    shape = (len(reference), rank, reference.landscape.size)
    if store is None:
        return torch.zeros(shape, dtype=reference.landscape.dtype, device=reference.landscape.device)
    from pathlib import Path

    folder = Path(store)
    folder.mkdir(parents=True, exist_ok=True)
    count = shape[0] * shape[1] * shape[2]
    file = str(folder / "hessian-products.bin")
    return torch.from_file(file, shared=True, size=count, dtype=reference.landscape.dtype).view(shape)
