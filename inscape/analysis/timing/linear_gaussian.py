"""Linear models with Gaussian errors: the fit, its covariance and its evidence, all in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from inscape.analysis.priors import Normal, Prior, Uniform
from inscape.errors import InputError


@dataclass(frozen=True, eq=False)
class LinearFit:
    """A linear model's least squares.

    Parameters
    ----------
    coefficients : (parameter,) best.
    covariance : (parameter, parameter) of them.
    chi_squared : weighted sum of squared residuals.
    log_likelihood : natural logarithm at the best, with the term of the errors.
    residuals : (event,) values less model.
    variances : (event,) what each value was weighted by.
    """

    coefficients: Float[np.ndarray, "parameter"]
    covariance: Float[np.ndarray, "parameter parameter"]
    chi_squared: float
    log_likelihood: float
    residuals: Float[np.ndarray, "event"]
    variances: Float[np.ndarray, "event"]

    @property
    def errors(self) -> Float[np.ndarray, "parameter"]:
        """(parameter,) standard deviations."""
        return np.sqrt(np.diagonal(self.covariance))


def linear_fit(
    design: Float[np.ndarray, "event parameter"],
    values: Float[np.ndarray, "event"],
    variances: Float[np.ndarray, "event"],
) -> LinearFit:
    """Weighted least squares, with columns scaled first so that a quadratic in thousands of epochs stays exact.

    Raises
    ------
    InputError : if there are fewer values than parameters and one, or columns that cannot be told apart.
    """
    count, size = design.shape
    if count < size + 1:
        raise InputError(f"fit: {count} values found for {size} parameters, expected at least {size + 1}")
    scale = np.abs(design).max(axis=0)
    if not np.all(scale > 0):
        raise InputError("fit: a column of the model is zero at every event; leave that parameter out")
    weights = 1 / np.sqrt(variances)
    left, singular, right = np.linalg.svd(design / scale * weights[:, None], full_matrices=False)
    if singular[-1] < 1e-11 * singular[0]:
        raise InputError(f"fit: {size} parameters cannot be told apart by these {count} events; take a simpler model")
    whitened = values * weights
    projected = left.T @ whitened
    inverse = right.T / singular / scale[:, None]
    coefficients = inverse @ projected
    residuals = values - design @ coefficients
    chi_squared = float(((residuals * weights) ** 2).sum())
    log_likelihood = -0.5 * (chi_squared + float(np.log(2 * np.pi * variances).sum()))
    return LinearFit(coefficients, inverse @ inverse.T, chi_squared, log_likelihood, residuals, variances)


def log_evidence(fit: LinearFit, priors: Sequence[Prior]) -> float:
    """Natural logarithm of the evidence of a linear model under uniform and normal priors.

    A normal prior is one more observation of its parameter, which is exact. A uniform one multiplies the Gaussian
    integral by the share that lies inside its walls over their distance: exact for one wall that cuts, and for more
    if their parameters are not correlated.

    Raises
    ------
    InputError : if a prior is neither `Uniform` nor `Normal`.
    """
    from scipy.special import ndtr

    size = len(fit.coefficients)
    if len(priors) != size or any(not isinstance(prior, Normal | Uniform) for prior in priors):
        raise InputError(f"priors: {[type(p).__name__ for p in priors]} found, expected {size} of Uniform and Normal")
    mean, covariance = fit.coefficients, fit.covariance
    total = fit.log_likelihood + 0.5 * (size * np.log(2 * np.pi) + float(np.linalg.slogdet(covariance)[1]))
    normal = [(k, prior) for k, prior in enumerate(priors) if isinstance(prior, Normal)]
    if normal:
        known = [k for k, _ in normal]
        off = np.array([prior.mean for _, prior in normal]) - mean[known]
        joint = covariance[np.ix_(known, known)] + np.diag([prior.sigma**2 for _, prior in normal])
        solved = np.linalg.solve(joint, np.column_stack([off, covariance[known]]))
        total -= 0.5 * (float(off @ solved[:, 0]) + len(known) * np.log(2 * np.pi) + np.linalg.slogdet(joint)[1])
        mean = mean + covariance[:, known] @ solved[:, 0]
        covariance = covariance - covariance[:, known] @ solved[:, 1:]
    for k, prior in enumerate(priors):
        if isinstance(prior, Uniform):
            spread = float(np.sqrt(covariance[k, k]))
            inside = float(ndtr((prior.high - mean[k]) / spread) - ndtr((prior.low - mean[k]) / spread))
            total += np.log(max(inside, 1e-300)) - np.log(prior.high - prior.low)
    return float(total)
