"""A causal attention layer, stacked over runs, with every inner quantity at a site of its own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from inscape.extras import require
from inscape.models.attention_only.products import Mixing, Normalisation, Rotation, Scores
from inscape.models.tap import Tap

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

STREAM = ("run", "sample", "token", "unit")
HEADED = ("run", "sample", "head", "token", "unit")
PAIRS = ("run", "sample", "head", "query", "key")
ROTARY_BASE = 10_000.0

# Inside, the samples come last; a site shows its tensor in the order of its axes.
_STREAM_VIEW = (0, 3, 2, 1)
_HEADED_OUT, _HEADED_IN = (0, 4, 1, 3, 2), (0, 2, 4, 3, 1)
_PAIRS_OUT, _PAIRS_IN = (0, 4, 1, 2, 3), (0, 2, 3, 4, 1)


class AttentionLayer(torch.nn.Module):
    """The residual stream (run, sample, token, unit) plus what attention writes into it."""

    axes = STREAM
    query_input: Tap
    key_input: Tap
    value_input: Tap
    output: Tap
    queries: Tap
    keys: Tap
    values: Tap
    mixed: Tap
    scores: Tap
    pattern: Tap

    def __init__(self, runs: int, heads: int, width: int):
        super().__init__()
        self.attention = Attention(runs, heads, width)

    def forward(self, stream: torch.Tensor, query_only: bool = False) -> torch.Tensor:
        """With `query_only`, at the last position alone."""
        written = self.attention(stream, query_only)
        return (stream[:, :, -1:] if query_only else stream) + written


class Attention(torch.nn.Module):
    """Pre-norm causal self-attention with rotary positions, no biases; reads and returns (run, sample, token, unit)."""

    axes = STREAM
    query_input: Tap
    key_input: Tap
    value_input: Tap
    output: Tap
    queries: Tap
    keys: Tap
    values: Tap
    mixed: Tap
    scores: Tap
    pattern: Tap

    def __init__(self, runs: int, heads: int, width: int):
        super().__init__()
        self.heads = heads
        self.scale = torch.nn.Parameter(torch.empty(runs, width, 1))
        self.shift = torch.nn.Parameter(torch.empty(runs, width, 1))
        self.into = torch.nn.Parameter(torch.empty(runs, 3, width, width))
        self.out = torch.nn.Parameter(torch.empty(runs, width, width))
        for name in ("query_input", "key_input", "value_input", "output"):
            setattr(self, name, Tap(STREAM))
        for name in ("queries", "keys", "values", "mixed"):
            setattr(self, name, Tap(HEADED))
        for name in ("scores", "pattern"):
            setattr(self, name, Tap(PAIRS))

    def forward(self, stream: torch.Tensor, query_only: bool = False) -> torch.Tensor:
        runs, samples, tokens, width = stream.shape
        queries, keys, values = self._projected(stream, query_only)
        first = tokens - queries.shape[3]
        cos, sin = _rotary(width // self.heads, tokens, stream)
        queries = _seen(self.queries, Rotation.apply(queries, cos[:, first:], sin[:, first:]), _HEADED_OUT, _HEADED_IN)
        keys = _seen(self.keys, Rotation.apply(keys, cos, sin), _HEADED_OUT, _HEADED_IN)
        values = _seen(self.values, values, _HEADED_OUT, _HEADED_IN)
        scores = _seen(self.scores, Scores.apply(queries, keys) * keys.shape[2] ** -0.5, _PAIRS_OUT, _PAIRS_IN)
        pattern = (scores + _future(tokens, stream)[first:]).softmax(3) if tokens > 1 else scores.softmax(3)
        pattern = _seen(self.pattern, pattern, _PAIRS_OUT, _PAIRS_IN)
        mixed = _seen(self.mixed, Mixing.apply(pattern, values), _HEADED_OUT, _HEADED_IN)
        written = torch.bmm(self.out, mixed.reshape(runs, width, -1))
        written = written.unflatten(2, (-1, samples)).permute(_STREAM_VIEW)
        return self.output(written)

    def _projected(self, stream: torch.Tensor, query_only: bool) -> list[torch.Tensor]:
        """Queries, keys and values (run, head, unit, token, sample) before rotation."""
        samples, width = stream.shape[1], stream.shape[3]
        weights = self.into.flatten(1, 2)
        if _is_watched(self.query_input) or _is_watched(self.key_input) or _is_watched(self.value_input):
            read = [tap(stream) for tap in (self.query_input, self.key_input, self.value_input)]
            read[0] = read[0][:, :, -1:] if query_only else read[0]
            normal = [self._normal(x) for x in read]
            answers = [torch.bmm(w, x) for w, x in zip(weights.split(width, 1), normal, strict=True)]
        elif query_only:
            whole = self._normal(stream)
            to_queries, to_others = weights.split((width, 2 * width), 1)
            _, last = whole.split((whole.shape[2] - samples, samples), 2)
            answers = [torch.bmm(to_queries, last), *torch.bmm(to_others, whole).split(width, 1)]
        else:
            answers = list(torch.bmm(weights, self._normal(stream)).split(width, 1))
        return [a.unflatten(2, (-1, samples)).unflatten(1, (self.heads, -1)) for a in answers]

    def _normal(self, stream: torch.Tensor) -> torch.Tensor:
        return Normalisation.apply(stream.permute(_STREAM_VIEW).flatten(2), self.scale, self.shift)


def _is_watched(tap: Tap) -> bool:
    return bool(tap._forward_hooks or tap._forward_pre_hooks)


def _seen(tap: Tap, inner: torch.Tensor, outwards: tuple[int, ...], inwards: tuple[int, ...]) -> torch.Tensor:
    # Turning a tensor that nobody looks at would cost more than many of the products here.
    return tap(inner.permute(outwards)).permute(inwards) if _is_watched(tap) else inner


def _rotary(units: int, tokens: int, like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin (unit pair, token, 1) of position x 10000^(-2 i / units)."""
    key = (units, tokens, like.dtype, like.device)
    if key not in _TABLES:
        rates = ROTARY_BASE ** (-torch.arange(0, units, 2, dtype=torch.float64) / units)
        angles = torch.outer(rates, torch.arange(tokens, dtype=torch.float64)).unsqueeze(2)
        _TABLES[key] = angles.cos().to(like), angles.sin().to(like)
    return _TABLES[key]


def _future(tokens: int, like: torch.Tensor) -> torch.Tensor:
    """(query, key, 1): minus infinity where the key comes after the query, else zero."""
    key = (0, tokens, like.dtype, like.device)
    if key not in _TABLES:
        later = torch.full((tokens, tokens, 1), -math.inf, dtype=torch.float64)
        _TABLES[key] = (later.permute(2, 0, 1).triu(1).permute(1, 2, 0).to(like),) * 2
    return _TABLES[key][0]


_TABLES: dict[tuple, tuple[torch.Tensor, torch.Tensor]] = {}
"""Constants by size, number type and device: few, small and the same for every network."""
