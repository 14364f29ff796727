"""Shooting from sample to sample: rates of a clean recording as accurate as the law itself, not as its differences.

From each pair of neighbouring samples the law is integrated to the middle, forward from the first and backward from
the second. Where the two ends miss each other, the law is wrong by that much, and linear least squares on the terms
averaged along the way says by which coefficients. A few sweeps take the error of finite differences down to rounding
(deferred correction in the sense of Pereyra 1966, applied to the regression instead of the solution).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from inscape.models.dictionary import Terms
from inscape.models.rows import Rows
from inscape.trajectories import Trajectories

STRETCHES = 20
SUBSTEPS = (2, 4, 8, 16)
INTEGRATED = 1e-12
"""A miss below this share of the rates needs no finer steps."""
MOST_PAIRS = 20_000
"""Pairs of samples that are enough for any law of a few hundred terms."""


@dataclass(frozen=True)
class Shot:
    """Rows whose targets are exact for the coefficients found, and the mean square of what is still missed.

    Parameters
    ----------
    coefficients : (state, term); rows : terms averaged between samples, and rates; miss : (state,) rms, as a rate.
    succession : (state,) correlation of one miss with the next: near -1/2 where white noise on the samples is all that
        is missed, positive where the law is.
    """

    coefficients: Float[np.ndarray, "state term"]
    rows: Rows
    miss: Float[np.ndarray, "state"]
    succession: Float[np.ndarray, "state"]


@dataclass(frozen=True)
class Pairs:
    """Neighbouring samples of all runs, complete ones only."""

    before: Float[np.ndarray, "pair state"]
    after: Float[np.ndarray, "pair state"]
    input_before: Float[np.ndarray, "pair input"] | None
    input_after: Float[np.ndarray, "pair input"] | None
    dt: Float[np.ndarray, "pair"]
    number: Int[np.ndarray, "pair"]


def pairs_of(runs: Trajectories) -> Pairs:
    """Neighbouring samples, thinned to about `MOST_PAIRS` in even stretches."""
    before = np.concatenate([run.states[:-1] for run in runs]).astype(float)
    after = np.concatenate([run.states[1:] for run in runs]).astype(float)
    dt = np.concatenate([np.diff(run.times) for run in runs])
    kept = np.isfinite(before).all(axis=1) & np.isfinite(after).all(axis=1)
    acting: list[np.ndarray | None] = [None, None]
    if runs.input_names:
        acting = [
            np.concatenate([run.inputs[part] for run in runs if run.inputs is not None]).astype(float)
            for part in (slice(None, -1), slice(1, None))
        ]
        kept &= np.isfinite(acting[0]).all(axis=1) & np.isfinite(acting[1]).all(axis=1)  # type: ignore[arg-type]
    rows = np.flatnonzero(kept)
    if len(rows) > MOST_PAIRS:
        stretches = np.linspace(0, len(rows) - MOST_PAIRS // STRETCHES, STRETCHES).astype(int)
        rows = rows[(stretches[:, None] + np.arange(MOST_PAIRS // STRETCHES)).ravel()]
    first, second = (None if a is None else a[rows] for a in acting)
    return Pairs(before[rows], after[rows], first, second, dt[rows], rows)


def shoot(
    pairs: Pairs,
    terms: Terms,
    coefficients: Float[np.ndarray, "state term"],
    support: Bool[np.ndarray, "state term"] | None = None,
    *,
    sweeps: int = 20,
) -> Shot | None:
    """Correct coefficients until what the law misses between samples no longer falls.

    Steps are halved as long as the integrator, not the law, is what misses.

    Parameters
    ----------
    coefficients : to begin with; support : terms that may change (all if None).

    Returns
    -------
    The best sweep; None if the law escapes from most samples at once.
    """
    # A law far from the truth may escape within one step; such sweeps are judged by what they return.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        best = _sweeps(pairs, terms, np.array(coefficients, dtype=float), support, sweeps, SUBSTEPS[0])
        if best is None:
            return None
        size = np.sqrt(np.mean(best.rows.targets**2, axis=0))
        for substeps in SUBSTEPS[1:]:
            if not (best.miss > INTEGRATED * size).any():
                break
            finer = _sweeps(pairs, terms, best.coefficients, support, sweeps, substeps)
            if finer is None or not _norm(finer.miss, best) < 0.5:
                break
            best = finer
    return best


def _sweeps(
    pairs: Pairs, terms: Terms, current: np.ndarray, support: np.ndarray | None, sweeps: int, substeps: int
) -> Shot | None:
    best: Shot | None = None
    for _ in range(sweeps):
        gap, means = _miss(pairs, terms, current, substeps)
        finite = np.isfinite(gap).all(axis=1) & np.isfinite(means).all(axis=1)
        if finite.mean() < 0.9 or finite.sum() < means.shape[1]:
            break
        gap, means = gap[finite], means[finite]
        miss = np.sqrt(np.mean(gap**2, axis=0))
        if best is not None and not _norm(miss, best) < 0.9:
            break
        succession = _succession(gap, pairs.number[finite])
        best = Shot(current, Rows(means, gap + means @ current.T), miss, succession)
        current = current + _correction(means, gap, support)
    return best


def _norm(miss: np.ndarray, best: Shot) -> float:
    # Each state counts in units of its own best, so that a small state is not drowned by a large one.
    return float(np.exp(np.mean(np.log((miss + 1e-300) / (best.miss + 1e-300)))))


def _succession(gap: np.ndarray, number: np.ndarray) -> np.ndarray:
    neighbours = np.flatnonzero(np.diff(number) == 1)
    centred = gap - gap.mean(axis=0)
    power = np.mean(centred**2, axis=0)
    if len(neighbours) == 0:
        return np.ones(gap.shape[1])
    return np.mean(centred[neighbours] * centred[neighbours + 1], axis=0) / np.where(power > 0, power, 1.0)


def _correction(means: np.ndarray, gap: np.ndarray, support: np.ndarray | None) -> np.ndarray:
    scale = np.linalg.norm(means, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    scaled = means / scale
    if support is None:
        return np.linalg.lstsq(scaled, gap, rcond=1e-14)[0].T / scale
    change = np.zeros(support.shape)
    for state, mask in enumerate(support):
        if mask.any():
            change[state, mask] = np.linalg.lstsq(scaled[:, mask], gap[:, state], rcond=1e-14)[0] / scale[mask]
    return change


def _miss(pairs: Pairs, terms: Terms, coefficients: np.ndarray, substeps: int) -> tuple[np.ndarray, np.ndarray]:
    half = 0.5 * pairs.dt[:, None]
    forward, mean_forward = _carry(
        terms, coefficients, pairs.before, half, (pairs.input_before, pairs.input_after), substeps
    )
    backward, mean_backward = _carry(
        terms, coefficients, pairs.after, -half, (pairs.input_after, pairs.input_before), substeps
    )
    return (backward - forward) / pairs.dt[:, None], 0.5 * (mean_forward + mean_backward)


def _carry(
    terms: Terms,
    coefficients: np.ndarray,
    states: np.ndarray,
    span: np.ndarray,
    inputs: tuple[np.ndarray | None, np.ndarray | None],
    substeps: int,
) -> tuple[np.ndarray, np.ndarray]:
    """States after `span`, and the terms averaged on the way, by the 8th-order method of Dormand and Prince."""
    from scipy.integrate._ivp import dop853_coefficients as tableau

    stages, weights = tableau.A[:12, :12], tableau.B
    step = span / substeps
    mean = np.zeros((len(states), len(terms)))
    start, end = inputs
    for number in range(substeps):
        slopes = np.empty((12, *states.shape))
        for stage in range(12):
            inner = states + step * np.tensordot(stages[stage, :stage], slopes[:stage], 1) if stage else states
            acting = None
            if start is not None and end is not None:
                share = 0.5 * (number + tableau.C[stage]) / substeps
                acting = start + share * (end - start)
            columns = terms.columns(inner, acting)
            slopes[stage] = columns @ coefficients.T
            if weights[stage]:
                mean += (weights[stage] / substeps) * columns
        states = states + step * np.tensordot(weights, slopes, 1)
    return states, mean
