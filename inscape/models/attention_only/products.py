"""Products of a stacked network with the samples on the last axis, where rows are long enough for vector units.

Five tokens and heads of eight units make matrices too small for a matrix library; laid out as
(run, head, unit, token, sample) the same sums run along the samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

EPSILON = 1e-5
"""Of layer normalisation."""


def over_units(queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """sum_d q[d, i] k[d, j]: (run, head, unit, token, sample) twice -> (run, head, query, key, sample)."""
    total = queries[:, :, 0, :, None] * keys[:, :, 0, None]
    for unit in range(1, queries.shape[2]):
        total.addcmul_(queries[:, :, unit, :, None], keys[:, :, unit, None])
    return total


def over_keys(pattern: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """sum_j p[i, j] v[d, j]: patterns (run, head, query, key, sample) -> (run, head, unit, query, sample)."""
    total = pattern[:, :, None, :, 0] * values[:, :, :, None, 0]
    for key in range(1, values.shape[3]):
        total.addcmul_(pattern[:, :, None, :, key], values[:, :, :, None, key])
    return total


class Scores(torch.autograd.Function):
    """`over_units` with its derivative."""

    @staticmethod
    def forward(ctx: Any, queries: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(queries, keys)
        return over_units(queries, keys)

    @staticmethod
    def backward(ctx: Any, slope: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        queries, keys = ctx.saved_tensors
        return over_keys(slope, keys), over_keys(slope.transpose(2, 3), queries)


class Mixing(torch.autograd.Function):
    """`over_keys` with its derivative."""

    @staticmethod
    def forward(ctx: Any, pattern: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(pattern, values)
        return over_keys(pattern, values)

    @staticmethod
    def backward(ctx: Any, slope: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        pattern, values = ctx.saved_tensors
        return over_units(slope, values), over_keys(pattern.transpose(2, 3), slope)


class Rotation(torch.autograd.Function):
    """Rotary position: pairs of units (0, 1), (2, 3), ... turned by an angle of their token (Su et al. 2021).

    (run, head, unit, token, sample), with cos and sin (unit pair, token, 1).
    """

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(cos, sin)
        return _turned(x, cos, sin)

    @staticmethod
    def backward(ctx: Any, slope: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        cos, sin = ctx.saved_tensors
        return _turned(slope, cos, -sin), None, None


def _turned(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    pairs = x.unflatten(2, (-1, 2))
    turned = pairs * cos.unsqueeze(1)
    turned[:, :, :, 0].addcmul_(pairs[:, :, :, 1], sin, value=-1.0)
    turned[:, :, :, 1].addcmul_(pairs[:, :, :, 0], sin)
    return turned.flatten(2, 3)


class Normalisation(torch.autograd.Function):
    """Layer normalisation over the units: (run, unit, position), with scale and shift (run, unit, 1)."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        centred = x - x.mean(1, keepdim=True)
        inverse = (centred * centred).mean(1, keepdim=True).add_(EPSILON).rsqrt_()
        normal = centred.mul_(inverse)
        ctx.save_for_backward(normal, inverse, scale)
        return torch.addcmul(shift, normal, scale)

    @staticmethod
    def backward(ctx: Any, slope: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        normal, inverse, scale = ctx.saved_tensors
        to_scale = (slope * normal).sum(2, keepdim=True)
        to_shift = slope.sum(2, keepdim=True)
        slope = slope * scale
        along = (slope * normal).mean(1, keepdim=True).neg_()
        to_x = torch.addcmul(slope.sub_(slope.mean(1, keepdim=True)), normal, along).mul_(inverse)
        return to_x, to_scale, to_shift
