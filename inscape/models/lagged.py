"""`Lagged`: any scikit-learn regressor as a forecaster, from the last few samples to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from inscape.errors import InputError
from inscape.models.model import Model
from inscape.models.windows import closed_loop, lagged_windows
from inscape.trajectories import Trajectories, Trajectory

OUT_OF_BOUNDS = 1e6
"""Standard deviations of the recording beyond which a forecast counts as diverged."""


class Lagged(Model):
    """Autoregression by a regressor of the user's choice.

    Parameters
    ----------
    regressor : a scikit-learn regressor of several outputs; ridge with penalty 1e-6 if None.
    lookback : samples that it sees.

    Notes
    -----
    After `fit`: `regressor_`.
    """

    def __init__(self, regressor: Any = None, lookback: int = 10):
        self.regressor = regressor
        self.lookback = lookback

    def _learn(self, runs: Trajectories) -> None:
        from sklearn.linear_model import Ridge

        if not (isinstance(self.lookback, (int, np.integer)) and self.lookback >= 1):
            raise InputError(f"lookback: {self.lookback!r} found, expected a whole number of samples, at least 1")
        self._past = int(self.lookback)
        states = np.concatenate([run.states for run in runs])
        self.centre_ = np.nanmean(states, axis=0)
        pasts, nexts = lagged_windows(((run.states - self.centre_) / self.scale_ for run in runs), self._past)
        self.regressor_ = clone(self.regressor) if self.regressor is not None else Ridge(alpha=1e-6)
        targets = nexts[:, 0] if nexts.shape[1] == 1 else nexts
        self.regressor_.fit(pasts.reshape(len(pasts), -1), targets)

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        window = (history.states[-self._past :] - self.centre_) / self.scale_

        def step(past: np.ndarray) -> np.ndarray:
            if not (np.abs(past) < OUT_OF_BOUNDS).all():
                return np.full(past.shape[-1], np.nan)
            return np.asarray(self.regressor_.predict(past.reshape(1, -1))).reshape(-1)

        return closed_loop(step, window, horizon) * self.scale_ + self.centre_
