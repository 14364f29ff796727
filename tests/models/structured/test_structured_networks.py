"""Structured networks: what they compute, how they are differentiated, what they cost."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from inscape.errors import InputError, UnknownNameError
from inscape.models.levenberg_marquardt import central_differences
from inscape.models.structured import DenseNet, HankelNet, Network, StNN, compare_costs

torch = pytest.importorskip("torch")

PLANS = [
    StNN(2),
    StNN(3, activation="leaky_relu"),
    HankelNet(3),
    HankelNet(2, n=7, activation="leaky_relu"),
    HankelNet(2, n=160),
    HankelNet(2, mode="fft"),
    DenseNet((9, 5)),
]
SIZES = [(12, 3), (16, 16), (2, 1), (5, 2), (3, 3), (2, 2), (33, 1)]


def reads(network: Network) -> str:
    return " ".join(repr(network).split())


@pytest.mark.parametrize("network", PLANS, ids=reads)
def test_the_compiled_network_answers_as_the_torch_module(network: Network) -> None:
    random = np.random.default_rng(0)
    for inputs, outputs in SIZES:
        module = network.module(inputs, outputs, seed=1).double()
        x = random.normal(size=(6, inputs))
        expected = module(torch.as_tensor(x)).detach().numpy()
        np.testing.assert_allclose(network.compiled(module.flat(), inputs, outputs)(x), expected, atol=1e-12)
        single = network.compiled(module.flat(), inputs, outputs, np.float32)(x)
        assert single.dtype == np.float32
        np.testing.assert_allclose(single, expected, atol=2e-5)


@pytest.mark.parametrize("network", PLANS, ids=reads)
def test_derivatives_by_the_weights_are_those_of_torch_and_of_differences(network: Network) -> None:
    random = np.random.default_rng(0)
    for inputs, outputs in SIZES:
        flat, x = network.start(inputs, outputs, 1), random.normal(size=(3, inputs))
        answers, jacobian = network.linearised(flat, x, outputs)
        np.testing.assert_allclose(answers, network.compiled(flat, inputs, outputs)(x), atol=1e-13)

        def call(w: torch.Tensor, x: np.ndarray = x, sizes: tuple[int, int] = (inputs, outputs)) -> torch.Tensor:
            return network.compute(network.unpack(w, *sizes), torch.as_tensor(x), *sizes)

        exact = torch.func.jacrev(call)(torch.as_tensor(flat)).numpy()
        np.testing.assert_allclose(jacobian, exact, atol=1e-11)
        if len(flat) < 300:
            near = central_differences(lambda w: call(torch.as_tensor(w)).numpy().ravel(), flat)
            np.testing.assert_allclose(jacobian.reshape(near.shape), near, atol=1e-7)


@pytest.mark.parametrize("network", PLANS[:4], ids=reads)
def test_every_weight_moves_an_answer(network: Network) -> None:
    for inputs, outputs in SIZES:
        x = np.random.default_rng(0).normal(size=(40, inputs))
        jacobian = network.linearised(network.start(inputs, outputs, 1), x, outputs)[1]
        assert (np.abs(jacobian).max(axis=(0, 1)) > 0).all()


@pytest.mark.parametrize("network", [StNN(2), StNN(1, activation="leaky_relu"), HankelNet(2)], ids=reads)
def test_gradients_of_a_network_pass_torchs_check(network: Network) -> None:
    module = network.module(6, 3, seed=2).double()
    x = torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
    names = list(network.shapes(6, 3))

    def call(x: torch.Tensor, *weights: torch.Tensor) -> torch.Tensor:
        return network.compute(dict(zip(names, weights, strict=True)), x, 6, 3)

    assert torch.autograd.gradcheck(call, (x, *(module.weights[k] for k in names)))


@pytest.mark.parametrize("size", [4, 8, 64])
def test_with_complex_twiddles_the_butterfly_is_the_fourier_transform(size: int) -> None:
    from inscape.models.structured.butterfly import butterfly

    lengths = [size >> k for k in range(size.bit_length() - 2)]
    twiddles = np.concatenate([np.exp(-2j * np.pi * np.arange(r // 2) / r) for r in lengths])
    leaf = np.array([[1, 1], [1, -1]], dtype=complex)
    for entries in (size, size // 2, 3):
        x = np.random.default_rng(0).normal(size=(5, 1, entries)) + 0j
        kept = twiddles if entries == size or entries > size // 2 else np.delete(twiddles, np.s_[entries : size // 2])
        got = butterfly(
            torch.as_tensor(x), torch.as_tensor(kept[None]), torch.as_tensor(np.stack([leaf, leaf])[None]), size=size
        )
        np.testing.assert_allclose(got.numpy(), np.fft.fft(x, size), atol=1e-12)


def test_at_16_inputs_six_blocks_have_a_28th_of_the_dense_nets_weights_and_a_14th_of_its_operations() -> None:
    from inscape.models.structured.operations import count_operations

    module, dense = StNN(6).module(16), DenseNet.same_widths(StNN(6), 16, 16).module(16, 16)
    weights, dense_weights = (sum(w.numel() for w in m.parameters()) for m in (module, dense))
    work, dense_work = count_operations(module, 16), count_operations(dense, 16)
    assert (dense.network.hidden, dense_weights, dense_work.arithmetic) == ((192, 96, 96), 32_656, 64_512)
    assert weights <= 1_144
    assert work.arithmetic + work.activations <= 4_400
    assert dense_weights / weights >= 28
    assert (dense_work.arithmetic + dense_work.activations) / (work.arithmetic + work.activations) >= 14


def test_weights_grow_with_n_and_operations_with_n_log_n() -> None:
    sizes = np.array([16, 64, 256])
    costs = [compare_costs(StNN(2), int(n), int(n), timed=False).own for n in sizes]
    weights = np.array([c.parameters for c in costs])
    np.testing.assert_array_equal(weights, 2 * (11 * sizes + 8) + sizes)
    per_level = np.array([c.operations for c in costs]) / (sizes * np.log2(2 * sizes))
    assert per_level.max() / per_level.min() < 1.4


def test_counted_operations_are_those_of_the_formula_for_matrices() -> None:
    from inscape.models.structured.operations import count_operations

    assert count_operations(torch.nn.Linear(7, 5, bias=False), 7).arithmetic == 5 * (2 * 7 - 1)
    assert count_operations(torch.nn.Linear(7, 5), 7).arithmetic == 5 * 2 * 7
    with pytest.raises(InputError, match="no known count"):
        count_operations(torch.nn.Softmax(dim=-1), 3)


def test_a_cost_states_the_padding_and_stands_beside_dense_and_fourier_forms() -> None:
    table = compare_costs(StNN(2), 12, 3)
    assert (table.own.inputs, table.own.padded) == (12, 16)
    assert "padded to 16" in str(table)
    assert [c.form.split(" by ")[0] for c in table[1:]] == [
        "dense, same widths 64-6-6",
        f"dense, as many weights {table[2].form.split()[-1]}",
        "exact Hankel blocks of its size",
    ]
    assert all(c.microseconds is not None and c.microseconds > 0 for c in table)
    assert table[2].parameters <= table.own.parameters < table[1].parameters
    forms = compare_costs(HankelNet(2), 12, 3, timed=False)
    assert [c.parameters for c in forms[3:]] == [forms.own.parameters] * 2


def test_a_plan_clones_and_keeps_its_seed() -> None:
    plan = clone(StNN(5, activation="relu", noise=0.2))
    assert (plan.p, plan.activation, plan.noise) == (5, "relu", 0.2)
    np.testing.assert_array_equal(plan.start(12, 3, 7), plan.start(12, 3, 7))
    assert np.abs(plan.start(12, 3, 7) - plan.start(12, 3, 8)).max() > 0.1


def test_a_matched_dense_net_is_the_widest_that_fits() -> None:
    dense = DenseNet.matched(1_000, 12, 3)
    wider = DenseNet(tuple(h + 1 for h in dense.hidden))
    assert dense.parameters(12, 3) <= 1_000 < wider.parameters(12, 3)
    with pytest.raises(InputError, match="at least"):
        DenseNet.matched(5, 12, 3)


def test_plans_that_cannot_be_built_say_why() -> None:
    with pytest.raises(InputError, match="at most n = 4"):
        StNN(2).parameters(4, 5)
    with pytest.raises(InputError, match="p: 0"):
        StNN(0).parameters(4, 2)
    with pytest.raises(InputError, match="n: -1"):
        HankelNet(2, n=-1).parameters(4, 2)
    with pytest.raises(UnknownNameError, match="tanh"):
        HankelNet(2, activation="tan").module(4, 2)(torch.zeros(1, 4))
    with pytest.raises(InputError, match="weights: shape"):
        StNN(2).unpack(np.zeros(3), 4, 2)
    with pytest.raises(InputError, match="expected"):
        StNN(2).module(4, 2)(torch.zeros(1, 5))
