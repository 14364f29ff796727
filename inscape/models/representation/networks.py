"""The networks of representation learning: trunks that encode states or frames, heads, and a decoder of frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


@dataclass(frozen=True)
class EncoderPlan:
    """The sizes of an encoder.

    The paper's own is `EncoderPlan((32, 64, 128, 256), (2, 2, 1, 1), spatial_softmax=True, heads=(256, 256))`.

    Parameters
    ----------
    channels, strides : of the 3 x 3 convolutions (valid padding, GELU) over frames.
    spatial_softmax : reduce each channel to its expected place (Levine et al. 2016) before the dense layer; otherwise
        the feature maps are flattened.
    hidden : layers (GELU) over states that are no frames.
    width : numbers in a code; a dense layer, LayerNorm and tanh end the encoder.
    heads : hidden layers of every head, projector and action encoder.
    """

    channels: tuple[int, ...] = (8, 16)
    strides: tuple[int, ...] = (2, 2)
    spatial_softmax: bool = False
    hidden: tuple[int, ...] = (128,)
    width: int = 64
    heads: tuple[int, ...] = (128, 128)

    def __post_init__(self) -> None:
        for name in ("channels", "strides", "hidden", "heads"):
            object.__setattr__(self, name, tuple(int(value) for value in getattr(self, name)))
        if len(self.channels) != len(self.strides) or not self.channels:
            raise InputError(
                f"strides: {len(self.strides)} found, expected one for each of {len(self.channels)} layers"
            )
        if min(*self.channels, *self.strides, *self.hidden, *self.heads, self.width) < 1:
            raise InputError("plan: a size below 1 found, expected whole numbers of at least 1")


class SpatialSoftmax(torch.nn.Module):
    """The expected place (x, y) of each channel under the softmax of its map: (..., c, h, w) -> (..., 2 c)."""

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """(sample, channel, height, width) -> (sample, 2 channel), places from -1 to 1."""
        height, width = maps.shape[-2:]
        weights = maps.flatten(-2).softmax(-1).unflatten(-1, (height, width))
        across = torch.linspace(-1, 1, width, device=maps.device)
        down = torch.linspace(-1, 1, height, device=maps.device)
        return torch.cat([(weights.sum(-2) * across).sum(-1), (weights.sum(-1) * down).sum(-1)], dim=-1)


class FrameTrunk(torch.nn.Module):
    """Frames to codes: convolutions, a dense layer, LayerNorm, tanh."""

    def __init__(self, shape: Sequence[int], plan: EncoderPlan):
        super().__init__()
        height, width = shape[:2]
        channels = shape[2] if len(shape) == 3 else 1
        layers: list[torch.nn.Module] = []
        for wide, stride in zip(plan.channels, plan.strides, strict=True):
            layers += [torch.nn.Conv2d(channels, wide, 3, stride), torch.nn.GELU()]
            channels, height, width = wide, (height - 3) // stride + 1, (width - 3) // stride + 1
            if min(height, width) < 1:
                raise InputError(
                    f"frames: {shape[0]} x {shape[1]} pixels found, too small for {len(plan.channels)} convolutions "
                    f"of strides {plan.strides}; take fewer"
                )
        self.maps = torch.nn.Sequential(*layers)
        self.pool = SpatialSoftmax() if plan.spatial_softmax else torch.nn.Flatten()
        features = 2 * channels if plan.spatial_softmax else channels * height * width
        self.dense = torch.nn.Linear(features, plan.width)
        self.norm = torch.nn.LayerNorm(plan.width)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """(sample, channel, height, width), centred -> (sample, width) in (-1, 1)."""
        return torch.tanh(self.norm(self.dense(self.pool(self.maps(frames)))))


class StateTrunk(torch.nn.Module):
    """Standardised states to codes: hidden layers, a dense layer, LayerNorm, tanh."""

    def __init__(self, dimension: int, plan: EncoderPlan):
        super().__init__()
        self.layers = perceptron(dimension, plan.hidden, plan.width)
        self.norm = torch.nn.LayerNorm(plan.width)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """(sample, coordinate) -> (sample, width) in (-1, 1)."""
        return torch.tanh(self.norm(self.layers(states)))


def trunk_of(shape: Sequence[int], plan: EncoderPlan) -> torch.nn.Module:
    """The encoder's network for observations of this shape: (coordinate,), (h, w) or (h, w, channel)."""
    return StateTrunk(shape[0], plan) if len(shape) == 1 else FrameTrunk(shape, plan)


def perceptron(inputs: int, hidden: Sequence[int], outputs: int, dropout: float = 0.0) -> torch.nn.Sequential:
    """Linear layers with GELU and dropout between them."""
    layers: list[torch.nn.Module] = []
    for width in hidden:
        layers += [torch.nn.Linear(inputs, width), torch.nn.GELU()]
        if dropout:
            layers.append(torch.nn.Dropout(dropout))
        inputs = width
    return torch.nn.Sequential(*layers, torch.nn.Linear(inputs, outputs))


class ActionEncoder(torch.nn.Module):
    """Actions to codes: an MLP, LayerNorm and tanh."""

    def __init__(self, actions: int, plan: EncoderPlan):
        super().__init__()
        self.layers = perceptron(actions, plan.heads, plan.width)
        self.norm = torch.nn.LayerNorm(plan.width)

    def forward(self, actions: torch.Tensor) -> torch.Tensor:
        """(sample, action) -> (sample, width)."""
        return torch.tanh(self.norm(self.layers(actions)))


class FrameDecoder(torch.nn.Module):
    """Codes to frames: a dense layer to two small maps, transposed convolutions that mirror the encoder's."""

    def __init__(self, inputs: int, shape: Sequence[int], plan: EncoderPlan):
        super().__init__()
        self.height, self.width = shape[:2]
        shrink = math.prod(plan.strides)
        self.small = (2, math.ceil(self.height / shrink), math.ceil(self.width / shrink))
        self.dense = torch.nn.Linear(inputs, math.prod(self.small))
        layers: list[torch.nn.Module] = []
        channels = self.small[0]
        for wide, stride in zip(reversed(plan.channels), reversed(plan.strides), strict=True):
            layers += [
                torch.nn.ConvTranspose2d(channels, wide, 3, stride, padding=1, output_padding=stride - 1),
                torch.nn.GELU(),
            ]
            channels = wide
        layers.append(torch.nn.Conv2d(channels, shape[2] if len(shape) == 3 else 1, 3, padding=1))
        self.maps = torch.nn.Sequential(*layers)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """(sample, code) -> (sample, channel, height, width), centred brightness."""
        maps = self.maps(self.dense(codes).unflatten(1, self.small))
        return maps[..., : self.height, : self.width]
