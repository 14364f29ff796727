"""`Map`: a law in discrete time, x(n + 1) = f(x(n), n)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.systems import plan
from inscape.systems.iteration import iterate
from inscape.systems.symbolic import SymbolicSystem
from inscape.trajectories import Trajectories, Trajectory


class Map(SymbolicSystem):
    """A difference equation. Where time stands in the law, it is the number of the step."""

    is_map = True

    def simulate(
        self,
        initial: Float[np.ndarray, "*run state"] | Sequence[float] | None = None,
        times: Float[np.ndarray, "time"] | Sequence[int] | None = None,
        inputs: Float[np.ndarray, "*run time input"] | Callable[[int], Any] | None = None,
        *,
        steps: int | None = None,
        periods: float | None = None,
        per_period: int = 1,
        runs: int | None = None,
        parameters: Mapping[str, Any] | None = None,
        seed: int | np.random.Generator | None = 0,
        transient: int | None = None,
    ) -> Trajectory | Trajectories:
        """Let the system move.

        Parameters
        ----------
        initial : (state,) for one run, (run, state) for many; the system's own initial state if None. It belongs to
            the first of `times`, or to `transient` steps before.
        times : (time,) whole, rising step numbers to record.
        steps : instead of `times`: so many steps, recorded one by one with the initial state before them.
        inputs : (step, input) or (run, step, input), a row for each step from the first time to the last; or a
            function of the step number that returns (input,). A row drives the step that starts at it.
        periods, per_period : instead of `steps`: their product.
        runs : number of runs. Without `initial`, they start where one long run of the system was at `runs` instants
            drawn at random.
        parameters : values that differ from the system's own; an array (run,) gives each run its own.
        seed : for the random instants.
        transient : steps that are made first and not recorded (the first row of an array of inputs drives them all).

        Returns
        -------
        Trajectory for one run, Trajectories for (run, state), `runs` or arrays of parameters. A run that leaves every
        bound comes back as far as it is finite, with the reason under `context["stopped"]`.

        Raises
        ------
        InputError : if an argument has the wrong shape, or holds something other than finite numbers.
        UnknownNameError : if a parameter is not one of the system's.
        DivergedError : if a run fails before its first sample.
        """
        grid = self._instants(times, steps, periods, per_period)
        lead = _whole("transient", plan.duration("transient", transient))
        table, many_parameters = plan.parameter_table(self, parameters)
        count = plan.run_count(runs)
        many = many_parameters or count is not None
        if initial is None:
            start = self._starts(count, seed) if count is not None else self.initial[None]
        else:
            start = plan.initial_states(self, initial)
            many = many or np.ndim(initial) == 2
        start, table = plan.align(start, table, count)
        driving = self._inputs(inputs, grid, lead)
        first = int(grid[0]) - lead
        states, good = iterate(self.definition, start, table, driving, first, grid - first)
        found = [
            self._trajectory(grid, states[i], int(good[i]), table[i], driving[i % len(driving), grid - first])
            for i in range(len(start))
        ]
        return Trajectories(found) if many else found[0]

    def _instants(self, times: Any, steps: Any, periods: Any, per_period: Any) -> np.ndarray:
        given = [n for n, v in (("times", times), ("steps", steps), ("periods", periods)) if v is not None]
        if len(given) != 1:
            raise InputError(f"{self.name}: {' and '.join(given) or 'no times'} found, expected one of steps=, times=")
        if times is not None:
            grid = plan.numbers("times", times)
            if grid.ndim != 1 or len(grid) == 0 or (np.diff(grid) <= 0).any() or (grid != np.floor(grid)).any():
                raise InputError(f"times: shape {grid.shape} found, expected rising whole step numbers (time,)")
            return grid.astype(np.int64)
        if steps is not None:
            if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 0:
                raise InputError(f"steps: {steps!r} found, expected a whole number, 0 or more")
            return np.arange(steps + 1)
        span = plan.number("periods", periods, "a positive number", above=0)
        density = plan.number("per_period", per_period, "a positive number", above=0)
        return np.arange(round(span * density) + 1)

    def _inputs(self, inputs: Any, grid: np.ndarray, lead: int) -> Float[np.ndarray, "run step input"]:
        size = len(self.input_names)
        span = int(grid[-1] - grid[0]) + 1
        if not size:
            if inputs is not None:
                raise InputError(f"{self.name}: inputs found, but nothing drives its law")
            return np.zeros((1, lead + span, 0))
        if inputs is None:
            raise InputError(f"{self.name}: no inputs found, expected (step, {size}): {', '.join(self.input_names)}")
        if callable(inputs):
            numbers = range(int(grid[0]) - lead, int(grid[-1]) + 1)
            rows = plan.numbers("inputs", [np.atleast_1d(inputs(n)) for n in numbers])
            if rows.shape != (lead + span, size):
                raise InputError(f"inputs: function returns shape {rows.shape[1:]}, expected ({size},)")
            return rows[None]
        rows = plan.numbers("inputs", inputs)
        rows = rows[:, None] if rows.ndim == 1 and size == 1 else rows
        rows = rows[None] if rows.ndim == 2 else rows
        if rows.ndim != 3 or rows.shape[2] != size or rows.shape[1] not in (span, span - 1):
            raise InputError(f"inputs: shape {rows.shape[1:]} found, expected ({span}, {size}), a row for each step")
        rows = np.concatenate((rows, np.repeat(rows[:, -1:], span - rows.shape[1], axis=1)), axis=1)
        return np.concatenate((np.repeat(rows[:, :1], lead, axis=1), rows), axis=1)

    def _starts(self, runs: int, seed: Any) -> Float[np.ndarray, "run state"]:
        rng = np.random.default_rng(seed)
        if self.input_names:
            # The inputs belong to the steps asked for; states to start from are found around the system's own.
            spread = 0.1 * np.maximum(np.abs(self.initial), 0.1)
            return self.initial + spread * rng.standard_normal((runs, self.dimension))
        instants = 100 + np.sort(rng.choice(max(1_000, 10 * runs), runs, replace=False))
        long_run = self.simulate(times=np.concatenate(([0], instants)))
        assert isinstance(long_run, Trajectory)
        if len(long_run) <= runs:
            raise DivergedError(
                f"{self.name}: the run that {runs} initial states are drawn from {long_run.context['stopped']}; "
                "give initial="
            )
        return rng.permutation(long_run.states[1:])

    def _trajectory(
        self, grid: np.ndarray, states: np.ndarray, good: int, values: np.ndarray, inputs: np.ndarray
    ) -> Trajectory:
        context: dict[str, float | str] = dict(zip(self.parameters, values.tolist(), strict=True))
        if good == 0:
            raise DivergedError(f"{self.name}: no sample reached; the run diverged in its transient")
        if good < len(grid):
            context["stopped"] = f"diverged after step {grid[good - 1]}"
        return Trajectory(
            grid[:good].astype(float),
            states[:good],
            inputs[:good] if self.input_names else None,
            context=context,
            state_names=self.state_names,
            input_names=self.input_names,
            units=self.units,
            source=self.name,
        )


def _whole(name: str, value: float) -> int:
    if value != int(value):
        raise InputError(f"{name}: {value!r} found, expected a whole number of steps")
    return int(value)
