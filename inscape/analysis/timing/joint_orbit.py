"""Timing and radial velocity together: one orbit, one posterior, sampled only where it is not linear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from inscape.analysis.posterior import Posterior, Sampler, sample
from inscape.analysis.priors import LogUniform, Prior, Uniform
from inscape.analysis.timing.fits import fit
from inscape.analysis.timing.models import Events, count_events
from inscape.analysis.timing.tides import doppler_rate
from inscape.errors import InputError, UnknownNameError
from inscape.systems.orbit.secular import MS_A_YEAR, event_offsets, orbits_since, velocity_shape
from inscape.trajectories.timing_tables import TimingTable, VelocityTable

PARTS = ("constant", "decay", "eccentric", "precession", "acceleration", "jerk", "tide")
# Priors of the linear parameters are this many times wider than what the velocities span.
_WIDE = 10.0


@dataclass(frozen=True, eq=False)
class JointModel:
    """The likelihood of an orbit given event times and velocities.

    Zero points, semi-amplitude, acceleration, jerk and tide enter the velocities linearly: under wide normal priors
    they are integrated out exactly at every point and drawn back afterwards, so that the sampler sees half the
    dimensions.

    Parameters
    ----------
    events, velocities : what was measured; no velocities if None.
    parts : of the model, some of `PARTS`.
    priors : of the parameters that are sampled, by name.
    """

    events: Events
    velocities: VelocityTable | None
    parts: frozenset[str]
    priors: dict[str, Prior]

    @property
    def names(self) -> tuple[str, ...]:
        """What is sampled."""
        return tuple(self.priors)

    @property
    def linear_names(self) -> tuple[str, ...]:
        """What is integrated out."""
        if self.velocities is None:
            return ()
        extra = [name for name in ("acceleration", "jerk", "tide") if name in self.parts]
        return ("semi_amplitude", *(f"zero point {name}" for name in self.velocities.spectrographs), *extra)

    def log_likelihood(self, points: Float[np.ndarray, "point parameter"]) -> Float[np.ndarray, "point"]:
        """Natural logarithm at many points at once."""
        orbit = self._orbit(points)
        total = self._of_timing(points, orbit)
        if self.velocities is not None:
            total = total + self._of_velocities(points, orbit)[0]
        return np.where(orbit["eccentricity"][:, 0] < 1, total, -np.inf)

    def draw_linear(
        self, points: Float[np.ndarray, "point parameter"], random: np.random.Generator
    ) -> Float[np.ndarray, "point linear"]:
        """One draw of the linear parameters at each point."""
        _, means, precisions = self._of_velocities(points, self._orbit(points))
        lower = np.linalg.cholesky(precisions)
        noise = random.standard_normal(means.shape)
        return means + np.linalg.solve(lower.swapaxes(1, 2), noise[..., None])[..., 0]

    def _column(self, points: np.ndarray, name: str, default: float = 0.0) -> np.ndarray:
        return points[:, [self.names.index(name)]] if name in self.priors else np.full((len(points), 1), default)

    def _orbit(self, points: np.ndarray) -> dict[str, np.ndarray]:
        cosine, sine = self._column(points, "sqrt_e_cos_w"), self._column(points, "sqrt_e_sin_w")
        squared = cosine**2 + sine**2
        return {
            "reference": self._column(points, "reference"),
            "period": self._column(points, "period"),
            "period_change": self._column(points, "period_change"),
            "eccentricity": np.minimum(squared, 0.999),
            "pericentre": np.arctan2(sine, cosine),
            "precession": np.radians(self._column(points, "rate")),
        }

    def _of_timing(self, points: np.ndarray, orbit: Mapping[str, np.ndarray]) -> np.ndarray:
        events = self.events
        keplerian = {name: value for name, value in orbit.items() if name != "reference"}
        whole = events.orbits - 0.5 * events.is_occultation
        model = event_offsets(whole, events.is_occultation, **keplerian)
        left = events.offsets + events.period * events.orbits - (orbit["reference"] - events.reference) - model
        variances = events.errors**2 + (self._column(points, "timing_jitter") / 86_400) ** 2
        return -0.5 * (left**2 / variances + np.log(2 * np.pi * variances)).sum(axis=1)

    def _of_velocities(
        self, points: np.ndarray, orbit: Mapping[str, np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Log-likelihood with the linear parameters integrated out; their means and precisions."""
        table = self.velocities
        assert table is not None
        membership = table.membership
        since = table.times - orbit["reference"]
        keplerian = {name: value for name, value in orbit.items() if name != "reference"}
        columns = [velocity_shape(since, **keplerian)]
        columns += [np.broadcast_to(own, since.shape) for own in membership.T]
        middle = table.times - table.times.mean()
        if "acceleration" in self.parts:
            columns.append(np.broadcast_to(middle, since.shape))
        if "jerk" in self.parts:
            columns.append(np.broadcast_to(0.5 * middle**2, since.shape))
        if "tide" in self.parts:
            orbits = orbits_since(since, orbit["period"], orbit["period_change"])
            columns.append(np.sin(4 * np.pi * orbits))
        design = np.stack(columns, axis=2)
        spreads = self._spreads(design.shape[2])
        jitters = np.concatenate([self._column(points, f"jitter {name}") for name in table.spectrographs], axis=1)
        variances = table.errors**2 + (jitters @ membership.T) ** 2
        weighted = design / variances[:, :, None]
        precisions = weighted.swapaxes(1, 2) @ design + np.diag(spreads**-2)
        right = np.einsum("pnk,n->pk", weighted, table.velocities)
        means = np.linalg.solve(precisions, right[..., None])[..., 0]
        chi_squared = (table.velocities**2 / variances).sum(axis=1) - (right * means).sum(axis=1)
        volume = np.linalg.slogdet(precisions)[1] + 2 * np.log(spreads).sum()
        total = -0.5 * (chi_squared + np.log(2 * np.pi * variances).sum(axis=1) + volume)
        return total, means, precisions

    def _spreads(self, count: int) -> np.ndarray:
        table = self.velocities
        assert table is not None
        size = max(float(np.ptp(table.velocities)), float(np.abs(table.velocities).max()), 1.0)
        span = max(float(np.ptp(table.times)), 1.0)
        spreads = [size] * (1 + len(table.spectrographs))
        spreads += [size / span] if "acceleration" in self.parts else []
        spreads += [size / span**2] if "jerk" in self.parts else []
        spreads += [size] if "tide" in self.parts else []
        return _WIDE * np.array(spreads[:count])


