"""What a drifting orbit says of tides: quality factor, Love number with its physical gate, and what else it may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.orbit.secular import MS_A_YEAR

GRAVITATION = 6.674_30e-11
LIGHT = 299_792_458.0
SOLAR_MASS, SOLAR_RADIUS = 1.988_41e30, 6.957e8
JUPITER_MASS, JUPITER_RADIUS = 1.898_125e27, 7.1492e7
DAY = 86_400.0
HOMOGENEOUS_LOVE_NUMBER = 1.5
"""Fluid Love number k2 of a planet of one density throughout: no planet has more (Love 1909)."""


@dataclass(frozen=True)
class Bodies:
    """A star and its planet.

    Parameters
    ----------
    star_mass, star_radius : in those of the Sun.
    planet_mass, planet_radius : in those of Jupiter (equatorial).
    period : sidereal, days.
    eccentricity : of the orbit.

    Raises
    ------
    InputError : if a number is not above zero, or the eccentricity is not in [0, 1).
    """

    star_mass: float
    star_radius: float
    planet_mass: float
    planet_radius: float
    period: float
    eccentricity: float = 0.0

    def __post_init__(self) -> None:
        for name in ("star_mass", "star_radius", "planet_mass", "planet_radius", "period"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"{name}: {value} found, expected a number above zero")
        if not 0 <= self.eccentricity < 1:
            raise InputError(f"eccentricity: {self.eccentricity} found, expected 0 <= e < 1")

    @property
    def mass_ratio(self) -> float:
        """Planet over star."""
        return self.planet_mass * JUPITER_MASS / (self.star_mass * SOLAR_MASS)

    @property
    def semi_major_axis(self) -> float:
        """By Kepler's third law, metres."""
        total = GRAVITATION * self.star_mass * SOLAR_MASS * (1 + self.mass_ratio)
        return float(np.cbrt(total * (self.period * DAY / (2 * np.pi)) ** 2))

    @property
    def star_over_axis(self) -> float:
        """Radius of the star over the semi-major axis."""
        return self.star_radius * SOLAR_RADIUS / self.semi_major_axis

    @property
    def planet_over_axis(self) -> float:
        """Radius of the planet over the semi-major axis."""
        return self.planet_radius * JUPITER_RADIUS / self.semi_major_axis


@dataclass(frozen=True)
class QualityFactor:
    """Modified tidal quality factor of the star.

    Parameters
    ----------
    value : at the middle of the belief in the decay; NaN if the orbit does not surely decay.
    low, high : ends of the central 68 %; NaN likewise.
    least : with 95 % certainty it is above this.
    decay_time : period over its rate of change, million years; NaN likewise.
    sentence : the same in words.
    """

    value: float
    low: float
    high: float
    least: float
    decay_time: float
    sentence: str


@dataclass(frozen=True)
class LoveNumber:
    """Love number k2 that a rate of precession asks for.

    Parameters
    ----------
    needed : k2 that the middle of the belief needs.
    low, high : ends of the central 68 % of what is needed.
    possible : share of the belief that lies between 0 and 1.5.
    is_physical : whether at least 5 % does.
    sentence : what follows.
    """

    needed: float
    low: float
    high: float
    possible: float
    is_physical: bool
    sentence: str


