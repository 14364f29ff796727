"""Bar 6: what a clamp costs, and what a stack saves; TransformerLens beside it where it is installed."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from inscape.studies.induction.arms import CLAMPS, clamp_of
from inscape.systems.few_shot import gaussian_few_shot

BATCH = 32


def step_times(item: Mapping[str, Any]) -> dict[str, Any]:
    """Processor seconds of a training step on one thread, by arm: the least of several interleaved blocks.

    item : "steps" in a block, "blocks", "runs" of the stack.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        arms: dict[str, Callable[[], None]] = {name: our_step(1, name) for name in CLAMPS}
        arms["stack"] = our_step(item["runs"], "none")
        if has_transformer_lens():
            arms["peer"] = peer_step()
        found = dict.fromkeys(arms, np.inf)
        for _ in range(item["blocks"]):
            for name, step in arms.items():
                began = time.process_time()
                for _ in range(item["steps"]):
                    step()
                found[name] = min(found[name], (time.process_time() - began) / item["steps"])
    finally:
        torch.set_num_threads(threads)
    return found


def our_step(runs: int, clamp: str) -> Callable[[], None]:
    """A step of Adam on a fixed batch, under a clamp that was put on before and stays on, as in a training."""
    import torch

    from inscape.models.attention_only import AttentionOnly
    from inscape.models.attention_only.losses import cross_entropy
    from inscape.models.attention_only.stream import TrainingStream

    task = gaussian_few_shot()
    net = AttentionOnly(task.width, task.labels, seeds=range(runs))
    batch = TrainingStream(task, net, BATCH, 0).batch(0)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-4, fused=True)
    # Never taken off: the network ends with the measurement.
    clamp_of(net, clamp).__enter__()

    def step() -> None:
        loss = cross_entropy(net(batch), batch).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


def has_transformer_lens() -> bool:
    """Whether the peer is installed."""
    return importlib.util.find_spec("transformer_lens") is not None


def peer_step() -> Callable[[], None]:
    """The same network, batch and clamp (previous token) in TransformerLens 4, run with hooks."""
    import torch
    from transformer_lens.model_bridge import TransformerBridge

    task = gaussian_few_shot()
    sizes = {"n_layers": 2, "d_model": 64, "n_ctx": 5, "d_head": 8, "n_heads": 8, "d_vocab": 5}
    kinds = {"attn_only": True, "positional_embedding_type": "rotary", "rotary_dim": 8, "normalization_type": "LN"}
    net = TransformerBridge.boot_native({**sizes, **kinds, "seed": 0})
    see, tell = torch.nn.Linear(task.width, 64), torch.nn.Embedding(5, 64)
    weights = [*net.parameters(), *see.parameters(), *tell.parameters()]
    optimiser = torch.optim.Adam(weights, lr=1e-4, fused=True)
    drawn = task.draw(BATCH)
    features = torch.as_tensor(task.features[drawn.exemplars])
    labels, targets = torch.as_tensor(drawn.labels), torch.as_tensor(drawn.targets)
    before = torch.eye(5).roll(-1, 1)
    before[0] = torch.eye(5)[0]
    calls = []

    def clamp(pattern: Any, hook: Any) -> Any:
        calls.append(1)
        changed = pattern.clone()
        changed[:, 2] = before
        return changed

    hooks = [("blocks.0.attn.hook_pattern", clamp)]

    def step() -> None:
        seen, told = see(features), tell(labels)
        stream = torch.stack([seen[:, 0], told[:, 0], seen[:, 1], told[:, 1], seen[:, 2]], 1)
        logits = net.run_with_hooks(stream, start_at_layer=0, return_type="logits", fwd_hooks=hooks)[:, -1]
        loss = torch.nn.functional.cross_entropy(logits, targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    start = net.blocks[0].attn.o.weight.detach().clone()
    step()
    if not calls or torch.equal(start, net.blocks[0].attn.o.weight):
        raise RuntimeError("TransformerLens: the hook did not act or nothing was learnt; its step is no fair measure")
    return step
