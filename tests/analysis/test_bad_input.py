"""Whatever is handed in, a measurement answers with a number or with one line that a user can act on."""

from __future__ import annotations

import inspect
import warnings

import numpy as np
import pytest

import inscape.analysis as analysis
from inscape.errors import InscapeError
from inscape.systems import zoo
from inscape.trajectories import Trajectory

WALK = np.cumsum(np.random.default_rng(0).normal(size=(400, 2)), axis=0)
OF_A_RECORDING = (
    *("correlation_dimension", "box_dimension", "theiler_window", "permutation_entropy", "ordinal_distribution"),
    *("sample_entropy", "multiscale_entropy", "spectral_entropy", "lempel_ziv_complexity", "surrogates"),
    *("zero_one_test", "chaos_decision", "recurrence_quantification", "return_map", "power_spectrum"),
    *("autocorrelation", "mutual_information", "embedding_lag", "dominant_period"),
)
OF_A_FORECAST = (
    *("smape", "rmse", "nrmse", "r2", "correlation", "crps", "spectral_distance", "measure_distance", "valid_time"),
)
THINGS = (
    *(None, "x", 3, True, {"a": 1}, [[1, 2], [3]], np.empty(0), np.empty((0, 3)), np.array([1.0]), np.full(50, np.nan)),
    *(np.array([[1.0, np.inf]] * 40), np.array([object()] * 9), np.zeros((3, 4, 5)), np.ones(400), np.ones((400, 2))),
    *(np.arange(400) * 1j, np.arange(12.0), np.array(["a"] * 400), np.append(np.arange(300.0), np.nan)),
    Trajectory(np.arange(3.0), np.zeros((3, 2, 2))),
)
SETTINGS = (None, "x", -1, 0, np.nan, np.inf, [1], 2.5, True, np.array([1, 2]))


def assert_answers(call) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        message = ""
        try:
            call()
        except InscapeError as error:
            message = str(error)
    assert "\n" not in message


@pytest.mark.parametrize("name", OF_A_RECORDING)
def test_a_measurement_answers_to_any_recording(name):
    for thing in THINGS:
        assert_answers(lambda thing=thing: getattr(analysis, name)(thing))


@pytest.mark.parametrize("name", OF_A_FORECAST)
def test_a_score_answers_to_any_pair(name):
    score = getattr(analysis, name)
    for thing in THINGS:
        for pair in ((thing, thing), (WALK, thing), (thing, WALK)):
            assert_answers(lambda pair=pair: score(*pair))


@pytest.mark.parametrize("name", [*OF_A_RECORDING, *OF_A_FORECAST, "fixed_points", "kaplan_yorke_dimension"])
def test_a_measurement_answers_to_any_setting(name):
    function = getattr(analysis, name)
    given = (WALK, np.stack([WALK, WALK])) if name == "crps" else (WALK, WALK) if name in OF_A_FORECAST else (WALK,)
    given = {"fixed_points": (zoo["Lorenz"],), "kaplan_yorke_dimension": ([1.0, 0.0, -2.0],)}.get(name, given)
    for setting, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY:
            for value in SETTINGS:
                assert_answers(lambda setting=setting, value=value: function(*given, **{setting: value}))


@pytest.mark.parametrize(
    "call",
    [
        lambda thing: analysis.mase(WALK, WALK, thing),
        lambda thing: analysis.poincare_section(thing, "x = 0"),
        lambda thing: analysis.poincare_section(Trajectory(np.arange(400.0), WALK), thing),
        lambda thing: analysis.bifurcation_diagram(zoo["Rossler"], "c", thing, points=2, transient=1.0, per_period=10),
        lambda thing: analysis.bifurcation_diagram(zoo["Rossler"], thing, [1.0], points=2, transient=1.0),
        lambda thing: analysis.periodic_orbit(zoo["Lorenz"], thing),
        lambda thing: analysis.basins(zoo["Lorenz"], thing),
        lambda thing: analysis.fixed_points(zoo["Lorenz"], thing, starts=20),
    ],
)
def test_what_is_built_on_systems_answers_to_any_argument(call):
    for thing in THINGS:
        assert_answers(lambda thing=thing: call(thing))
