"""Clamps: what goes on, what comes back, and that nothing is left behind."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inscape.errors import InputError, UnknownNameError  # noqa: E402
from inscape.probes import Clamp, ClampGradient, Drop, FromPass, Instruments, KeepOnly, Recorder, Steer  # noqa: E402
from inscape.probes.clamp import GradientWarning  # noqa: E402
from tests.probes.small_nets import Attends, TwoLayers, hooks_on  # noqa: E402


@pytest.fixture
def x():
    return torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def tokens():
    return torch.randn(3, 4, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def by_hand(net: TwoLayers, x, first=None, heads=None):
    """The forward pass of TwoLayers written out, with its first layer's output or its heads replaced."""
    one = torch.tanh(net.layers[0](x) if first is None else first)
    two = torch.tanh(net.layers[1](one)).reshape(len(x), 2, 2)
    return net.readout((two if heads is None else heads(two)).reshape(len(x), 4))


def zero_head(number):
    def silenced(two):
        two = two.clone()
        two[:, number] = 0
        return two

    return silenced


@pytest.mark.parametrize("value", [0.5, np.full(4, 0.5), [[0.5] * 4], torch.full((5, 4), 0.5), np.float64(0.5)])
def test_a_constant_clamp_computes_what_a_hand_written_forward_does(x, value):
    net = TwoLayers()
    with Clamp(net, "layers.0", value):
        clamped = net(x)
    assert torch.equal(clamped, by_hand(net, x, first=torch.full((5, 4), 0.5)))


def test_a_clamp_on_a_part_leaves_the_rest(x):
    net = TwoLayers()
    with Clamp(net, "heads[head=1]", 0.0):
        assert torch.equal(net(x), by_hand(net, x, heads=zero_head(1)))
    with Clamp(net, "heads[head=[0], unit=1]", np.array([[2.0]])):
        expected = by_hand(net, x, heads=lambda two: torch.where(torch.tensor([[0, 1], [0, 0]]) == 1, 2.0, two))
        assert torch.equal(net(x), expected)


def test_a_function_sees_the_part_and_the_sites_name(x):
    net, seen = TwoLayers(), []
    with Clamp(net, "heads[head=0]", lambda part, site: seen.append((tuple(part.shape), site)) or -part):
        clamped = net(x)
    assert seen == [((5, 2), "heads[head=0]")]
    assert torch.equal(clamped, by_hand(net, x, heads=lambda two: two * torch.tensor([[-1.0], [1.0]])))


def test_an_input_is_clamped_before_the_module_sees_it(x):
    net = TwoLayers()
    with Clamp(net, "layers.1:input", 0.25):
        clamped = net(x)
    assert torch.allclose(clamped, by_hand(net, x, first=torch.full((5, 4), float(np.arctanh(0.25)))), atol=1e-6)


def test_gradients_under_a_clamp_agree_with_finite_differences(tokens):
    """Through the pattern held for one query, the values of one head scaled, and a pattern shifted along keys."""
    net = Attends()

    def shifted(part, site):
        return part.roll(1, -1)

    def loss():
        with (
            Clamp(net, "pattern[head=0, query=-1]", np.array([0.0, 1.0, 0.0, 0.0])),
            Clamp(net, "values[head=1]", lambda part, site: part * part),
            Clamp(net, "pattern[head=1]", shifted),
        ):
            return net(tokens).square().sum()

    loss().backward()
    step = 1e-6
    for weights in net.parameters():
        for place in [(0, 0), (2, 1), (5, 1)]:
            with torch.no_grad():
                weights[place] += step
                above = loss()
                weights[place] -= 2 * step
                below = loss()
                weights[place] += step
            finite = float(above - below) / (2 * step)
            assert float(weights.grad[place]) == pytest.approx(finite, rel=1e-3, abs=1e-7)


def test_no_gradient_passes_a_constant_and_a_functions_result_lets_it_through(x):
    net = TwoLayers()
    with Clamp(net, "layers.1", 0.5):
        net(x).sum().backward()
    assert net.layers[0].weight.grad is None
    assert net.readout.weight.grad is not None
    with Clamp(net, "layers.1", lambda part, site: 2 * part):
        net(x).sum().backward()
    assert float(net.layers[0].weight.grad.abs().sum()) > 0


