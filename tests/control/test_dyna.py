"""Learning a law from few steps and a policy from many inside it; and what a kill leaves behind."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs inscape[neural]")
pytest.importorskip("gymnasium", reason="needs inscape[robots]")

from inscape.control.dyna import CHECKPOINT, Dyna
from inscape.control.model_free import ModelFree
from inscape.control.policy import ChirpPolicy
from inscape.control.population import Population
from inscape.control.ppo import PPO
from inscape.errors import InputError, UnknownNameError
from inscape.models import dictionary
from inscape.models.sparse_regression import SparseRegression
from inscape.systems.worlds import record, returns
from tests.control.cart import PUSH, STEP, Cart, sparse_law

pytestmark = pytest.mark.filterwarnings("ignore::inscape.control.surrogate.SurrogateWarning")
LEARNER = PPO(hidden=(16, 16), learning_rate=3e-3, segment=20, minibatch=160, epochs=4, reward_scale=1.0)
SIZES = {"random_steps": 200, "random_resets": 40, "refit_every": 2, "collect": 40, "buffer": 100, "worlds": 8}
TWO_REFITS = 2 * 2 * 20 * 8


def dyna(**options):
    settings = SIZES | options
    law = settings.pop("law", None) or sparse_law()
    return Dyna(settings.pop("world", None) or Cart(), law, settings.pop("learner", LEARNER), **settings)


def projected():
    # A function of its own for every law, as a new process would have.
    return sparse_law(project=lambda states: states)


class KilledError(Exception):
    pass


def killed_after(iterations):
    done = []

    def stop(report):
        done.append(report)
        if len(done) == iterations:
            raise KilledError

    return stop


def test_a_policy_learned_inside_the_law_is_good_in_the_world():
    agent = dyna(worlds=16, evaluate=2).learn(24_000)
    random = returns(Cart(), lambda s: np.zeros((*np.shape(s)[:-1], 1)), episodes=20).mean()
    assert returns(Cart(), agent.policy, episodes=20).mean() > random + 8
    np.testing.assert_allclose(agent.law.coef_[:, :2], STEP, atol=1e-8)
    np.testing.assert_allclose(agent.law.coef_[:, 2:], PUSH, atol=1e-8)


def test_real_steps_are_counted_and_evaluations_apart():
    agent = dyna(evaluate=2).learn(TWO_REFITS)
    assert agent.real_steps == 200 + 2 * 40
    assert agent.evaluation_steps == 2 * 2 * 40
    assert [len(r.returns) for r in agent.history] == [0, 2, 2]
    assert agent.returns.tolist() == [np.median(r.returns) for r in agent.history[1:]]
    assert agent.best_return == agent.returns.max()
    steps, best = agent.running_best()
    assert steps.tolist() == [240, 280]
    assert (np.diff(best) >= 0).all()


def test_only_so_many_visited_steps_are_kept():
    agent = dyna().learn(4 * TWO_REFITS)
    assert sum(len(run) - 1 for run in agent.data) == 200 + 100


def test_a_budget_of_real_steps_is_not_passed():
    assert dyna().learn(10**6, real_steps=300).real_steps == 280


@pytest.mark.parametrize("iterations", [1, 3, 4])
def test_a_killed_run_goes_on_from_its_last_refit_and_ends_as_if_it_had_not_been(tmp_path, iterations):
    whole = dyna(cautious=0.999).learn(2 * TWO_REFITS)
    broken = {"cautious": 0.999, "folder": tmp_path}
    with pytest.raises(KilledError):
        dyna(**broken, law=projected()).learn(2 * TWO_REFITS, on_iteration=killed_after(iterations))
    agent = dyna(**broken, law=projected()).learn(2 * TWO_REFITS)
    np.testing.assert_array_equal(agent.policy.parameters, whole.policy.parameters)
    np.testing.assert_array_equal(agent.last_policy.parameters, whole.last_policy.parameters)
    np.testing.assert_array_equal(agent.law.coef_, whole.law.coef_)
    for one, two in zip(agent.history, whole.history, strict=True):
        assert {**one.plain(), "fit_seconds": 0, "reward_rate": 0} == {
            **two.plain(),
            "fit_seconds": 0,
            "reward_rate": 0,
        }


def test_a_finished_run_is_not_run_again(tmp_path):
    first = dyna(folder=tmp_path).learn(TWO_REFITS)
    with_stop = dyna(folder=tmp_path).learn(TWO_REFITS, on_iteration=killed_after(1))
    np.testing.assert_array_equal(first.policy.parameters, with_stop.policy.parameters)


def test_a_checkpoint_of_another_world_or_law_is_refused(tmp_path):
    dyna(folder=tmp_path).learn(TWO_REFITS)
    with pytest.raises(InputError, match="checkpoint of parameters"):
        dyna(folder=tmp_path, world=Cart(push=0.9)).learn(TWO_REFITS)
    with pytest.raises(InputError, match="checkpoint of law"):
        dyna(folder=tmp_path, law=sparse_law(alpha=1.0)).learn(TWO_REFITS)
    (tmp_path / CHECKPOINT).write_bytes(b"half a file")
    with pytest.raises(InputError, match="no checkpoint"):
        dyna(folder=tmp_path).learn(TWO_REFITS)


def test_the_reward_can_be_learned_from_what_was_paid():
    names = ("x", "v", "u")
    reward = SparseRegression(dictionary.polynomial(4), threshold=0.0, ensemble=0, names=names, variables=names[:2])
    agent = dyna(reward=reward).learn(TWO_REFITS)
    seen = np.concatenate([run.states[1:] for run in agent.data])
    paid, told = Cart().reward(seen, None), agent.surrogate.reward(seen, np.zeros((len(seen), 1)))
    assert np.corrcoef(paid, told)[0, 1] > 0.7


def test_surrogate_episodes_may_start_anywhere_the_world_has_been():
    agent = dyna(starts="buffer").learn(TWO_REFITS)
    assert len(agent.surrogate.starts) == sum(map(len, agent.data))


def test_the_first_steps_are_those_of_the_policy_that_explores():
    chirps = ChirpPolicy(Cart(), (0.02, 0.2), steps=40, seed=3)
    data = dyna(explore=chirps).learn(1).data
    again = record(Cart(), ChirpPolicy(Cart(), (0.02, 0.2), steps=40, seed=3), steps=200, resets=40, seed=0)
    for found, expected in zip(data[:5], again, strict=True):
        np.testing.assert_array_equal(found.inputs, expected.inputs)
    with pytest.raises(InputError):
        dyna(explore=3.0)


def test_an_algorithm_of_stable_baselines3_can_be_the_learner(tmp_path):
    sb3 = pytest.importorskip("stable_baselines3", reason="needs stable-baselines3")

    def small(worlds):
        return sb3.PPO("MlpPolicy", worlds, n_steps=20, batch_size=80, n_epochs=1, seed=0, device="cpu")

    agent = dyna(learner=small, folder=tmp_path).learn(TWO_REFITS)
    assert agent.history[-1].surrogate_steps >= TWO_REFITS
    assert agent.policy.act(np.zeros(2)).shape == (1,)
    again = dyna(learner=small, folder=tmp_path).learn(TWO_REFITS)
    np.testing.assert_allclose(again.policy.act(np.ones(2)), agent.last_policy.act(np.ones(2)))
    with pytest.raises(InputError, match="checkpoint of learner"):
        dyna(folder=tmp_path).learn(TWO_REFITS)


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        ({"learner": "dqn"}, UnknownNameError),
        ({"starts": "nowhere"}, UnknownNameError),
        ({"random_steps": 0}, InputError),
        ({"collect": 1.5}, InputError),
        ({"cautious": 2.0}, InputError),
        ({"evaluate": -1}, InputError),
    ],
)
def test_bad_settings_are_refused(options, kind):
    with pytest.raises(kind):
        dyna(**options)


def population(folder, **options):
    choices = {"learning_rate": (1e-3, 3e-3), "discount": (0.9, 0.99)}
    settings = {"members": 3, "every": 2, "choices": choices, "quantile": 0.34} | SIZES | options
    return Population(Cart, sparse_law(), LEARNER, folder, **settings)


def test_in_a_population_the_worst_go_on_from_the_best(tmp_path):
    agent, generations = population(tmp_path).learn(3, backend="serial")
    assert len(generations) == 3
    for before, after in itertools.pairwise(generations):
        loser, winner = int(np.argmin(before.scores)), int(np.argmax(before.scores))
        assert after.parents[loser] == winner
        assert sorted(set(range(3)) - {loser}) == sorted(after.parents[m] for m in range(3) if m != loser)
    assert agent.history[-1].surrogate_steps == 3 * 2 * 20 * 8
    # Each line: 200 random steps once for each first member, 40 at each visit.
    assert generations[-1].real_steps == 3 * (200 + 3 * 40)


def test_a_killed_population_goes_on_as_if_it_had_not_been(tmp_path):
    _, whole = population(tmp_path / "whole").learn(2, backend="serial")
    population(tmp_path / "parts").learn(1, backend="serial")
    _, parts = population(tmp_path / "parts").learn(2, backend="serial")
    assert whole == parts
    with pytest.raises(InputError, match="seed"):
        population(tmp_path / "parts", seed=3).learn(3, backend="serial")


def test_the_same_learner_in_the_world_itself_counts_every_step_and_resumes(tmp_path):
    rival = ModelFree(Cart(), LEARNER, worlds=8, report_every=2, evaluate=2, folder=tmp_path)
    agent = rival.learn(960)
    assert [r.real_steps for r in agent.history] == [0, 320, 640, 960]
    assert agent.law is None
    more = ModelFree(Cart(), LEARNER, worlds=8, report_every=2, evaluate=2, folder=tmp_path).learn(1280)
    assert [r.real_steps for r in more.history] == [0, 320, 640, 960, 1280]
    np.testing.assert_array_equal(more.returns[:3], agent.returns)
    assert ModelFree(Cart(), LEARNER, worlds=8, report_every=2).learn(10**6, until=0.0).real_steps == 320
    with pytest.raises(InputError, match="worlds"):
        ModelFree(Cart(), LEARNER, worlds=0)


def test_a_population_without_a_law_trains_in_the_world_itself(tmp_path):
    choices = {"learning_rate": (1e-3, 3e-3)}
    plain = {
        "members": 2,
        "every": 2,
        "choices": choices,
        "quantile": 0.5,
        "worlds": 4,
        "report_every": 2,
        "evaluate": 1,
    }
    agent, generations = Population(Cart, None, LEARNER, tmp_path, **plain).learn(2, backend="serial")
    assert generations[-1].real_steps == 2 * 2 * 2 * 20 * 4
    assert agent.real_steps == 2 * 2 * 20 * 4


def test_generations_that_do_not_end_at_a_refit_are_refused(tmp_path):
    with pytest.raises(InputError, match="multiple of refit_every"):
        population(tmp_path, every=3)
