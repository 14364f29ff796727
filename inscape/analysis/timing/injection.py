"""Orbits that are known, put onto real epochs and errors: do the intervals hold what they promise?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.analysis.timing.models import Events
from inscape.analysis.timing.periodogram import precession_scan
from inscape.errors import InputError
from inscape.systems.orbit.secular import MS_A_YEAR, event_offsets


@dataclass(frozen=True, eq=False)
class Coverage:
    """What became of injected orbits.

    Parameters
    ----------
    rates, decays : (set,) middles of the belief, degrees a day and ms a year.
    rate_held, decay_held : (set,) whether the central 68 % held the truth.
    """

    rates: Float[np.ndarray, "set"]
    decays: Float[np.ndarray, "set"]
    rate_held: Float[np.ndarray, "set"]
    decay_held: Float[np.ndarray, "set"]

    @property
    def of_rate(self) -> float:
        """Share of intervals that held the rate."""
        return float(self.rate_held.mean())

    @property
    def of_decay(self) -> float:
        """Share of intervals that held the change of the period."""
        return float(self.decay_held.mean())


def inject(
    events: Events,
    *,
    decay: float = 0.0,
    rate: float = 0.0,
    eccentricity: float = 0.0,
    pericentre: float = 0.0,
    jitter: float = 0.0,
    seed: int | np.random.Generator | None = 0,
) -> Events:
    """The same epochs, errors and sources with the times of a known orbit, and noise.

    Parameters
    ----------
    decay : change of the period, ms a year.
    rate : of precession, degrees a day.
    pericentre : at the reference, degrees.
    jitter : scatter beyond the errors, seconds.
    """
    random = np.random.default_rng(seed)
    change = decay / MS_A_YEAR * events.period
    half = 0.5 * events.is_occultation
    exact = event_offsets(
        events.orbits - half,
        events.is_occultation,
        events.period,
        change,
        eccentricity,
        np.radians(pericentre),
        np.radians(rate),
    )
    noise = random.standard_normal(len(events)) * np.hypot(events.errors, jitter / 86_400)
    return events.with_offsets(exact - events.period * events.orbits + noise)


def coverage(
    events: Events,
    *,
    decay: float,
    rate: float,
    eccentricity: float,
    jitter: float,
    sets: int = 200,
    low: float = 0.03,
    high: float = 0.5,
    seed: int | np.random.Generator | None = 0,
) -> Coverage:
    """Inject the same orbit with pericentres and noise of chance, fit each, and count how often the truth is held.

    Raises
    ------
    InputError : if `sets` is below 1.
    """
    if sets < 1:
        raise InputError(f"sets: {sets} found, expected at least 1")
    random = np.random.default_rng(seed)
    rows = []
    for _ in range(sets):
        made = inject(
            events, decay=decay, rate=rate, eccentricity=eccentricity, pericentre=float(random.uniform(0, 360)),
            jitter=jitter, seed=random,
        )  # fmt: skip
        belief = precession_scan(made, low, high).posterior()
        at_rate = [belief.rate_quantile(level) for level in (0.1587, 0.5, 0.8413)]
        at_decay = [belief.decay_quantile(level) for level in (0.1587, 0.5, 0.8413)]
        rows.append((at_rate[1], at_decay[1], at_rate[0] <= rate <= at_rate[2], at_decay[0] <= decay <= at_decay[2]))
    table = np.array(rows, dtype=float)
    return Coverage(table[:, 0], table[:, 1], table[:, 2] > 0, table[:, 3] > 0)


def null_alarms(
    events: Events,
    *,
    jitter: float,
    sets: int = 200,
    simulations: int = 2000,
    low: float = 0.03,
    high: float = 0.5,
    seed: int | np.random.Generator | None = 0,
) -> Float[np.ndarray, "set"]:
    """False-alarm probabilities of times without precession: even between 0 and 1, if they are honest."""
    random = np.random.default_rng(seed)
    scans = [precession_scan(inject(events, jitter=jitter, seed=random), low, high) for _ in range(sets)]
    # One set of simulated gains serves all: it depends on the errors, which differ by the fitted jitter alone.
    chance = np.sort(scans[0].simulated_gains(simulations, random))
    gains = np.array([scan.gain for scan in scans])
    return (1 + len(chance) - np.searchsorted(chance, gains)) / (1 + len(chance))
