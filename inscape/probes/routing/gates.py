"""Which modules of a network are routers, and what each gave to its experts, whatever it returns."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

NAMES = ("gate", "router")
SUM_TOLERANCE = 5e-3
"""How far a row of half-precision probabilities may be from a sum of one."""


def find_gates(model: torch.nn.Module, pattern: str | None = None) -> dict[str, torch.nn.Module]:
    """The routers of a network by module name, first layer first.

    A router is a module named `gate` or `router` beside a module `experts` (OLMoE, Mixtral, Qwen-MoE, our own), or one
    whose class is named for it. With `pattern`, every module whose name matches this glob.

    Raises
    ------
    InputError : if the network has no router.
    UnknownNameError : if the pattern matches no module; it lists the nearest.
    """
    if not isinstance(model, torch.nn.Module):
        raise InputError(f"model: {type(model).__name__} found, expected a torch module")
    modules = dict(model.named_modules())
    if pattern is not None:
        found = {name: module for name, module in modules.items() if fnmatchcase(name, pattern)}
        if not found:
            raise UnknownNameError("module", pattern, modules)
        return found
    found = {name: module for name, module in modules.items() if _is_router(name, module, modules)}
    if not found:
        raise InputError(
            f"model: {type(model).__name__} has no routers (modules named gate or router beside experts); for a dense "
            "network use probes.routing.record_neurons, or name the routers with gates='...'"
        )
    return found


def experts_of(name: str, gate: torch.nn.Module) -> int:
    """How many experts a router chooses from.

    Raises
    ------
    InputError : if the module does not say.
    """
    matrix = router_matrix(gate)
    if matrix is not None:
        return int(matrix.shape[0])
    for attribute in ("num_experts", "n_routed_experts", "out_features"):
        count = getattr(gate, attribute, None)
        if isinstance(count, int) and count > 0:
            return count
    raise InputError(f"{name}: {type(gate).__name__} does not say how many experts it has; is it a router?")


def router_matrix(gate: torch.nn.Module) -> torch.Tensor | None:
    """The matrix (expert, width) of a linear router, None if it has none."""
    for holder in (gate, getattr(gate, "layer", None), getattr(gate, "classifier", None)):
        weight = getattr(holder, "weight", None)
        if isinstance(weight, torch.Tensor) and weight.ndim == 2:
            return weight
    return None


def probabilities(name: str, gate: torch.nn.Module, inputs: tuple[Any, ...], output: Any, experts: int) -> torch.Tensor:
    """(token, expert) softmax of the router over all its experts, in single precision, from one call of the router.

    Releases of transformers return raw logits, softmaxed ones, or only the weights of the chosen experts under one
    name. Rows that are non-negative and sum to one are probabilities; if they are zero but for the chosen, or absent,
    the logits are computed again from the router's matrix.

    Raises
    ------
    InputError : if only chosen experts come back and the router has no matrix, or a value is NaN.
    """
    given = _scores(output, experts)
    if given is None or _is_cut_to_chosen(given, gate):
        given = _logits_again(name, gate, inputs)
    given = given.float()
    # One sum tells of NaN or infinity anywhere, at a fraction of the cost of looking at every entry.
    if not torch.isfinite(given.sum()) and not torch.isfinite(given).all():
        raise InputError(f"{name}: NaN or infinite router scores found; the network has diverged or overflowed")
    return given if _is_probability(given) else torch.softmax(given, dim=-1)


def matrices(gates: dict[str, torch.nn.Module]) -> np.ndarray | None:
    """(layer, expert, width) the routers' matrices, None unless all have one of equal shape."""
    found = [router_matrix(gate) for gate in gates.values()]
    kept = [m.detach().float().cpu().numpy().copy() for m in found if m is not None]
    if len(kept) < len(found) or len({m.shape for m in kept}) != 1:
        return None
    return np.stack(kept)


def _is_router(name: str, module: torch.nn.Module, modules: dict[str, torch.nn.Module]) -> bool:
    parent, _, last = name.rpartition(".")
    if last not in NAMES:
        return False
    return hasattr(modules[parent], "experts") or "TopK" in type(module).__name__


def _scores(output: Any, experts: int) -> torch.Tensor | None:
    parts = output if isinstance(output, (tuple, list)) else (output,)
    for part in parts:
        if isinstance(part, torch.Tensor) and part.is_floating_point() and part.shape[-1] == experts:
            return part.detach().reshape(-1, experts)
    return None


def _is_probability(rows: torch.Tensor) -> bool:
    total = rows.sum(dim=-1)
    return bool(((total - 1).abs() < SUM_TOLERANCE).all()) and bool((rows >= 0).all())


def _is_cut_to_chosen(rows: torch.Tensor, gate: torch.nn.Module) -> bool:
    chosen = getattr(gate, "top_k", None)
    if not isinstance(chosen, int) or chosen >= rows.shape[-1]:
        return False
    # A softmax of finite logits has no exact zero, short of underflow; zeros for all but the chosen tell a cut.
    return bool(((rows == 0).sum(dim=-1) >= rows.shape[-1] - chosen).all())


def _logits_again(name: str, gate: torch.nn.Module, inputs: tuple[Any, ...]) -> torch.Tensor:
    matrix = router_matrix(gate)
    if matrix is None or not inputs or not isinstance(inputs[0], torch.Tensor):
        raise InputError(
            f"{name}: {type(gate).__name__} returned the chosen experts without the weights of all; expected logits or "
            "probabilities over all experts, or a router with a matrix"
        )
    bias = getattr(gate, "bias", None)
    with torch.no_grad():
        hidden = inputs[0].detach().reshape(-1, matrix.shape[1]).to(matrix.dtype)
        return torch.nn.functional.linear(hidden, matrix, bias if isinstance(bias, torch.Tensor) else None)
