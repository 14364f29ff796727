"""`fine_tune`: a small training loop for a language model, with callbacks at its steps and epochs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inscape.errors import DivergedError, InputError
from inscape.extras import require
from inscape.models.language.blocks import blocks
from inscape.models.language.language_model import LanguageModel

_EVENTS = ("on_start", "on_step_end", "on_epoch_end", "on_end")


@dataclass
class FineTuning:
    """A run of `fine_tune`, as callbacks see it and as it is returned.

    Parameters
    ----------
    language_model : what is trained.
    model : its network; with LoRA, the network with its adapters.
    optimiser : of torch.
    epoch, step : how many have ended.
    losses : mean loss of each epoch, in nats a token.
    seconds : wall time of each epoch's training, callbacks left out.
    callback_seconds : wall time of the callbacks after each epoch.
    wants_to_stop : a callback sets it, and the run ends with the epoch.
    """

    language_model: LanguageModel
    model: Any
    optimiser: Any
    epoch: int = 0
    step: int = 0
    losses: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    callback_seconds: list[float] = field(default_factory=list)
    wants_to_stop: bool = False


def fine_tune(
    language_model: LanguageModel,
    texts: Sequence[str],
    *,
    epochs: int = 4,
    learning_rate: float = 1e-4,
    batch: int = 1,
    length: int = 512,
    weight_decay: float = 0.01,
    frozen_layers: int = 0,
    lora: int | None = None,
    callbacks: Sequence[Any] = (),
    seed: int = 0,
) -> FineTuning:
    """Train a language model on texts with AdamW, in place; adapters of LoRA are merged at the end.

    Parameters
    ----------
    texts : each is cut off after `length` tokens.
    epochs : passes over all texts, each in an order of its own.
    learning_rate, weight_decay : of AdamW.
    batch : texts a step.
    frozen_layers : blocks from the first on that are not trained, the embedding with them.
    lora : rank of low-rank adapters in all linear layers, trained instead of the weights; needs peft.
    callbacks : objects with any of `on_start`, `on_step_end`, `on_epoch_end`, `on_end`, each given the `FineTuning`.
    seed : of the order of texts and of dropout.

    Returns
    -------
    FineTuning with the losses and times of its epochs.

    Raises
    ------
    InputError : for texts of fewer than two tokens or numbers out of range, before anything is trained.
    DivergedError : if the loss is no longer a number; the weights are left as that step found them.
    """
    torch = require("torch", "neural")
    network = language_model.model
    encoded = _encoded(language_model, texts, length)
    for name, count in (("epochs", epochs), ("batch", batch)):
        if not isinstance(count, (int, np.integer)) or count < 1:
            raise InputError(f"{name}: {count!r} found, expected a whole number of at least 1")
    if not (np.isfinite(learning_rate) and learning_rate > 0):
        raise InputError(f"learning_rate: {learning_rate!r} found, expected more than 0")
    if not 0 <= frozen_layers < language_model.layers:
        raise InputError(f"frozen_layers: {frozen_layers} found, the model has {language_model.layers} layers")
    if not callable(getattr(network, "forward", None)):
        raise InputError(f"{language_model.name}: no network to train")
    was_training, could_learn = network.training, [p.requires_grad for p in network.parameters()]
    weights = list(network.parameters())
    adapted = _with_adapters(network, lora) if lora is not None else network
    if lora is None:
        _freeze(network, frozen_layers)
    trained = [p for p in adapted.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=learning_rate, weight_decay=weight_decay)
    run = FineTuning(language_model, network, optimiser)
    begun: list[Any] = []
    random = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            for callback in callbacks:
                begun.append(callback)
                _tell([callback], "on_start", run)
            for _ in range(epochs):
                _epoch(run, encoded, batch, random, callbacks)
                if run.wants_to_stop:
                    break
        finally:
            for callback in begun:
                _tell([callback], "on_end", run)
            if lora is not None:
                adapted.merge_and_unload() if run.step else adapted.unload()
            for weight, had in zip(weights, could_learn, strict=True):
                weight.requires_grad_(had)
                weight.grad = None
            network.train(was_training)
    return run


def _epoch(
    run: FineTuning, encoded: list[list[int]], batch: int, random: np.random.Generator, callbacks: Sequence[Any]
) -> None:
    torch = require("torch", "neural")
    run.model.train()
    started = time.perf_counter()
    inside = 0.0
    total, counted = 0.0, 0
    order = random.permutation(len(encoded))
    for start in range(0, len(order), batch):
        ids, mask = _right_padded([encoded[i] for i in order[start : start + batch]], run.language_model.device)
        logits = run.model(input_ids=ids, attention_mask=mask, use_cache=False).logits
        targets = ids[:, 1:].masked_fill(mask[:, 1:] == 0, -100)
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].float().flatten(0, 1), targets.flatten())
        value = float(loss.detach())
        if not np.isfinite(value):
            raise DivergedError(f"fine-tuning: loss {value} at step {run.step}; lower the learning rate")
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        run.optimiser.step()
        run.step += 1
        tokens = int((targets >= 0).sum())
        total, counted = total + value * tokens, counted + tokens
        before = time.perf_counter()
        _tell(callbacks, "on_step_end", run)
        inside += time.perf_counter() - before
    run.epoch += 1
    run.losses.append(total / counted)
    ended = time.perf_counter()
    run.seconds.append(ended - started - inside)
    run.model.eval()
    _tell(callbacks, "on_epoch_end", run)
    run.callback_seconds.append(time.perf_counter() - ended + inside)


def _tell(callbacks: Sequence[Any], event: str, run: FineTuning) -> None:
    for callback in callbacks:
        heard = getattr(callback, event, None)
        if heard is not None:
            heard(run)


def _encoded(language_model: LanguageModel, texts: Sequence[str], length: int) -> list[list[int]]:
    if not isinstance(length, (int, np.integer)) or length < 2:
        raise InputError(f"length: {length!r} found, expected at least 2 tokens")
    tokenizer = language_model.require_tokenizer()
    encoded = []
    for text in language_model.as_texts(texts):
        ids = tokenizer(text)["input_ids"][: int(length)]
        if len(ids) < 2:
            raise InputError(f"text {text[:40]!r}: {len(ids)} token found, expected at least 2 to learn from")
        encoded.append(list(ids))
    language_model.check_length(max(len(ids) for ids in encoded))
    return encoded


def _right_padded(sequences: list[list[int]], device: Any) -> tuple[Any, Any]:
    torch = require("torch", "neural")
    longest = max(len(ids) for ids in sequences)
    ids = torch.zeros(len(sequences), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.as_tensor(sequence)
        mask[row, : len(sequence)] = 1
    return ids.to(device), mask.to(device)


def _freeze(network: Any, layers: int) -> None:
    if not layers:
        return
    for block in blocks(network)[:layers]:
        block.requires_grad_(False)
    network.get_input_embeddings().requires_grad_(False)


def _with_adapters(network: Any, rank: int) -> Any:
    if not isinstance(rank, (int, np.integer)) or rank < 1:
        raise InputError(f"lora: {rank!r} found, expected a rank of at least 1, or None")
    peft = require("peft", "neural")
    settings = peft.LoraConfig(
        r=int(rank), lora_alpha=2 * int(rank), target_modules="all-linear", task_type="CAUSAL_LM"
    )
    return peft.get_peft_model(network, settings)