def quality_factor(
    decay_rate: float | Float[np.ndarray, "draw"],
    *,
    mass_ratio: float,
    star_over_axis: float,
    period: float,
    error: float = 0.0,
    seed: int | np.random.Generator | None = 0,
) -> QualityFactor:
    """Q' = 27 pi / 2 (Mp / M*) (R* / a)^5 / |dP/dt| (Goldreich & Soter 1966; Patra et al. 2017, AJ 154, 4, eq. 14).

    Parameters
    ----------
    decay_rate : ms a year; draws of it, or one number with its `error`. A `decay+acceleration` posterior gives the
        rate without the Doppler share as decay_rate less doppler_rate.
    mass_ratio : planet over star.
    star_over_axis : radius of the star over the semi-major axis.
    period : days, for the time of decay.

    Raises
    ------
    InputError : if a number is not above zero, or a draw is not finite.
    """
    _above_zero(mass_ratio=mass_ratio, star_over_axis=star_over_axis, period=period)
    draws = _draws(decay_rate, error, seed) / MS_A_YEAR
    scale = 13.5 * np.pi * mass_ratio * star_over_axis**5
    fastest = -float(np.quantile(draws, 0.05))
    least = scale / fastest if fastest > 0 else float("inf")
    if np.mean(draws < 0) < 0.975:
        sentence = (
            f"no decay to be sure of: Q' is above {least:.2g} with 95 % certainty"
            if np.isfinite(least)
            else "the period grows: no tide in the star does that"
        )
        return QualityFactor(float("nan"), float("nan"), float("nan"), least, float("nan"), sentence)
    middle = -float(np.median(draws))
    slow, fast = -np.quantile(draws, [0.8413, 0.1587])
    low, high = scale / fast, scale / slow if slow > 0 else float("inf")
    time = period / middle / 365.25 / 1e6
    return QualityFactor(
        scale / middle,
        float(low),
        float(high),
        least,
        time,
        f"Q' = {scale / middle:.2g} ({low:.2g} to {high:.2g}); the period over its rate is {time:.3g} million years",
    )


def relativistic_rate(bodies: Bodies) -> float:
    """Precession by general relativity, 3 G M / (a c^2 (1 - e^2)) n, degrees a day."""
    total = GRAVITATION * bodies.star_mass * SOLAR_MASS * (1 + bodies.mass_ratio)
    turn = 3 * total / (bodies.semi_major_axis * LIGHT**2 * (1 - bodies.eccentricity**2))
    return turn * 360.0 / bodies.period


def tidal_rate(bodies: Bodies) -> float:
    """Precession by the tide in the planet for k2 = 1, degrees a day (Ragozzine & Wolf 2009, ApJ 698, 1778, eq. 6)."""
    e = bodies.eccentricity
    shape = (1 + 1.5 * e**2 + 0.125 * e**4) / (1 - e**2) ** 5
    return 7.5 / bodies.mass_ratio * bodies.planet_over_axis**5 * shape * 360.0 / bodies.period


def rotational_rate(bodies: Bodies) -> float:
    """Precession by the flattening of a planet that turns once an orbit, for k2 = 1, degrees a day (eq. 10 there)."""
    shape = 1 / (1 - bodies.eccentricity**2) ** 2
    return 0.5 / bodies.mass_ratio * bodies.planet_over_axis**5 * shape * 360.0 / bodies.period


def stellar_rate(bodies: Bodies, star_love_number: float = 0.03) -> float:
    """Precession by the tide in the star, degrees a day; k2 of a star like the Sun is near 0.03 (Claret 1995)."""
    e = bodies.eccentricity
    shape = (1 + 1.5 * e**2 + 0.125 * e**4) / (1 - e**2) ** 5
    return 7.5 * star_love_number * bodies.mass_ratio * bodies.star_over_axis**5 * shape * 360.0 / bodies.period


def love_number(
    rate: float | Float[np.ndarray, "draw"],
    bodies: Bodies,
    *,
    error: float = 0.0,
    seed: int | np.random.Generator | None = 0,
) -> LoveNumber:
    """k2 that the tide and the rotation of the planet need to make a rate of precession, once relativity and the star
    have theirs; refused where more than a homogeneous body would be needed.

    Parameters
    ----------
    rate : degrees a day; draws of it, or one number with its `error`.

    Raises
    ------
    InputError : if a draw is not finite.
    """
    draws = _draws(rate, error, seed)
    needed = (draws - relativistic_rate(bodies) - stellar_rate(bodies)) / (tidal_rate(bodies) + rotational_rate(bodies))
    low, middle, high = np.quantile(needed, [0.1587, 0.5, 0.8413])
    inside = float(np.mean((needed >= 0) & (needed <= HOMOGENEOUS_LOVE_NUMBER)))
    possible = inside >= 0.05
    sentence = (
        f"k2 = {middle:.2f} ({low:.2f} to {high:.2f})"
        if possible
        else f"no Love number: the rate would need k2 = {middle:.2f}, "
        + (
            f"and a planet of one density throughout has {HOMOGENEOUS_LOVE_NUMBER}; something else turns the orbit, or "
            "it does not turn at this rate"
            if middle > 0
            else "below zero; relativity and the star alone are faster"
        )
    )
    return LoveNumber(float(middle), float(low), float(high), inside, possible, sentence)


