"""Bifurcation diagrams: what a system settles to as one of its parameters changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from inscape.analysis.sections import law_path
from inscape.analysis.series import check_finite, positive, real_numbers, shown, whole
from inscape.analysis.surface import surface
from inscape.errors import InputError, UnknownNameError
from inscape.parallel import Backend, parallel_map

SAMPLES_AT_ONCE = 3_000_000
"""So many states of settled runs are held in memory at a time."""


@dataclass(frozen=True)
class BifurcationDiagram:
    """What was seen at each value of a parameter.

    parameter : its name.
    values : (value,).
    observed : for each value, what the system visited once settled, (point,); empty where the run diverged.
    observable : what that is, in words.
    """

    parameter: str
    values: Float[np.ndarray, "value"]
    observed: tuple[Float[np.ndarray, "point"], ...]
    observable: str

    def points(self) -> Float[np.ndarray, "point two"]:
        """Every point of the diagram: parameter value and observation."""
        rows = [
            np.column_stack([np.full(len(seen), v), seen]) for v, seen in zip(self.values, self.observed, strict=True)
        ]
        return np.concatenate(rows)

    @property
    def diverged(self) -> Bool[np.ndarray, "value"]:
        """Where the run left every bound."""
        return np.array([len(seen) == 0 for seen in self.observed])

    def branches(self, tolerance: float = 1e-4) -> Int[np.ndarray, "value"]:
        """How many different points were visited, to `tolerance` of the diagram's height; 0 where the run diverged.

        A cycle of period k has k of them; so many as there are observations says chaos, or a torus.
        """
        everything = np.concatenate(self.observed)
        gap = positive(tolerance, "tolerance") * (float(np.ptp(everything)) if len(everything) else 1.0)
        return np.array([int((np.diff(np.sort(s)) > gap).sum()) + 1 if len(s) else 0 for s in self.observed])


def bifurcation_diagram(
    system: Any,
    parameter: str,
    values: Float[np.ndarray, "value"] | Sequence[float],
    *,
    observe: Any = None,
    column: str | None = None,
    points: int = 100,
    transient: float | None = None,
    initial: Float[np.ndarray, "state"] | None = None,
    follow: bool = False,
    per_period: int = 100,
    jobs: int = 1,
    backend: Backend = "threading",
) -> BifurcationDiagram:
    """Let the system settle at each value of a parameter, and record what it visits.

    Parameters
    ----------
    system : a map, or a flow of known period.
    parameter, values : which parameter, and the values it takes (value,).
    observe : of a map, the name of a state variable, the first if None; of a flow, a section as of
        `surface.surface`, "maxima of (the first state variable)" if None.
    column : which state variable is recorded at a flow's section; that whose maxima are taken, else the first one
        that the section's text does not name.
    points : iterates recorded of a map; periods observed of a flow.
    transient : iterates, or time, before; 1,000 iterates or 100 periods if None.
    initial : (state,) where every run starts.
    follow : start each run where the one at the value before ended, in the order of `values`: the diagram follows one
        attractor until it is gone, and reversing `values` shows hysteresis. Otherwise all runs move side by side.
    per_period : samples a period from which a flow's sections are interpolated.
    jobs, backend : of `parallel_map`, for runs side by side.

    Raises
    ------
    UnknownNameError : if there is no such parameter or state variable.
    InputError : if a value is not finite or the section cannot be read.
    """
    if not hasattr(system, "simulate") or not hasattr(system, "parameters"):
        raise InputError(f"system: {type(system).__name__} found, expected a flow or a map")
    if system.input_names:
        raise InputError(f"{system.name}: it is driven by {', '.join(system.input_names)}; give them as functions of t")
    if not isinstance(parameter, str) or parameter not in system.parameters:
        raise UnknownNameError(f"parameter of {system.name}", shown(parameter).strip("'"), system.parameters)
    sweep = np.atleast_1d(real_numbers(values, "values"))
    if sweep.ndim != 1 or len(sweep) == 0:
        raise InputError(f"values: shape {sweep.shape} found, expected (value,) with at least one")
    check_finite(sweep, "values")
    points = whole(points, "points")
    is_map = system.is_map
    watch = _map_watch(system, observe) if is_map else _flow_watch(system, observe, column)
    instants = _instants(system, is_map, points, transient, whole(per_period, "per_period", 10))
    settle = partial(_settle, system, parameter, instants=instants)
    if follow:
        observed, start = [], initial
        for value in sweep:
            run = settle(np.array([value]), start)[0]
            observed.append(watch.see(run))
            start = initial if run is None else (run if is_map else run.states)[-1]
    else:
        samples = len(sweep) * points * (1 if is_map else per_period)
        chunks = np.array_split(sweep, min(len(sweep), max(-(-samples // SAMPLES_AT_ONCE), 1 if jobs == 1 else 16)))
        settled = parallel_map(partial(_watch_chunk, settle, watch, initial), chunks, jobs=jobs, backend=backend)
        observed = [seen for chunk in settled for seen in chunk]
    return BifurcationDiagram(parameter, sweep, tuple(observed), watch.text)


@dataclass(frozen=True)
class _Watch:
    """What is taken down of one settled run."""

    system: Any
    text: str
    column: int
    section: Any = None

    def see(self, run: Any) -> Float[np.ndarray, "point"]:
        if run is None:
            return np.empty(0)
        if self.section is None:
            return run[:, self.column].copy()
        moving = self.system.with_parameters(**{k: v for k, v in run.context.items() if k in self.system.parameters})
        cut = surface(self.section, self.system.state_names, None)
        crossings = law_path(moving, run).crossings(cut)[1][:, self.column]
        # A motion that never turns nor crosses has come to rest; its resting place is the diagram's point.
        spread = np.ptp(run.states[:, self.column])
        at_rest = spread <= 1e-6 * max(np.abs(run.states[:, self.column]).max(), 1e-6)
        return run.states[-1:, self.column].copy() if len(crossings) == 0 or at_rest else crossings


def _watch_chunk(settle: Any, watch: _Watch, initial: Any, chunk: np.ndarray) -> list[np.ndarray]:
    return [watch.see(run) for run in settle(chunk, initial)]


def _settle(
    system: Any, parameter: str, values: np.ndarray, initial: Any, *, instants: Float[np.ndarray, "time"]
) -> list[Any]:
    """What the settled run visits at each value: states of a map, a trajectory of a flow; None where it diverged."""
    if not system.is_map:
        runs = system.simulate(initial, instants, parameters={parameter: values})
        return [None if "stopped" in run.context else run[1:] for run in runs]
    # A thousand labelled trajectories would take longer to make than to compute.
    from inscape.systems import plan
    from inscape.systems.iteration import iterate

    start = system.initial[None] if initial is None else plan.initial_states(system, initial)
    start, table = plan.align(start, plan.parameter_table(system, {parameter: values})[0], None)
    undriven = np.zeros((1, int(instants[-1]) + 1, 0))
    states, good = iterate(system.definition, start, table, undriven, 0, instants.astype(np.int64))
    return [run[1:] if count == len(instants) else None for run, count in zip(states, good, strict=True)]


def _instants(
    system: Any, is_map: bool, points: int, transient: float | None, per_period: int
) -> Float[np.ndarray, "time"]:
    """When to look at a run: at its start, which even a run that diverges has, and after the transient."""
    if is_map:
        iterates = 1_000 if transient is None else whole(transient, "transient", 0)
        return np.concatenate([[0.0], max(iterates, 1) + np.arange(points)])
    if system.period is None:
        raise InputError(f"{system.name}: its period is not known; define it with period=")
    lead = 100 * system.period if transient is None else positive(transient, "transient")
    return np.concatenate([[0.0], lead + np.arange(points * per_period) * system.period / per_period])


def _map_watch(system: Any, observe: Any) -> _Watch:
    name = system.state_names[0] if observe is None else observe
    if name not in system.state_names:
        raise UnknownNameError("state", str(name), system.state_names)
    return _Watch(system, str(name), system.state_names.index(name))


def _flow_watch(system: Any, observe: Any, column: str | None) -> _Watch:
    names = system.state_names
    section = f"maxima of {names[0]}" if observe is None else observe
    cut = surface(section, names, None)
    if column is None:
        text = cut.text.replace("=", " ")
        turning = text.split(" of ")[-1].strip() if " of " in text else None
        mentioned = set(text.split())
        column = turning or next((n for n in names if n not in mentioned), names[0])
    if column not in names:
        raise UnknownNameError("state", str(column), names)
    return _Watch(
        system, f"{column} at {cut.text}" if " of " not in cut.text else cut.text, names.index(column), section
    )
