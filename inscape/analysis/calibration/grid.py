"""A posterior on a grid: every likelihood in one batch, evidence by the rectangle rule, no chain to distrust."""

from __future__ import annotations

import time

import numpy as np
from jaxtyping import Float

from inscape.analysis.calibration.curve_model import CurveModel
from inscape.analysis.posterior import Posterior
from inscape.errors import InputError

COARSE = 4096
"""Points of each search for where the posterior lies."""
DEPTH = 18.0
"""What lies this far below the highest log-likelihood is left out: 1e-8 of it."""
MOST_ZOOMS = 12
CHUNK = 4096


def grid_posterior(
    target: CurveModel, points: int, draws: int, seed: int | np.random.Generator | None
) -> tuple[Posterior, Float[np.ndarray, "parameter"], Float[np.ndarray, "parameter"]]:
    """Draws, and the exact mean and standard deviation of each parameter on the grid.

    The grid is even in the unit cube of the prior; it is drawn in until it holds the posterior closely.

    Parameters
    ----------
    points : of the last grid, all parameters together.
    draws : of the posterior, placed at random within their grid cells.

    Raises
    ------
    InputError : for more than four parameters, or where the likelihood is nowhere possible.
    """
    width = len(target.names)
    if width > 4:
        raise InputError(f"sampler: 'grid' with {width} parameters found, expected at most 4; take 'nautilus'")
    began = time.process_time()
    before = target.evaluations
    low, high = np.zeros(width), np.ones(width)
    for _ in range(MOST_ZOOMS):
        levels, step = _lattice(low, high, min(COARSE, points))
        log = _likelihoods(target, levels)
        if not np.isfinite(log).any():
            raise InputError("model: no finite curve anywhere on the grid of the prior; is the record too long for it?")
        inside = levels[log > log.max() - DEPTH]
        closer_low = np.maximum(inside.min(axis=0) - step, low)
        closer_high = np.minimum(inside.max(axis=0) + step, high)
        shrinks = (closer_high - closer_low) < 0.7 * (high - low)
        low, high = closer_low, closer_high
        if not shrinks.any():
            break
    levels, step = _lattice(low, high, points)
    log = _likelihoods(target, levels)
    top = log.max()
    weight = np.exp(log - top)
    evidence = top + np.log(weight.sum() * step.prod())
    weight /= weight.sum()
    values = target.parameters(levels)
    mean = weight @ values
    spread = np.sqrt(weight @ (values - mean) ** 2)
    random = np.random.default_rng(seed)
    # Systematic draws: a cell of weight w is taken w * draws times, up to one.
    taken = np.searchsorted(np.cumsum(weight), (np.arange(draws) + random.random()) / draws)
    taken = random.permutation(np.minimum(taken, len(levels) - 1))
    placed = np.clip(levels[taken] + (random.random((draws, width)) - 0.5) * step, 0.0, 1.0)
    posterior = Posterior(
        target.names,
        target.parameters(placed),
        log[taken],
        float(evidence),
        0.0,
        float(min(draws, 1.0 / (weight**2).sum())),
        target.evaluations - before,
        time.process_time() - began,
        "grid",
        1,
        True,
        target.priors,
    )
    return posterior, mean, spread


def _lattice(low: np.ndarray, high: np.ndarray, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres (point, parameter) of even cells between low and high, and their sides."""
    width = len(low)
    side = max(3, round(points ** (1.0 / width)))
    step = (high - low) / side
    axes = [lo + (np.arange(side) + 0.5) * d for lo, d in zip(low, step, strict=True)]
    return np.stack([a.ravel() for a in np.meshgrid(*axes, indexing="ij")], axis=1), step


def _likelihoods(target: CurveModel, levels: np.ndarray) -> np.ndarray:
    # In chunks: a hundred thousand curves at once would not fit the caches, nor perhaps the memory.
    parts = [target.log_likelihood(target.parameters(levels[k : k + CHUNK])) for k in range(0, len(levels), CHUNK)]
    return np.concatenate(parts)
