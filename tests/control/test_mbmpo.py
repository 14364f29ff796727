"""Meta-policy optimisation over the members of an ensemble."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs inscape[neural]")
pytest.importorskip("gymnasium", reason="needs inscape[robots]")

from inscape.control.dyna import Dyna  # noqa: E402
from inscape.control.mbmpo import MBMPO, Batch, adaptation, log_density, meta_gain, of_each  # noqa: E402
from inscape.control.surrogate import Surrogate  # noqa: E402
from inscape.errors import InputError  # noqa: E402
from inscape.models.neural_ensemble import NeuralEnsemble  # noqa: E402
from tests.control.cart import PUSH, STEP, Cart, ExactLaw  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore::inscape.control.surrogate.SurrogateWarning")
SMALL = MBMPO(hidden=(16, 16), learning_rate=3e-3, segment=40, minibatch=320, reward_scale=1.0, inner_rate=0.1, seed=0)


class Carts(ExactLaw):
    """Carts that answer a push each in its own measure."""

    def __init__(self, *pushes):
        self.pushes, self.members = np.array(pushes), len(pushes)

    def each(self, states, inputs):
        return states @ STEP.T + self.pushes[:, None, None] * (inputs @ PUSH.T)


def surrogate(law=None, worlds=64, seed=0):
    return Surrogate(law or Carts(1.0, 1.2), Cart(), worlds=worlds, horizon=40, seed=seed)


def mean_return(policy, push=1.0):
    class Pushed(ExactLaw):
        def step(self, states, inputs):
            return states @ STEP.T + push * (inputs @ PUSH.T)

    env = Surrogate(Pushed(), Cart(), worlds=256, horizon=40, seed=5)
    total, going = np.zeros(256), np.ones(256, dtype=bool)
    for _ in range(40):
        _, rewards, terminated, _, _ = env.step(policy.act(env.observations))
        total += np.where(going, rewards, 0.0)
        going &= ~terminated
    return float(total.mean())


def drawn_batch(common, rng, members=2, samples=40):
    """Actions of the given weights, or of weights near them for each member."""
    observations = torch.tensor(rng.normal(size=(members, samples, 2)))
    own = of_each(common, members)
    actions = torch.tensor(rng.normal(size=(members, samples, 1)))
    with torch.no_grad():
        before = log_density(own, observations, actions)
    return Batch(observations, actions, torch.tensor(rng.normal(size=(members, samples))), before)


@pytest.fixture
def tiny():
    rng = np.random.default_rng(0)
    shapes = [(3, 2), (3,), (1, 3), (1,), (1,)]
    common = [torch.tensor(0.5 * rng.normal(size=s), requires_grad=True) for s in shapes]
    return common, drawn_batch(common, rng), drawn_batch(common, rng)


def test_the_gradient_of_the_adapted_gain_is_that_of_finite_differences(tiny):
    common, before, after = tiny
    # Wide bounds: where the ratio is cut, the gain has a kink.
    gain, _ = meta_gain(common, before, after, 0.3, 100.0)
    found = torch.cat([g.flatten() for g in torch.autograd.grad(gain, common)]).numpy()
    expected, h = [], 1e-6
    for weight in common:
        for i in range(weight.numel()):
            told = []
            for sign in (1, -1):
                moved = [w.detach().clone().requires_grad_() for w in common]
                place = next(k for k, w in enumerate(common) if w is weight)
                moved[place].data.view(-1)[i] += sign * h
                told.append(float(meta_gain(moved, before, after, 0.3, 100.0)[0].detach()))
            expected.append((told[0] - told[1]) / (2 * h))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    # A gradient that took the adapted weights for constants apart from theta would be another.
    own = [w.detach().requires_grad_() for w in adaptation(common, before, 0.3)]
    ratio = torch.exp(log_density(own, after.observations, after.actions) - after.log_before)
    first = torch.autograd.grad((ratio * after.advantages).mean(), own)
    short = torch.cat([g.sum(0).flatten() for g in first]).numpy()
    assert np.abs(short - found).max() > 0.05 * np.abs(found).max()


def test_the_adaptation_is_a_step_along_each_members_own_gradient(tiny):
    common, before, _ = tiny
    moved = adaptation(common, before, 0.2)
    for member in range(2):
        alone = Batch(*(part[member : member + 1] for part in vars(before).values()))
        density = log_density(of_each(common, 1), alone.observations, alone.actions)
        # At the weights that drew the actions this is the policy gradient itself.
        gradient = torch.autograd.grad((density * alone.advantages).mean(), common)
        for weight, slope, found in zip(common, gradient, moved, strict=True):
            np.testing.assert_allclose(found[member].detach(), (weight + 0.2 * slope).detach(), rtol=1e-9)


def test_an_adaptation_earns_more_with_its_own_member():
    training = MBMPO(**(vars(SMALL) | {"inner_rate": 3.0, "learning_rate": 0.0})).begin(
        surrogate(Carts(1.0, -1.0), worlds=512), 0
    )
    training.iterate()
    ahead, astern = training.adapted
    # A push that works backwards asks for the opposite of what the other asks for.
    assert mean_return(ahead, 1.0) > mean_return(training.policy, 1.0) > mean_return(astern, 1.0)
    assert mean_return(astern, -1.0) > mean_return(training.policy, -1.0) > mean_return(ahead, -1.0)


def test_a_cart_learns_to_rest_in_the_middle():
    training = SMALL.begin(surrogate(), 0)
    before = mean_return(training.policy)
    for _ in range(40):
        report = training.iterate()
    assert mean_return(training.policy) > before + 8
    assert training.steps == 40 * 2 * 40 * 64
    assert np.isfinite([report["value_loss"], report["gain"]]).all()


def test_a_training_goes_on_from_where_it_was_kept_to_the_same_digits():
    one = SMALL.begin(surrogate(), 0)
    for _ in range(2):
        one.iterate()
    kept, worlds = one.state(), one.env.state()
    two = SMALL.begin(surrogate(seed=8), 0)
    two.restore(kept)
    two.env.restore(worlds)
    for training in (one, two):
        training.iterate()
    np.testing.assert_array_equal(one.policy.parameters, two.policy.parameters)
    for mine, theirs in zip(one.adapted, two.adapted, strict=True):
        np.testing.assert_array_equal(mine.parameters, theirs.parameters)


def test_in_the_loop_the_adapted_policies_visit_the_world():
    law = NeuralEnsemble(3, (8, 8), epochs=5, seed=0)
    loop = Dyna(
        Cart(), law, SMALL, random_steps=200, random_resets=40, refit_every=1, collect=80, worlds=12, evaluate=1, seed=0
    )
    agent = loop.learn(3 * 2 * 40 * 12)
    assert agent.real_steps == 200 + 3 * 80
    assert agent.surrogate.law is law
    visit = agent.data[5]
    # Their actions are drawn: no function of what was seen, as those of the mean are.
    assert np.abs(visit.inputs[:-1] - agent.policy.act(visit.states[:-1])).max() > 0.1
    again = Dyna(
        Cart(), law, SMALL, random_steps=200, random_resets=40, refit_every=1, collect=80, worlds=12, evaluate=1, seed=0
    ).learn(3 * 2 * 40 * 12)
    np.testing.assert_array_equal(agent.policy.parameters, again.policy.parameters)


def test_what_is_no_ensemble_and_worlds_that_cannot_be_shared_are_refused():
    with pytest.raises(InputError, match="ensemble"):
        SMALL.begin(surrogate(ExactLaw()), 0)
    with pytest.raises(InputError, match="multiple"):
        SMALL.begin(surrogate(Carts(1.0, 1.0), worlds=7), 0)
    with pytest.raises(InputError, match="Surrogate"):
        SMALL.begin(Cart().batch(2), 0)
    with pytest.raises(InputError, match="inner_rate"):
        MBMPO(inner_rate=-1.0)
