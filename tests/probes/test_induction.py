"""Induction heads: strengths, ablations, and the map of a language model."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inscape.errors import InputError  # noqa: E402
from inscape.models.attention_only import AttentionOnly, Batch  # noqa: E402
from inscape.models.attention_only.losses import evaluated  # noqa: E402
from inscape.probes import KeepOnly, circuit_clamps, induction  # noqa: E402
from inscape.probes.induction_map import induction_map, previous_token_map, repeat_loss, repeated_tokens  # noqa: E402
from inscape.systems.few_shot import gaussian_few_shot  # noqa: E402


@pytest.fixture(scope="module")
def task():
    return gaussian_few_shot(classes=6, new_classes=4, features=12, seed=3)


@pytest.fixture
def net(task):
    stack = AttentionOnly(task.width, task.labels, heads=4, width=16, seeds=[0, 1])
    with torch.no_grad():
        generator = torch.Generator().manual_seed(0)
        for weight in stack.parameters():
            weight.add_(0.5 * torch.randn(weight.shape, generator=generator))
    return stack


@pytest.fixture
def batch(task, net):
    return Batch.of(task, task.draw(3000, seed=1), net)


def test_a_head_held_on_the_right_label_has_strength_one_and_the_others_keep_theirs(net, batch):
    before = induction.induction_strength(net, batch)
    with circuit_clamps.match(net, head=2, runs=[1]):
        held = induction.induction_strength(net, batch)
    assert held[1, 2] == pytest.approx(1.0)
    np.testing.assert_allclose(np.delete(held, 2, axis=1), np.delete(before, 2, axis=1), atol=1e-6)
    assert np.abs(before).max() < 1


def test_one_pass_for_all_subsets_gives_the_numbers_of_a_pass_for_each(net, batch):
    lone = induction.lone_head_accuracy(net, batch)
    without = induction.accuracy_without(net, batch)
    for head in range(4):
        with KeepOnly(net, "layers.1.attention.values", head=[head]):
            np.testing.assert_allclose(lone[:, head], evaluated(net, batch)["accuracy"], atol=1e-3)
        with KeepOnly(net, "layers.1.attention.values", head=[h for h in range(4) if h != head]):
            np.testing.assert_allclose(without[:, head], evaluated(net, batch)["accuracy"], atol=1e-3)


def test_all_heads_kept_is_the_network_itself(net, batch):
    whole = induction.accuracy_by_subset(net, batch, np.ones((1, 4), dtype=bool))[:, 0]
    np.testing.assert_allclose(whole, evaluated(net, batch)["accuracy"], atol=1e-3)


def test_a_layer_that_writes_nothing_has_no_direct_effect(net, batch):
    with torch.no_grad():
        net.layers[0].attention.out[0].zero_()
    effect = induction.direct_effect(net, batch)
    assert effect["loss"][0] == pytest.approx(effect["loss_before"][0], abs=1e-6)
    assert effect["loss"][1] != pytest.approx(effect["loss_before"][1], abs=1e-3)


def test_each_run_of_a_stack_may_keep_a_head_of_its_own(net, batch):
    kept = np.zeros((2, 4), dtype=bool)
    kept[0, 1] = kept[1, 3] = True
    lone = induction.lone_head_accuracy(net, batch)
    with induction.keep_heads(net, kept):
        accuracy = evaluated(net, batch)["accuracy"]
    np.testing.assert_allclose(accuracy, [lone[0, 1], lone[1, 3]], atol=1e-3)


def test_what_cannot_be_measured_is_refused(net, batch):
    with pytest.raises(InputError, match="layers 0 to 1"):
        induction.induction_strength(net, batch, layer=2)
    with pytest.raises(InputError, match="expected truths"):
        induction.accuracy_by_subset(net, batch, np.ones((1, 3), dtype=bool))
    with pytest.raises(InputError, match="expected truths"):
        induction.keep_heads(net, np.ones((2, 4)))
    with pytest.raises(InputError, match="is the last"):
        induction.direct_effect(net, batch, layer=1)
    with pytest.raises(InputError, match="AttentionOnly"):
        induction.induction_strength(torch.nn.Linear(2, 2), batch)


def small_language_model(kind):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    if kind == "llama":
        sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
        config = transformers.LlamaConfig(**sizes, num_key_value_heads=2, vocab_size=50, max_position_embeddings=64)
    elif kind == "gpt2":
        config = transformers.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=50, n_positions=64)
    else:
        sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4}
        config = transformers.GPTNeoXConfig(**sizes, vocab_size=50, max_position_embeddings=64)
    return transformers.AutoModelForCausalLM.from_config(config, attn_implementation="eager").eval()


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox"])
def test_the_map_is_the_mean_attention_to_the_token_after_the_earlier_copy(kind):
    model = small_language_model(kind)
    found = induction_map(model, sequences=3, length=10, seed=1)
    assert found.strength.shape == (2, 4)
    with torch.no_grad():
        patterns = model(input_ids=torch.as_tensor(found.tokens), output_attentions=True).attentions
    for layer in range(2):
        expected = np.mean([patterns[layer][:, :, 10 + i, i + 1].numpy() for i in range(9)], axis=(0, 1))
        np.testing.assert_allclose(found.strength[layer], expected, atol=1e-6)
    layer, head = found.strongest(1)[0]
    assert found.strength[layer, head] == found.strength.max()


def test_the_map_of_previous_tokens_is_the_mean_attention_one_place_back():
    model = small_language_model("llama")
    found = previous_token_map(model, sequences=3, length=10, seed=1)
    tokens = repeated_tokens(50, sequences=3, length=10, seed=1)
    with torch.no_grad():
        patterns = model(input_ids=torch.as_tensor(tokens), output_attentions=True).attentions
    expected = [pattern.diagonal(-1, 2, 3).mean((0, 2)).numpy() for pattern in patterns]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gpt_neox"])
def test_the_loss_is_that_of_the_model_and_changes_where_heads_are_silent(kind):
    model = small_language_model(kind)
    tokens = repeated_tokens(50, sequences=2, length=8, seed=0)
    plain = repeat_loss(model, tokens)
    ids = torch.as_tensor(tokens)
    with torch.no_grad():
        logits = model(input_ids=ids).logits
    losses = torch.nn.functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none").numpy()
    assert plain.first == pytest.approx(losses[:, :7].mean(), rel=1e-5)
    assert plain.repeat == pytest.approx(losses[:, 8:].mean(), rel=1e-5)
    assert repeat_loss(model, tokens, without=[(0, 1), (1, 2)]).repeat != pytest.approx(plain.repeat, abs=1e-6)
    assert repeat_loss(model, tokens) == plain


def test_tokens_and_heads_that_cannot_be_are_refused():
    model = small_language_model("llama")
    tokens = repeated_tokens(50, sequences=2, length=8)
    with pytest.raises(InputError, match="does not repeat"):
        repeat_loss(model, tokens[:, ::-1] * np.arange(16))
    with pytest.raises(InputError, match="layers 0 to 1"):
        repeat_loss(model, tokens, without=[(5, 0)])
    with pytest.raises(InputError, match="head 9"):
        repeat_loss(model, tokens, without=[(0, 9)])
    with pytest.raises(InputError, match="vocabulary"):
        repeat_loss(model, tokens + 100)
    with pytest.raises(InputError, match="the model reads 64"):
        induction_map(model, length=40)
    with pytest.raises(InputError, match="causal language model"):
        induction_map("a model")
    with pytest.raises(InputError, match="length"):
        repeated_tokens(50, length=1)
