"""Exponents from recordings: near the true ones on clean data, and silent where there are none."""

from __future__ import annotations

import importlib.util
import sysconfig
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from inscape.analysis import largest_exponent_from_data, spectrum_from_data
from inscape.analysis.exponents_from_data import neighbours, straight_rise
from inscape.errors import InputError
from inscape.systems import Flow, Map


@Flow
def lorenz(x, y, z, *, sigma=10.0, rho=28.0, beta=8 / 3):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


@Map
def henon(x, y, *, a=1.4, b=0.3):
    return 1 - a * x**2 + y, b * x


@pytest.fixture(scope="module")
def lorenz_run():
    return lorenz.simulate([1.0, 1.0, 20.0], np.arange(0, 120, 0.025), transient=20.0)


@pytest.fixture(scope="module")
def henon_run():
    return henon.simulate([0.1, 0.1], steps=4_000, transient=100)


def logistic(samples: int) -> np.ndarray:
    x = np.empty(samples)
    x[0] = 0.3
    for i in range(samples - 1):
        x[i + 1] = 4 * x[i] * (1 - x[i])
    return x


@pytest.mark.parametrize("method", ["rosenstein", "kantz"])
def test_the_henon_map_is_found_in_its_states_and_in_one_of_them(method, henon_run):
    for recording in (henon_run, henon_run.states[:, 0]):
        found = largest_exponent_from_data(recording, method=method)
        assert found.is_resolved
        assert found.exponent == pytest.approx(0.419, rel=0.15)
        assert abs(found.exponent - 0.419) < 5 * found.error


def test_lorenz_is_found_in_its_states_and_in_x(lorenz_run):
    whole = largest_exponent_from_data(lorenz_run)
    assert abs(whole.exponent - 0.906) < 3 * whole.error + 0.05
    series = largest_exponent_from_data(lorenz_run.states[:, 0], dt=lorenz_run.dt)
    assert series.exponent == pytest.approx(0.906, rel=0.2)
    assert series.region[1] > series.region[0]


def test_the_logistic_map_is_found():
    found = largest_exponent_from_data(logistic(2_000))
    assert abs(found.exponent - np.log(2)) < 4 * found.error


def test_the_exponent_scales_with_the_unit_of_time(henon_run):
    one = largest_exponent_from_data(henon_run.states[:, 0], dt=1.0)
    other = largest_exponent_from_data(henon_run.states[:, 0], dt=0.1)
    assert other.exponent == pytest.approx(10 * one.exponent)


@pytest.mark.parametrize("kind", ["white", "red", "walk", "sine", "two sines"])
def test_noise_and_regular_motion_are_not_resolved(kind):
    rng = np.random.default_rng(7)
    steps = np.arange(2_000)
    red = np.zeros(2_000)
    for i in range(1_999):
        red[i + 1] = 0.95 * red[i] + rng.standard_normal()
    series = {
        "white": rng.standard_normal(2_000),
        "red": red,
        "walk": np.cumsum(rng.standard_normal(2_000)),
        "sine": np.sin(0.05 * steps),
        "two sines": np.sin(0.05 * steps) + np.sin(0.05 * np.sqrt(2) * steps),
    }[kind]
    found = largest_exponent_from_data(series)
    assert not found.is_resolved
    assert found.reason.startswith("not resolved")
    assert np.isnan(found.exponent)


def test_a_short_recording_is_not_resolved():
    assert not largest_exponent_from_data(logistic(120), dimension=6, lag=3).is_resolved


