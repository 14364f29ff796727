"""Flows driven from outside: inputs as pieces of polynomials in time, from samples or from a function."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy
from jaxtyping import Bool, Float

from inscape.errors import InputError
from inscape.systems import plan
from inscape.systems.array_backends import evaluate
from inscape.systems.definition import Definition
from inscape.systems.heyoka_backend import KINKS
from inscape.systems.integrator import Integrator
from inscape.systems.propagation import Budget
from inscape.systems.symbols import t

if TYPE_CHECKING:
    from inscape.systems.flow import Flow

FUNCTION_DEGREE = 5
FUNCTION_ERROR = 1e-11
_DEEPEST = 12
_ENDLESS = (sympy.nan, sympy.oo, -sympy.oo, sympy.zoo)

Outcome = tuple[Float[np.ndarray, "time state"], str | None]


@dataclass(frozen=True)
class InputPath:
    """Inputs over time, piece by piece: on piece k they are sum_j coefficients[k, :, j] (t - starts[k])^j.

    Parameters
    ----------
    starts, ends : (piece,) times, in the direction of integration.
    coefficients : (piece, input, degree + 1).
    is_recorded : (piece,) whether the state is recorded at the end of a piece.
    """

    starts: Float[np.ndarray, "piece"]
    ends: Float[np.ndarray, "piece"]
    coefficients: Float[np.ndarray, "piece input power"]
    is_recorded: Bool[np.ndarray, "piece"]

    @classmethod
    def through_samples(
        cls, times: Float[np.ndarray, "time"], samples: Float[np.ndarray, "time input"], lead: float, hold: bool
    ) -> InputPath:
        """Straight lines from sample to sample, or steps that hold each; the first holds for `lead` before it."""
        spans = np.diff(times)[:, None]
        slopes = np.zeros_like(samples[1:]) if hold else np.diff(samples, axis=0) / spans
        coefficients = np.stack((samples[:-1], slopes), axis=-1)
        starts, ends = times[:-1], times[1:]
        recorded = np.ones(len(ends), dtype=bool)
        if lead:
            before = np.stack((samples[:1], np.zeros_like(samples[:1])), axis=-1)
            coefficients = np.concatenate((before, coefficients))
            starts = np.concatenate(([times[0] - lead], starts))
            ends = np.concatenate(([times[0]], ends))
            recorded = np.concatenate(([False], recorded))
        return cls(starts, ends, coefficients, recorded)

    @classmethod
    def through_function(
        cls, times: Float[np.ndarray, "time"], function: Callable[[float], np.ndarray], lead: float
    ) -> InputPath:
        """Interpolation at Chebyshev points, halved until it is as good as the integration wants it."""
        edges = list(itertools.pairwise(times))
        if lead:
            # A long transient is looked at in pieces no longer than those that follow it.
            longest = np.abs(np.diff(times)).max(initial=0.0) or abs(lead) / 16
            count = min(10_000, max(1, int(np.ceil(abs(lead) / longest))))
            before = np.linspace(times[0] - lead, times[0], count + 1)
            edges = [*itertools.pairwise(before), *edges]
        first_recorded = len(edges) - (len(times) - 1)
        starts, ends, coefficients, recorded = [], [], [], []
        for number, (a, b) in enumerate(edges):
            parts = _fit(function, a, b, _DEEPEST)
            for i, (start, end, fitted) in enumerate(parts):
                starts.append(start)
                ends.append(end)
                coefficients.append(fitted)
                recorded.append(number >= first_recorded and i == len(parts) - 1)
        size = len(function(times[0]))
        shaped = np.array(coefficients).reshape(len(coefficients), size, FUNCTION_DEGREE + 1)
        return cls(np.array(starts), np.array(ends), shaped, np.array(recorded, dtype=bool))


_NODES = (1 - np.cos(np.pi * (np.arange(FUNCTION_DEGREE + 1) + 0.5) / (FUNCTION_DEGREE + 1))) / 2
_TO_POWERS = np.linalg.inv(np.vander(_NODES, increasing=True))
_PROBES = np.array([0.0, 0.21, 0.5, 0.83, 1.0])
_AT_PROBES = np.vander(_PROBES, FUNCTION_DEGREE + 1, increasing=True)


def _fit(
    function: Callable[[float], np.ndarray], a: float, b: float, depth: int
) -> list[tuple[float, float, np.ndarray]]:
    width = b - a
    powers = _TO_POWERS @ np.array([function(a + width * s) for s in _NODES])
    probes = np.array([function(a + width * s) for s in _PROBES])
    error = np.abs(_AT_PROBES @ powers - probes).max()
    if error <= FUNCTION_ERROR * max(1.0, np.abs(probes).max()) or depth == 0:
        return [(a, b, (powers / width ** np.arange(FUNCTION_DEGREE + 1)[:, None]).T)]
    middle = a + width / 2
    return _fit(function, a, middle, depth - 1) + _fit(function, middle, b, depth - 1)


def driven_runs(
    flow: Flow,
    start: Float[np.ndarray, "run state"],
    table: Float[np.ndarray, "run parameter"],
    times: Float[np.ndarray, "time"],
    lead: float,
    inputs: Any,
    hold: bool,
    tolerance: float,
    budget: Budget,
) -> tuple[list[Outcome], list[np.ndarray]]:
    """Runs of a flow that has inputs, and what drove each of them at `times`.

    Raises
    ------
    InputError : if the inputs are missing or not wanted, have another shape, or hold something not finite.
    """
    size = len(flow.input_names)
    if not size:
        raise InputError(f"{flow.name}: inputs found, but nothing drives its law")
    if inputs is None:
        raise InputError(f"{flow.name}: no inputs found, expected (time, {size}): {', '.join(flow.input_names)}")
    if callable(inputs):
        law = _as_symbols(flow, inputs, times)
        if law is not None:
            closed = type(flow)(_substituted(flow.definition, law), initial=flow.initial, period=flow.period)
            record = evaluate(flow.definition, law, np.empty((len(times), flow.dimension)), times, np.empty(size))
            return closed.runs(start, table, times, lead, tolerance, budget), [record] * len(start)
        function = _checked(flow, inputs)
        path = InputPath.through_function(times, function, lead)
        record = np.array([function(s) for s in times])
        return [_follow(flow, s, v, times, lead, path, tolerance, budget) for s, v in zip(start, table, strict=True)], [
            record
        ] * len(start)
    samples = plan.numbers("inputs", inputs)
    samples = samples[:, None] if samples.ndim == 1 and size == 1 else samples
    samples = samples[None] if samples.ndim == 2 else samples
    if samples.ndim != 3 or samples.shape[1:] != (len(times), size) or len(samples) not in (1, len(start)):
        raise InputError(
            f"inputs: shape {np.shape(inputs)} found, expected ({len(times)}, {size}), a row for each of times"
            + (f", or ({len(start)}, {len(times)}, {size})" if len(start) > 1 else "")
        )
    records = [samples[i % len(samples)] for i in range(len(start))]
    paths = [InputPath.through_samples(times, record, lead, hold) for record in records]
    outcomes = [
        _follow(flow, state, values, times, lead, path, tolerance, budget)
        for state, values, path in zip(start, table, paths, strict=True)
    ]
    return outcomes, records


def _follow(
    flow: Flow,
    start: np.ndarray,
    values: np.ndarray,
    times: np.ndarray,
    lead: float,
    path: InputPath,
    tolerance: float,
    budget: Budget,
) -> Outcome:
    system = flow.with_parameters(**dict(zip(flow.parameters, values.tolist(), strict=True)))
    degree = path.coefficients.shape[2] - 1
    idle = np.zeros(len(flow.input_names))
    integrator = Integrator(system, tolerance=tolerance, inputs=idle, degree=degree, budget=budget)
    integrator.time = times[0] - lead
    integrator.state = start
    states = np.empty((len(times), flow.dimension))
    row = 0
    if not lead:
        states[0] = start
        row = 1
    for since, until, coefficients, recorded in zip(
        path.starts, path.ends, path.coefficients, path.is_recorded, strict=True
    ):
        integrator.drive(coefficients, since)
        reached, reason = integrator.sample(np.array([until]))
        if reason is not None:
            return states[:row], reason
        if recorded or until == times[0]:
            states[row] = reached[-1]
            row += 1
    return states, None


def _checked(flow: Flow, inputs: Callable[[float], Any]) -> Callable[[float], np.ndarray]:
    size = len(flow.input_names)

    def function(time: float) -> np.ndarray:
        value = np.atleast_1d(np.asarray(inputs(float(time)), dtype=float))
        if value.shape != (size,) or not np.isfinite(value).all():
            raise InputError(f"inputs: {value.tolist()} at t = {time:.9g}, expected {size} finite numbers")
        return value

    return function


def _as_symbols(flow: Flow, inputs: Callable[[Any], Any], times: np.ndarray) -> tuple[sympy.Expr, ...] | None:
    """The inputs as expressions in `t`, where the function is one of symbols; None where it wants numbers."""
    try:
        returned = inputs(t)
        listed = list(returned) if isinstance(returned, (Sequence, np.ndarray, sympy.Matrix)) else [returned]
        law = tuple(sympy.sympify(e) for e in listed)
    except Exception:
        # A function written for numbers may fail in any way of its own when it is shown a symbol.
        return None
    size = len(flow.input_names)
    if len(law) != size or not all(
        isinstance(e, sympy.Expr) and e.free_symbols <= {t} and not e.has(*_ENDLESS) for e in law
    ):
        return None
    # A function of numbers may let a symbol pass and answer something else: it must agree with itself.
    function = _checked(flow, lambda s: [complex(v).real for v in np.atleast_1d(inputs(s))])
    probes = np.linspace(times[0], times[-1], 7) + 1e-3 * (times[-1] - times[0]) * np.array([1, -2, 3, 0, 2, -1, -1])
    symbolic = evaluate(flow.definition, law, np.empty((7, flow.dimension)), probes, np.empty(size))
    numeric = np.array([function(s) for s in probes])
    return (
        law if np.allclose(symbolic, numeric, rtol=1e-9, atol=1e-12) and not any(e.has(*KINKS) for e in law) else None
    )


def _substituted(definition: Definition, law: tuple[sympy.Expr, ...]) -> Definition:
    by_input = dict(zip(definition.inputs, law, strict=True))
    expressions = tuple(e.xreplace(by_input) for e in definition.expressions)
    return Definition(definition.name, definition.state_names, (), dict(definition.parameters), expressions)
