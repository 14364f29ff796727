"""How much CPU does a battery's discharge cost here and in PyBaMM, a fit here and in PyBOP, and what do surrogates err?

The peers: pip install 'inscape[battery]' pybop
"""

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


def fitting() -> None:
    """Two diffusivities from a noisy discharge of a fine PyBaMM model: PyBOP's optimum and chains, our posterior."""
    import pybamm
    import pybop

    truth, sigma, box = {"ds_a": 1.2, "ds_c": 0.8}, 2e-3, {"ds_a": (0.3, 3.0), "ds_c": (0.3, 3.0)}
    fine = FullModel("Chen2020", tuple(truth), TIMES, model="SPM", radial_points=200)
    observed = fine(np.array([list(truth.values())]))[0] + sigma * np.random.default_rng(0).standard_normal(len(TIMES))
    entries = {"ds_a": "Negative particle diffusivity [m2.s-1]", "ds_c": "Positive particle diffusivity [m2.s-1]"}
    values = pybamm.ParameterValues("Chen2020")
    nominal = {name: float(values[entry]) for name, entry in entries.items()}
    current = np.full(len(TIMES), float(values["Nominal cell capacity [A.h]"]))
    data = pybop.Dataset({"Time [s]": TIMES, "Current [A]": current, "Voltage [V]": observed})
    values["Lower voltage cut-off [V]"] = 1.0
    for name, (low, high) in box.items():
        values[entries[name]] = pybop.Parameter(
            distribution=pybop.Uniform(low * nominal[name], high * nominal[name]),
            initial_value=nominal[name],
            transformation=pybop.ScaledTransformation(coefficient=1.0 / nominal[name]),
        )
    simulator = pybop.pybamm.Simulator(pybamm.lithium_ion.SPM(), parameter_values=values, protocol=data)
    unit = np.array(list(nominal.values()))

    def tell(who: str, spent: float, mean: Any, spread: Any = None) -> None:
        told = ", ".join(
            f"{name} {m:.3f}" + ("" if spread is None else f" +- {s:.3f}") + f" (true {truth[name]})"
            for name, m, s in zip(truth, mean, mean if spread is None else spread, strict=True)
        )
        print(f"{who:42} {spent:7.3f} CPU-s: {told}")

    began = time.process_time()
    optimum = pybop.CMAES(
        pybop.Problem(simulator, pybop.SumSquaredError(data)), options=pybop.PintsOptions(max_iterations=100)
    ).run()
    tell("PyBOP, CMA-ES, one point", time.process_time() - began, optimum.x / unit)
    likelihood = pybop.GaussianLogLikelihoodKnownSigma(data, sigma=sigma)
    options = pybop.PintsSamplerOptions(n_chains=2, max_iterations=1000, warm_up_iterations=250, log_to_screen=False)
    began = time.process_time()
    chains = pybop.HaarioBardenetACMC(pybop.LogPosterior(simulator, likelihood), options=options).run().chains
    theirs = time.process_time() - began
    draws = np.concatenate([np.asarray(chain) for chain in chains]) / unit
    tell("PyBOP, 2 chains of 1,000", theirs, draws.mean(axis=0), draws.std(axis=0))
    cell = SingleParticle.from_pybamm("Chen2020", shells=32, longest_step=5.0)
    model = cell.forward(tuple(box), TIMES)
    model(np.ones((2, 2)))
    began = time.process_time()
    found = calibrate(model, observed, sigma=sigma, prior=box, names=tuple(box))
    ours = time.process_time() - began
    tell("inscape, posterior on a grid of 25,000", ours, found.means.values(), found.sigmas.values())
    print(f"a posterior costs {theirs / ours:.1f} times less here than PyBOP's chains")


def main() -> None:
    if importlib.util.find_spec("pybamm") is None:
        print("pybamm is not installed: pip install 'inscape[battery]'")
    else:
        solvers()
        if importlib.util.find_spec("pybop") is None:
            print("pybop is not installed, its fits are left out: pip install pybop")
        else:
            fitting()
    rungs()
    calibration()


if __name__ == "__main__":
    main()
