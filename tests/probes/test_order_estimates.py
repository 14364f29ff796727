"""Estimates on a network that is not linear: how near, how sure, and what is made of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

torch = pytest.importorskip("torch")

from inscape.probes import order  # noqa: E402
from inscape.probes.order.maps import off_mean  # noqa: E402
from inscape.probes.order.orders import moved, swapped  # noqa: E402
from inscape.probes.order.projection import Projection  # noqa: E402
from inscape.probes.order.search import breed, crossed  # noqa: E402
from tests.probes.order_worlds import bowl_run, tiny_run  # noqa: E402


@pytest.fixture(scope="module")
def reference():
    return tiny_run()


@pytest.fixture(scope="module")
def carried(reference):
    return order.carried(reference, rank=20)


ORDERS = order.random_orders(6, 16, seed=3)


def test_carried_moments_rank_orders_as_retraining_does(carried):
    checked = carried.check(ORDERS)
    assert checked.rank_correlation > 0.9
    assert checked.error < checked.baseline_error / 2
    assert not checked.refused.any()


def test_the_papers_estimator_keeps_the_recorded_runs_momentum_and_hardly_moves(reference, carried):
    truth = order.retrain(reference)
    true = np.stack([(truth(o).parameters - reference.path[-1]).norm() for o in ORDERS])

    def error(estimator):
        return np.mean([(estimator(o).parameters - truth(o).parameters).norm() for o in ORDERS] / true)

    assert error(carried) < 0.5 * error(order.fut1(reference))


def test_exact_curvature_is_at_least_as_near_as_low_rank(reference, carried):
    exact = order.carried(reference, exact=True)
    truth = order.retrain(reference)
    errors = [
        np.mean([float((e(o).parameters - truth(o).parameters).norm()) for o in ORDERS[:6]]) for e in (exact, carried)
    ]
    assert errors[0] <= errors[1] * 1.05


def test_the_closed_recursion_and_a_forward_pass_agree(carried):
    quick = carried.losses(ORDERS, "unseen").values
    slow = np.array([carried(o).loss("unseen", even_if_refused=True) for o in ORDERS])
    assert np.abs(quick - slow).max() < 0.15 * np.ptp(slow)


def test_a_fresh_adam_is_estimated_with_the_expected_second_moment():
    reference = tiny_run("adam", lr=3e-4)
    estimate, truth = order.carried(reference, rank=20), order.retrain(reference)
    rank = spearmanr(estimate.losses(ORDERS, "unseen"), truth.losses(ORDERS, "unseen")).statistic
    assert rank > 0.6


def test_trust_falls_where_steps_are_too_long_to_be_linear(carried):
    assert carried.trusts(ORDERS[:8]).min() > 0.7
    far = order.carried(tiny_run(lr=0.1), rank=20)
    trusts = far.trusts(ORDERS[:8])
    assert np.median(trusts) < 0.7
    refused = far(ORDERS[int(np.argmin(trusts))])
    assert refused.refused
    assert np.isnan(refused.loss("unseen"))
    assert np.isfinite(refused.loss("unseen", even_if_refused=True)) or not torch.isfinite(refused.parameters).all()


def test_the_trust_of_an_order_is_the_same_when_asked_twice(carried):
    assert carried(ORDERS[0]).trust == carried(ORDERS[0]).trust


def test_calibration_takes_off_the_mean_error_and_gives_an_error_bar(carried, reference):
    truth = order.retrain(reference)
    calibrated = carried.calibrate(ORDERS[:4])
    apart = truth.losses(ORDERS[:4], "unseen") - calibrated.losses(ORDERS[:4], "unseen")
    assert abs(float(apart.mean())) < 1e-6
    assert float(calibrated.calibration.spread("unseen")) > 0
    assert calibrated.calibration.spread(None).shape == (6,)
    assert carried.calibration is None


def test_search_finds_the_best_of_all_orders_of_five(reference):
    small = bowl_run("sgd", batches=5)
    estimate = order.carried(small, rank=15)
    found = estimate.search("unseen", population=24, generations=20, seed=0)
    from itertools import permutations

    every = estimate.losses(np.array(list(permutations(range(5)))), "unseen")
    assert found.history[-1] == pytest.approx(float(every.min()))
    assert (np.diff(found.history) <= 0).all()
    assert found.evaluated <= 120


def test_search_takes_a_fitness_of_our_own(carried):
    from itertools import permutations

    found = carried.search(lambda losses: losses.sel(batch="0"), population=16, generations=15)
    every = carried.losses(np.array(list(permutations(range(6))))).sel(batch="0")
    assert found.fitness <= float(every.quantile(0.01))


def test_search_repeats_with_its_seed(carried):
    runs = [carried.search("unseen", population=12, generations=5, seed=7).order for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_child_is_a_permutation_with_a_stretch_of_its_mother():
    random = np.random.default_rng(0)
    for _ in range(50):
        mother, father = order.random_orders(9, 2, random)
        child = crossed(mother, father, random)
        assert sorted(child) == list(range(9))


def test_breeding_sorts_numbers():
    def disorder(orders):
        return np.abs(orders - np.arange(8)).sum(axis=1).astype(float)

    best, history, _ = breed(disorder, 8, population=40, generations=60, seed=1)
    assert list(best[0]) == list(range(8))
    assert history[-1] == 0


def test_the_memorisation_map_is_that_of_retraining(carried, reference):
    found, true = carried.map(), order.retrain(reference).map()
    assert found.dims == ("batch", "position")
    rank = spearmanr(off_mean(found).values.ravel(), off_mean(true).values.ravel()).statistic
    assert rank > 0.9


def test_without_momentum_what_comes_late_is_remembered():
    reference = tiny_run("sgd", lr=0.1)
    found = order.carried(reference, rank=20).map(completions=20)
    assert float(found.isel(position=-1).mean()) < float(found.isel(position=0).mean())


def test_momentum_holds_back_the_last_batches(carried, reference):
    # Of the gradient that comes k steps before the end, Adam has applied 1 - 0.9^k: of the last one a tenth.
    for found in (carried.map(completions=20), order.retrain(reference).map()):
        assert float(found.isel(position=-1).mean()) > float(found.isel(position=0).mean())


def test_a_generalisation_map_needs_a_probe_for_every_batch(carried):
    found = carried.map("generalisation", similar=["unseen"] * 6)
    assert found.shape == (6, 6)
    assert np.isfinite(found).all()


def test_precedence_is_antisymmetric_and_true_of_exchanged_batches(carried):
    found = carried.precedence("unseen", orders=8)
    np.testing.assert_allclose(found.gain, -found.gain.T)
    assert (found.error.values[~np.eye(6, dtype=bool)] > 0).all()
    drawn = order.random_orders(6, 8, 0)
    other = np.stack([swapped(o, 1, 4) for o in drawn])
    base, exchanged = (carried.losses(o, "unseen").values for o in (drawn, other))
    earlier = np.argsort(drawn, axis=1)[:, 1] < np.argsort(drawn, axis=1)[:, 4]
    gain = np.where(earlier, exchanged - base, base - exchanged).mean()
    assert float(found.gain.sel(before="1", after="4")) == pytest.approx(gain)


def test_position_ridge_finds_a_law_that_is_linear_in_positions():
    random = np.random.default_rng(0)
    weights = random.standard_normal(8)
    orders = order.random_orders(8, 60, random)
    losses = np.argsort(orders, axis=1) @ weights + 2.0
    rival = order.PositionRidge().fit(orders[:40], losses[:40])
    assert spearmanr(rival.predict(orders[40:]), losses[40:]).statistic > 0.99


def test_a_projection_keeps_vectors_only_on_average(reference):
    landscape = reference.landscape
    vector = reference.path[-1]
    losses = {share: Projection(landscape, share, seed=0).loss(vector) for share in (0.1, 0.5, 1.0)}
    assert losses[0.1] > losses[0.5] > losses[1.0] > 0.5
    assert losses[0.1] == pytest.approx(np.sqrt(10), rel=0.3)


def test_projected_fut_stores_less_and_says_how_much(reference):
    whole, projected = order.fut1(reference), order.fut1(reference, projection=0.1)
    assert projected.stored_numbers < 0.12 * whole.stored_numbers
    assert torch.isfinite(projected(ORDERS[0]).parameters).all()


def test_moving_and_exchanging_keep_every_batch():
    start = np.arange(6)
    assert list(moved(start, 1, 4)) == [0, 2, 3, 4, 1, 5]
    assert list(moved(start, 4, 0)) == [4, 0, 1, 2, 3, 5]
    assert list(swapped(start, 1, 4)) == [0, 4, 2, 3, 1, 5]


def test_products_mapped_to_a_file_are_the_same(reference, carried, tmp_path):
    stored = order.carried(reference, rank=20, store=tmp_path)
    assert any(tmp_path.iterdir())
    np.testing.assert_allclose(stored.losses(ORDERS, "unseen"), carried.losses(ORDERS, "unseen"), rtol=1e-5)


def test_the_derivatives_of_adams_update_are_those_of_differences():
    from inscape.probes.order.fut import Taylor

    reference = bowl_run("adam", lr=0.01)
    taylor = Taylor(reference, 2)
    g, h, k = taylor.quotients(4, 1)
    rule, before = reference.rule, reference.moments[4]

    def update(step):
        gradient = g + h * step + k * step * step / 2
        moved, _ = rule.step(torch.zeros_like(g), gradient, before)
        return -moved / rule.rate

    small = 1e-4
    value, first, second = taylor.terms(4, 1)
    torch.testing.assert_close(value, update(0.0))
    slope = (update(small) - update(-small)) / (2 * small)
    torch.testing.assert_close(first, slope, rtol=1e-3, atol=1e-5)
    bend = (update(small) - 2 * update(0.0) + update(-small)) / small**2
    torch.testing.assert_close(second, bend, rtol=1e-2, atol=1e-3)
