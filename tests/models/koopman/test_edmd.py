"""EDMD: eigenvalues of systems whose spectrum is known, and residuals that tell true ones from artefacts."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.models.koopman import EDMD, Dictionary


def decaying_rotation(samples=400, dt=0.1, rate=-0.05, omega=2.0, mean=1.3):
    t = dt * np.arange(samples)
    return np.exp(rate * t)[:, None] * np.stack([np.cos(omega * t), np.sin(omega * t)], axis=1) + mean


def test_a_decaying_rotation_has_its_two_eigenvalues_and_one():
    model = EDMD(Dictionary.identity()).fit(decaying_rotation(), dt=0.1)
    true = np.exp(0.1 * np.array([0, -0.05 + 2j, -0.05 - 2j]))
    found = model.eigenvalues_
    assert all(np.abs(found - z).min() < 1e-12 for z in true)
    assert model.residuals_.max() < 1e-12


def test_the_doubling_map_has_the_residual_of_its_shift_and_no_false_zero_survives():
    # Off the constant, the operator on Fourier modes is a direct sum of truncated shifts (Bar 1).
    n = 32
    grid = (np.arange(1024) + 0.5) / 1024 * 2 * np.pi
    model = EDMD(Dictionary.fourier(n), constant=False, held_out=0)
    model.fit_pairs(grid[:, None], np.mod(2 * grid, 2 * np.pi)[:, None])
    zeros = np.abs(model.eigenvalues_) < 0.1
    assert zeros.sum() == 2 * n
    assert model.residuals_[zeros].min() > 0.99
    table = model.eigen(max_residual=0.05)
    assert len(table) == 1
    np.testing.assert_allclose(table.eigenvalues, 1, atol=1e-12)


def test_a_forecast_continues_a_linear_motion():
    run = decaying_rotation()
    model = EDMD(Dictionary.delays(4)).fit(run[:300, :1], dt=0.1)
    made = model.forecast(run[:300, :1], 100)
    np.testing.assert_allclose(made.states, run[300:, :1], atol=1e-8)


def test_the_law_of_delays_is_a_map_that_moves_as_the_forecast_does():
    run = decaying_rotation()
    model = EDMD(Dictionary.delays(2), constant=True).fit(run[:, :1], dt=0.1)
    law = model.law
    start = [run[299, 0], run[298, 0]]
    moved = law.simulate(np.array(start), np.arange(51)).states[1:, 0]
    np.testing.assert_allclose(moved, model.forecast(run[:300, :1], 50).states[:, 0], atol=1e-8)


def test_fewer_pairs_than_observables_are_refused_with_the_kernel_form_named():
    with pytest.raises(InputError, match="KernelEDMD"):
        EDMD(Dictionary.delays(40)).fit(decaying_rotation(60), dt=0.1)
