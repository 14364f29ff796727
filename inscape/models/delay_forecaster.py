"""`DelayForecaster`: a small network from the last few samples to the next one, rolled out on its own answers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from jaxtyping import Float
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError
from inscape.models.model import Model
from inscape.models.structured.network import Network, number, whole
from inscape.trajectories import Trajectories, Trajectory, as_trajectories

if TYPE_CHECKING:
    from inscape.models.structured.c_code import StepScales
    from inscape.models.structured.c_header import CHeader
    from inscape.models.structured.cost import CostTable
    from inscape.models.structured.kalman import KalmanSettings
    from inscape.models.structured.online import OnlineForecaster
    from inscape.models.structured.operator_view import BlockView

LM_BATCH = 1_500
ADAM_BATCH = 256


class ConstantChannelWarning(UserWarning):
    """A state variable never changes in the recording: it is left unscaled, and nothing can be learned about it."""


@dataclass(frozen=True)
class Rollout:
    """Forecasts fed with their own answers, beside what happened.

    Parameters
    ----------
    forecasts : (run, step, state); NaN from the sample on at which a forecast left the range it may take.
    actual : (run, step, state).
    dt : sampling interval.
    scale : (state,) standard deviations of the recording that was learned.
    stopped : for each run why its forecast ended early, or None.
    """

    forecasts: Float[np.ndarray, "run step state"]
    actual: Float[np.ndarray, "run step state"]
    dt: float
    scale: Float[np.ndarray, "state"]
    stopped: tuple[str | None, ...]

    def vpt(self, threshold: float = 0.4) -> float:
        """Mean valid prediction time over the runs, in the recording's time unit (`valid_times`)."""
        return float(np.mean(self.valid_times(threshold)))

    def valid_times(self, threshold: float = 0.4) -> Float[np.ndarray, "run"]:
        """Time until the root mean square error over state variables exceeds `threshold` standard deviations."""
        from inscape.analysis import valid_time

        times = [
            valid_time(a, f, dt=self.dt, threshold=threshold, scale=self.scale).time
            for a, f in zip(self.actual, self.forecasts, strict=True)
        ]
        return np.array(times, dtype=float)

    def mse(self, steps: int | None = None) -> float:
        """Mean squared error over the first `steps` samples in squared standard deviations; infinite if one stopped."""
        reach = slice(None, steps)
        error = ((self.forecasts[:, reach] - self.actual[:, reach]) / self.scale) ** 2
        known = np.isfinite(self.actual[:, reach])
        return float(np.mean(np.where(np.isfinite(error), error, np.inf)[known]))


