"""Bayesian evidence of models of event times: closed form but for the rate of precession, which is a line integral."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from inscape.analysis.priors import LogUniform, Normal, Prior, Uniform
from inscape.analysis.timing.conditional import fits_at
from inscape.analysis.timing.linear_gaussian import linear_fit, log_evidence
from inscape.analysis.timing.models import Events, count_events, design_of, known_model, parameters_of
from inscape.errors import InputError
from inscape.trajectories.timing_tables import TimingTable

DIRECTIONS = 256
JITTERS = 33


def evidence(
    table: TimingTable | Events,
    model: str,
    priors: Mapping[str, Prior],
    *,
    published_formula: bool = False,
    rates: int = 3000,
) -> float:
    """Natural logarithm of the evidence of a model under the given priors.

    Parameters
    ----------
    priors : by parameter: reference (BJD), period (d) and period_change (d an orbit), each `Uniform` or `Normal`; with
        precession also eccentricity and rate (degrees a day), each `Uniform` from 0 on, the pericentre being anywhere
        alike; jitter (d), `LogUniform`, if errors are not to be believed.
    published_formula : put occultations half an anomalistic period after transits, as codes do that follow the
        published first-order formula; see `design_of`.
    rates : grid points over the range of the rate.

    For each rate (and each jitter) the integral over reference, period and its change is Gaussian; that over the
    eccentricity is an error function; those over pericentre, rate and jitter are sums over grids.

    Raises
    ------
    InputError : if a prior is missing, is of another kind, or has no parameter in the model.
    UnknownNameError : if the model is not known.
    """
    name = known_model(model)
    needed = ["reference", "period", *(["period_change"] if "decay" in name else [])]
    polar = ["eccentricity", "rate"] if "precession" in name else []
    extra = [key for key in priors if key not in (*needed, *polar, "jitter")]
    missing = [key for key in (*needed, *polar) if key not in priors]
    if extra or missing:
        raise InputError(f"priors of {name}: {missing} missing and {extra} unknown; expected {needed + polar}")
    reference, period = _centre(priors["reference"]), _centre(priors["period"])
    events = table if isinstance(table, Events) else count_events(table, reference=reference, period=period)
    if "jitter" not in priors:
        return _at_jitter(events, name, priors, 0.0, published_formula, rates)
    belief = priors["jitter"]
    if not isinstance(belief, LogUniform):
        raise InputError(f"prior of jitter: {belief!r} found, expected LogUniform, in days")
    jitters = np.geomspace(belief.low, belief.high, JITTERS)
    terms = np.array([_at_jitter(events, name, priors, float(s), published_formula, rates) for s in jitters])
    weights = np.ones(JITTERS)
    weights[[0, -1]] = 0.5
    return float(terms.max() + np.log((weights * np.exp(terms - terms.max())).sum() / weights.sum()))


def _centre(prior: Prior) -> float:
    return float(prior.quantile(np.asarray(0.5)))


def _at_jitter(
    events: Events, name: str, priors: Mapping[str, Prior], jitter: float, published: bool, rates: int
) -> float:
    variances = events.errors**2 + jitter**2
    # Reference and period are corrections of the numbers that the events were counted with.
    about = {"reference": events.reference, "period": events.period}
    shifted = [
        _shifted(priors[key], about.get(key, 0.0), key)
        for key in parameters_of(name)
        if key not in ("e_cos_w", "e_sin_w")
    ]
    if "precession" not in name:
        fitted = linear_fit(design_of(events, name, anomalistic_half=published), events.offsets, variances)
        return log_evidence(fitted, shifted)
    return _with_precession(events, name, shifted, priors, variances, published, rates)


def _shifted(prior: Prior, centre: float, key: str) -> Normal | Uniform:
    if isinstance(prior, Normal):
        return Normal(prior.mean - centre, prior.sigma)
    if isinstance(prior, Uniform):
        return Uniform(prior.low - centre, prior.high - centre)
    raise InputError(f"prior of {key}: {prior!r} found, expected Uniform or Normal")


def _with_precession(
    events: Events,
    name: str,
    shifted: list[Normal | Uniform],
    priors: Mapping[str, Prior],
    variances: np.ndarray,
    published: bool,
    rates: int,
) -> float:
    from scipy.special import log_ndtr, logsumexp

    span, size = priors["rate"], priors["eccentricity"]
    if not isinstance(span, Uniform) or not isinstance(size, Uniform) or size.low != 0:
        raise InputError(f"priors: rate {span!r} and eccentricity {size!r} found, expected Uniform, the second from 0")
    # Middles of cells, so that every cell counts alike.
    grid = span.low + (np.arange(rates) + 0.5) / rates * (span.high - span.low)
    beliefs = tuple((k, p.mean, p.sigma) for k, p in enumerate(shifted) if isinstance(p, Normal))
    walls = sum(float(np.log(p.high - p.low)) for p in shifted if isinstance(p, Uniform))
    total = np.full(rates, -np.inf)
    best = -np.inf
    for start in range(0, rates, 500):
        rows = slice(start, min(start + 500, rates))
        fits = fits_at(events, name, grid[rows], variances, anomalistic_half=published, beliefs=beliefs)
        pair = fits.covariances[:, -2:, -2:]
        linear = len(shifted)
        # What is left after the integral over all but e cos w and e sin w: a Gaussian in these two.
        level = fits.log_likelihood - walls + 0.5 * linear * np.log(2 * np.pi)
        level += 0.5 * (np.linalg.slogdet(fits.covariances)[1] - np.linalg.slogdet(pair)[1])
        best = max(best, float(level.max()))
        near = level > best - 40
        if not near.any():
            continue
        angle = (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS * 2 * np.pi
        along = np.stack([np.cos(angle), np.sin(angle)])
        precision = np.linalg.inv(pair[near])
        centre = fits.coefficients[near, -2:]
        steep = np.einsum("aw,rab,bw->rw", along, precision, along)
        pull = np.einsum("aw,rab,rb->rw", along, precision, centre)
        depth = np.einsum("ra,rab,rb->r", centre, precision, centre)
        root = np.sqrt(steep)
        # The share of the Gaussian along this direction that lies between 0 and the largest eccentricity.
        upper, lower = size.high * root - pull / root, -pull / root
        share = _log_between(lower, upper, log_ndtr)
        inner = 0.5 * (pull**2 / steep - depth[:, None]) + 0.5 * np.log(2 * np.pi / steep) + share
        total[np.arange(rates)[rows][near]] = (
            level[near] + logsumexp(inner, axis=1) - np.log(DIRECTIONS) - np.log(size.high)
        )
    return float(logsumexp(total) - np.log(rates))


def _log_between(lower: np.ndarray, upper: np.ndarray, log_ndtr: np.ufunc) -> np.ndarray:
    """Logarithm of the normal probability between two numbers, exact in both tails."""
    # Both in the upper tail: take the mirror image, where the smaller number is not one less a rounding.
    mirrored = lower > 0
    low, high = np.where(mirrored, -upper, lower), np.where(mirrored, -lower, upper)
    at_high, at_low = log_ndtr(high), log_ndtr(low)
    return at_high + np.log1p(-np.exp(np.minimum(at_low - at_high, -1e-16)))
