"""Swings of a measure over checkpoints, with its trend left aside."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis.oscillation import detrended_deviation, step_deviation
from inscape.errors import InputError


def test_a_straight_line_does_not_oscillate():
    assert detrended_deviation(3.0 - 0.7 * np.arange(20)) == pytest.approx(0, abs=1e-12)
    assert detrended_deviation(np.arange(20.0) ** 2, degree=2) == pytest.approx(0, abs=1e-9)


def test_white_noise_on_a_trend_gives_its_own_deviation_however_few_the_checkpoints():
    noise = np.random.default_rng(0).standard_normal((4000, 8)) * 0.3
    found = detrended_deviation(noise + 2.0 * np.arange(8))
    assert np.sqrt((found**2).mean()) == pytest.approx(0.3, rel=0.02)
    assert np.sqrt((step_deviation(noise) ** 2).mean()) == pytest.approx(0.3 * np.sqrt(2), rel=0.02)


def test_an_alternating_measure_steps_by_twice_its_size():
    assert step_deviation([1.0, -1.0, 1.0, -1.0]) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0, 2.0], "at least 3 checkpoints"),
        ([1.0, np.nan, 2.0, 3.0], "at checkpoint 1"),
        (np.float64(1), "checkpoint"),
        (["a", "b", "c"], "numbers"),
        ([], "checkpoints"),
    ],
)
def test_what_is_no_series_is_refused_in_a_line(values, said):
    with pytest.raises(InputError, match=said):
        detrended_deviation(values)


def test_a_degree_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="degree"):
        detrended_deviation(np.arange(9.0), degree=-1)
