"""`Flow`: a law in continuous time, dx/dt = f(x, t)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.systems import plan
from inscape.systems.crossings import Crossings, Direction, Surface, find_crossings, surface_expression
from inscape.systems.heyoka_backend import is_smooth
from inscape.systems.propagation import Budget, run_abreast, run_alone
from inscape.systems.symbolic import SymbolicSystem
from inscape.systems.taylor import check_tolerance, taylor_law
from inscape.trajectories import Trajectories, Trajectory


class Flow(SymbolicSystem):
    """An ordinary differential equation, carried by adaptive Taylor series (heyoka)."""

    @cached_property
    def is_smooth(self) -> bool:
        """Whether the law has no kink and no jump; a law that has one is carried from kink to kink."""
        return is_smooth(self.definition.expressions)

    def simulate(
        self,
        initial: Float[np.ndarray, "*run state"] | Sequence[float] | None = None,
        times: Float[np.ndarray, "time"] | Sequence[float] | None = None,
        inputs: Float[np.ndarray, "*run time input"] | Callable[[float], Any] | None = None,
        *,
        periods: float | None = None,
        per_period: int = 100,
        runs: int | None = None,
        parameters: Mapping[str, Any] | None = None,
        seed: int | np.random.Generator | None = 0,
        transient: float | None = None,
        tolerance: float = 1e-12,
        max_seconds: float | None = None,
        max_steps: int | None = None,
        hold: bool = False,
        until: Surface | None = None,
        noise: Any = None,
        noise_method: str | None = None,
        noise_step: float | None = None,
    ) -> Trajectory | Trajectories:
        """Let the system move.

        Parameters
        ----------
        initial : (state,) for one run, (run, state) for many; the system's own initial state if None. It belongs to
            the first of `times`, or to `transient` time units before.
        times : (time,) instants to record, in the system's time unit; rising, or falling for a run backward in time
            (whose samples come out in rising order all the same).
        inputs : (time, input), or (run, time, input), interpolated linearly between `times`; or a function of time
            that returns (input,) - of numbers, or of the symbol `t`.
        periods, per_period : instead of `times`: so many dominant periods, with so many points in each.
        runs : number of runs. Without `initial`, they start where one long run of the system was at `runs` instants
            drawn at random.
        parameters : values that differ from the system's own; an array (run,) gives each run its own.
        seed : for the random instants.
        transient : time that is integrated first and not recorded; it lies before the first of `times`.
        tolerance : relative error of one step.
        max_seconds, max_steps : the run stops when it took longer; max_seconds holds for all runs together.
        hold : hold inputs between samples, where they would be interpolated.
        until : a surface, as of `crossings`, at which a run ends: its last sample is the crossing itself, and
            `context["stopped"]` says so.
        noise, noise_method, noise_step : the strength of process noise, dx = f dt + B dW in the sense of Ito, and how
            it is integrated; see `noise.simulate_with_noise`. `seed` is then that of the noise.

        Returns
        -------
        Trajectory for one run, Trajectories for (run, state), `runs` or arrays of parameters. A run that diverges or
        outgrows its budget comes back as far as it is good, with the reason under `context["stopped"]`.

        Raises
        ------
        InputError : if an argument has the wrong shape, or holds something other than finite numbers.
        UnknownNameError : if a parameter is not one of the system's.
        DivergedError : if a run fails before its first sample.
        """
        if noise is not None:
            if until is not None:
                raise InputError(f"{self.name}: until= found with noise; it is for flows without")
            from inscape.systems.noise import simulate_with_noise

            return simulate_with_noise(
                self,
                initial,
                times,
                inputs,
                noise=noise,
                method=noise_method,
                step=noise_step,
                periods=periods,
                per_period=per_period,
                runs=runs,
                parameters=parameters,
                seed=seed,
                transient=transient,
                max_seconds=max_seconds,
            )
        check_tolerance(tolerance)
        grid, direction = plan.sampling_times(self, times, periods, per_period)
        lead = direction * plan.duration("transient", transient)
        table, many_parameters = plan.parameter_table(self, parameters)
        count = plan.run_count(runs)
        many = many_parameters or count is not None
        if initial is None:
            start = self._starts(count, seed, grid, inputs) if count is not None else self.initial[None]
        else:
            start = plan.initial_states(self, initial)
            many = many or np.ndim(initial) == 2
        start, table = plan.align(start, table, count)
        budget = Budget.of(max_seconds, max_steps)
        if self.input_names or inputs is not None:
            from inscape.systems.driven import driven_runs

            if until is not None:
                raise InputError(f"{self.name}: until= found with inputs; it is for flows without")
            outcomes, records = driven_runs(self, start, table, grid, lead, inputs, hold, tolerance, budget)
        else:
            outcomes, records = self.runs(start, table, grid, lead, tolerance, budget), None
        if until is not None:
            return self._ended(until, outcomes, table, grid, direction, many, tolerance, budget)
        found = [
            self._trajectory(grid, direction, states, reason, table[i], None if records is None else records[i])
            for i, (states, reason) in enumerate(outcomes)
        ]
        return Trajectories(found) if many else found[0]

    def crossings(
        self,
        surface: Surface,
        times: Sequence[float] | None = None,
        *,
        periods: float | None = None,
        initial: Float[np.ndarray, "state"] | Sequence[float] | None = None,
        direction: Direction = "both",
        most: int | None = None,
        transient: float | None = None,
        tolerance: float = 1e-12,
        max_seconds: float | None = None,
        max_steps: int | None = None,
    ) -> Crossings:
        """When and where a run crosses a surface, found to rounding (as the root of the Taylor series of the step).

        Parameters
        ----------
        surface : the function that vanishes on it: a text such as "z - 27" or "z = 27", a sympy expression, or a
            function of the state variables. Parameters may stand in it.
        times : first and last time of the search (what lies between them does not matter).
        periods : instead of `times`: so many dominant periods from time 0.
        initial : (state,) to start from, the system's own if None.
        direction : "up" where the function rises through 0, "down" where it falls, or "both".
        most : end the search after so many crossings.
        transient : time that is integrated first and not searched.
        tolerance, max_seconds, max_steps : as of `simulate`.

        Returns
        -------
        Crossings with `times`, `states`, `directions` and `stopped`.
        """
        check_tolerance(tolerance)
        grid, direction_of_time = plan.sampling_times(self, times, periods, 1)
        if periods is not None:
            grid = np.array([0.0, periods * (self.period or 0.0)])
        if direction_of_time < 0 or len(grid) < 2:
            raise InputError("times: expected a first and a later last time to search between")
        if self.input_names:
            raise InputError(
                f"{self.name}: crossings of a flow with inputs; give its inputs as functions of t in the law"
            )
        if most is not None:
            plan.run_count(most)
        start = self.initial if initial is None else plan.initial_states(self, initial)[0]
        budget = Budget.of(max_seconds, max_steps)
        lead = plan.duration("transient", transient)
        if lead:
            states, reason = self.runs(
                start[None], self.parameter_values[None], np.array([grid[0]]), lead, tolerance, budget
            )[0]
            if reason is not None:
                raise DivergedError(f"{self.name}: {reason}")
            start = states[-1]
        expression = surface_expression(self.definition, surface)
        return find_crossings(
            self, expression, start, float(grid[0]), float(grid[-1]), direction, tolerance, budget, most
        )

    def runs(
        self,
        start: Float[np.ndarray, "run state"],
        table: Float[np.ndarray, "run parameter"],
        grid: Float[np.ndarray, "time"],
        lead: float,
        tolerance: float,
        budget: Budget,
    ) -> list[tuple[Float[np.ndarray, "time state"], str | None]]:
        """States of each run along `grid`, and why it stopped; what `simulate` does once everything is checked.

        `lead` is the signed time that each run is integrated before the first instant of `grid`.
        """
        way = self._smooth_runs if self.is_smooth else self._kinked_runs
        return way(start, table, grid, lead, tolerance, budget)

    def _ended(
        self,
        until: Surface,
        outcomes: list[tuple[np.ndarray, str | None]],
        table: np.ndarray,
        grid: np.ndarray,
        direction: int,
        many: bool,
        tolerance: float,
        budget: Budget,
    ) -> Trajectory | Trajectories:
        if direction < 0 or len(grid) < 2:
            raise InputError("until: expected at least two rising times; a run backward cannot be ended at a surface")
        surface = surface_expression(self.definition, until)
        found = []
        for (states, reason), values in zip(outcomes, table, strict=True):
            run = self._trajectory(grid, direction, states, reason, values, None)
            system = self.with_parameters(**dict(zip(self.parameters, values.tolist(), strict=True)))
            # A run that failed is searched as far as it came.
            last = float(run.times[-1])
            hit = (
                find_crossings(system, surface, states[0], float(grid[0]), last, "both", tolerance, budget, 1)
                if last > grid[0]
                else None
            )
            if hit is not None and len(hit):
                kept = int(np.searchsorted(run.times, hit.times[0]))
                run = run.replace(
                    times=np.append(run.times[:kept], hit.times[0]),
                    states=np.vstack((run.states[:kept], hit.states[:1])),
                    context={**run.context, "stopped": f"reached {surface} = 0 at t = {hit.times[0]:.9g}"},
                )
            found.append(run)
        return Trajectories(found) if many else found[0]

    def _smooth_runs(
        self, start: np.ndarray, table: np.ndarray, grid: np.ndarray, lead: float, tolerance: float, budget: Budget
    ) -> list[tuple[np.ndarray, str | None]]:
        outcomes: dict[int, tuple[np.ndarray, str | None]] = {}
        if len(start) > 1 and self._shares_code(table):
            import heyoka as hy

            lanes = hy.recommended_simd_size()
            if len(start) >= lanes > 1:
                law = taylor_law(self._law_for(table[0]), tolerance=tolerance, lanes=lanes)
                for first in range(0, len(start), lanes):
                    # The last batch is filled up by repeating its last run.
                    rows = np.minimum(np.arange(first, first + lanes), len(start) - 1)
                    states, failed = run_abreast(law, start[rows], table[rows], grid, lead, budget)
                    outcomes |= {int(r): (s, None) for r, s, bad in zip(rows, states, failed, strict=True) if not bad}
        for i in set(range(len(start))) - set(outcomes):
            law = taylor_law(self._law_for(table[i]), tolerance=tolerance)
            outcomes[i] = run_alone(law, start[i], table[i], grid, lead, budget)
        return [outcomes[i] for i in range(len(start))]

    def _kinked_runs(
        self, start: np.ndarray, table: np.ndarray, grid: np.ndarray, lead: float, tolerance: float, budget: Budget
    ) -> list[tuple[np.ndarray, str | None]]:
        from inscape.systems.integrator import Integrator

        outcomes: list[tuple[np.ndarray, str | None]] = []
        for state, values in zip(start, table, strict=True):
            system = self.with_parameters(**dict(zip(self.parameters, map(float, values), strict=True)))
            integrator = Integrator(system, tolerance=tolerance, budget=budget)
            integrator.time = grid[0] - lead
            integrator.state = state
            if lead:
                reached, reason = integrator.sample(np.array([grid[0] - lead, grid[0]]))
                if reason is not None:
                    outcomes.append((reached[:0], f"transient: {reason}"))
                    continue
            outcomes.append(integrator.sample(grid))
        return outcomes

    def _shares_code(self, table: np.ndarray) -> bool:
        """Whether all runs can use the same compiled law (those with other exponents cannot)."""
        names = list(self.parameters)
        columns = [names.index(n) for n in self.definition.exponent_names]
        return not columns or bool((table[:, columns] == table[0, columns]).all())

    def _law_for(self, values: np.ndarray) -> Any:
        names = self.definition.exponent_names
        if not names:
            return self.definition
        order = list(self.parameters)
        return self.definition.with_parameters({n: values[order.index(n)] for n in names})

    def _starts(self, runs: int, seed: Any, grid: np.ndarray, inputs: Any) -> Float[np.ndarray, "run state"]:
        rng = np.random.default_rng(seed)
        span = self.period * 50 if self.period is not None else float(abs(grid[-1] - grid[0])) or 1.0
        if self.input_names:
            # The inputs belong to `times` only; states to start from are found around the system's own.
            return self.initial + 0.1 * np.maximum(np.abs(self.initial), 0.1) * rng.standard_normal(
                (runs, self.dimension)
            )
        instants = np.sort(rng.uniform(0.2 * span, span, runs))
        long_run = self.simulate(times=np.concatenate(([0.0], instants)))
        assert isinstance(long_run, Trajectory)
        if len(long_run) <= runs:
            raise DivergedError(
                f"{self.name}: the run that {runs} initial states are drawn from {long_run.context['stopped']}; "
                "give initial="
            )
        return rng.permutation(long_run.states[1:])

    def _trajectory(
        self,
        grid: np.ndarray,
        direction: int,
        states: np.ndarray,
        reason: str | None,
        values: np.ndarray,
        inputs: np.ndarray | None,
    ) -> Trajectory:
        if len(states) == 0:
            raise DivergedError(f"{self.name}: no sample reached: {reason}")
        context: dict[str, float | str] = dict(zip(self.parameters, values.tolist(), strict=True))
        if reason is not None:
            context["stopped"] = reason
        times = grid[: len(states)]
        if inputs is not None:
            inputs = inputs[: len(states)]
        if direction < 0:
            times, states = times[::-1], states[::-1]
            inputs = None if inputs is None else inputs[::-1]
        return Trajectory(
            times,
            states,
            inputs,
            context=context,
            state_names=self.state_names,
            input_names=self.input_names if inputs is not None else (),
            units=self.units,
            source=self.name,
        )
