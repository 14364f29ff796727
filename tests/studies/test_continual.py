"""Study 15 reads its results right; the smoke run has every number."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.studies.continual import judging, learning
from inscape.studies.continual.claims import CLAIMS
from inscape.studies.paper import Findings
from inscape.studies.registry import find_study, studies


def result(errors) -> dict:
    count = len(errors)
    return {
        "errors": np.array(errors),
        "seconds": np.full(count, 1e-3),
        "bytes": 100.0 * np.arange(count),
        "trained": 7.0,
    }


KEEPS = result([[0.1, 0.1, 0.11], [np.nan, 0.2, 0.22], [np.nan, np.nan, 0.3]])
FORGETS = result([[0.1, 1.0, 3.0], [np.nan, 0.1, 1.0], [np.nan, np.nan, 0.1]])


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(15) is find_study("continual-dynamics") is studies()["15-continual-dynamics"]


def test_bounds_are_those_that_were_asked_for():
    bounds = {c.name: (c.at_least, c.at_most) for c in CLAIMS}
    assert bounds["strong_ratio"] == (None, 1.10)
    assert bounds["strong_penalties"] == (None, 1 / 3)
    assert bounds["strong_finetune"] == (None, 1 / 10)
    assert bounds["near_oracle"] == (None, 1.15)
    assert bounds["without_regulariser"] == (10, None)
    assert bounds["like_hypnettorch"] == (None, 1e-5)
    assert bounds["speed_4"] == (4, None)
    assert bounds["speed_19"] == (6, None)
    assert bounds["growth_time"] == (None, 2.0)
    assert bounds["growth_ratio"] == (None, 1.2)
    assert bounds["carts_hypernet"] == bounds["pusher_hypernet"] == (93, None)
    assert bounds["carts_finetune"] == bounds["pusher_finetune"] == (None, 70)
    assert bounds["icem_calls"] == (None, 0.25)
    assert bounds["bytes_a_task"] == (None, 1000)
    assert all(c.is_timing for c in CLAIMS if c.name in ("speed_4", "speed_19", "growth_time", "time_and_tasks"))


def test_the_old_ratio_leaves_the_last_task_out_and_the_final_error_does_not():
    assert learning.old_ratio(KEEPS) == pytest.approx(0.33 / 0.3)
    assert learning.old_ratio(FORGETS) == pytest.approx(4.0 / 0.2)
    assert learning.final(KEEPS) == pytest.approx(0.21)
    assert learning.just_trained(FORGETS) == pytest.approx(0.1)


def test_the_better_rival_is_taken_seed_by_seed():
    arms = ("hypernet", "finetune", "ewc", "si", "multitask", "progressive")
    names = (*arms, "finetune, wide", "ewc, wide", "si, wide", "ewc 1")
    strong = {name: [FORGETS, FORGETS] for name in names}
    strong |= {"hypernet": [KEEPS, KEEPS], "ewc": [FORGETS, KEEPS], "si": [KEEPS, FORGETS]}
    strong |= {f"hypernet without {part}": [FORGETS, FORGETS] for part in ("regulariser", "look-ahead")}
    findings = Findings()
    judging.judge_predictions(findings, strong, strong, strong)
    assert findings.measured["strong_penalties"].value == pytest.approx(1.0)
    assert findings.measured["strong_finetune"].value == pytest.approx(0.21 / (4.1 / 3))
    assert findings.measured["without_regulariser"].value == pytest.approx(20)
    assert findings.measured["beats_forgetters_door"].value == pytest.approx(1.0)


def test_returns_are_read_after_the_last_task():
    keeps, forgets = np.array([[0.8, 0.8], [np.nan, 0.6]]), np.array([[0.8, 0.2], [np.nan, 0.6]])
    carts = {name: [keeps] for name in ("hypernet", "single", "coreset", "multitask", "ewc", "si")} | {
        "finetune": [forgets]
    }
    findings = Findings()
    judging.judge_returns(findings, {"carts": carts, "boxes": {"hypernet": [keeps], "single": [keeps]}})
    assert findings.measured["carts_hypernet"].value == pytest.approx(100)
    assert findings.measured["carts_finetune"].value == pytest.approx(100 * 0.4 / 0.7)
    assert findings.measured["retained"].value == pytest.approx(100)
    assert findings.measured["beats_forgetters"].value == pytest.approx(0)
    assert "pusher_finetune" not in findings.measured


def test_balance_is_that_of_the_laws_after_the_last_cart():
    def played(first, last):
        shares = np.array([[first, last], [np.nan, 1.0]])
        return [{"balanced": shares, "returns": 0.6 * shares}]

    findings = Findings()
    arms = {"single": played(0.0, 1.0), "hypernet": played(1.0, 0.5)}
    judging.judge_balance(findings, arms, [{"return": 0.8, "balanced": 1.0}, {"return": 0.7, "balanced": 1.0}])
    assert findings.measured["carts_balanced"].value == pytest.approx(100)
    assert findings.measured["carts_balanced_hypernet"].value == pytest.approx(75)
    assert findings.measured["carts_ceiling"].value == pytest.approx(80)
    assert [row["law"] for row in findings.tables["balance, carts"].rows] == ["single", "hypernet", "the world"]


@pytest.mark.slow
def test_the_smoke_run_has_every_number_that_it_can_have(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("mujoco")
    run = find_study(15).perform(scale="smoke", store=tmp_path, backend="serial", progress=False)
    peers = {"like_hypnettorch", "speed_4", "speed_19"}
    left_out = {"pusher_finetune", "beats_forgetters_pusher"}
    missing = {j.claim.name for j in run.judged if j.measured is None or j.measured.value is None}
    assert missing <= peers | left_out
    assert len(run.folder.figures) == 4
