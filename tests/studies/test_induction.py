"""Study 18 measures what it says, on trainings small enough for a test."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from inscape.studies.induction import arms, exactness, toy
from inscape.studies.induction.claims import CLAIMS
from inscape.studies.induction.sizes import Sizes, every_arm
from inscape.studies.registry import find_study, studies

WORLD = {"kind": "gaussian", "classes": 10, "labels": 5, "features": 16}


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(18) is find_study("induction-heads") is studies()["18-induction-heads"]


def test_the_bars_are_those_asked_for():
    bounds = {c.name: (c.at_least, c.at_most) for c in CLAIMS}
    assert bounds["order"] == (4, None)
    assert bounds["clamp_gain"] == (8, None)
    assert bounds["additive_seeds"] == (80, None)
    assert bounds["redundant"] == (0.95, None)
    assert bounds["labels_copying"] == (2.0, None)
    assert bounds["labels_matching"] == (0.85, 1.15)
    assert (bounds["toy_free"], bounds["toy_clamped"], bounds["toy_decay"]) == ((None, 0.35), (1.3, None), (None, 2))
    assert (bounds["exact"], bounds["exact_slopes"]) == ((None, 1e-5), (None, 1e-3))
    assert (bounds["speed_clamp"], bounds["speed_stack"], bounds["speed_peer"]) == (
        (None, 1.15),
        (None, 4.0),
        (2.0, None),
    )
    assert (bounds["language_repeat"], bounds["language_first"]) == ((5, None), (None, 0.3))
    assert all(c.is_timing for c in CLAIMS if c.name.startswith("speed"))


def test_every_training_has_a_budget_and_a_world():
    sizes = Sizes([5], [5], [5], 1e-4, 1.0, 512, (50, 100, 200), (5, 10, 15), None, arms.WORLDS)
    named = every_arm(sizes)
    assert ("clamp", "drawings", "match") in named
    assert named["all", "gaussian"]["world"]["features"] == 512
    assert named["labels", 15, "match"]["world"]["labels"] == 15
    assert all(len(arm["clamps"]) == len(arm["seeds"]) for arm in named.values() if not isinstance(arm["clamps"], str))


def test_what_is_left_to_learn_under_the_match_is_learnt_sooner_than_the_whole():
    settings = {
        "world": WORLD, "seeds": [0, 0], "heads": [3], "sequences": 12_800, "learning_rate": 1e-3, "every": 320,
        "stop_below": 0.05, "evaluation": 200,
    }  # fmt: skip
    found = arms.trained(settings | {"clamps": ["none", "match"]})
    free, held = arms.time_below(found, arms.LN2 / 2)
    assert held < 6_000
    assert not free < 2 * held
    assert arms.median_time(np.array([np.nan, 4.0, 5.0]), 9.0) == 5.0


def test_a_look_inside_sees_every_head_of_every_run():
    item = {
        "world": WORLD, "seeds": [0, 1], "clamps": "none", "sequences": 320, "learning_rate": 1e-3, "every": 160,
        "stop_below": 0.0, "looks_inside": True, "probed": 300, "evaluation": 50,
    }  # fmt: skip
    found = arms.trained(item)
    assert found["strength"].shape == found["lone"].shape == found["without"].shape == (2, 8)
    assert "loss new class" in found
    assert "head 7" in found


def test_clamped_passes_are_those_written_out_by_hand():
    apart = exactness.differences({"sequences": 2, "seed": 3})
    assert apart["forward"] < 1e-5
    assert apart["off"] == 0.0
    assert apart["slopes"] < 1e-3


def test_the_toy_meets_its_bars_on_other_seeds():
    found = toy.toy({"seeds": 5, "steps": 1000})
    assert np.nanmedian(found["none"]["sharpness"]) < np.nanmedian(found["c"]["sharpness"])
    assert np.nanmedian(found["c"]["sharpness"]) < np.nanmedian(found["b and c"]["sharpness"])
    assert found["decay_error"].max() < 1e-4


@pytest.mark.slow
def test_the_smallest_scale_runs_from_end_to_end(tmp_path):
    run = find_study(18).perform(scale="smoke", store=tmp_path, jobs=1, progress=False)
    judged = {j.claim.name: j for j in run.judged}
    assert judged["exact_off"].measured.value == 0.0
    assert {"learning", "clamps", "lone-heads", "toy"} <= set(run.folder.figures)
