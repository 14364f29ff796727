"""Spectral measures of observables: rigged dynamic mode decomposition with an error that chooses its own width."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Complex, Float, Num

from inscape.analysis.features import finite_numbers
from inscape.analysis.galerkin import Galerkin
from inscape.analysis.rational_kernel import RationalKernel, angles_of, rational_kernel, width_of
from inscape.analysis.unitary_part import UnitaryPart, unitary_part
from inscape.errors import InputError

_ORDERS = (1, 2, 3, 4, 5, 6, 7, 8)
# Lags beyond width * lag = 45 are damped below 1e-16 by every order.
_REACH = 45.0
_MOST_LAGS = 20_000
_CHOICES = 60


@dataclass(frozen=True, eq=False)
class SpectralMeasure:
    """Density over the angles of the unit circle of how the energy of g is spread over frequencies.

    Parameters
    ----------
    angles : (angle,) radians a step.
    density : (angle,) per radian; over 2 pi it integrates to ||g||^2.
    epsilon : width of the kernel, in radians.
    order : of the kernel.
    truncation : bound of the sup error from the finite dictionary, for maps that preserve the measure, save sampling.
    smoothing : estimated sup error from the width, from the autocorrelations that the dictionary has right.
    energy : ||g||^2.
    unitary : eigenpairs behind it.
    """

    angles: Float[np.ndarray, "angle"]
    density: Float[np.ndarray, "angle"]
    epsilon: float
    order: int
    truncation: float
    smoothing: float
    energy: float
    unitary: UnitaryPart = field(repr=False)
    coefficients: Complex[np.ndarray, "rank"] = field(repr=False)

    @property
    def error(self) -> float:
        """Estimated sup error of the density: truncation and smoothing."""
        return self.truncation + self.smoothing

    def at(self, angles: Float[np.ndarray, "angle"]) -> Float[np.ndarray, "angle"]:
        """The same density at other angles."""
        kernel = rational_kernel(self.order)
        return kernel.response(self.unitary.eigenvalues, angles_of(angles), self.epsilon) @ _squared(self.coefficients)

    def generalised_eigenfunctions(self, angles: Float[np.ndarray, "angle"]) -> Complex[np.ndarray, "rank angle"]:
        """Wave packets of width `epsilon` about each angle, coefficients in the orthonormal basis: (rank, angle).

        K moves each by nearly exp(i angle); at eigenvalues they are epsilon-scaled eigenfunctions, in continuous
        spectrum they go to generalised eigenfunctions, which lie outside of L2.
        """
        kernel = rational_kernel(self.order)
        response = kernel.response(self.unitary.eigenvalues, angles_of(angles), self.epsilon)
        return self.unitary.vectors @ (response * self.coefficients).T


def spectral_measure(
    galerkin: Galerkin,
    g: Num[np.ndarray, "rank"],
    angles: Float[np.ndarray, "angle"] | None = None,
    *,
    epsilon: float | None = None,
    order: int | None = None,
) -> SpectralMeasure:
    """Spectral measure of an observable of a measure-preserving map, smoothed by a rational kernel of high order.

    With P the unitary part of A, the n-th autocorrelation that the eigenpairs of P reproduce is off by at most
    ||g|| sum_(j<n) ||(K - P) P^j g||, which the Galerkin matrices give; the kernel multiplies it by phi(n epsilon). The
    width and the order that are not given are those with the least sum of this bound and of what smoothing takes from
    the autocorrelations. O(rank^3 + rank^2 lags).

    Parameters
    ----------
    g : (rank,) coefficients in the orthonormal basis: `galerkin.coordinates_of(features)`.
    angles : (angle,) radians; 512 of the whole circle if None.
    epsilon, order : width and order of the kernel; chosen if None.

    Raises
    ------
    InputError : if g has not one finite number a basis function, is zero, or a setting is out of range.
    """
    unitary = unitary_part(galerkin)
    values = finite_numbers(g, "g")
    if values.shape != (galerkin.rank,):
        raise InputError(f"g: shape {values.shape} found, expected ({galerkin.rank},) in the orthonormal basis")
    energy = float((np.abs(values) ** 2).sum())
    if energy == 0:
        raise InputError("g: an observable of zeros found, expected one that is not zero on the samples")
    theta = angles_of(angles)
    coefficients = unitary.coefficients(values)
    # No kernel narrower than the spacing of the eigenvalues can be resolved.
    narrowest = min(max(2 / galerkin.rank, 2e-4), 0.5)
    widths = np.geomspace(narrowest, 1.0, _CHOICES) if epsilon is None else np.array([width_of(epsilon)])
    kernels = [rational_kernel(m) for m in (_ORDERS if order is None else (order,))]
    lags = int(min(_MOST_LAGS, max(np.ceil(_REACH / widths[0]), 64)))
    moments, defects = _moments(galerkin, unitary, coefficients, lags)
    best, width, kernel = (np.inf, np.inf), float(widths[-1]), kernels[0]
    for candidate in kernels:
        for at in widths:
            errors = _errors(candidate, float(at), moments, defects, energy)
            if sum(errors) < sum(best):
                best, width, kernel = errors, float(at), candidate
    density = kernel.response(unitary.eigenvalues, theta, width) @ _squared(coefficients)
    return SpectralMeasure(theta, density, width, kernel.order, *best, energy, unitary, coefficients)


def _moments(galerkin: Galerkin, unitary: UnitaryPart, c: np.ndarray, lags: int) -> tuple[np.ndarray, np.ndarray]:
    """Autocorrelations 1 .. lags of the unitary part, and the bound of how far each is from that of K."""
    angles = unitary.angles
    v = unitary.vectors
    inside = galerkin.cross @ v - v * unitary.eigenvalues
    outside = galerkin.escape @ v
    norm = float(np.linalg.norm(c))
    moments, missed = np.zeros(lags, dtype=complex), np.full(lags, np.inf)
    lost, start = 0.0, 0
    # Once all may be wrong, later autocorrelations are worth nothing.
    while start < lags and lost < 2 * norm:
        steps = np.arange(start, min(start + 256, lags))
        moved = c[:, None] * np.exp(1j * np.outer(angles, steps))
        moments[steps] = c.conj() @ (moved * unitary.eigenvalues[:, None])
        strayed = np.hypot(np.linalg.norm(inside @ moved, axis=0), np.linalg.norm(outside @ moved, axis=0))
        missed[steps] = lost + np.cumsum(strayed)
        lost = float(missed[steps[-1]])
        start += 256
    return moments, norm * np.minimum(missed, 2 * norm)


def _errors(
    kernel: RationalKernel, width: float, moments: np.ndarray, defects: np.ndarray, energy: float
) -> tuple[float, float]:
    reach = int(np.ceil(_REACH / width))
    counted = min(reach, len(moments))
    phi = kernel.filter(np.arange(1, counted + 1) * width)
    truncation = float((np.abs(phi) * defects[:counted]).sum())
    if reach > counted:
        beyond = np.arange(counted + 1, min(reach, 2 * _MOST_LAGS) + 1)
        truncation += 2 * energy * float(np.abs(kernel.filter(beyond * width)).sum())
    # An autocorrelation that may be all wrong says nothing of the density's smoothness.
    known = np.maximum(np.abs(moments) - defects, 0.0)
    smoothing = float((np.abs(1 - phi) * known[:counted]).sum() + known[counted:].sum())
    return truncation / np.pi, smoothing / np.pi


def _squared(c: np.ndarray) -> np.ndarray:
    return np.abs(c) ** 2
