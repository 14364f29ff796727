"""Basins of attraction: which initial states go to which attractor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from inscape.analysis.series import positive, real_numbers, shown, whole
from inscape.errors import InputError, UnknownNameError

DIVERGED = -1
RUNS_AT_ONCE = 4_096


@dataclass(frozen=True)
class Basins:
    """Basins over a grid of initial states.

    names : the state variables that span the grid.
    axes : the values of each, (value,).
    labels : (*grid) number of the attractor that each initial state goes to, -1 where the run left every bound.
    attractors : points visited on each attractor, (point, state).
    """

    names: tuple[str, ...]
    axes: tuple[Float[np.ndarray, "value"], ...]
    labels: Int[np.ndarray, "*grid"]
    attractors: tuple[Float[np.ndarray, "point state"], ...]

    @property
    def shares(self) -> dict[int, float]:
        """Share of the grid in each basin; -1 is that of the runs that diverged."""
        labels, counts = np.unique(self.labels, return_counts=True)
        return {int(label): float(count / self.labels.size) for label, count in zip(labels, counts, strict=True)}

    def entropy(self, box: int = 5) -> tuple[float, float]:
        """Basin entropy and boundary basin entropy, in nats: how unsure one is of the attractor within a small box.

        Above log 2 on the boundary, the boundary is fractal (Daza et al. 2016). Boxes are of `box` cells a side.
        """
        box = whole(box, "box", 2)
        counts = [size // box for size in self.labels.shape]
        if min(counts) < 1:
            raise InputError(f"box: {box} cells found, expected at most {min(self.labels.shape)}")
        cut = self.labels[tuple(slice(0, count * box) for count in counts)]
        split = cut.reshape([part for count in counts for part in (count, box)])
        order = [2 * i for i in range(cut.ndim)] + [2 * i + 1 for i in range(cut.ndim)]
        boxes = split.transpose(order).reshape(int(np.prod(counts)), -1)
        shares = np.stack([(boxes == label).mean(axis=1) for label in np.unique(self.labels)], axis=1)
        entropies = -(shares * np.log(np.where(shares > 0, shares, 1.0))).sum(axis=1)
        boundary = (shares > 0).sum(axis=1) > 1
        return float(entropies.mean()), float(entropies[boundary].mean()) if boundary.any() else 0.0


def basins(
    system: Any,
    grid: Mapping[str, Any],
    *,
    fixed: Mapping[str, float] | None = None,
    transient: float | None = None,
    watch: int = 200,
    per_period: int = 7,
    cell: float = 0.02,
    bound: float = 1e6,
) -> Basins:
    """Basins of attraction of a flow or a map, without knowing its attractors beforehand.

    All initial states of the grid run side by side; after a transient each is watched. Two runs that are seen in the
    same or neighbouring cells of state space are on one attractor (the idea of recurrences, Datseris & Wagemakers
    2022, for ensembles), and attractors are the clusters of all that is linked so.

    Parameters
    ----------
    grid : for one or more state variables, the values to start from: {"x": (-2, 2, 100)} for least, greatest and
        count, or an array.
    fixed : values of the other state variables; those of the system's initial state if not given.
    transient : time, or iterates of a map, before watching; 100 periods or 1,000 iterates if None. Slow motion wants
        more: what has not settled counts as an attractor of its own.
    watch : points watched of each run; chaotic attractors want many.
    per_period : points a period of a flow, best not a number that its cycles could share.
    cell : side of a cell, as a share of the extent of all that is seen in each variable.
    bound : a state greater than this has diverged.

    Raises
    ------
    UnknownNameError : if the grid names something that is not a state variable.
    InputError : if an axis is empty or not finite, or the flow's period is not known.
    """
    names, axes = _axes(system, grid)
    start = system.initial.copy()
    for name, value in (fixed or {}).items():
        start[_column(system, name)] = real_numbers(value, f"fixed {name}")
    mesh = np.meshgrid(*axes, indexing="ij")
    states = np.tile(start, (mesh[0].size, 1))
    for name, values in zip(names, mesh, strict=True):
        states[:, _column(system, name)] = values.ravel()
    instants = _instants(system, whole(watch, "watch", 2), transient, whole(per_period, "per_period"))
    seen = [_settled(system, part, instants) for part in np.array_split(states, -(-len(states) // RUNS_AT_ONCE))]
    tails = np.concatenate(seen)
    with np.errstate(invalid="ignore"):
        settled = (np.abs(tails) <= positive(bound, "bound")).all(axis=(1, 2))
    labels = np.full(len(states), DIVERGED)
    attractors: list[np.ndarray] = []
    if settled.any():
        groups = _linked(tails[settled], positive(cell, "cell"))
        labels[settled] = groups
        attractors = [_points(tails[settled][groups == number]) for number in range(groups.max() + 1)]
    return Basins(names, axes, labels.reshape(mesh[0].shape), tuple(attractors))


def _axes(system: Any, grid: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[np.ndarray, ...]]:
    if not hasattr(system, "simulate") or not hasattr(system, "initial"):
        raise InputError(f"system: {type(system).__name__} found, expected a flow or a map")
    if not isinstance(grid, Mapping) or not grid:
        raise InputError(f"grid: {shown(grid)} found, expected values by state variable, such as {{'x': (-2, 2, 100)}}")
    axes = []
    for name, values in grid.items():
        _column(system, name)
        axis = real_numbers(values, f"grid {name}")
        if isinstance(values, tuple) and len(values) == 3:
            axis = np.linspace(axis[0], axis[1], whole(int(values[2]), f"count of {name}"))
        if axis.ndim != 1 or len(axis) == 0 or not np.isfinite(axis).all():
            raise InputError(f"grid {name}: shape {axis.shape} found, expected finite values (value,)")
        axes.append(axis)
    return tuple(grid), tuple(axes)


def _column(system: Any, name: str) -> int:
    if name not in system.state_names:
        raise UnknownNameError("state", str(name), system.state_names)
    return system.state_names.index(name)


def _instants(system: Any, watch: int, transient: float | None, per_period: int) -> Float[np.ndarray, "time"]:
    """When to look at a run: at its start, which even a run that diverges has, and after the transient."""
    if system.is_map:
        lead, step = float(1_000 if transient is None else whole(transient, "transient")), 1.0
    elif system.period is None:
        raise InputError(f"{system.name}: its period is not known; define it with period=")
    else:
        step = system.period / per_period
        lead = 100 * system.period if transient is None else positive(transient, "transient")
    return np.concatenate([[0.0], lead + step * np.arange(watch)])


def _settled(system: Any, states: np.ndarray, instants: np.ndarray) -> Float[np.ndarray, "run point state"]:
    """What each run visits; NaN where it diverged."""
    tails = np.full((len(states), len(instants) - 1, states.shape[1]), np.nan)
    for tail, run in zip(tails, system.simulate(states, instants), strict=True):
        if "stopped" not in run.context:
            tail[:] = run.states[1:]
    return tails


def _linked(tails: np.ndarray, cell: float) -> Int[np.ndarray, "run"]:
    """Number the runs by attractor: those that share a cell, or have neighbouring ones, are on one."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    runs, points, size = tails.shape
    low, high = tails.min(axis=(0, 1)), tails.max(axis=(0, 1))
    # Rounding is no extent: an attractor that is one point must not be torn into cells.
    extent = np.maximum(high - low, 1e-6 * np.maximum(np.abs(high), np.abs(low)) + 1e-9)
    places = np.floor((tails - low) / (cell * extent)).astype(np.int64).reshape(-1, size)
    cells, which = np.unique(places, axis=0, return_inverse=True)
    near = cKDTree(cells).query_pairs(1.0, p=np.inf, output_type="ndarray")
    # Nodes: first the runs, then the cells.
    rows = np.concatenate([np.repeat(np.arange(runs), points), runs + near[:, 0]])
    columns = runs + np.concatenate([which.ravel(), near[:, 1]])
    total = runs + len(cells)
    _, labels = connected_components(
        coo_array((np.ones(len(rows)), (rows, columns)), shape=(total, total)), directed=False
    )
    found = labels[:runs]
    # Attractors are numbered by where they lie, so that a finer grid numbers them alike.
    centres = {
        label: tuple(np.round(tails[found == label].mean(axis=(0, 1)) / extent, 2)) for label in np.unique(found)
    }
    rank = {label: number for number, label in enumerate(sorted(centres, key=lambda k: centres[k]))}
    return np.array([rank[label] for label in found])


def _points(tails: np.ndarray) -> np.ndarray:
    points = tails.reshape(-1, tails.shape[-1])
    return points[:: max(1, len(points) // 2_000)][:2_000]
