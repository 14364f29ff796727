"""Study 07: its pieces, on a tiny network and a made language."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

pytest.importorskip("torch")

from inscape.studies.training_order import STUDY
from inscape.studies.training_order import texts as texts_of
from inscape.studies.training_order.fidelity import bowl_error, memory_pattern, rank_correlation
from inscape.studies.training_order.worlds import recorded_run

TINY = {
    "text": "made",
    "batches": 4,
    "lr": 3e-4,
    "warm_up": 5,
    "samples": 2,
    "context": 8,
    "width": 8,
    "layers": 1,
    "seed": 0,
}


def test_the_made_language_drifts_over_the_years():
    texts = texts_of.made_texts()
    words = sorted({w for t in texts for w in t.text.replace(".", "").split()})
    counts = [Counter(t.text.replace(".", "").split()) for t in texts]
    used = np.array([[c[w] for w in words] for c in counts], dtype=float)
    used /= np.linalg.norm(used, axis=1, keepdims=True)

    assert [t.year for t in texts] == sorted(t.year for t in texts)
    assert used[0] @ used[1] > 1.5 * (used[0] @ used[-1])
    assert texts == texts_of.made_texts()


def test_the_speeches_are_read_oldest_first(shared_data, monkeypatch):
    monkeypatch.setenv("INSCAPE_DATA", str(shared_data))
    assert texts_of.source() == "speeches"
    speeches = texts_of.dated_texts("speeches")
    assert len(speeches) == 233
    assert (speeches[0].year, speeches[-1].year) == (1790, 2021)


def test_without_the_speeches_the_text_is_made(tmp_path, monkeypatch):
    monkeypatch.setenv("INSCAPE_DATA", str(tmp_path))
    assert texts_of.source() == "made"


def test_a_run_goes_on_with_the_moments_of_its_warm_up():
    reference = recorded_run(TINY)
    assert reference.moments[0].steps == 5
    assert set(reference.probes) == {"validation", "like 0", "like 1", "like 2", "like 3"}
    assert recorded_run(TINY | {"fresh": True}).moments[0].steps == 0


def test_quadratic_losses_are_told_to_rounding():
    assert bowl_error({"seed": 0, "size": 8, "batches": 5, "orders": 3}) < 1e-10


def test_a_memory_pattern_is_one_for_the_truth_and_zero_for_noise():
    random = np.random.default_rng(0)
    true = random.standard_normal((50, 12))
    assert memory_pattern(true, true) == pytest.approx(1.0)
    assert abs(memory_pattern(random.standard_normal((50, 12)), true)) < 0.15


def test_a_rank_correlation_without_variation_is_unknown():
    assert np.isnan(rank_correlation(np.ones(4), np.arange(4)))
    assert np.isnan(rank_correlation(np.array([1.0, np.inf]), np.arange(2)))


@pytest.mark.slow
def test_the_smoke_scale_measures_every_claim(tmp_path, monkeypatch):
    monkeypatch.setenv("INSCAPE_DATA", str(tmp_path))
    run = STUDY.perform(scale="smoke", store=tmp_path / "runs", backend="serial")
    judged = {j.claim.name: j for j in run.judged}
    # Whether any order of so small a run is worse than the recorded one hangs on the draw.
    unmeasured = {name for name, j in judged.items() if j.measured is None or j.measured.value is None}
    assert unmeasured <= {"refuses_bad", "refuses_far"}
    assert judged["quadratic"].measured.value < 1e-5
    assert len(run.folder.figures) == 8
    assert any("made language" in note for note in run.notes)
