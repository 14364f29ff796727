"""Delay polynomials: the next-generation reservoir computer."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.models import NVAR
from inscape.models.nvar import _ridge_path, generalised_cross_validation
from inscape.systems import zoo
from inscape.trajectories import Trajectory


@pytest.fixture(scope="module")
def lorenz():
    return zoo["Lorenz"].simulate(periods=30, per_period=100, transient=20.0)


def valid_samples(forecast, truth):
    error = np.linalg.norm(forecast - truth, axis=1) / np.linalg.norm(truth.std(axis=0))
    return int(np.argmax(error > 0.4)) if (error > 0.4).any() else len(truth)


def test_the_lorenz_forecast_holds_for_several_lyapunov_times(lorenz):
    train, test = lorenz[:2500], lorenz[2500:]
    model = NVAR(lags=2, degree=2).fit(train)
    lyapunov_time = 1 / 0.906 / lorenz.dt
    assert valid_samples(model.forecast(train, 500).states, test.states) > 3 * lyapunov_time


def test_a_quadratic_map_is_learned_to_rounding():
    x = np.empty(300)
    x[0] = 0.3
    for k in range(299):
        x[k + 1] = 3.9 * x[k] * (1 - x[k])
    model = NVAR(lags=1, degree=2, ridge=0.0).fit(x[:200], dt=1.0)
    np.testing.assert_allclose(model.forecast(x[:200], 10).states[:, 0], x[200:210], atol=1e-6)


def test_the_compiled_forecast_equals_the_plain_formula(lorenz):
    model = NVAR(lags=2, stride=3, degree=2, ridge=1e-6).fit(lorenz)
    z = (lorenz.states[-model.past :] - model.mean_) / model.scale_
    expected = []
    for _ in range(20):
        seen = np.concatenate([z[-1], z[-4]])
        z = np.concatenate([z, (z[-1] + model.terms_.columns(seen) @ model.coef_.T)[None]])
        expected.append(z[-1] * model.scale_ + model.mean_)
    np.testing.assert_allclose(model.forecast(lorenz, 20).states, expected, rtol=1e-10)


def test_the_law_is_a_map_that_takes_the_same_step(lorenz):
    model = NVAR(lags=2, stride=2, degree=2, ridge=1e-6).fit(lorenz)
    past = lorenz.states[-model.past :][::-1].ravel()
    following = model.law.rhs(past)
    np.testing.assert_allclose(following[:3], model.forecast(lorenz, 1).states[0], rtol=1e-9)
    np.testing.assert_allclose(following[3:], past[:-3])
    assert model.law.state_names[-1] == "z_back2"


def test_an_input_is_part_of_the_law():
    rng = np.random.default_rng(0)
    u, x = rng.normal(size=(400, 1)), np.zeros((400, 1))
    for k in range(399):
        x[k + 1] = 0.8 * x[k] - 0.2 * x[k] ** 2 * u[k] + 0.3 * u[k]
    run = Trajectory(np.arange(400.0), x, u)
    model = NVAR(lags=1, degree=3, ridge=0.0).fit(run[:300])
    np.testing.assert_allclose(model.forecast(run[:300], 100, inputs=u[300:]).states, x[300:], atol=1e-8)


def test_the_path_of_ridges_solves_the_normal_equations():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 5)), rng.normal(size=(80, 2))
    for ridge, coefficients in zip([0.0, 0.1, 2.0], _ridge_path(x, y, np.array([0.0, 0.1, 2.0])), strict=True):
        expected = np.linalg.solve(x.T @ x + 80 * ridge * np.eye(5), x.T @ y).T
        np.testing.assert_allclose(coefficients, expected, atol=1e-10)


def test_generalised_cross_validation_is_leave_one_out_for_equal_leverages():
    # An orthogonal design with rows of equal norm has equal leverages, where the two are the same.
    x = np.kron(np.ones((4, 1)), np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]))
    y = np.random.default_rng(0).normal(size=(16, 1))
    ridge = 0.3
    hat = x @ np.linalg.solve(x.T @ x + 16 * ridge * np.eye(2), x.T)
    left_out = np.mean(((y - hat @ y)[:, 0] / (1 - np.diag(hat))) ** 2)
    assert generalised_cross_validation(x, y, np.array([ridge]))[0] == pytest.approx(left_out)


def test_a_diverging_forecast_says_so_and_leaves_the_tail_empty():
    x = 1.5 ** np.arange(40.0)
    made = NVAR(lags=1, degree=2, ridge=0.0).fit(x, dt=1.0).forecast(x, 400)
    assert len(made) == 400
    assert np.isnan(made.states[-1]).all()
    assert "diverged" in made.context["stopped"]


@pytest.mark.parametrize(
    "options",
    [
        {"lags": 0},
        {"stride": 0},
        {"degree": 0},
        {"ridge": -1.0},
        {"ridge": "best"},
        {"ridge": []},
        {"ridge": None},
        {"degree": 1.5},
    ],
)
def test_bad_parameters_are_refused(options, lorenz):
    with pytest.raises(InputError, match=next(iter(options))):
        NVAR(**options).fit(lorenz)


def test_a_run_shorter_than_the_lags_is_refused():
    with pytest.raises(InputError, match="in a row"):
        NVAR(lags=5, stride=4).fit(np.arange(10.0), dt=1.0)
