"""Spectral measures: rates of kernels and filters, errors that are known beforehand, generalised eigenfunctions."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import (
    filtered_density,
    rigged_density,
    spectral_measure,
    spectral_moments,
    unitary_part,
)
from inscape.analysis.correlation_moments import WINDOWS
from inscape.analysis.rational_kernel import HIGHEST_ORDER, rational_kernel
from inscape.errors import InputError
from inscape.trajectories import Trajectory
from tests.analysis.koopman_cases import krylov, rotation

ANGLES = np.linspace(-np.pi, np.pi, 201)
# Arnold's cat map F, g = exp(2 pi i x) + 0.5 K exp(2 pi i x): waves that K moves never come back, so <K^n g, g> is
# 1.25, 0.5, 0, 0, ... and the density is (1.25 + cos theta) / 2 pi.
CAT_MOMENTS = np.array([1.25, 0.5])
CAT_DENSITY = (1.25 + np.cos(ANGLES)) / (2 * np.pi)


def first(g):
    return g.coordinates_of(np.eye(g.features)[0])


@pytest.fixture(scope="module")
def cat():
    return krylov(CAT_MOMENTS, 400)


@pytest.fixture(scope="module")
def cat_eigenvalues(cat):
    part = unitary_part(cat)
    return part.eigenvalues, np.abs(part.coefficients(first(cat))) ** 2


@pytest.mark.parametrize("order", [1, 2, 4, 6])
def test_a_kernel_of_order_m_errs_as_the_width_to_the_power_m_on_the_cat_map(cat_eigenvalues, order):
    widths = np.array([0.1, 0.14, 0.2])
    errors = [np.abs(rigged_density(*cat_eigenvalues, ANGLES, e, order) - CAT_DENSITY).max() for e in widths]
    assert np.polyfit(np.log(widths), np.log(errors), 1)[0] >= order - 0.15


def test_the_width_that_is_chosen_by_itself_is_good_to_nine_digits_on_the_cat_map(cat):
    for order in (6, None):
        found = spectral_measure(cat, first(cat), ANGLES, order=order)
        error = np.abs(found.density - CAT_DENSITY).max()
        assert error <= 1e-9
        assert error <= found.error
    assert np.isclose(found.at(ANGLES[:3]), found.density[:3]).all()


def test_with_fewer_delays_the_width_grows_and_the_error_stays_known():
    errors = []
    for size in (20, 40, 80, 160):
        g = krylov(CAT_MOMENTS, size)
        found = spectral_measure(g, first(g), ANGLES)
        errors.append(np.abs(found.density - CAT_DENSITY).max())
        assert errors[-1] <= found.error
    assert np.all(np.diff(errors) < 0)


def test_a_dictionary_that_is_too_small_says_so():
    # Two delays do not know the third autocorrelation; the bound has to stay above what that changes.
    moments = 0.9 ** np.arange(400)
    g = krylov(moments, 4)
    found = spectral_measure(g, first(g), ANGLES)
    exact = (1 - 0.81) / (1 - 1.8 * np.cos(ANGLES) + 0.81) / (2 * np.pi)
    assert found.truncation + found.smoothing > 0.05
    assert np.abs(found.density - exact).max() > 0.05


def test_a_density_integrates_to_the_energy_and_peaks_at_eigenvalues():
    g = rotation(4, 0.15)
    wave = g.coordinates_of(np.eye(8)[5])
    found = spectral_measure(g, wave, np.linspace(-np.pi, np.pi, 4_000, endpoint=False), epsilon=0.02, order=4)
    assert np.isclose(found.density.mean() * 2 * np.pi, found.energy, rtol=1e-6)
    assert np.isclose(found.energy, 1.0)
    assert abs(found.angles[found.density.argmax()] - 2 * np.pi * 0.15 * 2) < 2e-3


def test_generalised_eigenfunctions_are_nearly_scaled_by_the_koopman_matrix(cat):
    found = spectral_measure(cat, first(cat), epsilon=0.05, order=6)
    packets = found.generalised_eigenfunctions(np.array([0.7, -2.0]))
    moved = cat.cross @ packets
    off = np.linalg.norm(moved - packets * np.exp(1j * np.array([0.7, -2.0])), axis=0) / np.linalg.norm(packets, axis=0)
    assert (off < 0.1).all()


@pytest.mark.parametrize("order", range(1, HIGHEST_ORDER + 1))
def test_residues_solve_their_vandermonde_system(order):
    kernel = rational_kernel(order)
    powers = np.vander(kernel.poles, increasing=True).T
    assert np.allclose(powers @ kernel.residues, np.eye(order)[0], atol=1e-9)
    assert np.isclose(kernel.filter(np.array(0.0)), 1.0)


def test_eigenvalues_on_the_circle_and_their_filtered_moments_give_one_density():
    rng = np.random.default_rng(0)
    angles, weights = rng.uniform(-np.pi, np.pi, 5), rng.random(5)
    epsilon, order = 0.2, 4
    direct = rigged_density(np.exp(1j * angles), weights, ANGLES, epsilon, order)
    lags = np.arange(400)
    moments = np.exp(1j * np.outer(lags, angles)) @ weights * rational_kernel(order).filter(lags * epsilon)
    moments[0] /= 2
    summed = np.real(np.exp(-1j * np.outer(ANGLES, lags)) @ moments) / np.pi
    assert np.abs(direct - summed).max() < 1e-12


@pytest.mark.parametrize(("window", "order"), [("fejer", 1), ("cosine", 2), ("sharp cosine", 4)])
def test_a_filter_of_order_m_errs_as_lags_to_the_power_minus_m(window, order):
    # Poisson's kernel: autocorrelations r^n.
    exact = (1 - 0.25) / (1 - np.cos(ANGLES) + 0.25) / (2 * np.pi)
    lags = np.array([80, 160])
    errors = [np.abs(filtered_density(0.5 ** np.arange(n), ANGLES, window=window) - exact).max() for n in lags]
    assert np.log2(errors[0] / errors[1]) >= order - 0.15


def test_the_bump_is_as_good_as_rounding_where_the_density_is_analytic():
    exact = (1 - 0.25) / (1 - np.cos(ANGLES) + 0.25) / (2 * np.pi)
    assert np.abs(filtered_density(0.5 ** np.arange(200), ANGLES) - exact).max() < 1e-13


def test_fejers_density_is_positive_and_moments_of_a_tone_are_its_powers():
    t = np.arange(5_000)
    moments = spectral_moments(np.exp(0.7j * t), 50)
    assert np.allclose(moments, np.exp(0.7j * np.arange(50)), atol=1e-12)
    assert filtered_density(moments, ANGLES, window="fejer").min() > -1e-12
    run = Trajectory(t.astype(float), np.cos(0.7 * t)[:, None])
    assert np.allclose(spectral_moments(run, 3), np.cos(0.7 * np.arange(3)) / 2, atol=1e-3)
    assert abs(spectral_moments(np.cos(0.7 * t) + 3, 2, centre=True)[0] - 0.5) < 1e-3


@pytest.mark.parametrize(
    "call",
    [
        lambda: spectral_measure(rotation(2, 0.1), np.ones(3)),
        lambda: spectral_measure(rotation(2, 0.1), np.zeros(4)),
        lambda: spectral_measure(rotation(2, 0.1), np.full(4, np.nan)),
        lambda: spectral_measure(rotation(2, 0.1), np.ones(4), epsilon=-1),
        lambda: spectral_measure(rotation(2, 0.1), np.ones(4), order=99),
        lambda: spectral_measure(rotation(2, 0.1), np.ones(4), order=0),
        lambda: spectral_measure(rotation(2, 0.1), np.ones(4), [[0.0]]),
        lambda: spectral_measure(None, np.ones(4)),
        lambda: rigged_density([0.5], [1.0], [0.0], 0.1),
        lambda: rigged_density([1.0], [1.0, 2.0], [0.0], 0.1),
        lambda: filtered_density([], [0.0]),
        lambda: filtered_density([1.0, np.nan], [0.0]),
        lambda: filtered_density([1.0], [0.0], window="hann"),
        lambda: spectral_moments(np.ones(5), 6),
        lambda: spectral_moments(np.ones((5, 2)), 2),
        lambda: spectral_moments([np.nan, 1.0], 1),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(call):
    with pytest.raises(InputError) as error:
        call()
    assert "\n" not in str(error.value)


def test_windows_are_named():
    assert WINDOWS == ("fejer", "cosine", "sharp cosine", "bump")
