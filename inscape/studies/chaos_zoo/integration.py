"""Claim C1 and the engine's bars: every system integrates, from right-hand sides that agree with the published ones."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import sympy

from inscape.errors import DivergedError
from inscape.extras import require
from inscape.studies.chaos_zoo.series import on_the_attractor
from inscape.systems import zoo
from inscape.systems.array_backends import heyoka_system
from inscape.systems.definition import Definition
from inscape.systems.switching import has_switches, switched_law

SPEED_POINTS = 2000
SPEED_SYSTEMS = (
    "Lorenz", "Rossler", "Thomas", "Aizawa", "Arneodo", "Chen", "ChenLee", "Dadras", "Finance", "GenesioTesi",
    "Halvorsen", "HenonHeiles", "HyperRossler", "Lorenz84", "LorenzCoupled", "NoseHoover", "RabinovichFabrikant",
    "Rucklidge", "SprottB", "WangSun",
)  # fmt: skip
"""Smooth systems of every size, picked before timing."""


@cache
def published_sides() -> dict[str, list[dict[str, list[float]]]]:
    """Points and right-hand sides of the published implementation, by system."""
    return json.loads(files(__package__).joinpath("rhs_checks.json").read_text(encoding="utf-8"))


def worst_side(item: dict[str, Any]) -> float:
    """Largest relative difference from the published right-hand side; `item` holds `name` and `form`.

    Differences are relative to the largest component of the published vector.
    """
    system: Any = zoo[item["name"]]
    worst = 0.0
    for check in published_sides()[item["name"]]:
        expected = np.array(check["f"])
        found = _side(system, item["form"], np.array(check["x"]), check.get("x_delayed"))
        worst = max(worst, float(np.max(np.abs(found - expected)) / np.max(np.abs(expected))))
    return worst


def _side(system: Any, form: str, state: np.ndarray, delayed: list[float] | None) -> np.ndarray:
    if delayed is not None:
        return np.asarray(system.rhs(state, delayed_states=np.array(delayed)))
    if form == "torch":
        torch = require("torch", "neural")
        return system.compile("torch")(torch.tensor(state)).numpy()
    if form == "heyoka":
        import heyoka as hy

        pairs = heyoka_system(_on_this_side_of_the_kinks(system.definition, state))
        function = hy.cfunc([side for _, side in pairs], [variable for variable, _ in pairs], compact_mode=True)
        return function(state, pars=system.parameter_values[: function.nparams], time=0.0)
    return np.asarray(system.rhs(state))


def _on_this_side_of_the_kinks(definition: Definition, state: np.ndarray) -> Definition:
    """The smooth law that holds around a state: every mode of a switching law as it is there."""
    if not has_switches(definition):
        return definition
    law = switched_law(definition)
    numbers = dict(zip(definition.states, state, strict=True))
    numbers |= dict(zip(definition.parameter_symbols, definition.parameters.values(), strict=True))
    for mode, function in zip(law.modes, law.functions, strict=True):
        numbers[mode] = 1 if function.subs(numbers) > 0 else -1
    modes = {mode: sympy.Integer(numbers[mode]) for mode in law.modes}
    return replace(definition, expressions=tuple(e.xreplace(modes) for e in law.expressions))


def integrates(item: dict[str, Any]) -> bool:
    """Whether a system gives 12 periods of finite numbers: `item` holds `name` and `seed`."""
    return on_the_attractor(item["name"], periods=12, per_period=100, seed=item["seed"]) is not None


def cold_start(names: list[str]) -> float:
    """Wall time of two fresh interpreters, with nothing compiled before, to 1,200 points of each system."""
    started = time.perf_counter()
    halves = [subprocess.Popen([sys.executable, "-c", _COLD, *half]) for half in (names[::2], names[1::2])]
    codes = [child.wait() for child in halves]
    if any(codes):
        raise DivergedError("cold start: an interpreter failed, and said above why")
    return time.perf_counter() - started


_COLD = """
import sys
import heyoka
from inscape.systems import zoo
heyoka.llvm_state.set_diskcache_enabled(False)
for name in sys.argv[1:]:
    run = zoo[name].simulate(periods=12, per_period=100)
    assert len(run) == 1200, (name, run.context["stopped"])
