"""The cart and pole are dm_control's: same motion, same reward, same starts."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("mujoco")
pytest.importorskip("gymnasium")

from inscape.errors import InputError, UnknownNameError
from inscape.systems.worlds import CartpoleSwingup


@pytest.fixture(scope="module")
def world() -> CartpoleSwingup:
    return CartpoleSwingup()


def test_an_episode_under_random_and_full_pushes_is_dm_controls(world):
    suite = pytest.importorskip("dm_control.suite")
    theirs = suite.load("cartpole", "swingup", task_kwargs={"random": 1})
    theirs.reset()
    physics = theirs.physics
    world.reset(options={"state": np.concatenate([physics.data.qpos, physics.data.qvel])})
    rng = np.random.default_rng(0)
    reached = 0.0
    for step in range(1000):
        # Full pushes for a second at a time drive the cart into the end of its rail.
        action = np.ones(1) if step % 300 >= 200 else rng.uniform(-1, 1, 1)
        told = theirs.step(action)
        observation, reward, terminated, truncated, _ = world.step(action)
        np.testing.assert_array_equal(world.state, np.concatenate([physics.data.qpos, physics.data.qvel]))
        seen = np.concatenate([told.observation["position"], told.observation["velocity"]])
        np.testing.assert_allclose(observation, seen, rtol=0, atol=1e-15)
        assert reward == pytest.approx(told.reward, abs=1e-15)
        assert not terminated
        assert truncated == told.last()
        reached = max(reached, observation[0])
    assert reached > 1.7


def test_episodes_begin_as_dm_controls_do(world):
    suite = pytest.importorskip("dm_control.suite")
    theirs = suite.load("cartpole", "swingup", task_kwargs={"random": 0})

    def start() -> np.ndarray:
        theirs.reset()
        return np.concatenate([theirs.physics.data.qpos, theirs.physics.data.qvel])

    rng = np.random.default_rng(0)
    expected, ours = (np.array([s() for _ in range(400)]) for s in (start, lambda: world.start(rng)))
    # Standard errors of mean and standard deviation of 400 draws with deviation 0.01 are 0.0005 and 0.00035.
    np.testing.assert_allclose(ours.mean(axis=0), expected.mean(axis=0), atol=0.0025)
    np.testing.assert_allclose(ours.std(axis=0), expected.std(axis=0), atol=0.0018)


def test_the_reward_is_the_published_formula_over_leading_axes(world):
    rng = np.random.default_rng(1)
    angle, x, v, w = rng.uniform(-4, 4, (4, 3, 7))
    u = rng.uniform(-1, 1, (3, 7))
    observations = np.stack([x, np.cos(angle), np.sin(angle), v, w], axis=-1)

    def g(value):
        return np.exp(np.log(0.1) * value**2)

    published = (1 + np.cos(angle)) / 2 * (1 + g(x / 2)) / 2 * (4 + np.maximum(0, 1 - u**2)) / 5 * (1 + g(w / 5)) / 2
    np.testing.assert_allclose(world.reward(observations, u[..., None]), published, rtol=1e-12)
    assert world.reward(np.array([0.0, 1.0, 0.0, 0.0, 0.0]), np.zeros(1)) == pytest.approx(1.0)


def test_predictions_are_put_back_on_the_circle_and_bounds_are_those_of_the_paper(world):
    wild = np.array([[1.0, 3.0, 4.0, 2.0, -1.0], [0.0, 0.0, 0.0, 0.0, 0.0]])
    projected = world.project(wild)
    np.testing.assert_allclose(projected[0], [1.0, 0.6, 0.8, 2.0, -1.0])
    assert np.isfinite(projected).all()
    assert wild[0, 1] == 3.0
    still = np.array([0.0, 1.0, 0.0, 0.0, 0.0])
    for index, limit in ((0, 5.0), (1, 1.1), (2, 1.1), (3, 10.0)):
        near, far = still.copy(), still.copy()
        near[index], far[index] = 0.999 * limit, -1.001 * limit
        assert not world.out_of_bounds(near)
        assert world.out_of_bounds(far)
    assert world.out_of_bounds(np.array([np.nan, 1.0, 0.0, 0.0, 0.0]))


def test_without_damping_and_push_the_pole_keeps_its_energy():
    world = CartpoleSwingup(parameters={"cart_damping": 0.0, "pole_damping": 0.0})
    run = world.simulate(np.array([0.0, 2.0, 0.0, 0.0]), steps=200)
    mass, length = world.parameters["pole_mass"], world.parameters["pole_length"]
    _, cosine, _, v, w = run.states.T
    # A capsule of half-length L/2 and radius r about its centre: MuJoCo's own number.
    inertia = world.model.body_inertia[2, 0]
    kinetic = (
        0.5 * world.parameters["cart_mass"] * v**2
        + 0.5 * mass * (v**2 + v * w * length * cosine + (w * length / 2) ** 2)
        + 0.5 * inertia * w**2
    )
    energy = kinetic + mass * 9.81 * cosine * length / 2
    assert np.ptp(energy) < 1e-6 * np.abs(energy).max()


def test_a_parameter_that_is_none_names_its_neighbours():
    with pytest.raises(UnknownNameError, match="pole_length"):
        CartpoleSwingup(parameters={"pole_lenght": 0.5})
    with pytest.raises(InputError, match="pole_mass: -1"):
        CartpoleSwingup(parameters={"pole_mass": -1})
