"""Delay windows in, the next sample out: how well it answers, and what it does with recordings that are not well."""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from inscape.app.model_state import decode_model, encode_model
from inscape.errors import InputError, MissingExtraError
from inscape.models import DelayForecaster, HankelNet, StNN
from inscape.models.delay_forecaster import ConstantChannelWarning
from inscape.models.structured import DenseNet
from inscape.systems import zoo
from inscape.trajectories import Trajectories, Trajectory


def waves(samples: int, start: int = 0) -> np.ndarray:
    """A closed curve walked through again and again."""
    times = 0.1 * (start + np.arange(samples))
    return np.stack([5 + 2 * np.sin(times), np.sin(2 * times + 0.5)], axis=1)


@pytest.fixture(scope="module")
def lorenz() -> Trajectories:
    """30 runs of 520 samples, 0.02 apart, on the attractor."""
    return zoo["Lorenz"].simulate(runs=30, times=0.02 * np.arange(520), transient=20.0, seed=0)


@pytest.fixture(scope="module")
def fitted() -> DelayForecaster:
    return DelayForecaster(HankelNet(3), 4, steps=25).fit(waves(500), dt=0.1)


def test_979_weights_answer_lorenz_to_3e_5_in_a_few_seconds(lorenz: Trajectories) -> None:
    model = DelayForecaster(HankelNet(16), delays=4, steps=40, batch=700).fit(lorenz[:20])
    assert len(model.weights_) <= 1_000
    assert model.one_step_mse(lorenz[20:]) <= 3e-5
    assert model.rollout(lorenz[20:], steps=300).vpt() >= 2.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("network", "bound"), [(HankelNet(16), 3e-5), (StNN(6), 2e-4), (StNN(6, activation="leaky_relu"), 2e-4)]
)
def test_the_median_of_five_seeds_on_lorenz_is_within_a_minute_and_the_bound(
    lorenz: Trajectories, network: HankelNet | StNN, bound: float
) -> None:
    models = [DelayForecaster(network, delays=4, budget_s=60, seed=s).fit(lorenz[:20]) for s in range(5)]
    assert all(len(m.weights_) <= 1_000 and m.seconds_ <= 65 for m in models)
    assert np.median([m.one_step_mse(lorenz[20:]) for m in models]) <= bound


@pytest.mark.parametrize("network", [HankelNet(3), StNN(2), DenseNet((6, 6))], ids=lambda n: type(n).__name__)
@pytest.mark.parametrize("target", ["increment", "state"])
def test_tones_are_continued(network: HankelNet, target: str) -> None:
    model = DelayForecaster(network, 4, target=target, steps=60).fit(waves(600), dt=0.1)
    forecast = model.forecast(waves(20, start=1_000), 30).states
    error = (forecast - waves(30, start=1_020)) / model.scale_
    assert np.sqrt(np.mean(error**2)) < 0.1
    assert model.loss_ == pytest.approx(model.one_step_mse(waves(600)), abs=1e-3)


def test_adam_learns_too() -> None:
    pytest.importorskip("torch")
    model = DelayForecaster(HankelNet(3), 4, method="adam", steps=400).fit(waves(500), dt=0.1)
    assert model.one_step_mse(waves(300, start=700)) < 0.05


def test_without_torch_it_fits_forecasts_and_counts_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "inscape.models.structured.operations", raising=False)
    model = DelayForecaster(StNN(1), 3, steps=2).fit(waves(60), dt=0.1)
    assert np.isfinite(model.forecast(waves(9), 3).states).all()
    cost = model.cost(timed=False).own
    assert (cost.operations, cost.parameters) == (None, len(model.weights_))
    with pytest.raises(MissingExtraError, match="neural"):
        DelayForecaster(StNN(1), 3, method="adam", steps=2).fit(waves(60), dt=0.1)


def test_the_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    weights = [DelayForecaster(HankelNet(2), 2, steps=3, seed=s).fit(waves(80), dt=0.1).weights_ for s in (5, 5, 6)]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert np.abs(weights[0] - weights[2]).max() > 1e-3


def test_a_rollout_is_the_forecast_of_each_run(fitted: DelayForecaster) -> None:
    runs = Trajectories([Trajectory(0.1 * np.arange(60), waves(60, start=s)) for s in (0, 400)])
    rolled = fitted.rollout(runs, steps=20, start=5)
    for k, run in enumerate(runs):
        np.testing.assert_allclose(rolled.forecasts[k], fitted.forecast(run[5:9], 20).states, atol=1e-12)
        np.testing.assert_array_equal(rolled.actual[k], run.states[9:29])
    assert rolled.mse(5) <= rolled.mse() < 0.05
    assert rolled.vpt() == pytest.approx(2.0)
    assert rolled.stopped == (None, None)