def nolds_measures() -> ModuleType:
    """The measures of nolds by themselves: the package as a whole does not import on Python 3.11."""
    file = Path(sysconfig.get_paths()["purelib"]) / "nolds" / "measures.py"
    if not file.is_file():
        pytest.skip("nolds is not installed")
    spec = importlib.util.spec_from_file_location("nolds_measures", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_rosenstein_agrees_with_nolds(henon_run):
    nolds = nolds_measures()
    x = henon_run.states[:2_000, 0]
    theirs = nolds.lyap_r(x, emb_dim=3, lag=1, min_tsep=5, trajectory_len=10, fit="poly")
    ours = largest_exponent_from_data(x, method="rosenstein", dimension=3, lag=1, theiler=5)
    assert ours.exponent == pytest.approx(theirs, abs=0.06)


def test_the_spectrum_of_henon_comes_from_local_maps(henon_run):
    for found in (spectrum_from_data(henon_run), spectrum_from_data(henon_run.states[:, 0], dimension=2, lag=1)):
        np.testing.assert_allclose(found.exponents, [0.419, -1.623], atol=0.03)
        assert found.verdict == "chaotic"


def test_the_upper_spectrum_of_lorenz_comes_from_local_maps(lorenz_run):
    found = spectrum_from_data(lorenz_run)
    assert abs(found.exponents[0] - 0.906) < 0.1
    assert abs(found.exponents[1]) < 0.06
    assert found.exponents[2] < -10


def test_linear_local_maps_of_a_linear_law_are_exact():
    rng = np.random.default_rng(1)
    states = np.empty((600, 2))
    states[0] = [1.0, 0.0]
    turn = 0.999 * np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    for i in range(599):
        states[i + 1] = turn @ states[i]
    found = spectrum_from_data(states, order=1, seed=rng, theiler=0)
    np.testing.assert_allclose(found.exponents, np.log(0.999), atol=1e-5)


def test_local_maps_of_noise_say_that_they_explain_nothing():
    found = spectrum_from_data(np.random.default_rng(0).standard_normal((2_000, 2)))
    assert found.reason.startswith("not resolved")
    assert found.verdict == "unresolved"
    assert "unexplained" in found.table()


def test_neighbours_are_the_nearest_outside_the_window():
    rng = np.random.default_rng(3)
    rows = np.cumsum(rng.standard_normal((300, 2)), axis=0)
    references = np.array([0, 40, 150, 299])
    found = neighbours(rows, references, 300, 4, 10)
    for row, reference in enumerate(references):
        distance = np.linalg.norm(rows - rows[reference], axis=1)
        distance[max(0, reference - 10) : reference + 11] = np.inf
        np.testing.assert_array_equal(found[row], np.argsort(distance)[:4])


def test_the_straight_rise_is_found_between_bends():
    times = np.linspace(0, 10, 101)
    curve = np.where(times < 2, 0.1 * times, np.where(times < 7, 0.2 + (times - 2), 5.2))
    first, stop = straight_rise(times, curve)
    slope = np.polyfit(times[first:stop], curve[first:stop], 1)[0]
    assert slope == pytest.approx(1.0, abs=0.1)
    assert straight_rise(times, np.zeros(101)) is None


@pytest.mark.parametrize("measure", [largest_exponent_from_data, spectrum_from_data])
@pytest.mark.parametrize(
    "recording",
    [
        np.array([]),
        np.ones(1),
        np.ones(500),
        np.r_[np.nan, np.arange(300.0)],
        np.r_[np.inf, np.arange(300.0)],
        np.array(["a"] * 300, dtype=object),
        np.zeros((10, 10, 10)),
    ],
)
def test_what_is_no_recording_is_refused(measure, recording):
    with pytest.raises(InputError) as caught:
        measure(recording)
    assert "\n" not in str(caught.value)


def test_wrong_options_are_refused():
    series = logistic(300)
    with pytest.raises(InputError, match="method"):
        largest_exponent_from_data(series, method="wolf")
    with pytest.raises(InputError, match="order"):
        spectrum_from_data(series, order=3)
    with pytest.raises(InputError, match="one series to embed"):
        largest_exponent_from_data(np.random.default_rng(0).normal(size=(300, 2)), dimension=3)


def test_a_trend_that_outlasts_its_embedding_gives_no_exponent_and_says_why() -> None:
    trend = 2.0 * np.arange(500) + np.random.default_rng(1).normal(size=500)
    found = largest_exponent_from_data(trend, dt=1.0)
    assert not found.is_resolved
    assert "too short" in found.reason
