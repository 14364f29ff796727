"""When a curve falls: times, plateaus, sharpness; and Shapley's shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inscape.analysis.phase_change import phase_change, plateau_length, time_to_threshold
from inscape.analysis.shapley import shapley_values
from inscape.errors import InputError


def test_a_straight_line_is_crossed_where_it_is():
    times = np.arange(11.0)
    assert time_to_threshold(times, 10 - times, 3.5) == pytest.approx(6.5)
    both = time_to_threshold(times, np.stack([10 - times, 20 - times], axis=1), 9.25)
    np.testing.assert_allclose(both, [0.75, np.nan])


def test_a_curve_that_dips_and_returns_crosses_for_good_later():
    values = [3.0, 0.0, 3.0, 1.0, 0.5]
    assert time_to_threshold(np.arange(5.0), values, 1.5) == pytest.approx(0.5)
    assert time_to_threshold(np.arange(5.0), values, 1.5, stays=True) == pytest.approx(2.75)
    assert np.isnan(time_to_threshold(np.arange(3.0), values[:3], 1.5, stays=True))


def test_missing_samples_are_passed_over():
    assert time_to_threshold([0.0, 1.0, 2.0], [4.0, np.nan, 0.0], 1.0) == pytest.approx(1.5)


def test_a_plain_decay_has_the_sharpness_of_the_exponential():
    times = np.linspace(0, 5, 5001)
    change = phase_change(times, np.exp(-times))
    assert change.t50 == pytest.approx(np.log(2), rel=1e-5)
    assert change.sharpness == pytest.approx(np.log(9) / np.log(2), rel=1e-4)


def test_a_straight_line_has_sharpness_one_and_six_tenths():
    assert phase_change([0.0, 1.0], [1.0, 0.0]).sharpness == pytest.approx(1.6)


def test_a_plateau_is_as_long_as_the_curve_rests():
    times = np.linspace(0, 10, 1001)
    values = np.where(times < 1, 2 - times, np.where(times < 7, 1.0, 8 - times))
    length = plateau_length(times, values, 1.0, width=0.1)
    assert length == pytest.approx(6.2, abs=0.02)
    assert np.isnan(plateau_length(times[:500], values[:500], 1.0))


@given(st.lists(st.floats(0.5, 20), min_size=2, max_size=30), st.floats(0.1, 10))
def test_time_in_another_unit_gives_the_same_moment(steps, unit):
    times = np.cumsum(steps)
    values = np.exp(-times / times[-1] * 3)
    assert time_to_threshold(times * unit, values, 0.2) == pytest.approx(unit * time_to_threshold(times, values, 0.2))


@pytest.mark.parametrize(
    ("times", "values"),
    [([], []), ([0.0, 0.0], [1.0, 0.5]), ([0.0, 1.0], [1.0]), ([0.0, np.nan], [1.0, 0.5]), (["a", "b"], [1.0, 0.5])],
)
def test_curves_that_are_none_are_refused(times, values):
    with pytest.raises(InputError):
        time_to_threshold(times, values, 0.5)


def test_a_curve_from_zero_has_no_phase_change():
    with pytest.raises(InputError, match="above zero"):
        phase_change([0.0, 1.0], [0.0, 1.0])
    with pytest.raises(InputError, match="above zero"):
        phase_change([0.0, 1.0], [2.0, 1.0], level=-1.0)
    with pytest.raises(InputError, match="one curve"):
        phase_change([0.0, 1.0], np.ones((2, 2)))


def test_a_level_apart_from_the_start_is_where_the_shares_are_taken():
    assert phase_change([0.0, 1.0], [2.0, 0.0], level=1.0).t50 == pytest.approx(0.75)


def test_shapley_shares_of_a_glove_game_are_known():
    # One left glove, two right ones: the left glove is worth two thirds (Shapley 1953 via Osborne & Rubinstein).
    def worth(subset):
        return float("left" in subset and bool({"right", "spare"} & subset))

    shares = shapley_values(worth, ["left", "right", "spare"])
    assert shares == pytest.approx({"left": 2 / 3, "right": 1 / 6, "spare": 1 / 6})


@given(st.lists(st.floats(-10, 10), min_size=8, max_size=8))
def test_shapley_shares_sum_to_the_worth_of_all(numbers):
    subsets = [frozenset(p for i, p in enumerate("abc") if code >> i & 1) for code in range(8)]
    worth = dict(zip(subsets, numbers, strict=True))
    assert sum(shapley_values(worth, "abc").values()) == pytest.approx(numbers[7] - numbers[0], abs=1e-9)


def test_a_subset_without_a_worth_is_named():
    with pytest.raises(InputError, match="every subset"):
        shapley_values({frozenset(): 0.0}, ["a"])
    with pytest.raises(InputError, match="different names"):
        shapley_values(len, ["a", "a"])
