"""How fast are the measurements on a recording beside nolds, antropy and ordpy, and do they agree?

Run: python benchmarks/measurements.py     (one thread, CPU time of a warm call)
"""

from __future__ import annotations

import importlib.util
import os
import statistics
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

os.environ.setdefault("OMP_NUM_THREADS", "1")

import antropy
import numpy as np
import ordpy

from inscape.analysis import (
    bifurcation_diagram,
    correlation_dimension,
    lempel_ziv_complexity,
    permutation_entropy,
    sample_entropy,
)
from inscape.systems import Map, zoo


@dataclass(frozen=True)
class Case:
    """One piece of work, done by a peer and by us; each returns its answer."""

    name: str
    peer: str
    theirs: Callable[[], float]
    ours: Callable[[], float]


def nolds_measures() -> ModuleType:
    """nolds' measures by themselves: the package as a whole does not import on Python 3.11."""
    file = Path(sysconfig.get_paths()["purelib"]) / "nolds" / "measures.py"
    spec = importlib.util.spec_from_file_location("nolds_measures", file)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def delay_vectors(series: np.ndarray, dimension: int, lag: int) -> np.ndarray:
    """Delay embedding, plainly."""
    count = len(series) - (dimension - 1) * lag
    return np.column_stack([series[k * lag : k * lag + count] for k in range(dimension)])


def numpy_sweep(values: np.ndarray, points: int) -> float:
    """The logistic map at all values side by side, as one writes it in NumPy."""
    x = np.full(len(values), 0.3)
    for _ in range(1_000):
        x = values * x * (1 - x)
    seen = np.empty((points, len(values)))
    for row in seen:
        x = values * x * (1 - x)
        row[:] = x
    return float(seen.mean())


def cases() -> list[Case]:
    """The work: recordings of Lorenz and white noise."""
    nolds = nolds_measures()
    lorenz = zoo["Lorenz"].simulate(times=np.arange(5_000) * 0.05, transient=50.0).states[:, 0]
    noise = np.random.default_rng(0).normal(size=200_000)
    short = noise[:4_000]
    symbols = (noise[:50_000] > 0).astype(int)
    law = Map(lambda x, *, r=3.5: r * x * (1 - x), name="logistic")
    sweep = np.linspace(2.5, 3.99, 1_000)
    lag = 3
    return [
        Case(
            "correlation dimension, 5,000 points of Lorenz x in 3 delays",
            "nolds.corr_dim",
            lambda: nolds.corr_dim(lorenz, 3, lag=lag, fit="poly"),
            lambda: float(correlation_dimension(delay_vectors(lorenz, 3, lag))),
        ),
        Case(
            "permutation entropy, order 5, 200,000 samples",
            "antropy",
            lambda: antropy.perm_entropy(noise, order=5, normalize=True),
            lambda: permutation_entropy(noise, order=5),
        ),
        Case(
            "permutation entropy, order 5, 200,000 samples",
            "ordpy",
            lambda: ordpy.permutation_entropy(noise, dx=5),
            lambda: permutation_entropy(noise, order=5),
        ),
        Case(
            "weighted permutation entropy, order 5, 200,000 samples",
            "ordpy",
            lambda: ordpy.weighted_permutation_entropy(noise, dx=5),
            lambda: permutation_entropy(noise, order=5, weighted=True),
        ),
        Case(
            "sample entropy, 4,000 samples",
            "antropy (numba)",
            lambda: antropy.sample_entropy(short),
            lambda: sample_entropy(short),
        ),
        Case(
            "sample entropy, 4,000 samples",
            "nolds.sampen",
            lambda: nolds.sampen(short, emb_dim=2, tolerance=0.2 * short.std()),
            lambda: sample_entropy(short),
        ),
        Case(
            "Lempel-Ziv complexity, 50,000 symbols",
            "antropy (numba)",
            lambda: antropy.lziv_complexity(symbols, normalize=True),
            lambda: lempel_ziv_complexity(symbols),
        ),
        Case(
            "bifurcation diagram, logistic map, 1,000 values x (1,000 + 1,000) iterates",
            "NumPy, side by side",
            lambda: numpy_sweep(sweep, 1_000),
            lambda: float(bifurcation_diagram(law, "r", sweep, points=1_000, initial=[0.3]).points()[:, 1].mean()),
        ),
    ]


def cpu_seconds(work: Callable[[], float]) -> tuple[float, float]:
    """The answer, and the median CPU time of a warm call (of one call alone, where it takes over two seconds)."""
    begun = time.process_time()
    answer = work()
    taken = [time.process_time() - begun]
    if taken[0] > 10:
        return answer, taken[0]
    taken = []
    while len(taken) < 5 and sum(taken) < 2:
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return answer, statistics.median(taken)


def main() -> None:
    """Run every case and print the table."""
    print(f"{'measurement':76} {'peer':20} {'peer s':>9} {'ours s':>9} {'ratio':>8}   {'answers'}")
    ratios = []
    for case in cases():
        theirs, their_time = cpu_seconds(case.theirs)
        ours, our_time = cpu_seconds(case.ours)
        ratios.append(their_time / our_time)
        row = f"{case.name:76} {case.peer:20} {their_time:9.4f} {our_time:9.4f} {ratios[-1]:8.1f}"
        print(f"{row}   {theirs:.5f} {ours:.5f}")
    print(f"median ratio {statistics.median(ratios):.1f}")


if __name__ == "__main__":
    main()
