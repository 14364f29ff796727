"""`AttentionOnly`: a transformer of attention layers alone, stacked over runs (Singh et al. 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.attention_only.attention import STREAM, AttentionLayer
from inscape.models.attention_only.batch import Batch
from inscape.models.attention_only.initial import initial_weights
from inscape.models.attention_only.products import Normalisation

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

ROWS_BY_PRODUCT = 256
"""Up to so many exemplars a product with an indicator matrix is faster than gathering, whose derivative scatters."""


class Embedding(torch.nn.Module):
    """Sequences -> residual stream (run, sample, token, unit): a linear map of exemplars, a vector for each label."""

    axes = STREAM

    def __init__(self, runs: int, features: int, labels: int, width: int):
        super().__init__()
        self.exemplar = torch.nn.Parameter(torch.empty(runs, width, features))
        self.bias = torch.nn.Parameter(torch.empty(runs, width, 1))
        self.label = torch.nn.Parameter(torch.empty(runs, width, labels))

    def forward(self, batch: Batch) -> torch.Tensor:
        seen = torch.matmul(self.exemplar, batch.features) + self.bias
        vectors = torch.cat([seen, self.label], 2)
        rows, samples = seen.shape[2], len(batch)
        (first, second, query), labels = batch.exemplars.unbind(1), batch.labels + rows
        tokens = torch.stack([first, labels[:, 0], second, labels[:, 1], query], 1).flatten(1)
        if torch.is_grad_enabled() and rows <= ROWS_BY_PRODUCT:
            indicator = vectors.new_zeros(batch.runs, vectors.shape[2], tokens.shape[1])
            indicator.scatter_(1, tokens.unsqueeze(1), 1.0)
            stream = torch.matmul(vectors, indicator if batch.runs > 1 else indicator[0])
        else:
            stream = vectors.gather(2, tokens.unsqueeze(1).expand(*vectors.shape[:2], -1))
        return stream.unflatten(2, (-1, samples)).permute(0, 3, 2, 1)


class Unembedding(torch.nn.Module):
    """Residual stream at the query -> logits (run, sample, label), through the last normalisation."""

    axes = ("run", "sample", "label")

    def __init__(self, runs: int, labels: int, width: int):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.empty(runs, width, 1))
        self.shift = torch.nn.Parameter(torch.empty(runs, width, 1))
        self.matrix = torch.nn.Parameter(torch.empty(runs, labels, width))
        self.bias = torch.nn.Parameter(torch.empty(runs, labels, 1))

    def forward(self, stream: torch.Tensor) -> torch.Tensor:
        last = stream[:, :, -1].transpose(1, 2)
        normal = Normalisation.apply(last, self.scale, self.shift)
        return torch.baddbmm(self.bias, self.matrix, normal).transpose(1, 2)


class AttentionOnly(torch.nn.Module):
    """Causal pre-norm attention layers with rotary positions, no MLP; several runs in one set of tensors.

    Each run's weights come from its own seed, and no run sees another, so a stack trains exactly the runs that would
    train alone, at a fraction of their time.

    Sites, by module name: `embedding`, `layers.L` (the residual stream after layer L, from 0), `layers.L.attention`
    with `.query_input`, `.key_input`, `.value_input` (the stream as each of the three reads it), `.queries`, `.keys`
    (after rotation), `.values`, `.scores` (scaled, before the causal mask), `.pattern`, `.mixed`, `.output`;
    `unembedding` (logits). Axes are named run, sample, token or query and key, head, unit, label.

    Parameters
    ----------
    features : of an exemplar.
    labels : how many there are.
    layers, heads, width : of the network; a head has width / heads units, an even number.
    seeds : one run for each.

    Raises
    ------
    InputError : if the sizes do not fit together.
    """

    def __init__(
        self,
        features: int,
        labels: int,
        *,
        layers: int = 2,
        heads: int = 8,
        width: int = 64,
        seeds: int | Sequence[int] = 0,
    ):
        super().__init__()
        for name, value in (("features", features), ("labels", labels), ("layers", layers), ("heads", heads)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number of at least 1")
        if not isinstance(width, (int, np.integer)) or width < 1 or width % (2 * heads):
            raise InputError(f"width: {width!r} found, expected a multiple of {2 * heads}: {heads} heads of even width")
        self.seeds = _seeds(seeds)
        self.heads, self.width = int(heads), int(width)
        runs = len(self.seeds)
        self.embedding = Embedding(runs, features, labels, width)
        self.layers = torch.nn.ModuleList(AttentionLayer(runs, heads, width) for _ in range(layers))
        self.unembedding = Unembedding(runs, labels, width)
        self.passing: Batch | None = None
        shapes = {name: tuple(weight.shape[1:]) for name, weight in self.named_parameters()}
        first = [initial_weights(shapes, seed) for seed in self.seeds]
        with torch.no_grad():
            for name, weight in self.named_parameters():
                weight.copy_(torch.as_tensor(np.stack([weights[name] for weights in first])))

    @property
    def runs(self) -> int:
        return len(self.seeds)

    @property
    def labels(self) -> int:
        return int(self.embedding.label.shape[2])

    def forward(self, batch: Batch, *, every_position: bool = False) -> torch.Tensor:
        """Logits (run, sample, label) of the query's label.

        Parameters
        ----------
        batch : of as many runs as the network has, or of one for all.
        every_position : compute the last layer at all five positions. By default at the query alone, which is all that
            the logits read; the last layer's query axis then has length one, and `query=-1` names it either way.
        """
        if batch.runs not in (1, self.runs):
            raise InputError(f"batch: {batch.runs} runs found, expected 1 or {self.runs}")
        if batch.features.shape[0] != self.embedding.exemplar.shape[2]:
            raise InputError(
                f"batch: {batch.features.shape[0]} features found, expected {self.embedding.exemplar.shape[2]}"
            )
        # Clamps that need to know the labels of the context read them here.
        self.passing = batch
        stream = self.embedding(batch)
        for number, layer in enumerate(self.layers, start=1):
            stream = layer(stream, query_only=number == len(self.layers) and not every_position)
        return self.unembedding(stream)

    def extra_repr(self) -> str:
        return f"runs={self.runs}, heads={self.heads}, width={self.width}"


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    given = (seeds,) if isinstance(seeds, (int, np.integer)) else tuple(seeds)
    whole = [isinstance(s, (int, np.integer)) and not isinstance(s, bool) and s >= 0 for s in given]
    if not given or not all(whole):
        raise InputError(f"seeds: {seeds!r} found, expected a whole number from 0 or several, one for each run")
    return tuple(int(s) for s in given)
