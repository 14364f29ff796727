"""Induction heads of an attention-only network: how strong each is, and what the network does with or without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.attention_only.batch import Batch
from inscape.models.attention_only.losses import SAMPLES_AT_ONCE, evaluated, is_right
from inscape.models.attention_only.net import AttentionOnly
from inscape.probes.circuit_clamps import LABEL_TOKENS
from inscape.probes.clamp import Clamp
from inscape.probes.drop import Drop
from inscape.probes.from_pass import FromPass
from inscape.probes.instruments import Instruments
from inscape.probes.recorder import Recorder

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


def induction_strength(net: AttentionOnly, batch: Batch, *, layer: int = -1) -> Float[np.ndarray, "run head"]:
    """Attention from the query to the right label minus to the wrong one, mean over sequences (-1 to 1).

    Parameters
    ----------
    net : as it stands; clamps that are alive act.
    batch : sequences, best all of training: `Batch.of(task, task.every_train_sequence(), net)`.
    layer : whose heads.
    """
    site = f"layers.{_layer(net, layer)}.attention.pattern[query=-1]"
    total = np.zeros((net.runs, net.heads))
    for part in _parts(batch):
        with Recorder(net, site, live=True) as recorder, torch.no_grad():
            net(part)
        row = recorder.passed(site).detach()
        first, second = (row[..., token] for token in LABEL_TOKENS)
        sign = 1.0 - 2.0 * part.position.to(row.dtype)
        total += ((first - second) * sign.unsqueeze(2)).sum(1).double().cpu().numpy()
    return total / len(batch)


def lone_head_accuracy(net: AttentionOnly, batch: Batch) -> Float[np.ndarray, "run head"]:
    """Accuracy where of all heads of the last layer one alone writes to the output."""
    return accuracy_by_subset(net, batch, np.eye(net.heads, dtype=bool))


def accuracy_without(net: AttentionOnly, batch: Batch) -> Float[np.ndarray, "run head"]:
    """Accuracy where one head of the last layer is silent."""
    return accuracy_by_subset(net, batch, ~np.eye(net.heads, dtype=bool))


def accuracy_by_subset(
    net: AttentionOnly, batch: Batch, kept: Bool[np.ndarray, "subset head"]
) -> Float[np.ndarray, "run subset"]:
    """Accuracy for each subset of heads of the last layer that is left alive.

    The heads of the last layer add to the stream and nothing but the output reads it, so one pass serves every subset:
    the same numbers as a pass with the values of the other heads dropped.

    Raises
    ------
    InputError : if `kept` is no array of truths with one column for each head.
    """
    subsets = np.asarray(kept)
    if subsets.dtype != bool or subsets.ndim != 2 or subsets.shape[1] != net.heads:
        raise InputError(f"kept: {subsets.dtype} of shape {subsets.shape}, expected truths (subset, {net.heads} heads)")
    last = len(net.layers) - 1
    before, mixed = f"layers.{last}.attention:input", f"layers.{last}.attention.mixed[token=-1]"
    right = np.zeros((net.runs, len(subsets)))
    layer: Any = net.layers[last]
    with torch.no_grad():
        for part in _parts(batch):
            with Recorder(net, [before, mixed], live=True) as recorder:
                net(part)
            stream = recorder.passed(before)[:, :, -1:]
            written = recorder.passed(mixed)
            for number, subset in enumerate(subsets):
                alive = torch.as_tensor(subset, device=written.device).to(written.dtype)
                heads = (written * alive[:, None]).flatten(2)
                logits = net.unembedding(stream + torch.bmm(heads, layer.attention.out.transpose(1, 2)).unsqueeze(2))
                right[:, number] += is_right(logits, part).double().sum(1).cpu().numpy()
    return right / len(batch)


def direct_effect(net: AttentionOnly, batch: Batch, *, layer: int = 0) -> dict[str, Float[np.ndarray, "run"]]:
    """What a layer's own writing does to the output, the later layers left as they were.

    Pattern-preserving ablation: the layer's values are zero, while every later layer keeps the patterns and values of
    an untouched pass. What falls is what the layer tells the output without a detour.

    Returns
    -------
    "accuracy" and "loss" after it, "accuracy_before" and "loss_before".
    """
    first = _layer(net, layer)
    later = [
        f"layers.{number}.attention.{name}"
        for number in range(first + 1, len(net.layers))
        for name in ("pattern", "values")
    ]
    if not later:
        raise InputError(f"layer: {layer} is the last, expected one with layers after it")
    sums: dict[str, Any] = {}
    for part in _parts(batch):
        with Recorder(net, later, live=True, keep=1) as recorder:
            before = evaluated(net, part)
        kept = Clamp(net, later, FromPass(recorder))
        with Instruments(Drop(net, f"layers.{first}.attention.values", head=list(range(net.heads))), kept):
            after = evaluated(net, part)
        for name in ("accuracy", "loss"):
            sums[name] = sums.get(name, 0.0) + after[name] * len(part)
            sums[f"{name}_before"] = sums.get(f"{name}_before", 0.0) + before[name] * len(part)
    return {name: total / len(batch) for name, total in sums.items()}


def keep_heads(net: AttentionOnly, kept: Bool[np.ndarray, "run head"], *, layer: int = -1) -> Drop:
    """Of a layer's heads leave those alive that are named, in each run its own.

    For a training of which each run has one head: `keep_heads(net, np.eye(8, dtype=bool))`.
    """
    alive = np.asarray(kept)
    if alive.dtype != bool or alive.shape != (net.runs, net.heads):
        raise InputError(f"kept: {alive.dtype} of shape {alive.shape}, expected truths ({net.runs}, {net.heads})")
    return Drop(net, f"layers.{_layer(net, layer)}.attention.values", mask=~alive[:, None, :, None, None])


def _parts(batch: Batch) -> list[Batch]:
    return [batch[slice(s, s + SAMPLES_AT_ONCE)] for s in range(0, len(batch), SAMPLES_AT_ONCE)]


def _layer(net: AttentionOnly, layer: int) -> int:
    if not isinstance(net, AttentionOnly):
        raise InputError(f"net: a {type(net).__name__} found, expected an AttentionOnly network")
    count = len(net.layers)
    if isinstance(layer, bool) or not isinstance(layer, (int, np.integer)) or not -count <= layer < count:
        raise InputError(f"layer: {layer!r} found, the network has layers 0 to {count - 1}")
    return int(layer) % count
