"""The orbit of a planet that drifts: exact times of its transits and occultations, and the velocity of its star."""

from inscape.systems.orbit.kepler import eccentric_anomaly
from inscape.systems.orbit.secular import SecularOrbit

__all__ = ["SecularOrbit", "eccentric_anomaly"]