"""


def speed(item: dict[str, Any]) -> dict[str, float | None]:
    """CPU seconds for 2,000 points at 1e-12: ours warm, scipy's DOP853, and dysts' default (None if it is absent).

    `item` holds `name` and `with_dysts`; dysts makes 300 points, scaled to 2,000.
    """
    from scipy.integrate import solve_ivp

    system: Any = zoo[item["name"]]
    times = np.linspace(0.0, SPEED_POINTS / 100 * system.period, SPEED_POINTS)
    system.simulate(times=times)
    repeats = 20
    started = time.process_time()
    for _ in range(repeats):
        system.simulate(times=times)
    ours = (time.process_time() - started) / repeats
    # The peer gets a compiled right-hand side, the fastest that it can have.
    kernel, values, rates = system.compile("numba"), system.parameter_values, np.empty(system.dimension)

    def side(t: float, x: np.ndarray) -> np.ndarray:
        kernel(x, values, t, rates)
        return rates.copy()

    side(0.0, system.initial)
    started = time.process_time()
    solve_ivp(side, times[[0, -1]], system.initial, method="DOP853", t_eval=times, rtol=1e-12, atol=1e-12)
    peer = time.process_time() - started
    return {"ours": ours, "dop853": peer, "dysts": _dysts_seconds(item["name"]) if item["with_dysts"] else None}


def _dysts_seconds(name: str) -> float | None:
    try:
        flows = require("dysts.flows", "test")
    except ImportError:
        return None
    started = time.process_time()
    getattr(flows, name)().make_trajectory(300)
    return (time.process_time() - started) * SPEED_POINTS / 300


def chua_error(periods: float) -> dict[str, float]:
    """Error of the kinked Chua circuit in spreads, ours and a naive Taylor run's, by DOP853 stopped at each kink."""
    from scipy.integrate import solve_ivp

    system: Any = zoo["Chua"]
    times = np.linspace(0.0, periods * system.period, round(100 * periods) + 1)
    ours = system.simulate(times=times).states
    reference = _between_kinks(system, times, solve_ivp)
    naive = _naive(system, times)
    spread = reference.std(axis=0)
    return {
        "ours": float(np.max(np.abs(ours - reference) / spread)),
        "naive": float(np.max(np.abs(naive - reference) / spread)),
    }


def _between_kinks(system: Any, times: np.ndarray, solve_ivp: Any) -> np.ndarray:
    """DOP853 at 1e-13 that stops where |x| = 1, so that no step crosses a kink."""

    def at(level: float) -> Any:
        def distance(t: float, x: np.ndarray) -> float:
            return x[0] - level

        distance.terminal = True  # type: ignore[attr-defined]
        return distance

    states = [system.initial]
    now, state = times[0], np.array(system.initial, dtype=float)
    levels = [at(1.0), at(-1.0)]
    for stop in times[1:]:
        while now < stop:
            run = solve_ivp(
                lambda t, x: system.rhs(x, t), (now, stop), state, "DOP853", events=levels, rtol=1e-13, atol=1e-14
            )
            ended, reached = run.t[-1], run.y[:, -1]
            if run.status == 1:
                # A step past the surface, small enough to cost nothing, so that the same crossing is not found again.
                nudge = min(1e-12, stop - ended)
                reached = reached + nudge * system.rhs(reached, ended)
                ended += nudge
            now, state = ended, reached
        states.append(state)
    return np.array(states)


def _naive(system: Any, times: np.ndarray) -> np.ndarray:
    import heyoka as hy

    pairs = [(variable, side) for variable, side in _with_select(system, hy)]
    integrator = hy.taylor_adaptive(pairs, list(system.initial), pars=list(system.parameter_values), tol=1e-12)
    return integrator.propagate_grid(times)[-1]


def _with_select(system: Any, hy: Any) -> list[tuple[Any, Any]]:
    x, y, z = hy.make_vars("x", "y", "z")
    p = {name: hy.par[i] for i, name in enumerate(system.parameters)}
    magnitude = lambda u: hy.select(hy.gte(u, 0.0), u, -u)  # noqa: E731
    kink = magnitude(x + 1.0) - magnitude(x - 1.0)
    return [
        (x, p["alpha"] * (y - x - p["m1"] * x - 0.5 * (p["m0"] - p["m1"]) * kink)),
        (y, x - y + z),
        (z, -p["beta"] * y),
    ]
