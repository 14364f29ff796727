"""`EchoState`: a random recurrent network whose readout alone is learned (Jaeger 2001; Jaeger & Haas 2004)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.models.model import Model
from inscape.models.reservoir.dynamics import Dynamics, read_features, usable_rows
from inscape.models.reservoir.network import Synapses
from inscape.models.reservoir.readout import Readout, ridge_path
from inscape.systems.plan import number
from inscape.trajectories import Trajectories, Trajectory

RIDGES = 10.0 ** np.arange(-13, 1)
"""Penalties tried by ridge="gcv"."""

PLAIN = 1e-7
"""Penalties from here on leave the digits untouched that the faster decomposition loses."""


class EchoState(Model):
    """Reservoir forecaster in closed loop.

    Parameters
    ----------
    units : reservoir size.
    spectral_radius : largest modulus among the eigenvalues of the recurrent weights.
    input_scaling : weights from the (standardised) state are uniform in +- this.
    bias_scaling : constants are uniform in +- this; as `input_scaling` if None.
    leak : share of the new activity at each step; 1 forgets at once.
    density : share of recurrent weights that are not zero.
    squares : the readout sees the squares of the activity as well.
    ridge : penalty of the readout, in units of the mean square of a feature times the number of samples; "gcv" takes
        the one with the smallest generalised cross-validation error, as noisy recordings need.
    washout : first samples of each run that the readout does not see.
    warmup : samples of history that a forecast asks for; one more than the washout if None.
    seed : of the weights.

    Notes
    -----
    After `fit`: `recurrent_` (unit, unit), `entering_` (unit, state), `bias_` (unit,), `readout_` (feature, state) with
    the activity first and the state last, and `constant_` (state,); `ridge_`, the penalty taken.
    """

    def __init__(
        self,
        units: int = 300,
        *,
        spectral_radius: float = 0.9,
        input_scaling: float = 0.5,
        bias_scaling: float | None = None,
        leak: float = 1.0,
        density: float = 0.1,
        squares: bool = False,
        ridge: float | Literal["gcv"] = 1e-8,
        washout: int = 20,
        warmup: int | None = None,
        seed: int = 0,
    ):
        self.units = units
        self.spectral_radius = spectral_radius
        self.input_scaling = input_scaling
        self.bias_scaling = bias_scaling
        self.leak = leak
        self.density = density
        self.squares = squares
        self.ridge = ridge
        self.washout = washout
        self.warmup = warmup
        self.seed = seed

    def _learn(self, runs: Trajectories) -> None:
        self._check()
        self._past = int(self.washout) + 1 if self.warmup is None else max(1, int(self.warmup))
        states = np.concatenate([run.states for run in runs])
        self.centre_ = np.nanmean(states, axis=0)
        self._draw_weights(states.shape[1])
        features, targets = [], []
        dynamics = self._dynamics()
        for run in runs:
            if len(run) < int(self.washout) + 2:
                continue
            series = (run.states - self.centre_) / self.scale_
            activity = dynamics.driven(series, dynamics.at_rest())
            rows = usable_rows(series, series, int(self.washout), int(self.washout))[:-1]
            features.append(read_features(activity, series, self.squares)[:-1][rows])
            targets.append(series[1:][rows])
        if not sum(map(len, features)) >= 2:
            raise InputError(
                f"recording: longest run has {max(map(len, runs))} samples, expected over "
                f"{int(self.washout) + 2} without a gap (washout)"
            )
        x, y = np.concatenate(features), np.concatenate(targets)
        mean_square = float(np.mean(x**2)) or 1.0
        tried = RIDGES if self.ridge == "gcv" else np.array([float(self.ridge)])
        path = ridge_path(x, y, penalties=tried * mean_square * len(x), jointly=True, precise=tried[0] < PLAIN)
        found = path.readout
        self.ridge_ = float(tried[path.chosen[0]])
        self.readout_, self.constant_ = found.coef, found.constant

    def _draw_weights(self, width: int) -> None:
        unit, random = _unit_reservoir(int(self.units), float(self.density), int(self.seed))
        scale = self.input_scaling if self.bias_scaling is None else self.bias_scaling
        self.recurrent_ = unit * self.spectral_radius
        self.entering_ = random.uniform(-1.0, 1.0, (self.units, width)) * self.input_scaling
        self.bias_ = random.uniform(-1.0, 1.0, self.units) * scale

    def _dynamics(self) -> Dynamics:
        numbers = (1.0, 0.0, 0.0, float(self.leak))
        return Dynamics(Synapses.from_matrix(self.recurrent_), self.entering_, self.bias_, numbers, False)

    def activity(self, history: Any) -> Float[np.ndarray, "time unit"]:
        """Activity after each sample of a history."""
        past = self._history(history)
        dynamics = self._dynamics()
        return dynamics.driven((past.states - self.centre_) / self.scale_, dynamics.at_rest())

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        return self._continue_each([history], None, horizon)[0]

    def _continue_each(self, histories: list[Trajectory], inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        dynamics = self._dynamics()
        readout = Readout(self.readout_, self.constant_, np.zeros(0))
        answers = []
        for history in histories:
            series = (history.states[-max(self._past, 10 * int(self.washout) + 10) :] - self.centre_) / self.scale_
            series = series[_first_complete(series) :]
            state = dynamics.at_rest()
            dynamics.driven(series, state)
            nothing = np.empty((horizon, 0))
            answers.append(dynamics.closed_loop(readout, series, nothing, state, squares=self.squares))
        return np.array(answers) * self.scale_ + self.centre_

    def _check(self) -> None:
        for name, least in (("units", 1), ("washout", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least {least}")
        names = ("spectral_radius", "input_scaling", "density", *(() if self.ridge == "gcv" else ("ridge",)))
        for name in names:
            number(name, getattr(self, name), "a number, not negative", least=0.0)
        if not 0 < number("leak", self.leak, "a share above 0 and up to 1", above=0.0) <= 1:
            raise InputError(f"leak: {self.leak!r} found, expected a share above 0 and up to 1")
        if self.warmup is not None and (isinstance(self.warmup, bool) or not self.warmup >= 1):
            raise InputError(f"warmup: {self.warmup!r} found, expected a whole number of samples, at least 1")
        if self.bias_scaling is not None:
            number("bias_scaling", self.bias_scaling, "a number, not negative", least=0.0)


def _unit_reservoir(units: int, density: float, seed: int) -> tuple[np.ndarray, np.random.Generator]:
    """Recurrent weights of spectral radius 1, and the generator as it stands after they were drawn."""
    weights, position = _drawn(units, density, seed)
    random = np.random.default_rng(seed)
    random.bit_generator.state = position
    return weights, random


@lru_cache(maxsize=64)
def _drawn(units: int, density: float, seed: int) -> tuple[np.ndarray, Any]:
    # Eigenvalues cost more than a fit on a short recording, and ensembles ask for the same few reservoirs again.
    random = np.random.default_rng(seed)
    recurrent = random.normal(size=(units, units)) * (random.random((units, units)) < density)
    radius = np.abs(np.linalg.eigvals(recurrent)).max()
    recurrent = recurrent / radius if radius > 0 else 0.0 * recurrent
    recurrent.flags.writeable = False
    return recurrent, random.bit_generator.state


def _first_complete(series: np.ndarray) -> int:
    missing = np.flatnonzero(~np.isfinite(series).all(axis=1))
    return int(missing[-1]) + 1 if len(missing) else 0
