"""Kernel EDMD: fewer snapshots than observables, judged by left eigenvectors or on pairs that were held out."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.models.koopman import EDMD, Dictionary, KernelEDMD
from inscape.models.koopman.kernels import KERNELS, kernel_matrix


def rotation(samples, dt=0.1):
    t = dt * np.arange(samples)
    return np.stack([np.cos(2 * t), np.sin(2 * t)], axis=1)


def test_the_kernels_are_those_of_the_paper():
    rng = np.random.default_rng(0)
    x, y, d = rng.normal(size=(5, 3)), rng.normal(size=(7, 3)), 1.7
    r = np.linalg.norm(x[:, None] - y, axis=2)
    inner = x @ y.T / d**2
    expected = {
        "gaussian": np.exp(-(r**2) / d**2),
        "laplacian": np.exp(-r / d),
        "lorentzian": 1 / (1 + r**2 / d**2),
        "polynomial": (1 + inner) ** 20,
        "laplacian polynomial": np.exp(-r / d) * (1 + inner) ** 20,
    }
    assert set(expected) == set(KERNELS)
    for name, values in expected.items():
        np.testing.assert_allclose(kernel_matrix(name, x, y, d, 20), values, rtol=1e-10)


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel_finds_the_turn_of_a_rotation(kernel):
    model = KernelEDMD(kernel, degree=2, rank=7).fit(rotation(200), dt=0.1)
    assert np.abs(model.eigenvalues_ - np.exp(0.2j)).min() < 0.02


def test_a_quadratic_kernel_is_edmd_on_quadratic_polynomials():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    y = np.stack([x[:, 0] * 0.8 + 0.3 * x[:, 1] ** 2, np.sin(x[:, 1])], axis=1)
    kernel = KernelEDMD("polynomial", degree=2, standardize=False, held_out=0, rtol=1e-7).fit_pairs(x, y)
    plain = EDMD(Dictionary.polynomial(2), held_out=0).fit_pairs(x, y)
    assert kernel.rank_ == plain.rank_ == 6
    np.testing.assert_allclose(np.sort_complex(kernel.eigenvalues_), np.sort_complex(plain.eigenvalues_), atol=1e-6)


def test_residuals_of_left_eigenvectors_follow_the_published_formula():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    y = np.tanh(x @ rng.normal(size=(3, 3)))
    model = KernelEDMD("gaussian", standardize=False, held_out=0, rtol=1e-5).fit_pairs(x, y)
    both = np.concatenate([x, y])
    centred = both - both.mean(axis=0)
    d = 0.9 * np.linalg.norm(centred, axis=1).mean()
    gram = np.exp(-np.sum((centred[:, None] - centred) ** 2, axis=2) / d**2)
    values, vectors = np.linalg.eigh(gram[:40, :40])
    kept = np.sqrt(values) > 1e-5 * np.sqrt(values[-1])
    scaled = vectors[:, kept] / np.sqrt(values[kept])
    k, image = scaled.T @ gram[40:, :40] @ scaled, scaled.T @ gram[40:, 40:] @ scaled
    found, left = np.linalg.eig(k.T)
    squared = np.einsum("ij,ik,kj->j", left.conj(), image, left).real - np.abs(found) ** 2
    expected = np.sqrt(np.maximum(squared, 0))
    assert len(found) == len(model.eigenvalues_)
    for value, residual in zip(model.eigenvalues_, model.transfer_residuals_, strict=True):
        near = np.argmin(np.abs(found - value))
        assert abs(found[near] - value) < 1e-4
        assert abs(expected[near] - residual) < 1e-3


def test_many_variables_in_few_snapshots_are_learned_where_a_dictionary_is_refused():
    rng = np.random.default_rng(0)
    patterns = rng.normal(size=(4, 500))
    t = np.arange(80)
    amplitudes = np.stack([np.cos(0.3 * t), np.sin(0.3 * t), np.cos(0.7 * t), np.sin(0.7 * t)], axis=1)
    field = amplitudes @ patterns
    with pytest.raises(InputError, match="use KernelEDMD"):
        EDMD(Dictionary.identity()).fit(field[:60], dt=1.0)
    model = KernelEDMD("polynomial", degree=1, max_residual=0.01).fit(field[:60], dt=1.0)
    for turn in (0.3, 0.7):
        assert np.abs(model.eigenvalues_ - np.exp(1j * turn)).min() < 1e-6
    np.testing.assert_allclose(model.forecast(field[:60], 20).states, field[60:], atol=1e-4)


def test_pairs_held_out_give_bands_and_the_notes_say_whose_residuals_they_are():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 2))
    y = np.tanh(x[:, ::-1])
    inside = KernelEDMD(rank=20, held_out=0).fit_pairs(x, y)
    outside = KernelEDMD(rank=20, held_out=0.3).fit_pairs(x, y)
    assert "left eigenvectors" in str(inside)
    assert np.isnan(inside.residual_high_).all()
    assert (outside.residual_high_ >= outside.residuals_).all()
    assert outside.held_out_pairs_ == 100


def test_a_false_eigenvalue_that_left_eigenvectors_cannot_see_shows_on_pairs_held_out():
    # One phase of a tone without the other: no linear function of the state moves with an eigenvalue.
    k = np.arange(200)
    x = np.stack([np.cos(0.3 * k), np.sin(0.3 * k), np.cos(0.7 * k)], axis=1)
    inside = KernelEDMD("polynomial", degree=1, held_out=0).fit(x, dt=1.0)
    assert inside.residuals_.max() < 1e-6
    assert "come out too small" in str(inside)
    outside = KernelEDMD("polynomial", degree=1).fit(x, dt=1.0)
    assert outside.residuals_.max() > 0.3
    assert len(outside.eigen(max_residual=0.01)) == 3


def test_lifting_anew_forecasts_a_quadratic_map():
    x = np.empty((400, 2))
    x[0] = 0.1, 0.1
    for k in range(399):
        x[k + 1] = 1 - 1.4 * x[k, 0] ** 2 + x[k, 1], 0.3 * x[k, 0]
    model = KernelEDMD(width=3.0, reproject=True, held_out=0, ridge=1e-12).fit(x[:300], dt=1.0)
    np.testing.assert_allclose(model.forecast(x[:300], 8).states, x[300:308], atol=0.02)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": 0}, "width: 0 found"),
        ({"rank": 0}, "rank: 0 found"),
        ({"delays": 1.5}, "delays: 1.5 found"),
        ({"degree": "x"}, "degree: 'x' found"),
        ({"ridge": -1}, "ridge: -1 found"),
        ({"held_out": 1.0}, "held_out: 1.0 found"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(settings, message):
    with pytest.raises(InputError, match=message):
        KernelEDMD(**settings).fit(rotation(50), dt=0.1)


def test_an_unknown_kernel_names_the_nearest():
    with pytest.raises(UnknownNameError, match="gaussian"):
        KernelEDMD("gauss").fit(rotation(50), dt=0.1)


def test_more_pairs_than_a_kernel_matrix_holds_are_refused_with_the_way_out():
    with pytest.raises(InputError, match="thin the recording"):
        KernelEDMD(held_out=0).fit(np.zeros((10_100, 1)) + np.arange(10_100)[:, None], dt=1.0)
