"""Study 12 measures what it says, on budgets small enough for a test."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.studies.battery import calibration_checks, full_model_checks, networks, solver_checks
from inscape.studies.battery.claims import CLAIMS
from inscape.studies.registry import find_study, studies


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(12) is find_study("battery") is studies()["12-battery"]


def test_the_bounds_are_those_asked_for():
    bounds = {c.name: (c.at_least, c.at_most) for c in CLAIMS}
    assert bounds["hierarchy"] == (20, None)
    assert bounds["solver_mean"] == (None, 0.05)
    assert bounds["coverage"] == (50, 86)
    assert bounds["full_speed"] == (500, None)
    assert {c.name for c in CLAIMS if c.is_timing} >= {"solver_speed", "rung_cost", "likelihoods", "full_speed"}


def test_bar_1_holds_on_a_few_curves():
    found = solver_checks.refinement({"shells": 100, "step": 1.0, "tests": 4})
    assert found["mean"] < 0.05
    assert found["max"] < 1.5


def test_bars_5_and_6_hold_on_one_curve():
    found = calibration_checks.posteriors({"truth": "(2, 2)", "noise": 1, "points": 2500, "keep": True})
    series, exact = found["Chebyshev, 6 terms"], found["exact"]
    moved = np.abs(np.array(series["means"]) - exact["means"]) / exact["sigmas"]
    assert moved.max() < 0.1
    assert np.abs(np.array(series["sigmas"]) / exact["sigmas"] - 1).max() < 0.05
    assert found["samples"].shape[1] == 2
    known = calibration_checks.information({})
    assert known["sigmas"] == pytest.approx([1.10, 0.246], rel=0.03)
    assert known["correlation"] == pytest.approx(-0.96, rel=0.03)


def test_a_network_s_bias_is_the_shift_of_a_fit_to_its_error():
    times = np.arange(136) * 10.0
    assert np.abs(calibration_checks.network_bias(np.zeros(136), times)).max() == 0
    once = calibration_checks.network_bias(np.full(136, 1e-3), times)
    assert calibration_checks.network_bias(np.full(136, 2e-3), times) == pytest.approx(2 * once)


def test_an_arm_is_trained_and_its_lithium_counted():
    pytest.importorskip("torch")
    item = {"arm": "mean", "box": "paper", "seed": 0, "seconds": 5.0, "tests": 3, "shipped": False, "most_steps": 3}
    found = networks.trained(item)
    assert found["lithium"] < 1e-9
    assert found["untrained"] > found["mean"] * 0.2
    assert len(found["error_at_truth"]) == 136


def test_every_checkpoint_belongs_to_an_arm():
    known = {
        networks.checkpoint_of(a, b, s).name for b in networks.BOXES for a in networks.IN_BOX[b] for s in range(40)
    }
    assert {p.name for p in networks.SHIPPED.glob("*.npz")} <= known


@pytest.mark.slow
def test_the_pseudo_2d_model_has_a_surrogate():
    pytest.importorskip("pybamm")
    found = full_model_checks.full_surrogate({"runs": 64, "tests": 8})
    assert found["error"] < 6.0


@pytest.mark.slow
def test_the_study_runs_at_smoke_scale(tmp_path):
    pytest.importorskip("torch")
    run = find_study(12).perform(scale="smoke", store=tmp_path, jobs=1, progress=False)
    measured = {j.claim.name: j.measured for j in run.judged}
    assert measured["solver_mean"].value < 0.05
    assert measured["hierarchy"].value is not None
    assert run.folder.figures
