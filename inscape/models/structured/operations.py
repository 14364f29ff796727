"""Operations that a torch module really carries out, counted where torch dispatches them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inscape.errors import InputError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode
else:
    torch = require("torch", "neural")
    from torch.utils._python_dispatch import TorchDispatchMode

ARITHMETIC = {"add", "sub", "rsub", "mul", "div", "neg"}
ACTIVATIONS = {"tanh", "leaky_relu", "relu"}
MOVES = frozenset(
    {"view", "_unsafe_view", "reshape", "_reshape_alias", "view_as_real", "slice", "select", "narrow", "stack", "cat"}
    | {"split", "unbind", "expand", "index", "index_select", "gather", "permute", "transpose", "t", "flatten", "clone"}
    | {"unsqueeze", "squeeze", "constant_pad_nd", "contiguous", "copy_", "fill_", "_to_copy", "detach", "alias", "conj"}
    | {"_conj", "conj_physical", "_conj_physical", "resolve_conj", "as_strided", "lift_fresh", "arange", "empty"}
    | {"zeros", "full", "scalar_tensor"}
)
"""What moves numbers without computing with them."""


@dataclass(frozen=True)
class Operations:
    """Real additions and multiplications, and evaluations of activations, for one sample."""

    arithmetic: int
    activations: int


def count_operations(module: Any, inputs: int) -> Operations:
    """Operations of one call with one sample (1, inputs).

    A matrix product of (m, k) by (k, n) counts m n (2 k - 1), a complex product 6, a complex sum 2, and a real Fourier
    transform of N points the nominal 2.5 N log2 N of the radix-2 algorithm. Moving numbers counts nothing.

    Raises
    ------
    InputError : if the module does something that has no known count.
    """
    parameter = next(iter(module.parameters()), None)
    x = torch.zeros(1, inputs, dtype=parameter.dtype if parameter is not None else None)
    with _Counter() as counter, torch.no_grad():
        module(x)
    return Operations(round(counter.arithmetic), counter.activations)


class _Counter(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.arithmetic = 0.0
        self.activations = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        answer = function(*args, **(kwargs or {}))
        name = function.overloadpacket.__name__
        if name in ACTIVATIONS:
            self.activations += answer.numel()
        else:
            self.arithmetic += _count(name, args, answer)
        return answer


def _count(name: str, args: Any, answer: Any) -> float:
    if name in MOVES:
        return 0.0
    name = name.removesuffix("_")
    if name in ARITHMETIC:
        weight = 1 if not answer.is_complex() else 6 if name in ("mul", "div") else 2
        return answer.numel() * weight
    if name in ("mm", "bmm"):
        return answer.numel() * (2 * args[0].shape[-1] - 1)
    if name == "addmm":
        return answer.numel() * 2 * args[1].shape[-1]
    if name in ("mv", "dot"):
        return answer.numel() * (2 * args[0].shape[-1] - 1)
    if name == "addmv":
        return answer.numel() * 2 * args[1].shape[-1]
    if name == "sum":
        return (args[0].numel() - answer.numel()) * (2 if answer.is_complex() else 1)
    if name in ("_fft_r2c", "_fft_c2r"):
        real = args[0] if name == "_fft_r2c" else answer
        length = real.shape[-1]
        return real.numel() / length * 2.5 * length * math.log2(max(2, length))
    raise InputError(f"count_operations: {name} has no known count; a count is known for sums, products and transforms")
