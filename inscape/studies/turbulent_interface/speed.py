"""What flow maps and solver steps cost, beside numbacs and fluidsim on the same work."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from inscape.analysis.flow_structures import flow_map, ftle
from inscape.single_thread import single_thread
from inscape.studies.turbulent_interface.peers import fluidsim_step, numbacs_ftle
from inscape.systems.flows import Fluid, GriddedFlow, carrier, double_gyre
from inscape.systems.flows.march import March
from inscape.systems.flows.solver import Scheme
from inscape.trajectories.velocity_fields import VelocityField

REPEATS = 3
DURATION = 10.0


def gyre_field() -> VelocityField:
    """The double gyre sampled at 201 x 101 points, 41 instants."""
    times = np.linspace(0.0, DURATION, 41)
    axes = (np.linspace(0, 2, 201), np.linspace(0, 1, 101))
    nodes = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    velocity = np.stack([np.moveaxis(double_gyre().rhs(nodes, t), -1, 0) for t in times])
    return VelocityField(times, axes, velocity)


def gridded_ftle(item: Mapping[str, Any]) -> dict[str, Any]:
    """CPU seconds and median errors of a gridded FTLE field, ours and numbacs's.

    item : "seeds" along x and y, "steps" that we may take, from few to many, "reference" steps of the exact flow, and
    whether to time "peers". Of ours counts the cheapest whose flow map has no larger median error than numbacs's.
    Splines, flow map and FTLE are all on the clock, for both.
    """
    seeds = (np.linspace(0, 2, item["seeds"][0]), np.linspace(0, 1, item["seeds"][1]))
    exact = flow_map(double_gyre(), at=0.0, over=DURATION, seeds=seeds, steps=item["reference"])[DURATION]
    field = gyre_field()
    theirs = numbacs_ftle(field, seeds, DURATION, REPEATS) if _is_timed("numbacs", item) else None
    flow_map(GriddedFlow(field), at=0.0, over=1.0, seeds=seeds, steps=2)  # Compiled once, outside the clock.
    rows, stretched = [], np.empty(0)
    for steps in item["steps"]:

        def ours(steps: int = steps) -> tuple[np.ndarray, np.ndarray]:
            found = flow_map(GriddedFlow(field), at=0.0, over=DURATION, seeds=seeds, steps=steps)[DURATION]
            return found.positions, ftle(found)

        seconds, (positions, stretched) = cpu_seconds(ours)
        error = _median_distance(positions, exact.positions)
        rows.append({"steps": steps, "seconds": seconds, "error": error, "ftle": _median(stretched - ftle(exact))})
    answer: dict[str, Any] = {"rows": rows, "ratio": None, "difference": None, "theirs": None, "their_error": None}
    if theirs is not None:
        error = _median_distance(theirs["positions"], exact.positions)
        good = [row["seconds"] for row in rows if row["error"] <= error]
        answer |= {
            "theirs": theirs["seconds"],
            "their_error": error,
            "ratio": theirs["seconds"] / min(good) if good else None,
            "difference": _median(stretched - theirs["ftle"]),
        }
    return answer


def solver_step(item: Mapping[str, Any]) -> dict[str, float | None]:
    """CPU seconds of a step on `grid` in double precision: ours, and fluidsim's ns3d if it is installed and asked for.

    "ours" solves what fluidsim does: the same equations without a scalar, the 2/3 rule, the classical fourth-order
    scheme with exact viscosity. "with_scalar" adds the scalar, "third_order" is our default scheme with it. The two
    ratios are to fluidsim's step.
    """
    theirs = fluidsim_step(item) if _is_timed("fluidsim", item) else None
    found: dict[str, float | None] = {
        "ours": our_step(item, scheme="rk4", scalar=False),
        "with_scalar": our_step(item, scheme="rk4", scalar=True),
        "third_order": our_step(item, scheme="rk3", scalar=True),
        "theirs": theirs,
    }
    for ratio, name in (("ratio", "ours"), ("ratio_with_scalar", "with_scalar")):
        seconds = found[name]
        found[ratio] = None if theirs is None or seconds is None else seconds / theirs
    return found


def our_step(item: Mapping[str, Any], scheme: Scheme, scalar: bool) -> float:
    """CPU seconds of a step on `grid` in `box`, mean over `time`, first steps left out."""
    fluid = Fluid(
        grid=item["grid"],
        box=item["box"],
        viscosity=1e-3,
        start="taylor-green",
        courant=0.5,
        scheme=scheme,
        scalar=scalar,
    )
    velocity, dye = fluid.initial_state()
    march = March(fluid, np.concatenate([velocity, dye[None]]) if scalar else velocity)
    with single_thread():
        march.go_on_to(0.1 * item["time"])
        steps = len(march.history)
        began = time.process_time()
        march.go_on_to(1.1 * item["time"])
        return (time.process_time() - began) / (len(march.history) - steps)


def particle_evaluations(item: Mapping[str, Any]) -> float:
    """Velocity evaluations a CPU second: RK4, trilinear, particles on the grid of a field in space."""
    random = np.random.default_rng(0)
    grid = item["grid"]
    axes = tuple(np.arange(n) / n for n in grid)
    velocity = random.standard_normal((4, 3, *grid)).astype(np.float32) * 0.05
    flow = GriddedFlow(VelocityField(np.arange(4.0), axes, velocity, periodic=True), interpolation="linear")
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    moving = carrier(flow)
    moving.start(points[:64], 0.0)
    moving.advance(0.1, 1)

    def work() -> None:
        moving.start(points, 0.0)
        moving.advance(2.0, item["steps"])

    seconds, _ = cpu_seconds(work)
    return 4.0 * item["steps"] * len(points) / seconds


def cpu_seconds(work: Callable[[], Any], repeats: int = REPEATS) -> tuple[float, Any]:
    """The shortest of a few runs in CPU seconds of this process, and what the last one gave."""
    found, result = [], None
    with single_thread():
        for _ in range(repeats):
            began = time.process_time()
            result = work()
            found.append(time.process_time() - began)
    return min(found), result


def _is_timed(peer: str, item: Mapping[str, Any]) -> bool:
    return bool(item["peers"]) and importlib.util.find_spec(peer) is not None


def _median_distance(found: np.ndarray, exact: np.ndarray) -> float:
    return _median(np.linalg.norm(found - exact, axis=-1))


def _median(apart: np.ndarray) -> float:
    return float(np.nanmedian(np.abs(apart)))
