"""What a stacked network gets right: cross-entropy and accuracy at the query, run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.extras import require
from inscape.models.attention_only.batch import Batch

if TYPE_CHECKING:
    import torch

    from inscape.models.attention_only.net import AttentionOnly
else:
    torch = require("torch", "neural")

SAMPLES_AT_ONCE = 2048
"""Of a pass without derivatives: more would only fill the caches."""


def cross_entropy(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """(run,) mean over the samples, in nats."""
    targets = batch.targets.expand(logits.shape[:2])
    return torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets, reduction="none").mean(1)


def is_right(logits: torch.Tensor, batch: Batch, *, within_context: bool = False) -> torch.Tensor:
    """(run, sample) whether the largest logit is the query's label.

    within_context : compare the two labels of the context alone.
    """
    if not within_context:
        return logits.argmax(2) == batch.targets
    shown = logits.gather(2, batch.labels.transpose(1, 2).expand(len(logits), -1, -1))
    return shown.argmax(2) == batch.position


def evaluated(net: AttentionOnly, batch: Batch) -> dict[str, Float[np.ndarray, "run"]]:
    """ "loss" in nats, "accuracy" and "context_accuracy" of each run."""
    sums = {name: np.zeros(net.runs) for name in ("loss", "accuracy", "context_accuracy")}
    with torch.no_grad():
        for start in range(0, len(batch), SAMPLES_AT_ONCE):
            part = batch[slice(start, start + SAMPLES_AT_ONCE)]
            logits = net(part)
            values = (
                cross_entropy(logits, part) * len(part),
                is_right(logits, part).double().sum(1),
                is_right(logits, part, within_context=True).double().sum(1),
            )
            for name, value in zip(sums, values, strict=True):
                sums[name] += value.double().cpu().numpy()
    return {name: total / len(batch) for name, total in sums.items()}
