"""Induction heads of a language model: attention, on random tokens said twice, to what followed the first time.

Olsson et al. 2022 (arXiv 2209.11895): on such text nothing but copying from the context helps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes import attention
from inscape.probes.drop import Drop
from inscape.probes.instruments import Instruments
from inscape.probes.recorder import Recorder

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

Head = tuple[int, int]


@dataclass(frozen=True)
class InductionMap:
    """How much each head of a language model attends to the token after the earlier copy.

    Parameters
    ----------
    strength : (layer, head) mean attention, 0 to 1.
    tokens : (sequence, 2 * length) what was read: each sequence's second half repeats its first.
    """

    strength: Float[np.ndarray, "layer head"]
    tokens: Int[np.ndarray, "sequence token"]

    def strongest(self, count: int = 5) -> tuple[Head, ...]:
        """(layer, head) of the strongest, first to last."""
        if not 0 < count <= self.strength.size:
            raise InputError(f"count: {count} found, expected 1 to {self.strength.size} heads")
        order = np.argsort(-self.strength, axis=None, kind="stable")[:count]
        return tuple((int(i), int(j)) for i, j in zip(*np.unravel_index(order, self.strength.shape), strict=True))


@dataclass(frozen=True)
class RepeatLoss:
    """Mean loss in nats a token, on tokens seen for the first time and on their repeat."""

    first: float
    repeat: float


def repeated_tokens(
    vocabulary: int, *, sequences: int = 4, length: int = 40, begin: int | None = None, seed: int = 0
) -> Int[np.ndarray, "sequence token"]:
    """Random tokens, said twice; with `begin` in front if a model wants a first token of its own."""
    for name, value, least in (("vocabulary", vocabulary, 2), ("sequences", sequences, 1), ("length", length, 2)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
            raise InputError(f"{name}: {value!r} found, expected a whole number of at least {least}")
    once = np.random.default_rng(seed).integers(0, vocabulary, (sequences, length))
    front = np.full((sequences, 0 if begin is None else 1), 0 if begin is None else begin)
    return np.concatenate([front, once, once], axis=1)


def induction_map(model: Any, *, sequences: int = 4, length: int = 40, seed: int = 0) -> InductionMap:
    """The layer x head map of a causal language model of transformers.

    Parameters
    ----------
    model : a `LanguageModel`, or a causal model of transformers itself (Llama, GPT-2, GPT-NeoX, OLMoE, Mixtral,
        Qwen-MoE and their like).
    sequences, length, seed : of the random tokens.

    Raises
    ------
    InputError : if the model's attention cannot be laid open, or it cannot read so many tokens.
    """
    network = _network(model)
    tokens = repeated_tokens(_vocabulary(network), sequences=sequences, length=length, seed=seed)
    # A query at length + i has read token i again; what followed the first time stands at i + 1.
    return InductionMap(_mean_attention(network, tokens, f"query={length}:{2 * length - 1}", 1), tokens)


def previous_token_map(
    model: Any, *, sequences: int = 4, length: int = 40, seed: int = 0
) -> Float[np.ndarray, "layer head"]:
    """How much each head attends to the token before, on the same text: the heads that induction heads stand on.

    Parameters and errors as of `induction_map`.
    """
    network = _network(model)
    tokens = repeated_tokens(_vocabulary(network), sequences=sequences, length=length, seed=seed)
    return _mean_attention(network, tokens, f"query=1:{2 * length}", 0)


def repeat_loss(model: Any, tokens: Int[np.ndarray, "sequence token"], *, without: Sequence[Head] = ()) -> RepeatLoss:
    """Loss on the first saying and on the repeat, with some heads silent.

    Parameters
    ----------
    tokens : of `repeated_tokens` or an `InductionMap`, an even number to a sequence.
    without : (layer, head) of the heads whose mixture of values is zero.

    Raises
    ------
    InputError : if a head does not exist, or the tokens are not said twice.
    """
    network = _network(model)
    array = np.asarray(tokens)
    if array.ndim != 2 or array.dtype.kind not in "iu" or array.shape[1] % 2 or array.shape[1] < 4:
        raise InputError(f"tokens: {array.dtype} of shape {array.shape}, expected integers (sequence, 2 * length)")
    half = array.shape[1] // 2
    if not np.array_equal(array[:, :half], array[:, half:]):
        raise InputError("tokens: the second half does not repeat the first; make them by repeated_tokens")
    _check_length(network, array)
    with _silent(network, without), torch.no_grad():
        losses = []
        for sequence in array:
            ids = torch.as_tensor(sequence[None], device=_device(network))
            logits = network(input_ids=ids).logits[0, :-1].float()
            losses.append(torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="none").cpu().numpy())
    mean = np.mean(losses, axis=0)
    # Entry i is the loss of token i + 1: the first of the repeat cannot be told from the context.
    return RepeatLoss(first=float(mean[: half - 1].mean()), repeat=float(mean[half:].mean()))


@contextmanager
def _silent(network: Any, heads: Sequence[Head]) -> Iterator[None]:
    if not heads:
        yield
        return
    with attention.exposed(network) as layers:
        by_layer: dict[int, list[int]] = {}
        for layer, head in heads:
            if not 0 <= layer < len(layers):
                raise InputError(f"without: layer {layer} found, the model has layers 0 to {len(layers) - 1}")
            by_layer.setdefault(int(layer), []).append(int(head))
        drops = [Drop(network, f"{layers[layer]}.mixed", head=members) for layer, members in by_layer.items()]
        with Instruments(*drops):
            yield


def _mean_attention(
    network: Any, tokens: Int[np.ndarray, "sequence token"], queries: str, offset: int
) -> Float[np.ndarray, "layer head"]:
    """Mean attention of every head from some queries to the key at query number + offset."""
    _check_length(network, tokens)
    with attention.exposed(network) as layers, torch.no_grad():
        rows = [f"{layer}.pattern[{queries}]" for layer in layers]
        sums = np.zeros((len(rows), 0))
        for sequence in tokens:
            # One sequence at a time: all patterns of a deep model are many numbers.
            with Recorder(network, rows, live=True) as recorder:
                network(input_ids=torch.as_tensor(sequence[None], device=_device(network)))
            found = np.stack([_along(recorder.passed(row)[0], offset) for row in rows])
            sums = found if sums.size == 0 else sums + found
    return np.asarray(sums / len(tokens))


def _along(pattern: torch.Tensor, offset: int) -> Float[np.ndarray, "head"]:
    """Mean of (head, query, key) at key = query number + offset."""
    return pattern.diagonal(offset, 1, 2).mean(1).double().cpu().numpy()


def _network(model: Any) -> Any:
    network = getattr(model, "model", model) if not isinstance(model, torch.nn.Module) else model
    if not isinstance(network, torch.nn.Module) or not hasattr(network, "config"):
        raise InputError(f"model: a {type(model).__name__} found, expected a causal language model of transformers")
    return network


def _vocabulary(network: Any) -> int:
    return int(network.get_input_embeddings().weight.shape[0])


def _check_length(network: Any, tokens: np.ndarray) -> None:
    limit = getattr(network.config, "max_position_embeddings", None)
    if limit is not None and tokens.shape[1] > limit:
        raise InputError(f"tokens: {tokens.shape[1]} to a sequence, the model reads {limit}; take a shorter length")
    if tokens.max() >= _vocabulary(network) or tokens.min() < 0:
        raise InputError(f"tokens: {tokens.max()} found, the model's vocabulary has 0 to {_vocabulary(network) - 1}")


def _device(network: Any) -> Any:
    return next(network.parameters()).device
