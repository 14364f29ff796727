"""Study 25 measures what it says, on runs small enough for a test."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.studies.lab import Lab
from inscape.studies.paper import Findings
from inscape.studies.registry import find_study, studies
from inscape.studies.runs import RunFolder
from inscape.studies.sindy_rl import engine
from inscape.studies.sindy_rl.claims import CLAIMS
from inscape.studies.sindy_rl.curves import best_within, steps_to
from inscape.studies.sindy_rl.flow import cylinders

RUN = {"real_steps": [100, 200, 300], "evaluation_steps": [10, 20, 30], "returns": np.array([5.0, 80.0, 60.0])}


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(25) is find_study("sindy-rl") is studies()["25-sindy-rl"]


def test_the_bounds_are_those_that_were_asked_for():
    bounds = {c.name: (c.at_least, c.at_most) for c in CLAIMS}
    assert bounds["coefficients"] == (None, 1e-8)
    assert bounds["speed_refit"] == (10, None)
    assert bounds["speed_lorenz96"] == (12, None)
    assert bounds["speed_grid"] == (60, None)
    assert bounds["speed_blocks"] == (50, None)
    assert bounds["rollout_one"] == (300, None)
    assert bounds["rollout_many"] == (2, None)
    assert bounds["swing_up"] == (800, None)
    assert bounds["swing_up_time"] == (None, 5)
    assert bounds["efficiency"] == (30, None)
    assert bounds["margin"] == (200, None)
    assert bounds["formula_return"] == (85, None)
    assert bounds["formula_size"] == (80, None)
    assert bounds["formula_terms"] == (None, 55)
    assert (bounds["lynx_hare"], bounds["lynx_hare_rest"]) == ((0.85, None), (None, 0.40))
    assert bounds["over_linear"] == bounds["over_network"] == bounds["over_meta"] == (0.0, None)
    assert bounds["cylinder"] == bounds["cylinder_formula"] == bounds["cylinder_over_ppo"] == (0.0, None)
    assert bounds["cylinder_over_constant"] == (1.0, None)
    assert bounds["cylinder_time"] == (None, 5)
    assert all(c.is_timing for c in CLAIMS if c.name.startswith(("speed", "rollout")) or c.name.endswith("_time"))


def test_steps_to_a_level_are_those_of_the_first_visit_that_reached_it():
    assert steps_to(RUN, 70.0) == 200
    assert steps_to(RUN, 70.0, evaluations=True) == 220
    assert steps_to(RUN, 90.0) == np.inf
    assert best_within(RUN, 150) == 5.0
    assert best_within(RUN) == 80.0
    assert np.isnan(best_within(RUN, 50))


@pytest.mark.parametrize("number", [0, 5])
def test_a_random_fit_is_pysindys(number):
    pytest.importorskip("pysindy", reason="needs pysindy")
    found = engine.random_fit({"number": number})
    assert found is not None
    assert found["same"]
    assert found["apart"] < 1e-8


def test_the_pelts_have_the_law_of_lotka_and_volterra():
    shares = engine.lynx_and_hare(300)["shares"]
    assert min(row["inclusion"] for row in shares if row["true"]) > 0.8
    assert max(row["inclusion"] for row in shares if not row["true"]) < 0.5
    assert sum(row["true"] for row in shares) == 4


def test_the_cylinder_left_to_itself_sheds_and_nothing_is_saved_by_doing_nothing():
    pytest.importorskip("torch", reason="needs inscape[neural]")
    from inscape.studies.sindy_rl import cylinder

    found = cylinder.uncontrolled({"resolution": 6, "actions": 140, "episodes": 1})
    assert 0.15 < found["strouhal"] < 0.17
    assert found["turning"] == 0.0
    assert found["wake"].shape == (18, 42)
    # Vortices of both senses go by behind it.
    assert found["wake"].min() < -0.5
    assert found["wake"].max() > 0.5


def test_the_loop_in_the_flow_measures_drag_that_is_not_observed(tmp_path):
    for module in ("torch", "gymnasium", "numba"):
        pytest.importorskip(module, reason=f"needs {module}")
    lab = Lab(RunFolder(tmp_path), scale="smoke", backend="serial")
    findings = Findings()
    cylinders(lab, findings)
    names = {c.name for c in CLAIMS if "cylinder" in c.name}
    assert set(findings.measured) == names
    assert all(found.value is not None for found in findings.measured.values())
    assert set(findings.figures) == {"cylinder-drag", "cylinder-wakes"}
    row = findings.tables["cylinder"].rows[0]
    for arm in ("network", "formula", "constant", "random", "PPO"):
        assert 0.9 < row[arm] < 1.6


def test_the_arm_of_mb_mpo_takes_its_steps_and_tells_what_the_others_tell():
    pytest.importorskip("torch", reason="needs inscape[neural]")
    pytest.importorskip("mujoco", reason="needs mujoco")
    from inscape.studies.sindy_rl import swing_up

    item = {"hidden": [8], "worlds": 10, "refit_every": 1, "steps": 2_560, "random_steps": 300, "collect": 50}
    found = swing_up.meta_trained(item | {"evaluate": 1, "seed": 0})
    assert found["real_steps"] == [350, 400]
    assert np.isfinite(found["returns"]).all()
    assert found["terms"] == 5 * (6 * 8 + 8 + 8 * 5 + 5)


@pytest.mark.slow
def test_a_trial_run_of_the_study_measures_every_claim(tmp_path):
    for module in ("torch", "mujoco", "pysindy", "imageio"):
        pytest.importorskip(module, reason=f"needs {module}")
    run = find_study(25).perform(scale="smoke", store=tmp_path, jobs=1)
    missing = {j.claim.name for j in run.judged if j.measured is None or j.measured.value is None}
    # So short a run reaches no return and holds no pole, and what is told of those has no value.
    assert missing <= {"fewer_steps", "efficiency", "efficiency_all", "formula_stable"}
    assert {"steps-in-the-world", "formulas", "uncertainty", "hare-and-lynx", "lost-episodes"} <= set(
        run.folder.figures
    )
    assert {"cylinder-drag", "cylinder-wakes"} <= set(run.folder.figures)
    assert {f.name for f in (run.folder.path / "films").iterdir()} == {"swing-up-network.gif", "swing-up-formula.gif"}
