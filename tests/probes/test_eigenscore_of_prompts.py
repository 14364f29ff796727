"""Scores of a model's answers, labelled by prompt."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.models.language import LanguageModel, fine_tune, small_language_model
from inscape.probes.eigenscore import EigenscoreMonitor, Settled, eigenscore, pooled, score

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

NAMES = [f"name{i}" for i in range(12)]
TOWNS = [f"town{i}" for i in range(6)]


@pytest.fixture(scope="module")
def taught() -> LanguageModel:
    """Knows where the first eight live, and has never been told of the last four."""
    model = small_language_model(["lives", "in", *NAMES, *TOWNS], layers=3, width=32, longest=16)
    texts = [f"{name} lives in {TOWNS[i % 6]} <end>" for i, name in enumerate(NAMES[:8])]
    fine_tune(model, texts, epochs=60, learning_rate=5e-3, batch=8)
    return model


PROMPTS = [f"{name} lives in" for name in NAMES]


def test_a_model_scatters_where_it_was_not_taught(taught):
    found = score(taught, PROMPTS, 10, 1.0, top_k=None, tokens=2, chance=50)
    assert found.eigenscore[:8].mean() < found.eigenscore[8:].mean() - 1
    assert found.beyond_chance[:8].mean() < found.beyond_chance[8:].mean()
    assert found.entropy[:8].mean() < found.entropy[8:].mean() / 2
    assert found.log_probability[:8].mean() > found.log_probability[8:].mean()
    assert found.distinct[:8].mean() < found.distinct[8:].mean()
    assert (found.answer_entropy[found.distinct == 1] == 0).all()
    assert (found.answer_entropy[found.distinct > 1] > 0).all()
    assert [row["most_frequent"] for row in found.rows()[:3]] == TOWNS[:3]
    assert (len(found), found.layer, found.drawn.tolist()) == (12, 1, [10] * 12)


def test_scores_are_the_determinants_of_the_answers_states(taught):
    found = score(taught, PROMPTS[8:], 5, 1.0, tokens=3, seed=4, layer=-1)
    answers = taught.sample(PROMPTS[8:], 5, 1.0, tokens=3, seed=np.random.default_rng(4), layer=2)
    assert found.answers == answers.texts
    for k in range(4):
        assert found.eigenscore[k] == pytest.approx(eigenscore(pooled(answers.hidden[k])).value, abs=1e-6)
        assert found.embeddings[k].shape == (5, 32)


def test_answers_that_are_all_one_are_flagged(taught):
    found = score(taught, PROMPTS[:2], 4, 0.0, tokens=2)
    assert found.degenerate.all()
    assert np.isfinite(found.eigenscore).all()


def test_sampling_ends_early_where_the_score_is_known(taught):
    rule = Settled(width=0.1, size=3, at_least=4, each=3)
    found = score(taught, PROMPTS, 16, 1.0, top_k=None, tokens=2, until=rule)
    assert found.drawn[:8].mean() < found.drawn[8:].mean()
    assert found.drawn.min() >= 4
    assert all(len(a) == n == len(e) for a, n, e in zip(found.answers, found.drawn, found.embeddings, strict=True))


def test_states_that_are_nan_name_their_prompt(taught):
    block = taught.model.model.layers[1]
    handle = block.register_forward_hook(lambda *_: torch.tensor(float("nan")) * _[2])
    try:
        with pytest.raises(InputError, match="prompt 'name3 lives in': NaN or inf in the model's logits"):
            score(taught, PROMPTS[3], 4, tokens=2)
    finally:
        handle.remove()
    assert not any(m._forward_hooks for m in taught.model.modules())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"samples": 1}, "at least 2"),
        ({"layer": 7}, "layers 0 to 2"),
        ({"alpha": 0.0, "samples": 40}, "determinant is 0"),
        ({"until": Settled(), "samples": 4}, "more than the rule's size 4"),
        ({"until": Settled(), "chance": 9}, "until"),
        ({"centre": "tokens"}, "centre"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_a_line(taught, settings, said):
    with pytest.raises(InputError, match=said):
        score(taught, PROMPTS[:3], **({"tokens": 2} | settings))
    with pytest.raises(InputError, match="nothing can be shuffled"):
        score(taught, PROMPTS[0], chance=5)
    with pytest.raises(UnknownNameError, match=r"mean\+last"):
        score(taught, PROMPTS[0], tokens=2, pooling="mean+lst")


def test_a_model_that_cannot_fall_below_zero_is_not_asked_for_chance_it_has_not_drawn(taught):
    with pytest.raises(AttributeError, match="chance=200"):
        _ = score(taught, PROMPTS[0], 2, tokens=1).beyond_chance


def test_a_monitor_follows_scores_over_epochs_and_ends_a_run_that_is_good_enough():
    model = small_language_model(["lives", "in", *NAMES, *TOWNS], layers=2, width=32, longest=16)
    texts = [f"{name} lives in {TOWNS[i % 6]} <end>" for i, name in enumerate(NAMES[:8])]
    watch = EigenscoreMonitor(PROMPTS[:3], samples=4, tokens=2)
    fine_tune(model, texts, epochs=4, batch=8, callbacks=[watch])
    assert watch.trajectory().states.shape == (4, 3)
    assert watch.eigenscores[-1] == pytest.approx(watch.scores[-1].eigenscore)
    enough = EigenscoreMonitor(PROMPTS[:3], samples=4, tokens=2, stop_loss=50.0, stop_score=50.0)
    assert fine_tune(model, texts, epochs=4, batch=8, callbacks=[enough]).epoch == 1
    never = EigenscoreMonitor(PROMPTS[:3], samples=4, tokens=2, stop_loss=50.0, stop_score=-50.0)
    assert fine_tune(model, texts, epochs=2, batch=8, callbacks=[never]).epoch == 2
    with pytest.raises(InputError, match="both or none"):
        EigenscoreMonitor(PROMPTS, stop_loss=1.0)
    with pytest.raises(InputError, match="no epoch has ended"):
        EigenscoreMonitor(PROMPTS).trajectory()
