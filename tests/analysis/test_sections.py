"""Crossings where they must be, whichever way the motion is given."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.analysis import poincare_section, return_map, stroboscopic_section
from inscape.analysis.sections import law_path
from inscape.analysis.surface import surface
from inscape.errors import InputError, UnknownNameError
from inscape.systems import Flow, zoo
from inscape.trajectories import Trajectories, Trajectory

TURN = 2 * np.pi


@Flow
def rotation(x, y):
    return y, -x


@Flow
def lorenz(x, y, z, *, sigma=10.0, rho=28.0, beta=8 / 3):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


def circle(step: float = 0.1, count: int = 500, phase: float = 0.0) -> Trajectory:
    times = np.arange(count) * step
    states = np.column_stack([np.sin(times + phase), np.cos(times + phase)])
    return Trajectory(times, states, state_names=("x", "y"))


def test_a_sine_crosses_zero_upwards_once_a_turn():
    found = poincare_section(circle(), "x = 0")
    np.testing.assert_allclose(found.times, TURN * np.arange(1, len(found) + 1), atol=1e-6)
    np.testing.assert_allclose(found.states, [[0, 1]] * len(found), atol=1e-5)
    assert found.context["direction"] == "up"


@given(st.floats(0.01, 0.3), st.floats(0, 6))
@settings(max_examples=30, deadline=None)
def test_no_crossing_is_lost_or_counted_twice_however_the_samples_fall(step, phase):
    run = circle(step, int(60 / step), phase)
    both = poincare_section(run, "x = 0", direction="both")
    up = poincare_section(run, "x = 0", direction="up")
    down = poincare_section(run, "x = 0", direction="down")
    assert len(both) == len(up) + len(down)
    assert abs(len(up) - len(down)) <= 1
    np.testing.assert_allclose(np.diff(both.times), np.pi, atol=2e-3)


def test_samples_that_lie_on_the_plane_are_counted_once():
    run = Trajectory(np.arange(9.0), np.array([-1.0, 0, 1, 0, -1, 0, 1, 0, -1]))
    assert len(poincare_section(run, "x = 0", direction="up")) == 2
    assert len(poincare_section(run, "x = 0", direction="down")) == 2
    assert len(poincare_section(run, "x = 0", direction="both")) == 4


def test_maxima_and_minima_are_where_the_derivative_turns():
    top = poincare_section(circle(), "maxima of x")
    np.testing.assert_allclose(top.times, TURN * (np.arange(len(top)) + 0.25), atol=1e-4)
    np.testing.assert_allclose(top.states[:, 0], 1, atol=1e-6)
    assert len(poincare_section(circle(), "extrema of x")) == len(top) + len(poincare_section(circle(), "minima of x"))


@pytest.mark.parametrize("plane", ["z = 27", ("z", 27), ([0, 0, 1], 27), "2*z - 54", "sqrt(z)**2 = 3^3"])
def test_the_plane_can_be_written_in_many_ways(plane):
    found = poincare_section(lorenz, plane, duration=15.0, transient=5.0)
    same = poincare_section(lorenz, "z = 27", duration=15.0, transient=5.0)
    assert len(found) == len(same) > 15
    np.testing.assert_allclose(found.times[:10], same.times[:10], atol=1e-6)


def test_a_flow_crosses_where_scipy_says_that_it_does():
    from scipy.integrate import solve_ivp

    def level(_, state):
        return state[2] - 27

    level.direction = 1
    start = np.array([1.0, 1.0, 25.0])
    peer = solve_ivp(lambda _, s: lorenz.rhs(s), (0, 8), start, events=level, rtol=1e-12, atol=1e-12, method="DOP853")
    found = poincare_section(lorenz, "z = 27", duration=8.0, transient=0.0, initial=start)
    np.testing.assert_allclose(found.times, peer.t_events[0], atol=1e-7)
    np.testing.assert_allclose(found.states, peer.y_events[0], atol=1e-5)
    np.testing.assert_allclose(found.states[:, 2], 27, atol=1e-10)


def test_a_recording_of_the_flow_crosses_where_the_flow_does():
    run = lorenz.simulate([1.0, 1.0, 25.0], times=np.arange(2_000) * 0.005)
    exact = poincare_section(lorenz, "z = 27", duration=9.9, transient=0.0, initial=np.array([1.0, 1.0, 25.0]))
    seen = poincare_section(run, "z = 27")
    np.testing.assert_allclose(seen.times[: len(exact)], exact.times, atol=1e-6)


def test_paths_that_know_the_law_are_exact_to_sixth_order():
    errors = []
    for step in (0.04, 0.02):
        times = np.arange(0, 4, step)
        run = rotation.simulate([0.0, 1.0], times=times)
        path = law_path(rotation, run)
        states, velocities = path.between(np.arange(len(times) - 1), np.full(len(times) - 1, 0.5))
        middle = times[:-1] + step / 2
        errors.append(np.abs(states[:, 0] - np.sin(middle)).max())
        np.testing.assert_allclose(velocities[:, 0], np.cos(middle), atol=1e-8)
    assert errors[0] < 1e-11
    assert errors[1] < errors[0] / 20 or errors[1] < 1e-14


def test_no_crossing_is_made_up_across_a_gap():
    whole = circle()
    states = whole.states.copy()
    states[55:70] = np.nan
    holed = poincare_section(whole.replace(states=states), "x = 0")
    assert len(holed) == len(poincare_section(whole, "x = 0")) - 1
    assert np.abs(holed.times - TURN).min() > 1


def test_the_return_map_of_lorenz_maxima_is_a_tent():
    pairs = return_map(poincare_section(lorenz, "maxima of z", duration=400.0, transient=20.0), "z")
    pairs = pairs[np.argsort(pairs[:, 0])]
    peak = pairs[np.argmax(pairs[:, 1]), 0]
    left, right = pairs[pairs[:, 0] < peak - 0.5], pairs[pairs[:, 0] > peak + 0.5]
    # Nearly a curve: neighbours have neighbouring images, rising on the left and falling on the right.
    assert np.mean(np.diff(left[:, 1]) > -0.1) == 1
    assert np.mean(np.diff(right[:, 1]) < 0.1) == 1


def test_a_driven_flow_is_seen_once_a_drive_period():
    found = stroboscopic_section(rotation, TURN / 4, count=8, transient=4, initial=np.array([0.0, 1.0]))
    np.testing.assert_allclose(found.states[:4], [[0, 1], [1, 0], [0, -1], [-1, 0]], atol=1e-9)


def test_a_kinked_flow_and_a_delay_flow_have_sections_too():
    assert len(poincare_section(zoo["Chua"], "x = 0", periods=50)) > 3
    delay = zoo["MackeyGlass"]
    assert len(poincare_section(delay, "maxima of x", duration=300.0)) > 5


def test_a_section_keeps_names_units_and_parameters():
    run = circle().replace(units={"time": "s"}, source="a wheel")
    found = poincare_section(Trajectories([run]), "x = 0")
    assert (found.state_names, found.source, found.units["time"]) == (("x", "y"), "a wheel", "s")
    assert poincare_section(lorenz, "z = 27", duration=5.0).context["rho"] == 28


@pytest.mark.parametrize(
    ("plane", "error"),
    [
        ("q = 3", UnknownNameError),
        ("maxima of q", UnknownNameError),
        ("sinh(x)", UnknownNameError),
        ("x = 400", InputError),
        ("x = = 1", InputError),
        ("", InputError),
        ("x.real = 1", InputError),
        ("(lambda: 1)()", InputError),
        ("x if x else y", InputError),
        (3, InputError),
        (("x", np.nan), InputError),
        (([0, 0], 1), InputError),
        (([1, 0, 0], 1), InputError),
    ],
)
def test_a_surface_that_cannot_be_read_or_is_never_crossed_is_refused(plane, error):
    with pytest.raises(error):
        poincare_section(circle(), plane)
    if plane != "x = 400":
        with pytest.raises(error):
            poincare_section(rotation, plane, duration=10.0)


def test_a_pasted_text_is_not_executed(tmp_path):
    target = tmp_path / "made"
    with pytest.raises((InputError, UnknownNameError)):
        surface(f"__import__('pathlib').Path('{target}').touch()", ("x",))
    assert not target.exists()


def test_wrong_motions_and_settings_are_refused():
    for call in (
        lambda: poincare_section(np.zeros((10, 2)), "x = 0"),
        lambda: poincare_section(rotation, "x = 0"),
        lambda: poincare_section(rotation, "x = 0", duration=-1.0),
        lambda: poincare_section(rotation, "x = 0", duration=9.0, direction="left"),
        lambda: poincare_section(circle()[:2], "x = 0"),
        lambda: poincare_section(Trajectories([circle(), circle()]), "x = 0"),
        lambda: stroboscopic_section(rotation, 0.0),
        lambda: stroboscopic_section(3.0, 1.0),
        lambda: return_map(np.array([1.0])),
    ):
        with pytest.raises(InputError):
            call()
