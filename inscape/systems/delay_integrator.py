"""`DelayIntegrator`: a delay flow in motion, its state a whole history, with tangent histories that move with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.systems.delay_law import compiled_delay_law
from inscape.systems.delay_mesh import DelayMesh
from inscape.systems.gauss_collocation import gauss_collocation
from inscape.systems.propagation import Budget
from inscape.systems.taylor import check_tolerance

if TYPE_CHECKING:
    from inscape.systems.delay_flow import DelayFlow

STAGES = 10
_BLOCK = 2_048
_MOST_STEPS = 2**17
"""Steps in a history beyond which the run is given up."""
_ASYMPTOTIC = 1e-4
"""A last coefficient below this belongs to a step that resolves the solution."""
_SMALL_CORNER = 1e-6
_STEPS_FOR_CORNERS = 4_096

History = Callable[[Float[np.ndarray, "time"]], Float[np.ndarray, "time state"]]


class DelayIntegrator:
    """A delay flow in motion.

    Gauss collocation on a mesh that holds the corners of the solution (Bellen 1984; Bellen & Zennaro 2003). Where the
    delays are multiples of the step, it has order 20 at the ends of the steps and 11 in between. Steps are halved as
    soon as the last Legendre coefficient of a step exceeds the tolerance.

    Parameters
    ----------
    flow : the system; its initial state and its parameters are taken over.
    tangent : number of tangent histories.
    tolerance : largest error of the polynomial on one step, relative to the largest value met so far.
    history : times (time,) up to the present one -> states (time, state); the constant `flow.initial` if None.
    state : (state,) the present state; the end of the history if None.
    tangent_history : times (time,) -> (time, state * tangent), the tangent histories to begin with, the index of the
        history running fastest; smooth random functions if None.
    seed : for those.
    budget : what the calls of `advance` and `sample` together may take.
    """

    def __init__(
        self,
        flow: DelayFlow,
        tangent: int = 0,
        tolerance: float = 1e-12,
        *,
        history: History | None = None,
        state: Float[np.ndarray, "state"] | None = None,
        time: float = 0.0,
        tangent_history: History | None = None,
        seed: int | np.random.Generator | None = 0,
        budget: Budget | None = None,
    ):
        check_tolerance(tolerance)
        if isinstance(tangent, bool) or not isinstance(tangent, (int, np.integer)) or tangent < 0:
            raise InputError(f"tangent: {tangent!r} found, expected a whole number, 0 or more")
        self.flow = flow
        self.tolerance = max(tolerance, 1e-14)
        self.roughness = 0.0
        self._count, self._size = int(tangent), flow.dimension
        self._law = compiled_delay_law(flow.definition)
        self._delays = self._law.law.delay_values(flow.definition)
        self._pasts = np.array([(i, j) for _, i, j in self._law.law.pasts])
        self._method = gauss_collocation(STAGES)
        self._budget = budget or Budget()
        self._steps_left = self._budget.steps
        self._history = history or (lambda times: np.broadcast_to(flow.initial, (len(times), flow.dimension)))
        self._head = None if state is None else np.asarray(state, dtype=float)
        self._tangent_history = tangent_history
        self._stubborn, self._rough = 0, (np.inf, np.inf)
        if tangent_history is None and tangent:
            self._tangent_history = _smooth_random(
                float(time), self.longest_delay, self._size, self._count, np.random.default_rng(seed)
            )
        mesh = DelayMesh(float(time), self._delays, 1)
        # The k-th tangent history swings some k / 2 times over the longest delay, however smooth the state is.
        while mesh.history_steps < self._count:
            mesh = DelayMesh(float(time), self._delays, 2 * mesh.parts)
        self._most_steps = max(_MOST_STEPS, 8 * mesh.history_steps)
        self._begin(mesh)
        self._resolve_history()

    def _begin(self, mesh: DelayMesh) -> None:
        """Lay the history on the mesh."""
        past = mesh.history_steps
        self._grid = mesh
        self._mesh = mesh.ends(-past, past + 1 + _BLOCK)
        self._origin = -past
        points = len(self._method.points)
        self._values = np.empty((len(self._mesh), points, self._size))
        self._tangents = np.empty((len(self._mesh), points, self._size * self._count))
        self._at = past
        starts, lengths = self._mesh[:past], np.diff(self._mesh[: past + 1])
        times = (starts[:, None] + lengths[:, None] * self._method.points).ravel()
        self._values[:past] = _history_values(self.flow, self._history(times), len(times)).reshape(past, points, -1)
        head = self._history(self._mesh[past : past + 1])[0] if self._head is None else self._head
        self._values[past, 0] = head
        self._scale = np.maximum(np.abs(self._values[:past]).max(axis=(0, 1)), np.abs(head))
        if self._tangent_history is not None and self._count:
            columns = self._size * self._count
            drawn = self._tangent_history(np.append(times, self._mesh[past]))
            self._tangents[:past] = drawn[:-1].reshape(past, points, columns)
            self._tangents[past, 0] = drawn[-1]

    def _resolve_history(self) -> None:
        """Halve the steps until the history is resolved, or its corners are as small as they will be."""
        while True:
            past = self._at
            coefficients = np.einsum("kp,spc->ksc", self._method.legendre[-2:], self._values[:past])
            tails = np.maximum(np.abs(coefficients[1]), 0.1 * np.abs(coefficients[0])).max(axis=0)
            roughness = float((tails / (self._scale + 1e-300)).max())
            if roughness <= self.tolerance:
                return
            has_corners = roughness < _ASYMPTOTIC and roughness > 0.1 * self._rough[0]
            self._rough = roughness, self.time
            if has_corners and (roughness < _SMALL_CORNER or past >= _STEPS_FOR_CORNERS):
                self.roughness = roughness
                self.tolerance = 4 * roughness
                return
            if 2 * past > self._most_steps:
                raise InputError(f"{self.flow.name}: the history has jumps that no step resolves; smooth it")
            self._begin(DelayMesh(self._grid.start, self._delays, 2 * self._grid.parts))

    @property
    def time(self) -> float:
        """The present time, in the system's unit."""
        return float(self._mesh[self._at])

    @property
    def state(self) -> Float[np.ndarray, "state"]:
        """The present state (the head of the history)."""
        return self._values[self._at, 0].copy()

    @property
    def tangent(self) -> Float[np.ndarray, "state tangent"]:
        """The heads of the tangent histories."""
        return self._tangents[self._at, 0].reshape(self._size, self._count).copy()

    @property
    def longest_delay(self) -> float:
        """The length of the history that is the state of the system."""
        return float(self._delays.max())

    @property
    def step(self) -> float:
        """The present length of a step."""
        return self._grid.step

    def advance(self, time: float) -> None:
        """Move on by `time`, or to the first end of a step after it.

        Raises
        ------
        DivergedError : if the run ends before, with the reason.
        """
        if not (np.isfinite(time) and time >= 0):
            raise InputError(f"{self.flow.name}: advance by {time!r} found; a delay flow moves forward only")
        end = self.time + time
        while self.time < end - 1e-9 * self.step:
            self._take_block(end)

    def sample(self, times: Float[np.ndarray, "time"]) -> tuple[Float[np.ndarray, "time state"], str | None]:
        """Move along rising `times`, from the present time on, and record the state at each of them.

        Returns
        -------
        states : (time, state) as far as the run is good.
        reason : why it ended before the last of `times`, or None.
        """
        times = np.asarray(times, dtype=float)
        states = np.empty((len(times), self._size))
        done = int(np.searchsorted(times, self.time))
        self._read_off(times[:done], 0, states[:done])
        if done < len(times) and times[done] == self.time:
            states[done] = self.state
            done += 1
        while done < len(times):
            try:
                first = self._take_block(float(times[-1]))
            except DivergedError as stop:
                return states[:done], str(stop)
            until = int(np.searchsorted(times, self.time, side="right"))
            # Ends of steps move by a rounding when steps are halved: a time just behind one may lie in the step before.
            self._read_off(times[done:until], max(first - 1, 0), states[done:until])
            done = max(done, until)
        return states, None

    def _read_off(self, times: np.ndarray, first: int, out: np.ndarray) -> None:
        from inscape.systems.delay_kernel import evaluate

        if len(times):
            points, barycentric = self._method.points, self._method.barycentric
            evaluate(self._mesh, self._values, first, self._at, times, points, barycentric, out)

    def _take_block(self, end: float) -> int:
        """Take some steps towards `end`; the index of the first of them that is new."""
        from inscape.systems.delay_kernel import DIVERGED, ROUGH, take_steps

        self._make_room()
        first = self._at
        wanted = self._grid.index_at(end) - self._origin
        last = min(max(wanted, first + 1), len(self._mesh) - 1, first + self._steps_left)
        method = self._method
        reached, outcome, roughness = take_steps(
            self._law.velocity,
            self._law.slopes,
            self._law.has_constant_slopes,
            self.flow.parameter_values,
            self._mesh,
            self._values,
            self._tangents,
            first,
            last,
            self._delays,
            self._grid.lags,
            self._pasts[:, 0],
            self._pasts[:, 1],
            method.matrix,
            method.weights,
            method.points,
            method.barycentric,
            method.legendre,
            self.tolerance,
            self._scale,
        )
        self._steps_left -= reached - first
        self._at = reached
        if outcome == DIVERGED:
            raise DivergedError(f"diverged at t = {self.time:.9g}")
        if outcome == ROUGH:
            taken = reached - first
            parts = self._refine(roughness, first)
            return self._at - taken * parts
        self.roughness = max(self.roughness, roughness)
        if self._steps_left <= 0:
            raise DivergedError(f"step budget of {self._budget.steps} spent at t = {self.time:.9g}")
        if self._budget.is_spent:
            raise DivergedError(f"time budget spent at t = {self.time:.9g}")
        return first

    def _held_from(self) -> int:
        """The first step that is still looked back to."""
        horizon = self.time - self.longest_delay - 1e-9 * self.step
        return max(0, int(np.searchsorted(self._mesh[: self._at + 1], horizon, side="right")) - 1)

    def _make_room(self) -> None:
        if self._at < len(self._mesh) - 1:
            return
        self._rehouse(self._held_from(), self._origin)

    def _rehouse(self, low: int, origin: int) -> None:
        """Keep what stands from step `low` on, and make room for a block behind it."""
        kept = self._at - low
        capacity = kept + 1 + _BLOCK
        for name in ("_values", "_tangents"):
            old = getattr(self, name)
            new = np.empty((capacity, *old.shape[1:]))
            new[: kept + 1] = old[low : self._at + 1]
            setattr(self, name, new)
        self._origin = origin + low
        self._mesh = self._grid.ends(self._origin, capacity)
        self._at = kept

    def _refine(self, roughness: float, first: int) -> int:
        """Halve every step from `first` on and of the history held; into how many steps each one was parted."""
        if 2 * self._grid.history_steps > self._most_steps:
            raise DivergedError(f"step size fell to nothing at t = {self.time:.9g} (a singularity, or too stiff)")
        if roughness < _ASYMPTOTIC:
            # Of a smooth solution the last coefficient falls by 2^10 or so; corners of the history do not mend.
            before, last = self._rough
            same_place = abs(self.time - last) < 2.5 * self.step
            self._stubborn = self._stubborn + 1 if same_place and roughness > 0.1 * before else 0
            self._rough = roughness, self.time
            if self._stubborn >= 3:
                self.tolerance = 4 * roughness
                return 1
        finer = DelayMesh(self._grid.start, self._delays, 2 * self._grid.parts)
        if self._origin + self._at == 0:
            self._begin(finer)
            return 2
        low = min(first, self._held_from())
        halves = self._method.halves
        for name in ("_values", "_tangents"):
            old = getattr(self, name)
            new = np.empty((2 * (self._at - low) + 1, *old.shape[1:]))
            for side in (0, 1):
                new[side:-1:2] = np.einsum("pq,sqc->spc", halves[side], old[low : self._at])
            new[-1, 0] = old[self._at, 0]
            setattr(self, name, new)
        self._grid = finer
        self._at = 2 * (self._at - low)
        self._rehouse(0, 2 * (self._origin + low))
        return 2

    def remember(self) -> tuple[Any, ...]:
        """The present moment, to be given to `go_back`."""
        held = slice(self._held_from(), self._at + 1)
        return self._grid, self._origin + held.start, self._values[held].copy(), self._tangents[held].copy()

    def go_back(self, moment: tuple[Any, ...]) -> None:
        """Be again where `remember` was called."""
        self._grid, origin, self._values, self._tangents = moment
        self._at = len(self._values) - 1
        self._rehouse(0, origin)

    def reorthonormalise(self) -> Float[np.ndarray, "tangent"]:
        """Make the tangent histories orthonormal, and return the logarithms of the lengths they had.

        The scalar product of two histories is the mean over the longest delay of the product of their values, plus
        the product of their heads (Farmer 1982 uses the same on a grid).
        """
        low = self._held_from()
        window = slice(low, self._at)
        lengths = np.diff(self._mesh[low : self._at + 1]) / self.longest_delay
        weights = np.sqrt(lengths[:, None] * self._method.weights)
        shape = (-1, self._size, self._count)
        inner = self._tangents[window, 1:].reshape(-1, *shape[1:]) * weights.ravel()[:, None, None]
        rows = np.concatenate((inner.reshape(-1, self._count), self.tangent))
        factor = np.linalg.qr(rows, mode="r")
        signs = np.where(np.diagonal(factor) < 0, -1.0, 1.0)
        inverse = np.linalg.inv(factor * signs[:, None])
        held = self._tangents[low : self._at + 1]
        held[...] = (held.reshape(-1, self._count) @ inverse).reshape(held.shape)
        return np.log(np.abs(np.diagonal(factor)))


def _history_values(flow: DelayFlow, values: Any, count: int) -> np.ndarray:
    array = np.asarray(values, dtype=float)
    array = array[:, None] if array.ndim == 1 and flow.dimension == 1 else array
    if array.shape != (count, flow.dimension) or not np.isfinite(array).all():
        raise InputError(
            f"{flow.name}: history gives shape {array.shape} for {count} times, "
            f"expected ({count}, {flow.dimension}) finite numbers"
        )
    return array


def _smooth_random(end: float, span: float, size: int, count: int, rng: np.random.Generator) -> History:
    """Low Legendre polynomials with random coefficients, over the time `span` up to `end`."""
    degrees = 4 + count
    coefficients = rng.standard_normal((degrees, size * count))
    return lambda times: np.polynomial.legendre.legvander(2 * (times - end) / span + 1, degrees - 1) @ coefficients