def test_a_clamped_value_can_be_learnt(x):
    net, value = TwoLayers(), torch.zeros(4, requires_grad=True)
    with Clamp(net, "layers.0", value):
        net(x).sum().backward()
    assert value.grad is not None
    assert float(value.grad.abs().sum()) > 0


def test_training_under_a_clamp_equals_training_the_hand_written_network(x):
    target = torch.tensor([0, 1, 2, 0, 1])

    def trained(net, forward):
        optimiser = torch.optim.Adam(net.parameters(), lr=0.05)
        for _ in range(20):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(forward(net), target).backward()
            optimiser.step()
        return net.state_dict()

    with KeepOnly(net := TwoLayers(), "heads", head=1):
        clamped = trained(net, lambda net: net(x))
    written = trained(TwoLayers(), lambda net: by_hand(net, x, heads=zero_head(0)))
    for name, weights in written.items():
        assert torch.allclose(clamped[name], weights, atol=1e-6), name


def test_without_a_clamp_and_after_it_the_result_is_the_same_to_the_bit(x):
    net, twin = TwoLayers(), TwoLayers()
    with Instruments(Clamp(net, "layers.0", 0.5), Drop(net, "heads", head=0), Recorder(net, "**")):
        net(x)
    assert torch.equal(net(x), twin(x))
    net(x).sum().backward()
    twin(x).sum().backward()
    assert all(torch.equal(a.grad, b.grad) for a, b in zip(net.parameters(), twin.parameters(), strict=True))
    assert hooks_on(net) == 0


def test_an_exception_in_the_block_leaves_no_hook(x):
    net = TwoLayers()
    before = copy.deepcopy(net.state_dict())
    optimiser = torch.optim.Adam(net.parameters())
    with pytest.raises(RuntimeError, match="inside"), Clamp(net, "layers.*", 0.5), Recorder(net, "heads"):
        fail(net(x))
    with pytest.raises(RuntimeError, match="inside"), Clamp(net, "heads", lambda part, site: fail(part)):
        net(x)
    with pytest.raises(InputError), Clamp(net, "heads", np.ones(7)):
        train_once(net, optimiser, x)
    with pytest.raises(UnknownNameError), Instruments(Clamp(net, "layers.0", 0.5), Recorder(net, "nowhere")):
        pass
    assert hooks_on(net) == 0
    assert not optimiser.state
    assert all(torch.equal(weights, before[name]) for name, weights in net.state_dict().items())


def train_once(net, optimiser, x):
    optimiser.zero_grad()
    net(x).sum().backward()
    optimiser.step()


def fail(activation):
    raise RuntimeError("inside")


def test_a_value_of_the_wrong_shape_names_both_shapes(x):
    net = TwoLayers()
    with Clamp(net, "heads", np.ones((2, 3))), pytest.raises(InputError, match=r"heads: .*\(2, 3\).*\(5, 2, 2\)"):
        net(x)
    with Clamp(net, "heads[head=1]", np.ones((9, 2))), pytest.raises(InputError, match=r"\(9, 2\).*\(5, 2\)"):
        net(x)
    with Clamp(net, "heads", lambda part, site: part[:, :1, :1, None]), pytest.raises(InputError, match="broadcast"):
        net(x)


@pytest.mark.parametrize("value", ["zero", [[1.0], [1.0, 2.0]], object(), np.array([None]), float("nan"), {"a": 1}])
def test_a_value_that_is_no_number_is_refused_when_the_clamp_is_made(value):
    with pytest.raises(InputError):
        Clamp(TwoLayers(), "heads", value)


def test_a_function_that_returns_nothing_is_named(x):
    net = TwoLayers()
    with Clamp(net, "heads", lambda part, site: None), pytest.raises(InputError, match="heads: .*returned None"):
        net(x)


