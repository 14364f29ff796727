"""Derivatives, embeddings, other samplings and checks, against what is known of the motion."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inscape.errors import InputError, InscapeError
from inscape.trajectories import (
    Trajectories,
    Trajectory,
    check,
    choose_dimension,
    choose_lag,
    delay_embedding,
    derivative,
    fill_missing,
    resample,
)

TIMES = np.linspace(0, 20, 1001)
WAVE = Trajectory(TIMES, np.stack([np.sin(TIMES), np.cos(3 * TIMES)], axis=1), state_names=("a", "b"))
SLOPE = np.stack([np.cos(TIMES), -3 * np.sin(3 * TIMES)], axis=1)


@pytest.mark.parametrize(
    ("method", "options", "bound"),
    [
        ("finite", {}, 2e-6),
        ("finite", {"order": 2}, 5e-3),
        ("finite", {"order": 8}, 1e-10),
        ("savgol", {}, 1e-2),
        ("savgol", {"window": 5, "degree": 4}, 2e-6),
        ("spectral", {}, 5e-2),
        ("spline", {}, 6e-2),
        ("tv", {"weight": 0}, 0.1),
    ],
)
def test_every_method_finds_the_slope_of_a_smooth_wave(method: str, options: dict, bound: float) -> None:
    assert np.abs(derivative(WAVE, method, **options) - SLOPE).max() < bound


@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_finite_differences_of_order_n_are_exact_for_polynomials_of_degree_n_at_uneven_times(
    order: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.5, 1.5, 15)) / 10
    polynomial = np.polynomial.Polynomial(rng.normal(size=order + 1))
    found = derivative(Trajectory(times, polynomial(times)), order=order)[:, 0]
    exact = polynomial.deriv()(times) if order else np.zeros(15)
    assert np.abs(found - exact).max() < 1e-6 * (1 + np.abs(exact).max())


@pytest.mark.parametrize("order", [2, 4, 6])
def test_the_error_of_a_finite_difference_falls_as_its_order_says(order: int) -> None:
    errors = []
    for count in (100, 200):
        times = np.linspace(0, 5, count + 1)
        errors.append(np.abs(derivative(Trajectory(times, np.sin(times)), order=order)[:, 0] - np.cos(times)).max())
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.3)


def test_a_periodic_run_has_its_exact_spectral_derivative() -> None:
    times = np.arange(64) / 64
    run = Trajectory(times, np.sin(2 * np.pi * 5 * times))
    exact = 2 * np.pi * 5 * np.cos(2 * np.pi * 5 * times)
    assert np.abs(derivative(run, "spectral", periodic=True)[:, 0] - exact).max() < 1e-10


def test_total_variation_keeps_the_corners_of_a_noisy_sawtooth_sharp() -> None:
    noise = np.random.default_rng(0).normal(size=TIMES.size) * 0.01
    slope = np.where(TIMES % 4 < 2, -1.0, 1.0)
    run = Trajectory(TIMES, np.abs(TIMES % 4 - 2) + noise)
    missed = {m: np.median(np.abs(derivative(run, m)[:, 0] - slope)) for m in ("tv", "savgol", "finite")}
    assert missed["tv"] < 0.01
    assert missed["tv"] < 0.1 * missed["savgol"] < missed["finite"]


def test_the_total_variation_fit_is_where_the_optimality_conditions_say() -> None:
    from inscape.trajectories.total_variation import piecewise_linear_fit

    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.5, 1.5, 60))
    samples = np.cumsum(rng.normal(size=60))
    weight = 2.0
    curve = piecewise_linear_fit(times, samples, weight)
    steps = np.diff(times)
    bend = np.zeros((58, 60))
    for i in range(58):
        bend[i, i : i + 3] = 1 / steps[i], -1 / steps[i] - 1 / steps[i + 1], 1 / steps[i + 1]
    dual = np.linalg.lstsq(bend.T, samples - curve, rcond=None)[0]
    assert np.abs(bend.T @ dual - (samples - curve)).max() < 1e-9
    assert np.abs(dual).max() < weight * (1 + 1e-4)
    kinks = bend @ curve
    bent = np.abs(kinks) > 1e-3
    assert bent.any()
    assert np.abs(dual[bent] - weight * np.sign(kinks[bent])).max() < 1e-2 * weight


def test_noise_is_amplified_less_by_the_smoothing_methods() -> None:
    noisy = WAVE.replace(states=WAVE.states + np.random.default_rng(0).normal(size=WAVE.states.shape) * 0.01)
    error = {m: np.sqrt(np.mean((derivative(noisy, m) - SLOPE) ** 2)) for m in ("finite", "savgol", "tv", "spline")}
    assert max(error["savgol"], error["tv"], error["spline"]) < 0.25 * error["finite"]


@pytest.mark.parametrize("method", ["finite", "savgol", "spectral", "spline", "tv"])
def test_a_derivative_of_something_unfit_is_refused_in_one_line(method: str) -> None:
    wave = Trajectory(TIMES, np.sin(TIMES))
    holes = np.sin(TIMES)
    holes[7] = np.nan
    infinite = np.sin(TIMES)
    infinite[9] = np.inf
    unfit = [wave[:1], Trajectory(TIMES, infinite), WAVE.states, None]
    if method not in ("finite", "savgol"):
        unfit.append(Trajectory(TIMES, holes))
    if method in ("savgol", "spectral"):
        unfit.append(Trajectory(TIMES**2 + TIMES, np.sin(TIMES)))
    for run in unfit:
        with pytest.raises(InputError) as caught:
            derivative(run, method)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
    with pytest.raises(InscapeError, match="nearest"):
        derivative(wave, method + "x")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="unexpected keyword"):
        derivative(wave, method, colour="red")


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("method", ["finite", "savgol", "spectral", "spline", "tv"])
def test_short_runs_have_a_derivative_or_a_clear_line(count: int, method: str) -> None:
    run = Trajectory(TIMES[:count], 2 * TIMES[:count])
    needed = {"savgol": 5, "spline": 5}.get(method, 2)
    if count < needed:
        with pytest.raises(InputError, match="expected"):
            derivative(run, method)
    else:
        assert np.abs(derivative(run, method) - 2).max() < 1e-6


def test_fields_are_differentiated_point_by_point() -> None:
    field = np.sin(TIMES)[:, None, None] * np.arange(1.0, 7.0).reshape(2, 3)
    slope = derivative(Trajectory(TIMES, field))
    assert slope.shape == field.shape
    assert np.abs(slope - np.cos(TIMES)[:, None, None] * np.arange(1.0, 7.0).reshape(2, 3)).max() < 1e-5


@given(st.lists(st.integers(0, 12), min_size=1, max_size=5, unique=True))
def test_each_column_of_an_embedding_is_the_past_at_its_lag(lags: list[int]) -> None:
    embedded = delay_embedding(WAVE, lags)
    longest = max(lags)
    assert np.array_equal(embedded.times, WAVE.times[longest:])
    for k, lag in enumerate(lags):
        past = WAVE.states[longest - lag : len(WAVE) - lag]
        assert np.array_equal(embedded.states[:, 2 * k : 2 * k + 2], past)
        assert embedded.state_names[2 * k] == ("a" if lag == 0 else f"a_lag{lag}")


def test_no_window_of_an_embedding_reaches_across_runs() -> None:
    runs = Trajectories([WAVE[:20], WAVE[500:530]])
    assert delay_embedding(runs, 3, step=4).lengths == (12, 22)


@pytest.mark.parametrize("lags", [0, -1, [], [1, 1], [0.5], "ab", [-1, 0], True, 2000, [2000], 2.0])
def test_lags_that_make_no_sense_are_refused(lags: object) -> None:
    with pytest.raises(InputError):
        delay_embedding(WAVE, lags)  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def lorenz() -> Trajectory:
    from scipy.integrate import solve_ivp

    def flow(_: float, s: np.ndarray) -> list[float]:
        return [10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]]

    times = np.arange(0, 60, 0.02)
    states = solve_ivp(flow, (0, 80), [1.0, 2, 20], t_eval=20 + times, rtol=1e-8, atol=1e-8).y.T
    return Trajectory(times, states[:, 0])


def test_the_autocorrelation_lag_of_a_sine_is_where_its_cosine_falls_to_one_over_e() -> None:
    run = Trajectory(np.arange(5000) * 0.05, np.sin(2 * np.pi * np.arange(5000) * 0.05 / 2.0 + 0.1))
    assert choose_lag(run, "autocorrelation") == pytest.approx(np.arccos(1 / np.e) / np.pi / 0.05, abs=1)


def test_the_information_lag_of_lorenz_is_near_the_published_one(lorenz: Trajectory) -> None:
    # About 0.17 time units for x (Fraser and Swinney 1986; Kennel et al. 1992).
    assert choose_lag(lorenz) * 0.02 == pytest.approx(0.17, abs=0.05)


def test_a_sine_unfolds_in_two_dimensions_and_lorenz_in_three(lorenz: Trajectory) -> None:
    times = np.arange(0, 60, 0.02)
    turn = Trajectory(times, np.sin(times * 2.1))
    assert choose_dimension(turn, choose_lag(turn, "autocorrelation")) == 2
    assert choose_dimension(lorenz, 8) == 3


def test_noise_never_unfolds() -> None:
    noise = Trajectory(TIMES, np.random.default_rng(0).normal(size=TIMES.size))
    assert choose_dimension(noise, 1, largest=5) == 5


@pytest.mark.parametrize(("method", "bound"), [("linear", 1e-3), ("cubic", 1e-6), ("band_limited", 5e-3)])
def test_resampling_follows_the_wave(method: str, bound: float) -> None:
    coarse = resample(WAVE, 0.05, method)
    assert coarse.dt == pytest.approx(0.05)
    assert coarse.is_uniform
    inner = slice(40, -40) if method == "band_limited" else slice(None)
    exact = np.stack([np.sin(coarse.times), np.cos(3 * coarse.times)], axis=1)
    assert np.abs(coarse.states - exact)[inner].max() < bound


def test_band_limited_thinning_does_not_fold_fast_motion_into_slow() -> None:
    times = np.arange(4000) * 0.01
    fast = Trajectory(times, np.sin(2 * np.pi * 19 * times))
    assert np.abs(resample(fast, 0.1, "cubic").states).max() > 0.9
    assert np.abs(resample(fast, 0.1, "band_limited").states[30:-30]).max() < 1e-3


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["linear", "cubic"]))
def test_resampling_at_its_own_times_changes_nothing(seed: int, method: str) -> None:
    rng = np.random.default_rng(seed)
    run = Trajectory(np.arange(20) * 0.5, rng.normal(size=(20, 2)), rng.normal(size=20))
    again = resample(run, 0.5, method)
    assert np.allclose(again.times, run.times)
    assert np.allclose(again.states, run.states, atol=1e-9)
    assert np.allclose(again.inputs, run.inputs, atol=1e-9)


@pytest.mark.parametrize("dt", [0, -1, float("nan"), 1e9, "a", None])
def test_an_interval_that_makes_no_sense_is_refused(dt: object) -> None:
    with pytest.raises(InputError, match="dt:"):
        resample(WAVE, dt)  # type: ignore[call-overload]


def test_holes_are_filled_along_straight_lines_and_not_beyond_the_ends() -> None:
    run = Trajectory([0.0, 1, 2, 4, 5, 6], [np.nan, 1, np.nan, 4, np.nan, np.nan])
    assert np.array_equal(fill_missing(run).states[:, 0], [np.nan, 1, 2, 4, np.nan, np.nan], equal_nan=True)
    assert np.isnan(fill_missing(run, longest=2.0).states[2, 0])
    assert np.isnan(run.states[2, 0])
    with pytest.raises(InputError, match="without any sample"):
        fill_missing(Trajectory([0.0, 1.0], [np.nan, np.nan]))


def kinds(run: object) -> set[str]:
    return {finding.kind for finding in check(run)}


def test_a_clean_recording_has_no_findings() -> None:
    assert check(WAVE) == ()
    noisy = WAVE.replace(states=WAVE.states + np.random.default_rng(0).normal(size=WAVE.states.shape) * 0.1)
    assert check(noisy) == ()


@pytest.mark.parametrize(
    ("kind", "times", "values"),
    [
        ("gap", np.where(TIMES > 10, TIMES + 3, TIMES), np.sin(TIMES)),
        ("uneven sampling", TIMES + 0.004 * np.sin(40 * TIMES), np.sin(TIMES)),
        ("time unit", np.where(np.arange(1001) > 600, 12 + (TIMES - 12) * 1000, TIMES), np.sin(TIMES)),
        ("constant", TIMES, np.full(1001, 3.0)),
        ("nearly constant", TIMES, 5 + 1e-9 * np.sin(TIMES)),
        ("too short", TIMES[:12], np.sin(TIMES[:12])),
        ("missing", TIMES, np.where(np.arange(1001) == 17, np.nan, np.sin(TIMES))),
        ("infinite", TIMES, np.where(np.arange(1001) == 17, np.inf, np.sin(TIMES))),
        ("clipped", TIMES, np.clip(np.sin(TIMES), -2, 0.9)),
        ("spike", TIMES, np.where(np.arange(1001) == 500, 40.0, np.sin(TIMES))),
    ],
)
def test_each_fault_is_found_and_no_other(kind: str, times: np.ndarray, values: np.ndarray) -> None:
    found = check(Trajectory(times, values))
    assert [finding.kind for finding in found] == [kind]
    assert found[0].message
    assert found[0].mend


def test_rows_of_a_finding_are_the_rows_of_the_fault() -> None:
    values = np.sin(TIMES)
    values[[17, 400]] = np.nan
    (found,) = check(Trajectory(TIMES, values))
    assert found.rows == (17, 400)
    assert str(found) == "warning: x: 2 samples missing (0.2%); fill_missing(run) draws straight lines"


def test_doubled_columns_and_runs_of_other_sampling_are_found() -> None:
    double = Trajectory(TIMES, np.stack([np.sin(TIMES), np.cos(TIMES), np.sin(TIMES)], axis=1))
    assert [f.message for f in check(double)] == ["x2 equals x0 throughout"]
    assert "sampling differs" in kinds(Trajectories([WAVE, WAVE[::2]]))


def test_the_gravest_finding_comes_first_and_names_its_run() -> None:
    bad = WAVE.replace(states=np.where(np.arange(1001)[:, None] == 3, np.inf, WAVE.states), notes=("a note",))
    found = check(Trajectories([WAVE, bad]))
    assert found[0].severity == "error"
    assert found[0].message.startswith("run 1: ")
    assert found[-1].severity == "note"


def test_counts_at_zero_are_not_called_clipped() -> None:
    counts = np.random.default_rng(0).poisson(0.8, 1001)
    assert "clipped" not in kinds(Trajectory(TIMES, counts))
