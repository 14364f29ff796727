"""Answers sampled in batches are those that would be sampled alone, and what is said of them is true of the model."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.models.language import LanguageModel, load, small_language_model
from inscape.models.language.sampling import Drawing
from tests.models.language.model_folders import WORDS, saved

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

PROMPTS = ["the capital of france is", "the", "it was not so and then it was a city in italy"]


@pytest.fixture(scope="module", params=["llama", "gpt2", "neox", "olmoe"])
def model(request, tmp_path_factory) -> LanguageModel:
    found = load(saved(tmp_path_factory.mktemp(request.param), request.param))
    found.tokenizer.padding_side = "right"
    with torch.no_grad():
        for parameter in found.model.parameters():
            parameter.mul_(3.0)
    return found


@pytest.fixture(scope="module")
def small() -> LanguageModel:
    return small_language_model(WORDS)


def asked_alone(model: LanguageModel, prompt: str, answer: np.ndarray, layer: int):
    """Log-probabilities, entropies and states of one answer by one plain pass without padding or cache."""
    start = model.tokenizer(prompt)["input_ids"]
    ids = torch.tensor([start + answer.tolist()])
    with torch.no_grad():
        found = model.model(ids, output_hidden_states=True)
    shares = torch.log_softmax(found.logits[0, len(start) - 1 : -1], -1)
    said = shares[torch.arange(len(answer)), torch.tensor(answer)]
    states = found.hidden_states[layer + 1][0, len(start) :]
    return said.numpy(), -(shares.exp() * shares).sum(-1).numpy(), states.numpy()


def test_probabilities_and_states_of_a_padded_batch_are_those_of_each_answer_alone(model):
    answers = model.sample(PROMPTS, samples=3, temperature=1.0, top_k=None, top_p=1.0, tokens=6, layer=-2)
    assert answers.layer == 1
    assert "padded on the left" in answers.notes[0]
    for p, prompt in enumerate(PROMPTS):
        for s, length in enumerate(answers.lengths[p]):
            said, entropies, states = asked_alone(model, prompt, answers.tokens[p, s, :length], 1)
            assert answers.log_probabilities[p, s, :length] == pytest.approx(said, abs=2e-4)
            assert answers.entropies[p, s, :length] == pytest.approx(entropies, abs=2e-4)
            assert answers.hidden[p, s, :length] == pytest.approx(states, abs=2e-3)
            assert np.isnan(answers.hidden[p, s, length:]).all()


def test_answers_do_not_depend_on_the_batch_they_were_sampled_in(model):
    together = model.sample(PROMPTS, samples=4, tokens=5, seed=7)
    apart = model.sample(PROMPTS, samples=4, tokens=5, seed=7, rows=4)
    assert together.texts == apart.texts
    assert np.array_equal(together.tokens, apart.tokens)
    assert together.texts != model.sample(PROMPTS, samples=4, tokens=5, seed=8, temperature=2.0, top_k=None).texts


def test_without_temperature_the_answer_is_the_one_that_transformers_takes(model):
    ids = torch.tensor([model.tokenizer(PROMPTS[0])["input_ids"]])
    theirs = model.model.generate(ids, max_new_tokens=6, do_sample=False, pad_token_id=0)[0, ids.shape[1] :].tolist()
    ours = model.sample(PROMPTS, samples=1, temperature=0.0, tokens=6)
    assert ours.tokens[0, 0, : ours.lengths[0, 0]].tolist() == theirs[: ours.lengths[0, 0]]


def test_tokens_are_drawn_as_often_as_they_are_likely():
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05]])).repeat(20000, 1)
    uniforms = torch.from_numpy(np.random.default_rng(0).random(20000))

    def shares(**settings) -> np.ndarray:
        return np.bincount(Drawing(**settings).draw(logits, uniforms).numpy(), minlength=4) / 20000

    assert shares(temperature=1.0, top_k=None, top_p=1.0) == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.015)
    assert shares(temperature=1.0, top_k=2, top_p=1.0) == pytest.approx([0.625, 0.375, 0, 0], abs=0.015)
    assert shares(temperature=1.0, top_k=None, top_p=0.7) == pytest.approx([0.625, 0.375, 0, 0], abs=0.015)
    cooled = np.array([0.5, 0.3, 0.15, 0.05]) ** 2
    assert shares(temperature=0.5, top_k=None, top_p=1.0) == pytest.approx(cooled / cooled.sum(), abs=0.015)
    assert shares(temperature=0.0).tolist() == [1, 0, 0, 0]


def test_an_answer_ends_with_its_end_token_or_with_the_text_that_stops_it(small):
    answers = small.sample("the", samples=200, temperature=1.0, top_k=None, top_p=1.0, tokens=30)
    ends = answers.lengths[0] < 30
    assert 0 < ends.sum() < 200
    for tokens, length in zip(answers.tokens[0][ends], answers.lengths[0][ends], strict=True):
        assert tokens[length - 1] == 1
        assert (tokens[length:] == -1).all()
    assert all("<end>" not in text for text in answers.texts[0])
    stopped = small.sample("the", samples=50, temperature=1.0, top_k=None, top_p=1.0, tokens=30, stop="rome")
    for text in stopped.texts[0]:
        assert text.count("rome") == text.endswith("rome")


def test_sampling_leaves_the_weights_the_mode_and_torchs_random_state_alone(small):
    state, before = torch.random.get_rng_state(), [p.clone() for p in small.model.parameters()]
    small.model.train()
    small.sample(PROMPTS, samples=2, tokens=3, layer=0)
    assert small.model.training
    small.model.eval()
    assert torch.equal(state, torch.random.get_rng_state())
    assert all(torch.equal(a, b) for a, b in zip(before, small.model.parameters(), strict=True))
    assert not any(module._forward_hooks for module in small.model.modules())


def test_losses_of_texts_are_those_of_each_text_alone(model):
    found = model.losses([*PROMPTS[::2], "a city"])
    for text, loss in zip([*PROMPTS[::2], "a city"], found, strict=True):
        ids = torch.tensor([model.tokenizer(text)["input_ids"]])
        with torch.no_grad():
            assert loss == pytest.approx(float(model.model(ids, labels=ids).loss), abs=2e-4)


def test_states_of_texts_are_those_of_each_text_alone(model):
    found = model.hidden(PROMPTS, layer=0)
    for text, states in zip(PROMPTS, found, strict=True):
        ids = torch.tensor([model.tokenizer(text)["input_ids"]])
        with torch.no_grad():
            alone = model.model(ids, output_hidden_states=True).hidden_states[1][0]
        assert states[: len(alone)] == pytest.approx(alone.numpy(), abs=1e-3)
        assert np.isnan(states[len(alone) :]).all()


def test_answers_are_runs_of_hidden_states_over_their_tokens(small):
    answers = small.sample(PROMPTS[:2], samples=2, tokens=4, layer=-1)
    runs = answers.trajectories()
    assert len(runs) == 4
    assert runs[3].states.shape == (answers.lengths[1, 1], 64)
    assert runs[3].context["prompt"] == "the"
    with pytest.raises(AttributeError, match="layer=-2"):
        small.sample("the", tokens=1).trajectories()


@pytest.mark.parametrize(
    ("prompts", "settings", "said"),
    [
        ([], {}, "none found"),
        ([""], {}, "something in it"),
        ([3], {}, "int found"),
        ("the", {"samples": 0}, "samples"),
        ("the", {"tokens": 0}, "tokens"),
        ("the", {"temperature": -1.0}, "temperature"),
        ("the", {"temperature": float("nan")}, "temperature"),
        ("the", {"top_k": 0}, "top_k"),
        ("the", {"top_p": 0.0}, "top_p"),
        ("the", {"stop": ""}, "stop"),
        ("the", {"seed": -3}, "seed"),
        ("the", {"layer": 4}, r"layer: 4 found, the model has layers 0 to 3 \(or -4 to -1\)"),
        ("the", {"layer": 1.5}, "whole number"),
        ("the", {"tokens": 100}, "101 tokens asked for, it reads at most 64"),
    ],
)
def test_what_cannot_be_sampled_is_refused_in_a_line(small, prompts, settings, said):
    with pytest.raises(InputError, match=said):
        small.sample(prompts, **settings)


def test_a_text_of_one_token_has_no_loss(small):
    with pytest.raises(InputError, match="expected at least 2"):
        small.losses("the")
