"""`SecularOrbit`: a Keplerian orbit whose period and pericentre drift, seen in timing and in radial velocity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from jaxtyping import Float

from inscape.errors import InputError
from inscape.systems.orbit.kepler import centre_from_true, solve_kepler, true_anomaly
from inscape.trajectories import Trajectory

MS_A_YEAR = 365.25 * 86_400_000.0
"""Milliseconds a year that one day a day is."""


@dataclass(frozen=True)
class SecularOrbit:
    """An orbit of slowly changing period and pericentre, about a star that may itself be accelerated.

    The mean longitude grows by one turn each sidereal period, and the sidereal period changes by the same amount each
    orbit: a circular orbit transits at reference + period * E + change * E^2 / 2. The argument of pericentre grows
    evenly in time. Every event lies exactly where the true longitude is pi/2 (transit) or 3 pi/2 (occultation), at
    any eccentricity below one; timing and radial velocity are two views of the same longitude.

    Parameters
    ----------
    reference : time of transit number 0 of the circular orbit, days.
    period : sidereal period at `reference`, days.
    period_change : change of the period each orbit, days.
    eccentricity : at least 0, below 1.
    pericentre : argument of the star's pericentre at `reference`, degrees; transits have true anomaly 90 - pericentre.
    precession : its rate, degrees a day.
    semi_amplitude : of the star's radial velocity, m/s.
    acceleration, jerk : of the system along the line of sight, m/s/day and m/s/day^2.
    tide : second harmonic that a tide on the star adds to its velocity, m/s (Arras et al. 2012, MNRAS 422, 1761);
        it looks like an eccentricity tide / semi_amplitude with pericentre at 270 degrees.
    light_travel : 2 a / c, days; 0 where occultation times are corrected for it already.

    Raises
    ------
    InputError : if a number is not finite, the period is not above zero, or the eccentricity is not in [0, 1).
    """

    reference: float
    period: float
    period_change: float = 0.0
    eccentricity: float = 0.0
    pericentre: float = 90.0
    precession: float = 0.0
    semi_amplitude: float = 0.0
    acceleration: float = 0.0
    jerk: float = 0.0
    tide: float = 0.0
    light_travel: float = 0.0

    state_names = ("x", "y", "radial_velocity")

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
                raise InputError(f"{field.name}: {value!r} found, expected a finite number")
        if self.period <= 0:
            raise InputError(f"period: {self.period} found, expected days above zero")
        if not 0 <= self.eccentricity < 1:
            raise InputError(f"eccentricity: {self.eccentricity} found, expected 0 <= e < 1")

    @property
    def parameters(self) -> Mapping[str, float]:
        """Every parameter by name."""
        return {field.name: float(getattr(self, field.name)) for field in fields(self)}

    @property
    def anomalistic_period(self) -> float:
        """From pericentre to pericentre, at `reference`, days."""
        return self.period / (1 - np.radians(self.precession) * self.period / (2 * np.pi))

    @property
    def decay_rate(self) -> float:
        """Change of the period, ms a year."""
        return self.period_change / self.period * MS_A_YEAR

    def with_parameters(self, **values: float) -> Self:
        """The same orbit with other numbers."""
        unknown = [name for name in values if name not in self.parameters]
        if unknown:
            raise InputError(f"{unknown[0]} is no parameter of the orbit; expected {', '.join(self.parameters)}")
        return replace(self, **values)

    def transit_times(self, epochs: Float[np.ndarray, "event"]) -> Float[np.ndarray, "event"]:
        """Times at which the planet crosses in front of the star, days; `epochs` are whole numbers."""
        return self.event_times(epochs, np.zeros(np.shape(epochs), dtype=bool))

    def occultation_times(self, epochs: Float[np.ndarray, "event"]) -> Float[np.ndarray, "event"]:
        """Times at which the planet passes behind the star after transit number `epochs`, days."""
        return self.event_times(epochs, np.ones(np.shape(epochs), dtype=bool))

    def event_times(
        self, epochs: Float[np.ndarray, "event"], is_occultation: Float[np.ndarray, "event"]
    ) -> Float[np.ndarray, "event"]:
        """Exact times of events, days; an occultation has the number of the transit before it."""
        numbers = np.asarray(epochs, dtype=float)
        if not np.isfinite(numbers).all():
            raise InputError(f"epochs: {int((~np.isfinite(numbers)).sum())} are not finite; expected whole numbers")
        return self.reference + event_offsets(
            numbers,
            np.asarray(is_occultation, dtype=bool),
            self.period,
            self.period_change,
            self.eccentricity,
            np.radians(self.pericentre),
            np.radians(self.precession),
            self.light_travel,
        )

    def radial_velocity(self, times: Float[np.ndarray, "time"]) -> Float[np.ndarray, "time"]:
        """Velocity of the star away from us, m/s, without the zero point of an instrument."""
        at = np.asarray(times, dtype=float)
        if not np.isfinite(at).all():
            raise InputError(f"times: {int((~np.isfinite(at)).sum())} are not finite; expected days")
        since = at - self.reference
        shape = velocity_shape(
            since,
            self.period,
            self.period_change,
            self.eccentricity,
            np.radians(self.pericentre),
            np.radians(self.precession),
        )
        orbits = orbits_since(since, self.period, self.period_change)
        drift = self.acceleration * since + 0.5 * self.jerk * since**2
        return self.semi_amplitude * shape + self.tide * np.sin(4 * np.pi * orbits) + drift

    def simulate(
        self,
        initial: None = None,
        times: Float[np.ndarray, "time"] | None = None,
        inputs: None = None,
    ) -> Trajectory:
        """The planet seen from above, in semi-major axes with y towards us, and the velocity of its star in m/s.

        Raises
        ------
        InputError : if no times are given, or a starting state: an orbit's state follows from the time.
        """
        if times is None or initial is not None or inputs is not None:
            raise InputError("an orbit is simulated at times=(time,) in days alone: its parameters are its state")
        at = np.asarray(times, dtype=float)
        since = at - self.reference
        true, longitude = _anomalies(
            since,
            self.period,
            self.period_change,
            self.eccentricity,
            np.radians(self.pericentre),
            np.radians(self.precession),
        )
        radius = (1 - self.eccentricity**2) / (1 + self.eccentricity * np.cos(true))
        states = np.stack(
            [radius * np.cos(longitude), radius * np.sin(longitude), self.radial_velocity(at)],
            axis=1,
        )
        return Trajectory(
            at,
            states,
            context=dict(self.parameters),
            state_names=self.state_names,
            units={"time": "day", "radial_velocity": "m/s"},
            source="secular orbit",
        )


def event_offsets(
    epochs: np.ndarray,
    is_occultation: np.ndarray,
    period: np.ndarray | float,
    period_change: np.ndarray | float,
    eccentricity: np.ndarray | float,
    pericentre: np.ndarray | float,
    precession: np.ndarray | float,
    light_travel: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Event times after the reference, days; angles in radians. All broadcast, so that many orbits go at once."""
    # Orbits that the mean longitude has made at an event of a circular orbit.
    whole = epochs + 0.5 * is_occultation
    longitude = np.pi / 2 + np.pi * is_occultation
    orbits = whole
    # At the event the true anomaly is known but for the drift of the pericentre until then: each round shrinks the
    # error by e * drift / pi, a thousand times and more for any planet known.
    for _ in range(50):
        since = period * orbits + 0.5 * period_change * orbits**2
        true = longitude - pericentre - precession * since
        better = whole - centre_from_true(true, eccentricity) / (2 * np.pi)
        settled = np.max(np.abs(better - orbits), initial=0.0) < 1e-14 * max(np.max(np.abs(whole), initial=0.0), 1.0)
        orbits = better
        if settled:
            break
    since = period * orbits + 0.5 * period_change * orbits**2
    light = light_travel * (1 - np.square(eccentricity)) / (1 - np.square(eccentricity * np.sin(pericentre)))
    return since + is_occultation * light


