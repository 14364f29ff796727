"""Laws shared by environments: what is learned, what the penalty does, and that a saved model answers the same."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from inscape.app.model_state import decode_model, encode_model
from inscape.errors import InputError, UnknownNameError
from inscape.models.leads import LEADS, _plain_perceptron, _runge_kutta, _summed_rate
from inscape.trajectories import Trajectories, Trajectory

torch = pytest.importorskip("torch", reason="needs inscape[neural]")
DT = 0.5


def turning(rate, start, samples=8):
    """A rotation at `rate`, exactly sampled."""
    angle = rate * DT * np.arange(samples)
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([c * start[0] - s * start[1], s * start[0] + c * start[1]], axis=1)


def recording(rates=(0.2, 0.5, 0.8), runs=2):
    random = np.random.default_rng(0)
    return Trajectories(
        Trajectory(DT * np.arange(8), turning(rate, random.normal(size=2)), context={"environment": f"at {rate}"})
        for rate in rates
        for _ in range(runs)
    )


SMALL = {"hidden": 8, "epochs": 200, "learning_rate": 1e-2, "initial_scale": 0.3}


@pytest.fixture(scope="module")
def model():
    return LEADS(**SMALL).fit(recording())


def test_each_environment_is_forecast_by_its_own_law(model):
    start = np.array([[1.0, 0.0]])
    for rate in (0.2, 0.5, 0.8):
        made = model.forecasts(start, 4, f"at {rate}")[0]
        truth = turning(rate, (1.0, 0.0), 5)[1:]
        others = [turning(other, (1.0, 0.0), 5)[1:] for other in (0.2, 0.5, 0.8) if other != rate]
        error = np.abs(made - truth).max()
        assert error < 0.25
        assert error < min(np.abs(made - other).max() for other in others)


def test_the_history_says_which_environment_it_is(model):
    for run in recording().stack().reshape(3, 2, 8, 2)[:, 0]:
        history = Trajectory(DT * np.arange(8), run, context={"environment": "at 0.5"})
        np.testing.assert_allclose(
            model.forecast(history, 3).states, model.forecasts(run[-1:], 3, "at 0.5")[0], rtol=1e-12
        )


def test_the_loss_falls_and_weights_are_counted(model):
    assert model.loss_[-20:].mean() < 0.2 * model.loss_[0]
    one = 2 * 8 + 8 + 2 * (8 * 8 + 8) + 8 * 2 + 2 + 3
    assert model.parameter_count == 4 * one


def test_the_networks_in_torch_and_in_numpy_are_one(model):
    x = np.random.default_rng(1).normal(size=(3, 5, 2))
    weights = [torch.tensor(np.stack([w[k] for w in model.weights_[1:]])) for k in range(len(model.weights_[0]))]
    found = _summed_rate(weights, 3)(torch.tensor(x)).numpy()
    for number in range(3):
        np.testing.assert_allclose(found[number], _plain_perceptron(model.weights_[1 + number], x[number]), rtol=1e-9)


def test_a_step_is_of_fourth_order():
    errors = []
    for dt in (0.2, 0.1):
        x = np.array([1.0])
        for _ in range(round(1 / dt)):
            x = _runge_kutta(lambda s: -s, x, dt)
        errors.append(abs(x[0] - np.exp(-1)))
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.25)


def test_a_penalty_makes_the_corrections_smaller():
    sizes = []
    for penalty in (1e-4, 1.0):
        made = LEADS(**{**SMALL, "penalty": penalty, "epochs": 60}).fit(recording())
        states = np.random.default_rng(2).normal(size=(50, 2))
        shared = _plain_perceptron(made.weights_[0], states)
        sizes.append(np.mean([np.abs(made.rates(states, e) - shared).mean() for e in made.environments_]))
    assert sizes[1] < 0.5 * sizes[0]


def test_without_a_shared_law_an_environment_learns_nothing_from_the_others():
    alone = LEADS(**{**SMALL, "epochs": 40}, shared=False).fit(recording())
    assert np.abs(alone.weights_[0][0]).max() == 0
    assert alone.parameter_count == 3 * alone.weights_[0][0].size + 3 * sum(w.size for w in alone.weights_[0][1:])


def test_the_same_seed_gives_the_same_law_and_a_saved_model_the_same_forecast(model):
    short = {**SMALL, "epochs": 5}
    first, second = (LEADS(**short).fit(recording()) for _ in range(2))
    np.testing.assert_array_equal(first.loss_, second.loss_)
    assert not np.array_equal(first.loss_, LEADS(**short, seed=1).fit(recording()).loss_)
    again = decode_model(*encode_model(model))
    history = recording()[0]
    np.testing.assert_array_equal(again.forecast(history, 5).states, model.forecast(history, 5).states)
    assert clone(model).get_params() == model.get_params()


def test_runs_without_an_environment_are_one(model):
    plain = Trajectories(run.replace(context={}) for run in recording((0.2,), 3))
    assert LEADS(**{**SMALL, "epochs": 2}).fit(plain).environments_ == ("all",)
    with pytest.raises(UnknownNameError, match="at 0.5"):
        model.forecast(plain[0], 2)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": 0}, "hidden"),
        ({"epochs": 1.5}, "epochs"),
        ({"penalty": -1}, "penalty"),
        ({"penalty": "a"}, "penalty"),
    ],
)
def test_bad_settings_say_what_is_wrong(options, message):
    with pytest.raises(InputError, match=message):
        LEADS(**options).fit(recording())


def test_unequal_and_broken_recordings_are_refused(model):
    runs = list(recording())
    with pytest.raises(InputError, match="samples"):
        LEADS(**SMALL).fit(Trajectories([*runs[:-1], runs[-1][:5]]))
    with pytest.raises(InputError, match="runs an environment"):
        LEADS(**SMALL).fit(Trajectories(runs[:-1]))
    states = runs[0].states.copy()
    states[2] = np.nan
    with pytest.raises(InputError, match="missing"):
        LEADS(**SMALL).fit(Trajectories([runs[0].replace(states=states), *runs[1:]]))
    for wrong in (np.zeros(2), np.full((1, 2), np.nan), np.zeros((1, 3))):
        with pytest.raises(InputError, match="initial"):
            model.forecasts(wrong, 2, "at 0.2")
