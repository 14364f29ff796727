"""The precession periodogram: how much better event times are fitted at each rate, and how often by chance."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from inscape.analysis.timing.conditional import ConditionalFits, fits_at
from inscape.analysis.timing.jitter import Jitter, fit_with_jitter, plausible_jitters
from inscape.analysis.timing.models import Events, count_events, design_of, ms_a_year
from inscape.errors import InputError
from inscape.trajectories.timing_tables import TimingTable

YEAR = 365.25
# Simulations are drawn in blocks of about this many numbers.
_BLOCK = 4_000_000


@dataclass(frozen=True, eq=False)
class PrecessionScan:
    """Gain of fit against the rate of precession.

    Parameters
    ----------
    events : what was fitted.
    base : model without precession, "linear" or "decay".
    rates : (rate,) degrees a day.
    gains : (rate,) fall of chi-squared when e cos w and e sin w are added, at the errors of the base fit.
    variances : (event,) squared errors with the base fit's jitter.
    jitter : of the base fit by source, days.
    jitter_kind : whether it was "none", "one" or "per source".
    """

    events: Events
    base: str
    rates: Float[np.ndarray, "rate"]
    gains: Float[np.ndarray, "rate"]
    variances: Float[np.ndarray, "event"]
    jitter: dict[str, float]
    jitter_kind: Jitter = "one"

    @property
    def rate(self) -> float:
        """Rate of the highest gain, degrees a day; between grid points by a parabola."""
        k = int(np.argmax(self.gains))
        if 0 < k < len(self.rates) - 1:
            below, at, above = self.gains[k - 1 : k + 2]
            bend = below - 2 * at + above
            if bend < 0:
                return float(self.rates[k] + 0.5 * (below - above) / bend * (self.rates[1] - self.rates[0]))
        return float(self.rates[k])

    @property
    def gain(self) -> float:
        """The highest gain."""
        return float(self.gains.max())

    @property
    def model(self) -> str:
        """The model with precession."""
        return "decay+precession" if self.base == "decay" else "precession"

    @cached_property
    def fits(self) -> ConditionalFits:
        """The whole fit at every rate, at the errors of the base fit."""
        return fits_at(self.events, self.model, self.rates, self.variances)

    @property
    def eccentricity(self) -> float:
        """Of the best fit."""
        return float(np.hypot(*self.fits.coefficients[int(np.argmax(self.gains)), -2:]))

    @property
    def amplitude(self) -> float:
        """Half the swing of the transit times of the best fit, seconds."""
        return self.eccentricity * self.events.period / np.pi * 86_400

    @property
    def decay_rate(self) -> float:
        """Change of the period at the best rate, ms a year; NaN without decay in the model."""
        if self.base != "decay":
            return float("nan")
        change = self.fits.coefficients[int(np.argmax(self.gains)), 2]
        return float(ms_a_year(change, self.events.period))

    def false_alarm(self, simulations: int = 2000, seed: int | np.random.Generator | None = 0) -> float:
        """How often noise alone reaches such a gain anywhere in the range: (1 + hits) / (1 + simulations).

        Events are simulated from the base model at the very epochs, errors and jitter; what the base model explains of
        each is taken out as it was from the measured times.

        Raises
        ------
        InputError : if `simulations` is below 1.
        """
        reached = self.simulated_gains(simulations, seed) >= self.gain
        return float((1 + reached.sum()) / (1 + simulations))

    def simulated_gains(
        self, simulations: int = 2000, seed: int | np.random.Generator | None = 0
    ) -> Float[np.ndarray, "simulation"]:
        """Highest gains of times without precession."""
        if simulations < 1:
            raise InputError(f"simulations: {simulations} found, expected at least 1")
        random = np.random.default_rng(seed)
        basis = precession_basis(self.events, self.base, self.rates, self.variances)
        flat = basis.reshape(len(self.events), -1)
        highest = []
        block = max(1, min(simulations, _BLOCK // flat.shape[1]))
        for start in range(0, simulations, block):
            noise = random.standard_normal((min(block, simulations - start), len(self.events)))
            gains = ((noise @ flat) ** 2).reshape(len(noise), len(self.rates), 2).sum(axis=2)
            highest.append(gains.max(axis=1))
        return np.concatenate(highest)

    def posterior(self) -> RatePosterior:
        """The rate and the change of the period given the times, every rate of the range alike beforehand.

        The prior of e cos w and e sin w has the shape of the events' own information at each rate (Zellner 1986), and
        is wide: a flat one would put all belief in rates so slow that no event can bound the eccentricity. One jitter
        is averaged over, every value alike beforehand: held at its most likely value, at the best of many rates, it
        would be too small and the intervals too narrow. Jitters per source are held.
        """
        events = self.events
        # What precession explains is no jitter: the errors are those of the fit that has it.
        best = design_of(events, self.model, self.rate)
        if self.jitter_kind == "one":
            widths = plausible_jitters(best, events.offsets, events.errors)
            variances = list(events.errors**2 + widths[:, None] ** 2)
        else:
            fitted = fit_with_jitter(best, events.offsets, events.errors, events.sources, self.jitter_kind)
            variances = [fitted.fit.variances]
        every = [fits_at(events, self.model, self.rates, v) for v in variances]
        log = np.stack([f.log_likelihood + self._volume(v) for f, v in zip(every, variances, strict=True)])
        weights = np.exp(log - log.max())
        share = weights / np.maximum(weights.sum(axis=0), 1e-300)
        has_decay = self.base == "decay"
        unit = float(ms_a_year(1.0, events.period))
        means = np.stack([f.coefficients[:, 2] for f in every]) if has_decay else np.zeros_like(log)
        squares = np.stack([f.covariances[:, 2, 2] for f in every]) if has_decay else np.ones_like(log)
        mean = (share * means).sum(axis=0)
        spread = np.sqrt((share * (squares + (means - mean) ** 2)).sum(axis=0))
        in_rates = weights.sum(axis=0)
        scale = unit if has_decay else 1.0
        return RatePosterior(self.rates, in_rates / in_rates.sum(), scale * mean, scale * spread)

    def _volume(self, variances: Float[np.ndarray, "event"]) -> float:
        """Log of the volume that the base model's parameters may fill at these errors, but for a constant."""
        design = design_of(self.events, self.base)
        scaled = design / np.abs(design).max(axis=0) / np.sqrt(variances)[:, None]
        return -0.5 * float(np.linalg.slogdet(scaled.T @ scaled)[1])


