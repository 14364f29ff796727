"""`KernelRegression`: the next sample as a smooth function of the last few: a line, and a bump at every past one."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float, Int

from inscape.errors import InputError
from inscape.models.model import Model
from inscape.systems.plan import number
from inscape.trajectories import Trajectories, Trajectory

Shape = Literal["gaussian", "matern"]

LINEAR = 10.0
"""Weight of the linear part against the bumps: where no past sample is near, the law goes on as a straight one."""

OUT_OF_BOUNDS = 1e3
"""Standard deviations of the recording beyond which a forecast counts as diverged."""


class KernelRegression(Model):
    """Kernel ridge regression on delay vectors, in closed loop.

    The law is the mean of a Gaussian process whose covariance is linear plus stationary,

        k(a, b) = 10 (a.b / d + 1) + f(|a - b| / (length_scale sqrt(d))),

    on standardised variables, d of them in a delay vector (Rasmussen & Williams 2006, eqs. 2.25 and 4.14; for chaotic
    series Hamzi & Owhadi 2021). It learns the increment, so that a fine sampling needs no finer law. With `ahead` above
    1 it leaps over so many samples at once, in as many interleaved chains: fewer steps to the same horizon, and fewer
    errors to pass on.

    Parameters
    ----------
    lags : samples in a delay vector.
    stride : samples between them.
    ahead : samples to the one that is learned; 1 for a driven recording.
    length_scale : width of a bump, in standard deviations of each variable.
    ridge : penalty; as much noise variance as the samples are believed to carry, of a variance of one.
    shape : of a bump: "gaussian", or "matern" (smoothness 5/2), which bends more sharply.
    centres : bumps at most; with more samples than that, as many of them carry one, evenly spread over the recording.

    Notes
    -----
    Fitting costs rows x centres^2, a forecast centres per step and variable. After `fit`: `centres_` (centre, variable)
    and `weights_` (centre, state), in standardised units.
    """

    _takes_inputs = True

    def __init__(
        self,
        lags: int = 5,
        stride: int = 1,
        length_scale: float = 4.0,
        ridge: float = 1e-6,
        shape: Shape = "matern",
        centres: int = 400,
        ahead: int = 1,
    ):
        self.lags = lags
        self.stride = stride
        self.length_scale = length_scale
        self.ridge = ridge
        self.shape = shape
        self.centres = centres
        self.ahead = ahead

    def _learn(self, runs: Trajectories) -> None:
        self._check()
        self._past = (int(self.lags) - 1) * int(self.stride) + int(self.ahead)
        if runs.input_names and self.ahead != 1:
            raise InputError(f"ahead: {self.ahead} found, expected 1: the recording is driven at every sample")
        self.mean_ = np.nanmean(np.concatenate([run.states for run in runs]), axis=0)
        self.input_mean_, self.input_scale_ = _input_scale(runs)
        x, y = self.rows(runs)
        if len(x) < 2:
            raise InputError(
                f"recording: longest run has {max(map(len, runs))} samples, expected over {self._past + 1} in a row"
            )
        path = RidgePath(x, y, float(self.length_scale), self.shape, int(self.centres))
        self.centres_, self.weights_ = path.centres, path.weights(np.array([float(self.ridge)]))[0]

    def rows(self, runs: Any) -> tuple[Float[np.ndarray, "row variable"], Float[np.ndarray, "row state"]]:
        """Standardised delay vectors with the acting input, and the increments that followed; gaps are left out."""
        xs, ys = [], []
        for run in runs:
            if len(run) <= self._past:
                continue
            z = (run.states - self.mean_) / self.scale_
            ahead = int(self.ahead)
            x = lagged(z, int(self.lags), int(self.stride))[:-ahead]
            if run.inputs is not None:
                x = np.concatenate([x, self._acting(run.inputs)[self._past - 1 : -1]], axis=1)
            y = z[self._past :] - z[self._past - ahead : -ahead]
            known = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
            xs.append(x[known])
            ys.append(y[known])
        if not xs:
            return np.empty((0, 1)), np.empty((0, 1))
        return np.concatenate(xs), np.concatenate(ys)

    def _acting(self, inputs: np.ndarray) -> np.ndarray:
        return (inputs - self.input_mean_) / self.input_scale_

    def _continue(self, history: Trajectory, inputs: np.ndarray | None, horizon: int) -> np.ndarray:
        return self._continue_each([history], None if inputs is None else inputs[None], horizon)[0]

    def _continue_each(
        self, histories: list[Trajectory], inputs: np.ndarray | None, horizon: int
    ) -> Float[np.ndarray, "origin horizon state"]:
        recent = np.stack([h.states[-self._past :] for h in histories])
        acting = None
        if inputs is not None:
            before = np.stack([h.inputs[-1:] for h in histories if h.inputs is not None])
            acting = self._acting(np.concatenate([before, inputs], axis=1)[:, :-1])
        made = closed_loop(
            self.centres_, self.weights_[None], (recent - self.mean_) / self.scale_, horizon,
            int(self.lags), int(self.stride), float(self.length_scale), self.shape, int(self.ahead), acting,
        )[0]  # fmt: skip
        return made * self.scale_ + self.mean_

    def _check(self) -> None:
        for name in ("lags", "stride", "centres", "ahead"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
                raise InputError(f"{name}: {value!r} found, expected a whole number, at least 1")
        number("ridge", self.ridge, "a number, not negative", least=0.0)
        width = number("length_scale", self.length_scale, "a positive number", least=0.0)
        if width == 0:
            raise InputError("length_scale: 0 found, expected a positive number of standard deviations")
        if self.shape not in get_args(Shape):
            raise InputError(f"shape: {self.shape!r} found, expected one of {', '.join(get_args(Shape))}")


class RidgePath:
    """One kernel, solved for every ridge at once.

    Parameters
    ----------
    x, y : (row, variable) standardised delay vectors and (row, target) what followed.
    length_scale, shape : of the bumps.
    limit : bumps at most.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, length_scale: float, shape: Shape, limit: int):
        from scipy.linalg import eigh

        chosen = np.arange(len(x)) if len(x) <= limit else np.linspace(0, len(x) - 1, limit).astype(int)
        self.centres = x[chosen]
        values, vectors = eigh(covariance(self.centres, self.centres, length_scale, shape), driver="evd")
        if len(x) <= limit:
            self._back, self._gain, self._target = vectors, np.maximum(values, 0.0), vectors.T @ y
            self._is_whole = True
            return
        # Subset of regressors: features orthonormal under the centres' covariance, then ordinary ridge on all rows.
        kept = values > values[-1] * 1e-13
        features = vectors[:, kept] / np.sqrt(values[kept])
        triangle, projected = _triangle(x, y, self.centres, features, length_scale, shape)
        u, s, vt = np.linalg.svd(triangle)
        self._back, self._gain, self._target = features @ vt.T, s, u.T @ projected
        self._is_whole = False

    def weights(self, ridges: Float[np.ndarray, "ridge"]) -> Float[np.ndarray, "ridge centre target"]:
        """Weights of the bumps for each ridge."""
        penalties = np.maximum(np.asarray(ridges, dtype=float), 1e-14)[:, None]
        gain = self._gain[None]
        shrunk = 1.0 / (gain + penalties) if self._is_whole else gain / (gain**2 + penalties)
        return np.einsum("ck,rk,kt->rct", self._back, shrunk, self._target, optimize=True)


