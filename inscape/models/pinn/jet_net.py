"""The gradient-pathology network on jets, for training: the same weights as `gradient_pathology.values`."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from inscape.models.pinn import jets
from inscape.models.pinn.gradient_pathology import BLOCKS

Tensor = torch.Tensor


def fields(
    weights: Mapping[str, Tensor], time: Tensor, radius: Tensor, parameters: Tensor, duration: float, heads: int
) -> list[Tensor]:
    """Jets (4, group, node) of the radial heads.

    time (group,) in durations; radius (group, node), any coordinate of it; parameters (group, parameter) scaled;
    duration : s, so that the last part of a jet is per second.
    """
    first = torch.cat([time[:, None], parameters], dim=1)
    state = first @ weights["trunk_t.w"].T + weights["trunk_t.b"]
    value = torch.tanh(state)
    rate = (1.0 - value * value) * (weights["trunk_t.w"][:, 0] / duration)
    inner, edge = weights["trunk_tr.w"][:, :-1], weights["trunk_tr.w"][:, -1]
    along = jets.of_time(value @ inner.T + weights["trunk_tr.b"], rate @ inner.T)[:, :, None, :]
    jet = jets.tanh(along + jets.of_radius(radius)[..., None] * edge)
    found = []
    for head in range(heads):
        u, v, h = (
            jets.tanh(jets.affine(jet, weights[f"head{head}.{p}.w"], weights[f"head{head}.{p}.b"])) for p in "uvh"
        )
        for block in range(BLOCKS):
            z = jets.tanh(jets.affine(h, weights[f"head{head}.z{block}.w"], weights[f"head{head}.z{block}.b"]))
            h = u + jets.product(z, v - u)
        found.append(jets.affine(h, weights[f"head{head}.out.w"], weights[f"head{head}.out.b"])[..., 0])
    return found


def potentials(weights: Mapping[str, Tensor], time: Tensor, parameters: Tensor, first: int, heads: int) -> list[Tensor]:
    """Values (group,) of the heads that do not depend on the radius."""
    state = torch.tanh(torch.cat([time[:, None], parameters], dim=1) @ weights["trunk_t.w"].T + weights["trunk_t.b"])
    found = []
    for head in range(first, first + heads):
        u, v, h = (torch.tanh(state @ weights[f"head{head}.{p}.w"].T + weights[f"head{head}.{p}.b"]) for p in "uvh")
        for block in range(BLOCKS):
            z = torch.tanh(h @ weights[f"head{head}.z{block}.w"].T + weights[f"head{head}.z{block}.b"])
            h = u + z * (v - u)
        found.append((h @ weights[f"head{head}.out.w"].T + weights[f"head{head}.out.b"])[:, 0])
    return found