@dataclass(frozen=True, eq=False)
class RatePosterior:
    """Belief in each rate, and what the change of the period would be there.

    Parameters
    ----------
    rates : (rate,) degrees a day.
    weights : (rate,) that add to one.
    decay_means, decay_errors : (rate,) change of the period given the rate, ms a year.
    """

    rates: Float[np.ndarray, "rate"]
    weights: Float[np.ndarray, "rate"]
    decay_means: Float[np.ndarray, "rate"]
    decay_errors: Float[np.ndarray, "rate"]

    def rate_quantile(self, level: float) -> float:
        """The rate below which a share `level` of the belief lies, degrees a day."""
        below = np.r_[0.0, np.cumsum(self.weights)]
        step = self.rates[1] - self.rates[0] if len(self.rates) > 1 else 0.0
        return float(np.interp(level, below, np.r_[self.rates[0] - step / 2, self.rates + step / 2]))

    def decay_quantile(self, level: float) -> float:
        """The change of the period below which a share `level` of the belief lies, ms a year."""
        from scipy.optimize import brentq
        from scipy.special import ndtr

        kept = self.weights > 1e-9
        mean, error, weight = self.decay_means[kept], self.decay_errors[kept], self.weights[kept]
        low, high = (mean - 9 * error).min(), (mean + 9 * error).max()
        return float(brentq(lambda x: weight @ ndtr((x - mean) / error) / weight.sum() - level, low, high))


def precession_scan(
    table: TimingTable | Events,
    low: float = 0.03,
    high: float = 0.5,
    *,
    decay: bool = True,
    jitter: Jitter = "one",
    oversample: float = 20.0,
) -> PrecessionScan:
    """Gain of fit at every rate of precession of a range.

    At each rate the reference, the period, its change (if `decay`), e cos w and e sin w are fitted together, in closed
    form. The errors are those of the fit without precession, at its most likely jitter.

    Parameters
    ----------
    low, high : of the rate, degrees a day.
    oversample : grid points for each independent rate, one turn over the span of the events.

    Raises
    ------
    InputError : if the range is empty, or there are fewer events than parameters and two.
    """
    if not (np.isfinite(low) and np.isfinite(high) and 0 <= low < high and oversample > 0):
        raise InputError(f"range: {low} to {high} degrees a day found, expected 0 <= low < high")
    events = table if isinstance(table, Events) else count_events(table)
    base = "decay" if decay else "linear"
    size = 4 + decay
    if len(events) < size + 2:
        raise InputError(f"scan: {len(events)} events found for {size} parameters and a rate, expected {size + 2}")
    fitted = fit_with_jitter(design_of(events, base), events.offsets, events.errors, events.sources, jitter)
    step = 360.0 / max(events.span, 30.0) / oversample
    rates = np.linspace(low, high, max(int(np.ceil((high - low) / step)) + 1, 16))
    basis = precession_basis(events, base, rates, fitted.fit.variances)
    gains = (np.einsum("nrc,n->rc", basis, events.offsets / np.sqrt(fitted.fit.variances)) ** 2).sum(axis=1)
    return PrecessionScan(events, base, rates, gains, fitted.fit.variances, fitted.jitter, jitter)


def precession_basis(
    events: Events, base: str, rates: Float[np.ndarray, "rate"], variances: Float[np.ndarray, "event"]
) -> Float[np.ndarray, "event rate two"]:
    """Two orthonormal directions for each rate that precession adds to the base model, in units of the errors."""
    weights = 1 / np.sqrt(variances)[:, None]
    plain = design_of(events, base)
    orthogonal, _ = np.linalg.qr(plain / np.abs(plain).max(axis=0) * weights)
    angle = np.radians(rates) * events.period * events.orbits[:, None]
    side = np.where(events.is_occultation, 1.0, -1.0)[:, None] * weights
    first, second = side * np.cos(angle), side * np.sin(angle)
    size = np.sqrt((side**2).sum())
    first = first - orthogonal @ (orthogonal.T @ first)
    second = second - orthogonal @ (orthogonal.T @ second)
    first = _unit(first, size)
    second = _unit(second - first * (first * second).sum(axis=0), size)
    return np.stack([first, second], axis=2)


def _unit(columns: np.ndarray, size: float) -> np.ndarray:
    length = np.sqrt((columns**2).sum(axis=0))
    # At rates too slow to tell from a drift of the period nothing is left but rounding.
    return np.where(length > 1e-7 * size, columns / np.where(length > 0, length, 1.0), 0.0)
