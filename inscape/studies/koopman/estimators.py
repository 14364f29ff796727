"""Six estimators of Koopman spectra, ours and published ones, asked in one way: pairs in, eigenvalues out."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Complex, Float

from inscape.extras import require
from inscape.models.koopman import EDMD, Dictionary, KernelEDMD, MeasurePreservingEDMD

DEGREE = 3
RANK = 10

Points = Float[np.ndarray, "pair state"]
Estimator = Callable[[Points, Points], Complex[np.ndarray, "value"]]


def edmd(x: Points, y: Points) -> Complex[np.ndarray, "value"]:
    """Ours: cubic polynomials of the state."""
    return EDMD(Dictionary.polynomial(DEGREE)).fit_pairs(x, y).eigenvalues_


def measure_preserving(x: Points, y: Points) -> Complex[np.ndarray, "value"]:
    """Ours: the same, with eigenvalues on the circle by construction."""
    return MeasurePreservingEDMD(Dictionary.polynomial(DEGREE)).fit_pairs(x, y).eigenvalues_


def kernel(x: Points, y: Points) -> Complex[np.ndarray, "value"]:
    """Ours: a Gaussian kernel."""
    return KernelEDMD(rank=RANK).fit_pairs(x, y).eigenvalues_


def pydmd_edmd(x: Points, y: Points) -> Complex[np.ndarray, "value"]:
    """PyDMD's kernelised EDMD with a cubic kernel."""
    module = require("pydmd", "studies")
    model = module.EDMD(
        svd_rank=RANK, kernel_metric="poly", kernel_params={"degree": DEGREE, "coef0": 1.0, "gamma": 1.0}
    )
    return np.asarray(_quietly(lambda: model.fit(x.T, y.T)).eigs)


def kooplearn_ridge(x: Points, y: Points) -> Complex[np.ndarray, "value"]:
    """kooplearn's reduced-rank ridge regression on cubic monomials."""
    from inscape.models.dictionary import monomial_powers

    module = require("kooplearn.linear_model", "studies")
    powers = np.asarray(monomial_powers(x.shape[1], DEGREE))
    features = [np.prod(points[:, None] ** powers, axis=2) for points in (x, y)]
    # A lag of as many samples as there are pairs makes x_m and y_m neighbours, and nothing else.
    model = module.Ridge(n_components=RANK, lag_time=len(x), alpha=1e-12)
    return np.asarray(_quietly(lambda: model.fit(np.concatenate(features))).eig())


def kooplearn_kernel(x: Points, y: Points) -> Complex[np.ndarray, "value"]:
    """kooplearn's reduced-rank kernel regression with a Gaussian kernel."""
    module = require("kooplearn.kernel", "studies")
    model = module.KernelRidge(n_components=RANK, lag_time=len(x), kernel="rbf", gamma=1.0, alpha=1e-12)
    return np.asarray(_quietly(lambda: model.fit(np.concatenate([x, y]))).eig())


ESTIMATORS: dict[str, Estimator] = {
    "EDMD": edmd,
    "measure-preserving EDMD": measure_preserving,
    "kernel EDMD": kernel,
    "PyDMD EDMD": pydmd_edmd,
    "kooplearn ridge": kooplearn_ridge,
    "kooplearn kernel": kooplearn_kernel,
}
PEERS = {
    "PyDMD EDMD": "pydmd",
    "kooplearn ridge": "kooplearn.linear_model",
    "kooplearn kernel": "kooplearn.kernel",
}
"""The packages that the published ones come from."""


def _quietly(fit: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return fit()
