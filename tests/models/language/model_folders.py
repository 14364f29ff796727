"""Small random models of real classes, saved in the layout in which real ones are published."""

from __future__ import annotations

from pathlib import Path

import numpy as np

WORDS = (
    "the",
    "capital",
    "of",
    "france",
    "is",
    "paris",
    "rome",
    "italy",
    "a",
    "city",
    "in",
    "and",
    "then",
    "it",
    "was",
    "not",
    "so",
)


def network(family: str, vocabulary: int):
    import torch
    import transformers

    small = {"vocab_size": vocabulary, "max_position_embeddings": 64, "bos_token_id": None, "eos_token_id": 1}
    llama = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4} | small
    config = {
        "llama": lambda: transformers.LlamaConfig(**llama, num_key_value_heads=2),
        "neox": lambda: transformers.GPTNeoXConfig(**llama),
        "gpt2": lambda: transformers.GPT2Config(
            n_embd=32, n_layer=3, n_head=4, n_positions=64, vocab_size=vocabulary, bos_token_id=None, eos_token_id=1
        ),
        "olmoe": lambda: transformers.OlmoeConfig(**llama, num_experts=4, num_experts_per_tok=2),
    }[family]()
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return transformers.AutoModelForCausalLM.from_config(config)


def saved(folder: Path, family: str = "llama", shard: str = "50GB", tokenizer: bool = True) -> Path:
    from inscape.models.language import small_language_model

    words = small_language_model(WORDS).tokenizer
    network(family, len(words)).save_pretrained(folder, max_shard_size=shard)
    if tokenizer:
        words.save_pretrained(folder)
    return folder


def written_gguf(path: Path) -> dict[str, np.ndarray]:
    """A llama of two layers in one float32 GGUF file; returns its weights under the names of transformers."""
    import gguf

    random = np.random.default_rng(0)
    width, inner, heads, layers, vocabulary = 32, 48, 4, 2, 40
    shapes = {"token_embd": (vocabulary, width), "output_norm": (width,), "output": (vocabulary, width)}
    for layer in range(layers):
        block = f"blk.{layer}."
        shapes |= {block + f"attn_{part}": (width, width) for part in ("q", "k", "v", "output")}
        shapes |= {
            block + "ffn_gate": (inner, width),
            block + "ffn_up": (inner, width),
            block + "ffn_down": (width, inner),
        }
        shapes |= {block + "attn_norm": (width,), block + "ffn_norm": (width,)}
    weights = {name: random.standard_normal(shape).astype(np.float32) * 0.1 for name, shape in shapes.items()}
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name("a small llama")
    writer.add_context_length(64)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(inner)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(width // heads)
    writer.add_vocab_size(vocabulary)
    letters = [chr(ord("a") + i) for i in range(26)]
    tokens = ["<unk>", "<s>", "</s>", "Ġ", *letters, *(x + y for x, y in zip("thanioresa", "heneunstlt", strict=True))]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_types([3, 3, 3] + [1] * 37)
    writer.add_token_merges([f"{token[0]} {token[1]}" for token in tokens[30:]])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    for name, weight in weights.items():
        turned = weight
        if name.endswith(("attn_q", "attn_k")):
            # GGUF stores the two halves of a rotary pair beside each other.
            turned = weight.reshape(heads, 2, width // heads // 2, width).swapaxes(1, 2).reshape(width, width)
        writer.add_tensor(f"{name}.weight", np.ascontiguousarray(turned))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return weights
