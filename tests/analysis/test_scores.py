"""Forecast scores against their formulas, and what they say of failures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from inscape.analysis import (
    correlation,
    crps,
    mase,
    measure_distance,
    nrmse,
    r2,
    rmse,
    smape,
    spectral_distance,
    valid_time,
)
from inscape.errors import InputError
from inscape.trajectories import Trajectory

POINTWISE = (smape, rmse, nrmse, r2, correlation, spectral_distance)
numbers = st.floats(-100, 100, allow_nan=False, width=32)


def walk(seed: int = 0, shape: tuple[int, ...] = (4, 120, 3)) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(size=shape), axis=-2)


def test_smape_follows_its_formula_and_counts_nothing_over_nothing_as_right():
    actual, forecast = np.array([1.0, 2.0, 0.0, 0.0]), np.array([1.0, -2.0, 0.0, 5.0])
    assert smape(actual, forecast) == pytest.approx(200 * (0 + 1 + 0 + 1) / 4)


@given(hnp.arrays(float, (12, 2), elements=numbers), hnp.arrays(float, (12, 2), elements=numbers))
@settings(deadline=None)
def test_smape_is_symmetric_and_stays_between_0_and_200(a, b):
    assert smape(a, b) == pytest.approx(smape(b, a))
    assert 0 <= smape(a, b) <= 200 + 1e-9


@given(st.floats(0.01, 100), st.floats(-50, 50))
@settings(max_examples=25, deadline=None)
def test_scaled_scores_do_not_see_the_unit(factor, shift):
    a, b = walk()[0], walk()[0] + np.random.default_rng(1).normal(size=(120, 3))
    for score in (nrmse, r2, correlation, spectral_distance):
        assert score(factor * a + shift, factor * b + shift) == pytest.approx(score(a, b), rel=1e-6)


@pytest.mark.parametrize("score", POINTWISE)
def test_a_batch_scores_as_its_runs_do_one_by_one(score):
    a, b = walk(), walk() + np.random.default_rng(1).normal(size=(4, 120, 3))
    together = score(a, b)
    assert together.shape == (4,)
    np.testing.assert_allclose(together, [score(x, y) for x, y in zip(a, b, strict=True)])
    np.testing.assert_allclose(score(a[None], b[None]), together[None])


def test_a_perfect_forecast_has_the_best_score_of_each_kind():
    a = walk()[0]
    assert [f(a, a) for f in (smape, rmse, nrmse, spectral_distance)] == [0, 0, 0, 0]
    assert r2(a, a) == 1
    assert correlation(a, a) == pytest.approx(1)
    assert measure_distance(a, a) == 0
    assert measure_distance(a, a, method="sliced_wasserstein") == 0


def test_a_forecast_that_failed_halfway_scores_worst_there():
    a = walk()[0]
    forecast = np.where(np.arange(len(a))[:, None] < 60, a, np.nan)
    assert smape(a, forecast) == pytest.approx(100)
    assert rmse(a, forecast) == np.inf
    assert nrmse(a, forecast) == np.inf
    assert r2(a, forecast) == -np.inf
    assert correlation(a, forecast) == 0
    assert spectral_distance(a, forecast) == 1
    assert crps(a, np.stack([a, forecast])) == np.inf
    assert valid_time(a, forecast, dt=0.5).time == 30
    assert measure_distance(a, forecast, method="sliced_wasserstein") == np.inf
    assert np.isfinite(measure_distance(a, forecast))


def test_missing_actual_samples_are_left_out():
    a, b = walk()[0], walk()[0] + 1
    holes = a.copy()
    holes[5:20, 1] = np.nan
    assert rmse(holes, b) == pytest.approx(1)
    assert mase(holes, b, a) > 0
    assert crps(holes, b[None]) == pytest.approx(1)


def test_scores_agree_with_scikit_learn_and_numpy():
    from sklearn.metrics import r2_score, root_mean_squared_error

    a, b = walk()[0], walk(3)[0]
    assert rmse(a, b) == pytest.approx(np.sqrt(((a - b) ** 2).mean()))
    assert rmse(a[:, 0], b[:, 0]) == pytest.approx(root_mean_squared_error(a[:, 0], b[:, 0]))
    assert r2(a, b) == pytest.approx(r2_score(a, b))
    assert correlation(a, b) == pytest.approx(np.mean([np.corrcoef(a[:, k], b[:, k])[0, 1] for k in range(3)]))


def test_the_naive_forecast_has_a_mase_of_one_on_a_ramp():
    ramp = np.arange(20.0)
    assert mase(ramp, ramp + 1, ramp) == pytest.approx(1)
    assert mase(ramp, ramp + 3, ramp, season=3) == pytest.approx(1)
    assert mase(ramp, ramp, np.zeros(20)) == 0
    assert mase(ramp, ramp + 1, np.zeros(20)) == np.inf


def test_crps_of_one_member_is_the_absolute_error_and_of_many_follows_the_double_sum():
    rng = np.random.default_rng(0)
    actual, members = rng.normal(size=(30, 2)), rng.normal(size=(9, 30, 2))
    assert crps(actual, members[:1]) == pytest.approx(np.abs(members[0] - actual).mean())
    first = np.abs(members - actual).mean()
    pairs = np.abs(members[:, None] - members[None]).sum(axis=(0, 1)).mean()
    assert crps(actual, members) == pytest.approx(first - pairs / (2 * 81))
    assert crps(actual, members, fair=True) == pytest.approx(first - pairs / (2 * 72))


def test_crps_of_a_wide_gaussian_ensemble_is_that_of_the_gaussian():
    members = np.random.default_rng(0).normal(size=(40_000, 1))
    closed_form = 2 / np.sqrt(2 * np.pi) - 1 / np.sqrt(np.pi)
    assert crps(np.zeros(1), members) == pytest.approx(closed_form, abs=0.01)


def test_valid_time_counts_the_steps_before_the_first_error_above_the_threshold():
    actual = np.sin(np.arange(100) * 0.3)[:, None]
    forecast = actual.copy()
    forecast[40:] += 10
    held = valid_time(actual, forecast, dt=0.1, exponent=0.5)
    assert held.time == pytest.approx(40 * 0.1 * 0.5)
    assert held.censored is False
    whole = valid_time(actual, actual, dt=0.1)
    assert whole.time == pytest.approx(10)
    assert whole.censored is True


def test_valid_time_takes_its_interval_from_a_trajectory():
    states = np.sin(np.arange(50) * 0.3)
    run = Trajectory(np.arange(50) * 0.25, states)
    assert valid_time(run, states + 5).time == 0
    assert valid_time(run, states).time == pytest.approx(12.5)


def test_sines_of_different_frequency_are_at_spectral_distance_one_and_phase_does_not_matter():
    t = np.arange(2_000)
    slow = np.sin(2 * np.pi * t / 100)
    assert spectral_distance(slow, np.sin(2 * np.pi * t / 10)) > 0.99
    assert spectral_distance(slow, np.cos(2 * np.pi * t / 100)) < 0.01
    assert spectral_distance(slow, np.zeros(2_000)) == 1
    assert spectral_distance(np.ones(50), np.full(50, 0.1)) == 0


def test_the_order_of_samples_does_not_matter_to_the_measure_distance():
    a = walk()[0]
    shuffled = np.random.default_rng(0).permutation(a)
    assert measure_distance(a, shuffled) == 0
    assert measure_distance(a, shuffled, method="sliced_wasserstein") == 0


def test_sliced_wasserstein_of_a_shifted_cloud_is_the_shift_seen_from_all_sides():
    cloud = np.random.default_rng(0).normal(size=(4_000, 2))
    cloud = (cloud - cloud.mean(axis=0)) / cloud.std(axis=0)
    distance = measure_distance(cloud, cloud + np.array([3.0, 0.0]), method="sliced_wasserstein", projections=2_000)
    assert distance == pytest.approx(3 / np.sqrt(2), rel=0.03)


def test_the_histogram_divergence_of_two_coins_is_known():
    heads = np.repeat([0.0, 1.0], [500, 500])
    tails = np.repeat([0.0, 1.0], [250, 750])
    expected = 0.5 * np.log(0.5 / 0.25) + 0.5 * np.log(0.5 / 0.75)
    assert measure_distance(heads, tails, bins=2) == pytest.approx(expected, abs=1e-6)


def test_a_forecast_elsewhere_is_further_than_one_that_only_errs():
    a = walk()[0]
    assert measure_distance(a, a + 1e6) > measure_distance(a, a + 0.3) > 0


@pytest.mark.parametrize("score", [*POINTWISE, measure_distance])
@pytest.mark.parametrize(
    ("actual", "forecast"),
    [
        (np.zeros(0), np.zeros(0)),
        (np.arange(5.0), np.zeros((4, 2))),
        (np.array(["a", "b"]), np.zeros(2)),
        (np.array([1.0, np.inf, 2.0, 3.0, 4.0]), np.zeros(5)),
        (np.full(5, np.nan), np.zeros(5)),
        (np.array([None, 1.0], dtype=object), np.zeros(2)),
        ([[1.0, 2.0], [3.0]], np.zeros(2)),
    ],
)
def test_what_is_no_series_is_refused(score, actual, forecast):
    with pytest.raises(InputError):
        score(actual, forecast)


def test_wrong_settings_are_refused():
    a = walk()[0]
    for call in (
        lambda: valid_time(a, a, dt=-1.0),
        lambda: valid_time(a, a, exponent=-0.1),
        lambda: valid_time(a, a, threshold=0),
        lambda: valid_time(np.ones(5), np.ones(5)),
        lambda: nrmse(a, a, scale=[1.0, 0.0, 1.0]),
        lambda: nrmse(a, a, scale=[1.0, 2.0]),
        lambda: mase(a, a, a[:, :2]),
        lambda: mase(a, a, a[:1]),
        lambda: crps(a, a),
        lambda: crps(a, a[None], fair=True),
        lambda: measure_distance(a, a, method="earth"),
        lambda: measure_distance(a, a, bins=1),
        lambda: spectral_distance(a, a, smoothing=-1),
    ):
        with pytest.raises(InputError):
            call()
