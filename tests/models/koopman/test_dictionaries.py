"""Dictionaries: what their observables are, that they join, and that they refuse what they cannot work on."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from inscape.errors import InputError, UnknownNameError
from inscape.models.koopman import EDMD, Dictionary

WINDOWS = np.random.default_rng(0).normal(size=(200, 6, 2))
EVERY = [
    Dictionary.identity(),
    Dictionary.delays(3, stride=2),
    Dictionary.polynomial(3, delays=2),
    Dictionary.rbf(15),
    Dictionary.rbf(15, "gaussian", width=2.0, delays=3),
    Dictionary.fourier(2),
    Dictionary.terms(["sin(x) * y", "x**2"]),
    Dictionary.user(lambda x: np.stack([x[:, 0] ** 3, x.sum(axis=1)], axis=1), delays=2),
    Dictionary.constant(),
    Dictionary.rbf(10) | Dictionary.delays(4),
]


@pytest.fixture(params=EVERY, ids=lambda d: " ".join(repr(d).split())[:50])
def dictionary(request):
    return clone(request.param).fit(WINDOWS, ("x", "y"))


def test_there_is_one_name_for_every_feature(dictionary):
    assert dictionary.features(WINDOWS).shape == (200, len(dictionary.names))


def test_features_of_a_window_do_not_depend_on_the_windows_beside_it(dictionary):
    np.testing.assert_allclose(dictionary.features(WINDOWS)[7:9], dictionary.features(WINDOWS[7:9]), atol=1e-12)


def test_samples_before_the_past_of_a_dictionary_are_not_looked_at(dictionary):
    other = WINDOWS.copy()
    other[:, : 6 - dictionary.past] = 17.0
    np.testing.assert_array_equal(dictionary.features(other), dictionary.features(WINDOWS))


def test_delays_are_the_last_samples_newest_first():
    found = Dictionary.delays(2, stride=3).fit(WINDOWS, ("x", "y"))
    assert found.names == ("x", "y", "x_back3", "y_back3")
    np.testing.assert_array_equal(found.features(WINDOWS), np.concatenate([WINDOWS[:, -1], WINDOWS[:, -4]], axis=1))


def test_delays_of_one_variable_leave_the_others_out():
    found = Dictionary.delays(2, variables=["y"]).fit(WINDOWS, ("x", "y"))
    assert found.names == ("y", "y_back1")
    with pytest.raises(UnknownNameError, match="'z' is not known"):
        Dictionary.delays(2, variables=["z"]).fit(WINDOWS, ("x", "y")).features(WINDOWS)


def test_a_union_holds_the_features_of_both_in_order():
    first, second = Dictionary.polynomial(2), Dictionary.delays(3)
    both = (first | second).fit(WINDOWS, ("x", "y"))
    parts = [first.fit(WINDOWS, ("x", "y")).features(WINDOWS), second.fit(WINDOWS, ("x", "y")).features(WINDOWS)]
    np.testing.assert_array_equal(both.features(WINDOWS), np.concatenate(parts, axis=1))
    assert both.past == 3
    assert both.has_constant


def test_radial_functions_are_those_of_the_paper():
    centres = np.array([[0.0, 0.0], [1.0, -1.0]])
    found = Dictionary.rbf(centres, standardize=False).fit(WINDOWS, ("x", "y"))
    points = WINDOWS[:, -1]
    d = np.linalg.norm(points - points.mean(axis=0), axis=1).mean()
    expected = np.exp(-2 * np.linalg.norm(points[:, None] - centres, axis=2) / d)
    np.testing.assert_allclose(found.features(WINDOWS), expected, atol=1e-14)


def test_more_centres_than_places_are_as_many_as_there_are():
    few = np.repeat(WINDOWS[:5], 20, axis=0)
    assert Dictionary.rbf(50).fit(few).features(few).shape == (100, 5)


def test_torus_modes_are_orthonormal_under_the_uniform_measure():
    grid = np.arange(16) * 2 * np.pi / 16
    windows = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 1, 2)
    psi = Dictionary.fourier(3).fit(windows).features(windows)
    np.testing.assert_allclose(psi.conj().T @ psi / len(psi), np.eye(49), atol=1e-12)


def test_polynomials_span_what_raw_monomials_do():
    found = Dictionary.polynomial(2).fit(WINDOWS + 300).features(WINDOWS + 300)
    x, y = (WINDOWS[:, -1] + 300).T
    for target in (x * y, y**2, x):
        left = target - found @ np.linalg.lstsq(found, target, rcond=None)[0]
        assert np.abs(left).max() < 1e-9 * np.abs(target).max()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dictionary.delays(0).fit(WINDOWS), "count: 0 found"),
        (lambda: Dictionary.delays(7).fit(WINDOWS), "6 samples each found"),
        (lambda: Dictionary.rbf(0).fit(WINDOWS), "centres: 0 found"),
        (lambda: Dictionary.rbf(5, width=-1).fit(WINDOWS), "width: -1 found"),
        (lambda: Dictionary.rbf(np.ones((3, 5))).fit(WINDOWS), r"expected \(centre, 2\)"),
        (lambda: Dictionary.fourier(-1).fit(WINDOWS), "order: -1 found"),
        (lambda: Dictionary.fourier(2, period=0.0).fit(WINDOWS), "period: 0.0 found"),
        (lambda: Dictionary.polynomial(60, delays=6).fit(WINDOWS), "lower the degree"),
        (lambda: Dictionary.user(lambda x: x[:1]).fit(WINDOWS), "returned shape"),
        (lambda: Dictionary.delays(2).features(WINDOWS), "not fitted"),
        (lambda: Dictionary.delays(2).fit(WINDOWS).features(WINDOWS[:, :, :1]), "1 state variables found"),
        (lambda: Dictionary.delays(2).fit(WINDOWS[:0]), "expected"),
        (lambda: Dictionary.delays(2).fit(WINDOWS.astype(object)), "expected"),
        (lambda: Dictionary.delays(2) | 3, "int found on the right"),
    ],
)
def test_a_dictionary_says_in_one_line_what_it_cannot_do(make, message):
    with pytest.raises(InputError, match=message) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_an_unknown_shape_names_the_nearest():
    with pytest.raises(UnknownNameError, match="gaussian"):
        Dictionary.rbf(5, "gausian").fit(WINDOWS)


def test_a_net_learns_observables_that_the_operator_keeps():
    pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (800, 2))
    # y is drawn to a parabola: x, y and x^2 span an invariant space, the state alone does not.
    y = np.stack([0.9 * x[:, 0], 0.5 * x[:, 1] + 0.31 * x[:, 0] ** 2], axis=1)
    alone = EDMD(Dictionary.identity()).fit_pairs(x, y)
    learnt = EDMD(Dictionary.net(3, hidden=(16,), steps=120, rate=1e-2)).fit_pairs(x, y)
    losses = learnt.dictionary_.losses_
    assert losses[-1] < 0.05 * losses[0]
    near = np.abs(learnt.eigenvalues_ - 0.5).argmin()
    assert learnt.residuals_[near] < 0.5 * alone.residuals_[np.abs(alone.eigenvalues_ - 0.5).argmin()]
