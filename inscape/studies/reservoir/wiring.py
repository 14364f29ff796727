"""A small connectome as a reservoir: as it comes, and balanced."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from inscape.analysis import memory_capacity
from inscape.models.reservoir import Network, Synapses, design_inhibition
from inscape.models.reservoir.connectome import connectome_network
from inscape.single_thread import single_thread
from inscape.studies.reservoir.arms import at_the_edge
from inscape.studies.reservoir.tasks import OPEN_PENALTY, WASHOUT


def small_connectome(nodes: int, seed: int) -> np.ndarray:
    """A made matrix with the marks of measured ones: near nodes are linked more, weights are log-normal, hubs exist.

    Nodes lie on a sphere; the chance of a link falls with distance (length 0.5 of the radius) and rises with the hub
    strength of the source. Entry (i, j) is what i receives from j; the counts say nothing of sign.
    """
    random = np.random.default_rng(seed)
    places = random.normal(size=(nodes, 3))
    places /= np.linalg.norm(places, axis=1, keepdims=True)
    distance = np.linalg.norm(places[:, None] - places[None], axis=2)
    hubs = random.lognormal(0.0, 0.5, nodes)
    linked = random.random((nodes, nodes)) < np.clip(hubs[None, :] * np.exp(-distance / 0.5), 0.0, 1.0)
    np.fill_diagonal(linked, False)
    return linked * random.lognormal(0.0, 1.0, (nodes, nodes))


def memories(item: Mapping[str, Any]) -> dict[str, float]:
    """Memory of a connectome with one scale for all weights, balanced, and designed for rate 0.5.

    The design stands at the gain where it only just forgets its start.

    item : "nodes", "seed", "length", "scales" tried for the connectome as it comes, of which the best counts.
    """
    matrix = small_connectome(item["nodes"], item["seed"])
    noise = np.random.default_rng(item["seed"]).uniform(-1.0, 1.0, item["length"])
    balanced = connectome_network(matrix, seed=item["seed"])
    edge = at_the_edge(balanced, noise, 0.5, item["seed"])
    with single_thread():
        plain = [_memory(as_it_comes(balanced, matrix, scale), noise) for scale in item["scales"]]
        return {
            "plain": max(plain),
            "balanced": _memory(balanced, noise),
            "edge": _memory(design_inhibition(edge, 0.5, float(noise.mean())).network, noise),
        }


def as_it_comes(balanced: Network, matrix: np.ndarray, scale: float) -> Network:
    """The weights of the matrix times one number, with the signs and the input of the balanced network.

    The number is in units of the mean excitation onto a node; inhibitory weights are scaled so that the mean inhibition
    equals the mean excitation.
    """
    excites = np.zeros(len(matrix), dtype=bool)
    excites[balanced.excitation.sources] = True
    parts = [matrix * excites, matrix * ~excites]
    kinds = [Synapses.from_matrix(scale * part / part.sum(axis=1).mean()) for part in parts]
    return replace(balanced, excitation=kinds[0], inhibition=kinds[1])


def _memory(network: Network, noise: np.ndarray) -> float:
    return memory_capacity(
        network.drive(noise), noise, first_delay=0, washout=WASHOUT, penalty=OPEN_PENALTY, delays=100
    ).total
