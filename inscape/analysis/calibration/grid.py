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
REACH = 12.0
"""A grid in whose outermost cells more than this is found ends too early. Less than `DEPTH`, so that searches end."""
MOST_SEARCHES = 24
CHUNK = 4096


def grid_posterior(
    target: CurveModel,
    points: int,
    draws: int,
    seed: int | np.random.Generator | None,
    around: Float[np.ndarray, "parameter"] | None = None,
) -> tuple[Posterior, Float[np.ndarray, "parameter"], Float[np.ndarray, "parameter"]]:
    """Draws, and the exact mean and standard deviation of each parameter on the grid.

    The grid is even in the unit cube of the prior; it is drawn in until it holds the posterior closely, and let out
    where a posterior that is narrower than the cells of a search turns out to reach beyond it.

    Parameters
    ----------
    points : of the last grid, all parameters together.
    draws : of the posterior, placed at random within their grid cells.
    around : the best fit where it is known; the grid keeps it even if no cell's centre comes near.

    Raises
    ------
    InputError : for more than four parameters, or where the likelihood is nowhere possible.
    """
    width = len(target.names)
    if width > 4:
        raise InputError(f"sampler: 'grid' with {width} parameters found, expected at most 4; take 'nautilus'")
    began = time.process_time()
    before = target.evaluations
    low, high, reaches_on = _window(target, min(COARSE, points), around)
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
        not reaches_on,
        target.priors,
    )
    return posterior, mean, spread


def _window(
    target: CurveModel, points: int, around: np.ndarray | None
) -> tuple[Float[np.ndarray, "parameter"], Float[np.ndarray, "parameter"], bool]:
    """Ends of the box that holds the posterior, and whether it still reached beyond when the search was given up."""
    width = len(target.names)
    low, high = np.zeros(width), np.ones(width)
    known = np.empty((0, width)) if around is None else np.asarray(around, dtype=float)[None]
    for _ in range(MOST_SEARCHES):
        levels, step = _lattice(low, high, points)
        log = _likelihoods(target, levels)
        if not np.isfinite(log).any():
            raise InputError("model: no finite curve anywhere on the grid of the prior; is the record too long for it?")
        inside = np.concatenate([levels[log > log.max() - DEPTH], known])
        least, most = inside.min(axis=0), inside.max(axis=0)
        # What stands in the outermost cells goes on beyond them, unless the prior ends there.
        likely = np.concatenate([levels[log > log.max() - REACH], known])
        below = (likely.min(axis=0) < low + step) & (low > 0)
        above = (likely.max(axis=0) > high - step) & (high < 1)
        reaches_on = bool((below | above).any())
        side = high - low
        closer_low = np.where(below, low - 0.5 * side, np.maximum(least - step, low)).clip(0.0, 1.0)
        closer_high = np.where(above, high + 0.5 * side, np.minimum(most + step, high)).clip(0.0, 1.0)
        low, high = closer_low, closer_high
        if not reaches_on and not (high - low < 0.7 * side).any():
            break
    return low, high, reaches_on


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
