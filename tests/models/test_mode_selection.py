"""Modes that stay and modes that go: growth taken out of forecasts, noise out of laws."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.models import DMD
from inscape.trajectories import Trajectory


def growing_wave(samples=60):
    k = np.arange(samples)
    return np.stack(
        [1.02**k * np.cos(0.3 * k), 1.02**k * np.sin(0.3 * k), 0.9**k, np.cos(0.7 * k), np.sin(0.7 * k)], axis=1
    )


def test_a_growing_wave_made_steady_keeps_its_frequency():
    model = DMD(offset=False, growing="steady").fit(growing_wave(), dt=1.0)
    values = np.sort_complex(np.linalg.eigvals(model.operator_))
    expected = np.exp([0.3j, -0.3j, 0.7j, -0.7j])
    np.testing.assert_allclose(values, np.sort_complex([*expected, 0.9]), atol=1e-9)
    made = model.forecast(growing_wave(), 500).states
    assert np.abs(np.hypot(made[:, 0], made[:, 1]) - 1.02**59).max() < 1e-6


def test_a_growing_wave_can_be_dropped_and_the_rest_stays_exact():
    wave = growing_wave()
    model = DMD(offset=False, growing="drop").fit(wave, dt=1.0)
    made = model.forecast(wave, 20).states
    k = 59 + np.arange(1, 21)
    np.testing.assert_allclose(made[:, 2:], np.stack([0.9**k, np.cos(0.7 * k), np.sin(0.7 * k)], axis=1), atol=1e-8)
    np.testing.assert_allclose(made[:, :2], 0, atol=1e-8)
    assert len(model.eigenvalues_) == model.modes_.shape[1] == len(model.strengths_) == len(model.amplitudes_) == 3


def test_kept_growth_is_the_default():
    wave = growing_wave()
    made = DMD(offset=False).fit(wave, dt=1.0).forecast(wave, 20).states
    np.testing.assert_allclose(np.hypot(made[:, 0], made[:, 1]), 1.02 ** (59.0 + np.arange(1, 21)), rtol=1e-6)


@pytest.mark.parametrize("variant", ["exact", "total", "forward-backward"])
def test_the_strongest_modes_of_noisy_waves_are_the_waves(variant):
    random = np.random.default_rng(0)
    t = np.arange(400)
    clean = np.sin(0.2 * t) + 0.5 * np.sin(0.53 * t)
    model = DMD(20, delays=40, variant=variant, most_modes=4).fit(clean + 0.3 * random.normal(size=400), dt=1.0)
    assert len(model.eigenvalues_) == 4
    np.testing.assert_allclose(np.sort(np.abs(np.angle(model.eigenvalues_))), [0.2, 0.2, 0.53, 0.53], atol=2e-3)
    every = DMD(20, delays=40, variant=variant).fit(clean + 0.3 * random.normal(size=400), dt=1.0)
    assert len(every.eigenvalues_) == 20


def test_a_conjugate_pair_stays_whole_and_the_law_real():
    model = DMD(offset=False, most_modes=1).fit(growing_wave(), dt=1.0)
    assert len(model.eigenvalues_) == 2
    assert model.eigenvalues_[0] == pytest.approx(np.conj(model.eigenvalues_[1]))
    assert model.operator_.dtype == float


def test_a_long_forecast_of_short_noisy_runs_stays_bounded_only_without_growth():
    random = np.random.default_rng(3)
    t = np.arange(120)
    noisy = np.sin(0.2 * t) + 0.05 * random.normal(size=120)
    kept = DMD(delays=40).fit(noisy, dt=1.0).forecast(noisy, 2_000).states
    steady = DMD(delays=40, growing="steady").fit(noisy, dt=1.0).forecast(noisy, 2_000).states
    assert np.abs(steady).max() < 3
    assert not np.abs(kept).max() < 30


def test_a_driven_law_keeps_its_input_when_growth_is_dropped():
    random = np.random.default_rng(0)
    u, x = random.normal(size=(80, 1)), np.zeros((80, 2))
    for k in range(79):
        x[k + 1] = [1.05 * x[k, 0] + u[k, 0], 0.5 * x[k, 1] + u[k, 0]]
    model = DMD(offset=False, growing="drop").fit(Trajectory(np.arange(80.0), x, u))
    np.testing.assert_allclose(model.operator_, [[0, 0], [0, 0.5]], atol=1e-8)
    np.testing.assert_allclose(model.input_operator_, [[1.0], [1.0]], atol=1e-8)


def test_dropping_everything_leaves_the_constant():
    k = np.arange(30)
    model = DMD(growing="drop", offset=False).fit(np.stack([1.1**k, 1.2**k], axis=1), dt=1.0)
    assert len(model.eigenvalues_) == 0
    np.testing.assert_allclose(model.forecast(np.ones((3, 2)), 4).states, 0, atol=1e-9)


@pytest.mark.parametrize(
    ("options", "error"),
    [({"growing": "tame"}, UnknownNameError), ({"most_modes": 0}, InputError), ({"most_modes": True}, InputError)],
)
def test_bad_selections_are_refused(options, error):
    with pytest.raises(error):
        DMD(**options).fit(growing_wave(), dt=1.0)
