"""The step that Adam would make, without making it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def look_ahead(optimiser: torch.optim.Adam) -> list[torch.Tensor]:
    """dTheta: what `optimiser.step()` would add to each parameter, from the gradients at hand.

    The optimiser and its parameters stay as they are (von Oswald et al. 2020, section 2). Parameters without a gradient
    would not move: zeros.
    """
    moves = []
    for group in optimiser.param_groups:
        first, second = group["betas"]
        for parameter in group["params"]:
            state, gradient = optimiser.state.get(parameter, {}), parameter.grad
            if gradient is None:
                moves.append(parameter.detach().new_zeros(parameter.shape))
                continue
            gradient = gradient.detach()
            steps = int(state["step"]) + 1 if state else 1
            if state:
                mean = state["exp_avg"].lerp(gradient, 1.0 - first)
                square = (state["exp_avg_sq"] * second).addcmul_(gradient, gradient, value=1.0 - second)
            else:
                mean, square = gradient * (1.0 - first), gradient * gradient * (1.0 - second)
            spread = square.sqrt_().div_(math.sqrt(1.0 - second**steps)).add_(group["eps"])
            moves.append(mean.div_(spread).mul_(-group["lr"] / (1.0 - first**steps)))
    return moves
