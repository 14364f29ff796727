"""`OlmoeForCausalLM` of transformers at the size of our own network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    from transformers import OlmoeForCausalLM


def small_olmoe(
    vocabulary: int,
    context: int = 3,
    *,
    width: int = 48,
    heads: int = 4,
    layers: int = 3,
    experts: int = 8,
    chosen: int = 2,
    hidden: int = 16,
    balancing: float = 0.01,
    deviation: float = 0.06,
    seed: int = 0,
) -> OlmoeForCausalLM:
    """The library's own class with random weights, sizes as of `MixtureOfExperts`; nothing is downloaded.

    Parameters
    ----------
    balancing : weight of the library's load-balancing loss where it is asked for labels.
    deviation : of the normal law from which the weights start.

    Raises
    ------
    InputError : for sizes that do not fit together.
    MissingExtraError : without transformers.
    """
    transformers = require("transformers", "neural")
    torch = require("torch", "neural")
    sizes = (vocabulary, context, width, heads, layers, experts, chosen, hidden)
    if any(isinstance(s, bool) or not isinstance(s, (int, np.integer)) or s < 1 for s in sizes):
        raise InputError(f"sizes: {sizes} found, expected whole numbers of at least 1")
    if width % heads or (width // heads) % 2:
        raise InputError(f"heads: {heads} found for width {width}, expected an even number of units a head")
    if chosen > experts:
        raise InputError(f"chosen: {chosen} found, expected at most the {experts} experts")
    config = transformers.OlmoeConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=context,
        num_experts=experts,
        num_experts_per_tok=chosen,
        router_aux_loss_coef=balancing,
        initializer_range=deviation,
        attn_implementation="eager",
        use_cache=False,
        pad_token_id=None,
        bos_token_id=None,
        eos_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(seed))
        model = transformers.OlmoeForCausalLM(config)
        # The library starts routers at its own scale in some releases and at zero in others.
        for layer in model.model.layers:
            torch.nn.init.normal_(layer.mlp.gate.weight, std=deviation)
    return model