def test_a_clamp_that_leaves_nothing_to_learn_warns_once(x):
    net = TwoLayers()
    with (
        Clamp(net, "readout", 0.0),
        pytest.warns(GradientWarning, match="readout: .*no gradient reaches any parameter"),
    ):
        net(x)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with Clamp(net, "layers.1", 0.0):
            net(x)
        with torch.no_grad(), Clamp(net, "readout", 0.0):
            net(x)


def test_a_pass_is_patched_into_another(x):
    net, other = TwoLayers(), torch.flip(x, [0])
    with Recorder(net, "layers.*") as recorder:
        clean = net(x)
        net(other)
    with Clamp(net, "layers.1", FromPass(recorder, at=0)):
        assert torch.equal(net(other), clean)
    with Clamp(net, "layers.1", FromPass(recorder)):
        assert torch.equal(net(x), net(other))
    with Clamp(net, "layers.0[unit=2]", FromPass(recorder, at=1)):
        patched = net.layers[0](x)
    expected = net.layers[0](x).detach().clone()
    expected[:, 2] = net.layers[0](other)[:, 2]
    assert torch.equal(patched, expected)


def test_a_pass_of_another_network_and_of_another_site_can_be_patched_in(x):
    net, teacher = TwoLayers(seed=0), TwoLayers(seed=1)
    with Recorder(teacher, "layers.1") as recorder:
        teacher(x)
    with Clamp(net, "layers.1", FromPass(recorder)):
        assert torch.equal(net(x), net.readout(torch.tanh(teacher.layers[1](torch.tanh(teacher.layers[0](x))))))
    with Clamp(net, "layers.0", FromPass(recorder, site="layers.1")):
        assert torch.allclose(net(x), by_hand(net, x, first=torch.as_tensor(recorder.array("layers.1")[0])))
    with Clamp(net, "layers.1", FromPass({"layers.1": recorder.array("layers.1")[0]})) as clamp:
        assert torch.equal(net(x), net(x))
        assert clamp.sites == ("layers.1",)


def test_a_live_recording_lets_gradients_into_the_recorded_pass(x):
    net, teacher = TwoLayers(seed=0), TwoLayers(seed=1)
    for live in (False, True):
        teacher.zero_grad()
        with Recorder(teacher, "layers.0", live=live, keep=1) as recorder, Clamp(net, "layers.0", FromPass(recorder)):
            teacher(x)
            net(x).sum().backward()
        assert (teacher.layers[0].weight.grad is not None) is live


def test_clean_and_clamped_passes_alternate_through_training(x):
    """Each clamped pass takes the pattern of the clean pass just before it."""
    net = TwoLayers()
    recorder = Recorder(net, "heads", keep=1)
    clamp = Clamp(net, "heads", FromPass(recorder))
    with Instruments(recorder, clamp):
        for scale in (1.0, 2.0):
            with clamp.suspended():
                clean = net(scale * x)
            with recorder.suspended():
                assert torch.equal(net(x), clean)


def test_what_was_not_recorded_is_named(x):
    net = TwoLayers()
    with Recorder(net, "layers.0") as recorder:
        pass
    with Clamp(net, "layers.0", FromPass(recorder)), pytest.raises(InputError, match="nothing passed yet"):
        net(x)
    with Clamp(net, "layers.1", FromPass(recorder)), pytest.raises(UnknownNameError, match="recorded site 'layers.1'"):
        net(x)
    with Recorder(net, "layers.0") as recorder:
        net(x)
    with Clamp(net, "layers.0", FromPass(recorder, at=3)), pytest.raises(InputError, match="pass 3 asked for, but 1"):
        net(x)
    with Clamp(net, "layers.0", FromPass(recorder)), pytest.raises(InputError, match=r"\(5, 4\).*\(2, 4\)"):
        net(x[:2])


def test_dropping_a_head_equals_zeroing_it_and_keeping_the_other(x):
    net = TwoLayers()
    expected = by_hand(net, x, heads=zero_head(0))
    for instrument in (
        Drop(net, "heads", head=0),
        Drop(net, "heads", head=[0]),
        Drop(net, "heads", head=-2),
        KeepOnly(net, "heads", head=[1]),
        Drop(net, "heads", mask=np.array([[True], [False]])),
        KeepOnly(net, "heads", mask=torch.tensor([[False], [True]])),
    ):
        with instrument:
            assert torch.equal(net(x), expected)


