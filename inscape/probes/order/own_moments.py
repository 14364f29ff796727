"""The recursion in all parameters, with Adam's second moment carried along the estimated path as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

from inscape.extras import require
from inscape.probes.order.curvature import Curvature
from inscape.probes.order.reference import Reference

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


def path_with_own_moments(
    reference: Reference,
    curvature: Curvature,
    anchor: torch.Tensor,
    root: torch.Tensor,
    order: Int[np.ndarray, "time"],
    factors: np.ndarray | None = None,
) -> list[torch.Tensor]:
    """Parameters (parameter,) before each step of an order and after the last, on the low-rank model of the gradients.

    root : P^(1/2) of the whitening (parameter,); where it is nothing, no gradient comes and nothing moves.
    """
    moves = root > 0
    over_root = torch.where(moves, 1 / torch.where(moves, root, torch.ones_like(root)), torch.zeros_like(root))
    path, moments = [reference.path[0]], reference.moments[0]
    for position, batch in enumerate(order):
        x = (path[-1] - anchor) * over_root
        gradient = (curvature.gradients[batch] + curvature.apply(int(batch), x)) * over_root
        factor = float(factors[position]) if factors is not None else reference.factor(position)
        parameters, moments = reference.rule.step(path[-1], gradient, moments, factor)
        path.append(parameters)
    return path
