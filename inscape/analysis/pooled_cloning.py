"""What cloning and inverse dynamics can know in a linear world whose experts pursue hidden goals: exact values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


@dataclass(frozen=True)
class PooledCloning:
    """The best linear predictions of the action, over all experts and steps.

    Parameters
    ----------
    slope : (action, state) of the action on the state: what behaviour cloning learns.
    cloning_r2 : share of the action's variance that one state explains.
    inverse_r2 : share that two successive states explain.
    """

    slope: Float[np.ndarray, "action state"]
    cloning_r2: float
    inverse_r2: float


def pooled_cloning(
    dynamics: Float[np.ndarray, "state state"] | float,
    control: Float[np.ndarray, "state action"] | float,
    gain: Float[np.ndarray, "action state"] | float,
    steps: int,
    *,
    start: Float[np.ndarray, "state state"] | None = None,
    goals: Float[np.ndarray, "state state"] | None = None,
    action_noise: float = 0.0,
    state_noise: float = 0.0,
) -> PooledCloning:
    """Exact pooled regressions for s' = A s + B a + noise, a = K (g - s) + noise, with the goal g hidden.

    Second moments of start, goal and noise are carried through the closed loop and averaged over the steps; nothing is
    sampled. Each expert is deterministic given its goal, yet pooled cloning can explain next to nothing: for A = B = 1,
    K = kappa, unit variances and r_t = (1 - kappa)^t the slope is kappa sum r (1 - 2 r) / sum (r^2 + (1 - r)^2), which
    for kappa = 1/2 and 20 steps is -kappa/28, with an R^2 of .0089.

    Parameters
    ----------
    dynamics, control, gain : A, B, K. Numbers are taken as 1 x 1 matrices.
    steps : actions of an episode.
    start, goals : covariances of the first state and of the goal; means are zero; identity if None.
    action_noise, state_noise : standard deviations, white and alike in every coordinate.

    Raises
    ------
    InputError : on shapes that do not match or values that are not finite.
    """
    A, B, K = (np.atleast_2d(np.asarray(m, dtype=float)) for m in (dynamics, control, gain))
    states, inputs = B.shape
    if A.shape != (states, states) or K.shape != (inputs, states):
        raise InputError(f"gain: shapes {A.shape}, {B.shape}, {K.shape} found, expected (s, s), (s, a), (a, s)")
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
        raise InputError(f"steps: {steps!r} found, expected a whole number of at least 1")
    P = np.eye(states) if start is None else np.atleast_2d(np.asarray(start, dtype=float))
    G = np.eye(states) if goals is None else np.atleast_2d(np.asarray(goals, dtype=float))
    for name, matrix in (("start", P), ("goals", G)):
        if matrix.shape != A.shape:
            raise InputError(f"{name}: shape {matrix.shape} found, expected {A.shape}")
    if not all(np.isfinite(m).all() for m in (A, B, K, P, G)) or not min(action_noise, state_noise) >= 0:
        raise InputError("dynamics, control, gain, start, goals: expected finite numbers and noises of at least 0")
    jitter, drift = action_noise**2 * np.eye(inputs), state_noise**2 * np.eye(states)
    C = np.zeros_like(P)  # covariance of state and goal
    seen, paired, acted = np.zeros_like(P), np.zeros_like(K), np.zeros((inputs, inputs))
    for _ in range(steps):
        seen += P / steps
        paired += K @ (C.T - P) / steps
        acted += (K @ (G - C - C.T + P) @ K.T + jitter) / steps
        M, N = A - B @ K, B @ K
        cross = M @ C @ N.T
        P = M @ P @ M.T + cross + cross.T + N @ G @ N.T + B @ jitter @ B.T + drift
        C = M @ C + N @ G
    # The next state of pooled rows follows from state, action and noise.
    both = np.block(
        [
            [seen, seen @ A.T + paired.T @ B.T],
            [A @ seen + B @ paired, A @ seen @ A.T + A @ paired.T @ B.T + B @ paired @ A.T + B @ acted @ B.T + drift],
        ]
    )
    towards = np.hstack([paired, paired @ A.T + acted @ B.T])
    slope = paired @ np.linalg.pinv(seen)
    total = float(np.trace(acted))
    if total == 0:
        raise InputError("gain: the actions are constant; there is nothing to explain")
    return PooledCloning(
        slope,
        float(np.trace(slope @ paired.T)) / total,
        float(np.trace(towards @ np.linalg.pinv(both, hermitian=True, rcond=1e-12) @ towards.T)) / total,
    )
