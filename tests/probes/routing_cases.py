"""Small random networks of the real transformers classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from inscape.studies.pathways.exactness import routing_by_hand as by_hand

__all__ = ["CLASSES", "EXPERTS", "by_hand", "ids", "mixture"]

EXPERTS, CHOSEN, WIDTH, VOCABULARY = 6, 2, 16, 40
SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": WIDTH,
    "intermediate_size": 12,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 24,
    "num_experts_per_tok": CHOSEN,
    "pad_token_id": 0,
    "bos_token_id": None,
    "eos_token_id": None,
}
CLASSES = ("Olmoe", "Mixtral", "Qwen2Moe", "Qwen3Moe")


def mixture(kind: str) -> torch.nn.Module:
    """A random model of a class of transformers."""
    import transformers

    extra: dict[str, Any] = {"num_local_experts": EXPERTS} if kind == "Mixtral" else {"num_experts": EXPERTS}
    if kind.startswith("Qwen"):
        extra |= {"moe_intermediate_size": 12, "decoder_sparse_step": 1, "head_dim": 4}
    if kind == "Qwen2Moe":
        extra |= {"shared_expert_intermediate_size": 12}
    config = getattr(transformers, f"{kind}Config")(**(SIZES | extra))
    torch.manual_seed(3)
    model = getattr(transformers, f"{kind}ForCausalLM")(config).eval()
    for name, parameter in model.named_parameters():
        if name.endswith("gate.weight"):
            # The library starts routers so near zero that all experts get the same; a trained one does not.
            torch.nn.init.normal_(parameter, std=1.0)
    return model


def ids(samples: int = 5, tokens: int = 9, seed: int = 0) -> np.ndarray:
    """Random tokens, none of them padding."""
    return np.random.default_rng(seed).integers(1, VOCABULARY, (samples, tokens))
