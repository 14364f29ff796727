"""What a system computes of its past inputs: capacities of products of Legendre polynomials (Dambre et al. 2012)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy.polynomial import legendre

from inscape.analysis.driven_states import Source, driven_states
from inscape.analysis.readout import PrincipalStates
from inscape.analysis.series import at_least_zero, generator, share, shown, whole
from inscape.errors import InputError

DEGREES: Mapping[int, int] = {1: 100, 2: 30, 3: 12}
"""How many delays are looked at by default, by the total degree of the product."""

BATCH = 256


@dataclass(frozen=True)
class ProcessingCapacity:
    """How much of each function of the past inputs the states hold.

    A term is the tuple of delays whose Legendre polynomials are multiplied, a delay standing as often as its degree:
    (3, 3, 5) is P2(u(t - 3)) P1(u(t - 5)).

    total : sum of the capacities that stand out from chance; at most `rank`.
    by_degree : the same by total degree: 1 is linear memory, 2 quadratic, ...
    terms : the delays of every term looked at.
    capacities : (term,) 0 to 1, what chance adds taken out, and 0 where it is not above the threshold.
    threshold : capacity that a function the states know nothing of passes with the chosen significance.
    chance : what such a function reaches on average.
    rank : number of state directions that the readout can use; all capacities together cannot exceed it.
    """

    total: float
    by_degree: dict[int, float]
    terms: tuple[tuple[int, ...], ...]
    capacities: Float[np.ndarray, "term"]
    threshold: float
    chance: float
    rank: float

    def __float__(self) -> float:
        return self.total

    @property
    def by_delay(self) -> dict[int, Float[np.ndarray, "delay"]]:
        """For each degree, the capacity by the longest delay in the term."""
        found = {}
        for degree in self.by_degree:
            rows = [(term[-1], c) for term, c in zip(self.terms, self.capacities, strict=True) if len(term) == degree]
            ends = np.array([end for end, _ in rows])
            found[degree] = np.bincount(ends, weights=[c for _, c in rows])
        return found


def processing_capacity(
    source: Source,
    inputs: Any = None,
    *,
    degrees: Mapping[int, int] = DEGREES,
    washout: int = 200,
    penalty: float = 1e-8,
    significance: float = 1e-4,
    length: int = 20_000,
    seed: int | np.random.Generator | None = 0,
) -> ProcessingCapacity:
    """Information processing capacity of a driven system, split by degree (Dambre et al. 2012).

    The capacity of a function z of the past inputs is 1 - min |z - w x|^2 / |z|^2 over readouts w of the states x.
    Orthogonal functions cannot share state directions, so that all of them together are worth at most the number of
    states. Chance gives every function about states / samples; the distribution is that of a weighted sum of squared
    normals, whose quantile (chi squared of equal mean and variance) is the threshold.

    Parameters
    ----------
    source : states (time, node) with their `inputs`; or a system, as of `memory_capacity`.
    inputs : (time,) independent uniform draws, of any range; for a system U(-1, 1) if None.
    degrees : {total degree: delays looked at}, delay 0 being the input just taken in. A degree d over D delays asks
        for (D + d - 1 choose d) terms.
    washout : samples at the beginning that are left out; at least the largest delay is.
    penalty : of the readout, as of `memory_capacity`.
    significance : share of functions the states know nothing of that may pass for known.
    length, seed : of the input drawn for a system.

    Raises
    ------
    InputError : if the input is not uniform and independent (the polynomials would not be orthogonal), or there are
        not more samples than twice the states.
    """
    reach = _checked_degrees(degrees)
    penalty, significance = at_least_zero(penalty, "penalty"), share(significance, "significance")
    random = generator(seed)
    states, signal = driven_states(source, inputs, draw=lambda n: random.uniform(-1.0, 1.0, n), length=length)
    start = max(whole(washout, "washout", 0), max(reach.values()) - 1)
    samples = len(signal) - start
    if samples < 2 * states.shape[1] + 10:
        raise InputError(
            f"inputs: {max(samples, 0)} samples after the washout found, expected at least {2 * states.shape[1] + 10} "
            f"for {states.shape[1]} nodes; drive longer or take some of the nodes"
        )
    polynomials = _polynomials(signal, max(reach))
    principal = PrincipalStates.of(states[start:])
    shares = principal.shares(penalty)
    terms = tuple(term for degree in reach for term in combinations_with_replacement(range(reach[degree]), degree))
    raw = np.concatenate(
        [
            _explained(principal.scores, shares, _products(polynomials, terms[at : at + BATCH], start))
            for at in range(0, len(terms), BATCH)
        ]
    )
    chance = float(shares.sum()) / samples
    threshold = _threshold(shares, samples, significance)
    kept = np.where(raw > threshold, np.clip((raw - chance) / (1.0 - chance), 0.0, 1.0), 0.0)
    sizes = np.array([len(term) for term in terms])
    by_degree = {degree: float(kept[sizes == degree].sum()) for degree in reach}
    return ProcessingCapacity(float(kept.sum()), by_degree, terms, kept, threshold, chance, float(shares.sum()))


def _checked_degrees(degrees: Any) -> dict[int, int]:
    if not isinstance(degrees, Mapping) or len(degrees) == 0:
        raise InputError(f"degrees: {shown(degrees)} found, expected a dict such as {{1: 100, 2: 30}}")
    return {whole(d, "degree of degrees"): whole(n, "delays of degrees") for d, n in sorted(degrees.items())}


def _polynomials(signal: np.ndarray, degree: int) -> Float[np.ndarray, "degree time"]:
    """Legendre polynomials of degree 0 on of the input brought to [-1, 1]."""
    middle, half = (signal.max() + signal.min()) / 2, np.ptp(signal) / 2
    scaled = (signal - middle) / half
    values = legendre.legvander(scaled, max(degree, 2)).T
    known = values[1:] * np.sqrt(2.0 * np.arange(1, len(values)) + 1.0)[:, None]
    # Five standard errors: a uniform input fails this once in a million.
    limit = 5.0 / np.sqrt(len(signal))
    if np.abs(known.mean(axis=1)).max() > limit:
        raise InputError("inputs: an input that is not uniform found, expected independent uniform draws")
    if abs(np.mean(known[0][1:] * known[0][:-1])) > limit:
        raise InputError("inputs: successive inputs that are correlated found, expected independent uniform draws")
    return values[: degree + 1]


def _products(polynomials: np.ndarray, terms: tuple[tuple[int, ...], ...], start: int) -> np.ndarray:
    samples = polynomials.shape[1] - start
    products = np.ones((len(terms), samples))
    for product, term in zip(products, terms, strict=True):
        for delay, degree in Counter(term).items():
            product *= polynomials[degree, start - delay : start - delay + samples]
    return products


def _explained(scores: np.ndarray, shares: np.ndarray, targets: np.ndarray) -> np.ndarray:
    targets = targets - targets.mean(axis=1, keepdims=True)
    return (targets @ scores) ** 2 @ shares / (targets**2).sum(axis=1)


def _threshold(shares: Float[np.ndarray, "axis"], samples: int, significance: float) -> float:
    from scipy.stats import chi2

    mean, variance = shares.sum(), 2.0 * (shares**2).sum()
    if mean == 0:
        return 0.0
    scale, freedom = variance / (2.0 * mean), 2.0 * mean**2 / variance
    return float(scale * chi2.isf(significance, freedom) / samples)
