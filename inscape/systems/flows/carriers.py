"""Carriers: particles that a flow takes along in fixed Runge-Kutta steps, forward or backward in time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.flows import grid_kernels
from inscape.systems.flows.gridded import GriddedFlow

_FEWEST_A_THREAD = 2_000


class Carrier(Protocol):
    """Particles in a flow: where they are, and how they go on."""

    dimension: int
    time: float
    threads: int

    def start(self, points: Float[np.ndarray, "particle state"], time: float) -> None:
        """Put particles into the flow."""

    def advance(self, duration: float, steps: int) -> None:
        """Let them move for a duration (negative: backward), in so many equal steps."""

    def points(self) -> Float[np.ndarray, "particle state"]:
        """Where they are; NaN for those that were lost."""


def carrier(flow: Any, *, threads: int = 1) -> Carrier:
    """The carrier of a flow: a `GriddedFlow`, or a `Flow` in closed form.

    Raises
    ------
    InputError : if the flow is of another kind, or has inputs.
    """
    if isinstance(flow, GriddedFlow):
        return _GridCarrier(flow, threads)
    from inscape.systems.flow import Flow

    if isinstance(flow, Flow):
        if flow.input_names:
            raise InputError(f"{flow.name}: driven by {', '.join(flow.input_names)}; expected a flow without inputs")
        return _LawCarrier(flow, threads)
    raise InputError(f"flow: {type(flow).__name__} found, expected a GriddedFlow or a Flow")


class _GridCarrier:
    """Particles on a grid; they are held in cells, where interpolation needs no conversion."""

    def __init__(self, flow: GriddedFlow, threads: int):
        self.flow = flow
        self.dimension = flow.dimension
        self.threads = threads
        self.time = 0.0
        self.cells = np.empty((0, flow.dimension))

    def start(self, points: Float[np.ndarray, "particle state"], time: float) -> None:
        self.flow.check_time(time)
        self.time = time
        self.cells = np.ascontiguousarray(self.flow.to_cells(np.asarray(points, dtype=float)))

    def advance(self, duration: float, steps: int) -> None:
        sampler = self.flow.sampler
        begin, step = self.time, duration / steps
        self.flow.check_time(begin + duration)
        last = sampler.at(begin)
        # Blended grids are reused: a fresh one at every stage would cost more than filling it.
        spare = [np.empty_like(last), np.empty_like(last), np.empty_like(last)]
        for k in range(steps):
            now = begin + k * step
            first = last
            middle = sampler.at(now + 0.5 * step, spare[0])
            last = sampler.at(now + step, spare[1 + k % 2])
            blocked = sampler.blocked(min(now, now + step), max(now, now + step))
            rest = (first, middle, last, sampler.cells, sampler.closes, blocked, sampler.is_cubic)

            def move(part: Any, rest: tuple[Any, ...] = rest) -> None:
                grid_kernels.rk4_step(*rest, part, step)

            _in_parts(move, self.cells, self.threads)
        self.time = begin + duration

    def points(self) -> Float[np.ndarray, "particle state"]:
        return self.flow.to_points(self.cells)


class _LawCarrier:
    """Particles in a flow in closed form."""

    def __init__(self, flow: Any, threads: int):
        self.dimension = flow.dimension
        self.threads = threads
        self.time = 0.0
        self.states = np.empty((0, flow.dimension))
        self._kernel = flow.compile("numba")
        self._parameters = flow.parameter_values

    def start(self, points: Float[np.ndarray, "particle state"], time: float) -> None:
        self.time = time
        self.states = np.array(points, dtype=float, order="C")

    def advance(self, duration: float, steps: int) -> None:
        run = _rk4_steps()
        rest = (self._parameters, self.time, duration / steps, steps)
        _in_parts(lambda part: run(self._kernel, part, *rest), self.states, self.threads)
        self.time += duration

    def points(self) -> Float[np.ndarray, "particle state"]:
        return self.states.copy()


def _in_parts(work: Callable[[np.ndarray], None], particles: np.ndarray, threads: int) -> None:
    count = min(threads, max(1, len(particles) // _FEWEST_A_THREAD))
    if count <= 1:
        work(particles)
        return
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(work, np.array_split(particles, count)))


@cache
def _rk4_steps() -> Callable[..., None]:
    import numba

    @numba.njit(nogil=True, error_model="numpy")
    def rk4_steps(kernel: Any, states: Any, p: Any, begin: float, step: float, count: int) -> None:
        size = states.shape[1]
        a, b, c, d, trial = np.empty(size), np.empty(size), np.empty(size), np.empty(size), np.empty(size)
        for n in range(states.shape[0]):
            x = states[n]
            for k in range(count):
                now = begin + k * step
                kernel(x, p, now, a)
                for m in range(size):
                    trial[m] = x[m] + 0.5 * step * a[m]
                kernel(trial, p, now + 0.5 * step, b)
                for m in range(size):
                    trial[m] = x[m] + 0.5 * step * b[m]
                kernel(trial, p, now + 0.5 * step, c)
                for m in range(size):
                    trial[m] = x[m] + step * c[m]
                kernel(trial, p, now + step, d)
                for m in range(size):
                    x[m] += step / 6.0 * (a[m] + 2.0 * b[m] + 2.0 * c[m] + d[m])

    return rk4_steps
