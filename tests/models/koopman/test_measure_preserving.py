"""Measure-preserving EDMD: eigenvalues on the circle, whatever the dictionary sees."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.models.koopman import Dictionary, KoopmanWarning, MeasurePreservingEDMD

TURN = 2 * np.pi


def test_every_eigenvalue_lies_on_the_unit_circle():
    side = np.arange(16) * TURN / 16
    x = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    y = np.stack([2 * x[:, 0] + x[:, 1], x[:, 0] + x[:, 1]], axis=1)
    model = MeasurePreservingEDMD(Dictionary.fourier(3), held_out=0).fit_pairs(x, y)
    np.testing.assert_allclose(np.abs(model.eigenvalues_), 1, atol=1e-15)


def test_a_rotation_keeps_its_eigenvalues():
    theta = np.arange(64) * TURN / 64
    model = MeasurePreservingEDMD(Dictionary.fourier(3), held_out=0).fit_pairs(theta[:, None], theta[:, None] + 0.7)
    expected = np.exp(0.7j * np.arange(-3, 4))
    assert all(np.abs(model.eigenvalues_ - z).min() < 1e-10 for z in expected)


def test_a_forecast_neither_grows_nor_decays():
    t = 0.1 * np.arange(3_000)
    x = np.stack([np.cos(t), np.cos(np.sqrt(3) * t)], axis=1)
    x += 0.01 * np.random.default_rng(0).normal(size=x.shape)
    made = MeasurePreservingEDMD(Dictionary.delays(10), max_residual=0.3).fit(x, dt=0.1).forecast(x, 20_000).states
    early, late = np.std(made[:1_000], axis=0), np.std(made[-1_000:], axis=0)
    np.testing.assert_allclose(early, late, rtol=0.1)


def test_what_chance_does_to_independent_samples_is_no_contradiction(recwarn):
    theta = np.random.default_rng(0).uniform(0, TURN, 400)
    model = MeasurePreservingEDMD(Dictionary.fourier(3)).fit_pairs(theta[:, None], theta[:, None] + 0.7)
    assert model.preservation_defect_ > 0.2
    assert not [w for w in recwarn if issubclass(w.category, KoopmanWarning)]


def test_a_dissipative_system_is_warned_of():
    x = np.random.default_rng(0).normal(size=(500, 2))
    with pytest.warns(KoopmanWarning, match="expected nearly 0"):
        MeasurePreservingEDMD(Dictionary.identity(), constant=False).fit_pairs(x, 0.5 * x)
