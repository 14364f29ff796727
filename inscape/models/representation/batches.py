"""Batches of observations for a trainer: from bytes or states to centred tensors, with random crops."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.representation.corpus import Corpus

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


class Batches:
    """Draws observations of a corpus as the networks take them: frames (sample, channel, h, w) less 0.5, or
    standardised states (sample, coordinate).

    Parameters
    ----------
    corpus : what to draw from.
    device : where tensors live.
    """

    def __init__(self, corpus: Corpus, device: str = "cpu"):
        self.corpus = corpus
        self.observations = torch.from_numpy(np.ascontiguousarray(corpus.observations)).to(device)
        self.actions = torch.from_numpy(np.ascontiguousarray(corpus.actions)).to(device)
        self.mean = torch.from_numpy(np.asarray(corpus.mean, dtype=np.float32)).to(device)
        self.deviation = torch.from_numpy(np.asarray(corpus.deviation, dtype=np.float32)).to(device)

    def seen(self, rows: torch.Tensor) -> torch.Tensor:
        """The observations of some rows."""
        return centred(self.observations[rows], self.mean, self.deviation)


def centred(observations: torch.Tensor, mean: torch.Tensor, deviation: torch.Tensor) -> torch.Tensor:
    """Bytes to brightness less 0.5 with the channel first, states to standard deviations."""
    if observations.dtype != torch.uint8:
        return (observations - mean) / deviation
    frames = observations.float().mul_(1 / 255).sub_(0.5)
    return frames[:, None] if frames.ndim == 3 else frames.permute(0, 3, 1, 2)


def shifts(count: int, crop: int, generator: torch.Generator) -> torch.Tensor:
    """(sample, 2) whole pixels from -crop to crop by which each frame is moved."""
    return torch.randint(-crop, crop + 1, (count, 2), generator=generator)


def cropped(frames: torch.Tensor, moves: torch.Tensor) -> torch.Tensor:
    """Each frame moved by its whole pixels, the edge repeated outwards: a random crop of the padded frame.

    Raises
    ------
    InputError : if the observations are no frames.
    """
    if frames.ndim != 4:
        raise InputError(f"crop: observations of {frames.shape[1]} coordinates found, only frames can be cropped")
    count, _, height, width = frames.shape
    moves = moves.to(frames.device)
    down = (torch.arange(height, device=frames.device) + moves[:, :1]).clamp_(0, height - 1)
    across = (torch.arange(width, device=frames.device) + moves[:, 1:]).clamp_(0, width - 1)
    samples = torch.arange(count, device=frames.device)[:, None, None]
    # Advanced indices apart from each other put the channel last.
    return frames[samples, :, down[:, :, None], across[:, None, :]].permute(0, 3, 1, 2)
