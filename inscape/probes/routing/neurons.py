"""Virtual pathways: what the routers' log is for a mixture, the busiest units are for a dense network."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np

from inscape.errors import InputError, UnknownNameError
from inscape.extras import require
from inscape.probes.routing.capture import Store, body_of, next_token_losses, quiet
from inscape.probes.routing.router_log import RouterLog
from inscape.probes.routing.samples import call, samples_for

if TYPE_CHECKING:
    import torch
else:
    torch = require("torch", "neural")

FALLS = re.compile(r"(mlp|feed_forward|ffn)\.(down_proj|c_proj|dense_4h_to_h|fc2|fc_out|w2|fall|output)$")
"""The second map of a feed-forward layer in Llama, GPT-2, GPT-NeoX, OPT, GPT-J and our own networks."""


def record_neurons(
    model: torch.nn.Module,
    samples: Any,
    attention_mask: Any = None,
    *,
    sites: str | None = None,
    dtype: Store = "float16",
    batch: int = 16,
    losses: bool = False,
) -> RouterLog:
    """The share of each unit in the activity of its feed-forward layer, averaged over a sample's tokens.

    What enters the second map of a feed-forward layer is its units' activity; its magnitude, divided by the sum over
    the layer, stands where a router's probabilities stand, and `pathways`, `distance` and `overlap` take the log.
    Since a layer has thousands of units, give `pathways` and `distance` a limit, such as most_experts=8.

    Parameters
    ----------
    model : a dense network of transformers or of our own; left as it was.
    samples, attention_mask, dtype, batch, losses : as of `record`.
    sites : glob over the names of the second maps, if they are not found by themselves.

    Raises
    ------
    InputError : if no feed-forward layer is found or samples do not fit.
    UnknownNameError : if `sites` matches no module.
    """
    kept = samples_for(model, samples, attention_mask)
    layers = _second_maps(model, sites)
    found: dict[str, torch.Tensor] = {}
    share = np.empty(0)

    def hook(name: str) -> Any:
        def listen(_: torch.nn.Module, inputs: tuple[Any, ...]) -> None:
            active = inputs[0].detach().float().abs()
            active = active.reshape(*share.shape, active.shape[-1])
            part = active / active.sum(dim=-1, keepdim=True).clamp_min(1e-30)
            found[name] = torch.bmm(torch.as_tensor(share, dtype=torch.float32, device=part.device)[:, None], part)[
                :, 0
            ]

        return listen

    handles = [layer.register_forward_pre_hook(hook(name)) for name, layer in layers.items()]
    weights, lost = [], []
    try:
        with torch.no_grad(), quiet(model):
            for ids, counts in kept.batches(int(batch)):
                share = counts / counts.sum(axis=1, keepdims=True)
                found.clear()
                answer = call(model if losses else body_of(model), ids, counts)
                weights.append(_stacked(found, layers).astype(dtype))
                if losses:
                    lost.append(next_token_losses(answer, ids, counts))
    finally:
        for handle in handles:
            handle.remove()
    return RouterLog(
        weights=_summing_to_one(np.concatenate(weights)),
        layers=tuple(layers),
        tokens=kept.counts.sum(axis=1),
        truncated=kept.truncated,
        losses=np.concatenate(lost) if losses else None,
        kind="neurons",
    )


def _second_maps(model: torch.nn.Module, sites: str | None) -> dict[str, torch.nn.Module]:
    if not isinstance(model, torch.nn.Module):
        raise InputError(f"model: {type(model).__name__} found, expected a torch module")
    modules = dict(model.named_modules())
    if sites is not None:
        found = {n: m for n, m in modules.items() if fnmatchcase(n, sites)}
        if not found:
            raise UnknownNameError("module", sites, modules)
        return found
    found = {n: m for n, m in modules.items() if FALLS.search(n)}
    if not found:
        raise InputError(
            f"model: {type(model).__name__} has no feed-forward layer that is known by name; pass sites='...', a glob "
            "over the modules that take the units' activity; for a mixture of experts use probes.routing.record"
        )
    return found


def _stacked(found: dict[str, torch.Tensor], layers: dict[str, torch.nn.Module]) -> np.ndarray:
    silent = [name for name in layers if name not in found]
    if silent:
        raise InputError(f"{silent[0]}: not called in this pass; expected one call a layer")
    if len({v.shape for v in found.values()}) > 1:
        raise InputError("sites: layers of different widths found, expected one number of units for all")
    return np.stack([found[name].cpu().numpy() for name in layers], axis=1)


def _summing_to_one(weights: np.ndarray) -> np.ndarray:
    # A layer at rest (all units zero) has no pathway; equal shares say so.
    total = weights.sum(axis=-1, keepdims=True, dtype=np.float64)
    if not np.isfinite(total).all():
        raise InputError("sites: NaN or infinite activity found; the network has diverged or overflowed")
    even = np.full_like(weights, 1 / weights.shape[-1])
    return np.where(total > 0, weights / np.where(total > 0, total, 1), even).astype(weights.dtype)