def joint_model(
    table: TimingTable,
    velocities: VelocityTable | None = None,
    model: str = "decay",
    *,
    priors: Mapping[str, Prior | tuple[float, float]] | None = None,
) -> JointModel:
    """The likelihood and the priors of a joint fit.

    Parameters
    ----------
    model : parts joined by "+": constant, decay, eccentric, precession, acceleration, jerk, tide. Precession brings an
        eccentric orbit with it; acceleration, jerk and tide are told by velocities alone.
    priors : in place of the usual ones, by name: reference (BJD), period and period_change (d), sqrt_e_cos_w,
        sqrt_e_sin_w, rate (degrees a day), timing_jitter (s) and "jitter NAME" of a spectrograph (m/s).

    The usual ones are uniform within 30 errors of the fit of the times alone (wider by what an eccentricity may shift),
    |sqrt e| up to 0.3, a rate up to 1 degree a day, and log-uniform jitters of 0.1 to 600 s and 0.01 to 100 m/s.

    Raises
    ------
    UnknownNameError : if a part or a prior is not known.
    InputError : if acceleration, jerk or tide is asked for without velocities.
    """
    parts = {part.strip() for part in model.split("+")} - {"linear"}
    for part in parts:
        if part not in PARTS:
            raise UnknownNameError("part of a joint model", part, PARTS)
    if velocities is None and parts & {"acceleration", "jerk", "tide"}:
        raise InputError(f"model {model!r}: {', '.join(sorted(parts))} asked for without velocities; give velocities=")
    if "precession" in parts:
        parts.add("eccentric")
    events = count_events(table)
    first = fit(events, "decay" if "decay" in parts else "linear", jitter="one")
    shift = 0.003 * events.period if "eccentric" in parts else 0.0
    usual: dict[str, Prior] = {}
    for name in ("reference", "period", "period_change"):
        if name in first.values:
            # What e cos w may shift the transits by as a whole, it shifts the period by over the span of the epochs.
            room = {"reference": shift, "period": 2 * shift / max(np.ptp(events.orbits), 1.0)}.get(name, 0.0)
            room += 8 * shift / max(np.ptp(events.orbits), 1.0) ** 2 if name == "period_change" else 0.0
            reach = 30 * first.errors[name] + room
            usual[name] = Uniform(first.values[name] - reach, first.values[name] + reach)
    if "eccentric" in parts:
        usual |= {"sqrt_e_cos_w": Uniform(-0.3, 0.3), "sqrt_e_sin_w": Uniform(-0.3, 0.3)}
    if "precession" in parts:
        usual["rate"] = Uniform(0.0, 1.0)
    usual["timing_jitter"] = LogUniform(0.1, 600.0)
    for name in velocities.spectrographs if velocities is not None else ():
        usual[f"jitter {name}"] = LogUniform(0.01, 100.0)
    for name, given in (priors or {}).items():
        if name not in usual:
            raise UnknownNameError(f"parameter of {model}", name, usual)
        usual[name] = given if isinstance(given, Prior) else Uniform(*given)
    return JointModel(events, velocities, frozenset(parts), usual)


