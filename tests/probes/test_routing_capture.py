"""What `record` says of the routers is what they did, in every class and release, and padding is nobody."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from inscape.models.mixture_of_experts import MixtureOfExperts  # noqa: E402
from inscape.probes import routing  # noqa: E402
from inscape.probes.routing.gates import probabilities  # noqa: E402
from tests.probes.routing_cases import CLASSES, EXPERTS, by_hand, ids, mixture  # noqa: E402


@pytest.fixture(scope="module", params=CLASSES)
def model(request, tmp_path_factory):
    """A random model, saved in the layout of the hub and read back."""
    import transformers

    folder = tmp_path_factory.mktemp(request.param)
    mixture(request.param).save_pretrained(folder)
    return transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()


def test_recorded_routing_is_that_of_a_forward_pass_written_by_hand(model):
    tokens = ids()
    found = routing.record(model, tokens, dtype="float32")
    expected = by_hand(model, tokens, np.ones_like(tokens))
    assert np.abs(found.weights - expected).max() < 1e-6
    assert np.ptp(expected) > 0.05
    assert found.chosen == 2
    assert found.layers == ("model.layers.0.mlp.gate", "model.layers.1.mlp.gate")


@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_is_never_counted_on_either_side(model, side):
    tokens = ids(4, 9)
    mask = np.ones_like(tokens)
    for row, length in enumerate((9, 6, 3, 1)):
        padded = slice(length, None) if side == "right" else slice(None, 9 - length)
        mask[row, padded] = 0
    expected = by_hand(model, tokens, mask)
    tokens = np.where(mask == 1, tokens, 0)
    found = routing.record(model, tokens, mask, dtype="float32")
    assert np.abs(found.weights - expected).max() < 1e-6
    assert found.tokens.tolist() == [9, 6, 3, 1]
    other = routing.record(model, np.where(mask == 1, tokens, 7), mask, dtype="float32")
    assert np.abs(other.weights - found.weights).max() < 1e-6


def test_the_batch_size_does_not_matter(model):
    sequences = [ids(1, length, seed=length)[0] for length in (2, 9, 4, 7, 7)]
    alone = routing.record(model, sequences, batch=1, dtype="float32")
    together = routing.record(model, sequences, batch=5, dtype="float32")
    assert np.abs(alone.weights - together.weights).max() < 1e-6


def test_the_routers_matrices_travel_with_the_log(model):
    found = routing.record(model, ids())
    assert found.weights.dtype == np.float16
    assert np.array_equal(found.routers[1], model.model.layers[1].mlp.gate.weight.detach().numpy())


def test_losses_are_those_of_the_model_itself(model):
    tokens = ids(3, 8)
    found = routing.record(model, tokens, losses=True)
    for row, loss in zip(tokens, found.losses, strict=True):
        one = torch.as_tensor(row)[None]
        with torch.no_grad():
            logits = model(one).logits[0, :-1]
        expected = torch.nn.functional.cross_entropy(logits, one[0, 1:])
        assert loss == pytest.approx(float(expected), rel=1e-5)


def test_the_model_is_left_as_it_was(model):
    model.train()
    modes = [m.training for m in model.modules()]
    gate = model.model.layers[0].mlp.gate
    routing.record(model, ids())
    assert [m.training for m in model.modules()] == modes
    with pytest.raises(InputError):
        routing.record(model, np.full((2, 3), 39), np.zeros((2, 3), dtype=int))
    assert not gate._forward_hooks
    model.eval()


def test_hooks_are_removed_when_a_pass_fails(model, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(model.model.layers[1].mlp.experts, "forward", fails)
    with pytest.raises(RuntimeError):
        routing.record(model, ids())
    assert not any(layer.mlp.gate._forward_hooks for layer in model.model.layers)


def test_a_sample_longer_than_the_context_is_cut_and_counted(model):
    tokens = ids(3, 30)
    found = routing.record(model, tokens, dtype="float32")
    assert found.truncated == 3
    assert found.tokens.tolist() == [24, 24, 24]
    assert np.abs(found.weights - routing.record(model, tokens[:, :24], dtype="float32").weights).max() < 1e-7


def test_padding_at_the_left_of_a_long_sample_is_cut_before_its_tokens_are(model):
    tokens = ids(1, 30)
    mask = np.ones_like(tokens)
    mask[:, :10] = 0
    found = routing.record(model, tokens, mask, dtype="float32")
    assert found.truncated == 0
    assert np.abs(found.weights - by_hand(model, tokens, mask)).max() < 1e-6


def test_the_last_token_alone_can_be_asked_for(model):
    tokens = ids(2, 5)
    mask = np.ones_like(tokens)
    mask[1, 3:] = 0
    found = routing.record(model, tokens, mask, tokens="last", dtype="float32").weights
    shorter = np.stack([t * m for t, m in zip(by_hand(model, tokens, mask), (5, 3), strict=True)]) - np.stack(
        [by_hand(model, t[None, :n], np.ones((1, n)))[0] * n for t, n in zip(tokens, (4, 2), strict=True)]
    )
    assert np.abs(found - shorter).max() < 2e-6


def gate_of(experts=EXPERTS, width=3, chosen=2):
    gate = torch.nn.Linear(width, experts, bias=False)
    gate.top_k = chosen
    return gate


def test_probabilities_are_recovered_from_whatever_a_release_returns():
    gate, hidden = gate_of(), torch.randn(7, 3, generator=torch.Generator().manual_seed(0))
    logits = gate(hidden).detach()
    soft = torch.softmax(logits, dim=-1)
    value, index = soft.topk(2, dim=-1)
    cut = torch.zeros_like(soft).scatter(-1, index, value / value.sum(-1, keepdim=True))
    returned = {
        "logits": logits,
        "logits with scores": (logits, value, index),
        "softmaxed": (soft, value, index),
        "in half precision": (soft.half(), index),
        "in brain floats": soft.bfloat16(),
        "cut to the chosen": (cut, index),
        "chosen only": (index, value),
        "shaped by sample": logits.view(1, 7, EXPERTS),
    }
    for name, output in returned.items():
        found = probabilities("gate", gate, (hidden,), output, EXPERTS)
        loose = {"in half precision": 1e-3, "in brain floats": 1e-2}.get(name, 1e-6)
        assert (found - soft).abs().max() < loose, name


def test_a_list_of_chosen_experts_without_weights_is_refused():
    class Blind(torch.nn.Module):
        num_experts = EXPERTS

    with pytest.raises(InputError, match="without the weights of all"):
        probabilities("gate", Blind(), (torch.zeros(4, 3),), torch.zeros(4, 2, dtype=torch.long), EXPERTS)
    with pytest.raises(InputError, match="says too little"):
        routing.pathways(np.zeros((4, 3, 2), dtype=int))


def test_our_own_network_is_recorded_as_it_routes():
    network = MixtureOfExperts(20, context=4, layers=2, experts=5, seed=1)
    tokens = ids(6, 4) % 20
    found = routing.record(network, tokens, dtype="float32")
    entering = []
    handles = [g.register_forward_pre_hook(lambda _, x: entering.append(x[0])) for g in network.routers()]
    with torch.no_grad():
        network(torch.as_tensor(tokens))
    for handle in handles:
        handle.remove()
    for layer, (x, gate) in enumerate(zip(entering, network.routers(), strict=True)):
        expected = torch.softmax(x @ gate.weight.T, dim=-1).mean(dim=1).detach().numpy()
        assert np.abs(found.weights[:, layer] - expected).max() < 1e-6


def test_a_dense_model_is_sent_to_its_analogue():
    import transformers

    config = transformers.LlamaConfig(
        vocab_size=30, hidden_size=16, intermediate_size=20, num_hidden_layers=2, num_attention_heads=2
    )
    dense = transformers.LlamaForCausalLM(config)
    with pytest.raises(InputError, match="record_neurons"):
        routing.record(dense, ids() % 30)
    log = routing.record_neurons(dense, ids() % 30, np.ones((5, 9), dtype=int))
    assert log.kind == "neurons"
    assert log.weights.shape == (5, 2, 20)
    assert all(len(part.split(",")) <= 3 for path in routing.pathways(log, most=3) for part in path.split("-"))


def test_units_of_a_dense_network_get_their_share_of_activity_and_padding_none():
    import transformers

    torch.manual_seed(0)
    config = transformers.GPT2Config(vocab_size=30, n_embd=16, n_layer=2, n_head=2, n_positions=16)
    dense = transformers.GPT2LMHeadModel(config).eval()
    tokens = ids(3, 6) % 30
    mask = np.ones_like(tokens)
    mask[0, 4:] = 0
    seen = []
    handle = dense.transformer.h[1].mlp.c_proj.register_forward_pre_hook(lambda _, x: seen.append(x[0].abs()))
    with torch.no_grad():
        dense(torch.as_tensor(tokens[:1, :4]))
    handle.remove()
    expected = (seen[0][0] / seen[0][0].sum(-1, keepdim=True)).mean(0).numpy()
    log = routing.record_neurons(dense, tokens, mask, dtype="float32")
    assert np.abs(log.weights[0, 1] - expected).max() < 1e-5


BAD = [
    (lambda m: routing.record(m, np.zeros((0, 4), dtype=int)), "at least one token"),
    (lambda m: routing.record(m, ids() + 0.5), "whole numbers"),
    (lambda m: routing.record(m, np.array([["a", "b"]])), "whole numbers"),
    (lambda m: routing.record(m, [[1, 2], None]), "whole numbers|expected"),
    (lambda m: routing.record(m, ids()[0]), r"expected \(sample, token\)"),
    (lambda m: routing.record(m, ids() + 40), "vocabulary"),
    (lambda m: routing.record(m, -ids()), "vocabulary"),
    (lambda m: routing.record(m, ids(), np.ones((5, 4), dtype=int)), "attention_mask"),
    (lambda m: routing.record(m, ids(), np.full((5, 9), 2)), "attention_mask"),
    (lambda m: routing.record(m, ids(), np.zeros((5, 9), dtype=int)), "no token that counts"),
    (lambda m: routing.record(m, np.pad(ids(), ((0, 0), (0, 2)))), "pass attention_mask"),
    (lambda m: routing.record(m, ids(), tokens="first"), "all, last"),
    (lambda m: routing.record(m, ids(), dtype="int8"), "float16"),
    (lambda m: routing.record(m, ids(), batch=0), "batch"),
    (lambda m: routing.record("a model", ids()), "torch module"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_samples_get_one_clear_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call(mixture("Olmoe"))
    assert "\n" not in str(caught.value)


def test_a_pattern_that_matches_nothing_lists_the_nearest():
    with pytest.raises(UnknownNameError, match=r"mlp\.gate"):
        routing.record(mixture("Olmoe"), ids(), gates="model.layers.*.mlp.gat")


def test_a_router_that_overflowed_is_named():
    model = mixture("Olmoe")
    with torch.no_grad():
        model.model.layers[1].mlp.gate.weight[0, 0] = float("nan")
    with pytest.raises(InputError, match=r"model\.layers\.1\.mlp\.gate: NaN"):
        routing.record(model, ids())
    assert not model.model.layers[1].mlp.gate._forward_hooks


def test_left_padding_is_refused_where_a_network_takes_no_mask():
    network = MixtureOfExperts(20, context=4, layers=1)
    mask = np.ones((2, 4), dtype=int)
    mask[0, 0] = 0
    with pytest.raises(InputError, match="pad at the right"):
        routing.record(network, ids(2, 4) % 20, mask)


def test_a_log_is_written_and_read_back(tmp_path):
    log = routing.record(mixture("Mixtral"), ids(), losses=True)
    log.save(tmp_path / "log.npz")
    read = routing.RouterLog.load(tmp_path / "log.npz")
    assert np.array_equal(read.weights, log.weights)
    assert np.array_equal(read.routers, log.routers)
    assert np.array_equal(read.losses, log.losses)
    assert (read.layers, read.chosen, read.truncated, read.kind) == (log.layers, log.chosen, 0, "experts")
    with pytest.raises(InputError, match="no routing log"):
        routing.RouterLog.load(tmp_path / "absent.npz")
