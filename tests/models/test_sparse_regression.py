"""Sparse regressions that are no laws of motion."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from inscape.errors import InputError, UnknownNameError
from inscape.models import dictionary
from inscape.models.sparse_regression import SparseRegression


def quadratic(rows=400, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3))
    y = 2 - 0.5 * x[:, :1] ** 2 + 0.3 * x[:, 1:2] * x[:, 2:]
    return x, y + noise * rng.normal(size=y.shape)


def test_a_reward_formula_is_found_again():
    x, y = quadratic()
    found = SparseRegression(dictionary.polynomial(2), names=("cart", "speed", "u")).fit(x, y)
    assert found.equations() == ("y0 = 2 - 0.5 cart**2 + 0.3 speed*u",)
    assert found.complexity == 3
    np.testing.assert_allclose(found.predict(x), y, atol=1e-10)


def test_a_single_model_equals_pysindys_optimiser():
    stlsq = pytest.importorskip("pysindy.optimizers", reason="needs pysindy").STLSQ
    x, y = quadratic(noise=0.05)
    ours = SparseRegression(dictionary.polynomial(3), ensemble=0, threshold=0.05, alpha=1e-3).fit(x, y)
    theirs = stlsq(threshold=0.05, alpha=1e-3).fit(ours.terms_.columns(x), y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, rtol=1e-8, atol=1e-10)


def test_terms_may_be_made_of_some_of_the_columns():
    x, y = quadratic()
    found = SparseRegression(dictionary.polynomial(2), names=("a", "b", "c"), variables=("a",)).fit(x, y)
    assert found.terms_.names == ("1", "a", "a**2")
    with pytest.raises(UnknownNameError, match="d"):
        SparseRegression(names=("a", "b", "c"), variables=("d",)).fit(x, y)


def test_the_ensemble_spreads_off_the_samples():
    x, y = quadratic(noise=0.3)
    found = SparseRegression(dictionary.polynomial(2), drop=1, seed=1).fit(x, y)
    assert found.variance(np.full((1, 3), 9.0)) > 50 * found.variance(np.zeros((1, 3)))
    assert found.coef_samples_.shape == (20, 1, 10)
    again = clone(found).fit(x, y)
    np.testing.assert_array_equal(again.coef_, found.coef_)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((3, 3)), np.zeros((3, 1)), "rows"),
        (np.zeros((30, 3)), np.zeros((20, 1)), "y"),
        (np.zeros((0, 3)), np.zeros((0, 1)), "shape"),
        ([["a", "b"]], [[1.0]], "numbers"),
    ],
)
def test_bad_tables_are_refused(x, y, message):
    with pytest.raises(InputError, match=message):
        SparseRegression(dictionary.polynomial(2)).fit(x, y)


def test_a_threshold_above_everything_names_the_largest_coefficient():
    x, y = quadratic()
    with pytest.raises(InputError, match=r"100 dropped every term; the largest coefficient is 2"):
        SparseRegression(dictionary.polynomial(2), threshold=100.0).fit(x, y)


def test_rows_with_missing_values_are_left_out():
    x, y = quadratic()
    x[5, 0] = np.nan
    assert SparseRegression(dictionary.polynomial(2)).fit(x, y).rows_ == 399
