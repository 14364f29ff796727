"""Jitter: scatter beyond the stated errors, one for all events or one for each source, at its most likely value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from jaxtyping import Float, Int

from inscape.analysis.timing.linear_gaussian import LinearFit, linear_fit
from inscape.errors import UnknownNameError

Jitter = Literal["none", "one", "per source"]
SECOND = 1.0 / 86_400
# A source with fewer rows tells its own scatter too poorly; such sources share one.
FEWEST_ROWS = 5
POOLED = "other sources"
_LEAST, _MOST = 0.03 * SECOND, 3600 * SECOND
_GRID = np.geomspace(_LEAST, _MOST, 60)


@dataclass(frozen=True, eq=False)
class JitterFit:
    """A linear fit at its most likely jitter.

    Parameters
    ----------
    fit : the linear fit, with the jitter in its variances.
    jitter : by source (or "all"), days; 0 where none is called for.
    free : how many jitters were free.
    """

    fit: LinearFit
    jitter: dict[str, float]
    free: int


def groups_of(sources: tuple[str, ...], jitter: Jitter) -> tuple[Int[np.ndarray, "event"], tuple[str, ...]]:
    """The group of jitter of every event, and the groups' names.

    Raises
    ------
    UnknownNameError : if `jitter` is none of "none", "one", "per source".
    """
    if jitter not in get_args(Jitter):
        raise UnknownNameError("jitter", str(jitter), get_args(Jitter))
    if jitter != "per source":
        return np.zeros(len(sources), dtype=int), ("all",)
    counts = Counter(sources)
    own = [source if counts[source] >= FEWEST_ROWS else POOLED for source in sources]
    names = tuple(dict.fromkeys(own))
    return np.array([names.index(name) for name in own]), names


def fit_with_jitter(
    design: Float[np.ndarray, "event parameter"],
    values: Float[np.ndarray, "event"],
    errors: Float[np.ndarray, "event"],
    sources: tuple[str, ...],
    jitter: Jitter = "one",
) -> JitterFit:
    """Least squares with every error widened by the jitter that makes the values most likely.

    The likelihood has its term ln(sigma^2 + s^2), without which a larger jitter would always win. One jitter is
    searched on a grid from 0.03 s to an hour, since it can have several maxima, and then polished; jitters per source
    are climbed together from there by L-BFGS.

    Raises
    ------
    InputError, UnknownNameError : as of `linear_fit` and `groups_of`.
    """
    group, names = groups_of(sources, jitter)
    plain = linear_fit(design, values, errors**2)
    if jitter == "none":
        return JitterFit(plain, dict.fromkeys(names, 0.0), 0)
    best = _one_jitter(design, values, errors)
    if jitter == "one":
        fit = linear_fit(design, values, errors**2 + best**2) if best > 0 else plain
        return JitterFit(fit, {"all": best}, 1)
    jitters = _several_jitters(design, values, errors, group, len(names), max(best, SECOND))
    fit = linear_fit(design, values, errors**2 + jitters[group] ** 2)
    return JitterFit(fit, dict(zip(names, jitters.tolist(), strict=True)), len(names))


def profile(
    design: Float[np.ndarray, "event parameter"],
    values: Float[np.ndarray, "event"],
    errors: Float[np.ndarray, "event"],
    jitters: Float[np.ndarray, "jitter"],
) -> Float[np.ndarray, "jitter"]:
    """Log-likelihood of the best linear fit at each value of one jitter, all at once."""
    scaled = design / np.abs(design).max(axis=0)
    variances = errors**2 + np.asarray(jitters)[:, None] ** 2
    weights = 1 / variances
    normal = np.einsum("jn,na,nb->jab", weights, scaled, scaled, optimize=True)
    right = np.einsum("jn,na->ja", weights * values, scaled)
    explained = np.einsum("ja,ja->j", right, np.linalg.solve(normal, right[..., None])[..., 0])
    chi_squared = (weights * values**2).sum(axis=1) - explained
    return -0.5 * (chi_squared + np.log(2 * np.pi * variances).sum(axis=1))


def plausible_jitters(
    design: Float[np.ndarray, "event parameter"],
    values: Float[np.ndarray, "event"],
    errors: Float[np.ndarray, "event"],
    count: int = 10,
) -> Float[np.ndarray, "jitter"]:
    """(jitter,) even values of one jitter, over all whose best fit is within e^-10 of the most likely one, in days."""
    start = values - design @ linear_fit(design, values, errors**2).coefficients
    tried = np.r_[0.0, _GRID]
    likelihood = profile(design, start, errors, tried)
    near = tried[likelihood > likelihood.max() - 10]
    return np.linspace(near.min(), near.max(), count)


def _one_jitter(design: np.ndarray, values: np.ndarray, errors: np.ndarray) -> float:
    from scipy.optimize import minimize_scalar

    # Numbers near one keep the normal equations exact; the fit at the end goes by singular values.
    start = values - design @ linear_fit(design, values, errors**2).coefficients
    likelihood = profile(design, start, errors, np.r_[0.0, _GRID])
    place = int(np.argmax(likelihood))
    if place == 0:
        return 0.0
    low, high = _GRID[max(place - 2, 0)], _GRID[min(place, len(_GRID) - 1)]
    found = minimize_scalar(
        lambda log: -float(profile(design, start, errors, np.array([np.exp(log)]))[0]),
        bounds=(np.log(low), np.log(high)),
        method="bounded",
        options={"xatol": 1e-5},
    )
    return float(np.exp(found.x)) if -found.fun > likelihood[0] else 0.0


def _several_jitters(
    design: np.ndarray, values: np.ndarray, errors: np.ndarray, group: np.ndarray, count: int, start: float
) -> np.ndarray:
    from scipy.optimize import minimize

    residual = values - design @ linear_fit(design, values, errors**2).coefficients

    def cost(logs: np.ndarray) -> tuple[float, np.ndarray]:
        squares = np.exp(2 * logs)
        variances = errors**2 + squares[group]
        fit = linear_fit(design, residual, variances)
        # At the best coefficients their own change does not count (the envelope theorem).
        slope = 0.5 * (fit.residuals**2 / variances**2 - 1 / variances) * 2 * squares[group]
        return -fit.log_likelihood, -np.bincount(group, weights=slope, minlength=count)

    bounds = [(np.log(_LEAST), np.log(_MOST))] * count
    found = minimize(cost, np.full(count, np.log(start)), jac=True, bounds=bounds, method="L-BFGS-B")
    jitters = np.exp(found.x)
    # At the floor nothing is called for.
    return np.where(jitters <= 1.01 * _LEAST, 0.0, jitters)
