"""The stacked attention-only network and its training."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inscape.errors import DivergedError, InputError  # noqa: E402
from inscape.models.attention_only import AttentionOnly, Batch, train  # noqa: E402
from inscape.models.attention_only.initial import initial_weights, lecun_normal  # noqa: E402
from inscape.models.attention_only.losses import cross_entropy, evaluated, is_right  # noqa: E402
from inscape.models.attention_only.stream import TrainingStream  # noqa: E402
from inscape.systems.few_shot import gaussian_few_shot  # noqa: E402

SMALL = {"heads": 4, "width": 16}


@pytest.fixture(scope="module")
def task():
    return gaussian_few_shot(classes=8, new_classes=4, features=12, exemplars=2, seed=1)


def fresh(task, seeds=(0,), **settings):
    return AttentionOnly(task.width, task.labels, seeds=seeds, **(SMALL | settings))


def weights_of(net, run=0):
    return {name: weight.detach()[run].clone() for name, weight in net.named_parameters()}


def test_a_stack_holds_the_runs_that_would_train_alone(task):
    together = fresh(task, seeds=[3, 4])
    both = train(together, task, sequences=640, every=320, learning_rate=1e-3, streams=[7, 8], evaluation=64)
    for run, (seed, stream) in enumerate([(3, 7), (4, 8)]):
        alone = fresh(task, seeds=[seed])
        one = train(alone, task, sequences=640, every=320, learning_rate=1e-3, streams=stream, evaluation=64)
        np.testing.assert_allclose(both.logged["loss train"][:, run], one.logged["loss train"][:, 0], rtol=1e-4)
        for name, weight in weights_of(together, run).items():
            torch.testing.assert_close(weight, weights_of(alone)[name], rtol=1e-3, atol=1e-4)


def test_the_same_seed_starts_with_the_same_weights_and_another_with_others(task):
    one, two, other = (weights_of(fresh(task, seeds=[s])) for s in (5, 5, 6))
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert not torch.equal(one["layers.0.attention.into"], other["layers.0.attention.into"])


def test_matrices_start_with_variance_one_over_fan_in_cut_at_two_deviations():
    drawn = lecun_normal(np.random.default_rng(0), (400, 100))
    assert drawn.std() == pytest.approx(0.1, rel=0.02)
    assert np.abs(drawn).max() <= 2 * 0.1 / 0.8796
    first = initial_weights({"embedding.label": (64, 5), "a.scale": (4, 1), "a.bias": (4, 1)}, seed=0)
    assert np.abs(first["embedding.label"]).max() <= 0.04
    assert (first["a.scale"] == 1).all()
    assert (first["a.bias"] == 0).all()


def test_no_position_sees_a_later_one(task):
    net = fresh(task)
    drawn = task.draw(6, seed=0)
    changed = type(drawn)(drawn.exemplars.copy(), drawn.labels.copy(), drawn.position)
    changed.labels[:, 1] = (changed.labels[:, 1] + 1) % task.labels
    changed.exemplars[:, 2] = (changed.exemplars[:, 2] + 2) % 16
    streams = []
    for sequences in (drawn, changed):
        seen = []
        handle = net.layers[1].register_forward_hook(lambda _module, _inputs, output, kept=seen: kept.append(output))
        net(Batch.of(task, sequences, net), every_position=True)
        handle.remove()
        streams.append(seen[0])
    torch.testing.assert_close(streams[0][:, :, :3], streams[1][:, :, :3])
    assert not torch.allclose(streams[0][:, :, 3], streams[1][:, :, 3])


def test_the_query_alone_gives_the_logits_of_all_positions(task):
    net = fresh(task, seeds=[0, 1])
    batch = Batch.of(task, task.draw(9, seed=2), net)
    torch.testing.assert_close(net(batch), net(batch, every_position=True))


def test_exemplars_by_product_and_by_gathering_are_the_same(task):
    net = fresh(task, seeds=[0, 1])
    batch = Batch.of(task, task.draw(9, seed=2), net)
    with torch.no_grad():
        gathered = net(batch)
    torch.testing.assert_close(net(batch).detach(), gathered)


def test_the_layer_normalisation_is_that_of_torch(task):
    from inscape.models.attention_only.products import Normalisation

    x = torch.randn(2, 16, 7, dtype=torch.float64, requires_grad=True)
    scale, shift = (torch.randn(2, 16, 1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    expected = torch.nn.functional.layer_norm(x.transpose(1, 2), (16,)).transpose(1, 2) * scale + shift
    torch.testing.assert_close(Normalisation.apply(x, scale, shift), expected)
    assert torch.autograd.gradcheck(Normalisation.apply, (x, scale, shift))


def test_scores_mixing_and_rotation_have_the_slopes_of_finite_differences():
    from inscape.models.attention_only.products import Mixing, Rotation, Scores

    def random(*shape):
        return torch.randn(*shape, dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(Scores.apply, (random(2, 2, 4, 1, 3), random(2, 2, 4, 5, 3)))
    assert torch.autograd.gradcheck(Mixing.apply, (random(2, 2, 5, 5, 3), random(2, 2, 4, 5, 3)))
    angles = torch.randn(2, 5, 1, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: Rotation.apply(x, angles.cos(), angles.sin()), (random(2, 2, 4, 5, 3),))


def test_rotary_scores_depend_on_the_distance_alone():
    from inscape.models.attention_only.attention import _rotary
    from inscape.models.attention_only.products import Rotation, Scores

    x = torch.randn(1, 1, 8, 1, 1, dtype=torch.float64).expand(-1, -1, -1, 5, -1)
    turned = Rotation.apply(x, *_rotary(8, 5, x))
    scores = Scores.apply(turned, turned)[0, 0, :, :, 0]
    for offset in range(5):
        diagonal = scores.diagonal(offset)
        torch.testing.assert_close(diagonal, diagonal[:1].expand_as(diagonal))


def test_an_untrained_network_guesses_among_all_labels_and_a_trained_one_copies(task):
    net = fresh(task, seeds=[0, 1])
    run = train(net, task, sequences=16_000, every=4_000, learning_rate=3e-3, splits=("train", "relabelled"))
    assert (run.logged["accuracy train"][0] < 0.4).all()
    assert (run.logged["loss train"][-1] < np.log(2) / 2).all()
    assert (run.logged["accuracy train"][-1] > 0.9).all()


def test_the_log_is_a_trajectory_for_each_run_over_sequences_seen(task):
    net = fresh(task, seeds=[0, 1])
    run = train(
        net, task, sequences=320, every=100, evaluation=32, measures={"norm": lambda n: np.array([[1.0, 2.0]] * n.runs)}
    )
    curves = run.curves
    assert [c.context["seed"] for c in curves] == [0, 1]
    np.testing.assert_array_equal(curves[0].times, [0, 96, 192, 288, 320])
    assert curves[0].state_names == ("loss train", "accuracy train", "context_accuracy train", "norm 0", "norm 1")
    assert curves[0].units["time"] == "sequences"


def test_an_interrupted_training_goes_on_as_if_it_had_never_stopped(task, tmp_path):
    settings = {"every": 64, "learning_rate": 1e-3, "evaluation": 32}
    whole = fresh(task, seeds=[0, 1])
    run = train(whole, task, sequences=1280, **settings)
    first = fresh(task, seeds=[0, 1])
    train(first, task, sequences=640, folder=tmp_path / "kept", **settings)
    second = fresh(task, seeds=[0, 1])
    resumed = train(second, task, sequences=1280, folder=tmp_path / "kept", **settings)
    for name, weight in second.named_parameters():
        assert torch.equal(weight, dict(whole.named_parameters())[name]), name
    np.testing.assert_array_equal(resumed.logged["loss train"], run.logged["loss train"])
    np.testing.assert_array_equal(resumed.sequences, run.sequences)


def test_a_finished_training_found_in_its_folder_is_not_run_again(task, tmp_path):
    net = fresh(task)
    train(net, task, sequences=320, every=160, evaluation=32, folder=tmp_path)
    calls = []
    again = fresh(task)

    def never(_net):
        calls.append(1)
        return np.zeros(1)

    run = train(again, task, sequences=320, every=160, evaluation=32, folder=tmp_path)
    assert len(run.sequences) == 3
    torch.testing.assert_close(weights_of(again), weights_of(net))
    with pytest.raises(InputError, match="other settings"):
        train(fresh(task), task, sequences=320, every=160, evaluation=32, folder=tmp_path, measures={"n": never})
    (tmp_path / "training.npz").write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a training's state"):
        train(fresh(task), task, sequences=320, every=160, evaluation=32, folder=tmp_path)


def test_training_ends_early_where_it_is_told_to(task):
    run = train(fresh(task), task, sequences=3200, every=64, evaluation=32, stop_when=lambda line: True)
    assert run.sequences.tolist() == [0]


def test_a_step_gives_the_same_batch_whatever_was_asked_before(task):
    net = fresh(task, seeds=[0, 1])
    stream = TrainingStream(task, net, 8, [3, 4])
    late = stream.batch(300)
    stream.batch(2)
    again = stream.batch(300)
    assert torch.equal(late.labels, again.labels)
    assert torch.equal(late.exemplars, again.exemplars)
    assert not torch.equal(late.labels[0], late.labels[1])
    assert TrainingStream(task, net, 8, [3, 3]).batch(0).runs == 1


def test_accuracy_within_the_context_looks_at_two_labels_alone(task):
    net = fresh(task)
    batch = Batch.of(task, task.draw(5, seed=0), net)
    logits = torch.zeros(1, 5, task.labels)
    for sample in range(5):
        logits[0, sample, int(batch.targets[0, sample])] = 1.0
        outside = next(k for k in range(task.labels) if k not in batch.labels[0, :, sample].tolist())
        logits[0, sample, outside] = 2.0
    assert not is_right(logits, batch).any()
    assert is_right(logits, batch, within_context=True).all()
    expected = torch.nn.functional.cross_entropy(logits[0], batch.targets[0])
    torch.testing.assert_close(cross_entropy(logits, batch)[0], expected)
    assert set(evaluated(net, batch)) == {"loss", "accuracy", "context_accuracy"}


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sequences": 0}, "sequences: 0"),
        ({"sequences": 10}, "at least one batch"),
        ({"learning_rate": float("nan")}, "learning_rate"),
        ({"splits": ("nowhere",)}, "nowhere"),
        ({"streams": [1, 2, 3]}, "3 seeds"),
        ({"measures": {"odd": lambda net: np.zeros(9)}}, "measure 'odd'"),
    ],
)
def test_trainings_that_cannot_be_are_refused_in_one_line(task, settings, told):
    with pytest.raises(InputError, match=told):
        train(fresh(task, seeds=[0, 1]), task, **({"sequences": 64, "every": 32, "evaluation": 16} | settings))


def test_a_loss_that_runs_away_is_told_with_its_run(task):
    net = fresh(task, seeds=[0, 1])
    with torch.no_grad():
        net.layers[0].attention.into[1, 0, 0, 0] = float("inf")
    with pytest.raises(DivergedError, match="run 1 is not finite"):
        train(net, task, sequences=64, every=32, evaluation=16)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"width": 20, "heads": 8}, "multiple of 16"),
        ({"layers": 0}, "layers: 0"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [-1]}, "seeds"),
        ({"seeds": [0.5]}, "seeds"),
    ],
)
def test_networks_that_cannot_be_are_refused_in_one_line(settings, told):
    with pytest.raises(InputError, match=told):
        AttentionOnly(12, 5, **settings)


def test_batches_of_another_size_are_refused(task):
    net = fresh(task, seeds=[0, 1])
    other = gaussian_few_shot(classes=8, new_classes=4, features=5)
    with pytest.raises(InputError, match="5 features found, expected 12"):
        net(Batch.of(other, other.draw(3), net))
    each = [task.draw(4, seed=s) for s in range(3)]
    stacked = type(each[0])(*(np.stack([getattr(s, f) for s in each]) for f in ("exemplars", "labels", "position")))
    three = Batch.of(task, stacked, net)
    with pytest.raises(InputError, match="3 runs found"):
        net(three)
    with pytest.raises(InputError, match="the task has 5"):
        train(AttentionOnly(12, 7, **SMALL), task, sequences=64)
