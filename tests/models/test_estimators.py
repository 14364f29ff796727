"""Every first law keeps scikit-learn's habits and the contract of `Model`."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from inscape.errors import InputError
from inscape.models import DMD, NVAR, Ensemble, KernelRegression, Persistence, SINDy, dictionary
from inscape.trajectories import Trajectories, Trajectory

MODELS = [
    Persistence(),
    Persistence("seasonal"),
    DMD(),
    DMD(4, delays=6),
    NVAR(),
    NVAR(3, 2, 2, 1e-6),
    SINDy(),
    SINDy(dictionary.polynomial(2), threshold=0.01, ensemble=5),
    SINDy(dictionary.polynomial(2), threshold=0.001, time="discrete"),
    KernelRegression(),
    KernelRegression(2, 3, 1.0, 1e-4, "gaussian", centres=50),
    Ensemble([DMD(), NVAR(), Persistence()]),
]


def spiral(samples=400, dt=0.05, start=(2.0, 0.0)):
    """A damped oscillator with a cubic spring."""
    states = np.empty((samples, 2))
    states[0] = start
    for k in range(samples - 1):
        x, v = states[k]
        for _ in range(20):
            v += dt / 20 * (-x - 0.3 * x**3 - 0.05 * v)
            x += dt / 20 * v
        states[k + 1] = x, v
    return Trajectory(dt * np.arange(samples), states, state_names=("x", "v"))


RUN = spiral()


@pytest.fixture(params=MODELS, ids=repr)
def model(request):
    return clone(request.param)


def test_clones_hold_the_same_parameters_and_nothing_learned(model):
    model.fit(RUN)
    again = clone(model)
    assert repr(again.get_params()) == repr(model.get_params())
    assert not [name for name in vars(again) if name.endswith("_")]


def test_fit_returns_the_model_and_learned_attributes_end_in_an_underscore(model):
    before = set(vars(model))
    assert model.fit(RUN) is model
    assert {n for n in set(vars(model)) - before if not n.startswith("_")} == {
        n for n in set(vars(model)) - before if n.endswith("_")
    }


def test_parameters_survive_a_fit(model):
    before = repr(model.get_params())
    model.fit(RUN)
    assert repr(model.get_params()) == before


def test_an_unfitted_model_says_so(model):
    with pytest.raises(NotFittedError):
        model.forecast(RUN, 3)
    with pytest.raises(NotFittedError):
        model.score(RUN)


def test_a_forecast_has_the_length_times_and_names_asked_for(model):
    made = model.fit(RUN[:300]).forecast(RUN[:300], 25)
    assert isinstance(made, Trajectory)
    assert made.states.shape == (25, 2)
    np.testing.assert_allclose(made.times, RUN.times[300:325])
    assert made.state_names == ("x", "v")


def test_the_same_fit_twice_gives_the_same_numbers(model):
    one = model.fit(RUN[:300]).forecast(RUN[:300], 25).states
    two = clone(model).fit(RUN[:300]).forecast(RUN[:300], 25).states
    np.testing.assert_array_equal(one, two)


def test_fitting_anew_forgets_the_old_recording(model):
    other = spiral(start=(0.5, 1.0))
    model.fit(other).forecast(other, 5)
    one = model.fit(RUN).forecast(RUN, 5).states
    np.testing.assert_array_equal(one, clone(model).fit(RUN).forecast(RUN, 5).states)


def test_a_fitted_model_travels_between_processes(model):
    model.fit(RUN)
    there = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(there.forecast(RUN, 5).states, model.forecast(RUN, 5).states)


def test_a_plain_array_is_as_good_as_a_trajectory(model):
    by_array = clone(model).fit(RUN.states, dt=RUN.dt).forecast(RUN.states, 5)
    np.testing.assert_allclose(by_array.states, model.fit(RUN).forecast(RUN, 5).states, atol=1e-9)


def test_scores_are_not_positive_and_lower_on_a_shuffled_run(model):
    model.fit(RUN)
    shuffled = RUN.replace(states=np.random.default_rng(0).permutation(RUN.states))
    assert model.score(shuffled) < model.score(RUN) <= 0


@pytest.mark.parametrize("law", [m for m in MODELS if not isinstance(m, Persistence)], ids=repr)
def test_a_law_beats_persistence(law):
    law = clone(law)
    assert law.fit(RUN[:300]).score(RUN[300:]) > Persistence().fit(RUN[:300]).score(RUN[300:])


def test_the_horizon_is_a_whole_number(model):
    model.fit(RUN)
    for horizon in (0, -1, 2.5, True, "3"):
        with pytest.raises(InputError, match="horizon"):
            model.forecast(RUN, horizon)


def test_a_history_of_another_kind_is_refused(model):
    model.fit(RUN)
    with pytest.raises(InputError, match="history"):
        model.forecast(np.ones((50, 3)), 2)
    with pytest.raises(InputError, match="resample"):
        model.forecast(Trajectory(RUN.times * 2, RUN.states), 2)
    with pytest.raises(InputError, match="inputs"):
        model.forecast(RUN, 2, inputs=np.ones((2, 1)))


@pytest.mark.parametrize(
    "recording",
    [
        np.array([["a", "b"]]),
        np.ones((0, 2)),
        np.ones((1, 2)),
        np.array([[1.0, 2.0], [np.inf, 3.0]] * 50),
        np.full((50, 2), np.nan),
        np.ones((2, 3, 4, 5)),
        None,
        [],
        "recording.csv",
    ],
    ids=["text", "empty", "one sample", "infinite", "all missing", "four axes", "none", "no runs", "a path"],
)
def test_what_is_no_recording_is_refused_in_one_line(model, recording):
    with pytest.raises(InputError) as caught:
        model.fit(recording, dt=0.1)
    assert "\n" not in str(caught.value)


def test_runs_of_different_sampling_intervals_are_refused(model):
    with pytest.raises(InputError, match="different runs"):
        model.fit([RUN, Trajectory(RUN.times * 1.5, RUN.states, state_names=("x", "v"))])


@pytest.mark.parametrize("shape", [(5, 2), (6, 2)])
def test_a_grid_search_over_runs_finds_the_better_setting(shape):
    runs = [spiral(200, start=(1 + 0.2 * i, 0.1 * i)) for i in range(shape[0])]
    search = GridSearchCV(NVAR(lags=1, ridge=1e-9), {"degree": [1, 3]}, cv=2, error_score="raise").fit(runs)
    assert search.best_params_ == {"degree": 3}
    assert search.best_estimator_.score(runs) <= 0


def test_a_pipeline_of_a_labelled_table_scales_before_it_learns():
    table = pd.DataFrame(RUN.states, index=RUN.times, columns=["x", "v"])
    steps = [("scale", StandardScaler().set_output(transform="pandas")), ("law", DMD(delays=4))]
    pipe = Pipeline(steps).fit(table)
    assert pipe["law"].dt_ == pytest.approx(RUN.dt)
    assert pipe.score(table) > -0.1


def test_many_runs_are_learned_together(model):
    runs = Trajectories([spiral(200, start=(1.0 + i, 0.0)) for i in range(3)])
    made = model.fit(runs).forecast(runs[1], 5)
    assert np.isfinite(made.states).all()
