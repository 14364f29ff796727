"""`best_fit`: the parameters that meet a curve best, by Gauss-Newton steps with bounds from several starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from inscape.analysis.calibration.curve_model import CurveModel, Forward
from inscape.analysis.priors import PriorLike
from inscape.errors import InputError

STEP = 1e-4
"""Of a central difference, in the unit cube of the prior."""


@dataclass(frozen=True, eq=False)
class BestFit:
    """The best fit.

    Parameters
    ----------
    parameters : by name.
    chi_squared : sum of squared residuals over sigma.
    samples : how many were fitted.
    at_edge : names of parameters that ended at an edge of the prior.
    evaluations : curves that it took.
    """

    parameters: dict[str, float]
    chi_squared: float
    samples: int
    at_edge: tuple[str, ...]
    evaluations: int

    @property
    def reduced(self) -> float:
        """Chi squared for each degree of freedom: 1 where model and sigma are right."""
        return self.chi_squared / max(1, self.samples - len(self.parameters))

    @property
    def row(self) -> Float[np.ndarray, "parameter"]:
        return np.array(list(self.parameters.values()))


def best_fit(
    model: Forward,
    observed: Float[np.ndarray, "time"],
    *,
    sigma: Any = 1.0,
    prior: PriorLike | None = None,
    names: Sequence[str] | None = None,
    trials: int = 200,
    starts: int = 4,
    seed: int | np.random.Generator | None = 0,
) -> BestFit:
    """The least-squares fit of a model to a curve, within the prior.

    Parameters
    ----------
    model : (run, parameter) to (run, time).
    observed, sigma, names, prior : as of `calibrate`.
    trials : draws from the prior, of which the best `starts` are refined.

    Raises
    ------
    InputError : if the model has no answer anywhere, or as of `calibrate`.
    """
    return refine(CurveModel(model, observed, sigma, names, prior), trials, starts, seed)


def refine(target: CurveModel, trials: int, starts: int, seed: int | np.random.Generator | None) -> BestFit:
    """`best_fit` of a model already set beside its curve."""
    from scipy.optimize import least_squares

    random = np.random.default_rng(seed)
    before = target.evaluations
    width = len(target.names)
    draws = random.random((max(1, trials), width))
    square = (target.residuals(target.parameters(draws)) ** 2).sum(axis=1)
    possible = np.isfinite(square)
    if not possible.any():
        raise InputError(
            f"model: no finite curve among {len(draws)} draws from the prior; is the discharge too long for the cell?"
        )
    best: tuple[float, np.ndarray] | None = None
    for place in np.argsort(np.where(possible, square, np.inf))[: min(starts, int(possible.sum()))]:
        found = least_squares(
            lambda u: _finite(target.residuals(target.parameters(u[None]))[0]),
            np.clip(draws[place], 1e-6, 1 - 1e-6),
            jac=lambda u: jacobian(target, u),
            bounds=(0.0, 1.0),
            x_scale="jac",
            xtol=1e-10,
            ftol=1e-12,
        )
        if best is None or 2.0 * found.cost < best[0]:
            best = (2.0 * float(found.cost), found.x)
    assert best is not None
    levels = best[1]
    edge = tuple(n for n, u in zip(target.names, levels, strict=True) if not 1e-3 < u < 1 - 1e-3)
    values = target.parameters(levels[None])[0]
    return BestFit(
        dict(zip(target.names, map(float, values), strict=True)),
        best[0],
        int(target.kept.sum()),
        edge,
        target.evaluations - before,
    )


def jacobian(target: CurveModel, levels: Float[np.ndarray, "parameter"]) -> Float[np.ndarray, "kept parameter"]:
    """Derivatives of the residuals along the unit cube, by central differences in one batch."""
    width = len(levels)
    high = np.minimum(levels + STEP * np.eye(width), 1.0)
    low = np.maximum(levels - STEP * np.eye(width), 0.0)
    curves = target.residuals(target.parameters(np.concatenate([high, low])))
    span = (high - low)[np.arange(width), np.arange(width)]
    return _finite((curves[:width] - curves[width:]).T / span)


def _finite(values: np.ndarray) -> np.ndarray:
    # A trust-region step into the impossible is answered by a wall, from which it turns back.
    return np.where(np.isfinite(values), values, 1e3)
