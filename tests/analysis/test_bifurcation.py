"""Diagrams with the branches that theory puts there."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.analysis import bifurcation_diagram
from inscape.errors import InputError, UnknownNameError
from inscape.systems import Flow, Map, zoo


@Map
def logistic(x, *, r=3.5):
    return r * x * (1 - x)


@Flow
def pitchfork(x, *, mu=1.0):
    return mu * x - x**3


pitchfork.period = 1.0


def test_the_logistic_map_doubles_its_period_and_opens_its_window():
    found = bifurcation_diagram(logistic, "r", [2.8, 3.2, 3.5, 3.55, 3.83, 4.1], transient=5_000, initial=[0.3])
    assert found.branches().tolist() == [1, 2, 4, 8, 3, 0]
    assert found.diverged.tolist() == [False] * 5 + [True]
    assert found.observed[0][0] == pytest.approx(1 - 1 / 2.8)
    assert found.points().shape == (500, 2)


def test_every_point_of_the_diagram_is_an_iterate_of_the_law():
    found = bifurcation_diagram(logistic, "r", np.linspace(3, 4, 20), points=50, initial=[0.3])
    for r, seen in zip(found.values, found.observed, strict=True):
        np.testing.assert_allclose(seen[1:], r * seen[:-1] * (1 - seen[:-1]), atol=1e-12)


def test_rossler_doubles_its_period():
    found = bifurcation_diagram(zoo["Rossler"], "c", [2.5, 3.5, 4.0, 5.7], points=60)
    branches = found.branches(1e-3)
    assert branches[:3].tolist() == [1, 2, 4]
    assert branches[3] > 20
    assert found.observable == "maxima of x"


def test_threads_change_nothing():
    values = np.linspace(2.5, 5, 12)
    one = bifurcation_diagram(zoo["Rossler"], "c", values, points=10, transient=100.0)
    two = bifurcation_diagram(zoo["Rossler"], "c", values, points=10, transient=100.0, jobs=2)
    for a, b in zip(one.observed, two.observed, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_what_comes_to_rest_is_recorded_where_it_rests():
    found = bifurcation_diagram(pitchfork, "mu", [-1.0, 1.0, 4.0], transient=50.0, initial=[0.1])
    np.testing.assert_allclose(np.concatenate(found.observed), [0, 1, 2], atol=1e-6)


def test_following_an_attractor_shows_hysteresis():
    subcritical = Flow(lambda x, *, mu=0.0: mu * x + x**3 - x**5, name="subcritical", period=1.0)
    up = np.linspace(-0.2, 0.1, 7)
    rising = bifurcation_diagram(subcritical, "mu", up, transient=200.0, initial=[1e-3], follow=True)
    falling = bifurcation_diagram(subcritical, "mu", up[::-1], transient=200.0, initial=[1.1], follow=True)
    below_zero = int(np.argmin(np.abs(up + 0.1)))
    assert rising.observed[below_zero][0] == pytest.approx(0, abs=1e-2)
    assert falling.observed[::-1][below_zero][0] > 0.8
    mu = up[below_zero]
    assert falling.observed[::-1][below_zero][0] ** 2 == pytest.approx((1 + np.sqrt(1 + 4 * mu)) / 2, abs=1e-6)


def test_a_section_can_be_observed():
    found = bifurcation_diagram(zoo["Lorenz"], "rho", [28.0], observe="x = 0", column="z", points=40)
    assert len(found.observed[0]) > 10
    assert (found.observed[0] > 0).all()
    assert found.observable == "z at x = 0"


def test_wrong_sweeps_are_refused():
    for call, error in (
        (lambda: bifurcation_diagram(logistic, "q", [1.0]), UnknownNameError),
        (lambda: bifurcation_diagram(logistic, "r", [1.0], observe="y"), UnknownNameError),
        (lambda: bifurcation_diagram(zoo["Rossler"], "c", [5.0], observe="maxima of q"), UnknownNameError),
        (lambda: bifurcation_diagram(zoo["Rossler"], "c", [5.0], column="q"), UnknownNameError),
        (lambda: bifurcation_diagram(logistic, "r", []), InputError),
        (lambda: bifurcation_diagram(logistic, "r", [np.nan]), InputError),
        (lambda: bifurcation_diagram(logistic, "r", ["a"]), InputError),
        (lambda: bifurcation_diagram(logistic, "r", [3.0], points=0), InputError),
        (lambda: bifurcation_diagram(np.zeros(3), "r", [3.0]), InputError),
    ):
        with pytest.raises(error):
            call()
