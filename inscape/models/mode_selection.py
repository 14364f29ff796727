"""Which modes of a linear law stay: by how much of the recording they carry, and by whether they grow."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from jaxtyping import Complex, Float

from inscape.errors import InputError, UnknownNameError

Growing = Literal["keep", "steady", "drop"]
GROWING: tuple[str, ...] = ("keep", "steady", "drop")


def mode_strengths(
    right: Complex[np.ndarray, "feature mode"],
    left: Complex[np.ndarray, "mode feature"],
    states: Float[np.ndarray, "feature sample"],
) -> Float[np.ndarray, "mode"]:
    """Root mean square of what each mode carries of the recording, in the unit of the states.

    Kou and Zhang (2017, Eur. J. Mech. B 62:109) sum a mode's size over time along its own law from the first sample;
    here its size at every recorded sample is taken, so a mode that noise starts but the motion does not carry is small.
    """
    carried = np.abs(left @ states) ** 2
    return np.linalg.norm(right, axis=0) * np.sqrt(carried.mean(axis=1))


def chosen_factors(
    eigenvalues: Complex[np.ndarray, "mode"],
    strengths: Float[np.ndarray, "mode"],
    *,
    growing: Growing,
    most_modes: int | None,
) -> Float[np.ndarray, "mode"]:
    """What each eigenvalue is multiplied by: 1 as it is, 0 dropped, 1/|eigenvalue| moved onto the unit circle.

    Two modes that are conjugates of each other stay or go together, so the law stays real.
    """
    factors = np.ones(len(eigenvalues))
    sizes = np.abs(eigenvalues)
    if growing != "keep":
        grows = sizes > 1
        factors[grows] = 0.0 if growing == "drop" else 1 / sizes[grows]
    if most_modes is not None:
        kept: list[int] = []
        for index in np.argsort(-strengths, kind="stable"):
            if len(kept) >= most_modes:
                break
            if factors[index] == 0 or index in kept:
                continue
            kept.append(int(index))
            if abs(eigenvalues[index].imag) > 1e-14 * sizes[index]:
                partner = int(np.argmin(np.abs(eigenvalues - eigenvalues[index].conj())))
                if partner not in kept:
                    kept.append(partner)
        factors[np.setdiff1d(np.arange(len(factors)), kept)] = 0.0
    return factors


def check_selection(growing: Any, most_modes: Any) -> None:
    """Refuse settings that name nothing."""
    if growing not in GROWING:
        raise UnknownNameError("growing", str(growing), GROWING)
    if most_modes is None:
        return
    if isinstance(most_modes, bool) or not isinstance(most_modes, (int, np.integer)) or most_modes < 1:
        raise InputError(f"most_modes: {most_modes!r} found, expected a whole number, at least 1, or None for all")
