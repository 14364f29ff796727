"""Forecasters that have no state equation: reservoirs and regressors of lagged samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

from inscape.errors import InputError
from inscape.models.echo_state import EchoState
from inscape.models.lagged import Lagged
from inscape.models.reservoir import State
from inscape.models.windows import closed_loop, lagged_windows

T = np.arange(800) * 0.1
TWO_TONES = np.sin(T) + 0.5 * np.sin(2.3 * T)


@pytest.mark.parametrize("model", [Lagged(lookback=10), EchoState(seed=1)])
def test_two_tones_are_continued_far_better_than_by_standing_still(model):
    model.fit(TWO_TONES[:600], dt=0.1)
    future = TWO_TONES[600:660]
    forecast = model.forecast(TWO_TONES[:600], 60).states[:, 0]
    assert np.abs(forecast - future).mean() < 0.3 * np.abs(TWO_TONES[599] - future).mean()


def test_a_linear_recurrence_is_learned_to_rounding_by_least_squares():
    model = Lagged(LinearRegression(), lookback=4).fit(TWO_TONES[:300], dt=0.1)
    assert np.abs(model.forecast(TWO_TONES[:300], 100).states[:, 0] - TWO_TONES[300:400]).max() < 1e-8


def test_a_forest_never_leaves_the_range_it_has_seen():
    model = Lagged(RandomForestRegressor(20, random_state=0), lookback=8).fit(TWO_TONES[:500], dt=0.1)
    forecast = model.forecast(TWO_TONES[:500], 300).states
    assert TWO_TONES.min() <= forecast.min()
    assert forecast.max() <= TWO_TONES.max()


def test_a_reservoir_forgets_where_it_started():
    model = EchoState(units=80, seed=3).fit(TWO_TONES, dt=0.1)
    series = TWO_TONES[:200, None] / model.scale_
    dynamics = model._dynamics()
    apart = dynamics.driven(series, dynamics.at_rest()) - dynamics.driven(series, State(np.zeros(80), np.ones(80)))
    assert np.abs(apart[-1]).max() < 1e-6 * np.abs(apart[0]).max()


def test_the_reservoir_has_the_spectral_radius_that_was_asked_for():
    model = EchoState(units=60, spectral_radius=0.7).fit(TWO_TONES, dt=0.1)
    assert np.abs(np.linalg.eigvals(model.recurrent_)).max() == pytest.approx(0.7)


def test_the_activity_of_a_reservoir_is_that_of_the_plain_formula():
    model = EchoState(units=40, leak=0.6, seed=2).fit(TWO_TONES, dt=0.1)
    series = (TWO_TONES[:100, None] - model.centre_) / model.scale_
    now = np.zeros(40)
    for sample, found in zip(series, model.activity(TWO_TONES[:100]), strict=True):
        now = 0.4 * now + 0.6 * np.tanh(model.recurrent_ @ now + model.entering_ @ sample + model.bias_)
        assert np.abs(found - now).max() < 1e-13


def test_squares_in_the_readout_let_a_reservoir_follow_an_even_law():
    # x -> 1 - 2 x^2 is even: an odd activity alone cannot tell the sign of what it has to answer.
    x = [0.3]
    for _ in range(900):
        x.append(1 - 2 * x[-1] ** 2)
    series = np.array(x)
    errors = []
    for squares in (False, True):
        model = EchoState(units=40, spectral_radius=0.2, bias_scaling=0.0, squares=squares, seed=4)
        model.fit(series[:800], dt=1.0)
        errors.append(np.abs(model.forecast(series[:800], 3).states[:, 0] - series[800:803]).max())
    assert errors[1] < 0.02 * errors[0]


def test_a_gap_is_left_out_of_what_a_reservoir_learns_from():
    series = TWO_TONES.copy()
    series[300:305] = np.nan
    model = EchoState(units=80, seed=1).fit(series[:600], dt=0.1)
    forecast = model.forecast(series[:600], 20).states[:, 0]
    assert np.abs(forecast - TWO_TONES[600:620]).mean() < 0.05


@pytest.mark.parametrize("model", [Lagged(), EchoState(units=30)])
def test_estimators_keep_the_habits_of_scikit_learn(model):
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        clone(model).forecast(TWO_TONES, 5)


@pytest.mark.parametrize(
    ("model", "words"),
    [(Lagged(lookback=0), "lookback"), (Lagged(lookback=900), "longest run has 800"), (EchoState(units=0), "units"),
     (EchoState(units=5, washout=800), "washout"), (EchoState(leak=0.0), "leak"),
     (EchoState(spectral_radius=-1.0), "spectral_radius")],
)  # fmt: skip
def test_settings_that_cannot_work_are_named(model, words):
    with pytest.raises(InputError, match=words):
        model.fit(TWO_TONES, dt=0.1)


def test_a_gap_is_left_out_of_the_windows():
    series = np.arange(10.0)[:, None]
    series[5] = np.nan
    pasts, nexts = lagged_windows([series], 2)
    assert nexts[:, 0].tolist() == [2, 3, 4, 8, 9]
    assert pasts[0, :, 0].tolist() == [0, 1]


@settings(max_examples=25, deadline=None)
@given(lookback=st.integers(1, 5), horizon=st.integers(1, 12))
def test_a_closed_loop_of_a_counter_counts_on(lookback, horizon):
    window = np.arange(lookback, dtype=float)[None, :, None]
    answers = closed_loop(lambda w: w[..., -1, :] + 1, window, horizon)
    assert answers[0, :, 0].tolist() == list(range(lookback, lookback + horizon))
