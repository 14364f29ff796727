"""Bar 7: the induction heads of a real language model, found and silenced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np


def language_heads(item: Mapping[str, Any]) -> dict[str, Any] | None:
    """The map of SmolLM2-135M, and its losses with heads silent; None where the model is not installed.

    item : "sequences", "length", "draws" of random heads, "seed".
    """
    import torch

    from inscape.models import language
    from inscape.probes.induction_map import induction_map, previous_token_map, repeat_loss

    if not language.has_smollm2():
        return None
    torch.set_num_threads(1)
    model = language.smollm2()
    found = induction_map(model, sequences=item["sequences"], length=item["length"], seed=item["seed"])
    layers, heads = found.strength.shape
    strongest = found.strongest(8)
    losses = {0: repeat_loss(model, found.tokens)}
    for count in (1, 3, 5, 8):
        losses[count] = repeat_loss(model, found.tokens, without=strongest[:count])
    before = previous_token_map(model, sequences=item["sequences"], length=item["length"], seed=item["seed"])
    layer, head = np.unravel_index(before.argmax(), before.shape)
    leader = (int(layer), int(head))
    others = [(i, j) for i in range(layers) for j in range(heads) if (i, j) not in strongest]
    random = np.random.default_rng(item["seed"])
    drawn, has_leader = [], []
    for _ in range(item["draws"]):
        chosen = [others[k] for k in random.choice(len(others), 5, replace=False)]
        has_leader.append(leader in chosen)
        drawn.append(repeat_loss(model, found.tokens, without=chosen).repeat)
    return {
        "strength": found.strength,
        "strongest": np.array(strongest),
        "counts": list(losses),
        "first": [loss.first for loss in losses.values()],
        "repeat": [loss.repeat for loss in losses.values()],
        "random": np.array(drawn),
        "has_leader": has_leader,
        "leader": list(leader),
        "leader_strength": float(before[leader]),
        "without_leader": repeat_loss(model, found.tokens, without=[leader]).repeat,
    }
