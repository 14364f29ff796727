"""What study 12 measures, with the bound on each number."""

from __future__ import annotations

from inscape.studies.paper import Claim, Paper

PAPER = Paper(
    "PINN surrogate of Li-ion battery models for parameter inference. Part I: Implementation and multi-fidelity "
    "hierarchies for the single-particle model",
    year=2024,
    authors="Hassanaly, Weddle, King, De, Doostan, Randall, Dufek, Colclasure, Smith",
    arxiv="2312.17329",
    doi="10.1016/j.est.2024.113103",
    venue="Journal of Energy Storage 98, 113103 (Part II: 113104, arXiv 2312.17336)",
)

BOX = {"i0_a": (0.5, 4.0), "ds_c": (1.0, 10.0)}
SLOW = {"i0_a": (0.5, 4.0), "ds_c": (0.15, 1.0)}
C_RATE = 2.0
NOISE = 3e-3
"""V."""

CLAIMS = (
    Claim(
        "hierarchy", "C1: voltage error of a physics-only network over that of one on a conserving level", unit="x",
        setting="the paper's own numbers could not be read", at_least=20,
    ),
    Claim("hierarchy_net", "C1 as published: the same for a network on a network at fixed parameters", unit="x"),
    Claim(
        "surrogate_spm", "C2: test error of the network on the exact mean, paper's box", paper=2, unit="mV",
        setting="Part II, single-particle model, about", at_most=2.5,
    ),
    Claim("hierarchy_slow", "C1 where diffusion is slow (factor 0.15 to 1): the same ratio", unit="x", at_least=4),
    Claim(
        "formula_slow", "Stretch: a network on the formula beats the formula's own 0.93 mV where diffusion is slow",
        unit="mV", at_most=0.93,
    ),
    Claim(
        "gauss_newton", "Beyond: the network on the exact mean finished by Gauss-Newton instead of L-BFGS", unit="mV",
    ),
    Claim("solver_mean", "Solver on 32 shells and 5 s against 400 shells and 0.25 s, mean", unit="mV", at_most=0.05),
    Claim("solver_max", "The same, largest (in the first seconds)", unit="mV", at_most=1.5),
    Claim(
        "solver_pybamm", "Solver against PyBaMM's single-particle model, Chen2020, at 600, 1,200 and 1,800 s",
        unit="mV", at_most=0.2,
    ),
    Claim(
        "solver_speed", "CPU of a curve by PyBaMM's single-particle model, inputs as one list, over ours", unit="x",
        at_least=10, is_timing=True,
    ),
    Claim("solver_speed_error", "Mean error of the solver where its speed is taken", unit="mV", at_most=0.15),
    Claim("rung_mean", "The chosen surrogate of the paper's box: mean error", unit="mV", at_most=0.02),
    Claim("rung_max", "The same: largest after 30 s", unit="mV", at_most=0.1),
    Claim("rung_cost", "The same: CPU of a curve of 136 voltages", unit="us", at_most=20, is_timing=True),
    Claim("posterior_means", "C4: posterior means with the chosen surrogate against the exact solver's, largest",
          unit="sigma", at_most=0.1),
    Claim("posterior_sigmas", "C4: posterior deviations, the same", unit="%", at_most=5),
    Claim("coverage", "C4: 68 % intervals that hold the truth (2, 2)", unit="%", at_least=50, at_most=86),
    Claim("likelihoods", "CPU of 25,000 likelihoods of 100 voltages", unit="s", at_most=0.5, is_timing=True),
    Claim("nuts", "C4: largest difference of NUTS from the grid, in means", unit="sigma"),
    Claim("fisher_i0_a", "Least deviation of i0_a at (2, 2), 3 mV, 100 voltages", at_least=1.067, at_most=1.133),
    Claim("fisher_ds_c", "The same of ds_c", at_least=0.2386, at_most=0.2534),
    Claim("fisher_correlation", "Their correlation", at_least=-0.9888, at_most=-0.9312),
    Claim("bias_of_2_mV", "Beyond: what a smooth 2 mV error of a surrogate moves i0_a by, median", unit="sigma"),
    Claim("bias_of_network", "Beyond: what the network of C2 moves a parameter by at (2, 2), the larger", unit="sigma"),
    Claim("full_error", "C2: test error of the surrogate of the pseudo-2D model", paper=10, unit="mV",
          setting="Part II, with little data, about", at_most=3),
    Claim("full_speed", "C3: CPU of PyBaMM's pseudo-2D model over that of its surrogate", paper=2250, unit="x",
          setting="Part II, against the standard integrator", at_least=500, is_timing=True),
    Claim("full_repaid", "C3 honestly: curves after which its training is repaid", unit="curves", is_timing=True),
    Claim("any_current", "Beyond: operator network under currents it has not seen, mean error", unit="mV"),
    Claim("any_current_formula", "Beyond: the same of its linear memory alone", unit="mV"),
)  # fmt: skip
