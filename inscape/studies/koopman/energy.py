"""Claim C5 and bar 4: the share of an observable in eigenfunctions, where it is known, and as a flow turns chaotic."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.point_energy import point_energy
from inscape.systems import zoo

TONES = (0.3173, 0.7219)
"""Angular frequencies a sample of the two tones, without a common period within any run."""
SHARES = (0.0, 0.5, 0.8, 1.0)
LORENZ_INTERVAL = 0.2


def mixture(share: float, samples: int, seed: int) -> Float[np.ndarray, "time"]:
    """Two tones with `share` of the energy, and x of Lorenz, which has no eigenfunction, with the rest."""
    random = np.random.default_rng(seed)
    time = np.arange(samples)
    tones = sum(np.cos(w * time + phase) for w, phase in zip(TONES, random.uniform(0, 2 * np.pi, 2), strict=True))
    system: Any = zoo["Lorenz"]
    start = random.normal(size=3) + system.initial
    x = system.simulate(start, LORENZ_INTERVAL * time, transient=50.0, tolerance=1e-9).states[:, 0]
    parts = [values / values.std() for values in (tones - tones.mean(), x - x.mean())]
    return np.sqrt(share) * parts[0] + np.sqrt(1 - share) * parts[1]


def measured_share(item: dict[str, Any]) -> float:
    """Share of a mixture: `item` holds `share`, `samples`, `delays`, `horizon`, `seed`, `shuffled`."""
    g = mixture(item["share"], item["samples"], item["seed"])
    if item["shuffled"]:
        g = np.random.default_rng(item["seed"]).permutation(g)
    return point_energy(g, delays=item["delays"], horizon=item["horizon"]).share


@cache
def _flow() -> Any:
    return zoo["HenonHeiles"]


def _on_energy_surface(energy: float, random: np.random.Generator) -> Float[np.ndarray, "state"]:
    # x = 0 is crossed by every orbit; y, p_y are drawn evenly where the energy leaves room for p_x.
    while True:
        y, momentum = random.uniform(-0.5, 1.0), random.uniform(-0.6, 0.6)
        rest = 2 * energy - momentum**2 - y**2 + 2 * y**3 / 3
        if rest > 0 and y < 1:
            return np.array([0.0, y, np.sqrt(rest), momentum])


def henon_heiles_share(item: dict[str, Any]) -> list[float]:
    """Share of the observable y in eigenfunctions, along several orbits of one energy of the Henon-Heiles flow.

    `item` holds `energy`, `orbits`, `samples`, `delays`, `horizon`, `interval`, `seed`.
    """
    random = np.random.default_rng(item["seed"])
    shares = []
    for _ in range(item["orbits"]):
        start = _on_energy_surface(item["energy"], random)
        times = item["interval"] * np.arange(item["samples"])
        run = _flow().simulate(start, times, tolerance=1e-10)
        if len(run) < item["samples"]:
            continue
        shares.append(point_energy(run.states[:, 1], delays=item["delays"], horizon=item["horizon"]).share)
    return shares
