"""Periods, spectra and memories of signals that have them by construction."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import autocorrelation, dominant_period, embedding_lag, mutual_information, power_spectrum
from inscape.errors import InputError
from inscape.systems import zoo
from inscape.trajectories import Trajectory

RNG = np.random.default_rng(0)
TIMES = np.arange(3_000) * 0.1


def test_the_period_of_a_sine_is_found_to_a_part_in_a_thousand():
    found = dominant_period(np.sin(1.3 * TIMES), dt=0.1)
    assert found.period == pytest.approx(2 * np.pi / 1.3, rel=1e-3)
    assert found.is_significant
    assert found.cycles == pytest.approx(300 * 1.3 / (2 * np.pi), rel=1e-2)
    assert found.suggested_dt == pytest.approx(found.period / 100)


def test_the_period_is_found_under_noise_as_strong_as_the_signal():
    found = dominant_period(np.sin(1.3 * TIMES) + RNG.normal(size=3_000), dt=0.1)
    assert found.period == pytest.approx(2 * np.pi / 1.3, rel=5e-3)
    assert found.is_significant


def test_the_fastest_of_two_tones_sets_the_sampling():
    found = dominant_period(np.sin(1.3 * TIMES) + 0.3 * np.sin(5 * TIMES) + 0.1 * RNG.normal(size=3_000), dt=0.1)
    assert found.period == pytest.approx(2 * np.pi / 1.3, rel=1e-2)
    assert found.suggested_dt == pytest.approx(2 * np.pi / 5 / 100, rel=1e-2)


def test_white_noise_has_a_significant_period_no_more_often_than_allowed():
    noises = [np.random.default_rng(seed).normal(size=500) for seed in range(25)]
    hits = sum(dominant_period(noise, surrogate_count=40).is_significant for noise in noises)
    assert hits <= 5


@pytest.mark.parametrize(("name", "period"), [("Rossler", 5.86), ("Chua", 1.45), ("Halvorsen", 1.48)])
def test_the_period_of_a_catalogued_flow_is_near_the_published_one(name, period):
    system = zoo[name]
    found = dominant_period(system.simulate(periods=100, per_period=40, transient=20 * system.period))
    assert found.period == pytest.approx(period, rel=0.03)
    assert found.period == pytest.approx(system.period, rel=0.05)


def test_sunspots_come_back_every_eleven_years():
    statsmodels = pytest.importorskip("statsmodels.api")
    counts = statsmodels.datasets.sunspots.load_pandas().data["SUNACTIVITY"].to_numpy()
    found = dominant_period(counts)
    assert found.period == pytest.approx(11.1, abs=0.3)
    assert found.is_significant


def test_the_period_scales_with_the_clock_and_not_with_the_unit():
    wave = np.sin(1.3 * TIMES) + 0.2 * RNG.normal(size=3_000)
    here = dominant_period(wave, dt=0.1).period
    assert dominant_period(1e4 * wave + 5, dt=0.2).period == pytest.approx(2 * here)
    assert dominant_period(Trajectory(TIMES, wave)).period == pytest.approx(here)


@pytest.mark.parametrize("method", ["welch", "multitaper"])
def test_the_spectrum_sums_to_the_variance_and_peaks_at_the_tone(method):
    noise = RNG.normal(size=(8_000, 2)) * [1.0, 3.0]
    found = power_spectrum(noise, dt=0.5, method=method)
    width = found.frequencies[1] - found.frequencies[0]
    np.testing.assert_allclose(found.power.sum(axis=0) * width, noise.var(axis=0), rtol=0.05)
    tone = power_spectrum(np.sin(2 * np.pi * 0.2 * TIMES), dt=0.1, method=method)
    assert tone.frequencies[np.argmax(tone.power[:, 0])] == pytest.approx(0.2, abs=0.02)


def test_autocorrelation_is_the_sum_of_lagged_products():
    series = np.cumsum(RNG.normal(size=200))
    centred = series - series.mean()
    obvious = [(centred[: 200 - k] * centred[k:]).sum() / (centred**2).sum() for k in range(11)]
    np.testing.assert_allclose(autocorrelation(series, 10)[:, 0], obvious)


def test_mutual_information_is_the_entropy_at_lag_0_and_nearly_nothing_for_noise():
    noise = RNG.normal(size=20_000)
    found = mutual_information(noise, 3, bins=8)
    assert found[0] == pytest.approx(np.log(8), abs=1e-3)
    assert found[1:].max() < 0.01


def test_the_lag_of_a_sine_is_between_a_tenth_and_a_quarter_of_its_period():
    wave = np.sin(2 * np.pi * np.arange(10_000) / 99.7)
    assert 10 <= embedding_lag(wave) <= 25


def test_the_lag_of_lorenz_is_the_published_one():
    run = zoo["Lorenz"].simulate(times=np.arange(20_000) * 0.01, transient=10.0)
    assert 0.14 <= embedding_lag(run) * 0.01 <= 0.2


@pytest.mark.parametrize(
    "measure", [dominant_period, power_spectrum, embedding_lag, mutual_information, autocorrelation]
)
@pytest.mark.parametrize("series", [np.empty(0), np.ones(1), np.full(100, np.nan), np.array(["a"] * 100)])
def test_what_is_no_series_is_refused(measure, series):
    with pytest.raises(InputError):
        measure(series)


def test_wrong_settings_are_refused():
    uneven = Trajectory(np.arange(100.0) ** 1.5, RNG.normal(size=100))
    wave = np.sin(TIMES)
    for call in (
        lambda: dominant_period(np.ones(100)),
        lambda: dominant_period(uneven),
        lambda: dominant_period(wave, dt=0),
        lambda: dominant_period(wave, significance=2),
        lambda: power_spectrum(wave, method="fourier"),
        lambda: power_spectrum(wave, bandwidth=5_000.0),
        lambda: mutual_information(wave, 3_000),
        lambda: autocorrelation(wave, 3_000),
    ):
        with pytest.raises(InputError):
            call()
