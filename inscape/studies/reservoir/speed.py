"""What adaptation, a plain run and a sweep cost, beside ReservoirPy on the same sizes."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from inscape.models.reservoir import adapt_inhibition, dale_network, design_inhibition
from inscape.models.reservoir import sweep as side_by_side
from inscape.single_thread import single_thread
from inscape.studies.reservoir.tasks import WASHOUT
from inscape.systems import narma

REPEATS = 3
PENALTY = np.array([1e-8])


def adaptation(item: Mapping[str, Any]) -> dict[str, float | None]:
    """CPU seconds a step: our adaptation, ReservoirPy's local plasticity, and the share that the one-step design takes.

    item : "nodes", "degree" (10 % density), "steps", "their_steps", "with_reservoirpy".
    """
    network = dale_network(item["nodes"], degree=item["degree"], seed=0)
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, item["steps"])
    phases = ((3e-3, item["steps"] * 3 // 4), (3e-4, item["steps"] // 4))
    adapt_inhibition(network, noise[:50], phases=((3e-3, 50),))  # Compiled once, outside the clock.
    ours = _seconds(lambda: adapt_inhibition(network, noise, phases=phases))
    design = _seconds(lambda: design_inhibition(network, 0.5, 0.0))
    theirs = None
    if item["with_reservoirpy"] and importlib.util.find_spec("reservoirpy"):
        from reservoirpy.nodes import LocalPlasticityReservoir

        def plasticity() -> None:
            node = LocalPlasticityReservoir(
                units=item["nodes"], rc_connectivity=item["degree"] / item["nodes"], local_rule="oja", seed=0
            )
            node.fit(noise[: item["their_steps"], None])

        theirs = _seconds(plasticity, repeats=1) / item["their_steps"]
    per_step = ours / item["steps"]
    return {
        "ours": per_step,
        "theirs": theirs,
        "ratio": None if theirs is None else theirs / per_step,
        "design_share": 100.0 * design / ours,
    }


def plain_run(item: Mapping[str, Any]) -> dict[str, float | None]:
    """CPU seconds of a run of `steps` samples, ours and ReservoirPy's sparse reservoir of equal size and density."""
    network = dale_network(item["nodes"], degree=item["degree"], seed=0)
    noise = np.random.default_rng(0).uniform(-1.0, 1.0, item["steps"])
    network.drive(noise[:50])
    ours = _seconds(lambda: network.drive(noise))
    theirs = None
    if item["with_reservoirpy"] and importlib.util.find_spec("reservoirpy"):
        from reservoirpy.nodes import Reservoir

        node = Reservoir(item["nodes"], rc_connectivity=item["degree"] / item["nodes"], seed=0)
        node.run(noise[:50, None])
        theirs = _seconds(lambda: node.run(noise[:, None]))
    return {"ours": ours, "theirs": theirs, "ratio": None if theirs is None else theirs / ours}


def sweep(item: Mapping[str, Any]) -> dict[str, float | None]:
    """Wall seconds of a sweep over `settings` balances on NARMA-10: ours on two workers, ReservoirPy's loop on one.

    The loop runs and fits a reservoir of the same size for as many spectral radii.
    """
    run = narma(item["steps"], seed=0)
    assert run.inputs is not None
    network = dale_network(item["nodes"], degree=item["degree"], seed=0)
    driven, answers = run.inputs, run.states
    balances = np.linspace(-2.0, 0.5, item["settings"])

    def ours_over(tried: np.ndarray) -> float:
        began = time.perf_counter()
        side_by_side.sweep(
            network,
            driven,
            answers,
            balance=tried.tolist(),
            input_scale=[0.1],
            scale_of_network=0.1,
            penalties=PENALTY,
            jobs=2,
        )
        return time.perf_counter() - began

    ours_over(balances[:16])  # Workers started and code compiled outside the clock.
    ours = ours_over(balances)
    if not (item["with_reservoirpy"] and importlib.util.find_spec("reservoirpy")):
        return {"ours": ours, "theirs": None, "ratio": None}
    from reservoirpy.nodes import Reservoir, Ridge

    cut = item["steps"] * 2 // 3
    began = time.perf_counter()
    with single_thread():
        for radius in np.linspace(0.1, 1.5, item["settings"]):
            node = Reservoir(item["nodes"], sr=float(radius), rc_connectivity=item["degree"] / item["nodes"], seed=0)
            states = node.run(driven)
            readout = Ridge(ridge=float(PENALTY[0])).fit(states[WASHOUT:cut], answers[WASHOUT:cut])
            readout.run(states[cut:])
    theirs = time.perf_counter() - began
    return {"ours": ours, "theirs": theirs, "ratio": theirs / ours}


def _seconds(work: Callable[[], Any], repeats: int = REPEATS) -> float:
    """The shortest of a few runs, in CPU seconds of this process."""
    with single_thread():
        found = []
        for _ in range(repeats):
            began = time.process_time()
            work()
            found.append(time.process_time() - began)
    return min(found)
