"""Order, chaos and noise told apart on motions whose kind is known."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import chaos_decision, zero_one_test
from inscape.analysis.zero_one import _mean_square_displacement, oversampling
from inscape.errors import InputError
from inscape.systems import Map, zoo

RNG = np.random.default_rng(0)


@Map
def logistic(x, *, r=4.0):
    return r * x * (1 - x)


def orbit(r: float, count: int = 2_000) -> np.ndarray:
    return logistic.with_parameters(r=r).simulate([0.3], steps=count - 1, transient=1_000).states[:, 0]


@pytest.fixture(scope="module")
def lorenz() -> np.ndarray:
    return zoo["Lorenz"].simulate(times=np.arange(20_000) * 0.02, transient=30.0).states


def test_the_mean_square_displacement_by_transform_is_the_obvious_mean():
    signal = RNG.normal(size=300)
    walk = np.cumsum(signal * np.exp(1j * 1.1 * np.arange(1, 301)))
    obvious = [np.mean(np.abs(walk[n : n + 270] - walk[:270]) ** 2) for n in range(1, 31)]
    np.testing.assert_allclose(_mean_square_displacement(signal, 1.1, 30), obvious, rtol=1e-9)


@pytest.mark.parametrize("r", [3.97, 4.0])
def test_the_logistic_map_is_chaotic(r):
    found = zero_one_test(orbit(r))
    assert found.value > 0.95
    assert found.verdict == "chaotic"
    assert chaos_decision(orbit(r, 1_000)).verdict == "chaotic"


@pytest.mark.parametrize("r", [3.2, 3.55, 3.569, 3.83])
def test_the_logistic_map_is_regular_in_its_windows(r):
    found = zero_one_test(orbit(r))
    assert abs(found.value) < 0.1
    assert found.verdict == "regular"
    assert chaos_decision(orbit(r, 1_000)).verdict == "regular"


def test_weak_noise_on_a_cycle_does_not_pass_for_chaos():
    cycle = orbit(3.55)
    noisy = cycle + 0.02 * RNG.normal(size=len(cycle))
    assert zero_one_test(noisy).value < 0.5 < zero_one_test(orbit(3.9)).value
    assert chaos_decision(noisy).verdict != "chaotic"


def test_quasiperiodic_motion_is_regular():
    t = np.arange(20_000) * 0.05
    assert zero_one_test(np.sin(t) + np.sin(np.sqrt(3) * t)).verdict == "regular"


def test_an_oversampled_flow_is_thinned_and_found_chaotic(lorenz):
    found = zero_one_test(lorenz, column=0)
    assert found.stride > 5
    assert found.verdict == "chaotic"
    # Without thinning the same recording makes the walk look more regular.
    assert zero_one_test(lorenz[:2_000], stride=1).value < found.value


def test_noise_walks_like_chaos_but_is_no_more_predictable_than_its_surrogates():
    noise = RNG.normal(size=1_000)
    assert zero_one_test(noise).value > 0.9
    assert chaos_decision(noise).verdict == "stochastic"


def test_lorenz_is_chaotic_and_its_periodic_window_is_regular(lorenz):
    assert chaos_decision(lorenz).verdict == "chaotic"
    window = zoo["Lorenz"].with_parameters(rho=160.0).simulate(times=np.arange(10_000) * 0.02, transient=100.0)
    assert chaos_decision(window).verdict == "regular"


def test_a_short_recording_is_not_judged():
    assert zero_one_test(orbit(4.0, 200)).verdict == "undecided"
    slow = np.sin(np.arange(400) * 0.01)
    assert chaos_decision(slow).verdict == "undecided"


def test_the_same_seed_gives_the_same_answer():
    a, b = (zero_one_test(orbit(3.9, 500), seed=3) for _ in range(2))
    np.testing.assert_array_equal(a.values, b.values)
    assert zero_one_test(10 * orbit(3.9, 500) - 7, seed=3).value == pytest.approx(a.value, abs=1e-9)


def test_a_map_is_not_oversampled_and_a_finely_sampled_sine_is():
    assert oversampling(orbit(4.0)) == 1
    assert 15 < oversampling(np.sin(2 * np.pi * np.arange(5_000) / 100)) <= 25


@pytest.mark.parametrize(
    "series", [np.empty(0), np.ones(50), np.full(500, np.nan), np.array(["a"] * 500), np.ones(500)]
)
def test_what_cannot_drive_a_walk_is_refused(series):
    with pytest.raises(InputError):
        zero_one_test(series)


def test_a_recording_that_stands_still_is_regular():
    assert chaos_decision(np.ones(500)).verdict == "regular"
