"""Worlds that move by a learned law."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("gymnasium", reason="needs inscape[robots]")

from inscape.control.surrogate import Surrogate, SurrogateWarning
from inscape.errors import InputError
from tests.control.cart import Cart, ExactLaw, driven_runs, sparse_law


def test_a_surrogate_moves_like_its_world_where_the_law_is_true():
    world = Cart()
    first = world.reset(seed=3)[0]
    surrogate = Surrogate(sparse_law().fit(driven_runs()), world, worlds=5, starts=first)
    for action in np.random.default_rng(0).uniform(-1, 1, 20):
        seen, reward, *_ = world.step([action])
        together, rewards, terminated, truncated, _ = surrogate.step(np.full((5, 1), action))
        np.testing.assert_allclose(together, np.tile(seen, (5, 1)), atol=1e-9)
        np.testing.assert_allclose(rewards, reward, atol=1e-9)
        assert not terminated.any()
        assert not truncated.any()


def test_actions_outside_the_space_count_as_its_bounds():
    pair = [Surrogate(ExactLaw(), Cart(), worlds=3, seed=1) for _ in range(2)]
    np.testing.assert_array_equal(pair[0].step(np.full((3, 1), 7.0))[0], pair[1].step(np.ones((3, 1)))[0])


def test_an_episode_is_cut_at_the_horizon_and_starts_again_in_the_same_step():
    surrogate = Surrogate(ExactLaw(), Cart(), worlds=2, horizon=3, starts=[[0.5, 0.0]])
    told = [surrogate.step(np.zeros((2, 1))) for _ in range(3)]
    assert [t[3].all() for t in told] == [False, False, True]
    assert not told[-1][2].any()
    np.testing.assert_allclose(told[-1][0], [[0.5, 0.0]] * 2)
    np.testing.assert_allclose(told[-1][4]["final_obs"], [[0.5, 0.0]] * 2)
    assert told[-1][4]["final_return"] == pytest.approx(3 / (1 + 4 * 0.25))


@pytest.mark.filterwarnings("ignore::inscape.control.surrogate.SurrogateWarning")
def test_an_episode_ends_where_the_bounds_are_left():
    surrogate = Surrogate(ExactLaw(), Cart(), worlds=1, starts=[[2.9, 3.0]])
    seen, _, terminated, truncated, info = surrogate.step(np.zeros((1, 1)))
    assert terminated.all()
    assert not truncated.any()
    assert info["final_obs"][0, 0] == pytest.approx(3.2)
    assert seen[0, 0] == pytest.approx(2.9)


def test_a_law_that_answers_no_number_ends_the_episode_and_harms_no_other_world():
    class Torn(ExactLaw):
        def step(self, states, inputs):
            following = super().step(states, inputs)
            following[0] = np.nan
            return following

    surrogate = Surrogate(Torn(), Cart(), worlds=3)
    seen, rewards, terminated, *_ = surrogate.step(np.zeros((3, 1)))
    assert terminated.tolist() == [True, False, False]
    assert np.isfinite(seen).all()
    assert rewards[0] == 0


@pytest.mark.filterwarnings("ignore::inscape.control.surrogate.SurrogateWarning")
def test_where_the_law_is_too_unsure_the_episode_ends():
    law = sparse_law(ensemble=10, bootstrap="rows", seed=0)
    noisy = [
        run.replace(states=run.states + 0.05 * np.random.default_rng(1).normal(size=run.states.shape))
        for run in driven_runs()
    ]
    law.fit(noisy)
    near, far = np.array([[0.1, 0.1]]), np.array([[2.5, -40.0]])
    limit = 10 * law.variance(near, np.zeros((1, 1))).sum()
    assert law.variance(far, np.zeros((1, 1))).sum() > limit
    for start, ends in ((near, False), (far, True)):
        surrogate = Surrogate(law, Cart(), worlds=1, starts=start, most_variance=limit)
        assert surrogate.step(np.zeros((1, 1)))[2].all() == ends


def test_a_surrogate_goes_on_from_where_its_state_was_kept():
    one, two = (Surrogate(ExactLaw(), Cart(), worlds=4, horizon=5, seed=s) for s in (0, 9))
    actions = np.random.default_rng(0).uniform(-1, 1, (12, 4, 1))
    for action in actions[:4]:
        one.step(action)
    two.restore(one.state())
    for action in actions[4:]:
        for mine, other in zip(one.step(action)[:4], two.step(action)[:4], strict=True):
            np.testing.assert_array_equal(mine, other)


def test_a_law_that_leaves_its_bounds_too_often_is_warned_of_once():
    surrogate = Surrogate(ExactLaw(), Cart(), worlds=4, starts=[[2.99, 5.0]])
    with pytest.warns(SurrogateWarning, match="100% of 4 episodes left the bounds of Cart") as told:
        played = [surrogate.step(np.zeros((4, 1))) for _ in range(3)]
    assert len(played) == 3
    assert len(told) == 1
    assert surrogate.share_left == 1.0


def test_a_learned_reward_stands_in_for_the_worlds():
    surrogate = Surrogate(ExactLaw(), Cart(), worlds=2, reward=lambda following, actions: 7.0 + actions[:, 0])
    assert surrogate.step(np.full((2, 1), 0.5))[1].tolist() == [7.5, 7.5]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"worlds": 0}, "worlds"),
        ({"horizon": 0}, "horizon"),
        ({"starts": np.zeros((2, 3))}, "starts"),
        ({"starts": [[np.nan, 0.0]]}, "starts"),
        ({"most_variance": 1.0}, "no variance"),
    ],
)
def test_bad_settings_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Surrogate(ExactLaw(), Cart(), **options)


def test_a_law_without_step_and_actions_that_are_no_numbers_are_refused():
    with pytest.raises(InputError, match="step"):
        Surrogate(object(), Cart())
    with pytest.raises(InputError, match="not finite"):
        Surrogate(ExactLaw(), Cart(), worlds=1).step([[np.nan]])
