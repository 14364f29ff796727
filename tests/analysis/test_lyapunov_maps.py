"""Lyapunov spectra of maps: values that are known exactly, and published ones."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from inscape.analysis import lyapunov_spectrum
from inscape.analysis.map_tangent import almost_everywhere_jacobian
from inscape.errors import DivergedError, InputError
from inscape.systems import Map, zoo
from inscape.systems.definition import symbol
from inscape.systems.symbols import Abs, floor, heaviside, modulo, sign, t


@Map
def logistic(x, *, r=4.0):
    return r * x * (1 - x)


@Map
def henon(x, y, *, a=1.4, b=0.3):
    return 1 - a * x**2 + y, b * x


def test_the_logistic_map_at_four_has_the_logarithm_of_two():
    found = lyapunov_spectrum(logistic, initial=[0.3], duration=500_000)
    assert found.exponents[0] == pytest.approx(np.log(2), abs=2e-4)
    assert abs(found.exponents[0] - np.log(2)) < 5 * found.errors[0] + 1e-5


def test_the_tent_and_the_doubling_map_have_the_logarithm_of_their_slope():
    @Map
    def tent(x, *, slope=1.9):
        return slope * (1 - Abs(2 * x - 1)) / 2

    @Map
    def doubling(x):
        return modulo(2 * x, 1)

    assert lyapunov_spectrum(tent, initial=[0.3], duration=10_000).exponents[0] == pytest.approx(np.log(1.9))
    assert lyapunov_spectrum(doubling, initial=[0.3], duration=10_000).exponents[0] == pytest.approx(np.log(2))


def test_the_cat_map_has_the_logarithms_of_its_eigenvalues():
    @Map
    def cat(x, y):
        return modulo(x + y, 1), modulo(x + 2 * y, 1)

    found = lyapunov_spectrum(cat, initial=[0.3, 0.1415], duration=10_000)
    golden = np.log((3 + np.sqrt(5)) / 2)
    np.testing.assert_allclose(found.exponents, [golden, -golden], rtol=1e-12)
    assert float(found.kaplan_yorke) == 2.0


def test_the_baker_map_stretches_and_folds_by_its_halves():
    @Map
    def baker(x, y, *, squeeze=0.4):
        right = heaviside(x - 1 / 2)
        return 2 * x - right, squeeze * y + right / 2

    found = lyapunov_spectrum(baker, initial=[0.3, 0.1], duration=10_000)
    np.testing.assert_allclose(found.exponents, [np.log(2), np.log(0.4)], rtol=1e-12)
    assert float(found.kaplan_yorke) == pytest.approx(1 + np.log(2) / np.log(2.5))


def test_the_henon_map_has_its_published_exponent_and_contracts_by_b():
    found = lyapunov_spectrum(henon, initial=[0.1, 0.1], duration=5_000_000)
    assert found.exponents[0] == pytest.approx(0.4192, abs=0.001)
    assert found.exponents.sum() == pytest.approx(np.log(0.3), rel=1e-10)
    assert float(found.kaplan_yorke) == pytest.approx(1.258, abs=0.001)
    assert found.zero_exponent is None


def test_every_iteration_is_orthonormalised_however_strong_the_contraction():
    @Map
    def squeezed(x, y, *, r=4.0, e=1e-9):
        return r * x * (1 - x), e * y + x

    found = lyapunov_spectrum(squeezed, initial=[0.3, 0.1], duration=50_000)
    assert found.exponents[1] == pytest.approx(np.log(1e-9), rel=1e-6)
    assert found.sum_matches_divergence


def test_a_crushed_direction_has_the_exponent_minus_infinity():
    @Map
    def flattened(x, y):
        return 4 * x * (1 - x), x

    found = lyapunov_spectrum(flattened, initial=[0.3, 0.1], duration=10_000)
    assert found.exponents[0] == pytest.approx(np.log(2), abs=0.02)
    assert found.exponents[1] == -np.inf


def test_a_periodic_map_is_regular():
    found = lyapunov_spectrum(logistic.with_parameters(r=3.2), initial=[0.3], duration=20_000)
    x = np.array([0.5130445095326298, 0.7994554904673701])
    assert found.verdict == "regular"
    assert found.exponents[0] == pytest.approx(np.mean(np.log(np.abs(3.2 * (1 - 2 * x)))), abs=1e-4)
    assert float(found.kaplan_yorke) == 0.0


@pytest.mark.parametrize("name", ["Henon", "IkedaMap", "Tinkerbell", "Chirikov"])
def test_the_spectrum_of_a_map_sums_to_its_contraction(name):
    assert lyapunov_spectrum(zoo[name], duration=5_000, transient=1_000).sum_mismatch < 1e-9


@pytest.mark.slow
def test_the_spectrum_of_every_map_of_the_zoo_sums_to_its_contraction():
    for name in zoo.names(kind="map"):
        found = lyapunov_spectrum(zoo[name], duration=5_000, transient=1_000)
        assert found.sum_mismatch < 1e-9, name


def test_derivatives_skip_the_jumps():
    x = symbol("x")
    sides = [floor(3 * x) * x, modulo(2 * x, 1), sign(x) * x**2, heaviside(x - 1) + Abs(x)]
    rows = almost_everywhere_jacobian(sides, [x])
    at = {x: sympy.Rational(13, 10)}
    assert [row[0].subs(at) for row in rows] == [3, 2, sympy.Rational(13, 5), 1]


def test_a_map_that_escapes_is_an_error_and_time_in_a_map_is_refused():
    with pytest.raises(DivergedError, match="bounded"):
        lyapunov_spectrum(henon, initial=[10.0, 10.0])

    @Map
    def clocked(x):
        return x + t

    with pytest.raises(InputError, match="law of a map"):
        lyapunov_spectrum(clocked)
    with pytest.raises(InputError, match="at least 1"):
        lyapunov_spectrum(henon, duration=0.2)
