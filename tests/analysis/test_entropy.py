"""Entropies against closed forms and against their peers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.analysis import (
    lempel_ziv_complexity,
    multiscale_entropy,
    ordinal_distribution,
    permutation_entropy,
    sample_entropy,
    spectral_entropy,
)
from inscape.analysis.entropy import composite_embedding
from inscape.errors import InputError
from inscape.systems import Map

RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=2_000)
SINE = np.sin(np.arange(2_000) * 0.1)


@Map
def logistic(x, *, r=4.0):
    return r * x * (1 - x)


CHAOS = logistic.simulate([0.3], steps=1_999, transient=100).states[:, 0]


def test_a_ramp_has_no_permutation_entropy_and_noise_has_all_of_it():
    assert permutation_entropy(np.arange(100.0)) == 0
    assert permutation_entropy(NOISE) == pytest.approx(1, abs=2e-3)


def test_permutation_entropy_of_bandt_and_pompes_example():
    series = np.array([4.0, 7, 9, 10, 6, 11, 3])
    assert permutation_entropy(series, order=2, normalised=False) / np.log(2) == pytest.approx(0.918, abs=1e-3)
    assert permutation_entropy(series, order=3, normalised=False) / np.log(2) == pytest.approx(1.522, abs=1e-3)


def test_the_logistic_map_at_4_never_falls_twice_in_a_row():
    shares = ordinal_distribution(CHAOS, order=3)
    assert shares[-1] == 0
    assert (shares[:-1] > 0).all()
    assert shares[0] == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize("series", [NOISE, CHAOS, SINE], ids=["noise", "chaos", "sine"])
@pytest.mark.parametrize(("order", "lag"), [(3, 1), (4, 3), (5, 2)])
def test_permutation_entropy_agrees_with_antropy_and_ordpy(series, order, lag):
    antropy, ordpy = pytest.importorskip("antropy"), pytest.importorskip("ordpy")
    ours = permutation_entropy(series, order=order, lag=lag)
    assert ours == pytest.approx(antropy.perm_entropy(series, order=order, delay=lag, normalize=True))
    assert ours == pytest.approx(ordpy.permutation_entropy(series, dx=order, taux=lag))
    weighted = permutation_entropy(series, order=order, lag=lag, weighted=True)
    assert weighted == pytest.approx(ordpy.weighted_permutation_entropy(series, dx=order, taux=lag))


@given(st.floats(0.01, 100), st.floats(-100, 100))
@settings(max_examples=20, deadline=None)
def test_entropies_do_not_see_the_unit(factor, shift):
    other = factor * CHAOS[:400] + shift
    for measure in (permutation_entropy, spectral_entropy):
        assert measure(other) == pytest.approx(measure(CHAOS[:400]), rel=1e-6)
    assert sample_entropy(other) == pytest.approx(sample_entropy(CHAOS[:400]), abs=0.02)


def test_permutation_entropy_sees_only_the_order_of_values():
    assert permutation_entropy(np.exp(NOISE), order=4) == permutation_entropy(NOISE, order=4)


@pytest.mark.parametrize("series", [NOISE, CHAOS, SINE], ids=["noise", "chaos", "sine"])
def test_sample_entropy_agrees_with_antropy(series):
    antropy = pytest.importorskip("antropy")
    assert sample_entropy(series) == pytest.approx(antropy.sample_entropy(series), rel=1e-9)
    assert sample_entropy(series, order=3) == pytest.approx(antropy.sample_entropy(series, order=3), rel=1e-9)


def test_sample_entropy_of_uniform_noise_is_minus_the_log_of_the_share_within_reach():
    uniform = np.random.default_rng(1).random(4_000)
    reach = 0.2 * np.sqrt(1 / 12)
    assert sample_entropy(uniform) == pytest.approx(-np.log(2 * reach - reach**2), abs=0.05)


def test_sample_entropy_says_when_nothing_agrees():
    assert sample_entropy(np.ones(50)) == 0
    assert not np.isfinite(sample_entropy(np.random.default_rng(0).random(12), tolerance=1e-6))


def brute_force_multivariate_entropy(points: np.ndarray, order: int, reach: float) -> float:
    from scipy.spatial.distance import pdist

    size = points.shape[1]
    count = len(points) - order
    short = composite_embedding(points, (order,) * size, 1, count)
    longer = np.concatenate(
        [composite_embedding(points, tuple(order + (k == h) for k in range(size)), 1, count) for h in range(size)]
    )
    return float(np.log((pdist(short, "chebyshev") <= reach).mean() / (pdist(longer, "chebyshev") <= reach).mean()))


def test_multivariate_sample_entropy_is_that_of_the_distances_of_all_composite_vectors():
    points = np.random.default_rng(0).normal(size=(300, 2))
    points = (points - points.mean(axis=0)) / points.std(axis=0)
    found = multiscale_entropy(points, scales=1, tolerance=0.4)
    assert found.values[0] == pytest.approx(brute_force_multivariate_entropy(points, 2, 0.4))


def test_noise_loses_entropy_over_scales_and_one_over_f_noise_keeps_it():
    rng = np.random.default_rng(0)
    white = rng.normal(size=6_000)
    spectrum = np.fft.rfft(white)
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    pink = np.fft.irfft(spectrum)
    falling, steady = multiscale_entropy(white, scales=10), multiscale_entropy(pink, scales=10)
    assert falling.values[0] > steady.values[0]
    assert falling.values[-1] < 0.7 * falling.values[0]
    assert steady.values[-1] > 0.85 * steady.values[0]
    assert steady.complexity == pytest.approx(steady.values.sum())
    assert float(steady) == pytest.approx(steady.values.mean())


def test_the_first_scale_is_the_sample_entropy():
    assert multiscale_entropy(CHAOS, scales=3, tolerance=0.2).values[0] == pytest.approx(
        sample_entropy(CHAOS), rel=1e-6
    )


def test_a_sine_has_little_spectral_entropy_and_noise_nearly_all():
    whole_cycles = np.sin(2 * np.pi * 20 * np.arange(2_000) / 2_000)
    assert spectral_entropy(whole_cycles) == pytest.approx(0, abs=1e-9)
    assert spectral_entropy(NOISE) == pytest.approx(1 - 0.4228 / np.log(1_000), abs=0.01)
    assert spectral_entropy(np.full(100, 0.1)) == 0


def test_lempel_ziv_counts_the_phrases_of_the_published_example():
    # Kaspar & Schuster 1987: 0001101001000101 parses into 0.001.10.100.1000.101.
    symbols = np.array([int(c) for c in "0001101001000101"])
    assert lempel_ziv_complexity(symbols, normalised=False) == 6


@pytest.mark.parametrize("series", [NOISE, CHAOS, SINE], ids=["noise", "chaos", "sine"])
def test_lempel_ziv_agrees_with_antropy(series):
    antropy = pytest.importorskip("antropy")
    symbols = (series > np.median(series)).astype(int)
    assert lempel_ziv_complexity(series) == pytest.approx(antropy.lziv_complexity(symbols, normalize=True))
    assert lempel_ziv_complexity(symbols) == lempel_ziv_complexity(series)


@pytest.mark.parametrize(
    "measure",
    [
        permutation_entropy,
        sample_entropy,
        spectral_entropy,
        lempel_ziv_complexity,
        multiscale_entropy,
        ordinal_distribution,
    ],
)
@pytest.mark.parametrize(
    "series",
    [np.empty(0), np.array([1.0]), np.array([1.0, np.nan] * 200), np.array(["a"] * 9), np.zeros((3, 3, 3)), None],
)
def test_what_is_no_series_is_refused(measure, series):
    with pytest.raises(InputError):
        measure(series)


def test_wrong_settings_are_refused():
    for call in (
        lambda: permutation_entropy(NOISE, order=1),
        lambda: permutation_entropy(NOISE, order=12),
        lambda: permutation_entropy(NOISE, lag=0),
        lambda: permutation_entropy(NOISE, column=1),
        lambda: permutation_entropy(NOISE, column="x"),
        lambda: sample_entropy(NOISE, tolerance=-1),
        lambda: multiscale_entropy(NOISE[:50], scales=20),
        lambda: lempel_ziv_complexity(NOISE, symbols=1),
    ):
        with pytest.raises(InputError):
            call()
