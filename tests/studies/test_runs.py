"""A run on disk survives what happens to processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inscape.errors import InputError, UnknownNameError
from inscape.studies import Findings, Lab, Measured, RunFolder, RunStore, bootstrap_interval
from inscape.studies.codec import decode, encode, round_trip
from tests.studies import toy_study

SCRIPT = Path(__file__).parent / "toy_study.py"


def walk_in_another_process(store: Path, pause: float) -> subprocess.Popen:
    command = [sys.executable, str(SCRIPT), str(store), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def only_findings(store: Path) -> dict:
    (run,) = RunStore(store).runs()
    assert run.is_finished
    found = run.findings
    return {key: found[key] for key in ("measured", "tables", "notes")}


def test_a_killed_run_that_is_taken_up_again_finds_what_an_unbroken_run_finds(tmp_path):
    # The pause is an argument of each step, so both runs use the same one.
    unbroken = walk_in_another_process(tmp_path / "unbroken", 0.02)
    unbroken.communicate()
    broken = walk_in_another_process(tmp_path / "broken", 0.02)
    for _ in range(4):
        broken.stdout.readline()
    broken.send_signal(signal.SIGKILL)
    broken.communicate()
    (half,) = RunStore(tmp_path / "broken").runs()
    assert not half.is_finished
    kept = len(list(half.path.glob("steps/walking/*.json")))
    assert 0 < kept < 12
    resumed = walk_in_another_process(tmp_path / "broken", 0.02)
    output, _ = resumed.communicate()
    assert output.count("done") == 12 - kept
    assert encode(only_findings(tmp_path / "broken")) == encode(only_findings(tmp_path / "unbroken"))


def test_two_processes_do_not_work_in_one_run(tmp_path):
    store = RunStore(tmp_path)
    run = store.resume_or_start("99-toy-walk", {"scale": "smoke", "seed": 0})
    with run.locked(), pytest.raises(InputError, match="another process"), run.locked():
        pass


def test_claims_are_judged_by_their_bounds_and_misses_are_shown(tmp_path):
    run = toy_study.STUDY.perform(scale="desk", store=tmp_path, backend="serial")
    verdicts = {j.claim.name: j.verdict for j in run.judged}
    assert verdicts == {"distance": "met", "bias": "not met", "unmeasured": "not run"}
    shown = run.as_dict()
    assert shown["claims"][0]["as_printed"] == 10.0
    assert shown["settings"]["scale"] == "desk"
    assert len(run.tables["ends"].rows) == 40


def test_another_seed_gives_other_numbers_and_the_same_seed_the_same(tmp_path):
    first, again, other = (
        toy_study.STUDY.perform(scale="smoke", seed=seed, store=tmp_path / str(i), backend="serial")
        for i, seed in enumerate((1, 1, 2))
    )
    assert first.as_dict()["tables"] == again.as_dict()["tables"]
    assert first.as_dict()["tables"] != other.as_dict()["tables"]


def test_findings_that_name_an_unknown_claim_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(toy_study.STUDY, "recipe", lambda lab: Findings(distnace=1.0))
    monkeypatch.setattr(toy_study.STUDY, "_fingerprint", lambda: "")
    with pytest.raises(UnknownNameError, match="distance"):
        toy_study.STUDY.perform(scale="smoke", store=tmp_path)


def test_a_lab_refuses_an_unknown_scale(tmp_path):
    run = RunStore(tmp_path).resume_or_start("s", {"scale": "smoke", "seed": 0})
    with pytest.raises(InputError, match="smoke, desk, paper"):
        Lab(run, scale="huge")


def test_what_is_kept_comes_back_to_the_last_bit():
    value = {"a": np.array([0.1, np.nan, -np.inf]), "b": [1, 2.5, None, True, "x"], "c": float("inf"), "d": np.int64(3)}
    back = decode(encode(value))
    assert np.array_equal(back["a"], value["a"], equal_nan=True)
    assert (back["b"], back["c"], back["d"]) == (value["b"], float("inf"), 3)
    assert encode(round_trip(value)) == encode(value)


def test_things_that_would_need_an_unpickler_are_refused():
    with pytest.raises(InputError, match="cannot be kept"):
        encode({"f": open})
    with pytest.raises(InputError, match="array of object"):
        encode(np.array([object()]))


def test_a_run_that_cannot_be_written_says_so_and_leaves_nothing_behind(tmp_path):
    (tmp_path / "folder").write_text("a file where a folder should be")
    with pytest.raises(InputError, match="cannot be made"):
        RunFolder(tmp_path / "folder").write("x.json", "{}")
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


def test_seeds_differ_by_label_and_grow_by_appending(tmp_path):
    lab = Lab(RunStore(tmp_path).resume_or_start("s", {"scale": "smoke", "seed": 5}), seed=5)
    assert lab.seeds(3, "a") == lab.seeds(5, "a")[:3]
    assert lab.seeds(3, "a") != lab.seeds(3, "b")


def test_the_bootstrap_interval_of_a_mean_has_the_width_that_theory_says():
    values = np.random.default_rng(0).normal(size=400)
    low, high = bootstrap_interval(values, np.mean)
    assert low < values.mean() < high
    assert (high - low) == pytest.approx(2 * 1.96 / 20, rel=0.15)


def test_a_measured_number_must_be_a_number():
    with pytest.raises(InputError, match="expected a number"):
        Measured.of("many")


def test_the_latest_run_is_the_one_that_was_finished_last(tmp_path):
    store = RunStore(tmp_path)
    early = store.resume_or_start("99-toy-walk", {"scale": "smoke", "seed": 0})
    late = store.resume_or_start("99-toy-walk", {"scale": "smoke", "seed": 1})
    assert store.latest("99-toy-walk") is None
    late.write("findings.json", "{}")
    early.write("findings.json", "{}")
    os.utime(late.path / "findings.json", ns=(1, 1))
    found = store.latest("99-toy-walk")
    assert found is not None
    assert found.path == early.path
