"""Formulas made of networks."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.control.dictionary_policy import DictionaryPolicy
from inscape.control.distillation import distill, distillation
from inscape.control.gaussian_policy import GaussianPolicy
from inscape.errors import InputError, UnknownNameError
from inscape.models import dictionary
from tests.control.cart import ExactLaw

CUBIC = dictionary.polynomial(3, bias=False)


class Rule:
    """A policy that is a cubic formula itself."""

    low, high = np.array([-1.0]), np.array([1.0])

    def mean(self, s):
        return (-1.5 * s[..., 0] - 0.8 * s[..., 1] + 0.4 * s[..., 0] ** 3)[..., None]

    def act(self, s):
        return np.clip(self.mean(s), self.low, self.high)


def test_a_policy_that_is_a_formula_is_found_again():
    small = distill(Rule(), CUBIC, ExactLaw(), steps=2000, resets=100)
    found = dict(zip(small.terms.names, small.coefficients[0], strict=True))
    assert {k for k, v in found.items() if v} == {"x", "v", "x**3"}
    assert [found["x"], found["v"], found["x**3"]] == pytest.approx([-1.5, -0.8, 0.4], abs=1e-6)
    assert small.equations() == ("a0 = clip(-1.5 x - 0.8 v + 0.4 x**3, -1, 1)",)
    assert len(small.parameters) == 3


def test_a_network_is_followed_closely_by_the_chosen_formula():
    rng = np.random.default_rng(0)
    net = GaussianPolicy(
        [(0.5 * rng.normal(size=(8, 2)), np.zeros(8)), (0.4 * rng.normal(size=(1, 8)), np.zeros(1))],
        np.zeros(1),
        np.array([-1.0]),
        np.array([1.0]),
    )
    found = distillation(net, CUBIC, ExactLaw(), steps=1000, resets=50)
    assert found.errors[found.chosen] == found.errors.min()
    assert found.errors.min() < 1e-3
    assert len(found.errors) == 25


def test_the_target_is_the_mean_before_it_is_clipped():
    # Far off the clipped action is flat; the formula is linear only if the unclipped mean was asked.
    class Steep(Rule):
        def mean(self, s):
            return 30 * s[..., :1]

    small = distill(Steep(), CUBIC, ExactLaw(), steps=500, resets=50, largest_target=1e6)
    assert dict(zip(small.terms.names, small.coefficients[0], strict=True))["x"] == pytest.approx(30, rel=1e-6)


def test_more_rounds_gather_where_the_formula_leads():
    one, two = (distillation(Rule(), CUBIC, ExactLaw(), steps=400, resets=50, rounds=r) for r in (1, 2))
    assert (one.rounds, two.rounds) == (1, 2)
    assert two.errors.min() < 1e-10


def test_the_return_inside_the_law_can_choose():
    gymnasium = pytest.importorskip("gymnasium", reason="needs inscape[robots]")
    assert gymnasium
    from tests.control.cart import Cart

    found = distillation(Rule(), CUBIC, ExactLaw(), world=Cart(), choose="return", steps=500, resets=50)
    assert found.returns[found.chosen] == found.returns.max()
    with pytest.raises(InputError, match="world"):
        distillation(Rule(), CUBIC, ExactLaw(), choose="return")


def test_the_ensemble_is_less_sure_off_the_states_that_were_seen():
    rng = np.random.default_rng(0)
    net = GaussianPolicy(
        [(rng.normal(size=(8, 2)), rng.normal(size=8)), (rng.normal(size=(1, 8)), np.zeros(1))],
        np.zeros(1),
        np.array([-1.0]),
        np.array([1.0]),
    )
    small = distill(net, CUBIC, ExactLaw(), steps=600, resets=50)
    assert small.variance(np.array([6.0, 6.0])) > 100 * small.variance(np.array([0.5, 0.0]))


def test_coefficients_can_be_changed_as_one_vector():
    terms = dictionary.polynomial(1).terms(["x", "v"])
    policy = DictionaryPolicy(terms, [[0.0, 2.0, -1.0]], -1.0, 1.0)
    assert policy.parameters.tolist() == [2.0, -1.0]
    assert policy.with_parameters([0.5, 0.25]).act(np.array([1.0, 1.0])) == pytest.approx([0.75])
    with pytest.raises(InputError, match="parameters"):
        policy.with_parameters([1.0])
    again = DictionaryPolicy.of_state(policy.state())
    assert again.equations() == policy.equations()
    waves = DictionaryPolicy(dictionary.trigonometric().terms(["x"]), [[1.0, 2.0]], -1.0, 1.0)
    with pytest.raises(InputError, match="monomials"):
        waves.state()


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"choose": "luck"}, UnknownNameError, "choose"),
        ({"bounds": (1.0, -1.0)}, InputError, "bounds"),
        ({"thresholds": [1e9]}, InputError, "lost all its terms"),
    ],
)
def test_bad_settings_are_refused(options, kind, message):
    with pytest.raises(kind, match=message):
        distill(Rule(), CUBIC, ExactLaw(), steps=200, resets=50, **options)


def test_a_law_that_does_not_tell_its_starts_needs_some():
    class Bare:
        step = ExactLaw.step

    with pytest.raises(InputError, match="starts"):
        distill(Rule(), CUBIC, Bare(), steps=100)
    assert distill(Rule(), CUBIC, Bare(), steps=200, resets=50, starts=[[0.5, 0.0]], names=("x", "v"))
