"""What each kind of surrogate keeps, and what it throws away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.analysis import surrogates
from inscape.errors import InputError

SERIES = np.cumsum(np.random.default_rng(0).normal(size=(301, 2)), axis=0) ** 2


def power(states: np.ndarray) -> np.ndarray:
    return np.abs(np.fft.rfft(states, axis=-2))


@given(st.integers(16, 80), st.integers(0, 1_000))
@settings(max_examples=30, deadline=None)
def test_random_phases_keep_the_spectrum_of_any_length(length, seed):
    series = np.random.default_rng(seed).normal(size=(length, 1))
    made = surrogates(series, "random_phase", seed=seed)
    np.testing.assert_allclose(power(made[0]), power(series), atol=1e-9)
    assert made.mean() == pytest.approx(series.mean(), abs=1e-9)


def test_random_phases_keep_cross_spectra():
    made = surrogates(SERIES, "random_phase", seed=1)[0]
    cross = [np.fft.rfft(s[:, 0]) * np.conj(np.fft.rfft(s[:, 1])) for s in (SERIES, made)]
    np.testing.assert_allclose(cross[1], cross[0], rtol=1e-6, atol=1e-6 * np.abs(cross[0]).max())
    assert not np.allclose(made, SERIES)


@pytest.mark.parametrize("kind", ["aaft", "iaaft", "shuffle"])
def test_the_values_are_kept_where_they_should_be(kind):
    made = surrogates(SERIES, kind, count=3, seed=0)
    assert made.shape == (3, 301, 2)
    for one in made:
        np.testing.assert_allclose(np.sort(one, axis=0), np.sort(SERIES, axis=0))


def test_iaaft_comes_nearer_the_spectrum_than_aaft_and_aaft_than_a_shuffle():
    def miss(kind: str) -> float:
        made = surrogates(SERIES, kind, count=5, seed=0)
        return float(np.mean([np.abs(power(one) - power(SERIES))[1:].sum() for one in made]))

    assert miss("iaaft") < miss("aaft") < miss("shuffle")


def test_the_same_seed_gives_the_same_surrogates_and_one_variable_stays_flat():
    a, b = (surrogates(SERIES[:, 0], "iaaft", count=2, seed=5) for _ in range(2))
    assert a.shape == (2, 301)
    np.testing.assert_array_equal(a, b)


def test_what_cannot_be_surrogated_is_refused():
    for call in (
        lambda: surrogates(SERIES, "twin"),
        lambda: surrogates(SERIES, count=0),
        lambda: surrogates(np.array([1.0, np.nan, 2.0, 3.0])),
        lambda: surrogates(np.array([1.0])),
    ):
        with pytest.raises(InputError):
            call()
