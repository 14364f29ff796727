"""What is said of one order: parameters, losses, and how far to trust them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.extras import require
from inscape.probes.order.landscape import mean_loss

if TYPE_CHECKING:
    import torch

    from inscape.probes.order.estimator import Estimator
else:
    torch = require("torch", "neural")

LEAST_TRUST = 0.7
"""Below it an estimate is refused."""

CHECKPOINTS = 3
"""Gradients that a trust value costs."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """The network that an order would have led to, as an estimator sees it.

    Attributes
    ----------
    order : the batches in the order of their coming.
    parameters : the estimated end (parameter,).
    """

    estimator: Estimator
    order: tuple[int, ...]
    parameters: torch.Tensor
    factors: np.ndarray | None = None

    @cached_property
    def trust(self) -> float:
        """How like the true gradients the predicted ones are on the estimated path: -1 to 1.

        At `CHECKPOINTS` places of the path, drawn at random, the change of the gradient since the anchor is predicted
        and measured; the trust is the least cosine between the two. A gradient each, taken when first asked for.
        """
        return self.estimator.trust(self)

    @property
    def refused(self) -> bool:
        """Whether the trust is below `LEAST_TRUST`: the run left the region in which the estimator holds."""
        return not self.trust >= LEAST_TRUST

    def loss(self, probe: Any, even_if_refused: bool = False) -> float:
        """The loss of the estimated network on a probe by name or on a batch, calibrated if the estimator is.

        NaN if the estimate is refused, unless asked for all the same.
        """
        if not even_if_refused and self.refused:
            return float("nan")
        reference = self.estimator.reference
        if isinstance(probe, str):
            offset = float(self.estimator.calibration.offset(probe)) if self.estimator.calibration else 0.0
            return reference.probe_loss(self.parameters, probe) + offset
        return mean_loss(reference.landscape, self.parameters, [probe])

    @cached_property
    def batch_losses(self) -> Float[np.ndarray, "batch"]:
        """The loss of the estimated network on every batch, trusted or not."""
        return self.estimator.reference.batch_losses(self.parameters)

    def module(self) -> torch.nn.Module:
        """The network with the estimated parameters."""
        return self.estimator.reference.module_at(self.parameters)

    def __repr__(self) -> str:
        return f"Estimate({self.estimator.name}, order={list(self.order)}, {len(self.parameters):,} parameters)"
