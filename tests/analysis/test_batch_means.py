"""Standard errors of correlated means, against series whose error is known."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis.batch_means import batch_means, integrated_autocorrelation_time


def autoregression(rho: float, samples: int, rng: np.random.Generator) -> np.ndarray:
    from scipy.signal import lfilter

    return lfilter([1.0], [1.0, -rho], rng.standard_normal(samples + 1000))[1000:]


@pytest.mark.parametrize("rho", [0.0, 0.7, 0.9])
def test_the_error_of_an_autoregression_is_the_known_one(rho):
    rng = np.random.default_rng(2)
    claimed = [batch_means(autoregression(rho, 4000, rng)[:, None]).errors[0] for _ in range(40)]
    assert np.median(claimed) == pytest.approx(1 / (1 - rho) / np.sqrt(4000), rel=0.2)


def test_the_memory_of_an_autoregression_is_the_known_one():
    series = autoregression(0.8, 200_000, np.random.default_rng(3))
    assert integrated_autocorrelation_time(series) == pytest.approx(9.0, rel=0.1)
    assert integrated_autocorrelation_time(np.full(50, 3.0)) == 1.0


def test_differences_of_a_bounded_series_are_known_far_better_than_their_scatter():
    rng = np.random.default_rng(4)
    bounded = rng.uniform(-1, 1, 2001)
    found = batch_means(np.diff(bounded)[:, None])
    assert found.errors[0] < 4 / 2000
    assert abs(found.mean[0]) < 3 * found.errors[0]


def test_the_covariance_of_two_means_has_their_correlation():
    rng = np.random.default_rng(5)
    shared = rng.standard_normal(20_000)
    covariance = batch_means(np.column_stack([shared, -shared])).covariance
    np.testing.assert_allclose(covariance[0, 1], -covariance[0, 0], rtol=1e-9)


def test_one_sample_has_no_error():
    found = batch_means(np.ones((1, 2)))
    assert np.isnan(found.errors).all()
    assert found.degrees_of_freedom == 0
