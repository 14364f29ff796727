"""What cannot be reordered is refused in one line that names it."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inscape.errors import InputError, UnknownNameError  # noqa: E402
from inscape.probes import order  # noqa: E402
from tests.probes.order_worlds import Bowl, bowl_run, bowls  # noqa: E402


def squared(module, batch):
    return module(batch).square().mean()


def test_dropout_that_is_on_is_refused_and_named():
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Dropout(0.1))
    batches = [torch.randn(4, 3) for _ in range(3)]
    with pytest.raises(InputError, match="dropout: active at 1"):
        order.record(model, batches, loss=squared, lr=0.1)
    assert len(order.record(model.eval(), batches, loss=squared, lr=0.1)) == 3


def test_a_loss_that_rolls_dice_is_refused():
    def noisy(module, batch):
        return squared(module, batch) * torch.rand(())

    with pytest.raises(InputError, match="on the same batch"):
        order.record(torch.nn.Linear(3, 3), [torch.ones(4, 3)] * 3, loss=noisy, lr=0.1)


def test_batch_norm_that_keeps_statistics_is_refused_with_its_buffer():
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.BatchNorm1d(3))
    with pytest.raises(InputError, match="buffer 1.running_mean"):
        order.record(model, [torch.randn(4, 3) for _ in range(3)], loss=squared, lr=0.1)


def test_other_optimisers_are_refused_by_class_and_by_name():
    model = Bowl()
    with pytest.raises(InputError, match="RMSprop found, expected torch's SGD, Adam or AdamW"):
        order.record(model, bowls(3), optimizer=torch.optim.RMSprop(model.parameters()))
    with pytest.raises(UnknownNameError, match="nearest: adam"):
        order.record(model, bowls(3), optimizer="adams", lr=0.1)
    with pytest.raises(InputError, match="amsgrad"):
        order.record(model, bowls(3), optimizer=torch.optim.Adam(model.parameters(), amsgrad=True))


def test_an_optimiser_of_other_parameters_is_refused():
    with pytest.raises(InputError, match="does not hold left"):
        order.record(Bowl(), bowls(3), optimizer=torch.optim.SGD(Bowl().parameters(), lr=0.1))


def test_half_precision_and_autocast_are_warned_of():
    model = torch.nn.Linear(3, 3).to(torch.bfloat16)
    batches = [torch.randn(4, 3, dtype=torch.bfloat16) for _ in range(3)]
    with pytest.warns(UserWarning, match="mixed precision"):
        order.record(model, batches, loss=squared, optimizer="sgd", lr=0.1)
    with pytest.warns(UserWarning, match="mixed precision"), torch.autocast("cpu"):
        order.record(
            torch.nn.Linear(3, 3), [torch.randn(4, 3) for _ in range(3)], loss=squared, optimizer="sgd", lr=0.1
        )


def test_batches_of_unequal_size_are_fine():
    batches = [torch.randn(rows, 3) for rows in (2, 9, 4)]
    reference = order.record(torch.nn.Linear(3, 2), batches, loss=squared, optimizer="sgd", lr=0.1)
    assert order.carried(reference, rank=3).losses([[2, 0, 1]]).shape == (1, 3)


def test_nan_in_a_gradient_names_the_batch():
    batches = bowls(4)
    batches[2] = (batches[2][0] * float("nan"), batches[2][1])
    with pytest.raises(InputError, match="batch winter: gradient with NaN"):
        order.record(Bowl(), batches, optimizer="sgd", lr=0.1, names=["spring", "summer", "winter", "autumn"])


@pytest.mark.parametrize("name", ["carried", "exact", "fut1", "retrain"])
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ([0, 1, 2], "each of the 6 batches once"),
        ([0, 1, 2, 3, 4, 4], "each of the 6 batches once"),
        ([0, 1, 2, 3, 4, 6], "batch 6 found"),
        ([0, 1, 2, 3, 4, -1], "batch -1 found"),
        ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "whole numbers"),
        ([], "whole numbers"),
        (np.zeros((2, 6), dtype=object), "whole numbers"),
        (7, "expected rows"),
    ],
)
def test_what_is_no_permutation_is_refused(name, wrong, named):
    reference = bowl_run("sgd")
    make = {"exact": lambda r: order.carried(r, exact=True)}.get(name, lambda r: getattr(order, name)(r))
    estimator = make(reference)
    with pytest.raises(InputError, match=named):
        estimator(wrong)
    with pytest.raises(InputError, match=named):
        estimator.losses(wrong)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"batches": []}, "batches: 0 found"),
        ({"batches": bowls(1)}, "batches: 1 found"),
        ({"lr": None}, "lr: none found"),
        ({"lr": -1.0}, "lr: -1.0 found"),
        ({"lr": float("nan")}, "lr: nan found"),
        ({"names": ["a", "a", "b"]}, "names"),
        ({"factors": [1, 2]}, "factors"),
        ({"factors": [1, 2, float("nan")]}, "factors"),
        ({"probes": {"empty": []}}, "probe 'empty'"),
        ({"module": "a model"}, "torch.nn.Module"),
        ({"module": torch.nn.Linear(2, 2)}, "no method `loss"),
        ({"loss": lambda module, batch: module.left}, "one number"),
        ({"loss": lambda module, batch: 1.0}, "one number"),
    ],
)
def test_a_recording_that_cannot_be_is_refused_by_name(arguments, named):
    settings = {"module": Bowl(), "batches": bowls(3), "optimizer": "sgd", "lr": 0.1} | arguments
    with pytest.raises(InputError, match=named):
        order.record(settings.pop("module"), settings.pop("batches"), **settings)


def test_a_setting_of_another_optimiser_is_named():
    with pytest.raises(UnknownNameError, match="setting of sgd 'betas'"):
        order.record(Bowl(), bowls(3), optimizer="sgd", lr=0.1, betas=(0.9, 0.99))


def test_a_frozen_module_is_refused():
    with pytest.raises(InputError, match="no trainable parameters"):
        order.record(Bowl().requires_grad_(False), bowls(3), optimizer="sgd", lr=0.1)


def test_frozen_parameters_stay_where_they_are():
    model = Bowl()
    model.left.requires_grad_(False)
    reference = order.record(model, bowls(3), optimizer="sgd", lr=0.1)
    assert reference.landscape.size == 3
    torch.testing.assert_close(reference.module_at(reference.path[-1]).left, model.left)


def test_settings_out_of_range_are_refused_by_name():
    reference = bowl_run("sgd")
    estimate = order.carried(reference, rank=4)
    calls = {
        "rank": lambda: order.carried(reference, rank=-1),
        "second_moment": lambda: order.carried(reference, second_moment="mean"),
        "projection": lambda: order.fut1(reference, projection=1.5),
        "probe 'seen'": lambda: estimate.losses([list(range(6))], "seen"),
        "kind of map": lambda: estimate.map("forgetting"),
        "similar": lambda: estimate.map("generalisation"),
        "population": lambda: estimate.search("unseen", population=2),
        "fitness": lambda: estimate.search(lambda losses: 1.0, population=8, generations=1),
        "orders": lambda: estimate.precedence("unseen", orders=1),
        "factors": lambda: estimate(range(6), factors=[1, 2]),
        "reference": lambda: order.carried("a run", exact=True),
    }
    for named, call in calls.items():
        with pytest.raises((InputError, UnknownNameError), match=named):
            call()


def test_the_room_opens_without_torch():
    import subprocess
    import sys

    code = "import sys; sys.modules['torch'] = None; import inscape.probes; inscape.probes.order; print('open')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "open"
