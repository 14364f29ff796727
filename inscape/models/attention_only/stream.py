"""`TrainingStream`: the endless sequence of batches that the runs of a stack see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.attention_only.batch import Batch, as_columns
from inscape.models.attention_only.net import AttentionOnly
from inscape.systems.few_shot import FewShot, Sequences

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

STEPS_AT_ONCE = 256
"""Batches drawn in one call; part of what a seed means."""


class TrainingStream:
    """Batches by step: the same step gives the same batch, whatever was asked for before.

    Parameters
    ----------
    task : the world that is drawn from.
    net : whose runs, number type and device the batches are made for.
    size : sequences in a batch.
    seeds : one stream for all runs, or one for each.
    """

    def __init__(self, task: FewShot, net: AttentionOnly, size: int, seeds: int | Sequence[int]):
        given = [int(s) for s in np.ravel(seeds)]
        if len(given) not in (1, net.runs):
            raise InputError(f"streams: {len(given)} seeds found, expected one, or one for each of {net.runs} runs")
        self.task, self.size = task, size
        # Where all runs read the same, one copy serves them all.
        self.seeds = given[:1] if len(set(given)) == 1 else given
        shown = task.features[:: task.exemplars_per_class][: task.classes]
        self.features = as_columns(shown, net)
        self._block = -1
        self._drawn: tuple[torch.Tensor, ...] = ()

    def batch(self, step: int) -> Batch:
        """The batch of a step."""
        block, at = divmod(step, STEPS_AT_ONCE)
        if block != self._block:
            self._drawn, self._block = self._draw(block), block
        exemplars, labels, position = (part[at] for part in self._drawn)
        return Batch(self.features, exemplars, labels, position)

    def _draw(self, block: int) -> tuple[torch.Tensor, ...]:
        """(step, run, 3, sample), (step, run, 2, sample) and (step, run, sample)."""
        drawn: dict[int, Sequences] = {
            seed: self.task.draw(STEPS_AT_ONCE * self.size, seed=[seed, block]) for seed in set(self.seeds)
        }
        parts = []
        for name in ("exemplars", "labels", "position"):
            stacked = np.stack([getattr(drawn[seed], name) for seed in self.seeds])
            if name == "exemplars":
                stacked = stacked // self.task.exemplars_per_class
            split = stacked.reshape(len(self.seeds), STEPS_AT_ONCE, self.size, *stacked.shape[2:]).swapaxes(0, 1)
            split = np.moveaxis(split, 2, -1)
            parts.append(torch.as_tensor(np.ascontiguousarray(split), device=self.features.device))
        return tuple(parts)
