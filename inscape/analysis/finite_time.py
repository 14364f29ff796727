"""Finite-time Lyapunov exponents: how far neighbours part from each of many states within a given time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.prepared_motion import prepared_motion
from inscape.analysis.series import check_finite, positive, real_numbers, whole
from inscape.analysis.tangent_motion import check_measurable
from inscape.errors import DivergedError, InputError
from inscape.systems.flow import Flow
from inscape.systems.map import Map


def finite_time_exponents(
    system: Flow | Map,
    initial: Float[np.ndarray, "run state"],
    duration: float,
    *,
    count: int | None = None,
    tolerance: float = 1e-12,
) -> Float[np.ndarray, "run count"]:
    """Finite-time exponents from each of many states, largest first: log singular values of the tangent map / time.

    Parameters
    ----------
    system : law of motion.
    initial : (run, state), or (state,) for one run; at time 0.
    duration : in the system's time unit (iterations of a map).
    count : how many of them; all if None.
    tolerance : relative error of an integration step.

    Returns
    -------
    (run, count) in 1/time, or (count,) for one run. Rows of runs that leave every bounded region are NaN.

    Raises
    ------
    InputError : if a shape is wrong or a number is not finite.
    """
    check_measurable(system)
    states = real_numbers(initial, "initial")
    many = states.ndim == 2
    states = np.atleast_2d(states)
    if states.ndim != 2 or len(states) == 0 or states.shape[1] != getattr(system, "dimension", states.shape[1]):
        raise InputError(
            f"initial: shape {np.shape(initial)} found, expected (run, {getattr(system, 'dimension', '?')})"
        )
    check_finite(states, "initial")
    duration = positive(duration, "duration")
    if isinstance(system, Map):
        duration = float(whole(round(duration), "duration"))
    motion, _ = prepared_motion(system, initial=states[0], tolerance=tolerance)
    kept = states.shape[1] if count is None else whole(count, "count")
    if kept > states.shape[1]:
        raise InputError(f"count: {kept} found, expected at most {states.shape[1]}, the number of state variables")
    exponents = np.full((len(states), kept), np.nan)
    for row, state in enumerate(states):
        motion.restart(state, np.eye(len(state)))
        motion.factors = []
        try:
            motion.grow(duration)
        except DivergedError:
            continue
        exponents[row] = singular_logarithms(motion.factors)[:kept] / duration
    return exponents if many else exponents[0]


def singular_logarithms(factors: Sequence[Float[np.ndarray, "k k"]]) -> Float[np.ndarray, "k"]:
    """Logarithms of the singular values of the product R_m ... R_1 of upper triangular factors, largest first.

    The product of a long run spans more orders of magnitude than a double holds, so it is never formed: its transpose
    is brought to triangular form factor by factor, again and again, which drives it to a diagonal (Stewart 1997, On
    graded QR decompositions of products of matrices).
    """
    size = factors[0].shape[0]
    current = [np.asarray(f, dtype=float) for f in factors]
    with np.errstate(divide="ignore"):
        previous = sum(np.log(np.abs(np.diagonal(f))) for f in current)
        if not np.isfinite(previous).all() or (float(np.ptp(previous)) < 16 and len(current) < 400):
            product, scale = np.eye(size), 0.0
            for f in current:
                product = f @ product
                norm = float(np.max(np.abs(product))) or 1.0
                product, scale = product / norm, scale + np.log(norm)
            return np.log(np.linalg.svd(product, compute_uv=False)) + scale
    for _ in range(100):
        frame = np.eye(size)
        turned: list[Any] = []
        for f in reversed(current):
            frame, upper = np.linalg.qr(f.T @ frame)
            turned.append(upper)
        logarithms = sum(np.log(np.abs(np.diagonal(f))) for f in turned)
        settled = float(np.max(np.abs(logarithms - previous))) < 1e-10
        previous, current = logarithms, turned
        if settled:
            break
    return np.sort(previous)[::-1]
