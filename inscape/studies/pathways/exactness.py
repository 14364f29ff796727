"""Is what is recorded right? Routing against a forward pass by hand, strings against the definition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from inscape.probes import routing

if TYPE_CHECKING:
    import torch


def edit_distance(one: Sequence[Any], other: Sequence[Any]) -> int:
    """Levenshtein distance by the table of Wagner and Fischer (1974), in plain Python."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def routing_by_hand(
    model: torch.nn.Module, tokens: Int[np.ndarray, "sample token"], mask: Int[np.ndarray, "sample token"]
) -> Float[np.ndarray, "sample layer expert"]:
    """The routers' softmax by its formula, one sample at a time and without any padding, of a decoder whose layers
    are those of OLMoE, Mixtral or Qwen-MoE."""
    import torch

    rows = []
    for row, counts in zip(tokens, mask, strict=True):
        real = torch.as_tensor(row[counts.astype(bool)])[None]
        length = real.shape[1]
        with torch.no_grad():
            body: Any = model.model
            x = body.embed_tokens(real)
            turn = body.rotary_emb(x, torch.arange(length)[None])
            causal = torch.full((length, length), float("-inf")).triu(1)[None, None]
            layers = []
            for layer in body.layers:
                heard = layer.self_attn(layer.input_layernorm(x), position_embeddings=turn, attention_mask=causal)
                x = x + heard[0]
                entering = layer.post_attention_layernorm(x)
                layers.append(torch.softmax(entering[0] @ layer.mlp.gate.weight.T, dim=-1).mean(0))
                x = x + layer.mlp(entering)
            rows.append(torch.stack(layers).numpy())
    return np.array(rows)


def exactness(item: dict[str, Any]) -> dict[str, float]:
    """Bar 5 on random weights.

    item : pairs (to compare), seed.

    Returns
    -------
    strings (pairs whose distance differs), routing and padding (largest differences).
    """
    from inscape.models.mixture_of_experts import small_olmoe

    random = np.random.default_rng(item["seed"])
    logits = 1.5 * random.normal(size=(2 * item["pairs"], 4, 24))
    weights = np.exp(logits)
    weights /= weights.sum(axis=-1, keepdims=True)
    paths = routing.pathways(weights)
    wrong = 0
    for i in range(item["pairs"]):
        found = routing.distance(weights[2 * i : 2 * i + 2], per_layer=False)
        wrong += found.mean != edit_distance(paths[2 * i], paths[2 * i + 1])
    model = small_olmoe(50, 24, experts=12, layers=4, deviation=0.4, seed=item["seed"])
    tokens = random.integers(0, 50, (8, 20))
    mask = (np.arange(20) < random.integers(1, 21, 8)[:, None]).astype(np.int64)
    expected = routing_by_hand(model, tokens, mask)
    shares = [
        routing.record(model, np.where(mask == 1, tokens, filler), mask, dtype="float32").weights for filler in (0, 7)
    ]
    return {
        "strings": float(wrong),
        "routing": float(np.abs(shares[0] - expected).max()),
        "padding": float(np.abs(shares[0] - shares[1]).max()),
    }
