"""Where a system stands still, and what happens near there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from inscape.analysis.series import check_finite, generator, number, positive, real_numbers, whole
from inscape.errors import InputError, InscapeError

_NEWTON_ROUNDS = 60


@dataclass(frozen=True)
class FixedPoint:
    """A state that does not move.

    state : (state,).
    eigenvalues : (state,) of the Jacobian there, largest real part (of a map: modulus) first.
    is_stable : whether a small disturbance dies out.
    kind : "node", "focus" or "saddle" and its variants, in words.
    residual : greatest component of what the law leaves there, which should be zero.
    """

    state: Float[np.ndarray, "state"]
    eigenvalues: Complex[np.ndarray, "state"]
    is_stable: bool
    kind: str
    residual: float


def fixed_points(
    system: Any,
    box: Any = None,
    *,
    starts: int = 2_000,
    tolerance: float = 1e-10,
    time: float = 0.0,
    seed: int | np.random.Generator | None = 0,
) -> tuple[FixedPoint, ...]:
    """Fixed points of a flow or a map, by Newton's method from many starts at once.

    All that Newton's method reaches from `starts` points spread evenly over the box, and that lie in it; no proof that
    there is no other. A Jacobian without inverse (a line of fixed points) gives points of that line.

    Parameters
    ----------
    system : a flow (f(x) = 0) or a map (f(x) = x).
    box : (state, 2) least and greatest value of each variable; three times the extent of a run if None.
    tolerance : greatest residual, in units of the size of the states; and how near two points are the same.
    time : at which a law with time in it is frozen.

    Returns
    -------
    tuple of FixedPoint : sorted by state; empty if none was found.

    Raises
    ------
    InputError : if the system has no Jacobian (a delay flow), or the box is not one.
    """
    if not hasattr(system, "jacobian") or not hasattr(system, "rhs"):
        raise InputError(f"system: {type(system).__name__} found, expected a flow or a map")
    starts, tolerance, time = whole(starts, "starts"), positive(tolerance, "tolerance"), number(time, "time")
    limits = _box(system, box)
    found = _newton(system, _spread(limits, starts, seed), time)
    low, high = limits.T
    slack = tolerance * np.maximum(np.abs(limits).max(axis=1), 1.0)
    found = found[((found >= low - slack) & (found <= high + slack)).all(axis=1)]
    scale = np.maximum(np.abs(limits).max(axis=1), 1e-300)
    points: list[np.ndarray] = []
    residuals = np.abs(_displacement(system, found, time)).max(axis=1) if len(found) else np.empty(0)
    for state in found[np.argsort(residuals)]:
        residual = np.abs(_displacement(system, state[None], time)[0]).max()
        if residual > tolerance * scale.max():
            break
        if all((np.abs(state - other) > 1e-6 * scale).any() for other in points):
            points.append(np.where(np.abs(state) < 1e-14 * scale, 0.0, state))
    points.sort(key=lambda state: tuple(np.round(state / scale, 9)))
    return tuple(_described(system, state, time) for state in points)


def _described(system: Any, state: np.ndarray, time: float) -> FixedPoint:
    eigenvalues = np.linalg.eigvals(system.jacobian(state, time)).astype(complex)
    is_map = system.is_map
    growth = np.abs(eigenvalues) - 1 if is_map else eigenvalues.real
    order = np.lexsort((eigenvalues.imag, -growth))
    eigenvalues, growth = eigenvalues[order], growth[order]
    # Rounding of a neutral eigenvalue has no sign to be believed.
    size = 1.0 if is_map else max(float(np.abs(eigenvalues).max()), 1e-300)
    neutral = np.abs(growth) <= 1e-9 * size
    turns = bool((np.abs(eigenvalues.imag) > 1e-12 * size).any())
    out, into = bool(((growth > 0) & ~neutral).any()), bool(((growth < 0) & ~neutral).any())
    if out and into:
        kind = "saddle-focus" if turns else "saddle"
    elif neutral.any():
        kind = "centre" if neutral.all() and turns else "degenerate"
    else:
        kind = f"{'unstable' if out else 'stable'} {'focus' if turns else 'node'}"
    residual = float(np.abs(_displacement(system, state[None], time)).max())
    return FixedPoint(state, eigenvalues, bool((growth < 0).all() and not neutral.any()), kind, residual)


def _newton(system: Any, states: np.ndarray, time: float) -> np.ndarray:
    identity = np.eye(states.shape[1])
    with np.errstate(all="ignore"):
        for _ in range(_NEWTON_ROUNDS):
            value = _displacement(system, states, time)
            slope = system.jacobian(states, time) - (identity if system.is_map else 0.0)
            good = np.isfinite(value).all(axis=1) & np.isfinite(slope).all(axis=(1, 2))
            states, value, slope = states[good], value[good], slope[good]
            if len(states) == 0:
                break
            # The pseudo-inverse goes on where a Jacobian has none.
            step = _solve(slope, value)
            states = states - step
            if (np.abs(step) <= 1e-15 * (1 + np.abs(states))).all():
                break
    return states[np.isfinite(states).all(axis=1)]


def _solve(slope: np.ndarray, value: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.solve(slope, value[..., None])[..., 0]
    except np.linalg.LinAlgError:
        return np.einsum("nij,nj->ni", np.linalg.pinv(slope), value)


def _displacement(system: Any, states: np.ndarray, time: float) -> np.ndarray:
    value = system.rhs(states, time)
    return value - states if system.is_map else value


def _box(system: Any, box: Any) -> Float[np.ndarray, "state two"]:
    if box is None:
        try:
            run = system.simulate(steps=2_000) if system.is_map else system.simulate(periods=20)
            states = run.states
        except InscapeError:
            states = system.initial[None]
        centre = (states.max(axis=0) + states.min(axis=0)) / 2
        half = 1.5 * np.maximum(np.ptp(states, axis=0), 1e-3 + 0.1 * np.abs(centre))
        return np.column_stack([centre - half, centre + half])
    limits = real_numbers(box, "box")
    limits = np.tile(limits, (system.dimension, 1)) if limits.shape == (2,) else limits
    if limits.shape != (system.dimension, 2):
        raise InputError(f"box: shape {limits.shape} found, expected ({system.dimension}, 2) for {system.name}")
    check_finite(limits, "box")
    if (limits[:, 0] >= limits[:, 1]).any():
        raise InputError(f"box: {limits.tolist()} found, expected the least value before the greatest")
    return limits


def _spread(limits: np.ndarray, count: int, seed: Any) -> np.ndarray:
    from scipy.stats import qmc

    sampler = qmc.Halton(len(limits), rng=generator(seed))
    return limits[:, 0] + sampler.random(count) * (limits[:, 1] - limits[:, 0])
