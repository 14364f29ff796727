"""Cloning of demonstrations, many heads at once, and their evaluation."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("gymnasium")
pytest.importorskip("torch")

import torch

from inscape.control import clone, evaluate
from inscape.control.heads import Heads, train_heads
from inscape.errors import InputError
from inscape.models.representation import Encoder, EncoderPlan
from inscape.systems.worlds import Arm, PointMass, demonstrations

GOALS = ((0.15, 0.1), (-0.1, -0.15))
SMALL = EncoderPlan(channels=(4, 8), width=16)


@pytest.fixture(scope="module")
def shown():
    return [demonstrations(PointMass(goal), episodes=10, seed=i) for i, goal in enumerate(GOALS)]


@pytest.fixture(scope="module")
def plain(shown):
    return Encoder.standardising(demonstrations(PointMass(), contexts=30, seed=5))


def test_a_head_among_many_is_the_head_alone(plain, shown):
    settings = {"steps": 30, "batch": 8, "rate": 1e-2}
    codes = [plain(runs[0].states) for runs in shown]
    actions = [runs[0].inputs for runs in shown]
    many = Heads([3, 4], 4, (8,), 2, dropout=0.0)
    losses = train_heads(many, codes, actions, **settings)
    alone = Heads([4], 4, (8,), 2, dropout=0.0)
    loss = train_heads(alone, codes[1:], actions[1:], **settings)
    assert losses[1] == pytest.approx(loss[0], rel=1e-4)
    assert many.one(1, codes[1]) == pytest.approx(alone.one(0, codes[1]), abs=1e-4)


def test_a_head_is_trained_as_torch_trains_a_network(plain, shown):
    codes, actions = plain(shown[0][0].states), shown[0][0].inputs.astype(np.float32)
    heads = Heads([9], 4, (8,), 2, dropout=0.0)
    torch.manual_seed(9)
    layers = torch.nn.Linear(4, 8), torch.nn.Linear(8, 2)
    network = torch.nn.Sequential(layers[0], torch.nn.GELU(), layers[1], torch.nn.Tanh())
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-2, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 20)
    drawn = torch.rand((64, 16), generator=torch.Generator().manual_seed(9))
    for step in range(20):
        rows = (drawn[step] * len(codes)).long()
        loss = ((network(torch.from_numpy(codes)[rows]) - torch.from_numpy(actions)[rows]) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    train_heads(heads, [codes], [actions], steps=20, batch=16, rate=1e-2)
    with torch.no_grad():
        assert heads.one(0, codes) == pytest.approx(network(torch.from_numpy(codes)).numpy(), abs=1e-5)


def test_clones_of_the_true_state_reach_their_own_goals_and_not_each_others(plain, shown):
    cloned = clone(plain, shown, heads=2, hidden=(64, 64), steps=400, rate=3e-3)
    worlds = [PointMass(goal) for goal in GOALS]
    right = evaluate(cloned, worlds, episodes=20)
    assert right.success.shape == (4,)
    assert right.mean > 0.5
    assert evaluate(cloned, worlds[::-1], episodes=20).mean < 0.3
    assert cloned.errors(shown).max() < 0.2
    assert "policies of 20 episodes" in str(right)


def test_the_same_seed_gives_the_same_policies_and_starts(plain, shown):
    told = [evaluate(clone(plain, shown[0], heads=2, steps=20), PointMass(GOALS[0]), episodes=5) for _ in range(2)]
    assert np.array_equal(told[0].returns, told[1].returns)


def test_rollouts_of_many_are_the_rollouts_of_each(plain, shown):
    cloned = clone(plain, shown[0], heads=3, steps=60)
    world = PointMass(GOALS[0])
    together = evaluate(cloned, world, episodes=6, seed=2)
    each = [evaluate(cloned[i], world, episodes=6, seed=2) for i in range(3)]
    assert [e.success[0] for e in each] == together.success.tolist()


def test_a_policy_in_a_gymnasium_world_succeeds_where_the_world_says_so():
    class Walled(PointMass):
        moves_in_crowds = False

    import gymnasium

    class Plain(gymnasium.Wrapper):
        pass

    world = Plain(Walled(GOALS[0]))
    expert = evaluate(lambda o: PointMass(GOALS[0]).expert(o), world, episodes=4)
    assert expert.mean > 0.5


def test_frames_are_drawn_for_clones_that_see_frames():
    runs = demonstrations(PointMass(GOALS[0]), episodes=2, render=16, seed=1)
    cloned = clone(Encoder.untrained(runs, SMALL), runs, heads=2, steps=20)
    both = evaluate(cloned, PointMass(GOALS[0]), episodes=3)
    assert both.success.shape == (2,)
    assert evaluate(cloned[1], PointMass(GOALS[0]), episodes=3).returns[0] == both.returns[1]
    assert cloned[1].act(runs[0].states).shape == (100, 2)
    assert cloned[1].act(runs[0].states[0]).shape == (2,)
    both = cloned.act_each(np.stack([runs[0].states] * 2))
    assert both[1] == pytest.approx(cloned[1].act(runs[0].states), abs=1e-5)


def test_tuning_the_encoder_fits_closer_and_leaves_the_frozen_one_alone():
    runs = demonstrations(PointMass(GOALS[0]), episodes=1, render=16, seed=1)
    encoder = Encoder.untrained(runs, SMALL)
    before = encoder(runs[0].states)
    frozen = clone(encoder, runs, steps=150, batch=32)
    tuned = clone(encoder, runs, heads=2, steps=150, batch=32, tune_encoder=True, crop=1)
    assert np.array_equal(encoder(runs[0].states), before)
    assert len(tuned.encoders) == 2
    assert tuned.losses.mean() < frozen.losses.mean() * 1.5
    assert evaluate(tuned, PointMass(GOALS[0]), episodes=2).success.shape == (2,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e, s: clone(e, demonstrations(Arm(), episodes=1)), "3 actions found, the encoder was trained with 2"),
        (lambda e, s: clone(e, demonstrations(PointMass(), episodes=1, render=16)), "the encoder takes"),
        (lambda e, s: clone(e, []), "none found"),
        (lambda e, s: clone(e, s, heads=0), "heads: 0"),
        (lambda e, s: clone(e, s, rate=0.0), "rate"),
        (lambda e, s: clone(e, s, crop=1), "tune_encoder=True"),
        (lambda e, s: clone(e, s, dropout=1.0), "dropout"),
        (lambda e, s: evaluate(clone(e, s, steps=1), [PointMass()] * 3), "3 worlds found for 2 sets"),
        (lambda e, s: evaluate(clone(e, s, steps=1), PointMass(), episodes=0), "episodes: 0"),
        (lambda e, s: evaluate([], PointMass()), "none found"),
        (lambda e, s: evaluate(lambda o: np.zeros((len(o), 5)), PointMass()), "actions of shape"),
        (lambda e, s: evaluate(lambda o: np.full((len(o), 2), np.nan), PointMass()), "not finite"),
        (lambda e, s: clone(e, s, steps=1).act_each(np.zeros((1, 4))), "a block for each head"),
        (lambda e, s: clone(e, s, steps=1).errors(s[:1]), "1 sets found, expected 2"),
    ],
)
def test_bad_input_is_answered_in_one_line(plain, shown, call, message):
    with pytest.raises(InputError, match=message) as found:
        call(plain, shown)
    assert "\n" not in str(found.value)
