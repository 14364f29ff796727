"""The clamps of the induction circuit against the network written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inscape.errors import InputError  # noqa: E402
from inscape.models.attention_only import AttentionOnly, Batch, train  # noqa: E402
from inscape.models.attention_only.losses import cross_entropy  # noqa: E402
from inscape.probes import Clamp, Instruments, KeepOnly, Until, WhenBelow  # noqa: E402
from inscape.probes import circuit_clamps as clamps  # noqa: E402
from inscape.studies.induction.by_hand import CLAMPS, logits_by_hand  # noqa: E402
from inscape.systems.few_shot import gaussian_few_shot  # noqa: E402

RUNS = 3


@pytest.fixture(scope="module")
def task():
    return gaussian_few_shot(classes=6, new_classes=4, features=12, seed=3)


@pytest.fixture
def net(task):
    stack = AttentionOnly(task.width, task.labels, heads=4, width=16, seeds=range(RUNS))
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        # Labels of their first size would hide what passes through them.
        for weight in stack.parameters():
            weight.add_(0.3 * torch.randn(weight.shape, generator=generator))
    return stack


def batch_of(task, net, split="train", count=7, seed=5):
    return Batch.of(task, task.draw(count, split=split, seed=seed), net)


def clamped(net, name, runs=None, **settings):
    if name == "none":
        return Instruments()
    if name == "earlier_layer_and_copy":
        return Instruments(clamps.earlier_layer(net, runs=runs, **settings), clamps.copy(net, runs=runs, **settings))
    return getattr(clamps, name)(net, runs=runs, **settings)


@pytest.mark.parametrize("name", CLAMPS)
@pytest.mark.parametrize("split", ["train", "new exemplar"])
def test_a_clamped_pass_equals_the_one_written_out_by_hand(task, net, name, split):
    sequences = task.draw(7, split=split, seed=5)
    batch = Batch.of(task, sequences, net)
    with torch.no_grad(), clamped(net, name):
        logits = net(batch).numpy()
        everywhere = net(batch, every_position=True).numpy()
    for run in range(RUNS):
        for i in range(7):
            features = task.features[sequences.exemplars[i]]
            by_hand = logits_by_hand(net, run, features, sequences.labels[i], sequences.position[i], name)
            np.testing.assert_allclose(logits[run, i], by_hand, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(everywhere[run, i], by_hand, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", CLAMPS)
def test_a_clamp_taken_off_leaves_the_network_as_it_was_to_the_bit(task, net, name):
    batch = batch_of(task, net)
    plain = net(batch)
    with clamped(net, name):
        during = net(batch)
    assert torch.equal(net(batch), plain)
    assert name == "none" or not torch.equal(during, plain)


@pytest.mark.parametrize("name", CLAMPS)
def test_slopes_under_a_clamp_are_those_of_finite_differences(task, net, name):
    net.double()
    batch = batch_of(task, net)
    random = np.random.default_rng(1)
    with clamped(net, name):
        loss = cross_entropy(net(batch), batch).sum()
        slopes = torch.autograd.grad(loss, list(net.parameters()), allow_unused=True)
        moved = 0
        for (weight_name, weight), slope in zip(net.named_parameters(), slopes, strict=True):
            direction = torch.as_tensor(random.standard_normal(weight.shape))
            step = 1e-5
            ends = []
            for sign in (1, -1):
                with torch.no_grad():
                    weight.add_(direction, alpha=sign * step)
                    ends.append(float(cross_entropy(net(batch), batch).sum()))
                    weight.add_(direction, alpha=-sign * step)
            measured = (ends[0] - ends[1]) / (2 * step)
            told = 0.0 if slope is None else float((slope * direction).sum())
            assert told == pytest.approx(measured, rel=1e-3, abs=1e-7), weight_name
            moved += abs(measured) > 1e-6
    assert moved >= 3


def test_runs_of_one_stack_carry_different_clamps(task, net):
    batch = batch_of(task, net)
    plain = net(batch)
    alone = {}
    for name in ("match", "copy"):
        with clamped(net, name):
            alone[name] = net(batch)
    with clamped(net, "match", runs=[0]), clamped(net, "copy", runs=[2]):
        mixed = net(batch)
    assert torch.equal(mixed[1], plain[1])
    torch.testing.assert_close(mixed[0], alone["match"][0])
    torch.testing.assert_close(mixed[2], alone["copy"][2])


def test_every_clamp_on_some_runs_equals_it_on_all(task, net):
    sequences = [task.draw(4, seed=s) for s in range(RUNS)]
    joined = type(sequences[0])(
        *(np.stack([getattr(s, f) for s in sequences]) for f in ("exemplars", "labels", "position"))
    )
    batch = Batch.of(task, joined, net)
    for name in CLAMPS[1:]:
        with clamped(net, name):
            everyone = net(batch)
        with clamped(net, name, runs=[0, 2]):
            some = net(batch)
        torch.testing.assert_close(some[[0, 2]], everyone[[0, 2]])


def test_a_stack_reads_each_run_its_own_sequences(task, net):
    each = [task.draw(4, seed=s) for s in range(RUNS)]
    joined = type(each[0])(*(np.stack([getattr(s, f) for s in each]) for f in ("exemplars", "labels", "position")))
    logits = net(Batch.of(task, joined, net))
    for run, sequences in enumerate(each):
        torch.testing.assert_close(logits[run], net(Batch.of(task, sequences, net))[run])


def test_a_clamp_may_be_released_while_training_goes_on(task):
    def trained(*instruments):
        net = AttentionOnly(task.width, task.labels, heads=4, width=16, seeds=[0])
        with Instruments(*[make(net) for make in instruments]) as kit:
            run = train(net, task, sequences=320, learning_rate=1e-3, every=64, evaluation=64, instruments=kit)
        return run, net

    held, _ = trained(lambda net: clamps.match(net))
    free, _ = trained()
    released, _ = trained(lambda net: clamps.match(net, when=Until(3)))
    name = "loss train"
    assert released.logged[name][0] == held.logged[name][0]
    assert released.logged[name][2] not in (held.logged[name][2], free.logged[name][2])
    never, _ = trained(lambda net: clamps.match(net, when=WhenBelow("loss train", 0.0)))
    np.testing.assert_array_equal(never.logged[name], free.logged[name])


def test_a_clamp_that_leaves_nothing_to_learn_is_told_of_before_training(task):
    net = AttentionOnly(task.width, task.labels, heads=4, width=16, seeds=[0, 1])
    with (
        Clamp(net, "unembedding[run=1]", 0.0),
        pytest.warns(UserWarning, match="run 1"),
    ):
        train(net, task, sequences=64, every=64, evaluation=16)


def test_the_other_heads_may_be_silent_beside_a_clamp(task, net):
    batch = batch_of(task, net)
    with KeepOnly(net, "layers.1.attention.values", head=[3]), clamps.match(net):
        both = net(batch)
    with clamps.match(net):
        assert not torch.equal(both, net(batch))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda net: clamps.match(net, head=9), "heads 0 to 3"),
        (lambda net: clamps.previous_token(net, layer=2), "layers 0 to 1"),
        (lambda net: clamps.copy(net, runs=[7]), "runs 0 to 2"),
        (lambda net: clamps.copy(net, runs=[]), "runs 0 to 2"),
        (lambda net: clamps.match(torch.nn.Linear(2, 2)), "AttentionOnly"),
        (lambda net: clamps.earlier_layer(AttentionOnly(4, 3, layers=3, heads=2, width=8)), "expected two"),
    ],
)
def test_a_clamp_that_cannot_be_is_refused_in_one_line(net, call, told):
    with pytest.raises(InputError, match=told):
        call(net)


def test_instruments_that_are_not_attached_are_refused_by_training(task, net):
    kit = Instruments(clamps.match(net))
    with pytest.raises(InputError, match="not attached"):
        train(net, task, sequences=64, learning_rate=1e-3, every=64, evaluation=64, instruments=kit)
