"""The optimiser's recursion in few coordinates: thousands of orders at once, without a network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from jaxtyping import Int

from inscape.extras import require
from inscape.probes.order.curvature import Curvature
from inscape.probes.order.reference import Reference

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class Basis(NamedTuple):
    """Rows that hold every displacement and every momentum, in this order: gradients, products, directions, others."""

    gradients: torch.Tensor
    products: torch.Tensor
    directions: torch.Tensor
    others: torch.Tensor

    def combine(self, coordinates: torch.Tensor) -> torch.Tensor:
        """Coordinates (..., basis) -> vectors (..., parameter)."""
        pieces = coordinates.split([len(rows) for rows in self], dim=-1)
        return sum((piece @ rows for piece, rows in zip(pieces, self, strict=True)), torch.zeros(()))

    def products_with(self, vectors: torch.Tensor) -> torch.Tensor:
        """Inner products of every row with vectors (vector, parameter): (basis, vector)."""
        return torch.cat([rows @ vectors.T for rows in self])


@dataclass(frozen=True, eq=False)
class ClosedRecursion:
    """Displacements x = e B from the anchor, with the momentum c B, for many orders side by side.

    A step needs only S x and Y_l x of the batch l that comes, which are products of e with the Gram matrix of the
    basis: its cost does not depend on the number of parameters.

    Attributes
    ----------
    basis, gram : B and B B' (basis, basis).
    scales : ratio of each position's preconditioner to the anchor's (time,).
    """

    reference: Reference
    curvature: Curvature
    basis: Basis
    gram: torch.Tensor
    scales: torch.Tensor

    @classmethod
    def of(
        cls, reference: Reference, curvature: Curvature, others: torch.Tensor, scales: torch.Tensor
    ) -> ClosedRecursion:
        """others : the displacement and the momentum at the start, and the decay's direction (3, parameter)."""
        flat = curvature.products.reshape(-1, curvature.products.shape[-1])
        basis = Basis(curvature.gradients, flat, curvature.directions, others)
        gram = torch.cat([basis.products_with(rows) for rows in basis], dim=1)
        return cls(reference, curvature, basis, gram, scales)

    def run(
        self,
        orders: Int[np.ndarray, "order time"],
        factors: np.ndarray | None = None,
        stops: tuple[int, ...] = (),
    ) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Coordinates of the last displacement (order, basis), and of those before the steps at `stops`."""
        count, batches, rank = len(orders), len(self.reference), self.curvature.rank
        width = len(self.gram)
        at = self.gram.new_zeros
        place, momentum, kept = at(count, width), at(count, width), {}
        start = batches * (1 + rank) + rank
        place[:, start] = 1.0
        momentum[:, start + 1] = 1.0
        rule, before = self.reference.rule, self.reference.moments[0].steps
        for position in range(orders.shape[1]):
            if position in stops:
                kept[position] = place.clone()
            gradient = self._gradient(place, orders[:, position])
            factor = float(factors[position]) if factors is not None else self.reference.factor(position)
            keep, take, out, straight = rule.recursion(before + position)
            momentum = keep * momentum + take * gradient
            step = out * momentum + straight * gradient if straight else out * momentum
            shrink = self._shrink(factor)
            place = (1 - shrink) * place - rule.rate * factor * float(self._scale(position)) * step
            place[:, start + 2] -= shrink
        return place, [kept[stop] for stop in stops]

    def _gradient(self, place: torch.Tensor, now: Int[np.ndarray, "order"]) -> torch.Tensor:
        """Coordinates of g_l + H_l x for the batch l that comes in each order."""
        batches, rank = len(self.reference), self.curvature.rank
        found = torch.zeros_like(place)
        inside_columns = slice(batches * (1 + rank), batches * (1 + rank) + rank)
        inside = place @ self.gram[:, inside_columns]
        for batch in np.unique(now):
            rows = torch.as_tensor(np.flatnonzero(now == batch), device=place.device)
            own = slice(batches + batch * rank, batches + (batch + 1) * rank)
            within = inside[rows]
            found[rows, batch] = 1.0
            found[rows, own] = within
            found[rows, inside_columns] = place[rows] @ self.gram[:, own] - within @ self.curvature.cores[batch]
        return found

    def _scale(self, position: int) -> torch.Tensor:
        return self.scales[min(position, len(self.scales) - 1)]

    def _shrink(self, factor: float) -> float:
        return float(torch.as_tensor(self.reference.rule.shrink(factor)).mean())

    def curvature_of(self, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
        """B Y_l' (basis, rank) and W_l of a batch."""
        batches, rank = len(self.reference), self.curvature.rank
        first = batches + batch * rank
        return self.gram[:, first : first + rank], self.curvature.cores[batch]

    @cached_property
    def mean_curvature(self) -> tuple[torch.Tensor, torch.Tensor]:
        """The same of the mean over batches."""
        batches, rank = len(self.reference), self.curvature.rank
        columns = self.gram[:, batches : batches * (1 + rank)].reshape(-1, batches, rank)
        return columns.mean(dim=1), self.curvature.cores.mean(dim=0)

    def bend(self, apart: torch.Tensor, columns: torch.Tensor, core: torch.Tensor) -> torch.Tensor:
        """d' H d (order,) for differences of coordinates (order, basis) and a curvature as of `curvature_of`."""
        batches, rank = len(self.reference), self.curvature.rank
        inside = apart @ self.gram[:, batches * (1 + rank) : batches * (1 + rank) + rank]
        return 2 * ((apart @ columns) * inside).sum(-1) - ((inside @ core) * inside).sum(-1)
