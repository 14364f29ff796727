"""Study 16 reads its runs right; the smoke run has every number."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.studies.inverse_dynamics import linear, published
from inscape.studies.inverse_dynamics.claims import CLAIMS
from inscape.studies.registry import find_study, studies


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(16) is find_study("inverse-dynamics") is studies()["16-inverse-dynamics"]


def test_bounds_are_those_that_were_asked_for():
    bounds = {c.name: (c.at_least, c.at_most) for c in CLAIMS}
    assert bounds["exact_slope"] == (0.95, 1.05)
    assert bounds["exact_inverse"] == (0.999, None)
    assert bounds["linear_id"] == (None, 0.3)
    assert bounds["linear_bc"] == bounds["linear_fd"] == (0.95, None)
    assert bounds["linear_id_error"] == (None, 0.06)
    assert bounds["linear_other_error"] == (0.5, None)
    assert bounds["id_success"] == (0.45, None)
    assert bounds["id_less_bc_2"] == (0.12, None)
    assert bounds["id_less_bc_5"] == (0.15, None)
    assert bounds["id_less_states"] == (-0.05, None)
    assert bounds["id_growth"] == (0.15, None)
    assert bounds["bc_growth"] == (-0.1, 0.1)
    assert (bounds["probe_id"], bounds["probe_over_bc"], bounds["probe_over_fdi"]) == (
        (None, 1),
        (None, 0.25),
        (None, 0.4),
    )
    assert bounds["shown_gap"] == (None, 0.12)
    assert bounds["speed"] == (6, None)
    assert bounds["published_rows"] == (387, None)
    assert [c.name for c in CLAIMS if c.is_timing] == ["speed"]


def test_drawn_episodes_agree_with_the_closed_form():
    found = linear.exact_case({"kappa": 0.5, "steps": 20, "episodes": 50_000, "seed": 0})
    assert found["drawn_slope"] == pytest.approx(found["slope"], rel=0.1)
    assert found["drawn_r2"] == pytest.approx(found["r2"], rel=0.2)
    assert found["inverse_r2"] > 1 - 1e-12


def test_an_episode_from_the_same_start_is_predicted_better_than_one_from_another():
    found = linear.planes(
        {"episodes": 100, "seed": 1, "distractor_std": 3.0, "actuated": None, "goals": 4, "offset": 1}
    )
    assert found["true plane"]["sine"] == pytest.approx(0, abs=1e-6)
    assert found["true plane"]["same_start"] < found["true plane"]["new_start"] < found["forward"]["new_start"]


def test_published_bars_stand_beside_ours_only_where_both_measured_the_same():
    bars = [
        {"figure": "f", "environment": "Point Mass", "sweep": "finetune", "size": "M", "method": "ID", "success": 0.7},
        {"figure": "f", "environment": "Point Mass", "sweep": "finetune", "size": "L", "method": "ID", "success": 0.7},
        {"figure": "f", "environment": "Kitchen", "sweep": "finetune", "size": "M", "method": "ID", "success": 0.4},
    ]
    ours = {("finetune", "M", "ID"): (0.6, 0.5, 0.72), ("finetune", "L", "ID"): (0.9, 0.85, 0.95)}
    assert [row["same"] for row in published.beside_ours(bars, ours)] == ["met", "not met", "not measured"]


def test_the_file_of_published_bars_has_all_of_them(shared_data, monkeypatch):
    monkeypatch.setenv("INSCAPE_DATA", str(shared_data))
    if published.folder() is None:
        pytest.skip(f"published_success.csv not found under {shared_data}")
    bars = published.published()
    assert len(bars) == 387
    assert all(0 <= bar["success"] <= 1 for bar in bars)
    told = {(b["sweep"], b["size"], b["method"]): b["success"] for b in bars if b["environment"] == "Point Mass"}
    assert told["finetune", "M", "ID"] == 0.718


def test_without_the_file_there_are_no_bars(tmp_path, monkeypatch):
    monkeypatch.setenv("INSCAPE_DATA", str(tmp_path))
    assert published.published() == []


@pytest.mark.slow
def test_the_smoke_run_has_a_number_for_every_claim_it_can_have(tmp_path):
    pytest.importorskip("gymnasium")
    pytest.importorskip("torch")
    found = find_study(16).perform(scale="smoke", store=tmp_path, backend="serial")
    told = {judged.claim.name: judged.measured for judged in found.judged}
    absent = {"speed", "published_rows", "published_same", "order"}
    for name, measured in told.items():
        assert measured is not None, name
        assert measured.value is not None or name in absent, name
    assert set(found.folder.figures) == {"success", "linear", "pretraining", "probes", "published", "paths", "frames"}
    assert np.isfinite(told["exact_slope"].value)
