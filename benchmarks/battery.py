"""How much CPU does a battery's discharge cost here and in PyBaMM, and what does each rung of surrogates err?"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import importlib.util  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402

from inscape.analysis.calibration import calibrate  # noqa: E402
from inscape.analysis.calibration.curve_model import CurveModel  # noqa: E402
from inscape.models.operator_surrogate import ChebyshevSurrogate, choose_surrogate  # noqa: E402
from inscape.models.operator_surrogate.rungs import errors_mV, exact_curves  # noqa: E402
from inscape.systems.battery import FullModel, SingleParticle, nmc_graphite  # noqa: E402
from inscape.systems.battery.box import draw_from_box  # noqa: E402

TIMES = np.linspace(0.0, 3000.0, 136)
BOX = {"i0_a": (0.5, 4.0), "ds_c": (1.0, 10.0)}


def cpu(call: Callable[[], Any], repeats: int = 3) -> float:
    """Least CPU seconds of a call."""
    spent = []
    for _ in range(repeats):
        began = time.process_time()
        call()
        spent.append(time.process_time() - began)
    return min(spent)


def solvers() -> None:
    """Chen2020 at 1C, 136 voltages: PyBaMM with its inputs as one list, ours on several meshes."""
    rows = np.random.default_rng(0).uniform(0.7, 1.4, (200, 2))
    named = {"i0_a": rows[:, 0], "ds_c": rows[:, 1]}
    theirs = {}
    for model in ("SPM", "SPMe", "DFN"):
        peer = FullModel("Chen2020", tuple(named), TIMES, model=model)
        few = rows if model == "SPM" else rows[:40]
        peer(few[:2])
        theirs[model] = cpu(lambda peer=peer, few=few: peer(few), 1) / len(few)
        print(f"PyBaMM {model:22} {1e6 * theirs[model]:9.1f} us a curve")
    fine = SingleParticle.from_pybamm("Chen2020", shells=100, longest_step=1.0).voltages(
        {n: v[:10] for n, v in named.items()}, TIMES
    )
    for shells, step in ((8, 30.0), (10, 12.0), (16, 10.0), (32, 5.0)):
        model = SingleParticle.from_pybamm("Chen2020", shells=shells, longest_step=step)
        model.voltages(named, TIMES)
        ours = cpu(lambda model=model: model.voltages(named, TIMES)) / len(rows)
        error = errors_mV(model.voltages(named, TIMES)[:10], fine, TIMES)[0]
        print(
            f"inscape, {shells:2} shells, {step:3.0f} s     {1e6 * ours:9.1f} us a curve, {error:.4f} mV mean error, "
            f"{theirs['SPM'] / ours:.1f} times less than PyBaMM's SPM"
        )
    print("how it grows (16 shells, 10 s):")
    model = SingleParticle.from_pybamm("Chen2020", shells=16, longest_step=10.0)
    for count in (10, 100, 1000, 4000):
        some = np.random.default_rng(1).uniform(0.7, 1.4, (count, 2))
        both = {"ds_a": some[:, 0], "ds_c": some[:, 1]}
        spent = cpu(lambda b=both: model.voltages(b, TIMES), 2) / count
        print(f"  {count:5} curves, both electrodes differ: {1e6 * spent:7.1f} us each")


def rungs() -> None:
    """The paper's box: error and cost of every rung."""
    cell = SingleParticle(nmc_graphite(), c_rate=2)
    for row in choose_surrogate(cell, BOX, 0.02, tests=100, with_network=True).rows():
        print(
            f"{row['rung']:24} {row['us a curve']:9.1f} us, {row['mean mV']:9.5f} mV mean, "
            f"{row['max mV after 30 s']:9.4f} mV at most after 30 s{' <- chosen' if row['chosen'] else ''}"
        )


def calibration() -> None:
    """25,000 likelihoods of 100 voltages, and a whole posterior."""
    cell = SingleParticle(nmc_graphite(), c_rate=2)
    times = np.linspace(10.0, 1350.0, 100)
    surrogate = ChebyshevSurrogate(cell, BOX, times, terms=6)
    truth = exact_curves(cell, BOX, np.array([[2.0, 2.0]]), times)[0]
    observed = truth + 3e-3 * np.random.default_rng(0).standard_normal(100)
    target = CurveModel(surrogate, observed, 3e-3)
    rows = draw_from_box(BOX, 25_000, 0)
    for name, model in (
        ("Chebyshev", target),
        ("solver", CurveModel(cell.forward(tuple(BOX), times), observed, 3e-3, tuple(BOX), BOX)),
    ):
        spent = cpu(
            lambda model=model: [model.log_likelihood(rows[k : k + 2048]) for k in range(0, len(rows), 2048)], 2
        )
        print(f"25,000 likelihoods by {name:10} {spent:7.3f} CPU-s")
    began = time.process_time()
    found = calibrate(surrogate, observed, sigma=3e-3)
    print(
        f"posterior on a grid of 25,000: {time.process_time() - began:.3f} CPU-s, "
        + ", ".join(f"{n} {found.means[n]:.3f} +- {found.sigmas[n]:.3f}" for n in found.names)
    )


def main() -> None:
    if importlib.util.find_spec("pybamm") is None:
        print("pybamm is not installed: pip install 'inscape[battery]'")
    else:
        solvers()
    rungs()
    calibration()


if __name__ == "__main__":
    main()
