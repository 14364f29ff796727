"""`SparseRegression`: y = Xi Theta(x) with few terms - for what is no law of motion, such as a reward or a policy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from inscape.errors import InputError, UnknownNameError
from inscape.models.dictionary import Library, Terms, polynomial
from inscape.models.normal_equations import normal_equations
from inscape.models.rows import Rows, joined
from inscape.models.sparse_ensemble import AGGREGATES, check_ensemble, refuse_empty, sparse_ensemble
from inscape.models.sparse_law import written_sum
from inscape.systems.plan import number


class SparseRegression(RegressorMixin, BaseEstimator):
    """Thresholded least squares over a dictionary of terms, alone or as a bootstrap ensemble.

    Parameters
    ----------
    library : candidate terms, of `inscape.models.dictionary`.
    threshold, alpha, max_rounds, normalize, refit : as of `stlsq`.
    ensemble, bootstrap, drop, aggregate, seed : as of `SINDy`.
    names : of the columns of x; x0, x1, ... if None.
    variables : names of the columns that the terms are made of; all if None.
    inputs : how many of the last columns are inputs to the library (`dictionary.affine` tells them from states).

    Notes
    -----
    After `fit`: `coef_` (target, term), `coef_samples_` (model, target, term), `inclusion_` (target, term), `terms_`,
    `rows_`.
    """

    def __init__(
        self,
        library: Library | None = None,
        *,
        threshold: float = 1e-3,
        alpha: float = 1e-5,
        ensemble: int = 20,
        bootstrap: Literal["blocks", "rows"] = "rows",
        drop: int = 0,
        aggregate: Literal["median", "mean"] = "median",
        max_rounds: int = 20,
        normalize: bool = False,
        refit: bool = True,
        names: Sequence[str] | None = None,
        variables: Sequence[str] | None = None,
        inputs: int = 0,
        seed: int | None = 0,
    ):
        self.library = library
        self.threshold = threshold
        self.alpha = alpha
        self.ensemble = ensemble
        self.bootstrap = bootstrap
        self.drop = drop
        self.aggregate = aggregate
        self.max_rounds = max_rounds
        self.normalize = normalize
        self.refit = refit
        self.names = names
        self.variables = variables
        self.inputs = inputs
        self.seed = seed

    def fit(self, x: Float[np.ndarray, "row variable"], y: Float[np.ndarray, "row target"]) -> Self:
        """Learn y from x; rows with NaN are left out.

        Raises
        ------
        InputError : with fewer rows than terms, or when every term was dropped.
        """
        check_ensemble(self.ensemble, self.bootstrap, self.drop, self.aggregate)
        threshold = number("threshold", self.threshold, "a number, not negative", least=0.0)
        values, targets = _table("x", x), _table("y", y)
        if len(values) != len(targets):
            raise InputError(f"y: {len(targets)} rows found, expected {len(values)}, as many as x has")
        self.names_ = tuple(self.names) if self.names is not None else tuple(f"x{i}" for i in range(values.shape[1]))
        if len(self.names_) != values.shape[1]:
            raise InputError(f"names: {len(self.names_)} found for {values.shape[1]} columns of x")
        self._choose_columns()
        used = [self.names_[i] for i in self.columns_]
        states = len(used) - int(self.inputs)
        self.library_ = polynomial(2) if self.library is None else self.library
        self.terms_: Terms = self.library_.terms(used[:states], used[states:])
        rows = joined([(self._columns(values), targets)], self.terms_)
        self._solve(rows, threshold)
        return self

    def _choose_columns(self) -> None:
        chosen = self.names_ if self.variables is None else tuple(self.variables)
        for name in chosen:
            if name not in self.names_:
                raise UnknownNameError("variable", name, self.names_)
        self.columns_ = np.array([self.names_.index(name) for name in chosen])

    def _solve(self, rows: Rows, threshold: float) -> None:
        options = {"max_rounds": self.max_rounds, "normalize": self.normalize, "refit": self.refit}
        self.rows_ = len(rows.terms)
        self.coef_samples_ = sparse_ensemble(
            rows,
            threshold,
            self.alpha,
            models=self.ensemble,
            bootstrap=self.bootstrap,
            drop=self.drop,
            seed=self.seed,
            **options,  # type: ignore[arg-type]
        )[:, 0]
        self.inclusion_ = (self.coef_samples_ != 0).mean(axis=0)
        self.coef_ = AGGREGATES[self.aggregate](self.coef_samples_, axis=0)
        targets = [f"target {i}" for i in range(len(self.coef_))]
        refuse_empty(
            self.coef_, normal_equations(rows.terms, rows.targets), threshold, self.alpha, self.terms_.names, targets
        )

    def predict(self, x: Float[np.ndarray, "*batch variable"]) -> Float[np.ndarray, "*batch target"]:
        """The fitted value of every target."""
        check_is_fitted(self)
        return self._columns(x) @ self.coef_.T

    def variance(self, x: Float[np.ndarray, "*batch variable"]) -> Float[np.ndarray, "*batch target"]:
        """Variance of the prediction over the bootstrap models; zero without an ensemble."""
        check_is_fitted(self)
        return np.var(np.stack([self._columns(x) @ sample.T for sample in self.coef_samples_]), axis=0)

    def equations(self, digits: int = 4) -> tuple[str, ...]:
        """One line a target, coefficients to so many significant digits."""
        check_is_fitted(self)
        return tuple(f"y{i} = {written_sum(row, self.terms_.names, digits)}" for i, row in enumerate(self.coef_))

    @property
    def complexity(self) -> int:
        """Number of terms, over all targets."""
        check_is_fitted(self)
        return int(np.count_nonzero(self.coef_))

    def _columns(self, x: Any) -> np.ndarray:
        values = np.asarray(x, dtype=float)
        if values.ndim == 0 or values.shape[-1] != len(self.names_):
            raise InputError(f"x: shape {values.shape} found, expected (..., {len(self.names_)})")
        return self.terms_.columns(values[..., self.columns_])


def _table(name: str, values: Any) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name}: something other than numbers found, expected an array of numbers") from None
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or not array.size:
        raise InputError(f"{name}: shape {array.shape} found, expected (row, column) with at least one of each")
    return array
