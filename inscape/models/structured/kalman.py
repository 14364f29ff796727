"""Learning on: a Kalman step on the weights for each new window and what came after it."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError
from inscape.models.structured.network import Network, number


@dataclass(frozen=True)
class KalmanSettings:
    """How fast weights follow.

    Parameters
    ----------
    noise : standard deviation of what a target holds beside the law, in standard deviations of the target.
    uncertainty : standard deviation of each weight at the start.
    forgetting : share of its certainty that the filter keeps at each step; below 1 old samples fade, with a memory of
        about 1 / (1 - forgetting) steps.
    """

    noise: float = 0.01
    uncertainty: float = 0.03
    forgetting: float = 0.999

    def __post_init__(self) -> None:
        for name in ("noise", "uncertainty"):
            number(name, getattr(self, name), "a positive number", lambda value: value > 0)
        number("forgetting", self.forgetting, "a number in (0, 1]", lambda value: 0 < value <= 1)


class WeightFilter:
    """Extended Kalman filter whose state is the weights (Singhal & Wu 1989): recursive least squares, linearised anew.

    With forgetting l, Jacobian H and error e of one sample: S = H P H' + l noise^2, K = P H' S^-1, w += K e,
    P = (P - K H P) / l, never above its first size in any weight.

    Attributes
    ----------
    weights : (parameter,) as they stand.
    """

    def __init__(
        self,
        network: Network,
        flat: Float[np.ndarray, "parameter"],
        inputs: int,
        outputs: int,
        settings: KalmanSettings | None = None,
    ):
        self.network, self.inputs, self.outputs = network, inputs, outputs
        self.settings = KalmanSettings() if settings is None else settings
        self.weights = np.array(flat, dtype=float)
        network.unpack(self.weights, inputs, outputs)
        self._covariance = self.settings.uncertainty**2 * np.eye(len(self.weights))

    def update(self, x: Float[np.ndarray, "input"], y: Float[np.ndarray, "output"]) -> Float[np.ndarray, "output"]:
        """Learn from one sample; returns the error that the weights before it made.

        Raises
        ------
        InputError : if the sample has another shape or is not finite.
        DivergedError : if the weights are no longer finite.
        """
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        if (
            x.shape != (self.inputs,)
            or y.shape != (self.outputs,)
            or not (np.isfinite(x).all() and np.isfinite(y).all())
        ):
            raise InputError(
                f"sample: shapes {x.shape} and {y.shape} found, expected ({self.inputs},) and ({self.outputs},) of "
                "finite numbers"
            )
        answers, jacobian = self.network.linearised(self.weights, x[None], self.outputs)
        error = y - answers[0]
        forgetting, noise = self.settings.forgetting, self.settings.noise
        slopes = np.ascontiguousarray(jacobian[0])
        towards = covariance_times(self._covariance, slopes)
        inverse = np.linalg.inv(slopes @ towards.T + forgetting * noise**2 * np.eye(self.outputs))
        self.weights += towards.T @ (inverse @ error)
        shrink(self._covariance, towards, inverse @ towards, forgetting, self.settings.uncertainty**2)
        if not np.isfinite(self.weights).all():
            raise DivergedError("update: weights are no longer finite; raise noise or lower uncertainty")
        return error


@numba.njit(cache=True, fastmath={"contract", "reassoc"})
def covariance_times(lower: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """(output, parameter) H P for a symmetric P of which the lower triangle is kept."""
    count, outputs = lower.shape[0], slopes.shape[0]
    product = np.zeros((outputs, count))
    for i in range(count):
        row = lower[i]
        for o in range(outputs):
            h = slopes[o, i]
            total = 0.0
            for k in range(i):
                product[o, k] += row[k] * h
                total += row[k] * slopes[o, k]
            product[o, i] += total + row[i] * h
    return product


@numba.njit(cache=True, fastmath={"contract", "reassoc"})
def shrink(lower: np.ndarray, ph: np.ndarray, gained: np.ndarray, forgetting: float, ceiling: float) -> None:
    """P = (P - K H P) / l in the lower triangle; rows of weights that would pass the ceiling are scaled back to it."""
    count, outputs = lower.shape[0], ph.shape[0]
    factor = 1.0 / forgetting
    for i in range(count):
        row = lower[i]
        for o in range(outputs):
            g = gained[o, i]
            for k in range(i + 1):
                row[k] -= g * ph[o, k]
        for k in range(i + 1):
            row[k] *= factor
    # P stays positive definite under a scaling of rows and columns by the same numbers.
    scales = np.ones(count)
    over = False
    for i in range(count):
        if lower[i, i] > ceiling:
            scales[i] = np.sqrt(ceiling / lower[i, i])
            over = True
    if over:
        for i in range(count):
            for k in range(i + 1):
                lower[i, k] *= scales[i] * scales[k]
