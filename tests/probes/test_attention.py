"""Attention of transformers' classes laid open: the same numbers, with names."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from inscape.errors import InputError, UnknownNameError  # noqa: E402
from inscape.probes import Clamp, Drop, Instruments, KeepOnly, Recorder, attention, find_sites  # noqa: E402
from tests.probes.small_nets import TwoLayers, hooks_on  # noqa: E402

COMMON = {
    "vocab_size": 61,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}
ENDS = {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
GPT2 = {"vocab_size": 61, "n_embd": 32, "n_layer": 2, "n_head": 4, **ENDS}
FAMILIES = {
    "llama": ("LlamaConfig", COMMON | {"num_key_value_heads": 2}),
    "gpt_neox": ("GPTNeoXConfig", COMMON),
    "gpt2": ("GPT2Config", GPT2),
    "gpt2 upcast": ("GPT2Config", GPT2 | {"reorder_and_upcast_attn": True, "scale_attn_by_inverse_layer_idx": True}),
    "olmoe": ("OlmoeConfig", COMMON | {"num_experts": 4, "num_experts_per_tok": 2, "num_key_value_heads": 4}),
    "mixtral": ("MixtralConfig", COMMON | {"num_local_experts": 4, "num_key_value_heads": 2}),
    "qwen2_moe": (
        "Qwen2MoeConfig",
        COMMON | EXPERTS | {"shared_expert_intermediate_size": 16, "num_key_value_heads": 2},
    ),
    "qwen3_moe": ("Qwen3MoeConfig", COMMON | EXPERTS | {"head_dim": 8, "num_key_value_heads": 2}),
}


def model_of(family: str, implementation: str = "eager") -> torch.nn.Module:
    name, settings = FAMILIES[family]
    config = getattr(transformers, name)(**settings)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return transformers.AutoModelForCausalLM.from_config(config, attn_implementation=implementation).eval()


@pytest.fixture(scope="module")
def text():
    """Two texts of nine tokens, the first padded on the left by three."""
    ids = torch.randint(3, 61, (2, 9), generator=torch.Generator().manual_seed(1))
    mask = torch.ones_like(ids)
    mask[0, :3] = 0
    return {"input_ids": ids, "attention_mask": mask}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("family", FAMILIES)
def test_exposed_attention_computes_eager_attention_to_the_bit(family, dtype, text):
    model = model_of(family).to(dtype)
    with torch.no_grad():
        plain = model(**text, output_attentions=True)
        with attention.exposed(model) as layers, Recorder(model, "**.pattern") as recorder:
            exposed = model(**text)
        again = model(**text)
    assert torch.equal(exposed.logits, plain.logits)
    assert torch.equal(again.logits, plain.logits)
    for site, expected in zip(recorder.sites, plain.attentions, strict=True):
        assert np.array_equal(recorder.array(site)[0], expected.float().numpy())
    assert len(layers) == 2


def test_what_was_loaded_with_a_fused_backend_is_exposed_and_given_back(text):
    model = model_of("llama", "sdpa")
    with torch.no_grad():
        fused = model(**text).logits
        with attention.exposed(model):
            exposed = model(**text).logits
        assert torch.equal(model(**text).logits, fused)
    eager = model_of("llama")
    with torch.no_grad():
        assert torch.equal(exposed, eager(**text).logits)
    # Queries that may see no key at all differ between the backends; nobody reads those.
    assert torch.allclose(exposed[text["attention_mask"].bool()], fused[text["attention_mask"].bool()], atol=1e-5)
    assert model.config._attn_implementation == "sdpa"


def test_gradients_of_exposed_attention_equal_those_of_eager_attention(text):
    gradients = []
    for exposing in (False, True):
        model = model_of("llama").train()
        with attention.exposed(model) if exposing else Instruments():
            model(**text, labels=text["input_ids"]).loss.backward()
        gradients.append([weights.grad for weights in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


def test_the_quantities_of_a_layer_belong_together(text):
    """scores = q k / sqrt(d) where the mask lets them, pattern = softmax(scores), mixed = pattern v."""
    model = model_of("llama")
    with attention.exposed(model), Recorder(model, "model.layers.1.self_attn.*") as recorder, torch.no_grad():
        model(input_ids=text["input_ids"])
    part = {
        name: torch.as_tensor(recorder.array(f"model.layers.1.self_attn.{name}")[0])
        for name in ("queries", "keys", "values", "scores", "pattern", "mixed")
    }
    causal = torch.ones(9, 9, dtype=torch.bool).tril()
    scores = part["queries"] @ part["keys"].transpose(2, 3) / np.sqrt(8)
    assert torch.allclose(part["scores"][..., causal], scores[..., causal], atol=1e-6)
    assert torch.allclose(part["pattern"], part["scores"].softmax(-1), atol=1e-6)
    assert torch.allclose(part["mixed"], part["pattern"] @ part["values"], atol=1e-6)
    assert recorder.axes("model.layers.1.self_attn.pattern") == ("sample", "head", "query", "key")
    assert part["values"].shape == (2, 4, 9, 8)


def test_dropping_a_head_equals_zeroing_its_columns_of_the_output_projection(text):
    model, cut = model_of("llama"), model_of("llama")
    with torch.no_grad():
        cut.model.layers[1].self_attn.o_proj.weight[:, 8:16] = 0
        with attention.exposed(model), Drop(model, "model.layers.1.self_attn.mixed", head=1):
            dropped = model(**text).logits
        assert torch.allclose(dropped, cut(**text).logits, atol=1e-5)


def test_a_clamped_pattern_reaches_the_output(text):
    model = model_of("gpt2")
    with torch.no_grad(), attention.exposed(model):
        plain = model(**text).logits
        with Clamp(model, "transformer.h.1.attn.pattern[head=2, query=-1]", np.eye(9)[3]):
            clamped = model(**text).logits
    assert torch.equal(clamped[:, :-1], plain[:, :-1])
    assert not torch.allclose(clamped[:, -1], plain[:, -1])


def test_fine_tuning_goes_on_under_a_clamp(text):
    model = model_of("gpt_neox").train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    with attention.exposed(model), KeepOnly(model, "gpt_neox.layers.*.attention.mixed", head=[0, 3]):
        for _ in range(5):
            optimiser.zero_grad()
            loss = model(**text, labels=text["input_ids"]).loss
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert hooks_on(model) == 0


def test_exposure_comes_and_goes_with_its_block_whatever_happens(text):
    model = model_of("mixtral")
    names = [name for name, _ in model.named_modules()]
    with pytest.raises(UnknownNameError), attention.exposed(model):
        find_sites(model, "model.layers.*.self_attn.patterns")
    assert [name for name, _ in model.named_modules()] == names
    assert model.config._attn_implementation == "eager"
    with attention.exposed(model), attention.exposed(model):
        assert len(find_sites(model, "**.pattern")) == 2
        with torch.no_grad():
            model(**text)
    assert [name for name, _ in model.named_modules()] == names


def test_an_exposed_model_saves_the_same_weights(text, tmp_path):
    model = model_of("llama")
    with attention.exposed(model):
        assert set(model.state_dict()) == set(model_of("llama").state_dict())
        model.save_pretrained(tmp_path)
    again = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, attn_implementation="eager").eval()
    with torch.no_grad():
        assert torch.equal(again(**text).logits, model(**text).logits)


def test_a_kit_holds_the_exposure_and_what_needs_it(text):
    model = model_of("llama")
    with Instruments(attention.exposed(model), Recorder(model, "**.scores")) as kit, torch.no_grad():
        model(**text)
    assert kit[1].array("model.layers.0.self_attn.scores").shape == (1, 2, 4, 9, 9)


def test_a_fused_backend_is_refused_with_the_setting_that_mends_it(text):
    model = model_of("llama", "sdpa")
    with pytest.raises(UnknownNameError, match="attn_implementation='eager'.*exposed"):
        find_sites(model, "model.layers.*.self_attn.pattern")
    with (
        Recorder(model, "model.layers.0.self_attn:output.1"),
        pytest.raises(InputError, match="attn_implementation='eager'"),
    ):
        model(**text)
    eager = model_of("llama")
    with Recorder(eager, "model.layers.0.self_attn:output.1") as recorder, torch.no_grad():
        eager(**text)
    assert recorder.array().shape == (1, 2, 4, 9, 9)


def test_what_has_no_attention_or_one_of_its_own_kind_is_refused():
    with (
        pytest.raises(InputError, match="no attention layer of transformers found in TwoLayers"),
        attention.exposed(TwoLayers()),
    ):
        pass
    capped = transformers.AutoModelForCausalLM.from_config(
        transformers.Gemma2Config(
            **COMMON | {"num_key_value_heads": 2, "head_dim": 8}, layer_types=["full_attention", "full_attention"]
        )
    )
    with (
        pytest.raises(InputError, match="Gemma2Attention computes attention in a way of its own"),
        attention.exposed(capped),
    ):
        pass


def test_generation_is_recorded_token_by_token(text):
    """A text generated with a cache leaves the same residual stream as the whole text read at once."""
    model = model_of("llama")
    with attention.exposed(model), Recorder(model, ["model.layers.0", "**.1.self_attn.pattern"]) as recorder:
        whole = model.generate(
            input_ids=text["input_ids"],
            attention_mask=torch.ones(2, 9, dtype=int),
            max_new_tokens=4,
            do_sample=False,
            eos_token_id=None,
        )
    assert [one.shape[1] for one in recorder.passes("model.layers.0")] == [9, 1, 1, 1]
    with attention.exposed(model), Recorder(model, recorder.sites) as at_once, torch.no_grad():
        model(input_ids=whole[:, :-1])
    for site in recorder.sites:
        assert np.allclose(recorder.tokens(site), at_once.array(site)[0], atol=1e-5)
    runs = recorder.trajectories("model.layers.0", over="token", join=True)
    assert runs.lengths == (12, 12)


def test_the_router_of_a_mixture_is_a_site(text):
    model = model_of("olmoe")
    with Recorder(model, ["**.gate:output.0", "**.gate:output.2"]) as recorder, torch.no_grad():
        model(**text)
    assert recorder.array("model.layers.0.mlp.gate:output.0").shape == (1, 18, 4)
    assert recorder.array("model.layers.0.mlp.gate:output.2").dtype == np.int64


def test_a_layer_called_by_names_has_an_input_too(text):
    model = model_of("llama")
    with Recorder(model, ["model.layers.1.self_attn:input", "model.layers.1.input_layernorm"]) as recorder:
        model(**text)
    assert np.array_equal(
        recorder.array("model.layers.1.self_attn:input"), recorder.array("model.layers.1.input_layernorm")
    )
