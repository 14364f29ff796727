"""The network and its five clamps written out, one sequence and one head at a time: what the fast one must equal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from inscape.models.attention_only import AttentionOnly

Rule = Callable[[int, int, np.ndarray], np.ndarray]
"""What becomes of a row (key,) of a head at a query."""

CLAMPS = ("none", "previous_token", "earlier_layer", "match", "copy", "earlier_layer_and_copy", "informed_match")


def weights_of(net: AttentionOnly, run: int) -> dict[str, np.ndarray]:
    return {name: weight.detach().double().numpy()[run] for name, weight in net.named_parameters()}


def normal(x: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
    return (x - x.mean()) / np.sqrt(x.var() + 1e-5) * scale[:, 0] + shift[:, 0]


def rotated(x: np.ndarray, position: int) -> np.ndarray:
    turned = np.empty_like(x)
    for i in range(len(x) // 2):
        angle = position * 10000.0 ** (-2 * i / len(x))
        turned[2 * i] = x[2 * i] * np.cos(angle) - x[2 * i + 1] * np.sin(angle)
        turned[2 * i + 1] = x[2 * i + 1] * np.cos(angle) + x[2 * i] * np.sin(angle)
    return turned


def attention(
    w: dict[str, np.ndarray],
    layer: int,
    heads: int,
    for_scores: np.ndarray,
    for_values: np.ndarray,
    pattern_rule: Rule | None = None,
    score_rule: Rule | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(tokens, width) written, and patterns and scores (head, query, key)."""
    name = f"layers.{layer}.attention"
    tokens, width = for_values.shape
    units = width // heads
    n_scores = np.array([normal(x, w[f"{name}.scale"], w[f"{name}.shift"]) for x in for_scores])
    n_values = np.array([normal(x, w[f"{name}.scale"], w[f"{name}.shift"]) for x in for_values])
    q, k, v = n_scores @ w[f"{name}.into"][0].T, n_scores @ w[f"{name}.into"][1].T, n_values @ w[f"{name}.into"][2].T
    mixed = np.zeros((tokens, width))
    patterns, all_scores = np.zeros((heads, tokens, tokens)), np.zeros((heads, tokens, tokens))
    for h in range(heads):
        part = slice(h * units, (h + 1) * units)
        for i in range(tokens):
            scores = np.array([rotated(q[i, part], i) @ rotated(k[j, part], j) for j in range(i + 1)]) / np.sqrt(units)
            if score_rule is not None:
                scores = score_rule(h, i, scores)
            row = np.exp(scores - scores.max())
            row = row / row.sum()
            if pattern_rule is not None:
                row = pattern_rule(h, i, row)
            patterns[h, i, : i + 1] = row
            all_scores[h, i, : i + 1] = scores
            mixed[i, part] = row @ v[: i + 1, part]
    return mixed @ w[f"{name}.out"].T, patterns, all_scores


def logits_by_hand(
    net: AttentionOnly,
    run: int,
    features: np.ndarray,
    labels: Sequence[int] | np.ndarray,
    position: int,
    clamp: str,
    earlier_head: int = 2,
    head: int = 3,
) -> np.ndarray:
    """(label,) logits of one sequence: features (3, feature) of its exemplars, labels (2,), position 0 or 1."""
    w, heads = weights_of(net, run), net.heads
    shown = [w["embedding.exemplar"] @ f + w["embedding.bias"][:, 0] for f in features]
    told = [w["embedding.label"][:, label] for label in labels]
    stream = np.array([shown[0], told[0], shown[1], told[1], shown[2]])
    for_scores = stream
    skips = clamp in ("earlier_layer", "earlier_layer_and_copy")
    patterns = np.zeros((heads, 5, 5))
    if skips:
        for_scores = stream[[0, 0, 1, 2, 4]]
    else:

        def before(h: int, i: int, row: np.ndarray) -> np.ndarray:
            if clamp != "previous_token" or h != earlier_head:
                return row
            return np.eye(i + 1)[max(i - 1, 0)]

        written, patterns, _ = attention(w, 0, heads, stream, stream, pattern_rule=before)
        stream = for_scores = stream + written

    def right(h: int, i: int, row: np.ndarray) -> np.ndarray:
        return np.eye(5)[1 + 2 * position] if clamp == "match" and h == head and i == 4 else row

    def informed(h: int, i: int, scores: np.ndarray) -> np.ndarray:
        if clamp != "informed_match" or h != head or i != 4:
            return scores
        given = np.full(5, -1e9)
        for label in (1, 3):
            given[label] = 8.0 * patterns[:, label, 2 * position].mean()
        return given

    written, _, scores = attention(w, 1, heads, for_scores, stream, pattern_rule=right, score_rule=informed)
    last = normal((stream + written)[4], w["unembedding.scale"], w["unembedding.shift"])
    logits = w["unembedding.matrix"] @ last + w["unembedding.bias"][:, 0]
    if clamp in ("copy", "earlier_layer_and_copy"):
        logits = np.full(len(logits), -1e9)
        for label, token in zip(labels, (1, 3), strict=True):
            logits[label] = scores[head, 4, token]
    return logits
