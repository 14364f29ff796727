"""Dimensions of sets whose dimension is known, and refusals where there is none."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.analysis import box_dimension, correlation_dimension, kaplan_yorke_dimension, theiler_window
from inscape.analysis.dimensions import BLOCKS, PER_OCTAVE, _pairs_by_distance
from inscape.errors import InputError
from inscape.systems import Map, zoo

CANTOR = np.log(2) / np.log(3)


def cantor(count: int = 8_000) -> np.ndarray:
    digits = 2 * np.random.default_rng(0).integers(0, 2, (count, 35))
    return digits @ 3.0 ** -np.arange(1, 36)


def henon(count: int) -> np.ndarray:
    @Map
    def law(x, y, *, a=1.4, b=0.3):
        return 1 - a * x**2 + y, b * x

    return law.simulate([0.1, 0.1], steps=count, transient=100).states


@pytest.fixture(scope="module")
def lorenz() -> np.ndarray:
    return zoo["Lorenz"].simulate(times=np.arange(20_000) * 0.05, transient=50.0).states


def test_the_kaplan_yorke_dimension_of_lorenz_is_the_published_one():
    assert kaplan_yorke_dimension([0.9056, 0, -14.5723]) == pytest.approx(2.0621, abs=1e-4)


def test_the_kaplan_yorke_dimension_does_not_ask_for_an_order():
    assert kaplan_yorke_dimension([-14.5723, 0.9056, 0]) == kaplan_yorke_dimension([0.9056, 0, -14.5723])


def test_fixed_points_have_dimension_0_and_volume_preserving_flows_fill_their_space():
    assert kaplan_yorke_dimension([-1.0, -2.0]) == 0
    assert kaplan_yorke_dimension([0.5, 0.0, -0.5]) == 3


def test_a_limit_cycle_has_dimension_1_on_whichever_side_of_zero_its_neutral_exponent_falls():
    for neutral in (1e-7, -1e-7):
        assert kaplan_yorke_dimension([neutral, -1.0], [1e-6, 1e-3]) == pytest.approx(1, abs=1e-6)


def test_the_error_of_the_kaplan_yorke_dimension_is_that_of_repeated_measurement():
    exponents, errors = np.array([0.9, 0.1, -4.0]), np.array([0.02, 0.01, 0.05])
    rng = np.random.default_rng(0)
    draws = [float(kaplan_yorke_dimension(e)) for e in exponents + errors * rng.standard_normal((4_000, 3))]
    assert kaplan_yorke_dimension(exponents, errors).error == pytest.approx(np.std(draws), rel=0.05)


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=6), st.floats(0.1, 10))
@settings(deadline=None)
def test_the_kaplan_yorke_dimension_does_not_see_the_unit_of_time(exponents, unit):
    here = float(kaplan_yorke_dimension(exponents))
    assert 0 <= here <= len(exponents)
    assert (
        float(kaplan_yorke_dimension(np.array(exponents) * unit)) == pytest.approx(here, abs=1e-6)
        or np.isclose(np.cumsum(np.sort(exponents)[::-1]), 0, atol=1e-9).any()
    )


def test_a_dimension_travels_between_processes_with_its_error():
    copy = pickle.loads(pickle.dumps(kaplan_yorke_dimension([0.9, 0, -14.0], [0.1, 0.1, 0.1])))
    assert copy.error > 0


@pytest.mark.parametrize(
    "bad",
    [[], [np.nan, 1.0], [[1.0, 2.0]], ["a"], np.array([object()])],
    ids=["empty", "nan", "matrix", "text", "object"],
)
def test_what_is_no_spectrum_is_refused(bad):
    with pytest.raises(InputError):
        kaplan_yorke_dimension(bad)


def test_pair_counts_are_those_of_the_obvious_double_loop():
    points = np.random.default_rng(0).normal(size=(150, 3))
    for maximum in (False, True):
        pairs, logarithms = _pairs_by_distance(points, 4, 2.0, maximum)
        counted, total = np.zeros(pairs.shape[1]), 0.0
        for i in range(150):
            for j in range(i + 5, 150):
                gap = np.abs(points[i] - points[j])
                distance = gap.max() if maximum else np.sqrt((gap**2).sum())
                if distance < 2.0:
                    counted[min(int(np.log2(2.0 / distance) * PER_OCTAVE), pairs.shape[1] - 1)] += 1
                    total += np.log(distance / 2.0)
        np.testing.assert_array_equal(pairs[-1], counted)
        assert logarithms[-1].sum() == pytest.approx(total)
        assert pairs[:BLOCKS].sum() >= pairs[-1].sum()


def test_the_cantor_set_has_dimension_log_2_over_log_3():
    assert correlation_dimension(cantor()).dimension == pytest.approx(CANTOR, abs=0.02)
    assert box_dimension(cantor(), order=1).dimension == pytest.approx(CANTOR, abs=0.03)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_uniform_noise_fills_the_space_it_is_in(size):
    fit = correlation_dimension(np.random.default_rng(1).random((5_000, size)))
    assert fit.dimension == pytest.approx(size, rel=0.06)
    assert "fill all" in fit.reason
    assert fit.maximum_likelihood == pytest.approx(size, rel=0.06)


def test_a_circle_has_one_dimension_and_a_torus_two():
    t = np.arange(10_000) * 0.1 * np.sqrt(2)
    circle = np.column_stack([np.cos(t), np.sin(t)])
    torus = np.column_stack([circle, np.cos(np.sqrt(3) * t), np.sin(np.sqrt(3) * t)])
    assert correlation_dimension(circle).dimension == pytest.approx(1, abs=0.03)
    assert correlation_dimension(torus).dimension == pytest.approx(2, abs=0.1)


def test_the_correlation_dimension_of_henon_is_the_published_one():
    fit = correlation_dimension(henon(20_000))
    assert fit.dimension == pytest.approx(1.22, abs=0.03)
    assert abs(fit.dimension - 1.22) < 3 * fit.dimension.error
    assert fit.maximum_likelihood == pytest.approx(1.22, abs=0.06)


def test_the_correlation_dimension_of_lorenz_is_the_published_one(lorenz):
    fit = correlation_dimension(lorenz)
    assert fit.dimension == pytest.approx(2.05, abs=0.03)
    assert 0 < fit.dimension.error < 0.1
    assert fit.region[1] / fit.region[0] > 4


def test_a_periodic_orbit_of_a_map_has_no_extent_and_so_dimension_0():
    fit = correlation_dimension(np.tile([[0.0, 1], [1, 2], [3, 3]], (100, 1)))
    assert fit.dimension == pytest.approx(0, abs=1e-9)


def test_noise_in_many_dimensions_from_few_samples_has_no_scaling_region():
    fit = correlation_dimension(np.random.default_rng(0).normal(size=(1_000, 10)))
    assert not fit
    assert np.isnan(fit.dimension)
    assert fit.reason


def test_the_dimension_does_not_see_units_or_turns(lorenz):
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    here = correlation_dimension(lorenz[:4_000], theiler=20)
    there = correlation_dimension(1e3 * lorenz[:4_000] @ turn + 7, theiler=20)
    assert there.dimension == pytest.approx(here.dimension, abs=1e-6)


def test_the_theiler_window_keeps_a_slow_run_from_looking_like_a_line():
    t = np.arange(3_000) * 2e-3
    slow = np.column_stack([np.sin(7 * t), np.sin(5 * t + 1), np.sin(3 * t)])
    assert theiler_window(slow) > 100


def test_box_dimensions_of_noise_in_the_plane_are_two():
    points = np.random.default_rng(0).random((20_000, 2))
    for order in (0, 1, 2):
        assert box_dimension(points, order=order).dimension == pytest.approx(2, abs=0.12)


@pytest.mark.parametrize(
    "states",
    [
        np.zeros(200),
        np.zeros((5, 2)),
        np.full((200, 2), np.nan),
        np.zeros((3, 4, 5)),
        np.array(["a"] * 200),
        np.empty(0),
    ],
)
@pytest.mark.parametrize("measure", [correlation_dimension, box_dimension])
def test_what_has_no_dimension_is_refused(measure, states):
    with pytest.raises(InputError):
        measure(states)


def test_wrong_settings_are_refused():
    points = np.random.default_rng(0).normal(size=(200, 2))
    for call in (
        lambda: correlation_dimension(points, theiler=-1),
        lambda: correlation_dimension(points, theiler=180),
        lambda: correlation_dimension(points, norm="taxi"),
        lambda: correlation_dimension(points, tolerance=0),
        lambda: box_dimension(points, order=-1),
    ):
        with pytest.raises(InputError):
            call()
