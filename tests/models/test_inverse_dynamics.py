"""Inverse dynamics of raw states."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from inscape.errors import InputError
from inscape.models import InverseDynamics
from inscape.systems.worlds import LinearReaching
from inscape.trajectories import Trajectories, Trajectory


def pendulums(episodes: int, seed: int = 0) -> Trajectories:
    """Pendulums that are pushed at random, 30 samples each."""
    random = np.random.default_rng(seed)
    angle, speed = random.normal(size=(2, episodes))
    states, pushes = [], []
    for _ in range(30):
        push = random.uniform(-1, 1, episodes)
        states.append(np.stack([np.cos(angle), np.sin(angle), speed], axis=1))
        pushes.append(push)
        speed = speed + 0.1 * (push - np.sin(angle))
        angle = angle + 0.1 * speed
    seen, done = np.stack(states, axis=1), np.stack(pushes, axis=1)
    return Trajectories(Trajectory(np.arange(30.0), seen[i], done[i]) for i in range(episodes))


def test_the_action_of_a_linear_body_is_exact_whatever_the_goal():
    world = LinearReaching(distractors=0, observed=4, observation_noise=0.0, state_noise=0.0)
    runs = world.demonstrations(40, seed=1)
    model = InverseDynamics().fit(runs[:20])
    assert model.score(runs[20:]) > 1 - 1e-9
    assert model.predict(runs[30].states[:-1], runs[30].states[1:]) == pytest.approx(runs[30].inputs[:-1], abs=1e-4)


def test_a_network_learns_the_inverse_of_a_body_that_is_not_linear():
    runs = pendulums(60)
    linear = InverseDynamics().fit(runs[:50])
    network = InverseDynamics(hidden=(64, 64), steps=600, rate=5e-3).fit(runs[:50])
    assert network.score(runs[50:]) > 0.9
    assert network.score(runs[50:]) > linear.score(runs[50:]) - 0.05
    again = InverseDynamics(hidden=(64, 64), steps=600, rate=5e-3).fit(runs[:50])
    assert all(np.array_equal(a, b) for a, b in zip(again.weights_, network.weights_, strict=True))


def test_the_offset_with_the_smallest_error_is_taken():
    model = InverseDynamics(offset=(1, 4)).fit(pendulums(40))
    assert set(model.errors_) == {1, 4}
    assert model.offset_ == 1


def test_recordings_without_actions_get_inferred_ones():
    world = LinearReaching(distractors=0, observed=4)
    runs = world.demonstrations(30, seed=2)
    model = InverseDynamics().fit(runs[:10])
    silent = Trajectories(Trajectory(r.times, r.states, state_names=r.state_names) for r in runs[10:])
    told = model.label(silent)
    assert told.input_names == runs.input_names
    assert np.isnan(told[0].inputs[-1]).all()
    true, inferred = (np.concatenate([r.inputs[:-1] for r in some]) for some in (runs[10:], told))
    assert 1 - ((true - inferred) ** 2).mean() / true.var() > 0.8
    assert "inferred" in told[0].notes[-1]


def test_it_keeps_the_habits_of_an_estimator():
    model = InverseDynamics(offset=2, ridge=1e-3)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(Exception, match="not fitted"):
        model.predict(np.ones((2, 3)), np.ones((2, 3)))


@pytest.mark.parametrize(
    ("runs", "settings", "message"),
    [
        ([Trajectory(np.arange(5.0), np.ones((5, 2)))], {}, "without inputs"),
        ([Trajectory(np.arange(5.0), np.ones((5, 2)), np.ones(5))], {}, "constant"),
        ([Trajectory(np.arange(5.0), np.ones((5, 2)), np.arange(5.0))], {"offset": 9}, "longest episode has 5"),
        ([Trajectory(np.arange(5.0), np.ones((5, 2)), np.arange(5.0))], {"offset": (1, 2)}, "at least 2"),
        ([Trajectory(np.arange(5.0), np.ones((5, 2)), np.arange(5.0))], {"offset": ()}, "none found"),
        (
            [Trajectory(np.arange(5.0), np.full((5, 2), np.nan), np.arange(5.0))],
            {},
            "run 0: a value that is not finite",
        ),
        ([Trajectory(np.arange(5.0), np.ones((5, 4, 4)), np.arange(5.0))], {}, "frames of shape"),
    ],
)
def test_bad_input_is_answered_in_one_line(runs, settings, message):
    with pytest.raises(InputError, match=message) as found:
        InverseDynamics(**settings).fit(runs)
    assert "\n" not in str(found.value)


def test_another_number_of_coordinates_is_refused():
    model = InverseDynamics().fit(pendulums(5))
    with pytest.raises(InputError, match=r"expected \(sample, 3\)"):
        model.predict(np.ones((2, 2)), np.ones((2, 2)))
