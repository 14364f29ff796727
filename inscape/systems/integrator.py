"""`Integrator`: a compiled flow with a moving state, and tangent vectors that move with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.systems.propagation import Budget, propagate
from inscape.systems.taylor import taylor_law

if TYPE_CHECKING:
    from inscape.systems.flow import Flow


class Integrator:
    """A flow in motion: a state, the time, and `tangent` vectors carried by dw/dt = J(x) w.

    A flow with kinks or jumps gets the switching integrator (same interface), which stops at each of them and applies
    the saltation matrix to the tangent vectors.

    Parameters
    ----------
    flow : the system; its initial state and its parameters are taken over.
    tangent : number of tangent vectors, from 0 to the number of state variables.
    tolerance : relative error of one step.
    inputs : (input,) held constant; only for a flow that has inputs.
    degree : degree of the polynomials that `drive` takes.
    budget : what one call of `advance` or `sample` may take.
    """

    def __new__(cls, flow: Flow, tangent: int = 0, tolerance: float = 1e-12, **options: Any) -> Any:
        if cls is Integrator and not flow.is_smooth:
            from inscape.systems.switched_integrator import SwitchedIntegrator

            return SwitchedIntegrator(flow, tangent=tangent, tolerance=tolerance, **options)
        return super().__new__(cls)

    def __init__(
        self,
        flow: Flow,
        tangent: int = 0,
        tolerance: float = 1e-12,
        *,
        inputs: Float[np.ndarray, "input"] | None = None,
        degree: int = 0,
        budget: Budget | None = None,
    ):
        size = flow.dimension
        if isinstance(tangent, bool) or not isinstance(tangent, (int, np.integer)) or not 0 <= tangent <= size:
            raise InputError(f"tangent: {tangent!r} found, expected a whole number from 0 to {size}")
        given = np.zeros(0) if inputs is None else np.asarray(inputs, dtype=float)
        if given.shape != (len(flow.input_names),) or not np.isfinite(given).all():
            raise InputError(f"inputs: {given.tolist()} found, expected {len(flow.input_names)} finite numbers")
        self.flow = flow
        self._size = size
        self._count = int(tangent)
        # Behind the tangent vectors stands what watches the thresholds of the law, if anything.
        self._tail = size * (1 + self._count)
        self._budget = budget or Budget()
        law = taylor_law(flow.definition, tolerance=tolerance, tangent=self._count, degree=degree)
        self._taylor = law.own()
        self._degree = degree
        self._taylor.pars[:] = np.concatenate((flow.parameter_values, np.zeros(len(given) * (degree + 1) + 1)))[
            : len(self._taylor.pars)
        ]
        # heyoka hands out a view of its state; holding it saves a look-up in each of thousands of steps.
        self._variables = self._taylor.state
        self._success = _time_limit()
        self._taylor.time = 0.0
        self.state = flow.initial
        if len(given):
            self.drive(np.pad(given[:, None], ((0, 0), (0, degree))), 0.0)
        self.tangent = np.eye(size)[:, : self._count]

    @property
    def time(self) -> float:
        """The present time, in the system's unit."""
        return self._taylor.time

    @time.setter
    def time(self, value: float) -> None:
        self._taylor.time = float(value)

    @property
    def state(self) -> Float[np.ndarray, "state"]:
        """A copy of the present state; assign to move it."""
        return self._variables[: self._size].copy()

    @state.setter
    def state(self, value: Float[np.ndarray, "state"]) -> None:
        given = np.asarray(value, dtype=float)
        if given.shape != (self._size,) or not np.isfinite(given).all():
            raise InputError(f"state: {given.tolist()} found, expected {self._size} finite numbers")
        self._variables[: self._size] = given
        self._variables[self._tail :] = 0.0

    @property
    def tangent(self) -> Float[np.ndarray, "state tangent"]:
        """A copy of the tangent vectors, one a column; assign to replace them."""
        return self._variables[self._size : self._tail].reshape(self._count, self._size).T.copy()

    @tangent.setter
    def tangent(self, value: Float[np.ndarray, "state tangent"]) -> None:
        given = np.asarray(value, dtype=float)
        if given.shape != (self._size, self._count):
            raise InputError(f"tangent: shape {given.shape} found, expected ({self._size}, {self._count})")
        self._variables[self._size : self._tail] = given.T.ravel()

    def drive(self, coefficients: Float[np.ndarray, "input power"], since: float) -> None:
        """From now on the inputs are sum_j coefficients[:, j] (t - since)^j."""
        slots = np.append(coefficients.ravel(), since)
        first = len(self.flow.parameters)
        pars = self._taylor.pars
        pars[first:] = slots[: len(pars) - first]

    def advance(self, time: float) -> None:
        """Move on by `time` (backward if negative).

        Raises
        ------
        DivergedError : if the run ends before, with the reason.
        """
        outcome = self._taylor.propagate_for(time, max_steps=self._budget.steps)[0]
        if outcome != self._success or not np.isfinite(self._variables).all():
            raise DivergedError(f"{self.flow.name}: {_reason(outcome)} at t = {self._taylor.time:.9g}")

    def sample(self, times: Float[np.ndarray, "time"]) -> tuple[Float[np.ndarray, "time state"], str | None]:
        """Move along `times`, from the present time on, and record the state at each of them.

        Returns
        -------
        states : (time, state) as far as the run is good.
        reason : why it ended before the last of `times`, or None.
        """
        return propagate(self._taylor, np.asarray(times, dtype=float), self._budget, self._size)


def _time_limit() -> Any:
    import heyoka as hy

    return hy.taylor_outcome.time_limit


def _reason(outcome: Any) -> str:
    import heyoka as hy

    return "too many steps" if outcome == hy.taylor_outcome.step_limit else "diverged"