def test_a_saved_forecaster_forecasts_the_same(fitted: DelayForecaster) -> None:
    for network in (HankelNet(2), StNN(1), DenseNet((3, 2)), None):
        model = DelayForecaster(network, 3, steps=2).fit(waves(60), dt=0.1)
        record, arrays = encode_model(model)
        again = decode_model(json.loads(json.dumps(record)), arrays)
        np.testing.assert_array_equal(again.forecast(waves(9), 12).states, model.forecast(waves(9), 12).states)


def test_a_plan_from_outside_is_not_loaded(fitted: DelayForecaster) -> None:
    record, arrays = encode_model(fitted)
    record["settings"]["network"]["plan"] = "sklearn.linear_model:Ridge"
    with pytest.raises(InputError, match="plan of inscape"):
        decode_model(record, arrays)


def test_it_is_an_estimator() -> None:
    model = clone(DelayForecaster(StNN(2), noise=0.1)).set_params(network__p=3, delays=5)
    assert (model.network.p, model.delays, model.noise) == (3, 5, 0.1)
    with pytest.raises(NotFittedError):
        model.rollout(waves(30), 5)


def test_a_series_shorter_than_a_window_says_how_long_it_must_be() -> None:
    with pytest.raises(InputError, match=r"longest run has 6 samples, expected at least 9 \(delays=8"):
        DelayForecaster(delays=8).fit(waves(6), dt=0.1)


def test_windows_across_a_gap_are_left_out_and_counted() -> None:
    states = waves(200)
    states[50, 1] = np.nan
    states[120:123] = np.nan
    model = DelayForecaster(HankelNet(2), 4, steps=3).fit(states, dt=0.1)
    # One missing sample spoils the windows that hold it and the one that would answer with it.
    assert model.dropped_windows_ == 5 + 7
    assert model.windows_ == 196 - 12
    assert np.isfinite(model.loss_)
    with pytest.raises(InputError, match="without a gap"):
        DelayForecaster(delays=4).fit(np.where(np.arange(200)[:, None] % 3, states, np.nan), dt=0.1)


def test_a_constant_channel_keeps_its_scale_with_a_warning() -> None:
    states = np.column_stack([waves(200), np.full(200, 7.3)])
    with pytest.warns(ConstantChannelWarning, match="x2 never changes"):
        model = DelayForecaster(HankelNet(2), 4, steps=10).fit(states, dt=0.1)
    assert model.spread_[2] == 1.0
    forecast = model.forecast(states[:20], 20).states
    np.testing.assert_array_equal(forecast[:, 2], 7.3)
    np.testing.assert_allclose(model.to_c().step(states[:4])[2], 7.3, rtol=1e-6)
    online = model.online()
    assert [online.observe(state) for state in states[:5]][4][2] == 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConstantChannelWarning)
        DelayForecaster(HankelNet(1), 2, steps=1).fit(waves(30), dt=0.1)


def test_a_window_that_is_no_power_of_two_is_padded_and_its_cost_says_so() -> None:
    model = DelayForecaster(StNN(1), 3, steps=1).fit(waves(50), dt=0.1)
    cost = model.cost(timed=False).own
    assert (cost.inputs, cost.padded, cost.parameters) == (6, 8, len(model.weights_))
    assert "padded to 8" in str(model.cost(timed=False))


def test_a_forecast_that_leaves_ten_times_the_training_range_stops_and_says_so(fitted: DelayForecaster) -> None:
    wild = clone(fitted).set_params(limit=1.01).fit(waves(500), dt=0.1)
    wild.weights_ = wild.weights_ * 3.0
    forecast = wild.forecast(waves(20), 200)
    assert np.isnan(forecast.states[-1]).all()
    assert "left 1.01 times the training range" in str(forecast.context["stopped"])
    rolled = wild.rollout(waves(300), steps=200)
    assert "training range" in str(rolled.stopped[0])
    assert rolled.mse() == np.inf
    assert rolled.vpt() < 20.0


def test_settings_that_make_no_sense_are_refused() -> None:
    wrong = [
        {"delays": 0},
        {"steps": 0},
        {"batch": 2.5},
        {"target": "next"},
        {"method": "sgd"},
        {"network": "StNN"},
        {"noise": -1.0},
        {"limit": 0.0},
        {"learning_rate": np.nan},
        {"budget_s": 0.0},
    ]
    for settings in wrong:
        with pytest.raises(InputError, match=next(iter(settings))):
            DelayForecaster(**settings).fit(waves(40), dt=0.1)


def test_runs_that_cannot_be_rolled_out_are_named(fitted: DelayForecaster) -> None:
    with pytest.raises(InputError, match="run 0: 20 samples found, expected at least 34"):
        fitted.rollout(waves(20), steps=30)
    gap = waves(60)
    gap[2] = np.nan
    with pytest.raises(InputError, match="another start"):
        fitted.rollout(gap, steps=10)
    with pytest.raises(InputError, match=r"expected \(time, 2\)"):
        fitted.rollout(waves(60)[:, :1], steps=10)
