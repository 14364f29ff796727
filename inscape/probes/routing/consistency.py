"""How steadily a sample's routing goes from layer to layer, in the space of the routers' expert embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.probes.routing.router_log import RouterLog, as_log


@dataclass(frozen=True, eq=False)
class Consistency:
    """Steadiness of routing over depth, per sample.

    Parameters
    ----------
    printed : (sample,) C as printed: 1 - mean of c_l / (max c_l + 1e-8). Large is erratic, so the paper's table, which
        has it rise with accuracy, must use 1 - C. Where the largest cosine is near zero or negative, C leaps.
    smoothness : (sample,) mean of c_l, which has no such pole; the one to correlate.
    cosines : (sample, layer - 1) c_l, cosine of the routing embeddings of neighbouring layers.
    reason : why the numbers are NaN, empty if they are not.
    """

    printed: Float[np.ndarray, "sample"]
    smoothness: Float[np.ndarray, "sample"]
    cosines: Float[np.ndarray, "sample step"]
    reason: str = ""


def consistency(log: RouterLog | Any, *, routers: Float[np.ndarray, "layer expert width"] | None = None) -> Consistency:
    """Consistency as printed and smoothness (Li et al. 2025): e_l = sum_k g_k v_k, c_l = cos(e_l, e_(l+1)).

    Parameters
    ----------
    log : a `RouterLog`, or weights (sample, layer, expert).
    routers : the routers' matrices, row k of a layer the embedding v_k of expert k; those of the log if None.

    Raises
    ------
    InputError : if neither the log nor `routers` gives matrices of the right shape.
    """
    kept = as_log(log)
    matrices = kept.routers if routers is None else np.asarray(routers)
    samples, layers, experts = kept.weights.shape
    if matrices is None:
        raise InputError("routers: the log holds no router matrices; pass routers=(layer, expert, width)")
    if matrices.ndim != 3 or matrices.shape[:2] != (layers, experts) or matrices.dtype.kind != "f":
        raise InputError(
            f"routers: {matrices.dtype} of shape {matrices.shape} found, expected numbers ({layers}, {experts}, width)"
        )
    if not np.isfinite(matrices).all():
        raise InputError("routers: NaN or infinite entries found, expected finite router matrices")
    if layers < 2:
        empty = np.full(samples, np.nan)
        return Consistency(
            empty, empty.copy(), np.empty((samples, 0)), "one layer with routers: nothing to be consistent with"
        )
    embedded = np.einsum("sle,lew->slw", kept.probabilities, matrices.astype(np.float64))
    size = np.linalg.norm(embedded, axis=-1)
    cosines = (embedded[:, :-1] * embedded[:, 1:]).sum(axis=-1) / np.maximum(size[:, :-1] * size[:, 1:], 1e-300)
    printed = 1 - (cosines / (cosines.max(axis=1, keepdims=True) + 1e-8)).mean(axis=1)
    return Consistency(printed, cosines.mean(axis=1), cosines)
