"""Kernel regression on delays: what it equals, what it forecasts, what it leaves out."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern

from inscape.app.samples import lorenz
from inscape.errors import InputError
from inscape.models import KernelRegression
from inscape.models.kernel_regression import LINEAR, RidgePath, covariance, lagged
from inscape.models.kernel_tuning import tuned
from inscape.trajectories import Trajectories, Trajectory, as_trajectories

RANDOM = np.random.default_rng(0)


def logistic(samples: int = 300, start: float = 0.3) -> np.ndarray:
    series = [start]
    for _ in range(samples - 1):
        series.append(3.9 * series[-1] * (1 - series[-1]))
    return np.array(series)[:, None]


def test_one_step_ahead_it_is_the_mean_of_a_gaussian_process():
    series = np.sin(np.arange(80) * 0.7)[:, None] + 0.2 * RANDOM.normal(size=(80, 1))
    model = KernelRegression(lags=3, length_scale=1.5, ridge=1e-2).fit(series, dt=1.0)
    x, y = model.rows(as_trajectories(series, 1.0))
    kernel = ConstantKernel(LINEAR / 3) * DotProduct(np.sqrt(3.0)) + Matern(1.5 * np.sqrt(3.0), nu=2.5)
    process = GaussianProcessRegressor(kernel, alpha=1e-2, optimizer=None).fit(x, y)
    z = (series - model.mean_) / model.scale_
    expected = z[-1] + process.predict(lagged(z, 3, 1)[-1:])
    answer = (model.forecast(series, 1).states[0] - model.mean_) / model.scale_
    assert answer == pytest.approx(expected.ravel(), abs=1e-8)


def test_every_ridge_of_the_path_solves_its_own_system():
    x, y = RANDOM.normal(size=(40, 2)), RANDOM.normal(size=(40, 3))
    path = RidgePath(x, y, 1.0, "gaussian", 400)
    for ridge, weights in zip((1e-3, 1.0), path.weights(np.array([1e-3, 1.0])), strict=True):
        expected = np.linalg.solve(covariance(x, x, 1.0, "gaussian") + ridge * np.eye(40), y)
        assert weights == pytest.approx(expected, abs=1e-6)


def test_with_as_many_centres_as_rows_the_subset_answers_as_the_whole():
    series = logistic(120)
    whole = KernelRegression(2, centres=400, ridge=1e-4).fit(series, dt=1.0)
    subset = KernelRegression(2, centres=117, ridge=1e-4).fit(series, dt=1.0)
    assert len(whole.centres_) == 118
    assert len(subset.centres_) == 117
    assert subset.forecast(series, 5).states == pytest.approx(whole.forecast(series, 5).states, abs=1e-2)


def test_rows_beyond_one_block_give_the_same_law(monkeypatch: pytest.MonkeyPatch):
    series = logistic(500)
    once = KernelRegression(2, centres=50).fit(series, dt=1.0)
    monkeypatch.setattr("inscape.models.kernel_regression.ROWS_AT_ONCE", 64)
    blocks = KernelRegression(2, centres=50).fit(series, dt=1.0)
    assert blocks.forecast(series, 3).states == pytest.approx(once.forecast(series, 3).states, rel=1e-4)


def test_a_chaotic_map_is_forecast_until_its_doubling_errors_win():
    series = logistic(320)
    model = KernelRegression(lags=1, length_scale=1.0, ridge=1e-12, shape="gaussian").fit(series[:300], dt=1.0)
    error = np.abs(model.forecast(series[:300], 10).states - series[300:310])
    assert error.max() < 1e-2


def test_forecasts_from_many_origins_are_those_from_each():
    run = lorenz(samples=600)
    model = KernelRegression(2).fit(run)
    histories = [run[:k] for k in (200, 350, 500)]
    together = model.forecast_each(histories, 30)
    for one, history in zip(together, histories, strict=True):
        assert one == pytest.approx(model.forecast(history, 30).states, abs=1e-7)


def test_the_acting_input_drives_the_next_sample():
    inputs = RANDOM.normal(size=(300, 1))
    states = np.zeros((300, 1))
    for k in range(299):
        states[k + 1] = 0.5 * states[k] + inputs[k] ** 2
    run = Trajectory(np.arange(300.0), states, inputs=inputs)
    model = KernelRegression(1, ridge=1e-8, length_scale=2.0, shape="gaussian").fit(run[:250])
    forecast = model.forecast(run[:250], 50, inputs=inputs[250:])
    assert np.abs(forecast.states - states[250:]).mean() < 0.05


def test_a_missing_sample_costs_only_the_rows_that_hold_it():
    series = logistic(200)
    series[50] = np.nan
    model = KernelRegression(2).fit(series, dt=1.0)
    assert len(model.centres_) == 198 - 3


def test_a_forecast_that_leaves_all_bounds_ends_with_a_reason():
    series = np.exp(0.1 * np.arange(60))[:, None]
    forecast = KernelRegression(1, ridge=1e-8).fit(series, dt=1.0).forecast(series, 2_000)
    assert np.isnan(forecast.states[-1, 0])
    assert "diverged after" in str(forecast.context["stopped"])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lags": 0}, "lags: 0 found"),
        ({"stride": 1.5}, "stride: 1.5 found"),
        ({"length_scale": 0}, "length_scale: 0 found"),
        ({"ridge": -1.0}, "ridge: -1.0 found"),
        ({"shape": "box"}, "shape: 'box' found"),
        ({"centres": True}, "centres: True found"),
    ],
)
def test_a_bad_setting_is_named(settings: dict[str, object], message: str):
    with pytest.raises(InputError, match=message):
        KernelRegression(**settings).fit(logistic(50), dt=1.0)  # type: ignore[arg-type]


def test_a_recording_shorter_than_its_delays_is_refused():
    with pytest.raises(InputError, match="expected over 11 in a row"):
        KernelRegression(lags=10).fit(logistic(11), dt=1.0)


def test_tuning_prefers_many_narrow_bumps_for_a_sharp_map_and_says_its_error():
    ranked = tuned(as_trajectories(logistic(150), 1.0), horizon=5)
    errors = [t.error for t in ranked]
    assert errors == sorted(errors)
    assert errors[0] < 0.1 < errors[-1]


def test_tuning_looks_at_several_runs_and_survives_short_ones():
    runs = Trajectories([Trajectory(np.arange(n, dtype=float), logistic(n, 0.2 + n / 1000)) for n in (150, 140, 4)])
    assert tuned(runs, horizon=4)[0].error < 0.2


def test_nothing_is_tuned_where_nothing_can_be_tried():
    assert tuned(as_trajectories(logistic(3), 1.0)) == []


def test_leaps_are_interleaved_so_that_every_sample_is_forecast():
    t = np.arange(400.0)
    series = (np.sin(0.11 * t) + 0.5 * np.sin(0.17 * t))[:, None]
    model = KernelRegression(4, 6, 4.0, 1e-10, "gaussian", ahead=7).fit(series[:350], dt=1.0)
    assert model.past == 3 * 6 + 7
    assert model.forecast(series[:350], 40).states == pytest.approx(series[350:390], abs=1e-3)


def test_a_leap_over_a_driven_sample_is_refused():
    run = Trajectory(np.arange(50.0), logistic(50), inputs=logistic(50, 0.7))
    with pytest.raises(InputError, match="ahead: 2 found, expected 1"):
        KernelRegression(1, ahead=2).fit(run)
