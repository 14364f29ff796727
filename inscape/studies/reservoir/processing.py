"""Where a target law sits between memory and computation: capacities by degree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.analysis import processing_capacity
from inscape.models.reservoir import dale_network
from inscape.single_thread import single_thread
from inscape.studies.reservoir.arms import built
from inscape.studies.reservoir.tasks import OPEN_PENALTY, WASHOUT, Series


def capacities(item: Mapping[str, Any]) -> dict[str, Any]:
    """Processing capacity by degree of one arm on uniform noise, and its linear part by delay.

    item : "network", "arm", "seed", "length", "degrees" (degree and delays in pairs).
    """
    noise = np.random.default_rng(item["seed"]).uniform(-1.0, 1.0, item["length"])
    series = Series("memory", noise, noise, min(4_000, item["length"]))
    network, _ = built(item["arm"], dale_network(**item["network"]), series, item["seed"])
    with single_thread():
        found = processing_capacity(
            network.drive(noise),
            noise,
            degrees=dict(item["degrees"]),
            washout=WASHOUT,
            penalty=OPEN_PENALTY,
        )
    return {
        "total": found.total,
        "by_degree": [[degree, capacity] for degree, capacity in found.by_degree.items()],
        "rank": found.rank,
        "threshold": found.threshold,
    }
