"""Rates of precession that seasons of observing cannot tell apart, and the nights that would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.analysis.timing.conditional import fits_at
from inscape.analysis.timing.models import design_of
from inscape.analysis.timing.periodogram import YEAR, PrecessionScan, precession_basis
from inscape.errors import InputError


@dataclass(frozen=True)
class Alias:
    """A peak of the periodogram.

    Parameters
    ----------
    rate : degrees a day.
    gain : fall of chi-squared.
    echo : fall of chi-squared here that the highest peak alone would bring about: near `gain`, the peak is its alias.
    relation : how it lies to the highest peak, in turns a year.
    odds : how much likelier the highest peak is.
    """

    rate: float
    gain: float
    echo: float
    relation: str
    odds: float


@dataclass(frozen=True)
class Night:
    """A transit that splits two rates.

    Parameters
    ----------
    epoch : orbits since the reference transit.
    time : predicted by the highest peak, BJD (TDB).
    split : difference of the predictions, seconds.
    sigmas : the same over the error of the predictions and of one timing.
    """

    epoch: int
    time: float
    split: float
    sigmas: float


def find_aliases(scan: PrecessionScan, count: int = 8) -> tuple[Alias, ...]:
    """The highest peaks of a scan, the highest first, each with what the highest alone would give there.

    Seasons repeat each year, so that rates r and r' are alike where r - r' or r + r' is a whole number of turns a year
    (0.9856 degrees a day): the sign of a rate is told only by occultations.
    """
    if count < 1:
        raise InputError(f"count: {count} found, expected at least 1")
    gains, rates = scan.gains, scan.rates
    inner = np.flatnonzero((gains[1:-1] >= gains[:-2]) & (gains[1:-1] > gains[2:])) + 1
    top = int(np.argmax(gains))
    peaks = np.unique(np.r_[inner, top])
    peaks = peaks[np.argsort(-gains[peaks], kind="stable")][:count]
    at_top = precession_basis(scan.events, scan.base, rates[[top]], scan.variances)[:, 0]
    signal = at_top @ (at_top.T @ (scan.events.offsets / np.sqrt(scan.variances)))
    basis = precession_basis(scan.events, scan.base, rates[peaks], scan.variances)
    echoes = (np.einsum("nrc,n->rc", basis, signal) ** 2).sum(axis=1)
    return tuple(
        Alias(
            float(rates[k]),
            float(gains[k]),
            float(echo),
            "highest" if k == top else _relation(rates[k], rates[top]),
            float(np.exp(min(0.5 * (gains[top] - gains[k]), 700.0))),
        )
        for k, echo in zip(peaks, echoes, strict=True)
    )


def _relation(rate: float, top: float) -> str:
    turn = 360.0 / YEAR
    apart, together = (rate - top) / turn, (rate + top) / turn
    if abs(together - round(together)) < abs(apart - round(apart)) and round(together) != 0:
        return f"sum is {together:.2f} turns a year"
    return f"{apart:+.2f} turns a year"


def splitting_nights(
    scan: PrecessionScan,
    first: float,
    last: float,
    *,
    rates: tuple[float, float] | None = None,
    timing_error: float = 10.0,
    count: int = 6,
    apart: float = 20.0,
) -> tuple[Night, ...]:
    """The transits at which two rates foretell the most different times, best first.

    Parameters
    ----------
    first, last : of the observing season, BJD (TDB).
    rates : the two, degrees a day; the two highest peaks if None.
    timing_error : of one transit, seconds.
    apart : days between two nights of the list, at least.

    Raises
    ------
    InputError : if the season is empty, or the scan has a single peak.
    """
    events = scan.events
    if not (np.isfinite(first) and np.isfinite(last) and last - first >= events.period):
        raise InputError(f"season: {first} to {last} found, expected two dates (BJD), more than a period apart")
    if rates is None:
        peaks = find_aliases(scan, 2)
        if len(peaks) < 2:
            raise InputError("scan: one peak found, expected two rates to split; give rates=")
        rates = (peaks[0].rate, peaks[1].rate)
    epochs = np.arange(np.ceil((first - events.reference) / events.period), (last - events.reference) / events.period)
    (one, one_error), (two, two_error) = (_predicted(scan, rate, epochs) for rate in rates)
    split = 86_400 * (two - one)
    noise = np.sqrt(timing_error**2 + 86_400**2 * (one_error**2 + two_error**2))
    sigmas = np.abs(split) / noise
    chosen: list[int] = []
    for k in np.argsort(-sigmas, kind="stable"):
        if all(abs(epochs[k] - epochs[other]) * events.period >= apart for other in chosen):
            chosen.append(int(k))
        if len(chosen) == count:
            break
    return tuple(
        Night(
            int(epochs[k]),
            float(events.reference + events.period * epochs[k] + one[k]),
            float(split[k]),
            float(sigmas[k]),
        )
        for k in chosen
    )


def _predicted(
    scan: PrecessionScan, rate: float, epochs: Float[np.ndarray, "epoch"]
) -> tuple[Float[np.ndarray, "epoch"], Float[np.ndarray, "epoch"]]:
    """Transit times less the mean ephemeris at a rate, and their errors, days."""
    from dataclasses import replace

    fit = fits_at(scan.events, scan.model, np.array([rate]), scan.variances)
    future = replace(
        scan.events,
        orbits=epochs,
        is_occultation=np.zeros(len(epochs), dtype=bool),
        offsets=np.zeros(len(epochs)),
        errors=np.ones(len(epochs)),
        sources=("",) * len(epochs),
    )
    design = design_of(future, scan.model, rate)
    return design @ fit.coefficients[0], np.sqrt(np.einsum("nk,kl,nl->n", design, fit.covariances[0], design))
