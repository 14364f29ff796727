"""Planning in what is learned so far, and learning from it: the loop from world to law and back."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import DivergedError, InputError

pytest.importorskip("torch")
pytest.importorskip("mujoco")

from inscape.control import ICEM, improve
from inscape.models import ContinualDynamics
from inscape.systems.worlds import cartpole_variants, returns


@pytest.fixture(scope="module")
def learned():
    cart = cartpole_variants.CartpoleVariant("cart", time_limit=30)
    law = ContinualDynamics("single", hidden=(32, 32), minibatches=150, batch_size=50)
    law.partial_fit_pairs(*cart.single_steps(600), "cart", cart.dt)
    return cart, law


def test_what_planning_shows_is_learned_and_every_episode_counted(learned):
    cart, law = learned
    before = len(law.kept_["states"])
    earned = improve(law, cart, ICEM(6, 16, 4, 2), task="cart", steps=70, update_every=40, minibatches=5)
    assert len(law.kept_["states"]) == before + 70
    assert len(earned) == 3
    assert all(0 <= total <= 30 for total in earned)


def test_a_plan_in_the_law_earns_more_than_chance(learned):
    _, law = learned
    cart = cartpole_variants.CartpoleVariant("cart", time_limit=60)
    planned = returns(cart, ICEM(20, 40, 6, 3).policy(law.task_law("cart"), cart), episodes=2)
    idle = returns(cart, lambda observation: np.zeros((*np.shape(observation)[:-1], 1)), episodes=2)
    assert planned.mean() > idle.mean() + 5


def test_a_task_without_transitions_and_a_world_that_breaks_are_refused(learned):
    cart, law = learned
    with pytest.raises(InputError, match="task: 'cat' found"):
        improve(law, cart, ICEM(6, 16, 4, 2), task="cat", steps=5)
    with pytest.raises(InputError, match="steps: 0 found"):
        improve(law, cart, ICEM(6, 16, 4, 2), task="cart", steps=0)

    class Broken:
        action_space, project = cart.action_space, staticmethod(cart.project)
        reward = staticmethod(cart.reward)

        def reset(self, seed):
            return cart.reset(seed=seed)

        def step(self, action):
            return np.full(5, np.nan), 0.0, False, False, {}

    with pytest.raises(DivergedError, match="world of task 'cart': an answer that is not finite at step 0"):
        improve(law, Broken(), ICEM(6, 16, 4, 2), task="cart", steps=5)
