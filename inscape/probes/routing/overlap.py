"""Smooth comparisons of routing: cosine overlap of the weights, and how much weight would have to move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.probes.routing.pairs import chosen_samples, mean_across, mean_of_pairs, same_layers
from inscape.probes.routing.router_log import RouterLog, as_log


@dataclass(frozen=True, eq=False)
class Overlap:
    """A mean over pairs of samples, its standard error over samples, and the mean in each layer (layer,)."""

    mean: float
    standard_error: float
    per_layer: Float[np.ndarray, "layer"]
    matrix: Float[np.ndarray, "sample other"]


def overlap(
    log: RouterLog | Any,
    other: RouterLog | Any | None = None,
    *,
    most: int | None = 1000,
    seed: int | np.random.Generator | None = 0,
) -> Overlap:
    """Mean cosine between the routing weights of pairs of samples: 1 if all go one way.

    Parameters
    ----------
    log, other : logs or weights (sample, layer, expert); with `other`, pairs are taken between the two.
    most : compare at most this many samples, drawn at random; None for all.

    Raises
    ------
    InputError : for fewer than two samples or logs of different networks.
    """
    first, second = _weights(log, other, most, seed)
    within = second is None
    matrix = _cosines(first.reshape(len(first), -1), None if second is None else second.reshape(len(second), -1))
    layers = [_cosines(first[:, i], None if second is None else second[:, i]) for i in range(first.shape[1])]
    mean, error = mean_of_pairs(matrix) if within else mean_across(matrix)
    return Overlap(mean, error, np.array([_mean(m, within) for m in layers]), matrix)


def total_variation(
    log: RouterLog | Any,
    other: RouterLog | Any | None = None,
    *,
    most: int | None = 1000,
    seed: int | np.random.Generator | None = 0,
) -> Overlap:
    """Share of routing weight that would have to move from expert to expert, mean over layers and pairs: 0 to 1.

    It is the earth mover's distance where every two experts are one apart; no threshold, no string.
    Parameters and errors as of `overlap`.
    """
    from scipy.spatial.distance import cdist

    first, second = _weights(log, other, most, seed)
    within = second is None
    against = first if second is None else second
    layers = [0.5 * cdist(first[:, i], against[:, i], metric="cityblock") for i in range(first.shape[1])]
    matrix = np.mean(layers, axis=0)
    mean, error = mean_of_pairs(matrix) if within else mean_across(matrix)
    return Overlap(mean, error, np.array([_mean(m, within) for m in layers]), matrix)


def entropy(log: RouterLog | Any) -> Float[np.ndarray, "sample layer"]:
    """Entropy of a sample's mean routing weights in each layer, in nats; log(experts) where all get the same."""
    from scipy.special import entr

    return entr(as_log(log).probabilities).sum(axis=-1)


def _weights(log: Any, other: Any, most: int | None, seed: Any) -> tuple[np.ndarray, np.ndarray | None]:
    first = as_log(log)
    random = np.random.default_rng(seed)
    one = first.select(chosen_samples(len(first), most, random)).probabilities
    if other is None:
        if len(one) < 2:
            raise InputError(f"log: {len(one)} sample found, expected at least 2 to compare")
        return one, None
    second = as_log(other)
    same_layers(first, second)
    return one, second.select(chosen_samples(len(second), most, random)).probabilities


def _cosines(one: np.ndarray, other: np.ndarray | None) -> np.ndarray:
    unit = one / np.linalg.norm(one, axis=-1, keepdims=True)
    against = unit if other is None else other / np.linalg.norm(other, axis=-1, keepdims=True)
    return unit @ against.T


def _mean(matrix: np.ndarray, is_within: bool) -> float:
    return mean_of_pairs(matrix)[0] if is_within else float(matrix.mean())
