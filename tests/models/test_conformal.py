"""Split-conformal bands: the promise, its limits, and its measured coverage on systems of the zoo."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import InputError
from inscape.models.conformal import conformal_bands
from inscape.models.contest import hold_contest


def test_the_band_is_the_ranked_error_that_the_theorem_names() -> None:
    errors = np.arange(1.0, 20.0)[:, None, None]  # 19 forecasts, one step, one state
    assert conformal_bands(errors, 0.9).half_widths[0, 0] == 18.0  # ceil(20 * 0.9) = 18


def test_the_order_of_calibration_forecasts_does_not_matter() -> None:
    errors = np.random.default_rng(0).normal(size=(30, 4, 2))
    shuffled = np.random.default_rng(1).permutation(errors, axis=0)
    assert np.array_equal(conformal_bands(errors).half_widths, conformal_bands(shuffled).half_widths)


def test_exchangeable_errors_are_covered_as_often_as_promised() -> None:
    rng = np.random.default_rng(0)
    inside = [conformal_bands(rng.standard_t(3, size=(40, 1, 1)), 0.9).half_widths[0, 0] >= abs(rng.standard_t(3))
              for _ in range(4_000)]  # fmt: skip
    # ceil(41 * 0.9) / 41 = 0.902; four standard errors of 4,000 draws are 0.019.
    assert abs(np.mean(inside) - 0.902) < 0.019


def overlapping(rng: np.random.Generator, stretches: int = 5, origins: int = 40, steps: int = 8) -> np.ndarray:
    """Errors of neighbouring origins are nearly the same; only those of different stretches are independent."""
    knots = rng.normal(size=(stretches + 1, 1, 1)) * np.linspace(0.2, 1.0, steps)[None, :, None]
    place = np.linspace(0, stretches - 1e-9, origins)
    return knots[place.astype(int)] + 0.05 * rng.normal(size=(origins, steps, 1))


def test_bands_of_overlapping_forecasts_hold_once_stretches_are_counted() -> None:
    rng = np.random.default_rng(0)
    plain, widened = [], []
    for _ in range(400):
        errors = overlapping(rng)
        fresh = overlapping(rng)
        plain.append(conformal_bands(errors).coverage(fresh).mean())
        widened.append(conformal_bands(errors, stretches=5).coverage(fresh).mean())
    assert np.mean(plain) < 0.87
    assert 0.88 < np.mean(widened) < 0.95


def test_independent_forecasts_are_not_widened() -> None:
    errors = np.random.default_rng(0).normal(size=(30, 4, 2))
    assert np.array_equal(conformal_bands(errors, stretches=30).half_widths, conformal_bands(errors).half_widths)


def test_a_forecast_that_broke_down_widens_no_band_to_infinity() -> None:
    errors = np.random.default_rng(0).normal(size=(40, 3, 1))
    errors[39] = np.inf
    assert np.isfinite(conformal_bands(errors, stretches=4).half_widths).all()


def test_exact_forecasts_keep_a_band_of_no_width() -> None:
    assert not conformal_bands(np.zeros((20, 3, 1)), stretches=4).half_widths.any()


@pytest.mark.parametrize("stretches", [0, 2.5, True])
def test_stretches_are_a_whole_number(stretches: object) -> None:
    with pytest.raises(InputError, match="stretches: "):
        conformal_bands(np.ones((9, 1, 1)), stretches=stretches)  # type: ignore[arg-type]


@pytest.mark.parametrize(("forecasts", "promised"), [(1, 1 / 2), (3, 3 / 4), (8, 8 / 9)])
def test_few_forecasts_promise_less_than_was_asked(forecasts: int, promised: float) -> None:
    bands = conformal_bands(np.ones((forecasts, 2, 1)), 0.9)
    assert bands.promised == pytest.approx(promised)
    assert not bands.is_as_asked


def test_nine_forecasts_are_enough_for_ninety_percent() -> None:
    assert conformal_bands(np.ones((9, 2, 1)), 0.9).is_as_asked


def test_a_forecast_that_broke_down_in_a_tenth_of_the_cases_has_no_finite_band() -> None:
    errors = np.ones((20, 1, 1))
    errors[:3] = np.inf
    assert conformal_bands(errors, 0.9).half_widths[0, 0] == np.inf


def test_missing_truth_is_left_out_of_band_and_coverage() -> None:
    errors = np.ones((12, 1, 1))
    errors[0] = np.nan
    bands = conformal_bands(errors, 0.9)
    assert bands.forecasts == 11
    held_out = np.array([[[0.5]], [[np.nan]], [[2.0]]])
    assert bands.coverage(held_out)[0] == 0.5


@settings(max_examples=50, deadline=None)
@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.integers(1, 60))
def test_a_higher_level_never_narrows_the_band(one: float, other: float, forecasts: int) -> None:
    errors = np.random.default_rng(forecasts).normal(size=(forecasts, 3, 2))
    low, high = sorted((one, other))
    assert np.all(conformal_bands(errors, low).half_widths <= conformal_bands(errors, high).half_widths)


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, float("nan"), "0.9"])
def test_a_level_outside_zero_and_one_is_refused(level: object) -> None:
    with pytest.raises(InputError, match="level"):
        conformal_bands(np.ones((5, 1, 1)), level)  # type: ignore[arg-type]


@pytest.mark.parametrize("errors", [np.ones((3, 2)), np.ones((0, 1, 1)), np.array([[["a"]]])])
def test_errors_of_another_shape_are_refused(errors: np.ndarray) -> None:
    with pytest.raises(InputError, match="errors"):
        conformal_bands(errors)


def coverage_of(name: str, samples: int = 2_000) -> float:
    from inscape.systems import zoo

    system = zoo[name]
    assert system.period is not None
    run = system.simulate(periods=samples / 50, per_period=50, transient=20 * system.period)
    noise = 0.01 * run.states.std(axis=0) * np.random.default_rng(0).normal(size=run.states.shape)
    contest = hold_contest(run.replace(states=run.states + noise), laws=["sindy"], jobs=1)
    return contest.measured_coverage


def test_bands_of_ninety_percent_cover_eighty_to_hundred_percent_of_held_out_time() -> None:
    # Three systems with 1 % noise at seed 0; neighbouring forecasts overlap, hence the margin of 12 points each
    # and of 6 for their mean.
    covered = [coverage_of(name) for name in ("Rossler", "Lorenz", "Thomas")]
    assert all(0.78 <= c <= 1.0 for c in covered), covered
    assert 0.84 <= np.mean(covered) <= 0.98, covered


@pytest.mark.slow
def test_bands_of_ninety_percent_hold_on_average_over_ten_systems() -> None:
    names = (
        "Rossler",
        "Lorenz",
        "Thomas",
        "Halvorsen",
        "SprottB",
        "Rucklidge",
        "Chen",
        "Hadley",
        "NoseHoover",
        "Aizawa",
    )
    covered = [coverage_of(name) for name in names]
    assert 0.85 <= np.mean(covered) <= 0.96, dict(zip(names, covered, strict=True))
