"""Networks as laws."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

pytest.importorskip("torch", reason="needs inscape[neural]")

from inscape.errors import InputError
from inscape.models.neural_ensemble import NeuralEnsemble
from inscape.trajectories import Trajectories, Trajectory


def pendulum(count=6, steps=200, seed=0) -> Trajectories:
    rng = np.random.default_rng(seed)
    runs = []
    for _ in range(count):
        u, s = rng.uniform(-1, 1, (steps + 1, 1)), np.zeros((steps + 1, 2))
        s[0] = rng.uniform(-1, 1, 2)
        for k in range(steps):
            s[k + 1] = s[k] + 0.1 * np.array([s[k, 1], -np.sin(s[k, 0]) - 0.2 * s[k, 1] + u[k, 0]])
        runs.append(Trajectory(0.1 * np.arange(steps + 1), s, u, state_names=("a", "w"), input_names=("u",)))
    return Trajectories(runs)


@pytest.fixture(scope="module")
def law() -> NeuralEnsemble:
    return NeuralEnsemble(members=3, hidden=(24, 24), epochs=40, seed=0).fit(pendulum())


def test_a_driven_pendulum_is_told_one_step_ahead(law):
    run = pendulum(count=1, seed=7)[0]
    told = law.step(run.states[:-1], run.inputs[:-1])
    still = np.std(run.states[1:] - run.states[:-1])
    assert np.std(told - run.states[1:]) < 0.2 * still


def test_members_disagree_more_off_the_data(law):
    near, far = np.zeros((1, 2)), np.full((1, 2), 12.0)
    push = np.zeros((1, 1))
    assert law.variance(far, push).sum() > 20 * law.variance(near, push).sum()
    assert law.answers(near, push).shape == (3, 1, 2)


def test_every_member_can_move_states_of_its_own(law):
    rng = np.random.default_rng(0)
    states, pushes = rng.normal(size=(3, 5, 2)), rng.normal(size=(3, 5, 1))
    found = law.each(states, pushes)
    for member in range(3):
        np.testing.assert_allclose(found[member], law.answers(states[member], pushes[member])[member])
    with pytest.raises(InputError):
        law.each(states[:2], pushes[:2])


def test_a_forecast_is_the_repeated_step(law):
    run = pendulum(count=1, seed=8)[0]
    pushes = np.random.default_rng(0).uniform(-1, 1, (5, 1))
    forecast = law.forecast(run, 5, inputs=pushes)
    state = run.states[-1]
    for k, push in enumerate([run.inputs[-1], *pushes[:-1]]):
        state = law.step(state, push)
        np.testing.assert_allclose(forecast.states[k], state)


def test_the_same_seed_gives_the_same_networks(law):
    again = clone(law).fit(pendulum())
    assert all(np.array_equal(a, b) for a, b in zip(law.weights_, again.weights_, strict=True))
    assert law.complexity == 3 * (3 * 24 + 24 + 24 * 24 + 24 + 24 * 2 + 2)


def test_a_fitted_ensemble_survives_its_file(law, tmp_path):
    from inscape.app.model_state import decode_model, encode_model

    record, arrays = encode_model(law)
    back = decode_model(record, arrays)
    np.testing.assert_array_equal(
        back.step(np.zeros((1, 2)), np.ones((1, 1))), law.step(np.zeros((1, 2)), np.ones((1, 1)))
    )


@pytest.mark.parametrize("options", [{"subset": 0.0}, {"held_out": 1.0}, {"members": 0}, {"epochs": 0}])
def test_bad_settings_are_refused(options):
    with pytest.raises(InputError):
        NeuralEnsemble(**options).fit(pendulum(count=1, steps=20))


def test_other_variables_at_a_step_are_refused(law):
    with pytest.raises(InputError, match="expected 3"):
        law.step(np.zeros((1, 4)), np.zeros((1, 1)))
