"""Where a network's blocks are: the list of equal modules that its residual stream runs through."""

from __future__ import annotations

from typing import Any

from inscape.errors import InputError
from inscape.extras import require


def blocks(model: Any) -> list[Any]:
    """The network's blocks in order, whatever the list is called (`model.layers`, `transformer.h`, `layers`).

    Raises
    ------
    InputError : if the network has no list of modules.
    """
    nn = require("torch.nn", "neural")
    lists = [(name.count("."), -len(m), name) for name, m in model.named_modules() if isinstance(m, nn.ModuleList)]
    lists = [entry for entry in lists if entry[1] < 0]
    if not lists:
        raise InputError(f"{type(model).__name__}: no list of blocks found, expected a torch.nn.ModuleList")
    # Experts and heads are lists too, but they lie deeper than the blocks that hold them.
    name = min(lists)[2]
    return list(model.get_submodule(name))


def block_index(model: Any, layer: int) -> int:
    """`layer` counted from 0; -1 is the last block, -2 the one before it.

    Raises
    ------
    InputError : if there is no such block; it lists those there are.
    """
    count = len(blocks(model))
    if isinstance(layer, bool) or not isinstance(layer, int):
        raise InputError(f"layer: {layer!r} found, expected a whole number from {-count} to {count - 1}")
    if not -count <= layer < count:
        raise InputError(f"layer: {layer} found, the model has layers 0 to {count - 1} (or {-count} to -1)")
    return layer % count


def block_output(output: Any) -> Any:
    """The residual stream in what a block returned: the tensor itself, or the first of a tuple."""
    return output[0] if isinstance(output, tuple) else output
