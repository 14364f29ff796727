"""A tiny transformer of characters: causal, reproducible, trainable, and clear about bad input."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inscape.errors import InputError  # noqa: E402
from inscape.models.tiny_language_model import UNKNOWN, Alphabet, TinyLanguageModel, train  # noqa: E402

TEXT = "the cat sat on the mat and the dog sat on the log. " * 40


def test_a_text_comes_back_from_its_numbers():
    alphabet = Alphabet.of(TEXT)
    assert alphabet.decode(alphabet.encode("the cat")) == "the cat"
    assert len(alphabet) == len(set(TEXT))


def test_a_short_alphabet_has_one_character_for_all_others():
    alphabet = Alphabet.of("aaaabbbccd", most=3)
    assert alphabet.characters == "ab" + UNKNOWN
    assert alphabet.decode(alphabet.encode("abcd")) == "ab" + UNKNOWN * 2


def test_an_unknown_character_is_named_with_its_place():
    with pytest.raises(InputError, match="'z' at 2"):
        Alphabet.of("abc").encode("abz")


def test_no_token_sees_what_comes_after_it():
    model = TinyLanguageModel(10, width=16, layers=2, heads=2, context=12)
    tokens = torch.arange(12)[None] % 10
    changed = tokens.clone()
    changed[0, 7:] = 3
    with torch.no_grad():
        torch.testing.assert_close(model(tokens)[:, :7], model(changed)[:, :7])
        assert (model(tokens)[:, 7:] - model(changed)[:, 7:]).abs().max() > 1e-4


def test_an_untrained_model_is_as_unsure_as_a_fair_die():
    model = TinyLanguageModel(20, width=16, layers=1, heads=2, context=16)
    tokens = torch.randint(0, 20, (4, 17), generator=torch.Generator().manual_seed(0))
    assert model.perplexity(tokens) == pytest.approx(20, rel=0.02)


def test_the_same_seed_gives_the_same_weights_and_the_same_training():
    alphabet = Alphabet.of(TEXT)
    runs = []
    for _ in range(2):
        model = TinyLanguageModel(alphabet, width=16, layers=1, heads=2, context=16, seed=3)
        losses, _ = train(model, TEXT, 20, samples=4, seed=5)
        runs.append(losses)
    np.testing.assert_array_equal(*runs)


def test_training_learns_a_text_that_repeats():
    model = TinyLanguageModel(Alphabet.of(TEXT), width=16, layers=1, heads=2, context=16)
    losses, _ = train(model, TEXT, 150, samples=8, learning_rate=1e-2)
    assert losses[-10:].mean() < 0.4 * losses[0]
    assert losses[0] == pytest.approx(math.log(len(set(TEXT))), rel=0.05)
    assert set(model.write("the ", 30)) <= set(TEXT)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"vocabulary": 0}, "vocabulary"),
        ({"vocabulary": 5, "width": 10, "heads": 4}, "heads"),
        ({"vocabulary": 5, "layers": 0}, "layers"),
    ],
)
def test_impossible_sizes_are_refused_by_name(arguments, named):
    with pytest.raises(InputError, match=named):
        TinyLanguageModel(**arguments)


def test_too_many_tokens_and_too_few_are_refused():
    model = TinyLanguageModel(5, width=8, layers=1, heads=2, context=4)
    with pytest.raises(InputError, match="1 to 4"):
        model(torch.zeros(1, 5, dtype=torch.long))
    with pytest.raises(InputError, match="two tokens"):
        model.loss(torch.zeros(1, 1, dtype=torch.long))
    with pytest.raises(InputError, match="no alphabet"):
        model.write("a")
