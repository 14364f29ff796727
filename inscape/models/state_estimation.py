"""`EstimatedStart`: a law whose forecast starts from a state fitted to the last stretch, not from one noisy sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float
from sklearn.base import clone

from inscape.errors import DivergedError, InputError
from inscape.models.model import Model
from inscape.trajectories import Trajectories, Trajectory

if TYPE_CHECKING:
    from inscape.systems.flow import Flow
    from inscape.systems.symbolic import SymbolicSystem

ROUNDS = 6
TOLERANCE = 1e-9


class EstimatedStart(Model):
    """A model whose law is a flow, forecasting from an estimated state.

    The state `window` samples ago is fitted so that the law's run through the window is nearest to all samples in it,
    by Gauss-Newton steps along the variational equations (strong-constraint assimilation; Talagrand & Courtier 1987).
    Measurement noise is averaged over the window, where a forecast from the last sample alone inherits all of it.

    Parameters
    ----------
    model : an estimator whose `law` is a `Flow`, such as `SINDy`.
    window : samples that the state is fitted to; short against the time in which neighbours part.

    Notes
    -----
    After `fit`: `model_`, the fitted estimator.
    """

    def __init__(self, model: Model, window: int = 10):
        self.model = model
        self.window = window

    def _learn(self, runs: Trajectories) -> None:
        window = self.window
        if isinstance(window, bool) or not isinstance(window, (int, np.integer)) or window < 2:
            raise InputError(f"window: {window!r} found, expected a whole number of samples, at least 2")
        if runs.input_names:
            raise InputError("inputs: a driven recording found; the start of a driven law is not estimated")
        self.model_ = clone(self.model).fit(runs)
        self._past = int(window)
        self.__dict__.pop("_motion", None)
        self._check_flow()

    @property
    def law(self) -> SymbolicSystem:
        """The law of the model inside."""
        return self.model_.law

    @property
    def complexity(self) -> int:
        """Numbers in the law of the model inside."""
        return int(self.model_.complexity)

    def estimate(self, history: Trajectory) -> Float[np.ndarray, "state"]:
        """The state at the history's last sample, as the law sees it; the sample itself where no fit is better."""
        measured = np.asarray(history.states[-self._past :], dtype=float)
        try:
            states = self._fitted(measured)
        except DivergedError:
            return measured[-1]
        return states[-1]

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        start = self.estimate(history)
        last = history[len(history) - self._past :]
        return self.model_.forecast(last.replace(states=np.vstack([last.states[:-1], start])), horizon).states

    def _fitted(self, measured: Float[np.ndarray, "window state"]) -> Float[np.ndarray, "window state"]:
        start = measured[0]
        best, best_cost = measured, np.inf
        for _ in range(ROUNDS):
            states, tangents = self._run(start, len(measured))
            residual = (measured - states) / self.scale_
            cost = float(np.sum(residual**2))
            if not cost < best_cost * (1 - 1e-6):
                break
            best, best_cost = states, cost
            slopes = (tangents / self.scale_[:, None]).reshape(-1, len(start))
            start = start + np.linalg.lstsq(slopes, residual.ravel(), rcond=None)[0]
        return best

    def _run(
        self, start: Float[np.ndarray, "state"], samples: int
    ) -> tuple[Float[np.ndarray, "window state"], Float[np.ndarray, "window state state"]]:
        from inscape.systems.integrator import Integrator

        size = len(start)
        if not hasattr(self, "_motion"):
            self._motion = Integrator(self._check_flow(), tangent=size, tolerance=TOLERANCE)
        motion = self._motion
        motion.time, motion.state, motion.tangent = 0.0, start, np.eye(size)
        states, tangents = np.empty((samples, size)), np.empty((samples, size, size))
        states[0], tangents[0] = start, np.eye(size)
        for k in range(1, samples):
            motion.advance(self.dt_)
            states[k], tangents[k] = motion.state, motion.tangent
        return states, tangents

    def _check_flow(self) -> Flow:
        from inscape.systems.flow import Flow

        law = self.model_.law
        if not isinstance(law, Flow):
            raise InputError(f"model: its law is a {type(law).__name__}, expected a Flow: a law in continuous time")
        return law

    def __getstate__(self) -> dict[str, Any]:
        # A compiled integrator does not travel between processes; it is made again at the next forecast.
        return {k: v for k, v in super().__getstate__().items() if k != "_motion"}
