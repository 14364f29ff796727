"""Where a law under a policy stands still, and whether it comes back there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from inscape.errors import DivergedError, InputError


@dataclass(frozen=True)
class Equilibrium:
    """A state that a law under a policy keeps.

    Parameters
    ----------
    state : (observation,).
    multipliers : (observation,) eigenvalues of the Jacobian of one step there, largest modulus first.
    rest : how far one step still moves the state, at most in any variable.
    """

    state: Float[np.ndarray, "observation"]
    multipliers: Complex[np.ndarray, "observation"]
    rest: float

    @property
    def is_stable(self) -> bool:
        """Whether small displacements die out: every multiplier lies inside the unit circle."""
        return bool(np.abs(self.multipliers[0]) < 1)


def equilibrium(
    law: Any, policy: Any, near: Float[np.ndarray, "observation"], *, rounds: int = 50, tolerance: float = 1e-9
) -> Equilibrium:
    """The state near a given one that `law.step(state, policy.act(state))` keeps, by Newton's method.

    The Jacobian is taken by central differences of the whole step, so projections and clipped actions count.

    Parameters
    ----------
    law : with step(states, inputs).
    policy : with act(observations).
    near : where to look.
    rounds, tolerance : Newton stops after so many, or once a step moves the state by less.

    Raises
    ------
    DivergedError : if no such state is found near it.
    """
    start = np.asarray(near, dtype=float)
    if start.ndim != 1 or not np.isfinite(start).all():
        raise InputError(f"near: shape {start.shape} found, expected (observation,) finite numbers")

    def moved(states: np.ndarray) -> np.ndarray:
        return np.asarray(law.step(states, policy.act(states)), dtype=float)

    state = start
    for _ in range(rounds):
        change = moved(state[None])[0] - state
        if not np.isfinite(change).all():
            break
        if np.abs(change).max() < tolerance:
            jacobian = _jacobian(moved, state)
            multipliers = np.linalg.eigvals(jacobian)
            return Equilibrium(state, multipliers[np.argsort(-np.abs(multipliers))], float(np.abs(change).max()))
        # Least norm where a direction cannot be told, such as the radius of a circle that states are projected to.
        step = np.linalg.lstsq(_jacobian(moved, state) - np.eye(len(state)), -change, rcond=1e-10)[0]
        state = moved((state + step)[None])[0] if np.abs(step).max() > 0.5 else state + step
    raise DivergedError(f"equilibrium: none found near {start.tolist()} in {rounds} rounds; give a state nearer to one")


def _jacobian(moved: Any, state: np.ndarray, width: float = 1e-6) -> np.ndarray:
    shifts = width * np.eye(len(state))
    return (moved(state + shifts) - moved(state - shifts)).T / (2 * width)
