"""How much faster than its peers does the zoo integrate at a tolerance of 1e-12: 20 smooth systems, 2,000 points each?

Run: python benchmarks/integrate.py [--dysts]     (one thread; --dysts adds the peer's default, which takes minutes)
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from functools import partial

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from scipy.integrate import solve_ivp

from inscape.systems import Flow, zoo

SYSTEMS = (
    *("Lorenz", "Rossler", "Thomas", "LorenzCoupled", "Aizawa", "Chen", "Dadras", "Halvorsen", "HenonHeiles"),
    *("HyperRossler", "LorenzStenflo", "LuChen", "NoseHoover", "QiChen", "Rucklidge", "SprottB", "SprottK"),
    *("ShimizuMorioka", "Hadley", "WangSun"),
)
POINTS, PER_PERIOD = 2_000, 100
DYSTS_POINTS = 300


def cpu_seconds(work: Callable[[], object], least: float = 0.2, repeats: int = 5) -> float:
    """Median CPU time of one call, repeated until `least` seconds are spent or `repeats` calls made."""
    taken: list[float] = []
    while len(taken) < repeats and (not taken or sum(taken) < max(least, 0.05)):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


def ours_seconds(system: Flow, times: np.ndarray, calls: int = 30) -> float:
    """CPU time of one warm `simulate`, the mean of `calls` in a row, median of five such means."""
    means = []
    for _ in range(5):
        begun = time.process_time()
        for _ in range(calls):
            system.simulate(times=times)
        means.append((time.process_time() - begun) / calls)
    return statistics.median(means)


def python_function(system: Flow) -> Callable[[float, np.ndarray], list[float]]:
    """The right-hand side as a person would hand it to scipy: a plain function of floats that returns a list."""
    import math

    import sympy

    definition = system.definition
    numbers = dict(zip(definition.parameter_symbols, definition.parameters.values(), strict=True))
    bound = [e.xreplace({s: sympy.Float(v) for s, v in numbers.items()}) for e in definition.expressions]
    flat = sympy.lambdify([sympy.Symbol("t", real=True), *definition.states], bound, modules=math, cse=True)
    return lambda t, x: flat(t, *x)


def dysts_seconds(name: str) -> float:
    """CPU time of the peer's default `make_trajectory`, scaled from 300 points to 2,000."""
    import dysts.flows

    peer = getattr(dysts.flows, name)()
    return cpu_seconds(lambda: peer.make_trajectory(DYSTS_POINTS, pts_per_period=PER_PERIOD), repeats=1) * (
        POINTS / DYSTS_POINTS
    )


def main(with_dysts: bool = False) -> None:
    head = f"{'system':16s} {'ours ms':>9s} {'DOP853 ms':>10s} {'ratio':>8s} {'apart':>9s}"
    print(head + (f" {'dysts s':>9s} {'ratio':>8s}" if with_dysts else ""))
    ratios, peer_ratios = [], []
    for name in SYSTEMS:
        system = zoo[name]
        times = np.arange(POINTS) * system.period / PER_PERIOD
        run = system.simulate(times=times)
        ours = ours_seconds(system, times)
        function = python_function(system)
        settings = {"method": "DOP853", "t_eval": times, "rtol": 1e-12, "atol": 1e-12}
        solve = partial(solve_ivp, function, (0, times[-1]), system.initial, **settings)
        theirs = cpu_seconds(solve, repeats=3)
        # Compared over one period: later, chaos has made the two of them differ.
        apart = np.abs(solve().y.T[:PER_PERIOD] - run.states[:PER_PERIOD]).max() / np.ptp(run.states, axis=0).max()
        ratios.append(theirs / ours)
        row = f"{name:16s} {ours * 1e3:9.3f} {theirs * 1e3:10.1f} {ratios[-1]:8.0f} {apart:9.1e}"
        if with_dysts:
            peer = dysts_seconds(name)
            peer_ratios.append(peer / ours)
            row += f" {peer:9.2f} {peer_ratios[-1]:8.0f}"
        print(row, flush=True)
    print(f"median ratio to DOP853: {statistics.median(ratios):.0f} (bar: 300)")
    if with_dysts:
        print(f"median ratio to dysts' default: {statistics.median(peer_ratios):.0f} (bar: 5,000)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dysts", action="store_true")
    main(parser.parse_args().dysts)
