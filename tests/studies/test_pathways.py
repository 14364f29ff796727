"""Study 01 reads its runs right; the smoke run has every number."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.studies.pathways import reading, theory
from inscape.studies.pathways.claims import CLAIMS
from inscape.studies.registry import find_study, studies

STEPS = np.arange(0, 2000, 100)


def run_of(gauge, *, test=None, train=None, test_from=800) -> dict:
    """A run of two domains with a given gauge and a rising test accuracy."""
    rise = 1 / (1 + np.exp(-(STEPS - test_from) / 150)) if test is None else test
    known = np.minimum(1, 0.5 + STEPS / 400) if train is None else train
    told = {
        "train_accuracy": known,
        "test_accuracy": rise,
        "train_loss": np.exp(-STEPS / 500),
        reading.NORMALISED: gauge,
        "overlap": 1 - gauge,
    }
    return {"steps": STEPS, "domains": {"add": told, "subtract": dict(told)}, "cross": gauge}


def falling(size=0.2):
    return 0.7 - size / (1 + np.exp(-(STEPS - 800) / 150))


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(1) is find_study("pathways") is studies()["01-pathways"]


def test_bounds_are_those_that_were_asked_for():
    bounds = {c.name: (c.at_least, c.at_most) for c in CLAIMS}
    assert bounds["normalised_distance"] == (None, -0.8)
    assert bounds["overlap"] == (0.8, None)
    assert bounds["control_decay"] == bounds["control_labels"] == (None, 1 / 3)
    assert bounds["theory"] == (0.5, None)
    assert bounds["speed_pairs"] == (None, 60)
    assert bounds["speed_over_python"] == (50, None)
    assert bounds["overhead"] == (None, 5)
    assert all(c.is_timing for c in CLAIMS if c.name in ("speed_pairs", "speed_over_python", "overhead"))


def test_checkpoints_count_from_memorising_on_and_not_while_training_is_forgotten():
    train = np.ones(len(STEPS))
    train[:3] = 0.5
    train[10] = 0.7
    kept = reading.after_memorising(run_of(falling(), train=train), "add")
    assert kept.sum() == len(STEPS) - 4
    assert not kept[[0, 1, 2, 10]].any()
    assert reading.memorised_at(run_of(falling(), train=train), "add") == 3


def test_a_gauge_that_follows_accuracy_holds_and_one_that_does_not_fails():
    assert reading.holds(run_of(falling()), reading.NORMALISED, -1)
    assert not reading.holds(run_of(falling()), reading.NORMALISED, 1)
    noise = 0.7 + 0.01 * np.random.default_rng(0).normal(size=len(STEPS))
    assert not reading.holds(run_of(noise), reading.NORMALISED, -1)


def test_the_weakest_domain_is_the_one_nearest_to_zero():
    found = {"add": np.array([-0.9, -0.95, -0.99]), "subtract": np.array([-0.5, -0.7, 0.1])}
    assert reading.weakest(found) == (-0.5, -0.7, 0.1)


def test_a_control_that_moves_a_third_as_far_has_a_share_of_a_third():
    run, control = run_of(falling(0.3)), run_of(falling(0.1), test=np.zeros(len(STEPS)))
    assert reading.share_of_move([control], [run], reading.NORMALISED) == pytest.approx([1 / 3])


def test_the_moving_average_looks_back_only():
    run = run_of(falling())
    loss = run["domains"]["add"]["train_loss"]
    found = reading.moving_average(run, "add")
    assert found[0] == loss[0]
    assert found[10] == pytest.approx(loss[6:11].mean())


def test_the_tangent_kernel_is_that_of_a_wide_network():
    random = np.random.default_rng(0)
    points = theory.clusters(6, 10, 2, 0.5, random)
    width = 40_000
    inner, outer = random.normal(size=(width, 10)), random.normal(size=width)
    drive = points @ inner.T
    slope = (drive > 0) * outer
    empirical = (np.maximum(drive, 0) @ np.maximum(drive, 0).T + (slope @ slope.T) * (points @ points.T)) / width
    assert np.abs(empirical - theory.relu_tangent_kernel(points)).max() < 0.03


def test_effective_dimension_counts_free_directions():
    assert theory.effective_dimension(6 * np.diag([1.0, 1.0, 1.0, 0, 0, 0]), 1e-9) == pytest.approx(3)


@pytest.mark.slow
def test_the_smoke_run_has_a_number_for_every_claim_it_can_have(tmp_path):
    pytest.importorskip("transformers")
    found = find_study(1).perform(scale="smoke", store=tmp_path, backend="serial")
    told = {j.claim.name: j.measured for j in found.judged}
    for name in ("same_strings", "same_routing", "no_padding", "theory", "overhead", "frozen", "speed_pairs"):
        assert told[name].value is not None, name
    assert told["same_strings"].value == 0
    assert told["same_routing"].value < 1e-6
    assert set(found.folder.figures) == {"accuracy", "gauges", "strengths", "theory"}