def test_a_dropped_head_can_stand_at_its_mean_or_at_another_pass(x):
    net = TwoLayers()

    def at_mean(two):
        two = two.clone()
        two[:, 0] = two[:, 0].mean(0)
        return two

    with Drop(net, "heads", head=0, fill="mean"):
        assert torch.allclose(net(x), by_hand(net, x, heads=at_mean))
    with Recorder(net, "heads") as recorder:
        net(x.flip(0))
    with Drop(net, "heads", head=0, fill=FromPass(recorder)):
        swapped = torch.as_tensor(recorder.array("heads")[0])
        assert torch.equal(net(x), by_hand(net, x, heads=lambda two: torch.stack([swapped[:, 0], two[:, 1]], 1)))


def test_an_infinite_score_that_is_dropped_leaves_no_nan(tokens):
    net = Attends()
    with (
        Clamp(net, "scores[key=0]", float("-inf")),
        Drop(net, "scores", key=0, fill=-1e9),
        Recorder(net, "pattern") as recorder,
    ):
        net(tokens)
    assert np.all(recorder.array("pattern")[..., 0] == 0)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"head": 0, "unit": 1},
        {"head": 0.5},
        {"head": "first"},
        {"head": True},
        {"mask": [0, 1]},
        {"head": 0, "fill": "median"},
    ],
)
def test_a_drop_that_names_nothing_sensible_is_refused(arguments):
    with pytest.raises(InputError):
        Drop(TwoLayers(), "heads", **arguments)


def test_a_drop_beyond_its_axis_is_named(x):
    net = TwoLayers()
    with Drop(net, "heads", head=5), pytest.raises(InputError, match="head 5 asked for, but there are 2"):
        net(x)
    with KeepOnly(net, "heads", layer=0), pytest.raises(UnknownNameError, match="'layer'"):
        net(x)
    with Drop(net, "heads", mask=np.ones((3, 2), bool)), pytest.raises(InputError, match=r"\(3, 2\).*\(5, 2, 2\)"):
        net(x)


def test_steering_adds_a_multiple_of_a_direction(x):
    net, direction = TwoLayers(), np.array([1.0, 0.0, -1.0, 2.0], np.float32)
    with Steer(net, "layers.0", direction, 3.0) as steer:
        assert torch.equal(net(x), by_hand(net, x, first=net.layers[0](x)))
    net_input = net.layers[0](x)
    expected = by_hand(net, x, first=net_input + 3 * torch.from_numpy(direction))
    with Steer(net, "layers.0", direction, 3.0) as steer:
        assert torch.allclose(net(x), expected)
        steer.strength = 0.0
        assert torch.equal(net(x), TwoLayers()(x))


def test_a_direction_can_be_learnt(x):
    net, direction = TwoLayers(), torch.zeros(4, requires_grad=True)
    with Steer(net, "layers.0", direction):
        net(x).sum().backward()
    assert float(direction.grad.abs().sum()) > 0
    with pytest.raises(InputError, match="direction"):
        Steer(net, "layers.0", lambda part, site: part)
    with pytest.raises(InputError, match="strength"):
        Steer(net, "layers.0", np.ones(4), float("nan"))


def test_clamps_act_in_the_order_of_entry(x):
    net = TwoLayers()
    with Clamp(net, "heads", 1.0), Clamp(net, "heads", lambda part, site: part + 1), Recorder(net, "heads") as after:
        net(x)
    assert np.all(after.array("heads") == 2.0)


def test_a_clamp_can_be_entered_again_after_its_block_but_not_within_it(x):
    net = TwoLayers()
    clamp = Clamp(net, "heads", 1.0)
    with clamp:
        first = net(x)
        with pytest.raises(InputError, match="already entered"):
            clamp.__enter__()
        assert torch.equal(net(x), first)
    with clamp:
        assert torch.equal(net(x), first)


