"""Fits of event times: constant period, decay, precession, both; each in closed form, with its jitter and its BIC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from inscape.analysis.timing.jitter import Jitter, JitterFit, fit_with_jitter
from inscape.analysis.timing.models import (
    MODELS,
    Events,
    count_events,
    design_of,
    known_model,
    ms_a_year,
    parameters_of,
)
from inscape.analysis.timing.periodogram import PrecessionScan, precession_scan
from inscape.errors import InputError, UnknownNameError
from inscape.systems.orbit import SecularOrbit
from inscape.trajectories.timing_tables import TimingTable


@dataclass(frozen=True, eq=False)
class TimingFit:
    """A model of event times at its most likely parameters.

    Parameters
    ----------
    model : "linear", "decay", "precession" or "decay+precession".
    values, errors : by parameter; reference (BJD), period (d), period_change (d an orbit), e_cos_w, e_sin_w and,
        without an error of its own, rate (degrees a day).
    log_likelihood : natural logarithm at the best.
    free : parameters and jitters that were free.
    jitter : by source (or "all"), days.
    events : what was fitted.
    residuals : (event,) days.
    variances : (event,) squared errors with jitter.
    scan : the periodogram that the rate is from; None without precession.
    """

    model: str
    values: dict[str, float]
    errors: dict[str, float]
    log_likelihood: float
    free: int
    jitter: dict[str, float]
    events: Events
    residuals: Float[np.ndarray, "event"]
    variances: Float[np.ndarray, "event"]
    scan: PrecessionScan | None = field(default=None, repr=False)

    @property
    def bic(self) -> float:
        """Bayesian information criterion, -2 ln L + k ln n; the less the better."""
        return -2 * self.log_likelihood + self.free * float(np.log(len(self.events)))

    @property
    def chi_squared(self) -> float:
        """Weighted sum of squared residuals, at errors with jitter."""
        return float((self.residuals**2 / self.variances).sum())

    @property
    def decay_rate(self) -> float:
        """Change of the period, ms a year; 0 where the model has none."""
        return float(ms_a_year(self.values.get("period_change", 0.0), self.values["period"]))

    @property
    def decay_error(self) -> float:
        """Standard deviation of `decay_rate`, ms a year; 0 where the model has none."""
        return float(ms_a_year(self.errors.get("period_change", 0.0), self.values["period"]))

    @property
    def eccentricity(self) -> float:
        """From e cos w and e sin w; 0 without precession."""
        return float(np.hypot(self.values.get("e_cos_w", 0.0), self.values.get("e_sin_w", 0.0)))

    @property
    def orbit(self) -> SecularOrbit:
        """The fitted orbit: it can be simulated, and foretells events and velocities."""
        pericentre = np.degrees(np.arctan2(self.values.get("e_sin_w", 0.0), self.values.get("e_cos_w", 0.0)))
        return SecularOrbit(
            self.values["reference"],
            self.values["period"],
            self.values.get("period_change", 0.0),
            min(self.eccentricity, 0.999),
            float(pericentre),
            self.values.get("rate", 0.0),
        )

    def predict(
        self, epochs: Float[np.ndarray, "event"], is_occultation: Float[np.ndarray, "event"] | None = None
    ) -> Float[np.ndarray, "event"]:
        """Event times by number since the reference transit, BJD (TDB)."""
        occultation = np.zeros(np.shape(epochs), dtype=bool) if is_occultation is None else is_occultation
        return self.orbit.event_times(epochs, occultation)


def fit(
    table: TimingTable | Events,
    model: str = "decay",
    *,
    jitter: Jitter = "one",
    rates: tuple[float, float] = (0.03, 0.5),
) -> TimingFit:
    """The most likely parameters of a model of event times.

    Parameters
    ----------
    jitter : "none" takes the stated errors as they are; "one" widens all alike; "per source" each source with at least
        five rows by itself.
    rates : range in which a rate of precession is sought, degrees a day.

    Raises
    ------
    UnknownNameError : if model or jitter is not known.
    InputError : if there are too few events, or they cannot tell the parameters apart.
    """
    name = known_model(model)
    events = table if isinstance(table, Events) else count_events(table)
    needed = len(parameters_of(name)) + ("precession" in name) + 2
    if len(events) < needed:
        raise InputError(f"{name} fit: {len(events)} events found, expected at least {needed}")
    if "precession" not in name:
        found = fit_with_jitter(design_of(events, name), events.offsets, events.errors, events.sources, jitter)
        return _finished(events, name, found, len(parameters_of(name)), None, None)
    scan = precession_scan(events, *rates, decay="decay" in name, jitter=jitter)
    best: tuple[JitterFit, float] | None = None
    # Errors differ once precession is taken out; then a lower peak may be the likeliest.
    for rate in _peaks(scan, 3):
        at_rate = fit_with_jitter(design_of(events, name, rate), events.offsets, events.errors, events.sources, jitter)
        if best is None or at_rate.fit.log_likelihood > best[0].fit.log_likelihood:
            best = (at_rate, rate)
    assert best is not None
    found, rate = _polished(events, name, best, scan, jitter)
    return _finished(events, name, found, len(parameters_of(name)) + 1, rate, scan)


def _peaks(scan: PrecessionScan, count: int) -> list[float]:
    gains = np.r_[-1.0, scan.gains, -1.0]
    peaks = np.flatnonzero((gains[1:-1] >= gains[:-2]) & (gains[1:-1] > gains[2:]))
    return [float(scan.rates[k]) for k in peaks[np.argsort(-scan.gains[peaks], kind="stable")][:count]]


def _polished(
    events: Events, name: str, best: tuple[JitterFit, float], scan: PrecessionScan, jitter: Jitter
) -> tuple[JitterFit, float]:
    from scipy.optimize import minimize_scalar

    from inscape.analysis.timing.linear_gaussian import linear_fit

    found, rate = best
    step = float(scan.rates[1] - scan.rates[0])
    variances = found.fit.variances
    polished = minimize_scalar(
        lambda r: -linear_fit(design_of(events, name, r), events.offsets, variances).log_likelihood,
        bounds=(max(rate - step, scan.rates[0]), min(rate + step, scan.rates[-1])),
        method="bounded",
    )
    again = fit_with_jitter(
        design_of(events, name, float(polished.x)), events.offsets, events.errors, events.sources, jitter
    )
    return (again, float(polished.x)) if again.fit.log_likelihood >= found.fit.log_likelihood else best


def _finished(
    events: Events, name: str, found: JitterFit, size: int, rate: float | None, scan: PrecessionScan | None
) -> TimingFit:
    names = parameters_of(name)
    values = dict(zip(names, found.fit.coefficients.tolist(), strict=True))
    errors = dict(zip(names, found.fit.errors.tolist(), strict=True))
    values["reference"] += events.reference
    values["period"] += events.period
    if rate is not None:
        values["rate"] = rate
    return TimingFit(
        name,
        values,
        errors,
        found.fit.log_likelihood,
        size + found.free,
        found.jitter,
        events,
        found.fit.residuals,
        found.fit.variances,
        scan,
    )


@dataclass(frozen=True, eq=False)
class Comparison:
    """Several models of the same event times.

    Parameters
    ----------
    fits : by model.
    false_alarm : probability that noise alone gives such a gain by precession; NaN if no such model was fitted.
    """

    fits: dict[str, TimingFit]
    false_alarm: float

    def __getitem__(self, model: str) -> TimingFit:
        name = known_model(model)
        if name not in self.fits:
            raise UnknownNameError("fitted model", model, self.fits)
        return self.fits[name]

    @property
    def best(self) -> TimingFit:
        """The fit of the least BIC."""
        return min(self.fits.values(), key=lambda one: one.bic)

    def gain(self, model: str, over: str = "linear") -> float:
        """BIC of `over` less that of `model`: above 10 is strong evidence for `model` (Kass & Raftery 1995)."""
        return self[over].bic - self[model].bic

    def summary(self) -> list[dict[str, float | str]]:
        """A row for each model."""
        rows: list[dict[str, float | str]] = []
        least = self.best.bic
        for name, one in self.fits.items():
            scatter = float(np.sqrt(np.mean(np.square(list(one.jitter.values())))) * 86_400)
            rows.append(
                {
                    "model": name,
                    "events": len(one.events),
                    "chi2": one.chi_squared,
                    "ln L": one.log_likelihood,
                    "BIC - least": one.bic - least,
                    "dP/dt (ms/yr)": one.decay_rate if "decay" in name else float("nan"),
                    "error": one.decay_error if "decay" in name else float("nan"),
                    "e": one.eccentricity if "precession" in name else float("nan"),
                    "rate (deg/d)": one.values.get("rate", float("nan")),
                    "jitter (s)": scatter,
                }
            )
        return rows


def compare(
    table: TimingTable | Events,
    models: Sequence[str] = MODELS,
    *,
    jitter: Jitter = "one",
    rates: tuple[float, float] = (0.03, 0.5),
    simulations: int = 1000,
    seed: int | np.random.Generator | None = 0,
) -> Comparison:
    """Fit several models to the same events.

    Parameters
    ----------
    jitter, rates : as of `fit`.
    simulations : of noise, for the false-alarm probability of precession; 0 leaves it out.

    Raises
    ------
    UnknownNameError, InputError : as of `fit`.
    """
    events = table if isinstance(table, Events) else count_events(table)
    if isinstance(models, str) or len(models) == 0:
        raise InputError(f"models: {models!r} found, expected some of {', '.join(MODELS)}")
    fits = {known_model(name): fit(events, name, jitter=jitter, rates=rates) for name in models}
    scans = [one.scan for one in fits.values() if one.scan is not None]
    alarm = scans[-1].false_alarm(simulations, seed) if scans and simulations > 0 else float("nan")
    return Comparison(fits, alarm)
