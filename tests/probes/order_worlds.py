"""Small worlds in which other orders can be told exactly, or nearly so."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from inscape.models.tiny_language_model import Alphabet, TinyLanguageModel, train
from inscape.probes.order import Reference, record

SENTENCES = (
    "the cat sat on the mat and saw the dog. ",
    "a ship at sea must trim her sails to the wind. ",
    "we the people hold these truths to be plain. ",
    "ten green bottles stood upon the garden wall. ",
    "numbers grow as one and one and two and three. ",
    "rain in april brings the flowers of the may. ",
)


class Bowl(torch.nn.Module):
    """A quadratic loss 1/2 (theta - c)' A (theta - c), of which A and c are the batch; theta in two pieces."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        random = np.random.default_rng(seed)
        self.left = torch.nn.Parameter(torch.tensor(random.standard_normal((3, 4))))
        self.right = torch.nn.Parameter(torch.tensor(random.standard_normal(3)))

    def loss(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        curvature, centre = batch
        apart = torch.cat([self.left.reshape(-1), self.right]) - centre
        return apart @ curvature @ apart / 2


def bowls(count: int, seed: int = 1, size: int = 15) -> list[tuple[torch.Tensor, torch.Tensor]]:
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        sides = random.standard_normal((size, size))
        found.append((torch.tensor(sides @ sides.T / size), torch.tensor(random.standard_normal(size))))
    return found


def bowl_run(optimizer: Any = "sgd", batches: int = 6, lr: float | None = 0.05, **settings: Any) -> Reference:
    *train_on, unseen = bowls(batches + 1)
    return record(Bowl(), train_on, optimizer=optimizer, lr=lr, probes={"unseen": unseen}, **settings)


def tiny_run(optimizer: str | None = None, lr: float = 1e-3, seed: int = 0, **settings: Any) -> Reference:
    """A character transformer of 3,000 weights amid its training; Adam goes on unless an optimiser is named."""
    alphabet = Alphabet.of("".join(SENTENCES))
    model = TinyLanguageModel(alphabet, width=12, layers=1, heads=2, context=16, seed=seed)
    _, adam = train(model, "".join(SENTENCES) * 5, 60, samples=8, learning_rate=1e-2, seed=seed)
    random = np.random.default_rng(seed)
    batches = [torch.as_tensor(alphabet.windows(text * 3, 8, 17, random)) for text in SENTENCES]
    unseen = torch.as_tensor(alphabet.windows("".join(SENTENCES) * 2, 32, 17, random))
    probes = {"unseen": unseen}
    if optimizer is not None:
        return record(model, batches, optimizer=optimizer, lr=lr, probes=probes, **settings)
    for group in adam.param_groups:
        group["lr"] = lr
    return record(model, batches, optimizer=adam, probes=probes, **settings)
