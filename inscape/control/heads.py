"""Many small policies trained as one: MLP heads with a leading axis, each on its own demonstrations."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

_DRAWN_AT_ONCE = 64


class Heads(torch.nn.Module):
    """`count` perceptrons with GELU, dropout and a tanh end, of one shape; head h has the weights `weight[h]`.

    Each head starts from its own seed as torch starts a single one, so a head alone and a head among many are the same.

    Parameters
    ----------
    seeds : one for each head.
    inputs, hidden, outputs : sizes of every head.
    dropout : share of hidden units left out in training.
    """

    def __init__(self, seeds: Sequence[int], inputs: int, hidden: Sequence[int], outputs: int, *, dropout: float = 0.1):
        super().__init__()
        if len(seeds) == 0:
            raise InputError("heads: none found, expected at least one")
        if not 0 <= dropout < 1:
            raise InputError(f"dropout: {dropout!r} found, expected 0 to less than 1")
        self.seeds, self.dropout = tuple(int(seed) for seed in seeds), dropout
        sizes = [inputs, *hidden, outputs]
        drawn = [_single(seed, sizes) for seed in self.seeds]
        self.weights = torch.nn.ParameterList(
            torch.stack([layers[i].weight.detach().T for layers in drawn]) for i in range(len(sizes) - 1)
        )
        self.biases = torch.nn.ParameterList(
            torch.stack([layers[i].bias.detach()[None] for layers in drawn]) for i in range(len(sizes) - 1)
        )

    def __len__(self) -> int:
        return len(self.seeds)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        """(head, sample, code) -> (head, sample, action) in (-1, 1)."""
        hidden = codes
        last = len(self.weights) - 1
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden, weight)
            if layer < last:
                hidden = torch.nn.functional.gelu(hidden)
                hidden = torch.nn.functional.dropout(hidden, self.dropout, self.training)
        return torch.tanh(hidden)

    def one(self, head: int, codes: Float[np.ndarray, "*lead code"]) -> Float[np.ndarray, "*lead action"]:
        """The actions of a single head, for codes with any leading axes."""
        array = np.asarray(codes, dtype=np.float32)
        hidden = torch.from_numpy(array.reshape(-1, array.shape[-1]))
        with torch.no_grad():
            for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
                hidden = hidden @ weight[head] + bias[head]
                if layer < len(self.weights) - 1:
                    hidden = torch.nn.functional.gelu(hidden)
        return torch.tanh(hidden).numpy().reshape(*array.shape[:-1], -1)


def train_heads(
    heads: Heads,
    codes: Sequence[Float[np.ndarray, "sample code"]],
    actions: Sequence[Float[np.ndarray, "sample action"]],
    *,
    steps: int,
    batch: int,
    rate: float,
    weight_decay: float = 1e-4,
) -> Float[np.ndarray, "head"]:
    """Clone demonstrations into heads, all at once: AdamW on the squared error, the rate falling to 0 as a cosine.

    AdamW works number by number, so many heads in one step go where each would go by itself.

    Parameters
    ----------
    codes, actions : one array a head; lengths may differ.
    batch : samples a head and step, drawn with replacement from its own demonstrations by its own seed.

    Returns
    -------
    (head,) mean squared error over the last tenth of the steps.

    Raises
    ------
    DivergedError : if a loss stops being finite.
    """
    lengths = torch.tensor([len(rows) for rows in codes])
    begins = torch.cumsum(lengths, 0) - lengths
    every_code = torch.from_numpy(np.concatenate(codes).astype(np.float32))
    every_action = torch.from_numpy(np.concatenate(actions).astype(np.float32))
    generators = [torch.Generator().manual_seed(seed) for seed in heads.seeds]
    optimiser = torch.optim.AdamW(heads.parameters(), lr=rate, weight_decay=weight_decay, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    heads.train()
    tail = max(1, steps // 10)
    total = torch.zeros(len(heads))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(heads.seeds[0])
        for step in range(steps):
            within = step % _DRAWN_AT_ONCE
            if within == 0:
                drawn = torch.stack([torch.rand((_DRAWN_AT_ONCE, batch), generator=g) for g in generators])
                rows = begins[:, None, None] + (drawn * lengths[:, None, None]).long()
            chosen = rows[:, within]
            losses = ((heads(every_code[chosen]) - every_action[chosen]) ** 2).mean(dim=(1, 2))
            optimiser.zero_grad()
            losses.sum().backward()
            optimiser.step()
            schedule.step()
            if step >= steps - tail:
                total += losses.detach()
    heads.eval()
    if not bool(torch.isfinite(total).all()):
        raise DivergedError("heads: the loss left all bounds; take a smaller rate")
    return (total / tail).numpy()


def _single(seed: int, sizes: Sequence[int]) -> list[torch.nn.Linear]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return [torch.nn.Linear(a, b) for a, b in pairwise(sizes)]
