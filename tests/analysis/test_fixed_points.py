"""Fixed points, periodic orbits and basins whose answers are known in closed form or to many digits."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import basins, fixed_points, periodic_orbit
from inscape.errors import DivergedError, InputError, UnknownNameError
from inscape.systems import Flow, Map, zoo


@Flow
def lorenz(x, y, z, *, sigma=10.0, rho=28.0, beta=8 / 3):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


@Map
def logistic(x, *, r=3.5):
    return r * x * (1 - x)


@Map
def henon(x, y, *, a=1.4, b=0.3):
    return 1 - a * x**2 + y, b * x


def double_well(x, v, *, d=0.3):
    return v, x - x**3 - d * v


double_well = Flow(double_well, period=2 * np.pi)


def test_the_fixed_points_of_lorenz_are_those_of_the_textbook():
    found = fixed_points(lorenz, (-40, 60))
    side = np.sqrt(8 / 3 * 27)
    np.testing.assert_allclose([p.state for p in found], [[-side, -side, 27], [0, 0, 0], [side, side, 27]], atol=1e-9)
    assert [p.kind for p in found] == ["saddle-focus", "saddle", "saddle-focus"]
    assert not any(p.is_stable for p in found)
    np.testing.assert_allclose(sorted(found[1].eigenvalues.real), [-22.82772345, -8 / 3, 11.82772345], rtol=1e-8)


def test_below_the_hopf_bifurcation_the_two_sides_of_lorenz_are_stable():
    found = fixed_points(lorenz.with_parameters(rho=20.0), (-40, 60))
    assert [p.kind for p in found] == ["stable focus", "saddle", "stable focus"]
    assert [p.is_stable for p in found] == [True, False, True]


def test_fixed_points_of_maps_have_the_multipliers_of_the_formula():
    found = fixed_points(logistic, (-1, 2))
    np.testing.assert_allclose([p.state[0] for p in found], [0, 1 - 1 / 3.5], atol=1e-12)
    np.testing.assert_allclose([p.eigenvalues[0] for p in found], [3.5, 2 - 3.5])
    assert fixed_points(logistic.with_parameters(r=2.8), (0.1, 2))[0].is_stable


def test_a_centre_is_neither_stable_nor_unstable():
    rotation = Flow(lambda x, y: (y, -x), name="rotation")
    (point,) = fixed_points(rotation, (-1, 1))
    assert point.kind == "centre"
    assert not point.is_stable


def test_a_flow_without_a_fixed_point_has_none():
    assert fixed_points(Flow(lambda x: x**2 + 1, name="drift"), (-5, 5)) == ()


def test_every_fixed_point_stands_still():
    for name in ("Rossler", "Halvorsen", "SprottB", "Chua"):
        system = zoo[name]
        for point in fixed_points(system, starts=300):
            np.testing.assert_allclose(system.rhs(point.state), 0, atol=1e-8)


def test_the_shortest_orbit_of_lorenz_has_the_published_period():
    # Viswanath 2003: T = 1.5586522107161747, Floquet multiplier 4.71294...
    orbit = periodic_orbit(lorenz, [-13.76, -19.58, 27.0], 1.56)
    assert orbit.period == pytest.approx(1.5586522107161747, abs=1e-10)
    assert orbit.multipliers[0].real == pytest.approx(4.7129, abs=1e-3)
    assert np.abs(orbit.multipliers - 1).min() < 1e-8
    assert not orbit.is_stable
    assert orbit.exponents.sum() == pytest.approx(-(10 + 1 + 8 / 3), rel=1e-3)
    np.testing.assert_allclose(orbit.orbit.states[0], orbit.orbit.states[-1], atol=1e-8)


def test_shooting_in_pieces_finds_the_same_orbit():
    whole = periodic_orbit(lorenz, [-13.76, -19.58, 27.0], 1.56)
    pieces = periodic_orbit(lorenz, [-13.76, -19.58, 27.0], 1.56, segments=4)
    assert pieces.period == pytest.approx(whole.period, abs=1e-11)


def test_the_period_one_orbit_of_rossler_is_the_published_one_and_stable_before_it_doubles():
    rossler = zoo["Rossler"]
    assert periodic_orbit(rossler, [0, -8.4, 0.0], 6.0).period == pytest.approx(5.88108845586, abs=1e-9)
    assert periodic_orbit(rossler.with_parameters(c=2.5), [0, -4, 0.0], 6.0).is_stable


def test_the_van_der_pol_cycle_has_its_known_period():
    van_der_pol = Flow(lambda x, y: (y, (1 - x**2) * y - x), name="van_der_pol")
    orbit = periodic_orbit(van_der_pol, [2.0, 0.0], 6.5)
    assert orbit.period == pytest.approx(6.6632868593, abs=1e-8)
    assert orbit.is_stable


def test_the_two_cycle_of_the_logistic_map_is_the_formula():
    orbit = periodic_orbit(logistic.with_parameters(r=3.3), [0.5], 2)
    r = 3.3
    expected = {(r + 1 + s * np.sqrt((r - 3) * (r + 1))) / (2 * r) for s in (-1, 1)}
    assert min(abs(orbit.state[0] - e) for e in expected) < 1e-10
    assert orbit.multipliers[0].real == pytest.approx(4 + 2 * r - r**2)
    assert orbit.is_stable


def test_the_least_period_of_a_map_is_reported():
    assert periodic_orbit(logistic, [0.7], 6).period < 6


def test_an_orbit_that_is_a_point_or_is_not_there_is_refused():
    with pytest.raises(DivergedError):
        periodic_orbit(lorenz.with_parameters(rho=20.0), [7.0, 7.0, 19.0], 0.5)
    with pytest.raises(DivergedError):
        periodic_orbit(Flow(lambda x: -x + 0 * x, name="decay"), [1.0], 1.0)


def test_the_two_wells_share_the_plane_by_symmetry():
    found = basins(double_well, {"x": (-2, 2, 24), "v": (-2, 2, 24)}, transient=150.0, watch=20)
    assert set(found.shares) == {0, 1}
    assert found.shares[0] == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(found.attractors[0].mean(axis=0), [-1, 0], atol=1e-3)
    np.testing.assert_array_equal(found.labels, 1 - found.labels[::-1, ::-1])


def test_the_basin_agrees_with_where_each_run_ends():
    found = basins(double_well, {"x": [-1.5, -0.2, 0.3, 1.7]}, fixed={"v": 0.1}, transient=150.0, watch=5)
    ends = [double_well.simulate([x, 0.1], times=[0.0, 200.0]).states[-1, 0] for x in found.axes[0]]
    np.testing.assert_array_equal(found.labels, (np.array(ends) > 0).astype(int))


def test_the_chaotic_attractor_of_henon_is_one_and_the_rest_goes_to_infinity():
    found = basins(henon, {"x": (-2, 2, 25), "y": (-2, 2, 25)}, transient=200)
    assert set(found.shares) == {-1, 0}
    assert 0.35 < found.shares[0] < 0.5
    assert np.ptp(found.attractors[0][:, 0]) > 2


def test_the_boundary_of_newtons_method_on_three_roots_is_fractal():
    @Map
    def newton(x, y):
        size = 3 * (x**2 + y**2) ** 2
        return 2 * x / 3 + (x**2 - y**2) / size, 2 * y / 3 - 2 * x * y / size

    found = basins(newton, {"x": (-1.01, 1, 60), "y": (-1.01, 1, 60)}, transient=100, watch=3)
    assert set(found.shares) == {0, 1, 2}
    inside, boundary = found.entropy()
    assert boundary > inside > 0
    straight = basins(double_well, {"x": (-0.9, 0.9, 10), "v": (-0.01, 0.01, 10)}, transient=150.0, watch=3)
    assert straight.entropy()[1] < np.log(2) < boundary + 0.1


def test_wrong_systems_and_settings_are_refused():
    for call, error in (
        (lambda: fixed_points(np.zeros(3)), InputError),
        (lambda: fixed_points(lorenz, [[0, 1]]), InputError),
        (lambda: fixed_points(lorenz, (1, 0)), InputError),
        (lambda: fixed_points(lorenz, (0, np.inf)), InputError),
        (lambda: periodic_orbit(lorenz, [1.0, 2.0]), InputError),
        (lambda: periodic_orbit(lorenz, [1.0, np.nan, 2.0], 1.0), InputError),
        (lambda: periodic_orbit(lorenz, [1.0, 1.0, 1.0]), InputError),
        (lambda: periodic_orbit(logistic, [0.3], 1.5), InputError),
        (lambda: basins(henon, {"q": (0, 1, 3)}), UnknownNameError),
        (lambda: basins(henon, {}), InputError),
        (lambda: basins(henon, {"x": [np.nan]}), InputError),
        (lambda: basins(lorenz, {"x": (0, 1, 3)}), InputError),
        (lambda: basins(np.zeros(3), {"x": (0, 1, 3)}), InputError),
    ):
        with pytest.raises(error):
            call()
