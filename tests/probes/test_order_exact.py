"""Cases in which another order of the batches can be told exactly."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from inscape.probes import order  # noqa: E402
from inscape.probes.order.landscape import Landscape  # noqa: E402
from inscape.probes.order.update_rule import rule_by_name, rule_of_torch  # noqa: E402
from tests.probes.order_worlds import Bowl, bowl_run, bowls, tiny_run  # noqa: E402

LINEAR_RULES = {
    "sgd": {},
    "sgd with decay": {"weight_decay": 0.1},
    "momentum": {"momentum": 0.9},
    "dampened momentum": {"momentum": 0.8, "dampening": 0.3},
    "nesterov": {"momentum": 0.9, "nesterov": True},
    "momentum with decay": {"momentum": 0.9, "weight_decay": 0.1},
}


def relative_error(estimator, orders):
    truth = order.retrain(estimator.reference)
    apart = [(estimator(o).parameters - truth(o).parameters).norm() / truth(o).parameters.norm() for o in orders]
    return float(max(apart))


@pytest.mark.parametrize("name", LINEAR_RULES)
def test_on_a_quadratic_loss_the_linear_recursions_are_exact(name):
    kind = "sgd" if name.startswith("sgd") else "momentum"
    reference = bowl_run(kind, **LINEAR_RULES[name])
    orders = order.random_orders(6, 5, seed=1)
    assert relative_error(order.carried(reference, exact=True), orders) < 1e-10
    assert relative_error(order.carried(reference, rank=15), orders) < 1e-5


def test_the_closed_recursion_gives_the_losses_of_retraining_on_a_quadratic():
    reference = bowl_run("momentum")
    orders = order.random_orders(6, 20, seed=2)
    estimate, truth = order.carried(reference, rank=15, probe_curvature="own"), order.retrain(reference)
    np.testing.assert_allclose(estimate.losses(orders), truth.losses(orders), rtol=1e-9)
    np.testing.assert_allclose(estimate.losses(orders, "unseen"), truth.losses(orders, "unseen"), rtol=1e-9)


def test_batches_may_be_left_out_and_repeated():
    reference = bowl_run("sgd")
    estimate, truth = order.carried(reference, rank=15), order.retrain(reference)
    for some in ([4, 2, 0], [1, 1, 1, 5], [3], [0, 1, 2, 3, 4, 5, 5, 4, 3, 2]):
        apart = estimate(some, subset=True).parameters - truth(some, subset=True).parameters
        assert apart.norm() < 1e-9
        np.testing.assert_allclose(estimate.losses([some], subset=True), truth.losses([some], subset=True), rtol=1e-8)


def test_a_changed_learning_rate_is_followed():
    reference = bowl_run("momentum")
    factors = [1, 1, 0.5, 0.5, 0, 2]
    estimate, truth = order.carried(reference, rank=15), order.retrain(reference)
    backwards = [5, 4, 3, 2, 1, 0]
    apart = estimate(backwards, factors=factors).parameters - truth(backwards, factors=factors).parameters
    assert apart.norm() < 1e-9


def test_a_recorded_schedule_of_the_learning_rate_is_kept():
    reference = bowl_run("sgd", factors=[1, 0.5, 0.25, 1, 0, 2])
    np.testing.assert_allclose(reference.path[4], reference.path[5])
    assert relative_error(order.carried(reference, rank=15), order.random_orders(6, 3)) < 1e-9


def test_two_orders_of_sgd_on_equal_curvature_differ_by_hand():
    # theta <- theta - r (theta - c): after c1, c2 it is (1-r)^2 theta + r (1-r) c1 + r c2.
    class Point(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.place = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))

    def loss(module, batch):
        return ((module.place - batch) ** 2).sum() / 2

    ends = [torch.tensor([2.0], dtype=torch.float64), torch.tensor([5.0], dtype=torch.float64)]
    reference = order.record(Point(), ends, loss=loss, optimizer="sgd", lr=0.1)
    estimate = order.carried(reference, rank=1)
    assert float(estimate([1, 0]).parameters) == pytest.approx(0.81 + 0.1 * 0.9 * 5 + 0.1 * 2, abs=1e-12)
    assert float(estimate([0, 1]).parameters) == pytest.approx(0.81 + 0.1 * 0.9 * 2 + 0.1 * 5, abs=1e-12)


@pytest.mark.parametrize("name", ["carried", "exact", "fut1", "fut2"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "adamw"])
def test_every_estimator_gives_the_recorded_order_back(name, optimizer):
    reference = tiny_run(optimizer)
    make = {"exact": lambda r: order.carried(r, exact=True), "carried": lambda r: order.carried(r, rank=6)}
    estimate = make.get(name, lambda r: getattr(order, name)(r))(reference)
    found = estimate(range(len(reference))).parameters
    assert (found - reference.path[-1]).abs().max() < 1e-5


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("SGD", {}),
        ("SGD", {"weight_decay": 0.1}),
        ("SGD", {"momentum": 0.9, "dampening": 0.2, "weight_decay": 0.1}),
        ("SGD", {"momentum": 0.9, "nesterov": True}),
        ("Adam", {}),
        ("Adam", {"weight_decay": 0.1, "betas": (0.8, 0.95)}),
        ("AdamW", {"weight_decay": 0.1}),
    ],
)
def test_a_recorded_run_is_the_run_of_the_torch_optimiser(name, settings):
    model, batches = Bowl(), bowls(6)
    groups = [{"params": [model.left], "lr": 0.02}, {"params": [model.right], "lr": 0.005}]
    optimizer = getattr(torch.optim, name)(groups, lr=0.02, **settings)
    for batch in batches[:2]:  # Moments that go on.
        optimizer.zero_grad()
        model.loss(batch).backward()
        optimizer.step()
    reference = order.record(model, batches, optimizer=optimizer)
    left = model.left.detach().clone()
    for batch in batches:
        optimizer.zero_grad()
        model.loss(batch).backward()
        optimizer.step()
    assert not torch.equal(left, model.left)
    end = torch.cat([model.left.detach().reshape(-1), model.right.detach()])
    torch.testing.assert_close(reference.path[-1], end, rtol=1e-12, atol=1e-12)


def test_recording_leaves_module_and_optimiser_as_they_were():
    model = Bowl()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
    model.loss(bowls(1)[0]).backward()
    optimizer.step()
    weights = [p.detach().clone() for p in model.parameters()]
    moments = [optimizer.state[p]["exp_avg"].clone() for p in model.parameters()]
    order.carried(order.record(model, bowls(4), optimizer=optimizer), rank=3)
    assert all(torch.equal(a, b) for a, b in zip(weights, model.parameters(), strict=True))
    assert all(torch.equal(a, optimizer.state[p]["exp_avg"]) for a, p in zip(moments, model.parameters(), strict=True))
    assert all(int(optimizer.state[p]["step"]) == 1 for p in model.parameters())


def test_hessian_products_in_blocks_are_those_of_the_full_hessian():
    landscape = Landscape(Bowl())
    batch = bowls(1)[0]
    directions = torch.eye(15, dtype=torch.float64)
    _, gradient, products = landscape.products(landscape.start(), batch, directions, chunk=4)
    torch.testing.assert_close(products, batch[0])
    torch.testing.assert_close(gradient, landscape.gradient(landscape.start(), batch)[1])


def test_the_curvature_is_exact_on_its_directions_and_symmetric():
    estimate = order.carried(tiny_run(), rank=12)
    curvature, reference = estimate.curvature, estimate.reference
    inside = torch.linspace(-1, 1, curvature.rank) @ curvature.directions
    true = reference.products(estimate.anchor, 2, (inside * estimate.root)[None])[2][0] * estimate.root
    assert (curvature.apply(2, inside) - true).norm() < 1e-3 * true.norm()
    random = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, len(true), generator=random)
    assert float(one @ curvature.apply(1, other)) == pytest.approx(float(other @ curvature.apply(1, one)), rel=1e-3)


def test_a_rule_from_torch_is_the_rule_by_its_name():
    model = Bowl()
    landscape = Landscape(model)
    rule, moments = rule_of_torch(torch.optim.Adam(model.parameters(), lr=0.1), model, landscape)
    assert rule == rule_by_name("adam", 0.1, {})
    assert moments.steps == 0
