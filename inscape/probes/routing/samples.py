"""Samples as a network takes them: token arrays of one length, and which tokens count."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Int

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")


@dataclass(frozen=True, eq=False)
class Samples:
    """Tokens (sample, token) and `counts` (sample, token): True where a token is no padding."""

    tokens: Int[np.ndarray, "sample token"]
    counts: Bool[np.ndarray, "sample token"]
    truncated: int

    def batches(self, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Parts of at most `size` samples; columns that are padding in all of them are cut off at the right."""
        for start in range(0, len(self.tokens), size):
            tokens, counts = self.tokens[start : start + size], self.counts[start : start + size]
            width = int(np.flatnonzero(counts.any(axis=0)).max()) + 1
            yield tokens[:, :width], counts[:, :width]


def samples_for(model: torch.nn.Module, samples: Any, attention_mask: Any = None) -> Samples:
    """Samples checked against a network, cut to its context, padded if their lengths differ.

    Parameters
    ----------
    samples : (sample, token) whole numbers; or sequences of different lengths; or what a tokenizer returns, with
        "input_ids" and "attention_mask".
    attention_mask : (sample, token) 1 for a token, 0 for padding; needed where padding tokens stand among the samples.

    Raises
    ------
    InputError : for no samples, no tokens, tokens outside the vocabulary, a mask of another shape, a sample of padding
        only, or padding tokens without a mask.
    """
    if isinstance(samples, Mapping) or hasattr(samples, "input_ids"):
        attention_mask = samples.get("attention_mask") if attention_mask is None else attention_mask
        samples = samples["input_ids"]
    tokens, counts = _ragged(samples) if _is_ragged(samples) else (_whole_numbers(samples, "samples"), None)
    if tokens.ndim != 2 or 0 in tokens.shape:
        raise InputError(f"samples: shape {tokens.shape} found, expected (sample, token) with at least one of each")
    if attention_mask is not None and counts is None:
        mask = _whole_numbers(attention_mask, "attention_mask")
        if mask.shape != tokens.shape or not np.isin(mask, (0, 1)).all():
            raise InputError(
                f"attention_mask: shape {mask.shape} with values {np.unique(mask)[:4]} found, expected ones and zeros "
                f"of shape {tokens.shape} as the samples"
            )
        counts = mask.astype(bool)
    elif counts is None:
        _refuse_silent_padding(model, tokens)
        counts = np.ones(tokens.shape, dtype=bool)
    limit = context_of(model)
    truncated = 0
    if limit is not None and tokens.shape[1] > limit:
        truncated = int((counts.sum(axis=1) > limit).sum())
        tokens, counts = _cut(tokens, counts, limit)
    empty = np.flatnonzero(~counts.any(axis=1))
    if len(empty):
        raise InputError(f"attention_mask: sample {empty[0]} has no token that counts; drop it")
    _check_vocabulary(model, tokens)
    return Samples(tokens, counts, truncated)


def context_of(model: torch.nn.Module) -> int | None:
    """The longest sequence a network takes, None where it does not say."""
    for holder in (getattr(model, "config", None), model):
        for name in ("max_position_embeddings", "n_positions", "context"):
            limit = getattr(holder, name, None)
            if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
                return limit
    return None


def call(model: torch.nn.Module, tokens: np.ndarray, counts: np.ndarray) -> Any:
    """One pass; the mask goes along where the network takes one."""
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    taken = inspect.signature(model.forward).parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in taken.values())
    extra: dict[str, Any] = {}
    if "attention_mask" in taken or takes_any:
        extra["attention_mask"] = torch.as_tensor(counts.astype(np.int64), device=device)
    elif (np.diff(counts.astype(np.int8), axis=1) > 0).any():
        raise InputError(
            f"attention_mask: padding before tokens found, but {type(model).__name__} takes no mask; pad at the right"
        )
    if "use_cache" in taken:
        extra["use_cache"] = False
    return model(torch.as_tensor(tokens, device=device), **extra)


def _is_ragged(samples: Any) -> bool:
    if isinstance(samples, (str, bytes)) or not isinstance(samples, Sequence) or not samples:
        return False
    lengths = {len(s) if hasattr(s, "__len__") else None for s in samples}
    return None not in lengths and len(lengths) > 1


def _ragged(samples: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    rows = [_whole_numbers(s, f"samples[{i}]") for i, s in enumerate(samples)]
    tokens = np.zeros((len(rows), max(len(r) for r in rows)), dtype=np.int64)
    counts = np.zeros(tokens.shape, dtype=bool)
    for i, row in enumerate(rows):
        tokens[i, : len(row)], counts[i, : len(row)] = row, True
    return tokens, counts


def _whole_numbers(values: Any, name: str) -> np.ndarray:
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    try:
        array = np.asarray(values)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: {error}; expected whole numbers (sample, token)") from None
    if array.size == 0:
        raise InputError(f"{name}: shape {array.shape} found, expected at least one token")
    if array.dtype.kind not in "iub":
        raise InputError(f"{name}: values of {array.dtype} found, expected whole numbers, the ids of tokens")
    return array.astype(np.int64)


def _cut(tokens: np.ndarray, counts: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `limit` tokens that count of every sample, padding at the left taken away where it must be."""
    if counts[:, :limit].sum() == np.minimum(counts.sum(axis=1), limit).sum():
        return tokens[:, :limit], counts[:, :limit]
    order = np.argsort(~counts, axis=1, kind="stable")[:, :limit]
    return np.take_along_axis(tokens, order, axis=1), np.take_along_axis(counts, order, axis=1)


def _refuse_silent_padding(model: torch.nn.Module, tokens: np.ndarray) -> None:
    padding = getattr(getattr(model, "config", None), "pad_token_id", None)
    if not isinstance(padding, int):
        return
    # At the end of a row it can only be padding, or a token that the caller must say is meant.
    padded = int((tokens[:, -1] == padding).sum() if tokens.shape[1] > 1 else 0)
    padded = max(padded, int((tokens[:, 0] == padding).sum() if tokens.shape[1] > 1 else 0))
    if padded:
        raise InputError(
            f"samples: {padded} rows begin or end with the padding token {padding}; pass attention_mask "
            "(all ones if the token is meant)"
        )


def _check_vocabulary(model: torch.nn.Module, tokens: np.ndarray) -> None:
    get = getattr(model, "get_input_embeddings", None)
    table = get() if callable(get) else getattr(model, "embedding", None)
    size = getattr(table, "num_embeddings", None)
    if isinstance(size, int) and (tokens.min() < 0 or tokens.max() >= size):
        worst = int(tokens.min() if tokens.min() < 0 else tokens.max())
        raise InputError(f"samples: token {worst} found, expected 0 to {size - 1}, the network's vocabulary")
