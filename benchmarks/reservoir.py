"""How fast are reservoirs: a plain run, an adapting run and a sweep, beside ReservoirPy, on one thread?"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import time
from collections.abc import Callable

import numpy as np

NODES, DEGREE = 500, 50
STEPS, ADAPTED, PLASTIC = 6_000, 4_000, 200
BALANCES = (-1.0, -0.7, -0.5, -0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3)
SCALES = (0.03, 0.1, 0.3, 1.0)


def cpu_seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Least processor time of some repeats: what other programs on the machine take does not count."""
    best = np.inf
    for _ in range(repeats):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best


def wall_seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def show(name: str, theirs: float, ours: float, unit: str) -> None:
    print(f"{name:46s} {theirs:12.4g} {ours:12.4g} {unit:10s} {theirs / ours:7.1f}x")


def main() -> None:
    import reservoirpy
    from reservoirpy.nodes import LocalPlasticityReservoir, Reservoir, Ridge

    from inscape.models.reservoir import adapt_inhibition, dale_network, design_inhibition
    from inscape.models.reservoir.sweep import sweep

    inputs = np.random.default_rng(0).uniform(-1, 1, (STEPS, 1))
    memory = np.concatenate([np.full((20, 20), np.nan), np.lib.stride_tricks.sliding_window_view(inputs[:-1, 0], 20)])
    network = dale_network(NODES, degree=DEGREE, seed=0)
    network.drive(inputs[:10])
    adapt_inhibition(network, inputs, 0.5, phases=((1e-3, 10),))
    print(f"ReservoirPy {reservoirpy.__version__}, {NODES} nodes, {DEGREE / NODES:.0%} density, one thread")
    print(f"{'':46s} {'theirs':>12s} {'ours':>12s} {'unit':10s}")

    peer = Reservoir(NODES, sr=0.9, rc_connectivity=DEGREE / NODES, seed=0)
    peer.run(inputs[:10])
    show(
        f"plain run of {STEPS} steps",
        cpu_seconds(lambda: peer.run(inputs)),
        cpu_seconds(lambda: network.drive(inputs)),
        "CPU-s",
    )

    plastic = LocalPlasticityReservoir(NODES, local_rule="oja", eta=1e-6, rc_connectivity=DEGREE / NODES, seed=0)
    plastic.fit(inputs[:5])
    theirs = cpu_seconds(lambda: plastic.fit(inputs[:PLASTIC]), repeats=1) / PLASTIC
    adapting = cpu_seconds(lambda: adapt_inhibition(network, inputs, 0.5))
    show("adapting, a step", 1e3 * theirs, 1e3 * adapting / ADAPTED, "CPU-ms")
    show(
        "designing in one step, against adapting",
        adapting,
        cpu_seconds(lambda: design_inhibition(network, 0.5)),
        "CPU-s",
    )

    settings = [(beta, scale) for beta in BALANCES for scale in SCALES]
    sample = settings[:: len(settings) // 5]

    def peers_sweep() -> None:
        for _, scale in sample:
            node = Reservoir(NODES, sr=0.9, rc_connectivity=DEGREE / NODES, input_scaling=scale, seed=0)
            model = node >> Ridge(ridge=1e-8)
            model.fit(inputs[:4_550], memory[:4_550], warmup=200)
            model.run(inputs[4_550:])

    def our_sweep(jobs: int) -> None:
        sweep(
            dale_network(NODES, degree=DEGREE, input_scale=1.0, seed=0), inputs, memory, balance=BALANCES,
            input_scale=SCALES, scale_of_network=1.0, jobs=jobs,
        )  # fmt: skip

    sweep(network, inputs[:400], memory[:400], balance=[0.0], input_scale=[0.1], scale_of_network=1.0, jobs=1)
    share = len(sample) / len(settings)
    work, waiting = cpu_seconds(peers_sweep, 1) / share, wall_seconds(peers_sweep) / share
    label = f"{len(settings)} settings with readouts"
    show(f"{label}, one worker", work, cpu_seconds(lambda: our_sweep(1), 1), "CPU-s")
    our_sweep(2)  # the workers start once
    show(f"{label}, two workers against a loop", waiting, wall_seconds(lambda: our_sweep(2)), "s")
    print(f"(their loop is measured on {len(sample)} of the settings, one penalty each; ours tries every penalty)")


if __name__ == "__main__":
    main()
