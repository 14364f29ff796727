"""A hypernetwork writes the weights it says it writes, remembers what it should, and steps as published."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from inscape.errors import InputError

torch = pytest.importorskip("torch")

from inscape.models.continual.look_ahead import look_ahead  # noqa: E402
from inscape.models.continual.output_drift import OutputDrift  # noqa: E402
from inscape.models.hypernetwork import HyperNetwork  # noqa: E402


def target():
    return torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))


def hypernet(tasks=4, chunk=None, **options):
    net = HyperNetwork(target(), 4, (6, 7), chunk, chunk_embedding=3, **options)
    for _ in range(tasks):
        net.add_task()
    return net.double()


def moved(net, seed=0, size=0.1):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(size * torch.randn(p.shape, generator=generator, dtype=p.dtype))


def gradients(net):
    return [torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in net.parameters()]


@pytest.mark.parametrize("chunk", [None, 20, 75])
def test_a_task_is_answered_by_the_target_with_the_weights_that_were_written(chunk):
    net, inputs = hypernet(chunk=chunk), torch.randn(9, 5, dtype=torch.float64)
    plain = target().double()
    torch.nn.utils.vector_to_parameters(net.weights(2)[0], plain.parameters())
    assert torch.allclose(plain(inputs), net(inputs, 2))


def test_all_tasks_in_one_pass_are_each_task_alone():
    net, inputs = hypernet(), torch.randn(4, 9, 5, dtype=torch.float64)
    together = net.forward_each(inputs)
    for task in range(4):
        assert torch.allclose(together[task], net(inputs[task], task))
        assert torch.allclose(net.weights()[task], net.weights(task)[0])


def test_the_papers_half_cheetah_network_has_its_published_number_of_weights():
    sizes = [24, 200, 200, 200, 200, 36]
    layers = [torch.nn.Linear(a, b) for a, b in pairwise(sizes)]
    assert HyperNetwork(torch.nn.Sequential(*layers), 10, (4,)).weight_count == 132_836


def test_the_targets_own_parameters_are_neither_trained_nor_saved():
    net = hypernet()
    expected = {f"{kind}.{k}" for kind in ("matrices", "biases") for k in range(3)} | {
        f"embeddings.{k}" for k in range(4)
    }
    assert {name for name, _ in net.named_parameters()} == expected


def test_weights_of_each_target_tensor_start_xavier_by_its_own_size():
    net = HyperNetwork(torch.nn.Linear(100, 100), 10, (50,), seed=1)
    matrix, bias = net.matrices[-1][:10_000], net.matrices[-1][10_000:]
    for part in (matrix, bias):
        assert float(part.detach().abs().max()) <= np.sqrt(6 / (50 + len(part))) + 1e-7
        assert float(part.detach().var()) == pytest.approx(2 / (50 + len(part)), rel=0.1)
    assert all(float(b.detach().abs().max()) == 0 for b in net.biases)


@pytest.mark.parametrize("steps", [0, 1, 5])
def test_looking_ahead_is_the_step_that_adam_then_makes(steps):
    net = hypernet()
    optimiser = torch.optim.Adam(net.shared_parameters(), lr=1e-2)
    inputs = torch.randn(4, 5, dtype=torch.float64)
    for _ in range(steps + 1):
        optimiser.zero_grad()
        net(inputs, 1).square().sum().backward()
        ahead, before = look_ahead(optimiser), [p.detach().clone() for p in net.shared_parameters()]
        optimiser.step()
    for p, b, move in zip(net.shared_parameters(), before, ahead, strict=True):
        assert torch.allclose(p.detach(), b + move, atol=1e-14)


@pytest.mark.parametrize(("chunk", "gram"), [(None, False), (None, True), (20, None)])
@pytest.mark.parametrize("sample", [None, [0, 2]])
def test_the_written_out_gradient_of_the_drift_is_that_of_its_formula(chunk, gram, sample):
    net = hypernet(5, chunk)
    tasks = [0, 1, 3]
    drift = OutputDrift(net, tasks, gram=gram, plastic=True)
    moved(net)
    ahead = [0.05 * torch.randn_like(p) for p in net.shared_parameters()]
    chosen = tasks if sample is None else [tasks[k] for k in sample]
    shared = [p + d for p, d in zip(net.shared_parameters(), ahead, strict=True)]
    kept = drift.targets()[range(3) if sample is None else sample]
    value = (net.weights(chosen, shared) - kept).square().sum() / len(chosen)
    value.backward()
    wanted = gradients(net)
    net.zero_grad()
    found = drift.add_gradient(1.0, ahead, sample)
    assert found == pytest.approx(float(value.detach()), rel=1e-12)
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(gradients(net), wanted, strict=True))


def test_the_drift_is_nothing_before_anything_moved_and_its_gradient_adds_to_what_is_there():
    net = hypernet()
    drift = OutputDrift(net, [0, 1])
    assert drift.add_gradient(1.0) == 0.0
    moved(net)
    net.zero_grad()
    drift.add_gradient(3.0)
    once = gradients(net)
    drift.add_gradient(3.0)
    assert all(torch.allclose(2 * a, b) for a, b in zip(once, gradients(net), strict=True))


def test_the_drift_has_the_numbers_of_hypnettorch():
    pytest.importorskip("hypnettorch")
    from hypnettorch.hnets.mlp_hnet import HMLP
    from hypnettorch.utils.hnet_regularizer import calc_fix_target_reg, get_current_targets

    ours = hypernet()
    shapes = [list(p.shape) for p in target().parameters()]
    theirs = HMLP(shapes, cond_in_size=4, num_cond_embs=4, layers=(6, 7), verbose=False).double()
    with torch.no_grad():
        for p, q in zip(ours.shared_parameters(), theirs.unconditional_params, strict=True):
            q.copy_(p)
        for p, q in zip(ours.embeddings, theirs.conditional_params, strict=True):
            q.copy_(p)
    drift, targets = OutputDrift(ours, [0, 1, 2]), get_current_targets(3, theirs)
    ahead = [0.05 * torch.randn_like(p) for p in ours.shared_parameters()]
    value = calc_fix_target_reg(theirs, 3, targets=targets, dTheta=ahead)
    value.backward()
    assert drift.add_gradient(1.0, ahead) == pytest.approx(float(value.detach()), rel=1e-5)
    for p, q in zip(ours.shared_parameters(), theirs.unconditional_params, strict=True):
        assert torch.allclose(p.grad, q.grad, rtol=1e-5, atol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": torch.nn.ReLU()}, "target: ReLU found"),
        ({"target": "net"}, "target: str found"),
        ({"embedding": 0}, "embedding: 0 found"),
        ({"hidden": (5, 2.5)}, "hidden: 2.5 found"),
        ({"chunk": -3}, "chunk: -3 found"),
        ({"activation": "swish"}, "activation: 'swish' found"),
    ],
)
def test_what_makes_no_hypernetwork_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        HyperNetwork(**{"target": target(), **arguments})


def test_a_task_that_was_never_added_is_refused():
    with pytest.raises(InputError, match="expected numbers below 4"):
        hypernet().weights([1, 4])
    with pytest.raises(InputError, match="expected at least one old task"):
        OutputDrift(hypernet(), [])
