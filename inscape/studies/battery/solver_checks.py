"""The solver against a finer one and against PyBaMM; the rungs of the paper's box; any current."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from inscape.models.operator_surrogate import OperatorNet, ProfileFormula, choose_surrogate
from inscape.models.operator_surrogate.operator_net import random_current
from inscape.models.operator_surrogate.rungs import errors_mV, exact_curves
from inscape.single_thread import single_thread
from inscape.studies.battery.claims import BOX, C_RATE
from inscape.studies.battery.networks import BOXES
from inscape.systems.battery import FullModel, SingleParticle, nmc_graphite
from inscape.systems.battery.box import draw_from_box
from inscape.systems.battery.drive import Drive

TIMES = np.arange(0.0, 1351.0, 10.0)
CHEN_TIMES = np.arange(0.0, 3001.0, 30.0)


def refinement(item: Mapping[str, Any]) -> dict[str, float]:
    """Bar 1: 32 shells and 5 s against `shells` and `step`, on `tests` curves of the paper's box."""
    cell = nmc_graphite()
    rows = draw_from_box(BOX, item["tests"], 1)
    named = dict(zip(BOX, rows.T, strict=True))
    coarse = SingleParticle(cell, c_rate=C_RATE, shells=32, longest_step=5.0).voltages(named, TIMES)
    fine = SingleParticle(cell, c_rate=C_RATE, shells=item["shells"], longest_step=item["step"]).voltages(named, TIMES)
    mean, largest, _ = errors_mV(coarse, fine, TIMES)
    return {"mean": mean, "max": largest}


def against_pybamm(item: Mapping[str, Any]) -> dict[str, Any]:
    """Bars 1 and 2: voltages of Chen2020 against a refined PyBaMM, and CPU of a curve by each on one thread.

    item : "radial" points of the refined mesh, "curves" to time.
    """
    if importlib.util.find_spec("pybamm") is None:
        return {"difference": None, "own_mesh": None, "ratio": None}
    ours = SingleParticle.from_pybamm("Chen2020", shells=32, longest_step=5.0).voltages({}, CHEN_TIMES)[0]
    places = np.searchsorted(CHEN_TIMES, [600.0, 1200.0, 1800.0])
    apart = {}
    for points in (None, item["radial"]):
        model = FullModel("Chen2020", ("i0_a", "ds_c"), CHEN_TIMES, model="SPM", radial_points=points)
        apart[points] = float(1e3 * np.abs(model(np.ones((1, 2)))[0] - ours)[places].max())
    with single_thread():
        timed = np.linspace(0.0, 3000.0, 136)
        peer = FullModel("Chen2020", ("i0_a", "ds_c"), timed, model="SPM")
        rows = np.random.default_rng(0).uniform(0.7, 1.4, (item["curves"], 2))
        peer(rows[:2])
        before = peer.cpu_seconds
        peer(rows)
        theirs = (peer.cpu_seconds - before) / len(rows)
        solver = SingleParticle.from_pybamm("Chen2020", shells=10, longest_step=12.0)
        named = {"i0_a": rows[:, 0], "ds_c": rows[:, 1]}
        solver.voltages({n: v[:2] for n, v in named.items()}, timed)
        began = time.process_time()
        found = solver.voltages(named, timed)
        mine = (time.process_time() - began) / len(rows)
    few = {n: v[:8] for n, v in named.items()}
    fine = SingleParticle(solver.cell, shells=100, longest_step=1.0).voltages(few, timed)
    return {
        "difference": apart[item["radial"]],
        "own_mesh": apart[None],
        "theirs": theirs,
        "ours": mine,
        "ratio": theirs / mine,
        "error": errors_mV(found[:8], fine, timed)[0],
    }


def rung_table(item: Mapping[str, Any]) -> dict[str, Any]:
    """Bar 4: every rung of a box with error and cost; the PINN's row is added by the study."""
    cell = SingleParticle(nmc_graphite(), c_rate=C_RATE)
    with single_thread():
        rungs = choose_surrogate(
            cell, BOXES[item["box"]], item["tolerance"], tests=item["tests"], with_network=item["with_network"]
        )
    chosen = rungs.chosen
    return {
        "rows": rungs.rows(),
        "chosen": chosen.name,
        "mean": chosen.mean_error,
        "settled": chosen.settled_error,
        "cost": chosen.microseconds,
    }


def any_current(item: Mapping[str, Any]) -> dict[str, Any]:
    """Operator network and linear memory under random currents that the network has not seen, slow box.

    item : "runs" to learn from, "drives" to test on, "tests" curves a drive.
    """
    cell = SingleParticle(nmc_graphite(), c_rate=C_RATE)
    box = BOXES["slow"]
    net = OperatorNet(cell, box, TIMES).fit(runs=item["runs"])
    formula, learned, shown = [], [], None
    for drive_seed in range(item["drives"]):
        random = np.random.default_rng(1000 + drive_seed)
        profile = random_current(len(TIMES), 1.2 * C_RATE, random) * cell.cell.capacity
        drive = Drive(TIMES, profile, "previous")
        rows = draw_from_box(box, item["tests"], random)
        truth = exact_curves(cell, box, rows, TIMES, drive)
        memory = ProfileFormula(cell, box, TIMES, drive, shape="eigenmodes")(rows)
        ours = net.under(TIMES, drive)(rows)
        formula.append(errors_mV(memory, truth, TIMES)[0])
        learned.append(errors_mV(ours, truth, TIMES)[0])
        shown = shown or {
            "times": TIMES, "current": profile, "truth": truth[0], "memory": memory[0], "network": ours[0],
        }  # fmt: skip
    return {"formula": formula, "network": learned, "seconds": net.seconds_, "shown": shown}
