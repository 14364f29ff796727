"""How long structures live along the path of the fluid: correlation with what they were at first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.analysis.flow_structures.barriers import carried_field
from inscape.analysis.flow_structures.flow_maps import FlowMap
from inscape.analysis.flow_structures.route import durations_of, routes
from inscape.analysis.flow_structures.seeds import seeds_of
from inscape.analysis.flow_structures.stretching import ftle
from inscape.errors import InputError
from inscape.systems.flows.carriers import carrier
from inscape.systems.flows.gridded import GriddedFlow


@dataclass(frozen=True, eq=False)
class Decorrelation:
    """Correlations by duration.

    Parameters
    ----------
    durations : (duration,) as asked for.
    flux : of Lap u where the fluid is now with Lap u where it was: mean dot product over the rms of both.
    stretching : of the FTLE with that of the shortest duration (Pearson).
    """

    durations: Float[np.ndarray, "duration"]
    flux: Float[np.ndarray, "duration"]
    stretching: Float[np.ndarray, "duration"]


def decorrelation(
    flow: GriddedFlow,
    *,
    at: float,
    over: Sequence[float],
    region: Bool[np.ndarray, "*grid"] | None = None,
    steps: int | None = None,
    tolerance: float = 1e-4,
    threads: int = 1,
) -> Decorrelation:
    """Correlation of diffusive flux and of stretching with what they were at first, along the path of the fluid.

    Parameters
    ----------
    flow : gridded, in space or in the plane.
    at, over, steps, tolerance, threads : as of `flow_map`; durations of one sign.
    region : (*grid) which particles count, such as those within a Taylor scale of an interface; all if None.

    Raises
    ------
    InputError : if the flow is not gridded, durations are of both signs, or the region is empty.
    """
    if not isinstance(flow, GriddedFlow):
        raise InputError(f"flow: {type(flow).__name__} found, expected a GriddedFlow")
    start, asked = durations_of(flow, at, over)
    if len({np.sign(d) for d in asked}) != 1 or 0.0 in asked:
        raise InputError(f"over: {list(asked)} found, expected durations of one sign")
    seeds = seeds_of(flow, None)
    chosen = np.ones(seeds.shape, dtype=bool) if region is None else np.asarray(region, dtype=bool)
    if chosen.shape != seeds.shape or not chosen.any():
        raise InputError(
            f"region: shape {chosen.shape}, {int(chosen.sum())} points found, expected some of {seeds.shape}"
        )
    ways, _ = routes(flow, seeds.points, start, asked, steps, tolerance)
    carried = _laplacian(flow)
    moving: Any = carrier(flow, threads=threads)
    moving.start(seeds.points, start)
    flat = chosen.ravel()
    before = carried.read(moving.cells[flat], start)
    flux: dict[float, float] = {}
    stretched: dict[float, np.ndarray] = {}
    for stop, leg, count in ways[0].legs():
        moving.advance(leg, count)
        flux[stop] = _alignment(carried.read(moving.cells[flat], moving.time), before)
        positions = moving.points().reshape(*seeds.shape, seeds.dimension)
        stretched[stop] = ftle(FlowMap(start, stop, seeds, positions))[chosen]
    shortest = stretched[min(stretched, key=abs)]
    return Decorrelation(
        np.array(asked),
        np.array([flux[d] for d in asked]),
        np.array([pearson(stretched[d], shortest) for d in asked]),
    )


def pearson(first: Float[np.ndarray, "..."], second: Float[np.ndarray, "..."]) -> float:
    """Correlation of two fields where both are known; NaN where one of them is constant."""
    a, b = np.ravel(first), np.ravel(second)
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 3 or np.ptp(a[known]) == 0 or np.ptp(b[known]) == 0:
        return float("nan")
    return float(np.corrcoef(a[known], b[known])[0, 1])


def _laplacian(flow: GriddedFlow) -> Any:
    if flow.dimension == 3:
        return carried_field(flow, "momentum")
    return flow.quantity(flow.field.laplacian()[:, :2])


def _alignment(now: np.ndarray, before: np.ndarray) -> float:
    known = np.isfinite(now).all(axis=1) & np.isfinite(before).all(axis=1)
    a, b = now[known], before[known]
    size = np.sqrt((a**2).sum(axis=1).mean() * (b**2).sum(axis=1).mean()) if known.any() else 0.0
    return float((a * b).sum(axis=1).mean() / size) if size > 0 else float("nan")