def test_a_constant_is_not_spoilt_by_layers_that_work_in_place(x):
    net = torch.nn.Sequential(torch.nn.Identity(), torch.nn.ReLU(inplace=True))
    value = torch.full((5, 4), -1.0)
    with Clamp(net, "0", value):
        net(x)
        net(x)
    assert torch.all(value == -1.0)


def test_a_clamp_speaks_the_type_of_what_passes(x):
    net = TwoLayers().to(torch.bfloat16)
    with Clamp(net, "heads[head=0]", np.float64(0.5)), Steer(net, "layers.0", np.ones(4)):
        assert net(x.to(torch.bfloat16)).dtype == torch.bfloat16


def test_a_clamped_gradient_leaves_the_forward_pass_and_changes_the_way_back(x):
    net, twin = TwoLayers(), TwoLayers()
    with ClampGradient(net, "heads[head=1]", 0.0):
        out = net(x)
    out.sum().backward()
    expected = twin(x)
    assert torch.equal(out, expected)
    # Without the second head's gradient: as if the loss did not read it.
    readout = twin.readout.weight.detach().clone()
    readout[:, 2:] = 0
    first = torch.tanh(twin.layers[0](x))
    (torch.tanh(twin.layers[1](first)) @ readout.T).sum().backward()
    assert torch.allclose(net.layers[0].weight.grad, twin.layers[0].weight.grad, atol=1e-6)
    assert net.readout.weight.grad is not None


def test_a_gradient_can_be_scaled_and_stopped(x):
    grads = {}
    for scale in (1.0, 0.5, 0.0):
        net = TwoLayers()
        with ClampGradient(net, "layers.1", lambda gradient, site, scale=scale: scale * gradient):
            net(x).sum().backward()
        grads[scale] = net.layers[0].weight.grad
    assert torch.allclose(2 * grads[0.5], grads[1.0])
    assert not grads[0.0].any()
    net = TwoLayers()
    with ClampGradient(net, "layers.1", np.ones(3)), pytest.raises(InputError, match=r"\(3,\).*\(5, 4\)"):
        net(x).sum().backward()
    with pytest.raises(InputError, match="FromPass"):
        ClampGradient(net, "layers.1", FromPass(np.ones(4)))


def test_a_value_that_is_written_into_is_followed(x):
    net, value = TwoLayers(), torch.zeros(2)
    with Clamp(net, "heads[head=0]", value), Clamp(net, "layers.0", value[:1]), Recorder(net, "heads") as recorder:
        net(x)
        value += 3.0
        net(x)
    assert [float(one[:, 0].max()) for one in recorder.passes()] == [0.0, 3.0]
    assert not np.array_equal(*[one[:, 1] for one in recorder.passes()])


def test_a_clamp_used_in_inference_mode_trains_afterwards(x):
    net = TwoLayers()
    with Clamp(net, "heads[head=0]", 0.5), Clamp(net, "layers.0", np.ones(4)):
        with torch.inference_mode():
            seen = net(x)
        out = net(x)
        out.sum().backward()
    assert torch.equal(out, seen)
    assert net.layers[1].weight.grad is not None


def test_a_clamp_follows_batches_of_changing_size(x):
    net = TwoLayers()
    with Clamp(net, "heads[head=0]", np.array([1.0, 2.0])):
        for rows in (5, 2, 5):
            assert torch.equal(net(x)[:rows], net(x[:rows]))


def test_a_large_activation_is_clamped_as_a_small_one(x, monkeypatch):
    from inscape.probes import clamp as module

    net, results = TwoLayers(), []
    for most in (0, 10**6):
        monkeypatch.setattr(module, "_HELD_AT_MOST", most)
        net.zero_grad()
        with Clamp(net, "heads[head=1, unit=[0]]", -2.0):
            out = net(x)
            out.square().sum().backward()
        results.append((out, net.layers[0].weight.grad.clone()))
    assert torch.equal(results[0][0], results[1][0])
    assert torch.equal(results[0][1], results[1][1])
