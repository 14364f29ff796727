"""`DelayFlow`: a law in continuous time that looks back, dx/dt = f(x(t), x(t - tau), t)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import sympy
from jaxtyping import Float

from inscape.errors import DivergedError, InputError, UnknownNameError
from inscape.systems import export, plan
from inscape.systems.array_backends import evaluate, heyoka_system, numba_kernel, torch_function
from inscape.systems.definition import Definition
from inscape.systems.delay_history import as_history
from inscape.systems.delay_law import DelayLaw, delay_law
from inscape.systems.propagation import Budget
from inscape.systems.symbolic import SymbolicSystem
from inscape.systems.taylor import check_tolerance
from inscape.trajectories import Trajectories, Trajectory


class DelayFlow(SymbolicSystem):
    """A delay differential equation; the past stands in the law as `delayed(x, tau)`.

    One or several constant delays, of any expression of the state variables.
    """

    @property
    def delays(self) -> Float[np.ndarray, "delay"]:
        """The distinct delays, in the order in which they stand in the law."""
        return self._law.delay_values(self.definition)

    @cached_property
    def _law(self) -> DelayLaw:
        return delay_law(self.definition)

    def rhs(  # type: ignore[override]
        self,
        states: Float[np.ndarray, "*batch state"],
        time: float | Float[np.ndarray, "*batch"] = 0.0,
        inputs: None = None,
        *,
        delayed_states: Float[np.ndarray, "*batch delay state"] | None = None,
    ) -> Float[np.ndarray, "*batch state"]:
        """The time derivatives.

        Parameters
        ----------
        states : (..., state) now.
        time : one number, or one for each state.
        inputs : not supported; write the drive into the law as a function of t.
        delayed_states : (..., delay, state) in the order of `delays`, or (..., state) where there is only one delay;
            the present states if None, as in a history that is constant.
        """
        return self._evaluate(self._law.expressions, states, time, inputs, delayed_states)

    def jacobian(  # type: ignore[override]
        self,
        states: Float[np.ndarray, "*batch state"],
        time: float | Float[np.ndarray, "*batch"] = 0.0,
        inputs: None = None,
        *,
        delayed_states: Float[np.ndarray, "*batch delay state"] | None = None,
    ) -> Float[np.ndarray, "*batch state state"]:
        """d(right-hand side)/d(present state); arguments as of `rhs`."""
        size, width = self.dimension, self.dimension + len(self._law.pasts)
        present = tuple(self._law.slopes[row * width + column] for row in range(size) for column in range(size))
        flat = self._evaluate(present, states, time, inputs, delayed_states)
        return flat.reshape(*flat.shape[:-1], size, size)

    def _evaluate(
        self, expressions: tuple[sympy.Expr, ...], states: Any, time: Any, inputs: Any, delayed_states: Any
    ) -> np.ndarray:
        given, _ = self._arguments(states, inputs)
        count = len(self._law.delays)
        if delayed_states is None:
            past = np.repeat(given[..., None, :], count, axis=-2)
        else:
            past = np.asarray(delayed_states, dtype=float)
            past = past[..., None, :] if count == 1 and past.ndim == given.ndim else past
        if past.ndim < 2 or past.shape[-2:] != (count, self.dimension):
            raise InputError(f"delayed_states: shape {past.shape}, expected (..., {count}, {self.dimension})")
        columns = np.stack([past[..., delay, state] for _, state, delay in self._law.pasts], axis=-1)
        return evaluate(self.without_memory, expressions, given, time, columns)

    @property
    def without_memory(self) -> Definition:
        """The law with each past value as an input, `x_delayed` for the first delay and `x_delayed_1` for the next."""
        pasts = tuple(map(str, self._law.past_symbols))
        return Definition(self.name, self.state_names, pasts, self.parameters, self._law.expressions)

    def compile(self, target: str = "numpy") -> Any:
        """The right-hand side in the form that another library wants, as of `Flow.compile`.

        In the forms for numba, torch and heyoka, the past values stand where a driven flow has its inputs, in the order
        of `without_memory.input_names`.
        """
        law = self.without_memory
        if target == "numba":
            return numba_kernel(law, law.expressions)
        if target == "torch":
            return torch_function(law, law.expressions)
        if target == "heyoka":
            return heyoka_system(law)
        if target == "numpy":
            return self.rhs
        raise UnknownNameError("target", target, ("numpy", "numba", "torch", "heyoka"))

    def python(self) -> str:
        """Source of a NumPy function of the law that needs nothing of inscape; past values are arguments."""
        return export.python_source(self.without_memory, False)

    def simulate(
        self,
        initial: Float[np.ndarray, "*run state"] | Sequence[float] | None = None,
        times: Float[np.ndarray, "time"] | Sequence[float] | None = None,
        inputs: None = None,
        *,
        history: Callable[[float], Any] | Trajectory | None = None,
        periods: float | None = None,
        per_period: int = 100,
        runs: int | None = None,
        parameters: Mapping[str, Any] | None = None,
        seed: int | np.random.Generator | None = 0,
        transient: float | None = None,
        tolerance: float = 1e-12,
        max_seconds: float | None = None,
        max_steps: int | None = None,
    ) -> Trajectory | Trajectories:
        """Let the system move.

        Parameters
        ----------
        initial : (state,) for one run, (run, state) for many: the state at the first of `times` (or `transient` time
            units before). Without `history` the state is taken to have been the same before; the run's context says so.
        times : (time,) rising instants to record, in the system's time unit.
        inputs : not supported; write the drive into the law as a function of t.
        history : the past: a function of a time up to the first instant that returns (state,), or a `Trajectory`,
            interpolated by splines, whose end is then the beginning of the run.
        periods, per_period : instead of `times`: so many dominant periods, with so many points in each.
        runs : number of runs. Without `initial`, constant histories are drawn from one long run.
        parameters : values that differ from the system's own; an array (run,) gives each run its own.
        seed : for the random initial states.
        transient : time that is integrated first and not recorded.
        tolerance : largest error of the polynomial on a step, relative to the largest value.
        max_seconds, max_steps : the run stops when it took longer; max_seconds holds for all runs together.

        Returns
        -------
        Trajectory for one run, Trajectories for (run, state), `runs` or arrays of parameters. A run that diverges or
        outgrows its budget comes back as far as it is good, with the reason under `context["stopped"]`.

        Raises
        ------
        InputError : if an argument has the wrong shape, or holds something other than finite numbers.
        DivergedError : if a run fails before its first sample.
        """
        from inscape.systems.delay_integrator import DelayIntegrator

        check_tolerance(tolerance)
        if inputs is not None:
            raise InputError(f"{self.name}: inputs found; write the drive of a delay law as a function of t")
        past = as_history(self, history)
        if past.end is not None and times is None and periods is not None:
            raise InputError(
                f"{self.name}: a recorded history ends at t = {past.end:.6g}; give times= that go on from it"
            )
        grid, direction = plan.sampling_times(self, times, periods, per_period)
        if direction < 0:
            raise InputError(f"{self.name}: times fall; a delay flow cannot run backward")
        lead = plan.duration("transient", transient)
        if lead and past.end is not None:
            raise InputError(f"{self.name}: transient and a recorded history both given; the run goes on from its end")
        table, many_parameters = plan.parameter_table(self, parameters)
        count = plan.run_count(runs)
        many = many_parameters or count is not None
        if initial is None:
            start = self._starts(count, seed) if count is not None and history is None else None
        else:
            many = many or np.ndim(initial) == 2
            start = plan.initial_states(self, initial)
        size = max(1 if start is None else len(start), len(table), count or 1)
        for name, length in (("initial", 1 if start is None else len(start)), ("parameters", len(table))):
            if length not in (1, size):
                raise InputError(f"{name}: {length} runs found, expected 1 or {size}")
        budget = Budget.of(max_seconds, max_steps)
        begin = float(grid[0]) - lead if past.end is None else past.end
        if begin > grid[0]:
            raise InputError(f"times: {grid[0]:.6g} comes before the end of the history at {begin:.6g}")
        found = []
        for run in range(size):
            values = dict(zip(self.parameters, table[run % len(table)].tolist(), strict=True))
            system = self.with_parameters(**values)
            state = None if start is None else start[run % len(start)]
            if state is not None:
                system.initial = state
            integrator = DelayIntegrator(
                system, tolerance=tolerance, history=past.states, state=state, time=begin, budget=budget
            )
            if begin < grid[0]:
                _, reason = integrator.sample(grid[:1])
                if reason is not None:
                    raise DivergedError(f"{self.name}: no sample reached: transient: {reason}")
            states, reason = integrator.sample(grid)
            context = {**values, "history": past.description}
            if reason is not None:
                context["stopped"] = reason
            if integrator.roughness > tolerance:
                context["local_error"] = integrator.roughness
            found.append(
                Trajectory(grid[: len(states)], states, context=context, state_names=self.state_names, source=self.name)
            )
        return Trajectories(found) if many else found[0]

    def _starts(self, runs: int, seed: int | np.random.Generator | None) -> Float[np.ndarray, "run state"]:
        rng = np.random.default_rng(seed)
        span = max(50 * self.period if self.period is not None else 0.0, 20 * float(self.delays.max()))
        instants = np.sort(rng.uniform(0.2 * span, span, runs))
        long_run = self.simulate(times=np.concatenate(([0.0], instants)))
        assert isinstance(long_run, Trajectory)
        if len(long_run) <= runs:
            raise DivergedError(
                f"{self.name}: the run that {runs} initial states are drawn from {long_run.context['stopped']}; "
                "give initial="
            )
        return rng.permutation(long_run.states[1:])
