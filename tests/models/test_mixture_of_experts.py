"""A small mixture of experts computes what its formula says, learns, and comes back from its file."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import DivergedError, InputError

torch = pytest.importorskip("torch")

from inscape.models.mixture_of_experts import (  # noqa: E402
    Course,
    MixtureOfExperts,
    TrainingRecord,
    answers_of,
    small_olmoe,
    train,
)
from inscape.systems.modular_arithmetic import modular_arithmetic  # noqa: E402

SMALL = {"width": 16, "heads": 2, "layers": 2, "experts": 4, "hidden": 8}


def test_the_dense_mixture_is_the_sum_over_the_chosen_experts_one_by_one():
    network = MixtureOfExperts(9, **SMALL, deviation=0.5, seed=1)
    mixture = network.layers[0].mixture
    x = torch.randn(5, 3, 16, generator=torch.Generator().manual_seed(0))
    found, _ = mixture(x)
    rise = mixture.rise.weight.view(2, 4, 8, 16)
    fall = mixture.fall.weight.view(16, 4, 8)
    for sample in range(5):
        for token in range(3):
            entering = x[sample, token]
            probability = torch.softmax(mixture.gate.weight @ entering, dim=0)
            expected = torch.zeros(16)
            for expert in probability.topk(2).indices:
                units = torch.nn.functional.silu(rise[0, expert] @ entering) * (rise[1, expert] @ entering)
                expected = expected + probability[expert] * (fall[:, expert] @ units)
            assert torch.allclose(found[sample, token], expected, atol=1e-5)


def test_a_token_never_hears_a_later_one():
    network = MixtureOfExperts(9, context=5, **SMALL, deviation=0.5)
    tokens = torch.tensor([[1, 2, 3, 4, 5]])
    other = torch.tensor([[1, 2, 3, 8, 0]])
    one, two = network(tokens).logits, network(other).logits
    assert torch.allclose(one[:, :3], two[:, :3], atol=1e-6)
    assert not torch.allclose(one[:, 3:], two[:, 3:], atol=1e-3)


def test_the_answer_at_the_last_token_is_the_last_of_all_answers():
    network = MixtureOfExperts(9, **SMALL)
    tokens = torch.tensor([[1, 2, 3], [4, 5, 6]])
    assert torch.allclose(network(tokens).logits[:, -1], network(tokens, last=True).logits, atol=1e-6)


def test_the_balancing_loss_is_least_where_experts_get_the_same():
    network = MixtureOfExperts(9, **SMALL)
    mixture = network.layers[0].mixture
    x = torch.randn(400, 3, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        mixture.gate.weight.copy_(torch.randn(4, 16, generator=torch.Generator().manual_seed(1)) * 1e-4)
        even = float(mixture(x)[1])
        mixture.gate.weight.zero_()
        mixture.gate.weight[0] = 1.0
        mixture.gate.weight[1] = 0.9
        uneven = float(mixture(x.abs())[1])
    assert even == pytest.approx(2.0, abs=0.01)
    assert uneven > 3


def test_the_same_seed_gives_the_same_network_and_leaves_the_generator_alone():
    torch.manual_seed(0)
    expected = torch.randn(3)
    torch.manual_seed(0)
    one, same = MixtureOfExperts(9, **SMALL, seed=4), MixtureOfExperts(9, **SMALL, seed=4)
    assert torch.equal(torch.randn(3), expected)
    assert all(np.array_equal(a, b) for a, b in zip(one.weights(), same.weights(), strict=True))


def test_training_memorises_and_is_repeatable_and_writes_down_what_it_passed(tmp_path):
    tables = modular_arithmetic({"add": 0.6}, modulus=7)
    asked = tables.questions()
    finals = []
    for _ in range(2):
        network = MixtureOfExperts(tables.vocabulary, **SMALL, seed=0)
        record = TrainingRecord(network.sizes)
        train(network, asked.tokens, asked.answers, Course(steps=150, rate=5e-3), observe=record.keep, every=50, seed=2)
        finals.append(answers_of(network, asked.tokens))
    assert torch.equal(*finals)
    assert (finals[0].argmax(1).numpy() == asked.answers).mean() > 0.95
    assert record.steps == [0, 50, 100, 150]
    record.save(tmp_path / "course.npz")
    read = TrainingRecord.read(tmp_path / "course.npz")
    assert read.sizes == record.sizes
    assert torch.equal(answers_of(read.load(-1), asked.tokens), finals[1])
    assert [step for step, _ in read.models()] == record.steps
    with pytest.raises(InputError, match="4 checkpoints"):
        read.load(7)
    with pytest.raises(InputError, match="no record"):
        TrainingRecord.read(tmp_path / "absent.npz")


def test_an_instrument_hears_of_every_step():
    tables = modular_arithmetic({"add": 0.6}, modulus=5)
    heard = []
    network = MixtureOfExperts(tables.vocabulary, **SMALL)
    train(network, tables.tokens, tables.answers, Course(steps=4), before=heard.append)
    assert heard == [0, 1, 2, 3]


def test_the_library_s_own_class_learns_by_the_same_course():
    pytest.importorskip("transformers")
    tables = modular_arithmetic({"add": 0.6}, modulus=5)
    asked = tables.questions()
    model = small_olmoe(tables.vocabulary, **SMALL, seed=0)
    train(model, asked.tokens, asked.answers, Course(steps=120, rate=5e-3))
    assert (answers_of(model, asked.tokens).argmax(1).numpy() == asked.answers).mean() > 0.9


def test_a_course_that_diverges_names_the_step():
    tables = modular_arithmetic({"add": 0.6}, modulus=5)
    network = MixtureOfExperts(tables.vocabulary, **SMALL)
    with torch.no_grad():
        network.answer.weight.fill_(float("nan"))
    with pytest.raises(DivergedError, match="at step 0"):
        train(network, tables.tokens, tables.answers, Course(steps=3))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MixtureOfExperts(0), "vocabulary"),
        (lambda: MixtureOfExperts(9, heads=5), "heads"),
        (lambda: MixtureOfExperts(9, experts=2, chosen=3), "chosen"),
        (lambda: MixtureOfExperts(9, layers=1.5), "layers"),
        (lambda: MixtureOfExperts(9)(torch.zeros(2, 4, dtype=torch.long)), "tokens"),
        (lambda: MixtureOfExperts(9)(torch.zeros(2, 3)), "tokens"),
        (lambda: small_olmoe(9, width=10, heads=4), "heads"),
        (lambda: small_olmoe(9, experts=2, chosen=3), "chosen"),
        (lambda: small_olmoe(0), "sizes"),
        (lambda: Course(steps=0), "steps"),
        (lambda: Course(rate=float("nan")), "rate"),
        (lambda: Course(weight_decay=-1), "weight_decay"),
        (lambda: Course(clip=0), "clip"),
        (lambda: train(MixtureOfExperts(9), np.zeros((2, 3)), np.zeros(2, int)), "tokens"),
        (lambda: train(MixtureOfExperts(9), np.zeros((2, 3), int), np.zeros(3, int)), "answers"),
        (lambda: train(MixtureOfExperts(9), np.zeros((0, 3), int), np.zeros(0, int)), "tokens"),
    ],
)
def test_bad_input_gets_one_clear_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
