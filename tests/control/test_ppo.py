"""Proximal policy optimisation in batches."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs inscape[neural]")
gymnasium = pytest.importorskip("gymnasium", reason="needs inscape[robots]")

from inscape.control.gaussian_policy import GaussianPolicy  # noqa: E402
from inscape.control.ppo import PPO, advantages_of  # noqa: E402
from inscape.control.surrogate import Surrogate  # noqa: E402
from inscape.errors import InputError  # noqa: E402
from tests.control.cart import Cart, ExactLaw  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::inscape.control.surrogate.SurrogateWarning")
SMALL = PPO(hidden=(16, 16), learning_rate=3e-3, segment=40, minibatch=320, epochs=5, reward_scale=1.0, seed=0)


def surrogate(worlds=16, seed=0):
    return Surrogate(ExactLaw(), Cart(), worlds=worlds, seed=seed)


def mean_return(policy):
    env = Surrogate(ExactLaw(), Cart(), worlds=64, seed=5)
    for _ in range(40):
        *_, info = env.step(policy.act(env.observations))
    return float(info["final_return"].mean())


def test_a_cart_learns_to_rest_in_the_middle():
    training = SMALL.begin(surrogate(), 0)
    before = mean_return(training.policy)
    for _ in range(30):
        report = training.iterate()
    assert mean_return(training.policy) > before + 8
    assert training.steps == 30 * 40 * 16
    assert report["std"] < 1


def test_the_advantage_is_the_discounted_sum_of_temporal_differences():
    rng = np.random.default_rng(0)
    rewards, values = rng.normal(size=(9, 3)), rng.normal(size=(10, 3))
    done = rng.random((9, 3)) < 0.2
    found = advantages_of(rewards, values, done, 0.9, 0.8)
    for world in range(3):
        for t in range(9):
            total, weight = 0.0, 1.0
            for k in range(t, 9):
                ahead = 0.0 if done[k, world] else values[k + 1, world]
                total += weight * (rewards[k, world] + 0.9 * ahead - values[k, world])
                if done[k, world]:
                    break
                weight *= 0.9 * 0.8
            assert found[t, world] == pytest.approx(total)


def test_a_training_goes_on_from_where_it_was_kept_to_the_same_digits():
    one = SMALL.begin(surrogate(), 20_000)
    for _ in range(2):
        one.iterate()
    kept, worlds = one.state(), one.env.state()
    two = SMALL.begin(surrogate(seed=8), 20_000)
    two.restore(kept)
    two.env.restore(worlds)
    for training in (one, two):
        training.iterate()
    np.testing.assert_array_equal(one.policy.parameters, two.policy.parameters)
    assert one.steps == two.steps


def test_the_same_seed_gives_the_same_policy():
    first, second = (SMALL.learn(surrogate(), 1000).parameters for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_cut_episode_is_worth_what_its_last_state_promised():
    # Episodes of one step: cut ones bootstrap, so the value learned is 1 / (1 - discount) instead of 1.
    class Still(ExactLaw):
        def step(self, states, inputs):
            return states

    env = Surrogate(Still(), Cart(), worlds=32, horizon=1, starts=[[0.0, 0.0]])
    method = PPO(hidden=(8,), learning_rate=1e-2, segment=8, minibatch=256, discount=0.5, reward_scale=1.0)
    training = method.begin(env, 0)
    for _ in range(60):
        report = training.iterate()
    assert report["return"] == pytest.approx(1.0)
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        assert float(training._critic(torch.zeros(1, 2))) == pytest.approx(2.0, abs=0.1)


def test_worlds_that_start_again_at_the_next_step_are_played_as_well():
    env = gymnasium.vector.SyncVectorEnv([Cart] * 4)
    assert env.metadata["autoreset_mode"] == gymnasium.vector.AutoresetMode.NEXT_STEP
    training = SMALL.begin(env, 0)
    told = [training.iterate() for _ in range(3)]
    # 120 steps are two episodes of 40 and the two steps that only start them again.
    assert sum(t["episodes"] for t in told) == 8
    assert all(np.isfinite(t["value_loss"]) for t in told)


def test_a_falling_rate_starts_and_ends_where_it_was_told_to():
    training = PPO(learning_rate=(1e-3, 0.0), segment=4, minibatch=64, epochs=1).begin(surrogate(4), 3 * 16)
    rates = []
    for _ in range(4):
        training.iterate()
        rates.append(training._adam.param_groups[0]["lr"])
    assert rates == pytest.approx([1e-3, 2e-3 / 3, 1e-3 / 3, 0.0])


def test_a_policy_acts_in_the_middle_of_its_space_and_keeps_to_its_bounds():
    layers = [(np.eye(2), np.zeros(2)), (np.array([[3.0, 0.0]]), np.zeros(1))]
    policy = GaussianPolicy(layers, np.zeros(1), np.array([1.0]), np.array([5.0]))
    assert policy.act(np.zeros(2)) == pytest.approx([3.0])
    assert policy.mean(np.array([10.0, 0.0])) == pytest.approx([9.0])
    assert policy.act(np.array([10.0, 0.0])) == pytest.approx([5.0])
    assert policy.act(np.zeros((4, 3, 2))).shape == (4, 3, 1)
    again = GaussianPolicy.of_state(policy.state())
    np.testing.assert_array_equal(again.parameters, policy.parameters)
    moved = policy.with_parameters(policy.parameters + 1)
    np.testing.assert_array_equal(moved.parameters, policy.parameters + 1)
    with pytest.raises(InputError, match="parameters"):
        policy.with_parameters(np.zeros(3))
    with pytest.raises(InputError, match="observation"):
        policy.act(np.zeros(5))


def test_discrete_actions_and_bad_numbers_are_refused():
    discrete = gymnasium.make_vec("CartPole-v1", num_envs=2, vectorization_mode="sync")
    with pytest.raises(InputError, match="box"):
        SMALL.begin(discrete, 0)
    for options in ({"discount": 1.5}, {"segment": 0}, {"learning_rate": -1.0}, {"learning_rate": (1.0, 2.0, 3.0)}):
        with pytest.raises(InputError):
            PPO(**options)
    other = PPO(hidden=(8,)).begin(surrogate(2), 0)
    with pytest.raises(InputError, match="another world or method"):
        other.restore(SMALL.begin(surrogate(2), 0).state())
