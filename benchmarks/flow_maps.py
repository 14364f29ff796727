"""How fast is a gridded FTLE field beside numbacs, and how does ours grow with particles, grid and dimension?

Usage: NUMBA_NUM_THREADS=1 python benchmarks/flow_maps.py
"""

from __future__ import annotations

import os

# Read when numba starts: the peer is parallel by itself.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

import numpy as np

from inscape.analysis.flow_structures import flow_map
from inscape.studies.turbulent_interface.speed import cpu_seconds, gridded_ftle, gyre_field, particle_evaluations
from inscape.systems.flows import GriddedFlow

ITEM = {"seeds": [401, 201], "steps": [20, 30, 40, 44, 48, 52, 60, 80, 120], "reference": 1000, "peers": True}


def main() -> None:
    found = gridded_ftle(ITEM)
    print("gridded double gyre, 41 x 201 x 101 samples, 401 x 201 seeds, T = 10, one thread, CPU seconds")
    print(f"{'':26s} {'CPU s':>8s} {'map error':>11s} {'FTLE error':>11s}   medians")
    for row in found["rows"]:
        print(f"ours, {row['steps']:4d} steps          {row['seconds']:8.3f} {row['error']:11.2e} {row['ftle']:11.2e}")
    if found["theirs"] is None:
        print("numbacs is not installed")
    else:
        print(f"numbacs, its defaults      {found['theirs']:8.3f} {found['their_error']:11.2e}")
        print(f"FTLE of both differ by     {found['difference']:.1e} (median)")
        ratio = found["ratio"]
        print(f"ratio at no worse map      {'none of ours is as good' if ratio is None else f'{ratio:.1f}x'}")

    flow = GriddedFlow(gyre_field())
    print("\ngrowth, 40 steps, CPU seconds")
    for count in (51, 101, 201, 401):
        seeds = (np.linspace(0, 2, 2 * count - 1), np.linspace(0, 1, count))
        seconds, _ = cpu_seconds(
            lambda seeds=seeds: flow_map(flow, at=0.0, over=10.0, seeds=seeds, steps=40), repeats=2
        )
        particles = seeds[0].size * count
        print(f"  {particles:7d} particles {seconds:8.3f} s  {160e-6 * particles / seconds:6.1f} M evaluations/s")
    rate = particle_evaluations({"grid": [64, 96, 48], "steps": 4})
    print(f"\nspace, 294,912 particles, RK4, trilinear: {rate / 1e6:.2f} million velocity evaluations a core-second")


if __name__ == "__main__":
    main()
