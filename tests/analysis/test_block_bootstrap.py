"""Correlations with intervals that know of dependence in time, and what is left of them given a third series."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import block_bootstrap, partial_correlation
from inscape.errors import InputError


def walk(random, length=60, memory=0.8):
    noise = random.normal(size=length)
    for i in range(1, length):
        noise[i] += memory * noise[i - 1]
    return noise


def test_the_value_is_pearsons_correlation():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(2, 30))
    found = block_bootstrap(x, y)
    assert found.value == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-12)
    assert found.low < found.value < found.high
    assert found.block == 4


def test_a_correlation_of_one_has_no_width():
    x = np.arange(12.0)
    found = block_bootstrap(x, 3 - 2 * x)
    assert (found.value, found.low, found.high) == pytest.approx((-1, -1, -1))
    assert found.excludes_zero


def test_blocks_hold_the_promise_that_single_points_break_where_neighbours_are_alike():
    random = np.random.default_rng(1)
    pairs = [(walk(random, 200), walk(random, 200)) for _ in range(120)]
    inside = {
        block: np.mean([not block_bootstrap(x, y, block=block, draws=300).excludes_zero for x, y in pairs])
        for block in (1, 20)
    }
    assert inside[1] < 0.75
    assert inside[20] > 0.85


def test_another_statistic_can_be_asked_for():
    x = np.arange(20.0)
    found = block_bootstrap(x, x**2, statistic=lambda table: float(table[:, 1].mean()))
    assert found.value == np.mean(x**2)


def test_the_same_seed_gives_the_same_interval():
    random = np.random.default_rng(3)
    x, y = random.normal(size=(2, 25))
    assert block_bootstrap(x, y, seed=5) == block_bootstrap(x, y, seed=5)
    assert block_bootstrap(x, y, seed=5) != block_bootstrap(x, y, seed=6)


def test_a_series_that_stands_still_has_no_correlation():
    found = block_bootstrap(np.ones(8), np.arange(8.0))
    assert np.isnan([found.value, found.low, found.high]).all()
    assert not found.excludes_zero


def test_what_two_series_share_only_with_time_is_gone_given_time():
    random = np.random.default_rng(0)
    time = np.linspace(0, 1, 200)
    x, y = 5 * time + random.normal(size=200), -4 * time + random.normal(size=200)
    assert np.corrcoef(x, y)[0, 1] < -0.5
    assert abs(partial_correlation(x, y, time)) < 0.15


def test_partial_correlation_is_that_of_the_formula_for_one_given_series():
    random = np.random.default_rng(2)
    x, y, z = random.normal(size=(3, 40))
    y = y + x
    r = np.corrcoef([x, y, z])
    expected = (r[0, 1] - r[0, 2] * r[1, 2]) / np.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    assert partial_correlation(x, y, z) == pytest.approx(expected, rel=1e-10)


def test_nothing_is_left_of_a_series_given_itself():
    x, y = np.random.default_rng(0).normal(size=(2, 10))
    assert np.isnan(partial_correlation(x, y, x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: block_bootstrap(np.ones(4), np.ones(4)), "withheld"),
        (lambda: block_bootstrap(np.ones(9)), "at least 2"),
        (lambda: block_bootstrap(np.ones(9), np.ones(8)), "one length"),
        (lambda: block_bootstrap(np.ones((9, 2)), np.ones((9, 2))), "one length"),
        (lambda: block_bootstrap(np.full(9, np.nan), np.ones(9)), "NaN"),
        (lambda: block_bootstrap(np.array(["a"] * 9), np.ones(9)), "numbers"),
        (lambda: block_bootstrap(np.arange(9), np.arange(9), block=10), "block"),
        (lambda: block_bootstrap(np.arange(9), np.arange(9), draws=0), "draws"),
        (lambda: block_bootstrap(np.arange(9), np.arange(9), level=1), "level"),
        (lambda: partial_correlation(np.arange(9), np.arange(9)), "at least 2"),
        (lambda: partial_correlation(np.arange(3), np.arange(3), np.arange(3)), "withheld"),
    ],
)
def test_bad_input_gets_one_clear_line(call, message):
    with pytest.raises(InputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
