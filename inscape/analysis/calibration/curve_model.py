"""`CurveModel`: a model and the curve that it is to meet, checked once and cheap to compare a million times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from inscape.analysis.priors import Prior, PriorLike, priors_of
from inscape.errors import InputError

Forward = Callable[[np.ndarray], np.ndarray]


class CurveModel:
    """A model beside a measured curve with Gaussian errors.

    Parameters
    ----------
    model : (run, parameter) to (run, time).
    observed : (time,) the curve; NaN marks what was not measured.
    sigma : one standard deviation of its errors, or one for each sample.
    names : of the parameters; the model's own if None.
    prior : of each parameter; the model's `box` if None.

    Raises
    ------
    InputError : if shapes disagree, nothing was measured, or sigma is not positive.
    """

    def __init__(
        self,
        model: Forward,
        observed: Any,
        sigma: Any,
        names: Sequence[str] | None = None,
        prior: PriorLike | None = None,
    ):
        self.model = model
        self.names = names_of(model, names)
        self.priors: tuple[Prior, ...] = priors_of(prior_of(model, prior), self.names)
        self.observed = curve("observed", observed)
        self.kept: Bool[np.ndarray, "time"] = np.isfinite(self.observed)
        if np.isinf(self.observed).any():
            raise InputError("observed: infinite values found; mark what was not measured as NaN")
        if self.kept.sum() < len(self.names) + 1:
            raise InputError(
                f"observed: {int(self.kept.sum())} finite samples found for {len(self.names)} parameters, "
                f"expected at least {len(self.names) + 1}"
            )
        self.sigma = np.broadcast_to(_sigma(sigma), self.observed.shape)
        self._target = self.observed[self.kept]
        self._weight = 1.0 / self.sigma[self.kept]
        self.evaluations = 0
        trial = self.predict(self.parameters(np.full((1, len(self.names)), 0.5)))
        if trial.shape != (1, len(self.observed)):
            raise InputError(
                f"model: answer of shape {trial.shape} for one row of {len(self.names)} parameters, expected "
                f"(1, {len(self.observed)}): one number for each observed sample"
            )

    def predict(self, parameters: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run time"]:
        """The model's curves."""
        self.evaluations += len(parameters)
        return np.asarray(self.model(parameters), dtype=float)

    def parameters(self, levels: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run parameter"]:
        """From the unit cube of the priors to parameters."""
        return np.stack([p.quantile(u) for p, u in zip(self.priors, np.asarray(levels).T, strict=True)], axis=1)

    def levels(self, parameters: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run parameter"]:
        """From parameters to the unit cube of the priors."""
        return np.stack([p.cumulative(v) for p, v in zip(self.priors, np.asarray(parameters).T, strict=True)], axis=1)

    def residuals(self, parameters: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run kept"]:
        """(model - observed) / sigma of the samples that were measured; NaN where the model has no answer."""
        return (self.predict(parameters)[:, self.kept] - self._target) * self._weight

    def log_likelihood(self, parameters: Float[np.ndarray, "run parameter"]) -> Float[np.ndarray, "run"]:
        """Natural logarithm of the Gaussian likelihood; minus infinity where the model has no answer."""
        square = np.einsum("rt,rt->r", *(2 * (self.residuals(np.atleast_2d(parameters)),)))
        constant = np.log(self._weight / np.sqrt(2.0 * np.pi)).sum()
        return np.where(np.isfinite(square), constant - 0.5 * square, -np.inf)


def names_of(model: Any, names: Sequence[str] | None) -> tuple[str, ...]:
    """The names given, or the model's own."""
    found = getattr(model, "names", None) if names is None else names
    if not found:
        raise InputError("names: none given, and the model has none; name its parameters in order")
    return tuple(map(str, found))


def prior_of(model: Any, prior: PriorLike | None) -> PriorLike:
    """The prior given, or the box in which the model holds."""
    found = getattr(model, "box", None) if prior is None else prior
    if found is None:
        raise InputError("prior: none given, and the model has no box; give (lowest, highest) of each parameter")
    return found


def curve(name: str, values: Any) -> Float[np.ndarray, "time"]:
    """A measured curve as floats, whatever it came as."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise InputError(f"{name}: rows of unequal length, expected (time,)") from None
    if array.dtype.kind not in "biuf" or array.ndim != 1 or array.size == 0:
        raise InputError(f"{name}: shape {array.shape} of {array.dtype} found, expected (time,) numbers")
    return array.astype(float)


def _sigma(sigma: Any) -> np.ndarray:
    array = np.asarray(sigma)
    if array.dtype.kind not in "biuf" or not (np.isfinite(array) & (array > 0)).all() or array.ndim > 1:
        raise InputError(
            f"sigma: {sigma!r} found, expected a positive number in the unit of the curve, or one a sample"
        )
    return array.astype(float)