class DelayForecaster(Model):
    """Delay window in, next state or increment out (Aluvihare et al. 2025; Takens 1981 for why a window is a state).

    Parameters
    ----------
    network : the plan of the network, such as `StNN(p=6)` or `HankelNet(p=12)`; `HankelNet()` if None.
    delays : samples in a window.
    target : "increment", the standardised change to the next sample, or "state", the standardised next sample.
    method : "lm" (Levenberg-Marquardt in double precision) or "adam".
    steps : of the training; 120 (lm) or 3,000 (adam) if None.
    batch : windows a step; 1,500 (lm) or 256 (adam) if None, all where there are fewer.
    budget_s : most processor time of the training in seconds; with it the answer depends on the machine.
    noise : added to the windows of training, in standard deviations, the next sample kept: the network learns to come
        back. Without it an answer in small differences of samples is exact for one step and unstable in closed loop.
    learning_rate : of adam; it falls to zero along a cosine.
    limit : a forecast stops where it leaves this many times the training range.
    seed : of starting weights, batches and noise.

    Notes
    -----
    After `fit`: `network_`, `weights_` (parameter,), `centre_` and `spread_` (state,), `target_centre_` and
    `target_spread_` (state,), `low_` and `high_` (state,) the training range, `windows_` and `dropped_windows_`
    (numbers of windows learned from, and left out for a missing sample), `loss_` (mean squared error over the training
    windows, in squared standard deviations of the target) and `seconds_` (processor time).
    """

    def __init__(
        self,
        network: Network | None = None,
        delays: int = 4,
        *,
        target: Literal["increment", "state"] = "increment",
        method: Literal["lm", "adam"] = "lm",
        steps: int | None = None,
        batch: int | None = None,
        budget_s: float | None = None,
        noise: float = 1e-3,
        learning_rate: float = 1e-2,
        limit: float = 10.0,
        seed: int = 0,
    ):
        self.network = network
        self.delays = delays
        self.target = target
        self.method = method
        self.steps = steps
        self.batch = batch
        self.budget_s = budget_s
        self.noise = noise
        self.learning_rate = learning_rate
        self.limit = limit
        self.seed = seed

    def _learn(self, runs: Trajectories) -> None:
        from inscape.models.structured.training import train_adam, train_lm

        self._check_settings()
        self._past = int(self.delays)
        states = np.concatenate([run.states for run in runs])
        self.low_, self.high_ = np.nanmin(states, axis=0), np.nanmax(states, axis=0)
        # The mean of equal numbers is off by rounding, which an increment would add up.
        self.centre_ = np.where(self.low_ == self.high_, self.low_, np.nanmean(states, axis=0))
        self.spread_ = self._spread(states)
        windows, nexts, self.dropped_windows_ = self._windows(runs)
        self.windows_ = len(windows)
        targets = self._targets(windows, nexts)
        self.target_centre_ = targets.mean(axis=0)
        deviation = targets.std(axis=0)
        # What never changes is answered with itself: its target has no size, whatever the network says.
        constant = self.low_ == self.high_
        self.target_spread_ = np.where(constant, 0.0, np.where(deviation > 1e-12, deviation, 1.0))
        random = np.random.default_rng(self.seed)
        if self.noise:
            windows = windows + self.noise * ~constant * random.normal(size=windows.shape)
            targets = self._targets(windows, nexts)
        self.network_ = self._plan()
        inputs, outputs = windows.shape[1] * windows.shape[2], targets.shape[1]
        start = self.network_.start(inputs, outputs, random)
        x = windows.reshape(len(windows), inputs)
        y = self.scaled_targets(targets)
        if self.method == "lm":
            steps, batch = self.steps or 120, self.batch or LM_BATCH
            fit = train_lm(self.network_, start, x, y, steps, batch, self.budget_s, random)
        else:
            steps, batch = self.steps or 3_000, self.batch or ADAM_BATCH
            fit = train_adam(self.network_, start, x, y, steps, batch, self.budget_s, random, self.learning_rate)
        self.weights_, self.seconds_ = fit.weights, fit.seconds
        self.loss_ = float(np.mean((self._compiled()(x) - y) ** 2))

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        window = (history.states[-self._past :] - self.centre_) / self.spread_
        forecasts, reasons = self._roll(window[None], horizon)
        if reasons[0] is not None:
            self._stopped = reasons[0]
        return forecasts[0]

    def rollout(self, trajectories: Any, steps: int = 200, *, start: int = 0, dt: float | None = None) -> Rollout:
        """Forecast `steps` samples of each run from the window that begins at its sample `start`, closed loop.

        Raises
        ------
        InputError : if a run is shorter than start + delays + steps, or its first window is incomplete.
        """
        check_is_fitted(self)
        runs = as_trajectories(trajectories, self.dt_ if dt is None else dt)
        steps, start = whole("steps", steps), whole("start", start, 0)
        needed = start + self._past + steps
        windows, actual = [], []
        for place, run in enumerate(runs):
            if run.states.ndim != 2 or run.states.shape[1] != len(self.spread_):
                raise InputError(
                    f"run {place}: states of shape {run.states.shape} found, expected (time, {len(self.spread_)})"
                )
            if len(run) < needed:
                raise InputError(
                    f"run {place}: {len(run)} samples found, expected at least {needed} (start {start} + delays "
                    f"{self._past} + steps {steps})"
                )
            window = run.states[start : start + self._past]
            if not np.isfinite(window).all():
                raise InputError(f"run {place}: a missing sample in the window at {start}; choose another start")
            windows.append((window - self.centre_) / self.spread_)
            actual.append(run.states[start + self._past : needed])
        forecasts, reasons = self._roll(np.stack(windows), steps)
        return Rollout(forecasts, np.stack(actual), self.dt_, self.spread_, tuple(reasons))

    def one_step_mse(self, trajectories: Any, dt: float | None = None) -> float:
        """Mean squared error of the answer to every complete window, in squared standard deviations of the target."""
        check_is_fitted(self)
        windows, nexts, _ = self._windows(as_trajectories(trajectories, self.dt_ if dt is None else dt))
        targets = self.scaled_targets(self._targets(windows, nexts))
        return float(np.mean((self._compiled()(windows.reshape(len(windows), -1)) - targets) ** 2))

    def scaled_targets(self, targets: Float[np.ndarray, "*sample state"]) -> Float[np.ndarray, "*sample state"]:
        """Standardised targets, in the units in which the network answers; 0 for what never changes."""
        moving = self.target_spread_ > 0
        return np.where(moving, (targets - self.target_centre_) / np.where(moving, self.target_spread_, 1.0), 0.0)

    def cost(self, *, timed: bool = True) -> CostTable:
        """Weights, operations, microseconds and bytes, beside dense nets and the form by Fourier transforms."""
        from inscape.models.structured.cost import compare_costs

        check_is_fitted(self)
        return compare_costs(self.network_, *self._sizes(), timed=timed)

    def to_c(
        self, path: str | Path | None = None, *, number: Literal["float32", "int8"] = "float32", name: str = "net"
    ) -> CHeader:
        """The forecaster as one C header with `name_step(window, next)` in the recording's units."""
        from inscape.models.structured.c_header import c_header

        check_is_fitted(self)
        header = c_header(
            self.network_, self.weights_, *self._sizes(), number=number, name=name, scales=self._step_scales()
        )
        if path is not None:
            _write(path, header.text.encode())
        return header

    def export(self, form: Literal["onnx"] = "onnx", path: str | Path | None = None) -> bytes:
        """The forecaster as an ONNX model: "window" (batch, delays, state) to "next" (batch, state).

        Both are in the recording's units, the window's oldest sample first.

        Raises
        ------
        InputError : if `form` is another.
        MissingExtraError : without onnx.
        """
        from inscape.models.structured.onnx_graph import onnx_bytes

        check_is_fitted(self)
        if form != "onnx":
            raise InputError(f"form: {form!r} found, expected 'onnx'; for C there is to_c(path)")
        model = onnx_bytes(self.network_, self.weights_, *self._sizes(), scales=self._step_scales())
        if path is not None:
            _write(path, model)
        return model

    def blocks(self) -> tuple[BlockView, ...]:
        """The learned Hankel blocks as operators: impulse responses, singular values, memory."""
        from inscape.models.structured.operator_view import operator_blocks

        check_is_fitted(self)
        return operator_blocks(self.network_, self.weights_, *self._sizes(), delays=self._past)

    def online(self, settings: KalmanSettings | None = None) -> OnlineForecaster:
        """This forecaster as one that learns on from a stream of samples."""
        from inscape.models.structured.online import OnlineForecaster

        check_is_fitted(self)
        return OnlineForecaster(self, settings)

    def _sizes(self) -> tuple[int, int]:
        return self._past * len(self.spread_), len(self.spread_)

    def _step_scales(self) -> StepScales:
        from inscape.models.structured.c_code import StepScales

        increment = self.target == "increment"
        return StepScales(self._past, increment, self.centre_, self.spread_, self.target_centre_, self.target_spread_)

    def _plan(self) -> Network:
        from sklearn.base import clone

        from inscape.models.structured.hankel_net import HankelNet

        return HankelNet() if self.network is None else clone(self.network)

    def _compiled(self) -> Callable[[np.ndarray], np.ndarray]:
        return self.network_.compiled(self.weights_, *self._sizes())

    def _targets(self, windows: np.ndarray, nexts: np.ndarray) -> np.ndarray:
        return nexts - windows[:, -1] if self.target == "increment" else nexts

    def _windows(self, runs: Sequence[Trajectory]) -> tuple[np.ndarray, np.ndarray, int]:
        """Standardised windows (sample, delays, state), their next samples, and how many were left out for a gap."""
        from inscape.models.windows import lagged_windows

        longest = max(map(len, runs))
        if longest < self._past + 1:
            raise InputError(
                f"recording: longest run has {longest} samples, expected at least {self._past + 1} "
                f"(delays={self._past} and the sample after)"
            )
        windows, nexts = lagged_windows(((r.states - self.centre_) / self.spread_ for r in runs), self._past)
        possible = sum(max(0, len(run) - self._past) for run in runs)
        return windows, nexts, possible - len(windows)

    def _spread(self, states: np.ndarray) -> np.ndarray:
        constant = self.low_ == self.high_
        if constant.any():
            names = ", ".join(n for n, c in zip(self.state_names_, constant, strict=True) if c)
            message = f"recording: {names} never changes; its scale is taken as 1, and leaving it out would be better"
            warnings.warn(message, ConstantChannelWarning, stacklevel=4)
        return np.where(constant, 1.0, np.nanstd(states, axis=0))

    def _roll(self, windows: np.ndarray, steps: int) -> tuple[np.ndarray, list[str | None]]:
        """Closed loop from standardised windows (run, delays, state): states (run, step, state), why each ended."""
        forward = self._compiled()
        forecasts = np.full((len(windows), steps, windows.shape[2]), np.nan)
        reasons: list[str | None] = [None] * len(windows)
        middle, reach = (self.high_ + self.low_) / 2.0, self.limit * np.maximum((self.high_ - self.low_) / 2.0, 1e-300)
        reach = np.where(self.high_ > self.low_, reach, self.limit)
        alive = np.arange(len(windows))
        for k in range(steps):
            answer = forward(windows.reshape(len(windows), -1)) * self.target_spread_ + self.target_centre_
            following = windows[:, -1] + answer if self.target == "increment" else answer
            states = following * self.spread_ + self.centre_
            inside = (np.abs(states - middle) <= reach).all(axis=1)
            for run in alive[~inside]:
                reasons[run] = f"the forecast left {self.limit:g} times the training range after {k} samples"
            alive = alive[inside]
            if not len(alive):
                break
            forecasts[alive, k] = states[inside]
            windows = np.concatenate([windows[inside, 1:], following[inside, None]], axis=1)
        return forecasts, reasons

    def _check_settings(self) -> None:
        whole("delays", self.delays)
        for name in ("steps", "batch"):
            if getattr(self, name) is not None:
                whole(name, getattr(self, name))
        for name, known in (("target", ("increment", "state")), ("method", ("lm", "adam"))):
            if getattr(self, name) not in known:
                raise InputError(f"{name}: {getattr(self, name)!r} found, expected {' or '.join(map(repr, known))}")
        if self.network is not None and not isinstance(self.network, Network):
            raise InputError(f"network: {type(self.network).__name__} found, expected a plan such as StNN(p=6)")
        for name in ("limit", "learning_rate"):
            number(name, getattr(self, name), "a positive number", lambda value: value > 0)
        number("noise", self.noise, "a number, at least 0", lambda value: value >= 0)
        if self.budget_s is not None:
            number("budget_s", self.budget_s, "a positive number of seconds", lambda value: value > 0)


def _write(path: str | Path, content: bytes) -> None:
    from inscape.atomic import draft_of

    with draft_of(Path(path)) as draft:
        draft.write_bytes(content)
