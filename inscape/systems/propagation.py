"""Carrying compiled Taylor integrators along a grid of times, within a budget, and saying why a run stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.systems.plan import number
from inscape.systems.taylor import TaylorLaw

STEP_BUDGET = 20_000_000
_STEPS_AT_ONCE = 5_000
_POINTS_AT_ONCE = 20_000
_BATCH_STEPS = 200_000


@dataclass
class Budget:
    """How long a run may take.

    Parameters
    ----------
    deadline : reading of `time.monotonic` after which to stop, or None.
    steps : integration steps that are left for each run.
    """

    deadline: float | None = None
    steps: int = STEP_BUDGET

    @classmethod
    def of(cls, seconds: float | None, steps: int | None = None) -> Budget:
        """A budget of so many seconds from now, and so many steps a run.

        Raises
        ------
        InputError : if either is not positive.
        """
        if seconds is not None:
            seconds = number("max_seconds", seconds, "a positive number or None", above=0)
        if steps is not None:
            steps = int(number("max_steps", steps, "at least 1, or None", least=1))
        deadline = None if seconds is None else time.monotonic() + seconds
        return cls(deadline, STEP_BUDGET if steps is None else steps)

    @property
    def is_spent(self) -> bool:
        """Whether the deadline has passed."""
        return self.deadline is not None and time.monotonic() > self.deadline


def propagate(
    integrator: Any, times: Float[np.ndarray, "time"], budget: Budget, columns: int
) -> tuple[Float[np.ndarray, "time state"], str | None]:
    """Carry an integrator along `times`, the first of which is its present time.

    Returns
    -------
    states : the first `columns` variables at each instant that was reached.
    reason : why the run stopped before the last instant, None if it did not.
    """
    states, reason = _propagate(integrator, times, budget)
    states = states[:, :columns]
    if reason is not None:
        finite = np.isfinite(states).all(axis=1)
        states = states[: len(finite) if finite.all() else int(np.argmin(finite))]
    return states, reason


def _propagate(integrator: Any, times: np.ndarray, budget: Budget) -> tuple[np.ndarray, str | None]:
    import heyoka as hy

    outcome = hy.taylor_outcome
    left = budget.steps
    at = 0
    parts: list[np.ndarray] = []
    while True:
        piece = times[at : at + _POINTS_AT_ONCE + 1]
        begun = integrator.time
        if begun != piece[0] and len(piece) > 1 and abs(begun - piece[0]) <= 1e-9 * abs(piece[1] - piece[0]):
            # The end of a propagation misses its grid point by rounding, and may lie past it.
            integrator.time = begun = piece[0]
        on_grid = begun == piece[0]
        grid = piece if on_grid else np.concatenate(([begun], piece))
        result = integrator.propagate_grid(grid, max_steps=min(_STEPS_AT_ONCE, left))
        reached = result[-1] if on_grid else result[-1][1:]
        left -= result[3]
        if at == 0 and len(reached) == len(times) and result[0] == outcome.time_limit:
            return reached, None
        if result[0] == outcome.time_limit:
            done = at + len(piece) == len(times)
            parts.append(reached if done else reached[:-1])
            if done:
                return np.concatenate(parts), None
            at += len(piece) - 1
            continue
        parts.append(reached)
        at += len(reached)
        reason = None
        if result[0] == outcome.err_nf_state:
            reason = f"diverged at t = {integrator.time:.9g}"
        elif abs(integrator.time - begun) <= 1e-13 * max(abs(begun), abs(times[-1] - times[0])):
            reason = f"step size fell to nothing at t = {integrator.time:.9g} (a singularity, or too stiff)"
        elif left <= 0:
            reason = f"step budget of {budget.steps} spent at t = {integrator.time:.9g} (too stiff?)"
        elif budget.is_spent:
            reason = f"time budget spent at t = {integrator.time:.9g}"
        if reason is not None:
            return np.concatenate(parts), reason


def run_alone(
    law: TaylorLaw,
    initial: Float[np.ndarray, "state"],
    parameters: Float[np.ndarray, "parameter"],
    times: Float[np.ndarray, "time"],
    lead: float,
    budget: Budget,
) -> tuple[Float[np.ndarray, "time state"], str | None]:
    """One run; `lead` is the signed time that is integrated, and not recorded, before the first instant."""
    with law.lend() as integrator:
        integrator.time = times[0] - lead
        integrator.state[: len(initial)] = initial
        integrator.state[len(initial) :] = 0.0
        used = len(integrator.pars)
        integrator.pars[:] = parameters[:used]
        if lead:
            reached, reason = propagate(integrator, np.array([times[0] - lead, times[0]]), budget, len(initial))
            if reason is not None:
                return reached[:0], f"transient: {reason}"
        return propagate(integrator, times, budget, len(initial))


def run_abreast(
    law: TaylorLaw,
    initial: Float[np.ndarray, "lane state"],
    parameters: Float[np.ndarray, "lane parameter"],
    times: Float[np.ndarray, "time"],
    lead: float,
    budget: Budget,
) -> tuple[Float[np.ndarray, "lane time state"], np.ndarray]:
    """As many runs as the law has lanes, side by side in one SIMD batch.

    Returns
    -------
    states : (lane, time, state); what stands in the lanes that failed is not meant to be used.
    failed : (lane,) whether a run diverged or took too many steps, and has to be run alone.
    """
    import heyoka as hy

    lanes, size = initial.shape
    states = np.empty((len(times), size, lanes))
    failed = np.zeros(lanes, dtype=bool)
    with law.lend() as integrator:
        integrator.set_time(times[0] - lead)
        integrator.state[:size] = initial.T
        integrator.state[size:] = 0.0
        integrator.pars[:] = parameters.T[: len(integrator.pars)]
        pieces: list[tuple[np.ndarray, int | None]]
        pieces = [(times[i : i + _POINTS_AT_ONCE + 1], i) for i in range(0, max(1, len(times) - 1), _POINTS_AT_ONCE)]
        if lead:
            pieces.insert(0, (np.array([times[0] - lead, times[0]]), None))
        for piece, at in pieces:
            grid = np.repeat(piece[:, None], lanes, axis=1)
            _, reached = integrator.propagate_grid(grid, max_steps=_BATCH_STEPS)
            failed |= [r[0] != hy.taylor_outcome.time_limit for r in integrator.propagate_res]
            if failed.all() or budget.is_spent:
                return states.transpose(2, 0, 1), np.ones(lanes, dtype=bool)
            if at is not None:
                states[at : at + len(piece)] = reached[:, :size]
            if failed.any():
                # A dead lane stops its neighbours: from here on it repeats a run that is alive.
                alive = int(np.argmin(failed))
                integrator.state[:, failed] = integrator.state[:, alive, None]
                integrator.pars[:, failed] = integrator.pars[:, alive, None]
            # Rounding may leave the time beside the instant at which the next piece begins.
            integrator.set_time(piece[-1])
    return np.ascontiguousarray(states.transpose(2, 0, 1)), failed
