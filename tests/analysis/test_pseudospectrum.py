"""Pseudospectra: every bound holds where the answer is known, and few evaluations do for many points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.analysis import Galerkin, least_residual, plane, pseudospectrum, residual, spectrum_with_error_control
from inscape.errors import InputError
from tests.analysis.koopman_cases import doubling, rotation, smooth_galerkin


@pytest.mark.parametrize("tolerance", [0.1, 0.01, 1e-5])
def test_bounds_hold_at_every_point_of_a_grid(tolerance):
    g = smooth_galerkin(30, 900)
    z = plane((-0.5, 1.1), (-0.6, 0.6), 0.1)
    found = pseudospectrum(g, z, tolerance=tolerance)
    exact = least_residual(g, z)
    assert (found.upper - found.lower).max() <= tolerance
    assert (found.lower <= exact + 1e-12).all()
    assert (exact <= found.upper + 1e-12).all()


def test_complex_features_need_no_mirror_and_are_bounded_too():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 80, 9)) + 1j * rng.normal(size=(2, 80, 9))
    g = Galerkin.of(x, y)
    z = plane((-1, 1), (-1, 1), 0.2)
    found = pseudospectrum(g, z, tolerance=0.02)
    exact = least_residual(g, z)
    assert (found.lower <= exact + 1e-12).all()
    assert (exact <= found.upper + 1e-12).all()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 30))
def test_bounds_hold_at_points_wherever_they_lie(seed, size, count):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 40, size))
    g = Galerkin.of(x, y)
    z = rng.normal(size=count) + 1j * rng.normal(size=count) * rng.choice([0.0, 1e-9, 1.0])
    found = pseudospectrum(g, z, tolerance=0.01)
    exact = least_residual(g, z)
    assert (found.lower <= exact + 1e-10).all()
    assert (exact <= found.upper + 1e-10).all()
    assert (found.upper - found.lower).max() <= 0.01 + 1e-12


def test_between_the_points_asked_for_bounds_hold_as_well():
    g = smooth_galerkin(25, 800)
    found = pseudospectrum(g, plane((-0.4, 1.0), (-0.5, 0.5), 0.1), tolerance=0.01)
    rng = np.random.default_rng(1)
    z = rng.uniform(-0.4, 1.0, 50) + 1j * rng.uniform(-0.5, 0.5, 50)
    lower, upper = found.at(z)
    exact = least_residual(g, z)
    assert (lower <= exact + 1e-12).all()
    assert (exact <= upper + 1e-12).all()
    assert np.median(upper - lower) < 0.02
    outside = found.at(np.array([5.0 + 0j]))
    assert outside[0][0] <= least_residual(g, 5.0) <= outside[1][0]


def test_few_evaluations_do_for_many_points():
    g = smooth_galerkin(40)
    z = plane((-0.5, 1.0), (-0.6, 0.6), 0.02)
    found = pseudospectrum(g, z, tolerance=0.01)
    assert z.size > 4_000
    assert found.evaluations < z.size / 15
    levels = pseudospectrum(g, z, tolerance=0.01, levels=[0.3, 0.1, 0.03])
    assert levels.evaluations < found.evaluations
    for level in (0.3, 0.1, 0.03):
        settled = levels.inside(level) | levels.outside(level)
        assert ((found.upper - found.lower)[~settled] <= 0.01).all()
        assert not (levels.inside(level) & found.outside(level)).any()


def test_a_witness_has_the_residual_that_it_is_given_for():
    g = smooth_galerkin(20, 500)
    found = pseudospectrum(g, plane((0, 1), (0, 1), 0.2))
    value, vector = found.witness(0.5 + 0.3j)
    assert np.isclose(residual(g, 0.5 + 0.3j, vector), value)
    assert value <= found.at(0.5 + 0.3j)[1] + 1e-12


def test_residuals_far_below_the_roots_of_rounding_are_found():
    # A rotation: the residual at an eigenvalue is zero, which squared forms would put at 1e-8.
    g = rotation(8, 0.2)
    z = np.exp(2j * np.pi * 0.2 * np.array([1, 2, 3])) * np.array([1, 1 + 1e-6, 1 + 1e-4])
    found = pseudospectrum(g, z, tolerance=1e-9)
    assert np.abs(found.upper - [0, 1e-6, 1e-4]).max() < 2e-9


def test_the_doubling_maps_level_sets_are_discs():
    found = pseudospectrum(doubling(32), plane((-1.2, 1.2), (-1.2, 1.2), 0.1), tolerance=0.005)
    size = np.abs(found.points)
    exact = np.sqrt(1 + size**2 - 2 * size * np.cos(np.pi / 7))
    assert np.abs(found.values - exact).max() < 0.0051


def test_error_control_finds_the_eigenvalues_of_a_rotation_and_nothing_else():
    g = rotation(3, 0.3)
    grid = np.concatenate([plane((-1.2, 1.2), (-1.2, 1.2), 0.1).ravel(), g.eigen().eigenvalues])
    kept = spectrum_with_error_control(g, grid, measure_preserving=True, tolerance=1e-8)
    exact = np.exp(2j * np.pi * 0.3 * np.array([-3, -2, -1, 1, 2, 3]))
    distance = np.abs(kept.points[:, None] - exact).min(axis=1)
    assert (distance <= kept.errors + 1e-7).all()
    assert kept.bound < 1e-6
    assert len(kept.points) == 6


def test_error_control_keeps_none_of_edmds_zeros_for_a_measure_preserving_map():
    kept = spectrum_with_error_control(doubling(16), measure_preserving=True)
    assert len(kept.points) == 0 or kept.errors.min() > 0.9


@pytest.mark.parametrize(
    "call",
    [
        lambda g: pseudospectrum(g, []),
        lambda g: pseudospectrum(g, [np.nan]),
        lambda g: pseudospectrum(g, [1.0], tolerance=0),
        lambda g: pseudospectrum(g, [1.0], tolerance="a"),
        lambda g: pseudospectrum(g, [1.0], levels=[]),
        lambda g: pseudospectrum(g, [1.0], levels=[-1.0]),
        lambda g: pseudospectrum(np.eye(2), [1.0]),
        lambda g: pseudospectrum(g, ["a"]),
        lambda g: pseudospectrum(g, [1.0]).inside(-1),
        lambda g: plane((1, 0)),
        lambda g: plane((0, 1), step=0),
        lambda g: spectrum_with_error_control(g, factor=0),
        lambda g: spectrum_with_error_control(g, measure_preserving="yes"),
        lambda g: spectrum_with_error_control(None),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(call):
    with pytest.raises(InputError) as error:
        call(doubling(3))
    assert "\n" not in str(error.value)


def test_bounds_hold_to_ten_digits_where_residuals_are_small():
    # Nearly invariant features: residuals of 1e-6 to 1e-3 about the point 1.
    rng = np.random.default_rng(3)
    x = rng.normal(size=(400, 12))
    y = x * (1 + 1e-3 * rng.normal(size=12)) + 1e-6 * rng.normal(size=x.shape)
    g = Galerkin.of(x, y)
    z = 1 + plane((-2e-3, 2e-3), (-1e-3, 1e-3), 5e-4)
    found = pseudospectrum(g, z, tolerance=1e-10)
    exact = least_residual(g, z)
    assert (found.lower <= exact + 1e-13).all()
    assert (exact <= found.upper + 1e-13).all()
    assert (found.upper - found.lower).max() <= 1e-10
