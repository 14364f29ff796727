"""Bar 5: clamped passes against the network written out by hand, slopes against finite differences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.studies.induction.arms import clamp_of
from inscape.studies.induction.by_hand import CLAMPS, logits_by_hand
from inscape.systems.few_shot import gaussian_few_shot


def differences(item: Mapping[str, Any]) -> dict[str, float]:
    """Largest differences over all clamps. item : "sequences" to compare on, "seed"."""
    import torch

    from inscape.models.attention_only import AttentionOnly, Batch
    from inscape.models.attention_only.losses import cross_entropy

    torch.set_num_threads(1)
    task = gaussian_few_shot(classes=8, new_classes=2, features=16, seed=0)
    sequences = task.draw(item["sequences"], seed=item["seed"])
    net = AttentionOnly(task.width, task.labels, heads=8, width=64, seeds=[item["seed"], item["seed"] + 1])
    generator = torch.Generator().manual_seed(item["seed"])
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=generator))
    batch = Batch.of(task, sequences, net)
    plain = net(batch).detach()
    found = {"forward": 0.0, "off": 0.0, "slopes": 0.0}
    for name in CLAMPS:
        with torch.no_grad(), clamp_of(net, name):
            logits = net(batch).numpy()
        for run in range(net.runs):
            for i in range(len(sequences)):
                features = task.features[sequences.exemplars[i]]
                by_hand = logits_by_hand(net, run, features, sequences.labels[i], int(sequences.position[i]), name)
                apart = np.abs(logits[run, i] - by_hand) / np.maximum(1.0, np.abs(by_hand))
                found["forward"] = max(found["forward"], float(apart.max()))
        found["off"] = max(found["off"], float((net(batch).detach() - plain).abs().max()))
    net.double()
    batch = Batch.of(task, sequences, net)
    random = np.random.default_rng(item["seed"])
    for name in CLAMPS:
        with clamp_of(net, name):
            loss = cross_entropy(net(batch), batch).sum()
            weights = list(net.parameters())
            slopes = torch.autograd.grad(loss, weights, allow_unused=True)
            directions = [torch.as_tensor(random.standard_normal(w.shape)) for w in weights]
            told = sum(float((s * d).sum()) for s, d in zip(slopes, directions, strict=True) if s is not None)
            ends = []
            for move in (1e-5, -2e-5):
                with torch.no_grad():
                    for weight, direction in zip(weights, directions, strict=True):
                        weight.add_(direction, alpha=move)
                    ends.append(float(cross_entropy(net(batch), batch).sum()))
            with torch.no_grad():
                for weight, direction in zip(weights, directions, strict=True):
                    weight.add_(direction, alpha=1e-5)
            measured = (ends[0] - ends[1]) / 2e-5
            found["slopes"] = max(found["slopes"], abs(told - measured) / max(abs(measured), 1e-8))
    return found
