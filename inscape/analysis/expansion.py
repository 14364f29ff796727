"""Expansion entropy: how fast a law stretches volumes of every dimension, from states all over a region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.analysis.finite_time import singular_logarithms
from inscape.analysis.prepared_motion import prepared_motion
from inscape.analysis.series import check_finite, positive, real_numbers, whole
from inscape.errors import DivergedError, InputError
from inscape.systems.flow import Flow
from inscape.systems.map import Map


@dataclass(frozen=True, eq=False)
class ExpansionEntropy:
    """Growth of the mean expansion over a region.

    Parameters
    ----------
    times : (time,) since the start.
    log_expansion : (time,) logarithm of the mean, over all states, of the product of the singular values above one of
        the tangent map; states that have left the region count as zero.
    entropy, error : slope over the second half of the times, 1/time, and its bootstrap standard error over states.
    """

    times: Float[np.ndarray, "time"]
    log_expansion: Float[np.ndarray, "time"]
    entropy: float
    error: float


def expansion_entropy(
    system: Flow | Map,
    lower: Float[np.ndarray, "state"],
    upper: Float[np.ndarray, "state"],
    *,
    duration: float,
    samples: int = 500,
    steps: int = 20,
    seed: int | np.random.Generator | None = 0,
    tolerance: float = 1e-10,
) -> ExpansionEntropy:
    """Expansion entropy of a law restricted to a box (Hunt & Ott 2015, Chaos 25, 097618).

    It is positive for chaotic attractors, repellers and transients alike, needs no invariant measure, and equals the
    topological entropy for smooth laws.

    Parameters
    ----------
    system : law of motion.
    lower, upper : (state,) corners of the box in which states start and must stay.
    duration : in the system's time unit; a few e-folds, for the mean is soon carried by few states.
    samples : number of states drawn evenly from the box.
    steps : number of times at which the expansion is recorded (every iteration of a map).
    seed : for the states.
    tolerance : relative error of an integration step.

    Raises
    ------
    InputError : if an argument is not what it should be.
    DivergedError : if no state stays in the box to the end.
    """
    low, high = real_numbers(lower, "lower"), real_numbers(upper, "upper")
    motion, _ = prepared_motion(system, tolerance=tolerance)
    if low.shape != (system.dimension,) or high.shape != low.shape:
        raise InputError(f"lower, upper: shapes {low.shape} and {high.shape} found, expected ({system.dimension},)")
    check_finite(low, "lower")
    check_finite(high, "upper")
    if not (low < high).all():
        raise InputError(f"lower: {low.tolist()} found, expected less than upper {high.tolist()} in every variable")
    duration, samples = positive(duration, "duration"), whole(samples, "samples", 2)
    steps = max(2, round(duration)) if isinstance(system, Map) else whole(steps, "steps", 2)
    step = 1.0 if isinstance(system, Map) else duration / steps
    rng = np.random.default_rng(seed)
    logarithms = np.full((samples, steps), -np.inf)
    for row, state in enumerate(rng.uniform(low, high, (samples, len(low)))):
        motion.restart(state, np.eye(len(low)))
        motion.factors = []
        for i in range(steps):
            try:
                motion.grow((i + 1) * step)
            except DivergedError:
                break
            if ((motion.state < low) | (motion.state > high)).any():
                break
            logarithms[row, i] = np.sum(np.maximum(singular_logarithms(motion.factors), 0))
    times = step * np.arange(1, steps + 1)
    log_expansion = _log_mean(logarithms)
    if not np.isfinite(log_expansion).all():
        raise DivergedError(f"{system.name}: no state stays in the box for {duration:g}; widen it, or shorten it")
    late = times >= duration / 2
    entropy = float(np.polyfit(times[late], log_expansion[late], 1)[0])
    slopes = []
    for _ in range(100):
        again = _log_mean(logarithms[rng.integers(0, samples, samples)])[late]
        if np.isfinite(again).all():
            slopes.append(np.polyfit(times[late], again, 1)[0])
    return ExpansionEntropy(times, log_expansion, entropy, float(np.std(slopes, ddof=1)) if len(slopes) > 1 else np.nan)


def _log_mean(logarithms: Float[np.ndarray, "sample time"]) -> Float[np.ndarray, "time"]:
    top = logarithms.max(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.isfinite(top), top + np.log(np.mean(np.exp(logarithms - top), axis=0)), -np.inf)
