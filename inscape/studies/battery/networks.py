"""The networks of study 12: what each arm is, its training (kept, and taken up where it stopped), its errors.

Trainings of minutes come with the package as checkpoints. They were made by, and are prolonged by:

    python -m inscape.studies.battery.networks --seconds 180
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from inscape.models.operator_surrogate.profiles import ProfileFormula
from inscape.models.operator_surrogate.rungs import errors_mV, exact_curves
from inscape.models.pinn import HierarchicalPINN, Level
from inscape.single_thread import single_thread
from inscape.studies.battery.claims import BOX, C_RATE, SLOW
from inscape.systems.battery import SingleParticle, nmc_graphite
from inscape.systems.battery.box import draw_from_box

SHIPPED = Path(__file__).parent / "checkpoints"
BOXES: Mapping[str, Mapping[str, tuple[float, float]]] = {"paper": BOX, "slow": SLOW}
_GENTLE = {"diffusion": 1.0, "flux": 3.0}
_TUNED = {"levels": ("plain", "net"), "tau": 300.0, "loss_weights": _GENTLE}
REFERENCE = {"i0_a": 0.5, "ds_c": 1.0}
ARMS: Mapping[str, Mapping[str, Any]] = {
    "published": {"levels": ("plain", "net"), "coordinate": "r", "potentials": "learned", "tau": 1.0},
    "tuned": _TUNED,
    "net on net": _TUNED | {"levels": ("plain", Level(reference=REFERENCE, share=0.5), Level(share=0.5))},
    "mean": {"levels": ("mean", "net")},
    "formula": {"levels": ("modes", "net")},
    "mean, Gauss-Newton": {"levels": ("mean", "net"), "finish": "gauss-newton"},
    "formula, Gauss-Newton": {"levels": ("modes", "net"), "finish": "gauss-newton"},
}
PLAIN = ("published", "tuned")
BESIDE = ("net on net", "mean, Gauss-Newton", "formula, Gauss-Newton")
"""Arms that no bound stands on: trained with one seed."""
IN_BOX: Mapping[str, tuple[str, ...]] = {
    "paper": ("published", "tuned", "net on net", "mean", "formula", "mean, Gauss-Newton"),
    "slow": ("tuned", "mean", "formula", "formula, Gauss-Newton"),
}


def trainings(seeds: int) -> list[tuple[str, str, int]]:
    """Box, arm and seed of every training, those with bounds first."""
    every = [(box, arm, seed) for seed in range(seeds) for box in BOXES for arm in IN_BOX[box]]
    return [t for t in every if t[1] not in BESIDE] + [t for t in every if t[1] in BESIDE and t[2] == 0]


def network(
    arm: str, box: str, seed: int, seconds: float, checkpoint: Path | None = None, most_steps: int | None = None
) -> HierarchicalPINN:
    """An arm's network, not yet trained."""
    cell = SingleParticle(nmc_graphite(), c_rate=C_RATE)
    return HierarchicalPINN(
        cell, BOXES[box], budget=seconds, seed=seed, checkpoint=checkpoint, most_steps=most_steps, **ARMS[arm]
    )


def checkpoint_of(arm: str, box: str, seed: int) -> Path:
    """Where the training of an arm is kept."""
    return SHIPPED / f"{box}-{arm.replace(', ', '-').replace(' ', '-').lower()}-{seed}.npz"


def trained(item: Mapping[str, Any]) -> dict[str, Any]:
    """Errors of a trained network, before and after, over test curves of its box.

    item : "arm", "box", "seed", "seconds", "tests", "shipped" (take the package's checkpoint where there is one),
        "most_steps".
    """
    kept = checkpoint_of(item["arm"], item["box"], item["seed"])
    is_shipped = bool(item["shipped"]) and kept.is_file()
    model = network(item["arm"], item["box"], item["seed"], item["seconds"], None, item.get("most_steps"))
    rows = draw_from_box(model.box, item["tests"], 12)
    cell = model.cell
    truth = exact_curves(cell, model.box, rows, model.times)
    untrained = errors_mV(model(rows), truth, model.times)
    with single_thread():
        if is_shipped:
            # What was kept is taken as it is, however long it was trained.
            model = network(item["arm"], item["box"], item["seed"], 1e-9, kept)
        model.fit()
    found = model(rows)
    mean, largest, settled = errors_mV(found, truth, model.times)
    points = np.array([[2.0, 2.0]]) if item["box"] == "paper" else np.array([[2.0, 0.4]])
    return {
        "arm": item["arm"],
        "box": item["box"],
        "seed": item["seed"],
        "untrained": untrained[0],
        "mean": mean,
        "max": largest,
        "settled": settled,
        "seconds": model.seconds_,
        "shipped": is_shipped,
        "history": [list(map(list, level)) for level in model.history_],
        "lithium": _lithium_lost(model, rows[:20]),
        "error_at_truth": (model(points) - exact_curves(cell, model.box, points, model.times))[0],
        "profile": model.profiles(points, np.linspace(0, 1, 41))[1][0, -1],
    }


def _lithium_lost(model: HierarchicalPINN, rows: np.ndarray) -> float:
    """Largest departure of the cathode's mean stoichiometry from the charge that has passed, at the end."""
    from inscape.models.pinn.constraints import volume_nodes

    squared, weight = volume_nodes()
    found = model.profiles(rows, np.sqrt(squared))[1][:, -1] @ weight
    named = dict(zip(model.names, rows.T, strict=True))
    exact = model.cell.mean_stoichiometries(named, model.times)[1][:, -1]
    return float(np.abs(found - exact).max())


def formula_errors(box: str, tests: int) -> dict[str, float]:
    """Mean voltage error (mV) of the untrained formulas in a box."""
    cell = SingleParticle(nmc_graphite(), c_rate=C_RATE)
    at = np.arange(0.0, 1351.0, 10.0)
    rows = draw_from_box(BOXES[box], tests, 12)
    truth = exact_curves(cell, BOXES[box], rows, at)
    return {
        shape: errors_mV(ProfileFormula(cell, BOXES[box], at, shape=shape)(rows), truth, at)[0]
        for shape in ("parabola", "quartic", "eigenmodes")
    }


def main() -> None:
    """Train every arm for so many CPU seconds, or go on until it has them; prints each arm's errors."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--box", choices=tuple(BOXES), default=None)
    parser.add_argument("--arm", choices=tuple(ARMS), default=None)
    parser.add_argument("--part", default="0/1", help="k/n: only every n-th training, from the k-th on")
    given = parser.parse_args()
    first, parts = map(int, given.part.split("/"))
    wanted = [
        (box, arm, seed)
        for box, arm, seed in trainings(given.seeds)
        if given.box in (None, box) and given.arm in (None, arm)
    ]
    for box, arm, seed in wanted[first::parts]:
        model = network(arm, box, seed, given.seconds, checkpoint_of(arm, box, seed)).fit()
        rows = draw_from_box(model.box, 100, 12)
        mean, largest, _ = errors_mV(model(rows), exact_curves(model.cell, model.box, rows, model.times), model.times)
        print(
            f"{box:6} {arm:24} seed {seed}: {model.seconds_:6.1f} s, {mean:9.4f} mV mean, {largest:9.3f} mV max",
            flush=True,
        )


if __name__ == "__main__":
    main()