ROWS_AT_ONCE = 20_000


def _triangle(
    x: np.ndarray, y: np.ndarray, centres: np.ndarray, features: np.ndarray, length_scale: float, shape: Shape
) -> tuple[np.ndarray, np.ndarray]:
    width = features.shape[1]
    held = np.empty((0, width + y.shape[1]))
    for start in range(0, len(x), ROWS_AT_ONCE):
        stop = start + ROWS_AT_ONCE
        block = covariance(x[start:stop], centres, length_scale, shape) @ features
        rows = np.concatenate([held, np.concatenate([block, y[start:stop]], axis=1)])
        held = np.asarray(np.linalg.qr(rows, mode="r"))
    return held[:width, :width], held[:width, width:]


def covariance(
    a: Float[np.ndarray, "row variable"], b: Float[np.ndarray, "centre variable"], length_scale: float, shape: Shape
) -> Float[np.ndarray, "row centre"]:
    """Linear plus stationary covariance between two sets of delay vectors."""
    width = a.shape[1]
    products = a @ b.T
    squared = np.einsum("ij,ij->i", a, a)[:, None] + np.einsum("ij,ij->i", b, b)[None] - 2 * products
    scaled = np.maximum(squared, 0.0) / (width * length_scale**2)
    products *= LINEAR / width
    products += LINEAR
    if shape == "gaussian":
        products += np.exp(-0.5 * scaled)
    else:
        r = np.sqrt(5.0 * scaled)
        products += (1 + r + r * r / 3) * np.exp(-r)
    return products


