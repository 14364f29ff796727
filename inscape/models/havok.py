"""`HAVOK`: chaos as a linear law of delay coordinates with an intermittent forcing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Complex, Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError
from inscape.models.dmd import optimal_rank
from inscape.models.hankel_svd import complete_stretches, delay_coordinates, hankel_svd
from inscape.models.model import Model
from inscape.trajectories import Trajectories, Trajectory, as_trajectories

if TYPE_CHECKING:
    from inscape.systems.symbolic import SymbolicSystem


class HAVOK(Model):
    """Linear law of eigen-time-delay coordinates, dv/dt = A v + B u, driven by the last of them (Brunton et al. 2017).

    The Hankel matrix of the recording is decomposed, H = U S V^T; the first coordinates in V follow a linear law that
    the last ones force. Where the forcing bursts, the linear law fails: on Lorenz, before the state changes its lobe
    (`inscape.models.intermittency`). Nature Communications 8:19. With `structured`, A and B are read from two
    decompositions one sample apart (Hirsh et al. 2021, Proc. R. Soc. A 477:20210097), which needs less data.

    Parameters
    ----------
    rank : delay coordinates kept, forcing included; "optimal" cuts at the noise (Gavish and Donoho 2014).
    delays : samples in a window.
    lag : samples between two of a window.
    forcings : how many of the coordinates, counted from the last, are the forcing.
    structured : read the law from two decompositions.
    order : 2 or 4, of the differences that give dv/dt; the paper takes 4, PyDMD 2. Not used by `structured`.

    Notes
    -----
    After `fit`, r = rank_ and core = r - forcings: `operator_` (core, core), `forcing_operator_` (core, forcing), in
    1/time; `eigenvalues_` (core,); `modes_` (delays * state, r), the oldest sample first; `singular_values_` of the
    whole matrix; `unexplained_` (core,), the rms of what the law leaves of each rate as a share of its rms.
    """

    def __init__(
        self,
        rank: int | Literal["optimal"] = 15,
        *,
        delays: int = 100,
        lag: int = 1,
        forcings: int = 1,
        structured: bool = False,
        order: Literal[2, 4] = 4,
    ):
        self.rank = rank
        self.delays = delays
        self.lag = lag
        self.forcings = forcings
        self.structured = structured
        self.order = order

    def _learn(self, runs: Trajectories) -> None:
        self._check()
        self._past = (int(self.delays) - 1) * int(self.lag) + 1
        least = self._past + 4
        stretches = [run.states[part].astype(float) for run in runs for part in complete_stretches(run.states, least)]
        if not stretches:
            raise InputError(
                f"recording: {max(map(len, runs))} samples in the longest run, "
                f"expected {least} in a row without a gap for {self.delays} delays of {self.lag}"
            )
        firsts = [part[:-1] for part in stretches] if self.structured else stretches
        modes, singular = hankel_svd(firsts, self.delays, self.lag)
        self.singular_values_ = singular
        windows = sum(len(part) - self._past + 1 for part in firsts)
        self.rank_ = self._rank_of(singular, (len(modes), windows))
        if self.rank_ <= self.forcings:
            raise InputError(
                f"rank: {self.rank_} coordinates found, expected more than the {self.forcings} that force; "
                "raise rank or delays"
            )
        self.modes_ = modes[:, : self.rank_]
        before = [self._coordinates(part) for part in firsts]
        rates = [self._rates(v) for v in before] if not self.structured else self._shifted_rates(stretches, before)
        v, rate = np.concatenate(before), np.concatenate(rates)
        solution = np.linalg.lstsq(v, rate, rcond=None)[0].T
        core = self.rank_ - int(self.forcings)
        self.operator_, self.forcing_operator_ = solution[:core, :core].copy(), solution[:core, core:].copy()
        left = rate[:, :core] - v @ solution[:core].T
        self.unexplained_ = np.sqrt((left**2).mean(axis=0) / np.maximum((rate[:, :core] ** 2).mean(axis=0), 1e-300))
        self.start_ = before[0][0, :core]

    def _coordinates(self, states: np.ndarray) -> np.ndarray:
        return delay_coordinates(states, self.modes_, self.singular_values_[: self.rank_], self.delays, self.lag)

    def _rates(self, v: np.ndarray) -> np.ndarray:
        rates = np.gradient(v, self.dt_, axis=0, edge_order=2)
        if self.order == 4:
            rates[2:-2] = (v[:-4] - 8 * v[1:-3] + 8 * v[3:-1] - v[4:]) / (12 * self.dt_)
            ends = np.array([[-25, 48, -36, 16, -3], [-3, -10, 18, -6, 1]]) / (12 * self.dt_)
            rates[:2], rates[-2:] = ends @ v[:5], (-ends @ v[:-6:-1])[::-1]
        return rates

    def _shifted_rates(self, stretches: list[np.ndarray], before: list[np.ndarray]) -> list[np.ndarray]:
        modes, singular = hankel_svd([part[1:] for part in stretches], self.delays, self.lag)
        modes = modes[:, : self.rank_]
        # A singular vector is free in its sign; the two decompositions must agree on it.
        modes = modes * np.where((modes * self.modes_).sum(axis=0) < 0, -1.0, 1.0)
        afters = [delay_coordinates(p[1:], modes, singular[: self.rank_], self.delays, self.lag) for p in stretches]
        return [(after - v) / self.dt_ for after, v in zip(afters, before, strict=True)]

    def _rank_of(self, singular: np.ndarray, shape: tuple[int, int]) -> int:
        # The paper's fifteenth coordinate of Lorenz is 13 orders below the first and still smooth: rounding of a window
        # is what limits it, not the length of the run.
        full = int((singular > singular[0] * 10 * np.finfo(float).eps).sum())
        wanted = optimal_rank(singular, shape) if self.rank == "optimal" else int(self.rank)
        return min(full, wanted)

    def _check(self) -> None:
        for name in ("rank", "delays", "lag", "forcings"):
            value = getattr(self, name)
            if name == "rank" and value == "optimal":
                continue
            if isinstance(value, (bool, str)) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
        if self.order not in (2, 4):
            raise InputError(f"order: {self.order!r} found, expected 2 or 4")

    def coordinates(self, trajectory: Any, dt: float | None = None) -> Trajectory:
        """A run in the fitted delay coordinates v1, v2, ..., the forcing last, at the time of each window's end.

        Parameters
        ----------
        trajectory : one run of the fitted variables at the fitted interval; windows with a missing sample become NaN.

        Returns
        -------
        Trajectory with states (time - past + 1, rank_).
        """
        check_is_fitted(self)
        runs = as_trajectories(trajectory, self.dt_ if dt is None else dt)
        if len(runs) != 1 or runs[0].states.ndim != 2 or runs[0].states.shape[1] != len(self.state_names_):
            raise InputError(f"trajectory: expected one run of {', '.join(self.state_names_)}")
        run = runs[0]
        if len(run) < self.past or not run.is_uniform or abs(run.dt - self.dt_) > 1e-3 * self.dt_:
            raise InputError(
                f"trajectory: {len(run)} samples at {run.dt if len(run) > 1 else 0:.6g} found, "
                f"expected at least {self.past} at {self.dt_:.6g}"
            )
        found = np.full((len(run) - self.past + 1, self.rank_), np.nan)
        for part in complete_stretches(run.states, self.past):
            found[part.start : part.stop - self.past + 1] = self._coordinates(run.states[part].astype(float))
        names = tuple(f"v{k + 1}" for k in range(self.rank_))
        return Trajectory(run.times[self.past - 1 :], found, state_names=names, context=dict(run.context))

    def drive(
        self, forcing: Float[np.ndarray, "time forcing"], initial: Float[np.ndarray, "core"]
    ) -> Float[np.ndarray, "time core"]:
        """The core's coordinates under a forcing that is linear between its samples; exact steps.

        Parameters
        ----------
        forcing : the forcing coordinates at the fitted interval, as the last columns of `coordinates`.
        initial : the core's coordinates at the first of these times.
        """
        check_is_fitted(self)
        forcing = np.asarray(forcing, dtype=float)
        forcing = forcing[:, None] if forcing.ndim == 1 else forcing
        start = np.asarray(initial, dtype=float)
        core, width = self.forcing_operator_.shape
        if forcing.ndim != 2 or forcing.shape[1] != width or not len(forcing) or not np.isfinite(forcing).all():
            raise InputError(f"forcing: shape {forcing.shape} found, expected (time, {width}) finite numbers")
        if start.shape != (core,) or not np.isfinite(start).all():
            raise InputError(f"initial: shape {start.shape} found, expected ({core},) finite numbers")
        step, early, late = self._step()
        pushes = forcing[:-1] @ early.T + forcing[1:] @ late.T
        found = np.empty((len(forcing), core))
        found[0] = start
        for k, push in enumerate(pushes):
            found[k + 1] = step @ found[k] + push
        return found

    def _step(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        from scipy.linalg import expm

        # The forcing and its slope are states that stand still and grow evenly, so one exponential serves all.
        core, width = self.forcing_operator_.shape
        whole = np.zeros((core + 2 * width, core + 2 * width))
        whole[:core, :core] = self.operator_ * self.dt_
        whole[:core, core : core + width] = self.forcing_operator_ * self.dt_
        whole[core : core + width, core + width :] = np.eye(width)
        grown = expm(whole)
        held, slope = grown[:core, core : core + width], grown[:core, core + width :]
        return grown[:core, :core], held - slope, slope

    def reconstruct(self, trajectory: Any) -> Trajectory:
        """A run again from its forcing alone: the core driven by the recorded forcing from the run's first window."""
        recorded = self.coordinates(trajectory)
        if not recorded.is_complete:
            raise InputError("trajectory: missing samples found, expected a complete run to be driven along")
        core = len(self.operator_)
        driven = self.drive(recorded.states[:, core:], recorded.states[0, :core])
        newest = self._newest(driven)
        return Trajectory(recorded.times, newest, state_names=self.state_names_, source="HAVOK driven by its forcing")

    def _newest(self, core: np.ndarray) -> np.ndarray:
        scaled = self.modes_[-len(self.state_names_) :, : core.shape[1]] * self.singular_values_[: core.shape[1]]
        return core @ scaled.T

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        # What will force the law is not known; its mean, zero, is what a linear forecast can say.
        now = self._coordinates(history.states[-self._past :].astype(float))[0, : len(self.operator_)]
        return self._newest(self.drive(np.zeros((horizon + 1, self.forcing_operator_.shape[1])), now))[1:]

    @property
    def eigenvalues_(self) -> Complex[np.ndarray, "core"]:
        """Growth rates and angular frequencies of the core, per time unit, the fastest growing first."""
        check_is_fitted(self)
        values = np.linalg.eigvals(self.operator_).astype(complex)
        return values[np.argsort(-values.real, kind="stable")]

    @property
    def law(self) -> SymbolicSystem:
        """The core as a linear `Flow` of v1, v2, ..., with the forcing as its input."""
        import sympy

        from inscape.systems import Flow
        from inscape.systems.definition import Definition, symbol

        check_is_fitted(self)
        core, width = self.forcing_operator_.shape
        states = tuple(f"v{k + 1}" for k in range(core))
        inputs = tuple(f"v{core + k + 1}" for k in range(width))
        variables = [symbol(name) for name in (*states, *inputs)]
        rows = np.concatenate([self.operator_, self.forcing_operator_], axis=1)
        sides = tuple(
            sympy.Add(*(sympy.Float(float(a)) * v for a, v in zip(row, variables, strict=True))) for row in rows
        )
        return Flow(Definition("havok", states, inputs, {}, sides), initial=self.start_)
