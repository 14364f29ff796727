"""What do recording and clamping cost, and how much faster is a clamped training step than in TransformerLens?

The peer needs: pip install "transformer-lens>=4" (or a python that has it, with inscape on PYTHONPATH).
Figures are CPU seconds on one thread: the least mean over blocks in which all arms take turns.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import importlib.util
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import count
from typing import Any

import numpy as np
import torch

from inscape.models.attention_only import AttentionOnly
from inscape.models.attention_only.losses import cross_entropy
from inscape.models.attention_only.stream import TrainingStream
from inscape.probes import Clamp, Drop, Instruments, KeepOnly, Recorder, attention
from inscape.systems.few_shot import gaussian_few_shot

BATCH = 32
BLOCKS = 12


def by_turns(arms: Mapping[str, Callable[[], object]], calls: int, blocks: int = BLOCKS) -> dict[str, float]:
    """CPU seconds of one call of each arm."""
    found = dict.fromkeys(arms, np.inf)
    for call in arms.values():
        call()
    for _ in range(blocks):
        for name, call in arms.items():
            began = time.process_time()
            for _ in range(calls):
                call()
            found[name] = min(found[name], (time.process_time() - began) / calls)
    return found


def report(title: str, spent: Mapping[str, float], against: str, bound: str) -> None:
    print(f"\n{title} ({bound})")
    for name, seconds in spent.items():
        print(f"  {name:<44}{1e3 * seconds:10.4f} ms{seconds / spent[against]:9.3f} x", flush=True)


def forward_passes(
    forward: Callable[[], object], watched: Mapping[str, Callable[[], AbstractContextManager[object]]], passes: int
) -> dict[str, float]:
    """CPU seconds of a pass alone and within blocks; a block serves many passes, as in use."""

    def within(block: Callable[[], AbstractContextManager[object]]) -> Callable[[], None]:
        def call() -> None:
            with block(), torch.no_grad():
                for _ in range(passes):
                    forward()

        return call

    arms = {"forward pass": within(nullcontext)} | {name: within(block) for name, block in watched.items()}
    return {name: seconds / passes for name, seconds in by_turns(arms, 1).items()}


def language_model(folder: str) -> None:
    """A small Llama: 4 layers of width 256, four texts of 128 tokens."""
    transformers = importlib.import_module("transformers")
    config = transformers.LlamaConfig(
        vocab_size=512,
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=4,
        num_attention_heads=8,
        num_key_value_heads=4,
    )
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()
    tokens = torch.randint(0, 512, (4, 128))
    stream, fresh = "model.layers.*", (f"{folder}/{number}" for number in count())
    watched = {
        "recording the residual stream": lambda: Recorder(model, stream, keep=4),
        "the same in float16": lambda: Recorder(model, stream, keep=4, dtype="float16"),
        "the same to disk": lambda: Recorder(model, stream, store=next(fresh)),
        "recording every module": lambda: Recorder(model, f"{stream}.**", keep=4),
        "attention laid open": lambda: attention.exposed(model),
        "attention laid open, patterns recorded": lambda: Instruments(
            attention.exposed(model), Recorder(model, "**.pattern", keep=4)
        ),
    }
    spent = forward_passes(lambda: model(tokens, use_cache=False), watched, 4)
    report("Small Llama", spent, "forward pass", "bar: recording the residual stream costs at most 1.05 x")


def few_shot() -> tuple[AttentionOnly, Any]:
    """The attention-only network of paper 18 and a batch of its sequences."""
    task = gaussian_few_shot()
    net = AttentionOnly(task.width, task.labels, seeds=0)
    return net, TrainingStream(task, net, BATCH, 0).batch(0)


def attention_only() -> None:
    """Two layers of width 64, eight heads, 32 sequences of five tokens."""
    net, batch = few_shot()
    watched = {
        "recording the residual stream": lambda: Recorder(net, "layers.*", keep=4),
        "recording one pattern": lambda: Recorder(net, "layers.1.attention.pattern", keep=4),
        "recording every module": lambda: Recorder(net, "**", keep=4),
    }
    spent = forward_passes(lambda: net(batch), watched, 200)
    report("Attention-only network", spent, "forward pass", "bar: recording the residual stream at most 1.05 x")


def clamped_steps() -> float:
    """Steps of Adam under several instruments; returns the seconds of one under the clamp that the peer has too."""
    net, batch = few_shot()
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-4, fused=True)
    pattern = previous_token()
    kits = {
        "unclamped": (),
        "pattern of a head clamped": (Clamp(net, "layers.0.attention.pattern[head=2]", pattern),),
        "one head kept": (KeepOnly(net, "layers.1.attention.values", head=[3]),),
        "a head dropped": (Drop(net, "layers.1.attention.values", head=[3]),),
        "both, and a pattern recorded": (
            Clamp(net, "layers.0.attention.pattern[head=2]", pattern),
            KeepOnly(net, "layers.1.attention.values", head=[3]),
            Recorder(net, "layers.1.attention.pattern", keep=8),
        ),
    }

    def step() -> None:
        loss = cross_entropy(net(batch), batch).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    def under(instruments: tuple) -> Callable[[], None]:
        def steps() -> None:
            with ExitStack() as stack:
                for instrument in instruments:
                    stack.enter_context(instrument)
                for _ in range(20):
                    step()

        return steps

    spent = {name: s / 20 for name, s in by_turns({n: under(kit) for n, kit in kits.items()}, 1).items()}
    report("Training step, attention-only network", spent, "unclamped", "bar: one clamp at most 1.15 x")
    return spent["pattern of a head clamped"]


def previous_token() -> np.ndarray:
    """(query, key) attention to the token before; the first token attends to itself."""
    return np.eye(5)[[0, 0, 1, 2, 3]]


def peer_step() -> Callable[[], None]:
    """The same network and clamp in TransformerLens.

    Its native attention-only model reads an embedding of 55 tokens, where ours maps vectors of 512 features: the peer
    has less to do. Its projections have biases.
    """
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    config = TransformerBridgeConfig(
        n_layers=2,
        d_model=64,
        d_head=8,
        n_heads=8,
        n_ctx=5,
        d_vocab=55,
        d_vocab_out=5,
        attn_only=True,
        positional_embedding_type="rotary",
        rotary_dim=8,
        normalization_type="LN",
        seed=0,
    )
    net = TransformerBridge.boot_native(config)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-4, fused=True)
    tokens, targets = torch.randint(0, 55, (BATCH, 5)), torch.randint(0, 5, (BATCH,))
    pattern = torch.as_tensor(previous_token(), dtype=torch.float32)

    def clamp(activation: torch.Tensor, hook: Any) -> torch.Tensor:
        changed = activation.clone()
        changed[:, 2] = pattern
        return changed

    def step() -> None:
        logits = net.run_with_hooks(tokens, return_type="logits", fwd_hooks=[("blocks.0.attn.hook_pattern", clamp)])
        loss = torch.nn.functional.cross_entropy(logits[:, -1], targets)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    return step


def against_the_peer(ours: float) -> None:
    if importlib.util.find_spec("transformer_lens") is None:
        print('\nTransformerLens is not installed: pip install "transformer-lens>=4"')
        return
    theirs = by_turns({"theirs": peer_step()}, 10, 10)["theirs"]
    print(f"\nClamped training step: ours {1e3 * ours:.3f} ms, TransformerLens {1e3 * theirs:.3f} ms", end="")
    print(f": {theirs / ours:.1f} x faster (bar: 2)")


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        language_model(folder)
    attention_only()
    against_the_peer(clamped_steps())


if __name__ == "__main__":
    main()
