"""Rational smoothing kernels of high order: spectral densities from finitely many eigenvalues on the circle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Complex, Float

from inscape.analysis.features import finite_numbers, points_of_plane
from inscape.analysis.series import positive, real_numbers, whole
from inscape.errors import InputError

HIGHEST_ORDER = 10


@dataclass(frozen=True, eq=False)
class RationalKernel:
    """Kernel of order m with m simple poles in the upper half plane; smoothing by it errs by O(eps^m log(1 / eps)).

    Poles z_j = i + 2 j / (m + 1) - 1 and residues a_j with sum_j a_j z_j^k = 1 for k = 0 and 0 for k = 1 .. m - 1
    (Colbrook, Horning & Townsend 2021, SIAM Rev. 63, 489; Colbrook, Drysdale & Horning 2025, SIAM J. Appl. Dyn. Syst.
    24, 1150, rigged dynamic mode decomposition).

    Parameters
    ----------
    poles, residues : (order,).
    """

    poles: Complex[np.ndarray, "order"]
    residues: Complex[np.ndarray, "order"]

    @property
    def order(self) -> int:
        """m."""
        return len(self.poles)

    def filter(self, x: Float[np.ndarray, "*lag"]) -> Float[np.ndarray, "*lag"]:
        """phi(x) = sum_j a_j exp(i x z_j), x >= 0: by which the n-th autocorrelation is multiplied, x = n eps."""
        x = np.abs(real_numbers(x, "x"))
        waves = np.exp(1j * x[..., None] * self.poles)
        return np.real(waves @ self.residues)

    def response(
        self, eigenvalues: Complex[np.ndarray, "rank"], angles: Float[np.ndarray, "angle"], epsilon: float
    ) -> Complex[np.ndarray, "angle rank"]:
        """What one eigenvalue of the circle adds to the density at each angle: (angle, rank), its integral is one."""
        answer = np.zeros((len(angles), len(eigenvalues)))
        for pole, residue in zip(self.poles, self.residues, strict=True):
            outside = np.exp(1j * angles - 1j * epsilon * pole)[:, None]
            answer -= np.real(residue * (eigenvalues + outside) / (eigenvalues - outside))
        return answer / (2 * np.pi)


def rational_kernel(order: int) -> RationalKernel:
    """The kernel of order 1 (Poisson's) to 10; beyond that the residues cancel too many digits.

    Raises
    ------
    InputError : for another order.
    """
    if whole(order, "order") > HIGHEST_ORDER:
        raise InputError(f"order: {order} found, expected at most {HIGHEST_ORDER}")
    return _kernel(int(order))


def width_of(epsilon: float) -> float:
    """The width of a kernel in radians, above zero and at most pi."""
    if positive(epsilon, "epsilon") > np.pi:
        raise InputError(f"epsilon: {epsilon:g} found, expected a width of at most pi")
    return float(epsilon)


@lru_cache(maxsize=HIGHEST_ORDER)
def _kernel(order: int) -> RationalKernel:
    poles = 1j + 2 * np.arange(1, order + 1) / (order + 1) - 1
    # The Vandermonde system is solved in closed form: a_j is Lagrange's j-th polynomial at zero.
    others = ~np.eye(order, dtype=bool)
    ratios = np.where(others, poles / np.where(others, poles - poles[:, None], 1.0), 1.0)
    return RationalKernel(poles, ratios.prod(axis=1))


def rigged_density(
    eigenvalues: Complex[np.ndarray, "rank"],
    weights: Float[np.ndarray, "rank"],
    angles: Float[np.ndarray, "angle"],
    epsilon: float,
    order: int = 6,
) -> Float[np.ndarray, "angle"]:
    """Spectral density at each angle from eigenvalues on the circle and the energy |c_l|^2 of g in each.

    O(angle rank order). The density integrates to the sum of the weights; orders above one may dip below zero.

    Parameters
    ----------
    epsilon : width of the kernel, in radians.

    Raises
    ------
    InputError : for eigenvalues off the unit circle, numbers that are not finite, or a width that is not positive.
    """
    values = points_of_plane(eigenvalues, "eigenvalues")
    energy = real_numbers(finite_numbers(weights, "weights"), "weights")
    if values.ndim != 1 or values.shape != energy.shape or not values.size:
        raise InputError(f"weights: shape {energy.shape} found, expected one a eigenvalue, {values.shape}")
    off = float(np.abs(np.abs(values) - 1).max())
    if off > 1e-6:
        raise InputError(f"eigenvalues: one at {off:.2g} from the unit circle found, expected those of a unitary part")
    return rational_kernel(order).response(values, angles_of(angles), width_of(epsilon)) @ energy


def angles_of(angles: Float[np.ndarray, "angle"] | None, count: int = 512) -> Float[np.ndarray, "angle"]:
    """Angles as a finite (angle,) array; `count` even ones of the whole circle, from -pi, if None."""
    if angles is None:
        return np.linspace(-np.pi, np.pi, count, endpoint=False)
    values = np.atleast_1d(real_numbers(finite_numbers(angles, "angles"), "angles"))
    if values.ndim != 1 or not values.size:
        raise InputError(f"angles: shape {values.shape} found, expected (angle,)")
    return values
