"""Covariant vectors, finite-time and conditional exponents, alignment, twins and expansion."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import (
    conditional_exponents,
    covariant_vectors,
    expansion_entropy,
    finite_time_exponents,
    gali,
    largest_exponent_twins,
    lyapunov_spectrum,
)
from inscape.analysis.finite_time import singular_logarithms
from inscape.errors import DivergedError, InputError, UnknownNameError
from inscape.systems import Flow, Map
from inscape.systems.symbols import modulo


@Flow
def lorenz(x, y, z, *, sigma=10.0, rho=28.0, beta=8 / 3):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


@Flow
def henon_heiles(x, y, u, v):
    return u, v, -x - 2 * x * y, -y - x**2 + y**2


@Map
def henon(x, y, *, a=1.4, b=0.3):
    return 1 - a * x**2 + y, b * x


@Map
def cat(x, y):
    return modulo(x + y, 1), modulo(x + 2 * y, 1)


@pytest.fixture(scope="module")
def along_lorenz():
    return covariant_vectors(lorenz, initial=[1.0, 1.0, 20.0], duration=20.0, per_period=20)


def test_the_covariant_vectors_of_a_linear_map_are_its_eigenvectors():
    found = covariant_vectors(cat, initial=[0.1, 0.2], duration=20)
    golden = (1 + np.sqrt(5)) / 2
    for k, direction in enumerate(([1, golden], [golden, -1])):
        along = found.vectors[:, :, k] @ (np.array(direction) / np.linalg.norm(direction))
        np.testing.assert_allclose(np.abs(along), 1.0, atol=1e-12)
    np.testing.assert_allclose(found.exponents, [2 * np.log(golden), -2 * np.log(golden)], rtol=1e-10)
    np.testing.assert_allclose(found.angles(0, 1), np.pi / 2, atol=1e-7)


def test_the_neutral_vector_of_a_flow_is_its_velocity(along_lorenz):
    velocity = lorenz.rhs(along_lorenz.states)
    velocity /= np.linalg.norm(velocity, axis=1)[:, None]
    along = np.abs(np.sum(velocity * along_lorenz.vectors[:, :, 1], axis=1))
    np.testing.assert_allclose(along, 1.0, atol=1e-9)
    # It grows exactly as the speed does.
    speed = np.linalg.norm(lorenz.rhs(along_lorenz.states), axis=1)
    folds = along_lorenz.growth[:, 1] * np.diff(along_lorenz.times)
    np.testing.assert_allclose(folds, np.diff(np.log(speed)), atol=1e-8)


def test_every_vector_is_carried_into_its_successor(along_lorenz):
    from inscape.systems.integrator import Integrator

    motion = Integrator(lorenz, tangent=3)
    motion.state = along_lorenz.states[7]
    motion.tangent = along_lorenz.vectors[7]
    motion.advance(along_lorenz.times[8] - along_lorenz.times[7])
    carried = motion.tangent / np.linalg.norm(motion.tangent, axis=0)
    np.testing.assert_allclose(np.abs(np.sum(carried * along_lorenz.vectors[8], axis=0)), 1.0, atol=1e-9)


def test_the_contracting_direction_of_lorenz_is_dominated_and_never_tangent(along_lorenz):
    assert along_lorenz.domination(20)[1] == 1.0
    assert along_lorenz.angles(1, 2).min() > 0.01
    assert along_lorenz.subspace_angles(2).min() > 0.01


def test_the_henon_map_comes_near_tangencies():
    found = covariant_vectors(henon, initial=[0.1, 0.1], duration=3000)
    assert found.angles(0, 1).min() < 0.02
    np.testing.assert_allclose(found.exponents, [0.419, -1.623], atol=0.03)


def test_covariant_vectors_of_henon_agree_with_lyapynov():
    lyapynov = pytest.importorskip("lyapynov")
    start = henon.simulate([0.1, 0.1], steps=1, transient=1_000).states[0]
    system = lyapynov.DiscreteDS(
        start,
        0,
        lambda x, t: np.array([1 - 1.4 * x[0] ** 2 + x[1], 0.3 * x[0]]),
        lambda x, t: np.array([[-2.8 * x[0], 1.0], [0.3, 0.0]]),
    )
    theirs, orbit = lyapynov.CLV(system, 2, 0, 30, 10, 30, True)
    ours = covariant_vectors(henon, initial=start, transient=30, duration=10, settling=30)
    np.testing.assert_allclose(ours.states, orbit, atol=1e-7)
    # The last of theirs is not of unit length.
    lengths = np.linalg.norm(theirs, axis=1)
    along = np.abs(np.sum(ours.vectors * np.array(theirs), axis=1)) / lengths
    np.testing.assert_allclose(along, 1.0, atol=1e-7)


def test_a_map_that_crushes_a_direction_has_no_covariant_vectors():
    @Map
    def flattened(x, y):
        return 4 * x * (1 - x), x

    with pytest.raises(DivergedError, match="crushed"):
        covariant_vectors(flattened, initial=[0.3, 0.1], duration=50)


def test_finite_time_exponents_of_a_linear_flow_are_those_of_its_propagator():
    @Flow
    def shear(x, y, *, s=3.0):
        return s * y, 0 * y

    found = finite_time_exponents(shear, np.ones((2, 2)), 2.0)
    expected = np.log(np.linalg.svd([[1, 6], [0, 1]], compute_uv=False)) / 2
    np.testing.assert_allclose(found, [expected, expected], rtol=1e-9)


def test_long_finite_times_tend_to_the_spectrum_and_sum_to_the_divergence():
    found = finite_time_exponents(lorenz, [[1.0, 1.0, 20.0], [3.0, -2.0, 25.0]], 60.0)
    np.testing.assert_allclose(found.sum(axis=1), -41 / 3, rtol=1e-8)
    np.testing.assert_allclose(found[:, 2], -14.57, atol=0.2)


def test_singular_values_of_a_graded_product_are_exact():
    rng = np.random.default_rng(0)
    turns = [np.linalg.qr(rng.standard_normal((3, 3)))[0] for _ in range(30)]
    stretched = np.diag([30.0, 1.0, 1 / 30.0])
    # Q D Q' products telescope: the singular values are the powers of the stretch.
    product = [turns[i + 1] @ stretched @ turns[i].T for i in range(29)]
    frame = np.eye(3)
    factors = []
    for matrix in product:
        frame, factor = np.linalg.qr(matrix @ frame)
        factors.append(factor)
    expected = 29 * np.log([30.0, 1.0, 1 / 30.0])
    np.testing.assert_allclose(singular_logarithms(factors), expected, atol=1e-6)


def test_an_escaping_run_has_no_finite_time_exponent_and_spoils_no_other():
    found = finite_time_exponents(henon, [[0.1, 0.1], [50.0, 50.0]], 100)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()
    assert finite_time_exponents(henon, [0.1, 0.1], 100, count=1).shape == (1,)


def test_alignment_tells_chaos_from_order_in_one_energy_shell():
    regular = gali(henon_heiles, initial=[0.0, 0.1, 0.5, 0.0], duration=1000.0)
    chaotic = gali(henon_heiles, initial=[0.0, -0.25, 0.42, 0.0], duration=1000.0)
    assert not regular.is_chaotic
    assert regular.gali[-1] > 1e-2
    assert chaotic.is_chaotic
    assert chaotic.time_to_align < 900


def test_alignment_falls_at_the_difference_of_the_exponents():
    found = gali(henon, initial=[0.1, 0.1], duration=2000)
    slope = np.polyfit(found.times, found.log_volume, 1)[0]
    assert slope == pytest.approx(-(0.4192 + 1.6232), abs=0.05)
    assert (found.gali <= 1.0 + 1e-12).all()
    with pytest.raises(InputError, match="order"):
        gali(henon, 1)


def test_twins_find_the_largest_exponent_without_a_jacobian():
    twins = largest_exponent_twins(lorenz, periods=800, initial=[1.0, 1.0, 20.0])
    tangent = lyapunov_spectrum(lorenz, periods=800, initial=[1.0, 1.0, 20.0])
    assert abs(twins.exponents[0] - tangent.exponents[0]) < 4 * np.hypot(twins.errors[0], tangent.errors[0])
    discrete = largest_exponent_twins(henon, duration=20_000, initial=[0.1, 0.1])
    assert discrete.exponents[0] == pytest.approx(0.419, abs=0.02)
    with pytest.raises(InputError, match="separation"):
        largest_exponent_twins(lorenz, separation=0.0)


@pytest.mark.parametrize(
    ("driven", "published"),
    [(("y", "z"), (-2.5, -2.5)), (("x", "z"), (-3.95, -16.0)), (("x", "y"), (7.89e-3, -17.0))],
)
def test_conditional_exponents_are_those_of_pecora_and_carroll(driven, published):
    system = lorenz.with_parameters(sigma=16.0, rho=45.92, beta=4.0)
    found = conditional_exponents(system, driven, initial=[1.0, 1.0, 40.0], duration=300.0, transient=30.0)
    np.testing.assert_allclose(found.exponents, published, atol=0.12)


def test_conditional_exponents_of_a_map_follow_the_driven_block():
    @Map
    def driven(x, y, *, c=0.4):
        return 4 * x * (1 - x), c * y + x

    found = conditional_exponents(driven, "y", initial=[0.3, 0.1], duration=5_000)
    assert found.exponents[0] == pytest.approx(np.log(0.4), rel=1e-9)


def test_a_driven_part_must_be_some_of_the_variables():
    for names in ((), ("x", "y", "z"), ("x", "x"), 3.0):
        with pytest.raises(InputError, match="driven"):
            conditional_exponents(lorenz, names)
    with pytest.raises(UnknownNameError, match="nearest"):
        conditional_exponents(lorenz, ["w"])


def test_the_expansion_entropy_is_the_topological_one():
    @Map
    def doubling(x):
        return modulo(2 * x, 1)

    @Map
    def logistic(x):
        return 4 * x * (1 - x)

    assert expansion_entropy(doubling, [0], [1], duration=15, samples=50).entropy == pytest.approx(np.log(2))
    curved = expansion_entropy(logistic, [0], [1], duration=8, samples=400)
    assert abs(curved.entropy - np.log(2)) < 4 * curved.error
    with pytest.raises(InputError, match="less than upper"):
        expansion_entropy(logistic, [1], [0], duration=5)


@pytest.mark.parametrize("measure", [covariant_vectors, gali, largest_exponent_twins])
def test_wrong_arguments_are_answered_in_one_line(measure):
    with pytest.raises(InputError, match="shape"):
        measure(lorenz, initial=[1.0])
    with pytest.raises(InputError, match="duration"):
        measure(lorenz, duration=-1.0)
    with pytest.raises(InputError, match="Flow or a Map"):
        measure("lorenz")
