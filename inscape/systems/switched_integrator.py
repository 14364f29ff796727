"""`SwitchedIntegrator`: a moving state of a law with kinks and jumps, every crossing found to rounding."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.systems.propagation import Budget
from inscape.systems.switched_law import CompiledMotion, switched_flow

if TYPE_CHECKING:
    from inscape.systems.flow import Flow

_STEPS_AT_ONCE = 5_000
_POINTS_AT_ONCE = 2_000
_RECENT_SWITCHES = 100
_CROWDED = 1e-9
_NEAR = 1e-9
_ROUNDING = 2e-15
_TOUCHING = 1e-9
"""Part of the speed below which the rate of a switching function is not told from zero."""


class SwitchedIntegrator:
    """A compiled flow with kinks and a moving state.

    Between switches the law is smooth and is followed by Taylor's method (Biscani & Izzo 2021, heyoka); each switching
    function is a terminal event. Tangent vectors pass a switch by the saltation matrix (Leine & Nijmeijer 2004, ch. 7)
    S = I + (f+ - f-) grad(g)^T / (dg/dt along f-), which is the identity where the law is continuous.

    Parameters
    ----------
    flow : the system; its initial state and its parameters are taken over.
    tangent : number of tangent vectors, from 0 to the number of state variables.
    tolerance : relative error of one step.
    inputs : (input,) held constant; only for a flow that has inputs.
    degree : degree of the polynomials that `drive` takes.
    budget : what one call of `advance` or `sample` may take.

    Raises
    ------
    InputError : if an argument does not fit the flow, or the law uses floor or modulo.
    """

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
        self.switches = 0
        self._law = switched_flow(flow.definition, tolerance=tolerance, tangent=int(tangent), degree=degree)
        self._count, self._size = int(tangent), size
        # Behind the tangent vectors stands what watches the thresholds of the law, if anything.
        self._tail = size * (1 + self._count)
        self._budget = budget or Budget()
        self._motions: dict[int | None, CompiledMotion] = {None: self._law.motion()}
        self._motion = self._motions[None]
        self.sliding: int | None = None
        self._parameters = np.zeros(self._law.parameters)
        self._parameters[: len(flow.parameters)] = flow.parameter_values
        self._recent: deque[float] = deque(maxlen=_RECENT_SWITCHES)
        self._parameters[self._law.first_mode :] = 1.0
        self._settled = False
        self.time = 0.0
        self.state = flow.initial
        if len(given):
            self.drive(np.pad(given[:, None], ((0, 0), (0, degree))), 0.0)
        self.tangent = np.eye(size)[:, : self._count]

    @property
    def time(self) -> float:
        return float(self._motion.integrator.time)

    @time.setter
    def time(self, value: float) -> None:
        if float(value) != self.time:
            self._motion.integrator.time = float(value)
            self._settled = False

    @property
    def state(self) -> Float[np.ndarray, "state"]:
        return self._motion.integrator.state[: self._size].copy()

    @state.setter
    def state(self, value: Float[np.ndarray, "state"]) -> None:
        state = np.asarray(value, dtype=float)
        if state.shape != (self._size,) or not np.isfinite(state).all():
            raise InputError(f"{self.flow.name}: state {state.tolist()}, expected {self._size} finite numbers")
        # A state put back where it is keeps its side of a surface that it may be on to rounding.
        if not np.array_equal(state, self._motion.integrator.state[: self._size]):
            self._motion.integrator.state[: self._size] = state
            self._motion.integrator.state[self._tail :] = 0.0
            self._settled = False

    @property
    def tangent(self) -> Float[np.ndarray, "state k"]:
        return self._motion.integrator.state[self._size : self._tail].reshape(self._count, self._size).T.copy()

    @tangent.setter
    def tangent(self, value: Float[np.ndarray, "state k"]) -> None:
        vectors = np.asarray(value, dtype=float)
        if vectors.shape != (self._size, self._count):
            raise InputError(f"tangent: shape {vectors.shape}, expected ({self._size}, {self._count})")
        self._motion.integrator.state[self._size : self._tail] = vectors.T.ravel()

    @property
    def modes(self) -> Float[np.ndarray, "mode"]:
        """The side (+1 or -1) of each switching surface on which the law is evaluated; 0 for one that it slides on."""
        modes = self._parameters[self._law.first_mode :].copy()
        if self.sliding is not None:
            modes[self.sliding] = 0.0
        return modes

    def drive(self, coefficients: Float[np.ndarray, "input power"], since: float) -> None:
        """From now on the inputs are sum_j coefficients[:, j] (t - since)^j."""
        first = len(self.flow.parameters)
        self._parameters[first : self._law.first_mode] = *coefficients.ravel(), since
        self._hand_over()
        if self._law.inputs_switch:
            self._settled = False

    def advance(self, time: float) -> None:
        """Move on by `time` (backward if negative).

        Raises
        ------
        DivergedError : if the run ends before, with the reason.
        """
        for _ in self._stretches(np.array([self.time + time])):
            pass

    def sample(self, times: Float[np.ndarray, "time"]) -> tuple[Float[np.ndarray, "time state"], str | None]:
        """Move along `times` (rising or falling), from the present time on, and record the state at each of them.

        Returns
        -------
        states : (time, state) as far as the run is good.
        reason : why it ended before the last of `times`, or None.
        """
        parts: list[np.ndarray] = [np.empty((0, self._size))]
        try:
            parts.extend(self._stretches(np.asarray(times, dtype=float)))
        except DivergedError as stop:
            return np.concatenate(parts), str(stop)
        return np.concatenate(parts), None

    def _stretches(self, times: np.ndarray) -> Iterator[np.ndarray]:
        """Move along `times`; yields the states recorded in one smooth stretch after another."""
        import heyoka as hy

        sense = -1.0 if times[-1] < self.time else 1.0
        if not self._settled:
            self._settle(sense)
        at = int(times[0] == self.time)
        if at:
            yield self.state[None]
        left = self._budget.steps
        while at < len(times):
            begun = self.time
            integrator = self._motion.integrator
            grid = np.concatenate(([begun], times[at : at + _POINTS_AT_ONCE]))
            if (grid[1] - begun) * sense <= 0:  # A switch fell on the instant itself, or rounding carried past it.
                at += 1
                yield self.state[None]
                continue
            result = integrator.propagate_grid(grid, max_steps=min(_STEPS_AT_ONCE, left))
            outcome, left, reached = result[0], left - result[3], result[-1][1:, : self._size]
            if not np.isfinite(reached).all():
                yield reached[: int(np.argmin(np.isfinite(reached).all(axis=1)))]
                raise DivergedError(f"diverged at t = {self.time:.9g}")
            at += len(reached)
            yield reached
            if outcome == hy.taylor_outcome.time_limit:
                continue
            if outcome == hy.taylor_outcome.err_nf_state:
                raise DivergedError(f"diverged at t = {self.time:.9g}")
            if outcome != hy.taylor_outcome.step_limit:
                self._switch(-outcome.value - 1, sense)
            elif abs(self.time - begun) <= 1e-13 * max(abs(begun), abs(times[-1])):
                raise DivergedError(f"step size fell to nothing at t = {self.time:.9g} (a singularity, or too stiff)")
            if left <= 0:
                raise DivergedError(f"step budget of {self._budget.steps} spent at t = {self.time:.9g} (too stiff?)")
            if self._budget.is_spent:
                raise DivergedError(f"time budget spent at t = {self.time:.9g}")

    def _settle(self, sense: float) -> None:
        """Choose every mode from the state itself, as a run does when it starts."""
        self._slide(None)
        modes = self._parameters[self._law.first_mode :]
        slid: int | None = None
        # A function may hold the modes that stand before it, so the choice settles in as many rounds at most.
        for _ in range(len(modes) + 1):
            functions = self._observe()[1]
            on = [int(j) for j in np.flatnonzero(np.abs(functions) <= _NEAR) if self._is_on(int(j), functions[j])]
            chosen = np.sign(functions)
            chosen[on] = modes[on]
            settled = (chosen == modes).all()
            modes[:] = chosen
            slid = None
            for index in on:
                ahead, behind = (sense * self._seen_from(index, side)[2][index] for side in (1.0, -1.0))
                if ahead < -_TOUCHING * abs(behind) and behind > -_TOUCHING * ahead:
                    slid = index
                    continue
                side = np.sign(ahead) or np.sign(behind) or self._side(index, sense)
                settled &= side == modes[index]
                modes[index] = side
            if settled:
                break
        if slid is not None:
            self._enter(slid, sense)
        self._hand_over()
        self._motion.integrator.reset_cooldowns()
        self._recent.clear()
        self._settled = True

    def _hand_over(self) -> None:
        """Give parameters and modes to the integrator, which has room for those that it uses."""
        room = self._motion.integrator.pars
        room[:] = self._parameters[: len(room)]

    def _observe(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Velocity, switching functions and their rates, of the motion as it is."""
        if self.sliding is None:
            return self._law.observe(self.state, self.time, self._parameters)
        above, below = self._seen_from(self.sliding, 1.0), self._seen_from(self.sliding, -1.0)
        up, down = above[2][self.sliding], below[2][self.sliding]
        share = down / (down - up)
        return (
            share * above[0] + (1 - share) * below[0],
            above[1],
            share * above[2] + (1 - share) * below[2],
        )

    def _seen_from(self, index: int, side: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        parameters = self._parameters.copy()
        parameters[self._law.first_mode + index] = side
        return self._law.observe(self.state, self.time, parameters)

    def _gradient(self, index: int) -> np.ndarray:
        return self._law.gradient(index, self.state, self.time, self._parameters)

    def _is_on(self, index: int, value: float) -> bool:
        """Whether a switching function is zero to rounding."""
        if abs(value) > _NEAR:
            return False
        return abs(value) <= _ROUNDING * (np.abs(self._gradient(index)) @ np.abs(self.state))

    def _switch(self, number: int, sense: float) -> None:
        """Go on from a stop: on another side of a surface, along it, or off it."""
        stop = self._motion.stops[number]
        self._recent.append(self.time)
        crowded = abs(self.time - self._recent[0]) < _CROWDED * max(1.0, abs(self.time))
        if crowded and len(self._recent) == _RECENT_SWITCHES:
            raise DivergedError(
                f"{_RECENT_SWITCHES} switches at t = {self.time:.9g}, the last at "
                f"{self._law.functions[stop.surface]} = 0; the run cannot go on"
            )
        if stop.side:
            self._slide(None)
            self._parameters[self._law.first_mode + stop.surface] = stop.side
            self.switches += 1
            self._push_off(stop.surface, stop.side)
        else:
            self._cross(stop.surface, self._side(stop.surface, sense), sense)
        self._cross_surfaces_met_as_well(stop.surface, sense)
        self._hand_over()

    def _cross_surfaces_met_as_well(self, index: int, sense: float) -> None:
        # Surfaces met at the same instant fire no event of their own once they are behind the state.
        modes = self._parameters[self._law.first_mode :]
        for _ in range(len(modes)):
            _, functions, rates = self._observe()
            # On a surface to rounding, it counts where the state is going to.
            near = np.abs(functions) <= _NEAR
            on = [int(j) for j in np.flatnonzero(near) if self._is_on(int(j), functions[j])]
            sides = np.sign(functions)
            sides[on] = sense * np.sign(rates[on])
            wrong = [int(j) for j in np.flatnonzero(sides * modes < 0) if j not in (index, self.sliding)]
            if not wrong:
                break
            self._cross(wrong[0], float(sides[wrong[0]]), sense)
        if self.sliding is not None and self.sliding != index:
            up, down = (self._seen_from(self.sliding, side)[2][self.sliding] for side in (1.0, -1.0))
            if not up < 0 < down:
                modes[self.sliding] = 1.0 if up >= 0 else -1.0
                self._slide(None)

    def _side(self, index: int, sense: float) -> float:
        """The side of surface `index` to which the state on it is moving, forward (sense 1) or backward (-1)."""
        velocity, _, rates = self._observe()
        scale = np.abs(self._gradient(index)) @ np.abs(velocity)
        if abs(rates[index]) > _TOUCHING * scale:
            return float(sense * np.sign(rates[index]))
        # Grazing: the second derivative tells on which side the state stays.
        step = 1e-6 / max(1.0, float(np.abs(velocity).max()))
        ahead = self._law.observe(self.state + step * velocity, self.time + step, self._parameters)[2][index]
        side = float(np.sign(ahead - rates[index])) or float(self._parameters[self._law.first_mode + index])
        self._push_off(index, side)
        return side

    def _push_off(self, index: int, side: float) -> None:
        """Move off a surface by a few roundings: where it is only touched, its event would come again and again."""
        gradient = self._gradient(index)
        distance = 5 * _ROUNDING * (np.abs(gradient) @ np.abs(self.state)) + 1e-300
        if gradient.any():
            self._motion.integrator.state[: self._size] += side * distance * gradient / (gradient @ gradient)

    def _cross(self, index: int, side: float, sense: float) -> None:
        slot = self._law.first_mode + index
        if side == self._parameters[slot]:
            return
        before, _, rates = self._observe()
        self.switches += 1
        self._parameters[slot] = side
        velocity, _, beyond = self._observe()
        slow = _TOUCHING * (np.abs(self._gradient(index)) @ np.abs(velocity))
        if sense * side * rates[index] > slow and sense * side * beyond[index] < -slow:
            # The law beyond the surface points back at it.
            self._enter(index, sense)
        if self._count and rates[index]:
            jump = self._observe()[0] - before
            if jump.any():
                self.tangent = self.tangent + np.outer(jump, self._gradient(index) @ self.tangent) / rates[index]

    def _enter(self, index: int, sense: float) -> None:
        """Begin to slide along surface `index`."""
        name = f"{self._law.functions[index]} = 0"
        if sense < 0:
            raise DivergedError(f"backward motion along {name} is not unique at t = {self.time:.9g}")
        if self.sliding is not None:
            other = self._law.functions[self.sliding]
            raise DivergedError(f"the law points at {name} and at {other} = 0 from all sides at t = {self.time:.9g}")
        self._slide(index)

    def _slide(self, index: int | None) -> None:
        """Take up the motion along surface `index`, or the motion off all surfaces."""
        if index == self.sliding:
            return
        if index is not None and index not in self._motions:
            self._motions[index] = self._law.sliding(index)
        left, self._motion = self._motion.integrator, self._motions[index]
        self.sliding = index
        self._motion.integrator.time = left.time
        self._motion.integrator.state[: self._tail] = left.state[: self._tail]
        self._hand_over()
        self._motion.integrator.reset_cooldowns()
