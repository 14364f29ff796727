"""Random projection of what is stored, tensor by tensor, and what it loses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.order.landscape import Landscape

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

LARGEST = 4096
"""Longer tensors are projected in blocks, since a matrix for the whole would not fit in memory."""


class Projection:
    """Gaussian R (k, p) / sqrt(k) for every tensor of p parameters, k = `share` p; a vector comes back as R'R x.

    Inferred: the paper names the lemma of Johnson and Lindenstrauss, not its matrices or the way back. R'R x is x only
    on average: its relative error is about sqrt(p / k), so above 1 for every share below 1.
    """

    def __init__(self, landscape: Landscape, share: float, seed: int | np.random.Generator | None = 0) -> None:
        if not 0 < share <= 1:
            raise InputError(f"projection: {share} found, expected a share above 0 and at most 1")
        random = np.random.default_rng(seed)
        self.sizes = [min(LARGEST, size - first) for size in landscape.sizes for first in range(0, size, LARGEST)]
        # One matrix for each length serves all blocks of it: independent blocks would only cost memory.
        self.matrices = {}
        for size in set(self.sizes):
            kept = max(1, round(share * size))
            matrix = random.standard_normal((kept, size)) / np.sqrt(kept)
            self.matrices[size] = torch.as_tensor(matrix, dtype=landscape.dtype, device=landscape.device)
        self.kept = sum(len(self.matrices[size]) for size in self.sizes)

    def through(self, vector: torch.Tensor) -> torch.Tensor:
        """R'R x for a vector (parameter,)."""
        pieces = vector.split(self.sizes)
        return torch.cat([(self.matrices[len(x)] @ x) @ self.matrices[len(x)] for x in pieces])

    def loss(self, vector: torch.Tensor) -> float:
        """|R'R x - x| / |x|."""
        size = float(vector.norm())
        return float((self.through(vector) - vector).norm()) / size if size else 0.0
