"""How fast: all pairs of a thousand pathways, and what recording adds to a forward pass."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from inscape.probes import routing
from inscape.single_thread import single_thread
from inscape.studies.pathways.exactness import edit_distance


def routed(samples: int, layers: int, experts: int, seed: int, sharpness: float = 1.5) -> np.ndarray:
    """Random routing weights (sample, layer, expert); pathways of 16 layers of 64 experts have some 550 characters."""
    logits = sharpness * np.random.default_rng(seed).normal(size=(samples, layers, experts))
    weights = np.exp(logits)
    return weights / weights.sum(axis=-1, keepdims=True)


@single_thread()
def all_pairs(item: dict[str, Any]) -> dict[str, float]:
    """CPU seconds for the distances of all pairs, strings included, and for plain Python scaled from a few pairs.

    item : samples, layers, experts, python_pairs, seed.
    """
    weights = routed(item["samples"], item["layers"], item["experts"], item["seed"])
    routing.distance(weights[:3], per_layer=False)  # loads rapidfuzz
    started = time.process_time()
    found = routing.distance(weights, most=None, per_layer=False)
    ours = time.process_time() - started
    assert found.matrix is not None
    paths = routing.pathways(weights[: item["python_pairs"] + 1])
    started = time.process_time()
    same = [edit_distance(paths[i], paths[i + 1]) == found.matrix[i, i + 1] for i in range(item["python_pairs"])]
    pairs = item["samples"] * (item["samples"] - 1) / 2
    theirs = (time.process_time() - started) / item["python_pairs"] * pairs
    return {"ours": ours, "python": theirs, "pairs": pairs, "length": found.length, "agree": float(all(same))}


@single_thread()
def recording(item: dict[str, Any]) -> dict[str, float]:
    """CPU seconds of a forward pass of the OLMoE class, alone and recorded, medians of turns taken one by one.

    item : width, layers, experts, chosen, hidden, batch, tokens, turns, seed.
    """
    import torch

    from inscape.models.mixture_of_experts import small_olmoe
    from inscape.probes.routing.capture import body_of, quiet
    from inscape.probes.routing.samples import call

    torch.set_num_threads(1)
    model = small_olmoe(
        500,
        item["tokens"],
        width=item["width"],
        heads=8,
        layers=item["layers"],
        experts=item["experts"],
        chosen=item["chosen"],
        hidden=item["hidden"],
        seed=item["seed"],
    )
    tokens = np.random.default_rng(item["seed"]).integers(0, 500, (item["batch"], item["tokens"]))
    counts = np.ones(tokens.shape, dtype=bool)
    alone, recorded = [], []
    for turn in range(item["turns"] + 1):
        with torch.no_grad(), quiet(model):
            started = time.process_time()
            call(body_of(model), tokens, counts)
            alone.append(time.process_time() - started)
        started = time.process_time()
        routing.record(model, tokens, batch=item["batch"])
        recorded.append(time.process_time() - started)
        if turn == 0:  # The first pass of each warms the library up.
            alone, recorded = [], []
    ratios = np.array(recorded) / np.array(alone)
    return {
        "alone": float(np.median(alone)),
        "recorded": float(np.median(recorded)),
        "overhead": float(np.median(ratios) - 1),
    }
