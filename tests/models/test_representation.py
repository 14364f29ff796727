"""Pretraining of encoders: what each objective needs, learns and refuses."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("gymnasium")
pytest.importorskip("torch")

import torch

from inscape.errors import InputError, UnknownNameError
from inscape.models.representation import (
    OBJECTIVES,
    Encoder,
    EncoderPlan,
    choose_offset,
    cloning_error,
    corpus_of,
    pretrain,
)
from inscape.models.representation.batches import cropped, shifts
from inscape.models.representation.networks import FrameDecoder, SpatialSoftmax
from inscape.models.representation.objectives import objective_of
from inscape.systems.worlds import LinearReaching, PointMass, demonstrations
from inscape.trajectories import Trajectories, Trajectory

SMALL = EncoderPlan(channels=(4, 8), width=16, heads=(32,), hidden=(32,))
QUICK = {"steps": 12, "batch": 16, "plan": SMALL}


@pytest.fixture(scope="module")
def frames():
    return demonstrations(PointMass(), contexts=6, render=16, steps=30, seed=0)


@pytest.fixture(scope="module")
def states():
    return demonstrations(PointMass(), contexts=60, seed=0)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_gives_codes_of_frames_and_the_same_ones_again(frames, objective):
    encoder = pretrain(frames, objective, seed=3, **QUICK)
    codes = encoder(frames[0].states)
    assert codes.shape == (30, 16)
    assert np.abs(codes).max() <= 1
    again = pretrain(frames, objective, seed=3, **QUICK)
    assert np.array_equal(codes, again(frames[0].states))
    assert not np.array_equal(codes, pretrain(frames, objective, seed=4, **QUICK)(frames[0].states))
    assert np.isfinite(encoder.losses).all()


@pytest.mark.parametrize("objective", [name for name in OBJECTIVES if name != "contrastive"])
def test_states_are_encoded_by_the_same_objectives(states, objective):
    encoder = pretrain(states, objective, **QUICK)
    assert encoder(states[0].states).shape == (100, 16)


def test_inverse_dynamics_learns_the_action_and_cloning_cannot():
    corpus = corpus_of(LinearReaching(distractors=0, observed=4).demonstrations(300, seed=1))
    settings = {"steps": 400, "batch": 128, "plan": SMALL, "rate": 8e-3}
    variance = np.var(corpus.actions)
    assert pretrain(corpus, "inverse", **settings).losses[-1] < 0.25 * variance
    assert pretrain(corpus, "cloning", **settings).losses[-1] > 0.6 * variance


def test_two_frames_of_an_offset_never_cross_an_episode():
    runs = [
        Trajectory(np.arange(n), np.full((n, 1), k), np.random.default_rng(k).normal(size=n))
        for k, n in ((0, 4), (1, 7))
    ]
    corpus = corpus_of(Trajectories(runs))
    for offset in range(1, 6):
        rows = corpus.rows(offset)
        assert np.array_equal(corpus.observations[rows], corpus.observations[rows + offset])
        assert len(rows) == max(0, 4 - offset) + 7 - offset


def test_rows_without_an_action_are_left_out_where_actions_count():
    actions = np.array([0.1, np.nan, 0.3, np.nan])
    corpus = corpus_of(Trajectory(np.arange(4.0), np.arange(4.0), actions))
    assert corpus.rows(0).tolist() == [0, 2]
    assert corpus.rows(1, acted=False).tolist() == [0, 1, 2]


def test_actions_outside_their_range_are_scaled_and_the_scale_is_told():
    corpus = corpus_of(Trajectory(np.arange(4.0), np.arange(4.0), np.array([[0.5, 1], [1, -20], [0, 10], [0.2, 0]])))
    assert corpus.scale.tolist() == [1, 20]
    assert np.abs(corpus.actions).max() == 1
    assert "divided by 1, 20" in corpus.notes[0]


def test_a_crop_moves_the_picture_by_whole_pixels_and_repeats_its_edge():
    picture = torch.arange(16.0).reshape(1, 1, 4, 4)
    moved = cropped(picture, torch.tensor([[1, -1]]))[0, 0]
    assert moved[:3, 1:].equal(picture[0, 0, 1:, :3])
    assert moved[3].equal(moved[2])
    assert moved[:, 0].equal(moved[:, 1])
    assert int(shifts(500, 2, torch.Generator().manual_seed(0)).abs().max()) == 2


def test_the_spatial_softmax_tells_where_a_peak_is():
    maps = torch.zeros(1, 1, 5, 9)
    maps[0, 0, 4, 0] = 50.0
    assert SpatialSoftmax()(maps)[0].tolist() == pytest.approx([-1, 1], abs=1e-4)


def test_the_papers_own_sizes_fit_its_frames():
    plan = EncoderPlan((32, 64, 128, 256), (2, 2, 1, 1), spatial_softmax=True, heads=(256, 256))
    corpus = corpus_of(Trajectory(np.arange(3.0), np.zeros((3, 84, 84, 3)), np.arange(3.0)))
    encoder = Encoder.untrained(corpus, plan)
    assert encoder(np.zeros((2, 84, 84, 3), np.uint8)).shape == (2, 64)
    assert FrameDecoder(64, (84, 84, 3), plan)(torch.zeros(1, 64)).shape == (1, 3, 84, 84)


def test_the_contrast_is_the_cross_entropy_of_the_right_pair():
    head = objective_of("contrastive", 2, (8, 8), SMALL)
    code, later = torch.randn(5, 16), torch.randn(5, 16)
    one = torch.nn.functional.normalize(head.asks(code), dim=1)
    two = torch.nn.functional.normalize(head.answers(later), dim=1)
    chances = (one @ two.T).softmax(dim=1)
    told = head.loss(code, later, torch.zeros(5, 2), code, later)
    assert float(told) == pytest.approx(float(-chances.diagonal().log().mean()), rel=1e-5)


def test_a_probe_of_the_state_itself_makes_no_error_and_of_noise_a_full_one(states):
    plain = Encoder.standardising(states)
    assert plain.probe(states).rmse == pytest.approx(0, abs=1e-4)
    noise = Encoder.of_module(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Threshold(1e9, 0.0)), (4,))
    assert noise.probe(states).r2 == pytest.approx(0, abs=0.3)
    assert "x: rmse" in str(plain.probe(states))


def test_a_probe_of_frames_reads_the_truth_that_demonstrations_carry(frames):
    encoder = pretrain(frames, "reconstruction", steps=60, batch=32, plan=SMALL)
    assert encoder.probe(frames).names == ("x", "y", "vx", "vy")
    without = Trajectories(list(frames))
    with pytest.raises(InputError, match="truth: none found"):
        encoder.probe(without)
    told = encoder.probe(without, truth=list(frames.truth), names=frames.truth_names)
    assert np.array_equal(told.rmse, encoder.probe(frames).rmse)


def test_an_encoder_comes_back_from_its_file_as_it_was(frames, states, tmp_path):
    for runs in (frames, states):
        encoder = pretrain(runs, "inverse", **QUICK)
        again = Encoder.load(encoder.save(tmp_path / "encoder.npz"))
        assert np.array_equal(again(runs[0].states), encoder(runs[0].states))
        assert (again.objective, again.offset, again.actions, again.plan) == ("inverse", 1, 2, SMALL)
    plain = Encoder.standardising(states)
    again = Encoder.load(plain.save(tmp_path / "plain.npz"))
    assert np.array_equal(again(states[0].states), plain(states[0].states))
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(InputError, match="no encoder of inscape"):
        Encoder.load(tmp_path / "broken.npz")
    with pytest.raises(InputError, match="no such file"):
        Encoder.load(tmp_path / "absent.npz")


def test_the_offset_is_chosen_by_cloning_unseen_episodes(states):
    chosen = choose_offset(states, (1, 5), **QUICK)
    assert set(chosen.errors) == {1, 5}
    assert chosen.offset == min(chosen.errors, key=chosen.errors.get)
    assert chosen.encoder.offset == chosen.offset


def test_the_true_state_clones_unseen_episodes_better_than_a_constant(states):
    assert cloning_error(Encoder.standardising(states), states) < 0.3
    blind = Encoder.of_module(torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Threshold(1e9, 0.0)), (4,))
    assert cloning_error(blind, states) > 0.5


def run_of(states, inputs=None) -> Trajectory:
    return Trajectory(np.arange(len(states)), states, inputs)


@pytest.mark.parametrize(
    ("runs", "settings", "message"),
    [
        ([run_of(np.ones((1, 2)), np.ones(1) * k) for k in (0.1, 0.2)], {}, "longest episode has 1 samples"),
        ([run_of(np.ones((5, 2)), np.full(5, 0.3))], {}, "constant in every row"),
        ([run_of(np.ones((5, 2)))], {}, "runs without inputs"),
        ([run_of(np.full((5, 8, 8), np.nan), np.arange(5.0))], {}, "episode 0: 5 observations are not finite"),
        ([run_of(np.full((5, 8, 8), 300.0), np.arange(5.0))], {}, "brightness"),
        ([run_of(np.ones((5, 2)), np.arange(5.0))], {"offset": 5}, "offset: 5 found, the longest episode has 5"),
        ([run_of(np.ones((5, 2)), np.arange(5.0))], {"offset": 0}, "offset: 0"),
        ([run_of(np.ones((5, 2)), np.array([0, 1, np.inf, 0, 1]))], {}, "infinite actions"),
        ([run_of(np.ones((5, 2)), np.arange(5.0))], {"crop": 1}, "only frames can be cropped"),
        ([run_of(np.ones((5, 2)), np.arange(5.0))], {"objective": "contrastive"}, "need frames"),
        ([run_of(np.ones((5, 3, 3)) * 0.5, np.arange(5.0))], {}, "too small for 2 convolutions"),
        ([run_of(np.ones((5, 2)), np.arange(5.0))], {"steps": 0}, "steps: 0"),
        ([run_of(np.ones((5, 2)), np.arange(5.0))], {"rate": -1.0}, "rate"),
        ([run_of(np.ones((5, 2)), np.arange(5.0))], {"scale": 0.0}, "scale"),
        ([run_of(np.ones((5, 2)), np.full(5, np.nan))], {}, "no actions found"),
        ([run_of(np.ones((5, 2)), np.arange(5.0))], {"objective": "cloning", "offset": 1}, "looks at one observation"),
    ],
)
def test_what_cannot_be_learned_from_is_told_in_one_line(runs, settings, message):
    with pytest.raises(InputError, match=message) as found:
        pretrain(Trajectories(runs), **{**QUICK, **settings})
    assert "\n" not in str(found.value)


def test_an_unknown_objective_names_the_nearest(frames):
    with pytest.raises(UnknownNameError, match="inverse"):
        pretrain(frames, "invers")


def test_an_encoder_refuses_frames_of_another_size(frames):
    encoder = Encoder.untrained(frames, SMALL)
    with pytest.raises(InputError, match=r"shape \(3, 20, 20\) found, this encoder takes \(..., 16, 16\)"):
        encoder(np.zeros((3, 20, 20)))
    with pytest.raises(InputError, match="not finite"):
        encoder(np.full((3, 16, 16), np.nan))
    with pytest.raises(InputError, match="expected 0 to 1"):
        encoder(np.full((3, 16, 16), 7.0))
    with pytest.raises(InputError, match="fails on observations"):
        Encoder.of_module(torch.nn.Linear(7, 2), (4,))
