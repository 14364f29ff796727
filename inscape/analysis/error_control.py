"""Spectrum with error control: points that are in the spectrum, with a bound of how far they may be off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float

from inscape.analysis.features import points_of_plane
from inscape.analysis.galerkin import Galerkin
from inscape.analysis.pseudospectrum import pseudospectrum
from inscape.analysis.residuals import least_residual
from inscape.analysis.series import positive, truth_value
from inscape.errors import InputError


@dataclass(frozen=True, eq=False)
class ControlledSpectrum:
    """The points kept and how far each may be from the approximate point spectrum.

    Parameters
    ----------
    points : (kept,) of the complex plane, the smallest error first.
    errors : (kept,) residual at each point, at least its distance from the unit circle where the map is said to
        preserve a measure.
    """

    points: Complex[np.ndarray, "kept"]
    errors: Float[np.ndarray, "kept"]

    @property
    def bound(self) -> float:
        """The largest error; 0 for no points."""
        return float(self.errors.max(initial=0.0))


def spectrum_with_error_control(
    galerkin: Galerkin,
    z: Complex[np.ndarray, "*point"] | None = None,
    *,
    factor: float = 5.0,
    measure_preserving: bool = False,
    tolerance: float = 1e-3,
) -> ControlledSpectrum:
    """The approximate point spectrum as local minima of the residual, each with its error.

    Every point with residual D below one looks at the points within `factor` * D of it, and those with the least
    residual there are kept (Colbrook, Mezic & Stepanenko 2024, arXiv 2407.06312, and its published code). The residual
    bounds the distance to the spectrum where K is normal, as for invertible measure-preserving maps; elsewhere it says
    that the point is in the pseudospectrum of that size.

    Parameters
    ----------
    z : where to look; the eigenvalues of EDMD if None, else any shape of points (`plane` makes a grid), and the answer
        is not finer than they are.
    factor : 5 for most recordings, 2 for noisy ones.
    measure_preserving : take max(D, |1 - |z||) for D.
    tolerance : to which residuals are computed, as upper bounds.

    Raises
    ------
    InputError : for no points, or settings that are not positive.
    """
    from scipy.spatial import cKDTree

    if not isinstance(galerkin, Galerkin):
        raise InputError(f"galerkin: {type(galerkin).__name__} found, expected Galerkin; make one by Galerkin.of")
    factor, tolerance = positive(factor, "factor"), positive(tolerance, "tolerance")
    points = galerkin.eigen().eigenvalues if z is None else points_of_plane(z).ravel()
    if z is None and len(points) <= 32:
        errors = least_residual(galerkin, points)
    else:
        errors = pseudospectrum(galerkin, points, tolerance=tolerance).upper
    if truth_value(measure_preserving, "measure_preserving"):
        errors = np.maximum(errors, np.abs(1 - np.abs(points)))
    places = np.stack([points.real, points.imag], axis=1)
    looking = np.flatnonzero(errors < 1)
    near = cKDTree(places).query_ball_point(places[looking], factor * errors[looking])
    # A point is its own neighbour, so each neighbourhood has a least.
    best = {group[int(np.argmin(errors[group]))] for group in near if group}
    kept = np.array(sorted(best, key=lambda k: errors[k]), dtype=int)
    return ControlledSpectrum(points[kept], errors[kept])
