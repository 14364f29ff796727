"""The peers of study 24 on our work: numbacs for gridded FTLE, fluidsim for a solver's step."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.single_thread import single_thread
from inscape.trajectories.velocity_fields import VelocityField

WARM_STEPS = 2


def numbacs_ftle(
    field: VelocityField, seeds: tuple[np.ndarray, np.ndarray], duration: float, repeats: int
) -> dict[str, Any]:
    """CPU seconds (shortest of a few), flow map and FTLE of numbacs with its own defaults: splines and dop853."""
    from numbacs.diagnostics import ftle_grid_2D
    from numbacs.flows import get_flow_2D, get_interp_arrays_2D
    from numbacs.integration import flowmap_grid_2D

    x, y = (np.ascontiguousarray(axis) for axis in seeds)
    u, v = (np.ascontiguousarray(field.velocity[:, k]) for k in (0, 1))
    steps = x[1] - x[0], y[1] - y[0]
    forward = np.array([1.0])
    grid, of_u, of_v = get_interp_arrays_2D(field.times, *field.axes, u, v)
    flow = get_flow_2D(grid, of_u, of_v)
    # Compiled outside the clock, the splines' filter too.
    ftle_grid_2D(flowmap_grid_2D(flow, 0.0, 0.1, x, y, forward), 0.1, *steps)
    found, positions, stretched = [], None, None
    for _ in range(repeats):
        began = time.process_time()
        get_interp_arrays_2D(field.times, *field.axes, u, v)
        positions = flowmap_grid_2D(flow, 0.0, duration, x, y, forward)
        stretched = ftle_grid_2D(positions, duration, *steps)
        found.append(time.process_time() - began)
    assert positions is not None
    assert stretched is not None
    # It leaves the edge of the grid at zero.
    inner = np.full_like(stretched, np.nan)
    inner[1:-1, 1:-1] = stretched[1:-1, 1:-1]
    return {"seconds": min(found), "positions": positions, "ftle": inner}


def fluidsim_step(item: Mapping[str, Any]) -> float:
    """CPU seconds of a step of fluidsim's ns3d on `grid` in `box`: fourth-order Runge-Kutta, 2/3 rule, pyFFTW."""
    from fluidsim.solvers.ns3d.solver import Simul

    params = Simul.create_default_params()
    for name, count, length in zip("xyz", item["grid"], item["box"], strict=True):
        setattr(params.oper, f"n{name}", int(count))
        setattr(params.oper, f"L{name}", float(length))
    params.oper.type_fft = "fft3d.with_pyfftw"
    params.oper.coef_dealiasing = 2.0 / 3.0
    params.nu_2 = 1e-3
    params.init_fields.type = "noise"
    params.time_stepping.type_time_scheme = "RK4"
    params.time_stepping.USE_CFL = False
    params.time_stepping.deltat0 = 1e-3
    params.output.HAS_TO_SAVE = False
    params.output.periods_print.print_stdout = 0
    simulation = Simul(params)
    with single_thread():
        for _ in range(WARM_STEPS):
            simulation.time_stepping.one_time_step()
        began = time.process_time()
        for _ in range(item["their_steps"]):
            simulation.time_stepping.one_time_step()
        return (time.process_time() - began) / item["their_steps"]
