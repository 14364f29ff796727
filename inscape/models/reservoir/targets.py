"""Target laws: the mean rate that each node of a reservoir is to have."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError

NEAREST_TO_BOUND = 1e-3
"""A rate nearer to 0 or 1 would need a potential that no synapses give; drawn rates are kept this far away."""


def target_rates(
    law: float | tuple[str, float, float] | Float[np.ndarray, "node"],
    nodes: int,
    seed: int | np.random.Generator | None = 0,
) -> Float[np.ndarray, "node"]:
    """Target rate of each node, in (0, 1).

    Parameters
    ----------
    law : one rate for all; ("beta", a, b) to draw each from a Beta law; or (node,) rates.
    nodes : how many.
    seed : of the draw.

    Raises
    ------
    InputError : if a rate is not between 0 and 1, or the law is none of these.
    """
    if isinstance(law, (tuple, list)) and len(law) and isinstance(law[0], str):
        if len(law) != 3 or law[0] != "beta" or not all(_is_positive(v) for v in law[1:]):
            raise InputError(f"targets: {law!r} found, expected ('beta', a, b) with positive a and b")
        drawn = np.random.default_rng(seed).beta(law[1], law[2], nodes)
        return np.clip(drawn, NEAREST_TO_BOUND, 1 - NEAREST_TO_BOUND)
    try:
        rates = np.asarray(law, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"targets: {law!r} found, expected a rate, ('beta', a, b) or an array ({nodes},)") from None
    if rates.ndim == 0:
        rates = np.full(nodes, float(rates))
    if rates.shape != (nodes,):
        raise InputError(f"targets: shape {rates.shape} found, expected ({nodes},), one rate for each node")
    wrong = np.flatnonzero(~((rates > 0) & (rates < 1)))
    if len(wrong):
        raise InputError(
            f"targets: {rates[wrong[0]]:g} found for node {wrong[0]}, expected rates between 0 and 1 (neither included)"
        )
    return rates


def _is_positive(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float, np.number)) and bool(0 < value < np.inf)