def orbits_since(since: np.ndarray, period: np.ndarray | float, period_change: np.ndarray | float) -> np.ndarray:
    """Orbits that the mean longitude makes in a time: the inverse of period * n + change * n^2 / 2."""
    return 2 * since / (period * (1 + np.sqrt(1 + 2 * period_change * since / np.square(period))))


def velocity_shape(
    since: np.ndarray,
    period: np.ndarray | float,
    period_change: np.ndarray | float,
    eccentricity: np.ndarray | float,
    pericentre: np.ndarray | float,
    precession: np.ndarray | float,
) -> np.ndarray:
    """Radial velocity for a semi-amplitude of one, at times after the reference; angles in radians, all broadcast."""
    _, longitude = _anomalies(since, period, period_change, eccentricity, pericentre, precession)
    return np.cos(longitude) + eccentricity * np.cos(pericentre + precession * since)


def _anomalies(
    since: np.ndarray,
    period: np.ndarray | float,
    period_change: np.ndarray | float,
    eccentricity: np.ndarray | float,
    pericentre: np.ndarray | float,
    precession: np.ndarray | float,
) -> tuple[np.ndarray, np.ndarray]:
    """True anomaly and true longitude."""
    argument = pericentre + precession * since
    mean = np.pi / 2 + 2 * np.pi * orbits_since(since, period, period_change) - argument
    true = true_anomaly(solve_kepler(mean, eccentricity), eccentricity)
    return true, true + argument
