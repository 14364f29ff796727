"""`choose_surrogate`: the cheapest model that keeps to an error, formula and solver among the candidates."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.operator_surrogate.boxed import Boxed, Outside
from inscape.models.operator_surrogate.chebyshev import ChebyshevSurrogate
from inscape.models.operator_surrogate.operator_net import OperatorNet
from inscape.models.operator_surrogate.profiles import ProfileFormula
from inscape.systems.battery.box import draw_from_box
from inscape.systems.battery.single_particle import SingleParticle

SETTLED = 30.0
"""Errors of the first seconds, where a current has just jumped, are told apart from those after it (s)."""
BATCH = 256


class Solver(Boxed):
    """The solver itself as a rung, on a mesh of its own."""

    def __init__(self, cell: SingleParticle, box: Mapping[str, tuple[float, float]], times: Any, current: Any,
                 outside: Outside = "refuse"):  # fmt: skip
        super().__init__(box, times, outside)
        self.cell = cell
        self.current = current

    def _curves(self, rows: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        return self.cell.voltages(dict(zip(self.names, rows.T, strict=True)), self.times, self.current)


@dataclass(frozen=True, eq=False)
class Rung:
    """One candidate.

    Parameters
    ----------
    name : what it is.
    model : (run, parameter) to (run, time) V.
    mean_error, largest_error, settled_error : mean and largest absolute error on test curves, and the largest after
        30 s, all in mV.
    microseconds : of CPU for a curve, in batches of 256.
    training_seconds : of CPU before the first curve.
    """

    name: str
    model: Callable[[np.ndarray], np.ndarray]
    mean_error: float
    largest_error: float
    settled_error: float
    microseconds: float
    training_seconds: float


@dataclass(frozen=True, eq=False)
class Rungs:
    """The candidates, cheapest first, and the one that is chosen.

    Parameters
    ----------
    rungs : all of them.
    tolerance : mean error that was asked for, mV.
    """

    rungs: tuple[Rung, ...]
    tolerance: float

    @property
    def chosen(self) -> Rung:
        """The cheapest that keeps to the tolerance; the most exact if none does."""
        good = [r for r in self.rungs if r.mean_error <= self.tolerance]
        return min(good, key=lambda r: r.microseconds) if good else min(self.rungs, key=lambda r: r.mean_error)

    @property
    def best(self) -> Any:
        """The chosen model."""
        return self.chosen.model

    def rows(self) -> list[dict[str, Any]]:
        """A row for each rung."""
        return [
            {
                "rung": r.name,
                "mean mV": r.mean_error,
                "max mV": r.largest_error,
                "max mV after 30 s": r.settled_error,
                "us a curve": r.microseconds,
                "training s": r.training_seconds,
                "chosen": r is self.chosen,
            }
            for r in self.rungs
        ]


def choose_surrogate(
    cell: SingleParticle,
    box: Mapping[str, tuple[float, float]],
    tolerance_mV: float = 0.1,
    *,
    times: Any = None,
    current: Any = None,
    others: Mapping[str, Callable[[np.ndarray], np.ndarray]] | None = None,
    with_network: bool = False,
    tests: int = 100,
    seed: int | np.random.Generator | None = 0,
) -> Rungs:
    """Build the candidates, measure each against a fine solution, and choose the cheapest that is good enough.

    Parameters
    ----------
    cell, box : the model, and (lowest, highest) by name.
    tolerance_mV : mean absolute error of a curve that is allowed.
    times : (time,) s; every 10 s of 1,350 s at 2C, and as much charge at another rate, if None.
    current : as of `SingleParticle.voltages`.
    others : further candidates by name, a trained `HierarchicalPINN` for one.
    with_network : train an `OperatorNet` too (seconds).
    tests : curves to measure on, drawn from the box.

    Raises
    ------
    InputError : if no test curve is finite to its end.
    """
    if not (np.isfinite(tolerance_mV) and tolerance_mV > 0):
        raise InputError(f"tolerance_mV: {tolerance_mV!r} found, expected positive millivolts")
    at = np.asarray(default_times(cell) if times is None else times, dtype=float)
    drive = cell.current if current is None else current
    candidates: dict[str, Callable[[], Callable[[np.ndarray], np.ndarray]]] = {
        "parabola": lambda: ProfileFormula(cell, box, at, drive, shape="parabola"),
        "quartic": lambda: ProfileFormula(cell, box, at, drive, shape="quartic"),
        "eigenmodes": lambda: ProfileFormula(cell, box, at, drive, shape="eigenmodes"),
    }
    for name, terms in (("Chebyshev, 3 terms", 3), ("Chebyshev, 6 terms", 6), ("Chebyshev, 12 terms", 12)):
        candidates[name] = lambda terms=terms: ChebyshevSurrogate(cell, box, at, drive, terms=terms)  # type: ignore[misc]
    if with_network:
        candidates["operator network"] = lambda: OperatorNet(cell, box, at, drive).fit()
    for name, model in (others or {}).items():
        candidates[name] = lambda model=model: model  # type: ignore[misc]
    for shells, step in ((8, 10.0), (16, 10.0), (32, 5.0)):
        mesh = cell.refined(shells, step)
        candidates[f"solver, {shells} shells, {step:g} s"] = lambda mesh=mesh: Solver(mesh, box, at, drive)  # type: ignore[misc]
    rows = draw_from_box(box, tests, seed)
    truth = exact_curves(cell, box, rows, at, drive)
    found = []
    for name, build in candidates.items():
        began = time.process_time()
        try:
            model = build()
        except InputError:
            continue  # too many parameters for a tensor series
        spent = time.process_time() - began + float(getattr(model, "seconds_", 0.0) if name in (others or {}) else 0.0)
        found.append(
            Rung(name, model, *errors_mV(model(rows), truth, at), _cost(model, draw_from_box(box, BATCH, 1)), spent)
        )
    return Rungs(tuple(sorted(found, key=lambda r: r.microseconds)), float(tolerance_mV))


def default_times(cell: SingleParticle) -> Float[np.ndarray, "time"]:
    """Every 10 s of 1,350 s at 2C; 136 times over the same charge at any other rate."""
    return np.arange(136) * 10.0 * 2.0 / abs(cell.c_rate)


def exact_curves(
    cell: SingleParticle, box: Mapping[str, Any], rows: np.ndarray, times: np.ndarray, current: Any = None
) -> Float[np.ndarray, "run time"]:
    """Curves on 100 shells in steps of at most a second: what errors are measured against."""
    fine = cell.refined(100, 1.0)
    return fine.voltages(dict(zip(box, rows.T, strict=True)), times, current)


def errors_mV(found: np.ndarray, truth: np.ndarray, times: np.ndarray) -> tuple[float, float, float]:
    """Mean and largest absolute error, and the largest after 30 s, mV; where the truth has ended nothing counts."""
    good = np.isfinite(truth)
    if not good.any():
        raise InputError("tests: no finite curve of the exact solver in this box; shorten the record")
    missed = 1e3 * np.abs(np.where(good, found - truth, 0.0))
    missed[good & ~np.isfinite(found)] = np.inf
    late = missed[:, times >= SETTLED]
    return float(missed[good].mean()), float(missed.max()), float(late.max()) if late.size else float(missed.max())


def _cost(model: Callable[[np.ndarray], np.ndarray], batch: np.ndarray) -> float:
    """CPU microseconds of a curve. The rows all differ: a particle that two rows share is solved once."""
    model(batch[:2])
    costs = []
    for _ in range(3):
        began = time.process_time()
        model(batch)
        costs.append((time.process_time() - began) / len(batch))
    return 1e6 * min(costs)
