"""Sampling many answers to many prompts at once.

The prompts of a batch are padded on the left and read once; their cached keys and values are then shared out to all
samples. Every prompt draws from its own stream of random numbers, so that its answers do not depend on its batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.language.answers import Answers
from inscape.models.language.blocks import block_index, block_output, blocks

if TYPE_CHECKING:
    from inscape.models.language.language_model import LanguageModel


@dataclass(frozen=True)
class Drawing:
    """How a token is drawn from the model's logits.

    Parameters
    ----------
    temperature : divides the logits; 0 takes the likeliest token.
    top_k : keep so many of the likeliest tokens; None for all.
    top_p : then keep the likeliest that together hold this share of the probability.
    """

    temperature: float = 0.5
    top_k: int | None = 5
    top_p: float = 0.99

    def __post_init__(self) -> None:
        if not (np.isfinite(self.temperature) and self.temperature >= 0):
            raise InputError(f"temperature: {self.temperature!r} found, expected a number of at least 0")
        if self.top_k is not None and self.top_k < 1:
            raise InputError(f"top_k: {self.top_k!r} found, expected at least 1, or None for every token")
        if not 0 < self.top_p <= 1:
            raise InputError(f"top_p: {self.top_p!r} found, expected more than 0 and at most 1")

    def draw(self, logits: Any, uniforms: Any) -> Any:
        """One token a row, (row,), from logits (row, vocabulary) and uniform numbers (row,)."""
        torch = require("torch", "neural")
        if self.temperature == 0:
            return logits.argmax(-1)
        count = logits.shape[-1] if self.top_k is None else min(self.top_k, logits.shape[-1])
        kept, where = torch.topk(logits / self.temperature, count, dim=-1)
        shares = torch.softmax(kept.double(), dim=-1)
        # The token that crosses top_p is kept, so that there is always one.
        before = shares.cumsum(-1) - shares
        shares = torch.where(before < self.top_p, shares, 0.0)
        totals = shares.cumsum(-1)
        chosen = (totals <= uniforms[:, None] * totals[:, -1:]).sum(-1, keepdim=True)
        last = (shares > 0).sum(-1, keepdim=True) - 1
        return where.gather(-1, torch.minimum(chosen, last)).squeeze(-1)


def sampled_batches(
    language_model: LanguageModel,
    prompts: Sequence[str],
    *,
    samples: int,
    drawing: Drawing,
    tokens: int,
    layer: int | None,
    stop: str | None,
    seed: int,
    rows: int,
) -> Iterator[tuple[list[int], Answers]]:
    """Answers batch by batch, prompts of like length together, with the places of the batch's prompts in `prompts`."""
    torch = require("torch", "neural")
    model, tokenizer = language_model.model, language_model.require_tokenizer()
    encoded = [tokenizer(prompt)["input_ids"] for prompt in prompts]
    for prompt, ids in zip(prompts, encoded, strict=True):
        if not ids:
            raise InputError(f"prompt {prompt!r}: no tokens in it, expected at least one")
    language_model.check_length(max(len(ids) for ids in encoded) + tokens)
    index = None if layer is None else block_index(model, layer)
    notes = language_model.padding_notes()
    order = sorted(range(len(prompts)), key=lambda i: len(encoded[i]))
    step = max(1, rows // samples)
    was_training = model.training
    model.eval()
    try:
        for start in range(0, len(order), step):
            batch = order[start : start + step]
            with torch.no_grad():
                raw = _batch(
                    model,
                    [encoded[i] for i in batch],
                    samples,
                    drawing,
                    tokens,
                    index,
                    stop,
                    tokenizer,
                    language_model.end_tokens,
                    [np.random.default_rng([seed, i]) for i in batch],
                )
            texts = tuple(
                tuple(tokenizer.decode(row[row >= 0].tolist(), skip_special_tokens=True) for row in answers)
                for answers in raw["tokens"]
            )
            yield batch, Answers(tuple(prompts[i] for i in batch), texts, **raw, layer=index, notes=notes)
    finally:
        model.train(was_training)


def left_padded(sequences: Sequence[Sequence[int]], blank: int, device: Any) -> tuple[Any, Any]:
    """Token sequences as one array that ends together, (row, token), and its mask, 1 where there is a token."""
    torch = require("torch", "neural")
    longest = max(len(ids) for ids in sequences)
    padded = torch.full((len(sequences), longest), blank, dtype=torch.long)
    mask = torch.zeros_like(padded)
    for row, ids in enumerate(sequences):
        padded[row, longest - len(ids) :] = torch.as_tensor(list(ids))
        mask[row, longest - len(ids) :] = 1
    return padded.to(device), mask.to(device)


def _batch(
    model: Any,
    encoded: list[list[int]],
    samples: int,
    drawing: Drawing,
    tokens: int,
    layer: int | None,
    stop: str | None,
    tokenizer: Any,
    ends: frozenset[int],
    streams: list[np.random.Generator],
) -> dict[str, Any]:
    torch = require("torch", "neural")
    device = next(model.parameters()).device
    caught: list[Any] = []
    hook = None
    if layer is not None:
        hook = blocks(model)[layer].register_forward_hook(
            lambda _module, _inputs, output: caught.append(block_output(output)[:, -1].float().cpu())
        )
    rows = len(encoded) * samples
    chosen = torch.full((rows, tokens), -1, dtype=torch.long)
    log_probabilities = torch.full((rows, tokens), torch.nan)
    entropies = torch.full((rows, tokens), torch.nan)
    end_ids = torch.tensor(sorted(ends), dtype=torch.long)
    alive = torch.ones(rows, dtype=torch.bool)
    try:
        ids, mask = left_padded(encoded, 0, device)
        found = model(
            input_ids=ids,
            attention_mask=mask,
            position_ids=(mask.cumsum(-1) - 1).clamp(min=0),
            use_cache=True,
            logits_to_keep=1,
        )
        caught.clear()
        cache = found.past_key_values
        cache.batch_repeat_interleave(samples)
        logits = found.logits[:, -1].repeat_interleave(samples, dim=0)
        mask = mask.repeat_interleave(samples, dim=0)
        positions = mask.sum(-1, keepdim=True)
        for step in range(tokens):
            uniforms = torch.from_numpy(np.concatenate([stream.random(samples) for stream in streams]))
            logits = logits.float()
            broken = ~torch.isfinite(logits).any(dim=-1).cpu() | torch.isnan(logits).any(dim=-1).cpu()
            if bool((broken & alive).any()):
                row = int((broken & alive).nonzero()[0])
                prompt = tokenizer.decode(encoded[row // samples])
                raise InputError(f"prompt {prompt!r}: NaN or inf in the model's logits; the model has diverged")
            log_shares = torch.log_softmax(logits, dim=-1)
            entropy = -(log_shares.exp() * log_shares).sum(-1).cpu()
            token = drawing.draw(logits, uniforms.to(device))
            log_share = log_shares.gather(-1, token[:, None]).squeeze(-1).cpu()
            kept = token.cpu()
            chosen[alive, step] = kept[alive]
            log_probabilities[alive, step] = log_share[alive]
            entropies[alive, step] = entropy[alive]
            alive = alive & ~torch.isin(kept, end_ids)
            if stop is not None:
                alive = alive & ~_has_stopped(chosen[:, : step + 1], alive, stop, tokenizer)
            is_last = step == tokens - 1 or not bool(alive.any())
            if is_last and layer is None:
                break
            # The last token is read too where its hidden state is wanted.
            mask = torch.cat([mask, mask.new_ones(rows, 1)], dim=-1)
            found = model(
                input_ids=token[:, None],
                attention_mask=mask,
                position_ids=positions + step,
                past_key_values=cache,
                use_cache=True,
            )
            if is_last:
                break
            logits = found.logits[:, -1]
    finally:
        if hook is not None:
            hook.remove()
    return _arrays(len(encoded), samples, chosen, log_probabilities, entropies, caught)


def _has_stopped(chosen: Any, alive: Any, stop: str, tokenizer: Any) -> Any:
    torch = require("torch", "neural")
    said = torch.zeros_like(alive)
    for row in alive.nonzero().flatten().tolist():
        said[row] = stop in tokenizer.decode(chosen[row].tolist())
    return said


def _arrays(
    prompts: int, samples: int, chosen: Any, log_probabilities: Any, entropies: Any, caught: list[Any]
) -> dict[str, Any]:
    torch = require("torch", "neural")
    longest = int((chosen >= 0).sum(-1).max())
    shape = (prompts, samples, longest)
    hidden = None
    if caught:
        stacked = torch.stack(caught[:longest], dim=1)
        stacked[chosen[:, :longest] < 0] = torch.nan
        hidden = stacked.reshape(*shape, -1).numpy()
    return {
        "tokens": chosen[:, :longest].reshape(shape).numpy(),
        "log_probabilities": log_probabilities[:, :longest].reshape(shape).double().numpy(),
        "entropies": entropies[:, :longest].reshape(shape).double().numpy(),
        "hidden": hidden,
    }
