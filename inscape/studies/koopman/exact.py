"""Bars 1, 3, 5 and 7: measures known in closed form, bands of residuals, and what it all costs."""

from __future__ import annotations

import numpy as np

from inscape.errors import MissingExtraError
from inscape.studies.koopman import coverage, doubling, measures, speed
from inscape.studies.koopman.figures import cat_map_rates
from inscape.studies.lab import Lab, bootstrap_interval
from inscape.studies.paper import Findings, Measured, Table


def known_measures(lab: Lab, findings: Findings) -> None:
    """Bars 1 and 3, and the maps and the pendulum beside them."""
    orders = lab.choose(smoke=[3, 10], desk=[1, 3, 10, 40, 100], paper=[1, 3, 10, 40, 100, 250])
    found = lab.step("doubling map", doubling.worst_difference, orders)
    setting = f"Fourier modes up to wavenumber {orders[-1]}, 56 points"
    findings.measured["doubling_exact"] = Measured(found["difference"], setting=setting)
    findings.measured["doubling_false"] = Measured(found["false_residual"], setting=setting)
    size = lab.choose(smoke=100, desk=400, paper=1000)
    rates = lab.step("cat map", measures.cat_rates, size)
    low, high = measures.WIDTHS[1], measures.WIDTHS[0]
    for order, rate in rates["rates"].items():
        findings.measured[f"rate_{order}"] = Measured(rate, setting=f"N = {size}, widths {high} and {low}")
    findings.measured["automatic"] = Measured(
        rates["automatic"], setting=f"N = {size}; width {rates['epsilon']:.3g}, order {rates['order']} were chosen"
    )
    findings.notes += (
        f"Cat map: the weights of the observable fall as {measures.DECAY:g}^|j| along an orbit of wave vectors. "
        "The error is eps^m log(1 / eps); where they fall as 0.3^|j|, the rates at these widths and N = 400 are still "
        "0.92, 1.86, 3.75 and 5.63.",
    )
    widths = list(np.geomspace(0.5, 0.03, lab.choose(smoke=3, desk=10, paper=20)))
    items = [{"size": size, "widths": widths, "order": m} for m in measures.ORDERS]
    curves = lab.parallel_map(measures.cat_curve, items, label="rates on the cat map")
    findings.figures["cat map"] = cat_map_rates(
        widths, {m: c["errors"] for m, c in zip(measures.ORDERS, curves, strict=True)}, rates, size
    )
    chains = {n: lab.step("chains", measures.chain_error, n, 10, 2**12) for n in ("doubling", "tent")}
    findings.measured["own_bound"] = Measured(
        max(c["error"] / c["bound"] for c in chains.values()), setting="10 observables along a chain, 4,096 points"
    )
    rotation = lab.step("rotation", measures.rotation_error, 5, 1000, lab.seed)
    plan = lab.choose(
        smoke={"side": 20, "size": 20, "order": 2, "epsilon": 0.5},
        desk={"side": 100, "size": 100, "order": 6, "epsilon": 0.1},
        paper={"side": 500, "size": 300, "order": 6, "epsilon": 0.05},
    )
    swing = lab.step("pendulum", measures.pendulum, plan)
    findings.measured["pendulum_routes"] = Measured(
        swing["difference"], setting=f"{plan['side']} x {plan['side']} points, N = {plan['size']}, off the atom at 0"
    )
    findings.tables["measures"] = Table(
        "Spectral measures of maps that are known",
        (
            *(
                {"map": n, "sup error, share of the largest density": c["error"], "error stated": c["bound"]}
                for n, c in chains.items()
            ),
            {
                "map": "rotation by the golden mean: largest error of 11 eigenvalues",
                "sup error, share of the largest density": rotation,
            },
        ),
    )


def bands(lab: Lab, findings: Findings) -> None:
    """Bar 7."""
    repeats = lab.choose(smoke=4, desk=200, paper=1000)
    plan = {"runs": 40, "steps": 50, "order": 2}
    items = [{**plan, "seed": s % 2**31} for s in lab.seeds(repeats, "coverage")]
    found = lab.parallel_map(coverage.covered, items, label="coverage of bands")
    held = [100 * f["held"] for f in found]
    low, high = bootstrap_interval(held, np.mean)
    findings.measured["coverage"] = Measured(
        float(np.mean(held)), low, high, f"cat map, 24 eigenvalues, {repeats} repeats of 40 runs of 50 steps"
    )


def costs(lab: Lab, findings: Findings) -> None:
    """Bar 5."""
    # One at a time, and last: two timings side by side would share a core's caches.
    plan = lab.choose(
        smoke={"size": 60, "starts": 300, "columns": 12, "rows": 6},
        desk={"size": 400, "starts": 4000, "columns": 71, "rows": 32},
        paper={"size": 400, "starts": 10_000, "columns": 71, "rows": 32},
    )
    found = lab.step("speed of the plane", speed.plane_speed, {**plan, "seed": lab.seed})
    findings.measured["speed_plane"] = Measured(
        found["theirs"] / found["ours"],
        setting=f"N = {plan['size']}, {plan['columns'] * plan['rows']} points, "
        f"{int(found['evaluations'])} evaluated; CPU time",
    )
    try:
        fit = lab.step(
            "speed of a fit", speed.fit_speed, {"size": lab.choose(smoke=60, desk=400, paper=400), "seed": 0}
        )
    except MissingExtraError as error:
        findings.measured["speed_fit"] = Measured(None, setting=str(error))
    else:
        findings.measured["speed_fit"] = Measured(
            fit["ours"] / fit["theirs"],
            setting=f"Gaussian kernel, {1e3 * fit['ours']:.0f} ms against {1e3 * fit['theirs']:.0f} ms of CPU time",
        )
