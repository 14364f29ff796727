"""The exact answers of study 24: flows whose stretching, barriers and decay are known in closed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.analysis.flow_structures import flow_map, ftle, momentum_barrier
from inscape.systems.flows import Fluid, GriddedFlow, abc_flow, double_gyre, rotation, saddle, shear
from inscape.trajectories.velocity_fields import VelocityField

VISCOSITY = 0.2
_BOX = (np.linspace(-1.0, 1.0, 9), np.linspace(-1.0, 1.0, 7))


def linear_flows(steps: int) -> dict[str, float]:
    """Largest error of the FTLE of a saddle, a shear and a rotation, by the variational equations."""
    rate, duration = 1.3, 4.0
    exact = np.log((rate * duration + np.sqrt(rate**2 * duration**2 + 4)) / 2) / duration

    def found(law: Any, over: float) -> np.ndarray:
        maps = flow_map(law, at=0.0, over=over, seeds=_BOX, steps=steps, gradient="variational")
        return ftle(maps[over])

    return {
        "saddle": float(np.abs(found(saddle(rate=0.7), 2.0) - 0.7).max()),
        "shear": float(np.abs(found(shear(rate=rate), duration) - exact).max()),
        "rotation": float(np.abs(found(rotation(rate=0.5), 3.0)).max()),
    }


def abc_barriers(item: Mapping[str, Any]) -> dict[str, float]:
    """Relative error of the barrier field of the decaying ABC flow: variational, and from a grid of `count` a side."""
    law = abc_flow(viscosity=VISCOSITY)
    points = np.random.default_rng(0).uniform(0, 2 * np.pi, (500, 3))
    duration = 1.5
    variational = momentum_barrier(law, at=0.0, over=duration, seeds=points, steps=200)[duration].values
    field = _sampled(law, item["count"], item["duration"], 9)
    gridded = momentum_barrier(GriddedFlow(field, interpolation="cubic"), at=0.0, over=item["duration"], steps=8)
    barrier = gridded[item["duration"]]
    return {
        "variational": _largest(variational, _exact(law, points, duration)),
        "grid": _largest(barrier.values.reshape(-1, 3), _exact(law, barrier.seeds.points, item["duration"])),
    }


def abc_decay(count: int) -> float:
    """Largest error of the solver on the decaying ABC flow after one unit of time, over the largest velocity."""
    fluid = Fluid(grid=(count,) * 3, box=(2 * np.pi,) * 3, viscosity=VISCOSITY, start="abc")
    field = fluid.simulate(times=[0.0, 1.0])
    return _largest(field.velocity[1], field.velocity[0] * np.exp(-VISCOSITY))


def gyre(item: Mapping[str, Any]) -> dict[str, float]:
    """Median error of the double gyre's FTLE, T -10, with `steps` steps against `reference` ones."""
    seeds = (np.linspace(0, 2, item["seeds"][0]), np.linspace(0, 1, item["seeds"][1]))
    fields = [
        ftle(flow_map(double_gyre(), at=0.0, over=-10.0, seeds=seeds, steps=steps)[-10.0])
        for steps in (item["steps"], item["reference"])
    ]
    apart = np.abs(fields[0] - fields[1])
    return {"median": float(np.median(apart)), "largest": float(apart.max())}


def _exact(law: Any, points: np.ndarray, duration: float) -> np.ndarray:
    """-k^2 u0 (1 - exp(-nu k^2 T)) / (nu k^2 T), with k = 1."""
    return -law.rhs(points, 0.0) * (1.0 - np.exp(-VISCOSITY * duration)) / (VISCOSITY * duration)


def _sampled(law: Any, count: int, duration: float, frames: int) -> VelocityField:
    axes = (np.arange(count) * 2 * np.pi / count,) * 3
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    times = np.linspace(0.0, duration, frames)
    velocity = np.stack([np.moveaxis(law.rhs(nodes, t), -1, 0) for t in times])
    return VelocityField(times, axes, velocity, periodic=True)


def _largest(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.abs(found - exact).max() / np.abs(exact).max())
