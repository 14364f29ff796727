"""A forecaster that learns on from a stream, reads back as an operator, and is chosen within a budget."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.errors import InputError
from inscape.models import DelayForecaster, HankelNet, StNN
from inscape.models.structured import (
    DenseNet,
    KalmanSettings,
    WeightFilter,
    operator_blocks,
    size_accuracy_front,
)
from inscape.models.structured.entrants import structured_networks
from inscape.trajectories import as_trajectories


def waves(samples: int, frequency: float = 1.0, seed: int = 0) -> np.ndarray:
    """Two coupled tones whose beat depends on `frequency`."""
    times = 0.1 * np.arange(samples) + seed
    return np.stack([np.sin(frequency * times), np.cos(1.7 * frequency * times) * np.sin(0.4 * times)], axis=1)


def test_a_linear_layer_is_learned_as_recursive_least_squares_does() -> None:
    random = np.random.default_rng(0)
    x, truth = random.normal(size=(60, 4)), random.normal(size=(2, 4))
    y = x @ truth.T + 0.1 * random.normal(size=(60, 2))
    settings = KalmanSettings(noise=0.5, uncertainty=2.0, forgetting=1.0)
    start = np.zeros(10)
    filtered = WeightFilter(DenseNet(()), start, 4, 2, settings)
    for window, target in zip(x, y, strict=True):
        filtered.update(window, target)
    # The same posterior mean in one piece: ridge regression with noise^2 / uncertainty^2.
    rows = np.concatenate([x, np.ones((60, 1))], axis=1)
    ridge = np.linalg.solve(rows.T @ rows + (0.5 / 2.0) ** 2 * np.eye(5), rows.T @ y)
    np.testing.assert_allclose(filtered.weights[:8].reshape(2, 4), ridge[:4].T, atol=1e-10)
    np.testing.assert_allclose(filtered.weights[8:], ridge[4], atol=1e-10)


def test_a_stream_whose_law_changed_is_followed() -> None:
    fitted = DelayForecaster(HankelNet(3), 4, steps=20, seed=1).fit(waves(600), dt=0.1)
    online = fitted.online()
    after = waves(900, frequency=2.5)
    errors = [online.observe(state) for state in after]
    assert [e is None for e in errors[:5]] == [True] * 4 + [False]
    before, adapted = fitted.one_step_mse(after, dt=0.1), online.forecaster().one_step_mse(after, dt=0.1)
    assert adapted < 0.1 * before


def test_a_missing_sample_empties_the_window_of_a_stream() -> None:
    fitted = DelayForecaster(HankelNet(2), 3, steps=2).fit(waves(100), dt=0.1)
    online = fitted.online()
    for state in waves(3):
        assert online.observe(state) is None
    assert online.observe(waves(4)[3]) is not None
    assert online.observe([np.nan, 0.0]) is None
    assert [online.observe(s) is None for s in waves(4)] == [True, True, True, False]
    with pytest.raises(InputError, match="state: shape"):
        online.observe([1.0])


def test_settings_of_the_filter_are_checked() -> None:
    for wrong in ({"noise": 0.0}, {"uncertainty": np.inf}, {"forgetting": 1.5}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            KalmanSettings(**wrong)
    with pytest.raises(InputError, match="sample"):
        WeightFilter(DenseNet(()), np.zeros(2), 1, 1).update(np.array([np.nan]), np.array([0.0]))


def test_hankel_blocks_read_back_as_the_filters_that_were_put_in() -> None:
    plan = HankelNet(2, n=6)
    weights = plan.unpack(plan.start(8, 2, 3), 8, 2)
    decay = 0.5 ** np.arange(13)
    weights["inner"][1] = decay
    views = operator_blocks(plan, np.concatenate([w.ravel() for w in weights.values()]), 8, 2, delays=4)
    assert [v.name for v in views] == ["inner 0", "inner 1", "outer 0", "outer 1"]
    geometric = views[1]
    np.testing.assert_allclose(geometric.impulse_response, decay, atol=1e-15)
    # A geometric response is one mode: its Hankel matrix has rank one.
    assert geometric.singular_values[1] < 1e-14 < geometric.singular_values[0]
    assert geometric.effective_rank == pytest.approx(1.0, abs=1e-6)
    assert geometric.hankel_distance < 1e-15
    np.testing.assert_allclose(geometric.energy_by_delay.sum(), 1.0)
    assert geometric.memory(0.99) == 4
    with pytest.raises(InputError, match="no memory"):
        views[2].memory()


def test_a_block_that_sees_only_the_last_sample_has_a_memory_of_one() -> None:
    plan = HankelNet(1, n=1)
    weights = plan.unpack(plan.start(6, 1, 0), 6, 1)
    weights["inner"][:] = [[0, 0, 0, 0, 1, 2]]
    views = operator_blocks(plan, np.concatenate([w.ravel() for w in weights.values()]), 6, 1, delays=3)
    assert views[0].memory() == 1


def test_the_layers_of_a_butterfly_block_multiply_to_its_linear_answer() -> None:
    plan = StNN(3, activation="identity")
    flat = plan.start(7, 3, 0)
    blocks = operator_blocks(plan, flat, 7, 3)
    zero, x = plan.compiled(flat, 7, 3)(np.zeros((1, 7))), np.random.default_rng(1).normal(size=(1, 7))
    total = sum(block.matrix for block in blocks)
    np.testing.assert_allclose(plan.compiled(flat, 7, 3)(x) - zero, x @ total.T, atol=1e-13)
    assert all(0 < block.hankel_distance <= 1 for block in blocks)
    with pytest.raises(InputError, match="divisor"):
        operator_blocks(plan, flat, 7, 3, delays=2)
    with pytest.raises(InputError, match="DenseNet"):
        operator_blocks(DenseNet((2,)), np.zeros(11), 3, 1)


def test_the_best_network_within_a_budget_is_the_most_accurate_that_fits() -> None:
    networks = [HankelNet(1), HankelNet(6), DenseNet((4, 4))]
    front = size_accuracy_front(waves(500), waves(300, seed=7), networks, dt=0.1, delays=4, steps=15)
    assert [p.cost.parameters for p in front] == sorted(p.cost.parameters for p in front)
    assert front.best().error == min(p.error for p in front)
    small = front.best(memory=front[0].cost.bytes)
    assert small is front[0]
    assert front.best(operations=front[-1].cost.operations) == front.best()
    assert set(front.unbeaten()) <= set(front)
    assert str(front).count("\n") == len(networks)
    with pytest.raises(InputError, match="no network of 3 fits"):
        front.best(memory=10)


def test_networks_enter_the_contest_only_where_training_is_short() -> None:
    entered = structured_networks(as_trajectories(waves(800), 0.1))
    assert [type(model) for _, model in entered] == [DelayForecaster] * 2
    assert len({label for label, _ in entered}) == 2
    assert structured_networks(as_trajectories(waves(40), 0.1)) == []
    assert structured_networks(as_trajectories(np.random.default_rng(0).normal(size=(500, 9)), 0.1)) == []