def lagged(z: Float[np.ndarray, "time state"], lags: int, stride: int) -> Float[np.ndarray, "row variable"]:
    """Delay vectors, the newest sample first, one for every time from the first that has a whole past."""
    past = (lags - 1) * stride + 1
    return np.concatenate([z[past - 1 - k * stride : len(z) - k * stride] for k in range(lags)], axis=1)


def closed_loop(
    centres: Float[np.ndarray, "centre variable"],
    weights: Float[np.ndarray, "member centre state"],
    recent: Float[np.ndarray, "origin past state"],
    horizon: int,
    lags: int,
    stride: int,
    length_scale: float,
    shape: Shape,
    ahead: int = 1,
    acting: Float[np.ndarray, "origin horizon input"] | None = None,
) -> Float[np.ndarray, "member origin horizon state"]:
    """Every set of weights run from every origin side by side; a forecast that leaves all bounds is NaN from there."""
    members, origins, past = len(weights), len(recent), recent.shape[1]
    buffer = np.empty((members, origins, past + horizon, recent.shape[2]))
    buffer[:, :, :past] = recent
    back: Int[np.ndarray, "lag"] = stride * np.arange(lags)
    for step in range(0, horizon, ahead):
        # All samples up to `ahead` from here are leapt to from samples that are known by now.
        made_at = np.arange(past + step, past + min(step + ahead, horizon))
        seen = buffer[:, :, (made_at - ahead)[:, None] - back].reshape(members * origins * len(made_at), -1)
        if acting is not None:
            seen = np.concatenate([seen, np.tile(acting[:, step], (members, 1))], axis=1)
        held = np.asarray(np.isfinite(seen).all(axis=1))
        bumps = covariance(np.where(held[:, None], seen, 0.0), centres, length_scale, shape)
        # One product for each member: rows (origin, sample) x centres by centres x states.
        increment = np.matmul(bumps.reshape(members, origins * len(made_at), -1), weights)
        made = buffer[:, :, made_at - ahead] + increment.reshape(members, origins, len(made_at), -1)
        buffer[:, :, made_at] = np.where(np.abs(made) < OUT_OF_BOUNDS, made, np.nan)
    return buffer[:, :, past:]


def _input_scale(runs: Trajectories) -> tuple[np.ndarray, np.ndarray]:
    if not runs.input_names:
        return np.zeros(0), np.ones(0)
    inputs = np.concatenate([run.inputs for run in runs if run.inputs is not None])
    deviation = np.nanstd(inputs, axis=0)
    return np.nanmean(inputs, axis=0), np.where(deviation > 0, deviation, 1.0)
