"""What does a step of the pseudo-spectral solver cost beside fluidsim's ns3d, and how does it grow with the grid?

Usage: python benchmarks/jet.py
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time

from inscape.single_thread import single_thread
from inscape.studies.turbulent_interface.speed import solver_step
from inscape.systems.flows import Jet

ITEM = {"grid": [64, 96, 48], "box": [4.0, 6.0, 3.0], "time": 0.4, "their_steps": 8, "peers": True}


def main() -> None:
    found = solver_step(ITEM)
    theirs = found["theirs"]
    print("64 x 96 x 48, double precision, one thread, CPU seconds a step")
    if theirs is None:
        print("  fluidsim is not installed")
    else:
        print(f"  fluidsim ns3d, no scalar, RK4   {theirs:8.4f}")
    for name, words in (
        ("ours", "ours, no scalar, RK4"),
        ("with_scalar", "ours, with a scalar, RK4"),
        ("third_order", "ours, with a scalar, RK3"),
    ):
        print(f"  {words:30s}  {found[name]:8.4f}" + ("" if theirs is None else f"   ratio {found[name] / theirs:.2f}"))
    print("the jet, single precision, with a scalar")
    for grid in ((32, 48, 24), (48, 72, 36), (64, 96, 48)):
        jet = Jet(grid=grid, reynolds=500, precision="single", thickness=0.1)
        with single_thread():
            jet.run(times=[0.01])  # Kernels are compiled, or read from their cache.
            began = time.process_time()
            run = jet.run(times=[0.15])
            seconds = (time.process_time() - began) / run.budget.steps
        points = grid[0] * grid[1] * grid[2]
        print(f"  {' x '.join(map(str, grid)):14s} {seconds:8.3f} s a step, {1e6 * seconds / points:6.2f} us a point")


if __name__ == "__main__":
    main()
