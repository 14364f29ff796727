"""Jets: a network's value with its derivatives along radius (twice) and time, carried forward through its layers.

A jet is a tensor (4, ...): value, d/drho, d2/drho2, d/dt. One forward pass then gives what a differential equation asks
for, and one backward pass its gradient; nesting reverse passes costs several times as much.
"""

from __future__ import annotations

from typing import Any

import torch

Tensor = torch.Tensor


def tanh(jet: Tensor) -> Tensor:
    """The hyperbolic tangent of a jet."""
    value = torch.tanh(jet[0])
    slope = 1.0 - value * value
    return torch.stack([value, slope * jet[1], slope * (jet[2] - 2.0 * value * jet[1] * jet[1]), slope * jet[3]])


def sigmoid(jet: Tensor) -> Tensor:
    """The logistic function of a jet."""
    value = torch.sigmoid(jet[0])
    slope = value * (1.0 - value)
    return torch.stack(
        [value, slope * jet[1], slope * (jet[2] + (1.0 - 2.0 * value) * jet[1] * jet[1]), slope * jet[3]]
    )


def product(a: Tensor, b: Tensor) -> Tensor:
    """The product of two jets."""
    return torch.stack(
        [
            a[0] * b[0],
            a[1] * b[0] + a[0] * b[1],
            a[2] * b[0] + 2.0 * a[1] * b[1] + a[0] * b[2],
            a[3] * b[0] + a[0] * b[3],
        ]
    )


def affine(jet: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A dense layer: weight (out, in) on every part, bias (out,) on the value alone."""
    return jet @ weight.T + _first(jet) * bias


def of_radius(rho: Tensor) -> Tensor:
    """The radial coordinate itself."""
    return torch.stack([rho, torch.ones_like(rho), torch.zeros_like(rho), torch.zeros_like(rho)])


def of_time(value: Tensor, rate: Tensor) -> Tensor:
    """A function of time alone, and its derivative."""
    zero = torch.zeros_like(value)
    return torch.stack([value, zero, zero, rate])


def _first(jet: Tensor) -> Any:
    mask = torch.zeros((4,) + (1,) * (jet.ndim - 1), dtype=jet.dtype)
    mask[0] = 1.0
    return mask
