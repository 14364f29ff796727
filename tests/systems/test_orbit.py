"""The drifting orbit: Kepler's equation, exact events, velocities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import InputError
from inscape.studies.orbital_decay.checks import exactness
from inscape.systems.orbit import SecularOrbit, eccentric_anomaly


def test_keplers_equation_holds_for_every_eccentricity():
    mean = np.linspace(-25, 25, 2001)[:, None]
    e = np.array([0, 1e-9, 0.05, 0.3, 0.7, 0.95, 0.9999])
    anomaly = eccentric_anomaly(mean, e)
    assert np.abs(anomaly - e * np.sin(anomaly) - mean).max() < 1e-14 * 25


def test_events_and_velocities_agree_with_an_integrated_orbit():
    found = exactness({"eccentricities": [0.05, 0.3], "pericentres": [10.0, 200.0], "seed": 1})
    assert found["times"] < 1
    assert found["velocity"] < 1e-6


def test_a_round_orbit_transits_at_the_quadratic_ephemeris():
    orbit = SecularOrbit(2455000.0, 0.8, period_change=-1e-9, precession=0.2)
    epochs = np.arange(-4000, 4000, 37)
    expected = 2455000.0 + 0.8 * epochs - 0.5e-9 * epochs**2
    assert np.abs(orbit.transit_times(epochs) - expected).max() < 2e-9
    half = orbit.occultation_times(np.array([10])) - orbit.transit_times(np.array([10]))
    assert half[0] == pytest.approx(0.4, abs=1e-7)


@settings(deadline=None, max_examples=60)
@given(e=st.floats(0, 0.6), pericentre=st.floats(-360, 360), rate=st.floats(-0.5, 0.5), change=st.floats(-1e-8, 1e-8))
def test_at_every_transit_the_planet_lies_before_its_star(e, pericentre, rate, change):
    orbit = SecularOrbit(2455000.0, 1.1, change, e, pericentre, rate, 100.0)
    at = orbit.transit_times(np.array([-900.0, -1.0, 0.0, 700.0]))
    states = orbit.simulate(times=at).states
    assert np.abs(states[:, 0]).max() < 1e-6
    assert (states[:, 1] > 0).all()
    behind = orbit.simulate(times=orbit.occultation_times(np.array([-900.0, 0.0, 700.0]))).states
    assert np.abs(behind[:, 0]).max() < 1e-6
    assert (behind[:, 1] < 0).all()


def test_to_first_order_a_transit_comes_e_p_over_pi_cos_w_early():
    e, w = 1e-4, 0.7
    orbit = SecularOrbit(2455000.0, 0.8, eccentricity=e, pericentre=np.degrees(w))
    assert orbit.transit_times(np.array([0]))[0] - 2455000.0 == pytest.approx(-e * 0.8 / np.pi * np.cos(w), abs=2e-8)


def test_light_travel_delays_occultations_alone():
    plain = SecularOrbit(2455000.0, 0.8)
    slow = plain.with_parameters(light_travel=15.2 / 86_400)
    assert slow.transit_times(np.array([5]))[0] == plain.transit_times(np.array([5]))[0]
    late = slow.occultation_times(np.array([5]))[0] - plain.occultation_times(np.array([5]))[0]
    assert late * 86_400 == pytest.approx(15.2, abs=1e-4)


def test_a_tide_on_the_star_looks_like_an_eccentricity_at_270_degrees():
    times = 2455000.0 + np.linspace(0, 3, 200)
    tide = SecularOrbit(2455000.0, 0.8, semi_amplitude=500.0, tide=0.5).radial_velocity(times)
    eccentric = SecularOrbit(2455000.0, 0.8, eccentricity=1e-3, pericentre=270.0, semi_amplitude=500.0)
    # The eccentric orbit is a little late as well: half of 1e-6 of the amplitude is left.
    assert np.abs(tide - eccentric.radial_velocity(times)).max() < 2e-3


def test_velocities_agree_with_radvel():
    kepler = pytest.importorskip("radvel.kepler")
    orbit = SecularOrbit(2455000.0, 3.3, eccentricity=0.2, pericentre=130.0, semi_amplitude=80.0)
    orbits = orbit.transit_times(np.array([0.0]))[0]
    from radvel.orbit import timetrans_to_timeperi

    start = timetrans_to_timeperi(orbits, 3.3, 0.2, np.radians(130.0))
    times = 2455000.0 + np.linspace(0, 40, 300)
    theirs = kepler.rv_drive(times, [3.3, start, 0.2, np.radians(130.0), 80.0], use_c_kepler_solver=False)
    # Their times of 2.4 million days hold 4e-10 of a day.
    assert np.abs(orbit.radial_velocity(times) - theirs).max() < 1e-6


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"period": 0.0}, "period"),
        ({"eccentricity": 1.0}, "eccentricity"),
        ({"precession": np.nan}, "precession"),
        ({"reference": "x"}, "reference"),
    ],
)
def test_an_orbit_that_cannot_be_is_one_line(arguments, part):
    with pytest.raises(InputError, match=part):
        SecularOrbit(**({"reference": 2455000.0, "period": 1.0} | arguments))


def test_an_orbit_is_simulated_at_times_alone():
    with pytest.raises(InputError, match="times"):
        SecularOrbit(2455000.0, 1.0).simulate()
    with pytest.raises(InputError, match="not finite"):
        SecularOrbit(2455000.0, 1.0).transit_times(np.array([np.nan]))