def joint(
    table: TimingTable,
    velocities: VelocityTable | None = None,
    model: str = "decay",
    *,
    priors: Mapping[str, Prior | tuple[float, float]] | None = None,
    sampler: Sampler = "nautilus",
    seed: int | np.random.Generator | None = 0,
    live: int = 1000,
    draws: int = 5000,
) -> Posterior:
    """Draw the posterior of an orbit from event times and radial velocities together.

    Parameters
    ----------
    model, priors : as of `joint_model`.
    sampler, seed, live, draws : as of `inscape.analysis.posterior.sample`.

    Returns
    -------
    Posterior with a column for every parameter, sampled and linear alike, and three that follow from them: decay_rate
    (ms a year), doppler_rate (what the acceleration feigns, ms a year) and eccentricity.

    Raises
    ------
    UnknownNameError, InputError : as of `joint_model`.
    MissingExtraError : if the sampler is not installed.
    """
    random = np.random.default_rng(seed)
    built = joint_model(table, velocities, model, priors=priors)
    found = sample(
        built.log_likelihood, built.priors, built.names, sampler=sampler, seed=random, live=live, draws=draws,
        vectorized=True,
    )  # fmt: skip
    columns = {name: found[name] for name in found.names}
    if built.velocities is not None:
        linear = np.concatenate(
            [built.draw_linear(found.samples[k : k + 1000], random) for k in range(0, len(found.samples), 1000)]
        )
        columns |= dict(zip(built.linear_names, linear.T, strict=True))
    if "period_change" in columns:
        columns["decay_rate"] = columns["period_change"] / columns["period"] * MS_A_YEAR
    if "acceleration" in columns:
        columns["doppler_rate"] = np.asarray(doppler_rate(columns["acceleration"], built.events.period))
    if "sqrt_e_cos_w" in columns:
        columns["eccentricity"] = columns["sqrt_e_cos_w"] ** 2 + columns["sqrt_e_sin_w"] ** 2
    return replace(found, names=tuple(columns), samples=np.stack(list(columns.values()), axis=1))
