"""GALI: whether tangent vectors fall into line, which tells chaos from order long before an exponent settles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.analysis.prepared_motion import prepared_motion, sampling_grid
from inscape.errors import InputError
from inscape.systems.flow import Flow
from inscape.systems.map import Map

ALIGNED = 1e-12
"""Below this the vectors are taken to be aligned; on a torus they stay apart, or come together as a power of time."""


@dataclass(frozen=True, eq=False)
class Alignment:
    """Volume spanned by unit tangent vectors over time.

    Parameters
    ----------
    times : (time,)
    log_volume : (time,) natural logarithm of GALI_k; it may lie far below the smallest double.
    """

    times: Float[np.ndarray, "time"]
    log_volume: Float[np.ndarray, "time"]

    @property
    def gali(self) -> Float[np.ndarray, "time"]:
        """(time,) volume of the parallelepiped of the k unit vectors, from 1 (orthogonal) to 0 (aligned)."""
        return np.exp(self.log_volume)

    @property
    def is_chaotic(self) -> bool:
        """Whether the vectors aligned (GALI below 1e-12)."""
        return bool(self.log_volume[-1] < np.log(ALIGNED))

    @property
    def time_to_align(self) -> float:
        """First sampled time with GALI below 1e-12; infinite if there is none."""
        below = self.log_volume < np.log(ALIGNED)
        return float(self.times[np.argmax(below)]) if below.any() else float("inf")


def gali(
    system: Flow | Map,
    order: int = 2,
    *,
    initial: Float[np.ndarray, "state"] | None = None,
    duration: float | None = None,
    transient: float = 0.0,
    per_period: int = 10,
    seed: int | np.random.Generator | None = 0,
    tolerance: float = 1e-12,
) -> Alignment:
    """Generalised alignment index of order k (Skokos, Bountis & Antonopoulos 2007, Physica D 231, 30).

    For chaotic motion GALI_k falls as exp(-sum_{j=2..k} (lambda_1 - lambda_j) t); on a torus of dimension d >= k it
    stays near a constant. GALI_2 is SALI up to a factor between 1 and sqrt(2). The k vectors are followed through the
    triangular factors of an orthonormal frame, so that the index is known as a logarithm, however small.

    Parameters
    ----------
    system : law of motion, Hamiltonian or not.
    order : number k of vectors, from 2 to the number of state variables.
    initial : (state,) where to start; the system's own initial state if None.
    duration : in the system's time unit; 200 periods (5000 iterations) if None.
    transient : time before the vectors start.
    per_period : samples in a dominant period; a map is sampled at every iteration.
    seed : for the directions of the vectors, orthonormal at first.
    tolerance : relative error of an integration step.

    Raises
    ------
    InputError : if an argument is not what it should be.
    DivergedError : if the state leaves every bounded region.
    """
    if isinstance(order, bool) or not isinstance(order, int | np.integer) or order < 2:
        raise InputError(f"order: {order!r} found, expected a whole number from 2 to the number of state variables")
    motion, period = prepared_motion(
        system, initial=initial, count=int(order), transient=transient, seed=seed, tolerance=tolerance
    )
    samples, step = sampling_grid(system, period, duration, per_period, 5_000 if isinstance(system, Map) else 200)
    began = motion.time
    coefficients = np.eye(int(order))
    log_volume = np.zeros(samples + 1)
    for i in range(samples):
        motion.factors = []
        motion.grow(began + (i + 1) * step)
        total = log_volume[i]
        for factor in motion.factors:
            coefficients = factor @ coefficients
            lengths = np.linalg.norm(coefficients, axis=0)
            coefficients /= lengths
            with np.errstate(divide="ignore"):
                total += np.sum(np.log(np.abs(np.diagonal(factor)))) - np.sum(np.log(lengths))
        log_volume[i + 1] = total
    return Alignment(began + step * np.arange(samples + 1), log_volume)
