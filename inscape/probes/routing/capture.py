"""Recording of routing: one pass over samples, hooks on the routers, padding left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from inscape.errors import InputError
from inscape.extras import require
from inscape.probes.routing.gates import experts_of, find_gates, matrices, probabilities
from inscape.probes.routing.router_log import RouterLog
from inscape.probes.routing.samples import Samples, call, samples_for

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

Store = Literal["float16", "float32", "float64"]
Which = Literal["all", "last"]


def record(
    model: torch.nn.Module,
    samples: Any,
    attention_mask: Any = None,
    *,
    gates: str | None = None,
    tokens: Which = "all",
    dtype: Store = "float16",
    batch: int = 64,
    losses: bool = False,
) -> RouterLog:
    """What the routers of a network give to each expert on each sample, averaged over its tokens.

    Parameters
    ----------
    model : OLMoE, Mixtral, Qwen-MoE or a like class of transformers, or a network of our own; left as it was.
    samples : (sample, token) ids, sequences of different lengths, or what a tokenizer returns.
    attention_mask : (sample, token) 1 for a token, 0 for padding.
    gates : glob over module names, if the routers are not found by themselves.
    tokens : average over "all" tokens as the paper does, or take the "last" one that counts.
    dtype : how the log keeps its weights.
    batch : samples a pass.
    losses : also keep each sample's mean loss of the next token; needs logits, so it costs more.

    Raises
    ------
    InputError : for a dense network, samples that do not fit it, routers of different sizes, or NaN scores.
    """
    kept = samples_for(model, samples, attention_mask)
    routers = find_gates(model, gates)
    sizes = {name: experts_of(name, gate) for name, gate in routers.items()}
    if len(set(sizes.values())) > 1:
        raise InputError(f"gates: routers of {sorted(set(sizes.values()))} experts found, expected one number for all")
    experts = next(iter(sizes.values()))
    for name, value, known in (("tokens", tokens, get_args(Which)), ("dtype", dtype, get_args(Store))):
        if value not in known:
            raise InputError(f"{name}: {value!r} found, expected one of {', '.join(known)}")
    if isinstance(batch, bool) or not isinstance(batch, (int, np.integer)) or batch < 1:
        raise InputError(f"batch: {batch!r} found, expected a whole number of at least 1")
    weights = np.empty((len(kept.tokens), len(routers), experts), dtype=dtype)
    lost = np.full(len(kept.tokens), np.nan)
    start = 0
    body = model if losses else body_of(model)
    with torch.no_grad(), quiet(model), _listening(routers, experts) as heard:
        for ids, counts in kept.batches(int(batch)):
            heard.begin(_share(counts, tokens), model)
            answer = call(body, ids, counts)
            weights[start : start + len(ids)] = heard.end()
            if losses:
                lost[start : start + len(ids)] = next_token_losses(answer, ids, counts)
            start += len(ids)
    return RouterLog(
        weights=weights,
        layers=tuple(routers),
        tokens=kept.counts.sum(axis=1),
        routers=matrices(routers),
        chosen=_chosen(model, routers),
        truncated=kept.truncated,
        losses=lost if losses else None,
    )


class _Heard:
    """Weights of one pass, added up per sample as the routers speak."""

    def __init__(self, names: list[str], experts: int) -> None:
        self.names, self.experts = names, experts
        self.share: torch.Tensor | None = None
        self.means: dict[str, torch.Tensor] = {}

    def begin(self, share: np.ndarray, model: torch.nn.Module) -> None:
        device = next((p.device for p in model.parameters()), torch.device("cpu"))
        self.share = torch.as_tensor(share, dtype=torch.float32, device=device)
        self.means = {}

    def hear(self, name: str, gate: torch.nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        assert self.share is not None
        rows = probabilities(name, gate, inputs, output, self.experts)
        samples, tokens = self.share.shape
        if len(rows) != samples * tokens:
            raise InputError(
                f"{name}: {len(rows)} rows found for {samples} samples of {tokens} tokens; a router that sees some "
                "tokens only cannot be read sample by sample"
            )
        by_sample = rows.view(samples, tokens, self.experts)
        self.means[name] = torch.bmm(self.share.to(rows.device).unsqueeze(1), by_sample).squeeze(1)

    def end(self) -> np.ndarray:
        silent = [name for name in self.names if name not in self.means]
        if silent:
            raise InputError(f"{silent[0]}: the router was not called in this pass; expected one call a layer")
        return np.stack([self.means[name].cpu().numpy() for name in self.names], axis=1)


@contextmanager
def _listening(routers: dict[str, torch.nn.Module], experts: int) -> Iterator[_Heard]:
    heard = _Heard(list(routers), experts)
    handles = []

    def hook(name: str) -> Any:
        def listen(gate: torch.nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            heard.hear(name, gate, inputs, output)

        return listen

    try:
        handles += [gate.register_forward_hook(hook(name)) for name, gate in routers.items()]
        yield heard
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def quiet(model: torch.nn.Module) -> Iterator[None]:
    """Evaluation mode (no dropout, no jitter) inside the block; every module's own mode is put back."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def body_of(model: torch.nn.Module) -> torch.nn.Module:
    """The network without its last map to the vocabulary, where transformers tells it apart."""
    body = getattr(model, getattr(model, "base_model_prefix", "") or "-", None)
    return body if isinstance(body, torch.nn.Module) else model


def next_token_losses(answer: Any, ids: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(sample,) mean negative log-likelihood of each next token that counts, in nats; NaN where there is none."""
    logits = getattr(answer, "logits", answer)
    if not isinstance(logits, torch.Tensor) or logits.ndim != 3:
        raise InputError("losses: the network returns no logits (sample, token, vocabulary); pass losses=False")
    aims = torch.as_tensor(ids[:, 1:], device=logits.device)
    told = torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2).float(), aims, reduction="none")
    known = counts[:, 1:] & counts[:, :-1]
    with np.errstate(invalid="ignore"):
        return np.where(known, told.cpu().numpy(), 0.0).sum(axis=1) / np.where(known.any(1), known.sum(1), np.nan)


def _share(counts: np.ndarray, tokens: Which) -> np.ndarray:
    if tokens == "all":
        return counts / counts.sum(axis=1, keepdims=True)
    last = counts.shape[1] - 1 - np.argmax(counts[:, ::-1], axis=1)
    share = np.zeros(counts.shape)
    share[np.arange(len(counts)), last] = 1.0
    return share


def _chosen(model: torch.nn.Module, routers: dict[str, torch.nn.Module]) -> int | None:
    gate = next(iter(routers.values()))
    config = getattr(model, "config", None)
    sizes = getattr(model, "sizes", {})
    found = (
        getattr(gate, "top_k", None),
        getattr(config, "num_experts_per_tok", None),
        sizes.get("chosen") if isinstance(sizes, dict) else None,
    )
    return next((count for count in found if isinstance(count, int)), None)


__all__ = ["Samples", "body_of", "next_token_losses", "quiet", "record"]
