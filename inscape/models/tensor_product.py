"""The toy of a phase change: three vectors whose product is to match another (Singh et al. 2024, section 5.4).

Three things that must all be right, each learnt at a rate that the other two set, wait for each other: a plateau, then
a drop. Held at the truth, a factor no longer keeps the others waiting.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float

from inscape.errors import DivergedError, InputError

if TYPE_CHECKING:
    from inscape.trajectories import Trajectories

FACTORS = ("a", "b", "c")


@dataclass(frozen=True)
class TensorProductRun:
    """Gradient descent of many rank-one tensors at once.

    Parameters
    ----------
    losses : (run, step) half the mean squared error of the tensor's entries, before the first step and after each.
    truth, learnt : the vectors by name, each (run, size); `learnt` as they ended.
    """

    losses: Float[np.ndarray, "run step"]
    truth: dict[str, Float[np.ndarray, "run size"]]
    learnt: dict[str, Float[np.ndarray, "run size"]]

    @property
    def plateau(self) -> Float[np.ndarray, "run"]:
        """Loss of a product of zero: where a run rests until its three vectors find their direction together."""
        sizes = np.prod([_dot(vectors, vectors) for vectors in self.truth.values()], axis=0)
        return sizes / (2 * self.truth["a"].shape[1] ** 3)

    @property
    def curves(self) -> Trajectories:
        """The losses as trajectories over steps."""
        from inscape.trajectories import Trajectories, Trajectory

        times = np.arange(self.losses.shape[1], dtype=float)
        return Trajectories(
            Trajectory(times, run, state_names=("loss",), units={"time": "steps"}, source="rank-one tensor")
            for run in self.losses
        )


class TensorProduct:
    """Learns a x b x c = a* x b* x c* by gradient descent on 0.5 mean squared error over the entries.

    The tensors themselves are never formed: the loss and its slopes follow from inner products of the vectors,
    2 N L = |a|^2 |b|^2 |c|^2 - 2 (a.a*)(b.b*)(c.c*) + |a*|^2 |b*|^2 |c*|^2 with N = size^3 entries.

    Parameters
    ----------
    size : of each vector.
    learning_rate : of plain gradient descent.
    clamped : names of factors held at the truth, of "a", "b", "c".
    """

    def __init__(self, size: int = 20, *, learning_rate: float = 1.0, clamped: Collection[str] = ()):
        if isinstance(size, bool) or not isinstance(size, (int, np.integer)) or size < 1:
            raise InputError(f"size: {size!r} found, expected a whole number of at least 1")
        if not (np.isfinite(learning_rate) and learning_rate > 0):
            raise InputError(f"learning_rate: {learning_rate!r} found, expected a positive number")
        wrong = [name for name in clamped if name not in FACTORS]
        if wrong or len(set(clamped)) == len(FACTORS):
            raise InputError(f"clamped: {list(clamped)} found, expected at most two of {', '.join(FACTORS)}")
        self.size, self.learning_rate, self.clamped = int(size), float(learning_rate), tuple(clamped)

    def train(self, steps: int = 1000, *, seeds: Collection[int] = (0,)) -> TensorProductRun:
        """Gradient descent from standard normal vectors to standard normal truths, one run for each seed.

        Raises
        ------
        DivergedError : if the loss runs away.
        """
        if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1 or len(seeds) == 0:
            raise InputError(f"steps, seeds: {steps!r}, {list(seeds)} found, expected at least one of each")
        drawn = np.stack([np.random.default_rng(seed).standard_normal((2, 3, self.size)) for seed in seeds])
        truth = {name: drawn[:, 0, i].copy() for i, name in enumerate(FACTORS)}
        now = {name: (truth[name] if name in self.clamped else drawn[:, 1, i]).copy() for i, name in enumerate(FACTORS)}
        losses = np.empty((len(drawn), steps + 1))
        losses[:, 0] = self._loss(now, truth)
        for step in range(1, steps + 1):
            slopes = {name: self._slope(name, now, truth) for name in FACTORS if name not in self.clamped}
            for name, slope in slopes.items():
                now[name] -= self.learning_rate * slope
            losses[:, step] = self._loss(now, truth)
            if not np.isfinite(losses[:, step]).all():
                raise DivergedError(f"tensor product: the loss ran away at step {step}; lower learning_rate")
        return TensorProductRun(losses, truth, now)

    def decay(self, truth: dict[str, Float[np.ndarray, "run size"]]) -> Float[np.ndarray, "run"]:
        """Closed form: the factor by which the loss shrinks in one step where two factors are clamped.

        The third then moves in a quadratic bowl of curvature |b*|^2 |c*|^2 / N in every direction, so its error
        shrinks by 1 - rate x curvature a step and the loss by the square of that.

        Raises
        ------
        InputError : if not two factors are clamped: there is no such bowl.
        """
        if len(set(self.clamped)) != 2:
            raise InputError(f"decay: clamped {list(self.clamped)} found, the closed form is for two clamped factors")
        curvature = np.prod([_dot(truth[name], truth[name]) for name in set(self.clamped)], axis=0) / self.size**3
        return (1.0 - self.learning_rate * curvature) ** 2

    def _loss(self, now: dict[str, Any], truth: dict[str, Any]) -> np.ndarray:
        own, shared, true = (
            np.prod([_dot(x[name], y[name]) for name in FACTORS], axis=0)
            for x, y in ((now, now), (now, truth), (truth, truth))
        )
        # Rounding may leave a tiny negative number where the fit is exact.
        return np.maximum(own - 2 * shared + true, 0.0) / (2 * self.size**3)

    def _slope(self, name: str, now: dict[str, Any], truth: dict[str, Any]) -> np.ndarray:
        others = [other for other in FACTORS if other != name]
        own = np.prod([_dot(now[o], now[o]) for o in others], axis=0)
        shared = np.prod([_dot(now[o], truth[o]) for o in others], axis=0)
        return (own[:, None] * now[name] - shared[:, None] * truth[name]) / self.size**3


def _dot(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.einsum("ri,ri->r", x, y)
