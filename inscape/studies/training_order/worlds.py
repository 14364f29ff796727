"""The run that study 07 looks at: a character transformer amid its training, and batches that each hold an era."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.probes import order
from inscape.studies.training_order.texts import dated_texts

LEARNED, SEEN = 0.6, 0.8
"""Shares of every text: what the network was warmed up on, and where the batches end; the rest is never trained on."""


def recorded_run(item: Mapping[str, Any]) -> order.Reference:
    """The reference run: chronological order, Adam with the moments of its warm-up.

    item : "text" (source), "batches", "lr", "warm_up" (steps), "samples" and "context" of a batch, "width", "layers",
        "seed"; "fresh" to begin with empty moments; "momentum", Adam's first beta from here on.

    The probe "validation" holds unseen text of all eras, "like 0", "like 1" .. unseen text of each era.
    """
    # The room below needs torch; the list of studies does not.
    import torch

    from inscape.models.tiny_language_model import Alphabet, TinyLanguageModel, train

    texts = dated_texts(item["text"])
    alphabet = Alphabet.of("".join(t.text for t in texts), most=64)
    model = TinyLanguageModel(
        alphabet, width=item["width"], layers=item["layers"], context=item["context"], seed=item["seed"]
    )
    learned = "".join(t.text[: int(LEARNED * len(t.text))] for t in texts)
    _, adam = train(model, learned, item["warm_up"], samples=item["samples"], seed=item["seed"])
    for group in adam.param_groups:
        group["lr"] = item["lr"]
        group["betas"] = (item.get("momentum", group["betas"][0]), group["betas"][1])
    eras = [texts[part[0] : part[-1] + 1] for part in np.array_split(np.arange(len(texts)), item["batches"])]
    random = np.random.default_rng(item["seed"])
    length = item["context"] + 1

    def drawn(era: tuple, samples: int, first: float, last: float) -> torch.Tensor:
        text = "".join(t.text[int(first * len(t.text)) : int(last * len(t.text))] for t in era)
        return torch.as_tensor(alphabet.windows(text, samples, length, random))

    batches = [drawn(era, item["samples"], LEARNED, SEEN) for era in eras]
    probes = {"validation": drawn(texts, 8 * item["samples"], SEEN, 1.0)}
    probes |= {f"like {k}": drawn(era, 2 * item["samples"], SEEN, 1.0) for k, era in enumerate(eras)}
    names = [f"{k}: {era[0].year} to {era[-1].year}" for k, era in enumerate(eras)]
    if item.get("fresh"):
        return order.record(model, batches, optimizer="adam", lr=item["lr"], probes=probes, names=names)
    return order.record(model, batches, optimizer=adam, probes=probes, names=names)
