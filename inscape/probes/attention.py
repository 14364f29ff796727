"""Attention laid open: inside `exposed(model)` the inner quantities of attention in transformers models are sites.

`transformers` computes attention in a function that a configuration names. Here one is registered that computes what
the model's own eager function does, operation for operation, with a `Tap` at each quantity.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from inscape.errors import InputError
from inscape.extras import require
from inscape.models.tap import Tap

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

IMPLEMENTATION = "inscape_exposed"
_AXES = {
    "queries": ("sample", "head", "query", "unit"),
    "keys": ("sample", "head", "key", "unit"),
    "values": ("sample", "head", "key", "unit"),
    "scores": ("sample", "head", "query", "key"),
    "pattern": ("sample", "head", "query", "key"),
    "mixed": ("sample", "head", "query", "unit"),
}


@contextmanager
def exposed(model: torch.nn.Module) -> Iterator[tuple[str, ...]]:
    """Give the inner quantities of a transformers model's attention module names for a `with` block.

    Inside the block each attention layer has six more sites, such as `model.layers.3.self_attn.pattern`:
    `queries`, `keys`, `values` (of as many heads as there are queries' heads: shared ones are repeated), `scores`
    (scaled, masked), `pattern` (their softmax) and `mixed` (the pattern's mixture of values, before the output
    projection). The model computes as with `attn_implementation="eager"`, to the bit, whatever it was loaded with.

    Parameters
    ----------
    model : a model of transformers, or a module that holds one: Llama, GPT-2, GPT-NeoX, OLMoE, Mixtral, Qwen-MoE and
        every class whose eager attention is the same function.

    Yields
    ------
    Names of the attention layers.

    Raises
    ------
    InputError : if no attention layer is found, or one computes attention in a way of its own.
    """
    _register()
    layers = _attention_layers(model)
    configs: dict[int, Any] = {id(layer.config): layer.config for layer in layers.values()}
    before = {key: config._attn_implementation for key, config in configs.items()}
    tapped: list[torch.nn.Module] = []
    try:
        for name, layer in layers.items():
            if isinstance(layer._modules.get("pattern"), Tap):
                continue
            taken = [part for part in _AXES if hasattr(layer, part)]
            if taken:
                raise InputError(f"{name}: has something named {taken[0]!r} already; its attention cannot be exposed")
            tapped.append(layer)
            for part, axes in _AXES.items():
                layer.add_module(part, Tap(axes))
        for config in configs.values():
            config._attn_implementation = IMPLEMENTATION
        yield tuple(layers)
    finally:
        for layer in tapped:
            for part in _AXES:
                layer._modules.pop(part, None)
        for key, config in configs.items():
            config._attn_implementation = before[key]


def _attention_layers(model: torch.nn.Module) -> dict[str, torch.nn.Module]:
    if not isinstance(model, torch.nn.Module):
        raise InputError(f"model: a {type(model).__name__} found, expected a torch.nn.Module")
    layers: dict[str, torch.nn.Module] = {}
    for name, module in model.named_modules():
        own = getattr(sys.modules.get(type(module).__module__), "eager_attention_forward", None)
        is_attention = type(module).__name__.endswith("Attention") and hasattr(module, "config")
        if not is_attention:
            continue
        if own is None or _style(own) is None:
            raise InputError(
                f"{name}: {type(module).__name__} computes attention in a way of its own; exposed are the classes that "
                "share the eager attention of Llama, GPT-2 or GPT-NeoX. Its weights may be had as "
                f"'{name}:output.1' with attn_implementation='eager'"
            )
        layers[name] = module
    if not layers:
        raise InputError(
            f"model: no attention layer of transformers found in {type(model).__name__}; "
            "nets of your own name their quantities with inscape.probes.Tap"
        )
    return layers


def _style(eager: Any) -> str | None:
    """Which of the eager functions of transformers this is; they are copied between model files word for word."""
    from transformers.models.gpt2.modeling_gpt2 import eager_attention_forward as gpt2
    from transformers.models.gpt_neox.modeling_gpt_neox import eager_attention_forward as gpt_neox
    from transformers.models.llama.modeling_llama import eager_attention_forward as llama

    for name, known in (("llama", llama), ("gpt_neox", gpt_neox), ("gpt2", gpt2)):
        mine, theirs = eager.__code__, known.__code__
        if (mine.co_code, mine.co_names, mine.co_consts) == (theirs.co_code, theirs.co_names, theirs.co_consts):
            return name
    return None


def _register() -> None:
    transformers = require("transformers", "neural")
    masks = require("transformers.masking_utils", "neural")
    transformers.AttentionInterface.register(IMPLEMENTATION, _exposed_attention)
    masks.AttentionMaskInterface.register(IMPLEMENTATION, masks.eager_mask)


def _exposed_attention(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Eager attention of transformers with a tap at each quantity; shapes as theirs, (sample, head, token, unit)."""
    taps = module._modules
    softmax_in = None if type(module).__name__ == "GPT2Attention" else torch.float32
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = _repeated(key, groups), _repeated(value, groups)
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    query, key, value = _tap(taps, "queries", query), _tap(taps, "keys", key), _tap(taps, "values", value)
    if getattr(module, "reorder_and_upcast_attn", False):
        query, key = query.float(), key.float()
    scores = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        scores = scores + attention_mask
    scores = _tap(taps, "scores", scores)
    pattern = torch.nn.functional.softmax(scores, dim=-1, dtype=softmax_in).to(value.dtype)
    pattern = _tap(taps, "pattern", pattern)
    pattern = torch.nn.functional.dropout(pattern, p=dropout, training=module.training)
    mixed = _tap(taps, "mixed", torch.matmul(pattern, value))
    return mixed.transpose(1, 2).contiguous(), pattern


def _tap(taps: dict[str, Any], name: str, tensor: torch.Tensor) -> torch.Tensor:
    # A second model with the same configuration object has no taps.
    return taps[name](tensor) if name in taps else tensor


def _repeated(shared: torch.Tensor, groups: int) -> torch.Tensor:
    sample, heads, tokens, units = shared.shape
    return shared[:, :, None].expand(sample, heads, groups, tokens, units).reshape(sample, -1, tokens, units)
