"""Noise: in the motion itself (Ito equations), and in what is observed of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import sympy
from jaxtyping import Bool, Float

from inscape.errors import DivergedError, InputError, UnknownNameError
from inscape.systems import plan
from inscape.systems.diffusion import Diffusion, NoiseLaw, diffusion
from inscape.systems.node_function import node_function
from inscape.systems.propagation import Budget
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    from inscape.systems.flow import Flow

Method = Literal["euler-maruyama", "milstein", "sra1"]
METHODS: tuple[Method, ...] = ("euler-maruyama", "milstein", "sra1")

STEPS_PER_PERIOD = 1_000
STEPS_PER_SAMPLE = 4
_STEPS_AT_ONCE = 65_536


def simulate_with_noise(
    flow: Flow,
    initial: Float[np.ndarray, "*run state"] | Sequence[float] | None = None,
    times: Float[np.ndarray, "time"] | Sequence[float] | None = None,
    inputs: Float[np.ndarray, "*run time input"] | Callable[[float], Any] | None = None,
    *,
    noise: NoiseLaw,
    method: str | None = None,
    step: float | None = None,
    periods: float | None = None,
    per_period: int = 100,
    runs: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    seed: int | np.random.Generator | None = 0,
    transient: float | None = None,
    max_seconds: float | None = None,
) -> Trajectory | Trajectories:
    """Let a flow move under noise: dx = f(x, t) dt + B(x, t) dW in the sense of Ito.

    Parameters
    ----------
    flow : the law f.
    initial, times, inputs, periods, per_period, runs, parameters, transient, max_seconds : as of `Flow.simulate`; with
        `runs` and no `initial`, all runs start in the system's initial state. Inputs are linear between `times`.
    noise : B: one strength for all state variables, (state,) strengths, a matrix (state, channel), or a function of
        symbols that returns one of these. In units of state / sqrt(time).
    method : "sra1" (Roessler 2010, SIAM J. Numer. Anal. 48, 922; strong order 1.5, additive noise), "milstein" (order
        1, noise of each variable of its own) or "euler-maruyama" (order 1/2, any noise); the best that fits if None.
    step : longest integration step; a thousandth of a period (or what the law's slopes ask for, where no period is
        known) and at most a quarter of a sampling interval if None.
    seed : of the Wiener processes; run k of a set has the same noise whatever the number of runs.

    Returns
    -------
    Trajectory for one run, Trajectories for (run, state), `runs` or arrays of parameters, with `noise_method` and
    `noise_step` in the context. A run that diverges comes back as far as it is good, with `context["stopped"]`.

    Raises
    ------
    InputError : if an argument has the wrong shape, or the method does not fit the noise.
    DivergedError : if a run fails before its first sample.
    """
    grid, direction = plan.sampling_times(flow, times, periods, per_period)
    if direction < 0:
        raise InputError(f"{flow.name}: times fall; noise does not run backward")
    lead = plan.duration("transient", transient)
    table, many_parameters = plan.parameter_table(flow, parameters)
    count = plan.run_count(runs)
    many = many_parameters or count is not None or (initial is not None and np.ndim(initial) == 2)
    start = flow.initial[None] if initial is None else plan.initial_states(flow, initial)
    start, table = plan.align(start, table, count)
    law = NoisyLaw.of(flow, noise, method)
    longest = _longest_step(flow, grid, step, start[0])
    budget = Budget.of(max_seconds)
    streams = np.random.default_rng(seed).spawn(len(start))
    found = []
    for run, (state, values, rng) in enumerate(zip(start, table, streams, strict=True)):
        driving = _driving(flow, inputs, grid, run, len(start))
        states, reason = law.path(state, values, grid, lead, driving, longest, rng, budget)
        if len(states) == 0:
            raise DivergedError(f"{flow.name}: no sample reached: {reason}")
        context: dict[str, float | str] = dict(zip(flow.parameters, values.tolist(), strict=True))
        context |= {"noise_method": law.method, "noise_step": longest}
        if reason is not None:
            context["stopped"] = reason
        found.append(
            Trajectory(
                grid[: len(states)],
                states,
                driving[: len(states)] if flow.input_names else None,
                context=context,
                state_names=flow.state_names,
                input_names=flow.input_names,
                units=flow.units,
                source=f"{flow.name} with noise",
            )
        )
    return Trajectories(found) if many else found[0]


@dataclass(frozen=True, eq=False)
class NoisyLaw:
    """A flow and its diffusion, compiled for one method."""

    name: str
    method: Method
    channels: int
    velocity: Any
    strength: Any
    correction: Any

    @classmethod
    def of(cls, flow: Flow, noise: NoiseLaw, method: str | None = None) -> NoisyLaw:
        """The compiled form; `method` as of `simulate_with_noise`.

        Raises
        ------
        InputError : if the method is not known, or does not fit the noise.
        """
        definition = flow.definition
        spread = diffusion(definition, noise)
        chosen = _method(spread, method)
        given = [*definition.parameter_symbols, *definition.inputs]
        size = len(definition.states)
        milstein = spread.milstein_correction if chosen == "milstein" else (sympy.S.Zero,) * size
        functions = [
            node_function(definition.states, (), given, expressions)
            for expressions in (definition.expressions, tuple(spread.matrix), milstein)
        ]
        return cls(flow.name, chosen, spread.channels, *functions)

    def path(
        self,
        state: Float[np.ndarray, "state"],
        parameters: Float[np.ndarray, "parameter"],
        grid: Float[np.ndarray, "time"],
        lead: float,
        inputs: Float[np.ndarray, "time input"],
        longest: float,
        rng: np.random.Generator,
        budget: Budget,
    ) -> tuple[Float[np.ndarray, "time state"], str | None]:
        """One path recorded on `grid`, and why it stopped early (None if it did not)."""
        ends = np.concatenate(([grid[0] - lead], grid)) if lead else grid
        gaps = np.diff(ends)
        parts = np.maximum(1, np.ceil(gaps / longest * (1 - 1e-9)).astype(int))
        bounds = np.concatenate(([0], np.cumsum(parts)))
        states = np.empty((len(ends), len(state)))
        states[0] = state
        first = len(ends) - len(grid)
        done = 1
        x = np.array(state, dtype=float)[None]
        for begin in range(0, int(bounds[-1]), _STEPS_AT_ONCE):
            index = np.arange(begin, min(begin + _STEPS_AT_ONCE, bounds[-1]) + 1)
            passed = np.searchsorted(bounds, index, side="right")
            interval = np.minimum(passed - 1, len(gaps) - 1)
            times = ends[interval] + gaps[interval] * (index - bounds[interval]) / parts[interval]
            is_recorded = np.diff(passed) > 0
            increments, areas = wiener_increments(rng, np.diff(times), self.channels)
            wanted = done + int(is_recorded.sum())
            done += self.follow(x, parameters, times, increments, areas, is_recorded, grid, inputs, states[done:wanted])
            if done < wanted or not np.isfinite(x).all():
                return states[first:done], f"diverged after t = {ends[done - 1]:.9g}"
            if budget.is_spent and done < len(ends):
                return states[first:done], f"time budget spent at t = {times[-1]:.9g}"
        return states[first:], None

    def follow(
        self,
        x: Float[np.ndarray, "1 state"],
        parameters: Float[np.ndarray, "parameter"],
        times: Float[np.ndarray, "step+1"],
        increments: Float[np.ndarray, "step channel"],
        areas: Float[np.ndarray, "step channel"],
        is_recorded: Bool[np.ndarray, "step"],
        grid: Float[np.ndarray, "time"],
        inputs: Float[np.ndarray, "time input"],
        out: Float[np.ndarray, "record state"],
    ) -> int:
        """Follow one path along given Wiener increments; see `noise_kernel.follow_path`."""
        from inscape.systems.noise_kernel import EULER, MILSTEIN, SRA1, follow_path

        kinds = {"euler-maruyama": EULER, "milstein": MILSTEIN, "sra1": SRA1}
        driving = np.empty((len(times), inputs.shape[1]))
        for k in range(inputs.shape[1]):
            driving[:, k] = np.interp(times, grid, inputs[:, k])
        values = np.concatenate((parameters, np.zeros(inputs.shape[1])))
        functions = (self.velocity, self.strength, self.correction)
        return follow_path(
            kinds[self.method], *functions, values, driving, times, increments, areas, is_recorded, x, out
        )


def wiener_increments(
    rng: np.random.Generator, steps: Float[np.ndarray, "step"], channels: int
) -> tuple[Float[np.ndarray, "step channel"], Float[np.ndarray, "step channel"]]:
    """Changes of Wiener processes over steps of given lengths, and the integrals of W(s) - W(start) over each step.

    Both are Gaussian with variances h and h^3 / 3 and covariance h^2 / 2 (Kloeden & Platen 1992, eq. 10.4.2).
    """
    drawn = rng.standard_normal((len(steps), 2, channels))
    h = np.asarray(steps)[:, None]
    change = np.sqrt(h) * drawn[:, 0]
    return change, 0.5 * h * (change + np.sqrt(h / 3) * drawn[:, 1])


def with_observation_noise(
    recording: Trajectory | Trajectories,
    relative: float | Float[np.ndarray, "state"] = 0.01,
    *,
    absolute: float | Float[np.ndarray, "state"] | None = None,
    seed: int | np.random.Generator | None = 0,
) -> Trajectory | Trajectories:
    """The same recording as a noisy instrument would have seen it: independent Gaussian errors on every sample.

    Parameters
    ----------
    recording : one run, or many; run k of a set has the same noise whatever the number of runs.
    relative : standard deviation of the errors as a part of the standard deviation of each state variable, taken over
        all runs; one number, or one for each variable.
    absolute : standard deviation in the state's own units, in place of `relative`.
    seed : of the errors.

    Returns
    -------
    What came in, with errors added to the states (not to the inputs), and `observation_noise` in the context.

    Raises
    ------
    InputError : if a strength is negative, not finite, or not one for each variable.
    """
    runs = [recording] if isinstance(recording, Trajectory) else recording
    if not isinstance(recording, (Trajectory, Trajectories)):
        raise InputError(f"recording: {type(recording).__name__} found, expected a Trajectory or Trajectories")
    name, strength = ("relative", relative) if absolute is None else ("absolute", absolute)
    scale = plan.numbers(name, strength)
    shape = runs[0].states.shape[1:]
    if scale.ndim > 1 or (scale.ndim == 1 and scale.shape != shape) or (scale < 0).any():
        raise InputError(f"{name}: {np.asarray(strength).tolist()} found, expected one number >= 0, or {shape} of them")
    if absolute is None:
        together = np.concatenate([r.states for r in runs])
        scale = scale * np.nanstd(together, axis=0)
    noisy = []
    for run, rng in zip(runs, np.random.default_rng(seed).spawn(len(runs)), strict=True):
        errors = scale * rng.standard_normal(run.states.shape)
        context = {**run.context, "observation_noise": f"{name} {np.asarray(strength).tolist()}"}
        noisy.append(run.replace(states=run.states + errors, context=context))
    return noisy[0] if isinstance(recording, Trajectory) else Trajectories(noisy)


def _method(spread: Diffusion, method: str | None) -> Method:
    if method is None:
        return "sra1" if spread.is_additive else ("milstein" if spread.is_diagonal else "euler-maruyama")
    if method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    if method == "sra1" and not spread.is_additive:
        raise InputError("method: sra1 needs noise that does not depend on the state; use milstein or euler-maruyama")
    if method == "milstein" and not spread.is_diagonal:
        raise InputError(
            "method: milstein needs a noise for each state variable, of a strength that depends on that variable only; "
            "use euler-maruyama"
        )
    return next(m for m in METHODS if m == method)


def _longest_step(flow: Flow, grid: np.ndarray, step: float | None, state: np.ndarray) -> float:
    if step is not None:
        longest = plan.duration("step", step)
        if longest == 0:
            raise InputError(f"step: {step!r} found, expected a positive number")
        return longest
    if flow.period is not None:
        longest = flow.period / STEPS_PER_PERIOD
    else:
        driving = np.zeros(len(flow.input_names)) if flow.input_names else None
        slopes = flow.jacobian(state, float(grid[0]), driving)
        fastest = float(np.linalg.norm(np.nan_to_num(slopes), 2))
        longest = 2 * np.pi / fastest / STEPS_PER_PERIOD if fastest > 0 else np.inf
    sampling = float(np.diff(grid).min()) if len(grid) > 1 else longest
    return min(longest, sampling / STEPS_PER_SAMPLE)


def _driving(flow: Flow, inputs: Any, grid: np.ndarray, run: int, runs: int) -> Float[np.ndarray, "time input"]:
    size = len(flow.input_names)
    if not size:
        if inputs is not None:
            raise InputError(f"{flow.name}: inputs found, but nothing drives its law")
        return np.empty((len(grid), 0))
    if inputs is None:
        raise InputError(f"{flow.name}: no inputs found, expected (time, {size}): {', '.join(flow.input_names)}")
    if callable(inputs):
        inputs = [np.atleast_1d(inputs(float(s))) for s in grid]
    samples = plan.numbers("inputs", inputs)
    samples = samples[:, None] if samples.ndim == 1 and size == 1 else samples
    samples = samples[run % len(samples)] if samples.ndim == 3 and len(samples) in (1, runs) else samples
    if samples.shape != (len(grid), size):
        raise InputError(f"inputs: shape {samples.shape} found, expected ({len(grid)}, {size})")
    return samples
