"""`EchoState`: a random recurrent network whose readout alone is learned (Jaeger 2001; Jaeger & Haas 2004)."""

from __future__ import annotations

import numba
import numpy as np

from inscape.errors import InputError
from inscape.models.model import Model
from inscape.trajectories import Trajectories, Trajectory


class EchoState(Model):
    """Reservoir forecaster in closed loop.

    Parameters
    ----------
    units : reservoir size.
    spectral_radius : largest modulus among the eigenvalues of the recurrent weights.
    input_scaling : weights from the (standardised) state are uniform in +- this.
    leak : share of the new activity at each step; 1 forgets at once.
    density : share of recurrent weights that are not zero.
    ridge : penalty of the readout, in units of the mean square activity.
    washout : first samples of each run that the readout does not see.
    seed : of the weights.

    Notes
    -----
    After `fit`: `recurrent_` (unit, unit), `entering_` (unit, state), `bias_` (unit,) and `readout_`
    (unit + state + 1, state).
    """

    def __init__(
        self,
        units: int = 300,
        *,
        spectral_radius: float = 0.9,
        input_scaling: float = 0.5,
        leak: float = 1.0,
        density: float = 0.1,
        ridge: float = 1e-8,
        washout: int = 20,
        seed: int = 0,
    ):
        self.units = units
        self.spectral_radius = spectral_radius
        self.input_scaling = input_scaling
        self.leak = leak
        self.density = density
        self.ridge = ridge
        self.washout = washout
        self.seed = seed

    def _learn(self, runs: Trajectories) -> None:
        if not (isinstance(self.units, (int, np.integer)) and self.units >= 1):
            raise InputError(f"units: {self.units!r} found, expected a whole number, at least 1")
        self._past = int(self.washout) + 1
        states = np.concatenate([run.states for run in runs])
        self.centre_ = np.nanmean(states, axis=0)
        random = np.random.default_rng(self.seed)
        recurrent = random.normal(size=(self.units, self.units)) * (
            random.random((self.units, self.units)) < self.density
        )
        radius = np.abs(np.linalg.eigvals(recurrent)).max()
        self.recurrent_ = recurrent * (self.spectral_radius / radius if radius > 0 else 0.0)
        self.entering_ = random.uniform(-self.input_scaling, self.input_scaling, (self.units, states.shape[1]))
        self.bias_ = random.uniform(-self.input_scaling, self.input_scaling, self.units)
        features, targets = [], []
        for run in runs:
            series = (run.states - self.centre_) / self.scale_
            if not np.isfinite(series).all():
                raise InputError(
                    "recording: missing samples found, a reservoir needs every one; fill or cut them first"
                )
            if len(series) < self._past + 1:
                continue
            activity = drive(self.recurrent_, self.entering_, self.bias_, self.leak, series, np.zeros(self.units))
            rows = slice(int(self.washout), len(series) - 1)
            features.append(_features(activity[rows], series[rows]))
            targets.append(series[int(self.washout) + 1 :])
        if not features:
            raise InputError(
                f"recording: longest run has {max(map(len, runs))} samples, expected over {self._past} (washout)"
            )
        x, y = np.concatenate(features), np.concatenate(targets)
        gram = x.T @ x
        penalty = self.ridge * np.trace(gram) / len(gram)
        self.readout_ = np.linalg.solve(gram + penalty * np.eye(len(gram)), x.T @ y)

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        series = (history.states[-10 * self._past :] - self.centre_) / self.scale_
        series = series[_first_complete(series) :]
        activity = drive(self.recurrent_, self.entering_, self.bias_, self.leak, series, np.zeros(self.units))[-1]
        answers = np.empty((horizon, series.shape[1]))
        last = series[-1]
        for k in range(horizon):
            last = _features(activity[None], last[None])[0] @ self.readout_
            answers[k] = last
            activity = drive(self.recurrent_, self.entering_, self.bias_, self.leak, last[None], activity)[0]
        return answers * self.scale_ + self.centre_


@numba.njit(cache=True)
def drive(
    recurrent: np.ndarray, entering: np.ndarray, bias: np.ndarray, leak: float, series: np.ndarray, start: np.ndarray
) -> np.ndarray:
    """Activity (time, unit) of a leaky tanh reservoir driven by a series (time, state)."""
    activity = np.empty((len(series), len(bias)))
    now = start.copy()
    for k in range(len(series)):
        now = (1.0 - leak) * now + leak * np.tanh(recurrent @ now + entering @ series[k] + bias)
        activity[k] = now
    return activity


def _features(activity: np.ndarray, series: np.ndarray) -> np.ndarray:
    return np.concatenate([activity, series, np.ones((len(activity), 1))], axis=1)


def _first_complete(series: np.ndarray) -> int:
    missing = np.flatnonzero(~np.isfinite(series).all(axis=1))
    return int(missing[-1]) + 1 if len(missing) else 0
