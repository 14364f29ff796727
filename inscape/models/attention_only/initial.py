"""First weights of a stacked network: each run's from its own seed, so that a stack holds the runs it would alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr, ndtri

TRUNCATED_STD = 0.87962566103423978
"""Standard deviation of a standard normal cut at two."""
LABEL_SCALE = 0.02


def truncated_normal(random: np.random.Generator, shape: Sequence[int]) -> Float[np.ndarray, "..."]:
    """Standard normal numbers cut at two standard deviations."""
    low, high = ndtr(-2.0), ndtr(2.0)
    return ndtri(low + (high - low) * random.random(tuple(shape)))


def lecun_normal(random: np.random.Generator, shape: Sequence[int]) -> Float[np.ndarray, "..."]:
    """Truncated normal numbers of variance one over the fan-in, the last axis (LeCun et al. 1998)."""
    return truncated_normal(random, shape) / (TRUNCATED_STD * np.sqrt(shape[-1]))


def initial_weights(shapes: Mapping[str, Sequence[int]], seed: int) -> dict[str, Float[np.ndarray, "..."]]:
    """One run's weights by name: matrices LeCun-normal, labels small, scales one, shifts and biases zero."""
    random = np.random.default_rng(seed)
    weights = {}
    for name, shape in shapes.items():
        kind = name.rpartition(".")[2]
        if kind == "label":
            weights[name] = LABEL_SCALE * truncated_normal(random, shape)
        elif kind == "scale":
            weights[name] = np.ones(shape)
        elif kind in ("shift", "bias"):
            weights[name] = np.zeros(shape)
        else:
            weights[name] = lecun_normal(random, shape)
    return weights
