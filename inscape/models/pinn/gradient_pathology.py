"""The merged network of Hassanaly et al. 2024 with gradient-pathology blocks, on jets in torch and on values in numpy.

A trunk sees time and parameters, a second one its answer and the radius; each head is a gated stack (Wang, Teng &
Perdikaris 2021, SIAM J. Sci. Comput. 43, A3055): U, V, H = tanh dense; twice Z = tanh dense(H), H = (1 - Z) U + Z V.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

BLOCKS = 2
Weights = Mapping[str, np.ndarray]


def initial_weights(
    parameters: int, fields: int, potentials: int, width: int, seed: np.random.Generator, zero_heads: bool
) -> dict[str, np.ndarray]:
    """Weights by the rule of He et al. 2015; `zero_heads` starts every head at zero.

    fields : heads that depend on the radius; potentials : heads that do not.
    """
    found: dict[str, np.ndarray] = {}

    def dense(name: str, inputs: int, outputs: int, zero: bool = False) -> None:
        found[f"{name}.w"] = np.zeros((outputs, inputs)) if zero else (
            seed.standard_normal((outputs, inputs)) * np.sqrt(2.0 / inputs)
        )  # fmt: skip
        found[f"{name}.b"] = np.zeros(outputs)

    dense("trunk_t", 1 + parameters, width)
    dense("trunk_tr", width + 1, width)
    for head in range(fields + potentials):
        for part in ("u", "v", "h"):
            dense(f"head{head}.{part}", width, width)
        for block in range(BLOCKS):
            dense(f"head{head}.z{block}", width, width)
        dense(f"head{head}.out", width, 1, zero_heads)
    return found


def values(
    weights: Weights,
    time: Float[np.ndarray, "point"],
    radius: Float[np.ndarray, "node"],
    parameters: Float[np.ndarray, "point parameter"],
    heads: tuple[int, ...],
    radial: bool,
) -> Float[np.ndarray, "head point node"]:
    """The heads' values in numpy; for heads that do not depend on the radius, one node."""

    def dense(name: str, state: np.ndarray) -> np.ndarray:
        return state @ weights[f"{name}.w"].T + weights[f"{name}.b"]

    trunk = np.tanh(dense("trunk_t", np.concatenate([time[:, None], parameters], axis=1)))
    if radial:
        # The first layer's share of the trunk is the same at every radius.
        share = trunk @ weights["trunk_tr.w"][:, :-1].T + weights["trunk_tr.b"]
        state = np.tanh(share[:, None, :] + radius[None, :, None] * weights["trunk_tr.w"][:, -1])
    else:
        state = trunk[:, None, :]
    found = []
    for head in heads:
        u, v, h = (np.tanh(dense(f"head{head}.{part}", state)) for part in ("u", "v", "h"))
        for block in range(BLOCKS):
            z = np.tanh(dense(f"head{head}.z{block}", h))
            h = u + z * (v - u)
        found.append(dense(f"head{head}.out", h)[..., 0])
    return np.stack(found)