def doppler_rate(acceleration: float | Float[np.ndarray, "draw"], period: float) -> float | Float[np.ndarray, "draw"]:
    """Change of the period that an acceleration along the line of sight (m/s/day) feigns, ms a year: P a / c."""
    _above_zero(period=period)
    return np.asarray(acceleration, dtype=float)[()] * period / LIGHT * MS_A_YEAR


def applegate_quadrupole(timing_amplitude: float, cycle: float, bodies: Bodies) -> float:
    """Change of the star's quadrupole moment (kg m^2) that would swing event times by an amplitude (s) over a magnetic
    cycle (years): a ninth of M* a^2 times the change of the period (Applegate 1992, ApJ 385, 621; Watson & Marsh 2010,
    MNRAS 405, 2037). Some 1e42 is what stars of this kind are thought to manage.
    """
    _above_zero(timing_amplitude=timing_amplitude, cycle=cycle)
    change = 2 * np.pi * timing_amplitude / (cycle * 365.25 * DAY)
    return float(change * bodies.star_mass * SOLAR_MASS * bodies.semi_major_axis**2 / 9)


def companion_mass(semi_amplitude: float | np.ndarray, period: float | np.ndarray, star_mass: float) -> np.ndarray:
    """Least mass (of Jupiter) of a light companion on a round orbit that moves the star by a semi-amplitude (m/s)."""
    _above_zero(star_mass=star_mass)
    seconds = np.asarray(period, dtype=float) * DAY
    mass = (
        np.asarray(semi_amplitude) * np.cbrt(seconds / (2 * np.pi * GRAVITATION)) * np.cbrt(star_mass * SOLAR_MASS) ** 2
    )
    return mass / JUPITER_MASS


def companion_limits(
    times: Float[np.ndarray, "point"],
    residuals: Float[np.ndarray, "point"],
    errors: Float[np.ndarray, "point"],
    periods: Float[np.ndarray, "period"],
    star_mass: float,
) -> Float[np.ndarray, "period"]:
    """Mass (of Jupiter) above which a companion on a round orbit would show in velocities, at each period (days).

    A sine and a level are fitted to the residuals at each period; the limit is its amplitude and two of its errors.

    Raises
    ------
    InputError : if there are fewer than five points, or shapes disagree.
    """
    at, left, sigma = (np.asarray(a, dtype=float) for a in (times, residuals, errors))
    if not (at.shape == left.shape == sigma.shape and at.ndim == 1 and len(at) >= 5 and np.all(sigma > 0)):
        raise InputError(
            f"limits: times {at.shape}, residuals {left.shape}, errors {sigma.shape} found, expected five or more"
        )
    amplitudes = []
    for period in np.atleast_1d(periods):
        phase = 2 * np.pi * (at - at.mean()) / period
        design = np.stack([np.cos(phase), np.sin(phase), np.ones_like(phase)], axis=1) / sigma[:, None]
        inverse = np.linalg.pinv(design.T @ design, hermitian=True)
        best = inverse @ (design.T @ (left / sigma))
        amplitudes.append(np.hypot(best[0], best[1]) + 2 * np.sqrt(max(inverse[0, 0], inverse[1, 1])))
    return companion_mass(np.array(amplitudes), np.atleast_1d(periods), star_mass)


def _draws(value: float | np.ndarray, error: float, seed: int | np.random.Generator | None) -> np.ndarray:
    given = np.atleast_1d(np.asarray(value, dtype=float))
    if given.ndim != 1 or not np.isfinite(given).all() or not (np.isfinite(error) and error >= 0):
        raise InputError(
            f"draws: shape {given.shape}, error {error} found, expected finite numbers (draw,), error >= 0"
        )
    if len(given) == 1 and error > 0:
        return given[0] + error * np.random.default_rng(seed).standard_normal(20_000)
    return given


def _above_zero(**values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(f"{name}: {value} found, expected a number above zero")
