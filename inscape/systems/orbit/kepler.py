"""Kepler's equation: the eccentric anomaly from the mean one, for whole arrays without iteration."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError


def eccentric_anomaly(
    mean_anomaly: Float[np.ndarray, "*shape"], eccentricity: Float[np.ndarray, "*shape"] | float
) -> Float[np.ndarray, "*shape"]:
    """E of E - e sin E = M, to the last digits of double precision.

    A cubic in E gives a start that one correction of fifth order leaves with an error of 1e-15 or so (Markley 1995,
    Celestial Mechanics and Dynamical Astronomy 63, 101); a last step of Newton takes up the rounding.

    Parameters
    ----------
    mean_anomaly : M, in radians, any number of turns.
    eccentricity : e, at least 0 and below 1; broadcasts with `mean_anomaly`.

    Raises
    ------
    InputError : if e is not in [0, 1), or M is not finite.
    """
    mean = np.asarray(mean_anomaly, dtype=float)
    e = np.asarray(eccentricity, dtype=float)
    if not np.all((e >= 0) & (e < 1)):
        raise InputError(f"eccentricity: {_first(e, ~((e >= 0) & (e < 1)))} found, expected 0 <= e < 1")
    if not np.isfinite(mean).all():
        raise InputError(f"mean_anomaly: {_first(mean, ~np.isfinite(mean))} found, expected finite radians")
    return solve_kepler(mean, e)


def solve_kepler(mean: np.ndarray, e: np.ndarray | float) -> np.ndarray:
    """`eccentric_anomaly` of arguments that are known to be right."""
    turns = np.round(mean / (2 * np.pi))
    m = mean - 2 * np.pi * turns
    size = np.abs(m)
    # Equations 20, 5, 9, 10, 14 and 15 of Markley (1995).
    alpha = (3 * np.pi**2 + 1.6 * np.pi * (np.pi - size) / (1 + e)) / (np.pi**2 - 6)
    d = 3 * (1 - e) + alpha * e
    r = 3 * alpha * d * (d - 1 + e) * size + size**3
    q = 2 * alpha * d * (1 - e) - size**2
    w = np.cbrt(np.abs(r) + np.sqrt(q**3 + r**2)) ** 2
    # At M = 0 of a parabola alone the denominator vanishes, and so does the numerator.
    denominator = w**2 + w * q + q**2
    start = (2 * r * w / np.where(denominator > 0, denominator, 1.0) + size) / d
    sine, cosine = np.sin(start), np.cos(start)
    f0, f1, f2, f3, f4 = start - e * sine - size, 1 - e * cosine, e * sine, e * cosine, -e * sine
    d3 = -f0 / (f1 - 0.5 * f0 * f2 / f1)
    d4 = -f0 / (f1 + 0.5 * d3 * f2 + d3**2 * f3 / 6)
    d5 = -f0 / (f1 + 0.5 * d4 * f2 + d4**2 * f3 / 6 + d4**3 * f4 / 24)
    anomaly = start + d5
    anomaly = anomaly - (anomaly - e * np.sin(anomaly) - size) / (1 - e * np.cos(anomaly))
    return np.copysign(anomaly, m) + 2 * np.pi * turns


def centre_from_true(true_anomaly: np.ndarray, e: np.ndarray | float) -> np.ndarray:
    """Equation of the centre, true minus mean anomaly, from the true anomaly: closed form, no solver."""
    root = np.sqrt(1 - np.square(e))
    beta = e / (1 + root)
    sine, cosine = np.sin(true_anomaly), np.cos(true_anomaly)
    return 2 * np.arctan2(beta * sine, 1 + beta * cosine) + e * root * sine / (1 + e * cosine)


def true_anomaly(eccentric: np.ndarray, e: np.ndarray | float) -> np.ndarray:
    """True anomaly from the eccentric one, on the same turn."""
    beta = e / (1 + np.sqrt(1 - np.square(e)))
    return eccentric + 2 * np.arctan2(beta * np.sin(eccentric), 1 - beta * np.cos(eccentric))


def _first(values: np.ndarray, wrong: np.ndarray) -> float:
    return float(np.atleast_1d(values)[np.atleast_1d(wrong)][0])
