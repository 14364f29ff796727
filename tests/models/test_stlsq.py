"""The batched solver against PySINDy 2.1.0 and against the slow, obvious algorithm."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.models.normal_equations import block_bootstrap, dependent_terms, normal_equations, row_bootstrap
from inscape.models.stlsq import refit_on, stlsq


def random_case(seed):
    rng = np.random.default_rng(seed)
    rows, terms, targets = int(rng.integers(150, 2500)), int(rng.integers(4, 40)), int(rng.integers(1, 6))
    x = rng.normal(size=(rows, terms)) * 10 ** rng.uniform(-1, 1, terms)
    x = x @ (np.eye(terms) + 0.3 * rng.normal(size=(terms, terms)))
    truth = rng.normal(size=(targets, terms)) * (rng.random((targets, terms)) < 0.4)
    y = x @ truth.T + 0.1 * rng.normal(size=(rows, targets))
    hyper = (10 ** rng.uniform(-3, -0.3), float(rng.choice([0.0, 1e-5, 0.05, 1.0])), bool(rng.integers(2)))
    return x, y, *hyper


def swing_up_case(seed, rows=2000):
    """A cart-pole seen as (x, cos, sin, v, w): u, u cos^2 and u sin^2 are exactly collinear."""
    rng = np.random.default_rng(seed)
    angle, u = rng.uniform(-np.pi, np.pi, rows), rng.uniform(-1, 1, rows)
    x, v, w = rng.normal(size=rows), 2 * rng.normal(size=rows), 3 * rng.normal(size=rows)
    s = np.stack([x, np.cos(angle), np.sin(angle), v, w], axis=1)
    products = [s[:, i] * s[:, j] for i in range(5) for j in range(i, 5)]
    p = np.concatenate([s, np.stack(products, axis=1)], axis=1)
    terms = np.concatenate([p, u[:, None], p * u[:, None]], axis=1)
    rates = [v, -s[:, 2] * w, s[:, 1] * w, 6 * u + u * s[:, 1] ** 2, 9.8 * s[:, 2] - u * s[:, 1]]
    return terms, s + 0.01 * np.stack(rates, axis=1) + 1e-4 * rng.normal(size=(rows, 5)), 7e-3, 5e-5, False


def pysindy_fit(x, y, threshold, alpha, normalize):
    from pysindy.optimizers import STLSQ

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return STLSQ(threshold=threshold, alpha=alpha, normalize_columns=normalize).fit(x, y).coef_


CASES = [(random_case, seed) for seed in range(25)] + [(swing_up_case, seed) for seed in range(5)]


@pytest.mark.parametrize(("case", "seed"), CASES)
def test_a_single_fit_equals_pysindy(case, seed):
    x, y, threshold, alpha, normalize = case(seed)
    theirs = pysindy_fit(x, y, threshold, alpha, normalize)
    ours = stlsq(normal_equations(x, y), threshold, alpha, normalize=normalize)[0, 0]
    assert np.array_equal(ours != 0, theirs != 0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-8 * np.abs(theirs).max())


def test_the_swing_up_dictionary_keeps_the_whole_collinear_group():
    x, y, threshold, alpha, _ = swing_up_case(0)
    assert [tuple(group) for group in dependent_terms(normal_equations(x, y).gram[0])] == [(20, 31, 35)]
    coefficients = stlsq(normal_equations(x, y), threshold, alpha)[0, 0]
    group = coefficients[3, [20, 31, 35]]
    # Least norm: orthogonal to the null direction (1, -1, -1).
    assert np.all(group != 0)
    assert abs(group @ [1, -1, -1]) < 1e-10


@pytest.mark.parametrize("seed", range(4))
def test_every_bootstrap_model_equals_a_fit_on_its_own_rows(seed):
    x, y, threshold, alpha, normalize = random_case(seed)
    for draw in (row_bootstrap, block_bootstrap):
        equations = draw(x, y, 5, np.random.default_rng(seed))
        many = stlsq(equations, threshold, alpha, normalize=normalize)[:, 0]
        for model in range(5):
            alone = stlsq(normal_equations(*equations.matrix(model)), threshold, alpha, normalize=normalize)[0, 0]
            assert np.array_equal(alone != 0, many[model] != 0)
            np.testing.assert_allclose(many[model], alone, atol=1e-7 * np.abs(alone).max())


def test_a_library_ensemble_equals_fits_on_the_smaller_libraries():
    x, y, threshold, alpha, _ = random_case(3)
    keep = np.ones((4, x.shape[1]), dtype=bool)
    keep[np.arange(4), [0, 1, 2, 3]] = False
    equations = row_bootstrap(x, y, 4, np.random.default_rng(0))
    many = stlsq(equations, threshold, alpha, keep=keep)[:, 0]
    for model in range(4):
        weighted, target = equations.matrix(model)
        theirs = pysindy_fit(weighted[:, keep[model]], target, threshold, alpha, False)
        assert not many[model][:, ~keep[model]].any()
        np.testing.assert_allclose(many[model][:, keep[model]], theirs, atol=1e-7 * np.abs(theirs).max())


def test_a_grid_of_hyperparameters_equals_one_fit_for_each():
    x, y, *_ = random_case(5)
    thresholds, alphas = (g.ravel() for g in np.meshgrid([1e-3, 0.05, 0.3], [0.0, 1e-4, 0.5]))
    grid = stlsq(normal_equations(x, y), thresholds, alphas)[0]
    for threshold, alpha, together in zip(thresholds, alphas, grid, strict=True):
        alone = stlsq(normal_equations(x, y), threshold, alpha)[0, 0]
        np.testing.assert_allclose(together, alone, atol=1e-10)


def test_weights_act_like_repeated_rows():
    x, y, *_ = random_case(7)
    weights = np.random.default_rng(0).integers(0, 4, len(x)).astype(float)
    repeated = np.repeat(np.arange(len(x)), weights.astype(int))
    one = stlsq(normal_equations(x, y, weights), 0.05, 1e-3)
    two = stlsq(normal_equations(x[repeated], y[repeated]), 0.05, 1e-3)
    np.testing.assert_allclose(one, two, atol=1e-9)


def test_scaling_of_targets_scales_coefficients_when_the_threshold_follows():
    x, y, *_ = random_case(8)
    one = stlsq(normal_equations(x, y), 0.05, 1e-3)
    two = stlsq(normal_equations(x, 8 * y), 0.4, 1e-3)
    np.testing.assert_allclose(8 * one, two, rtol=1e-9, atol=1e-12)


def test_the_order_of_terms_does_not_matter():
    x, y, *_ = random_case(9)
    order = np.random.default_rng(1).permutation(x.shape[1])
    one = stlsq(normal_equations(x, y), 0.05, 1e-3)
    two = stlsq(normal_equations(x[:, order], y), 0.05, 1e-3)
    np.testing.assert_allclose(one[..., order], two, atol=1e-9)


def test_a_badly_conditioned_refit_goes_through_the_matrix():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 3))
    x[:, 2] = x[:, 0] + 1e-7 * x[:, 2]
    truth = np.array([[1.0, 2.0, 3.0]])
    found = refit_on(normal_equations(x, x @ truth.T), np.ones((1, 1, 3), dtype=bool), accurate=True)[0]
    np.testing.assert_allclose(found, truth, atol=1e-6)


def test_a_threshold_above_every_coefficient_leaves_nothing():
    x, y, *_ = random_case(2)
    assert not stlsq(normal_equations(x, y), 1e9, 0.1).any()


@pytest.mark.parametrize(
    ("terms", "targets", "message"),
    [
        (np.ones((3, 2)), np.ones((4, 1)), "shape"),
        (np.full((3, 2), np.nan), np.ones((3, 1)), "not finite"),
        (np.empty((0, 2)), np.empty((0, 1)), "shape"),
    ],
)
def test_bad_arrays_are_refused(terms, targets, message):
    with pytest.raises(InputError, match=message):
        normal_equations(terms, targets)


@pytest.mark.parametrize("options", [{"threshold": -1.0}, {"threshold": np.nan}, {"alpha": -1.0}, {"max_rounds": 0}])
def test_bad_hyperparameters_are_refused(options):
    x, y, *_ = random_case(2)
    arguments = {"threshold": 0.1, "alpha": 0.1} | options
    with pytest.raises(InputError):
        stlsq(normal_equations(x, y), **arguments)
