"""Covariant Lyapunov vectors: the directions themselves in which neighbours grow at each exponent's rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.analysis.prepared_motion import prepared_motion, sampling_grid
from inscape.analysis.series import at_least_zero
from inscape.errors import InputError
from inscape.systems.flow import Flow
from inscape.systems.map import Map


@dataclass(frozen=True, eq=False)
class CovariantVectors:
    """Covariant vectors along a trajectory.

    Parameters
    ----------
    times : (time,)
    states : (time, state)
    vectors : (time, state, count) unit vectors, fastest first; each is carried into its successor by the tangent flow.
    growth : (time - 1, count) mean growth rate of each vector from one time to the next, 1/time.
    """

    times: Float[np.ndarray, "time"]
    states: Float[np.ndarray, "time state"]
    vectors: Float[np.ndarray, "time state count"]
    growth: Float[np.ndarray, "step count"]

    @property
    def exponents(self) -> Float[np.ndarray, "count"]:
        """(count,) mean growth rates over the trajectory: the Lyapunov exponents."""
        return np.average(self.growth, axis=0, weights=np.diff(self.times))

    def angles(self, first: int, second: int) -> Float[np.ndarray, "time"]:
        """(time,) angle between two of the vectors, taken as lines: 0 to pi/2. A tangency is an angle near zero."""
        count = self.vectors.shape[2]
        for index in (first, second):
            if not 0 <= index < count:
                raise InputError(f"vector: {index} found, expected 0 to {count - 1}")
        u, v = self.vectors[:, :, first], self.vectors[:, :, second]
        along = np.sum(u * v, axis=1)
        # Near zero the sine is exact where the cosine is not.
        across = np.linalg.norm(v - along[:, None] * u, axis=1)
        return np.arctan2(across, np.abs(along))

    def subspace_angles(self, split: int) -> Float[np.ndarray, "time"]:
        """(time,) smallest angle between the span of the first `split` vectors and that of the others.

        Bounded away from zero for a hyperbolic splitting.
        """
        count = self.vectors.shape[2]
        if not 0 < split < count:
            raise InputError(f"split: {split} found, expected 1 to {count - 1}")
        upper, _ = np.linalg.qr(self.vectors[:, :, :split])
        lower, _ = np.linalg.qr(self.vectors[:, :, split:])
        cosines = np.linalg.svd(np.swapaxes(upper, 1, 2) @ lower, compute_uv=False)[:, 0]
        return np.arccos(np.clip(cosines, 0.0, 1.0))

    def domination(self, window: int = 1) -> Float[np.ndarray, "pair"]:
        """(count - 1,) share of the run in which, over `window` steps, vector k grows faster than vector k + 1.

        1 means that the splitting between them is dominated at this window (Takeuchi et al. 2011, Phys. Rev. E 84).
        """
        if not 0 < window <= len(self.growth):
            raise InputError(f"window: {window} found, expected 1 to {len(self.growth)} steps")
        folds = np.cumsum(
            np.vstack([np.zeros(self.growth.shape[1]), self.growth * np.diff(self.times)[:, None]]), axis=0
        )
        grown = folds[window:] - folds[:-window]
        return np.mean(grown[:, :-1] > grown[:, 1:], axis=0)


def covariant_vectors(
    system: Flow | Map,
    *,
    initial: Float[np.ndarray, "state"] | None = None,
    duration: float | None = None,
    transient: float | None = None,
    settling: float | None = None,
    count: int | None = None,
    per_period: int = 20,
    seed: int | np.random.Generator | None = 0,
    tolerance: float = 1e-12,
) -> CovariantVectors:
    """Covariant Lyapunov vectors along a trajectory (Ginelli et al. 2007, Phys. Rev. Lett. 99, 130601).

    Orthonormal frames are carried forward and their triangular factors kept; then any upper triangular matrix of
    coefficients is carried backward through the inverse factors, under which it settles on the covariant vectors.

    Parameters
    ----------
    system : law of motion with `state` variables.
    initial : (state,) where to start; the system's own initial state if None.
    duration : length of the trajectory that is returned; 50 periods (1000 iterations of a map) if None.
    transient : time before it, in which the frame aligns; as long as the duration if None.
    settling : time after it, from whose end the coefficients are carried back; as long as the transient if None.
    count : how many vectors; all if None.
    per_period : samples in a dominant period; a map is sampled at every iteration.
    seed : for the first tangent vectors and the last coefficients.
    tolerance : relative error of an integration step.

    Raises
    ------
    InputError : if an argument is not what it should be.
    DivergedError : if the state leaves every bounded region, or the map crushes a direction (a singular Jacobian).
    """
    rng = np.random.default_rng(seed)
    motion, period = prepared_motion(system, initial=initial, count=count, seed=rng, tolerance=tolerance)
    samples, step = sampling_grid(system, period, duration, per_period, 1_000 if isinstance(system, Map) else 50)
    lead = samples * step if transient is None else at_least_zero(transient, "transient")
    for _ in range(round(lead / step)):
        motion.grow(motion.time + step)
    after, _ = sampling_grid(system, period, lead or step if settling is None else settling, per_period, 0)

    began = motion.time
    size = motion.frame.shape
    states, frames = np.empty((samples + 1, size[0])), np.empty((samples + 1, *size))
    factors: list[list[np.ndarray]] = []
    for i in range(samples + after):
        if i <= samples:
            states[i], frames[i] = motion.state, motion.frame
        motion.factors = []
        motion.grow(began + (i + 1) * step)
        factors.append(motion.factors)
    if after == 0:
        states[samples], frames[samples] = motion.state, motion.frame

    coefficients = np.triu(rng.standard_normal((size[1], size[1])))
    np.fill_diagonal(coefficients, 1.0)
    vectors, growth = np.empty((samples + 1, *size)), np.empty((samples, size[1]))
    for i in reversed(range(samples + after)):
        if i < samples:
            vectors[i + 1] = frames[i + 1] @ coefficients
        folds = np.zeros(size[1])
        for factor in reversed(factors[i]):
            coefficients, shrunk = _backward(coefficients, factor)
            folds -= np.log(shrunk)
        if i < samples:
            growth[i] = folds / step
    vectors[0] = frames[0] @ coefficients
    return CovariantVectors(began + step * np.arange(samples + 1), states, vectors, growth)


def _backward(
    coefficients: Float[np.ndarray, "count count"], factor: Float[np.ndarray, "count count"]
) -> tuple[Float[np.ndarray, "count count"], Float[np.ndarray, "count"]]:
    """Unit coefficients one factor earlier, and the lengths they had before they were made unit."""
    from scipy.linalg import solve_triangular

    from inscape.errors import DivergedError

    coefficients = coefficients / np.linalg.norm(coefficients, axis=0)
    if np.min(np.abs(np.diagonal(factor))) < 1e-300:
        raise DivergedError("tangent map: a direction is crushed to nothing; covariant vectors need an invertible law")
    earlier = solve_triangular(factor, coefficients, check_finite=False)
    lengths = np.linalg.norm(earlier, axis=0)
    return earlier / lengths, lengths
