"""The main job from Python: what comes out, what is kept, and what bad input is told."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas
import pytest

import inscape
from inscape.app.equations import coefficients
from inscape.app.learn import learn
from inscape.app.learned import Learned
from inscape.app.preparation import prepare
from inscape.app.samples import SAMPLES, lorenz, sample
from inscape.errors import InputError, UnknownNameError
from inscape.trajectories import Trajectory


@pytest.fixture(scope="module")
def learned() -> Learned:
    return learn(lorenz(samples=1_500), laws=["sindy"], jobs=1)


def wheel(samples: int = 200) -> np.ndarray:
    t = np.arange(samples) * 0.1
    return np.stack([np.sin(t), np.cos(t)], axis=1)


def test_the_law_of_lorenz_comes_back_as_a_system_with_its_exponent(learned: Learned) -> None:
    assert learned.verdict.kind == "law"
    assert learned.equations[0] == "dx/dt = -10 x + 10 y"
    assert learned.law.rhs(np.array([1.0, 2.0, 3.0])) == pytest.approx([10.0, 23.0, 2 - 3 * 2.667], abs=1e-6)
    largest = next(m for m in learned.invariants.measured if m.name == "Lyapunov exponent 1")
    assert abs(largest.value - 0.9056) < 4 * largest.error
    assert largest.error < 0.05


def test_everything_that_was_found_is_json(learned: Learned) -> None:
    found = json.loads(json.dumps(learned.to_dict(), allow_nan=False))
    assert found["verdict"]["kind"] == "law"
    assert found["leaderboard"][0]["family"] == "sindy"
    assert len(found["forecast"]["states"]) == len(found["forecast"]["times"])


def test_a_kept_model_forecasts_as_the_one_that_was_learned(learned: Learned, tmp_path: Path) -> None:
    folder = learned.save(tmp_path / "law")
    kept = inscape.load(folder)
    ahead = kept.forecast(len(learned.forecast))
    assert np.allclose(ahead.states, learned.forecast.states, rtol=1e-9, atol=1e-9)
    assert np.array_equal(ahead.times, learned.forecast.times)
    assert kept.law.rhs(np.ones(3)) == pytest.approx(learned.law.rhs(np.ones(3)))
    assert "dx/dt = -10 x + 10 y" in (folder / "law.txt").read_text()


@pytest.mark.parametrize("family", ["dmd", "nvar", "sindy", "mean", "seasonal"])
def test_every_family_of_the_house_can_be_kept(family: str, tmp_path: Path) -> None:
    from inscape.app.model_state import decode_model, encode_model
    from inscape.models.registry import candidates
    from inscape.trajectories import as_trajectories

    run = lorenz(noise=0.01, samples=600)
    for candidate in candidates(as_trajectories(run)):
        if candidate.family != family:
            continue
        model = candidate.model.fit(run[:500])
        record, arrays = encode_model(model)
        np.savez(tmp_path / "a.npz", **arrays)
        with np.load(tmp_path / "a.npz", allow_pickle=False) as opened:
            again = decode_model(json.loads(json.dumps(record)), {k: opened[k] for k in opened.files})
        history = run[:500]
        assert np.allclose(
            again.forecast(history, 5).states, model.forecast(history, 5).states, rtol=1e-9, atol=1e-9, equal_nan=True
        )


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no model.json"):
        inscape.load(tmp_path)


def test_a_damaged_model_folder_is_told_in_one_line(learned: Learned, tmp_path: Path) -> None:
    folder = learned.save(tmp_path / "law")
    (folder / "arrays.npz").write_bytes(b"PK\x03\x04 but not really")
    with pytest.raises(InputError, match="damaged"):
        inscape.load(folder)


def test_a_model_folder_cannot_name_code_of_its_own(learned: Learned, tmp_path: Path) -> None:
    folder = learned.save(tmp_path / "law")
    record = json.loads((folder / "model.json").read_text())
    for name in ("os:system", "inscape.app.cli:main", "inscape.models.nowhere:Model", "builtins:eval"):
        record["model"]["class"] = name
        (folder / "model.json").write_text(json.dumps(record))
        with pytest.raises(InputError, match=r"model\.json"):
            inscape.load(folder)


def test_a_folder_with_other_things_in_it_is_not_overwritten(learned: Learned, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    with pytest.raises(InputError, match="no model folder"):
        learned.save(tmp_path / "thesis")
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"


def test_an_older_model_folder_is_replaced_whole(learned: Learned, tmp_path: Path) -> None:
    folder = learned.save(tmp_path / "law")
    (folder / "old.txt").write_text("of the older model")
    learned.save(folder)
    assert sorted(p.name for p in folder.iterdir()) == ["arrays.npz", "law.txt", "model.json"]
    assert [p.name for p in tmp_path.iterdir()] == ["law"]


def test_a_file_a_frame_and_an_array_give_the_same_law(tmp_path: Path) -> None:
    states = wheel()
    table = pandas.DataFrame(states, columns=["a", "b"], index=pandas.Index(np.arange(200) * 0.1, name="time"))
    table.to_csv(tmp_path / "wheel.csv")
    found = [
        learn(recording, dt=dt, laws=["dmd"], jobs=1).contest.model.operator_
        for recording, dt in ((tmp_path / "wheel.csv", None), (table, None), (states, 0.1))
    ]
    assert np.allclose(found[0], found[1], atol=1e-8)
    assert np.allclose(found[0], found[2], atol=1e-8)


def test_uneven_sampling_is_mended_and_said() -> None:
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0, 20, 300))
    run = Trajectory(times, np.stack([np.sin(times), np.cos(times)], axis=1))
    learned = learn(run, laws=["dmd"], jobs=1)
    assert any("unevenly" in note for note in learned.notes)


def test_a_constant_column_is_left_out_and_said() -> None:
    run = Trajectory(np.arange(200) * 0.1, np.column_stack([wheel(), np.ones(200)]), state_names=("a", "b", "still"))
    learned = learn(run, laws=["dmd"], jobs=1)
    assert learned.contest.recording.state_names == ("a", "b")
    assert any("still" in note for note in learned.notes)


def test_a_state_can_be_named_an_input() -> None:
    rng = np.random.default_rng(0)
    u = rng.normal(size=300)
    x = np.zeros(300)
    for k in range(299):
        x[k + 1] = 0.8 * x[k] + u[k]
    run = Trajectory(np.arange(300.0), np.stack([x, u], axis=1), state_names=("x", "u"))
    learned = learn(run, inputs=["u"], laws=["dmd"], jobs=1)
    assert learned.contest.recording.input_names == ("u",)
    assert learned.contest.winner.held_out is not None
    assert learned.contest.winner.held_out.mean < 1e-6


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        (np.ones((100, 2)), "constant"),
        (np.zeros((0, 2)), "no"),
        (np.ones(1), "sample"),
        (np.array([["a", "b"]] * 20), "numbers"),
        (np.array([object()] * 20), "expected"),
        (np.arange(40.0).reshape(4, 10) + np.inf, "infinit"),
        ("no/such/file.csv", "no such file"),
        ({"x": 1}, "expected"),
    ],
)
def test_bad_input_is_told_in_one_line(recording: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        learn(recording, dt=0.1, jobs=1)
    assert "\n" not in str(told.value)


def test_an_array_without_time_is_asked_for_dt() -> None:
    with pytest.raises(InputError, match="dt"):
        learn(wheel())


def test_an_unknown_column_is_answered_with_the_nearest() -> None:
    run = Trajectory(np.arange(100) * 0.1, wheel(100), state_names=("speed", "angle"))
    with pytest.raises(UnknownNameError, match="nearest: angle"):
        learn(run, columns=["angel"])


def test_an_unknown_law_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="sindy"):
        learn(wheel(), dt=0.1, laws=["sinidy"])


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_every_sample_is_there_on_a_fresh_machine(name: str) -> None:
    run = sample(name)
    assert len(run) >= 21
    assert run.is_uniform
    assert run.is_complete


def test_the_typed_table_is_the_one_of_the_research_data(shared_data: Path) -> None:
    file = shared_data / "25-sindy-rl" / "lynx_hare_1900_1920.csv"
    if not file.is_file():
        pytest.skip(f"no table at {file}")
    theirs = np.genfromtxt(file, delimiter=",", names=True)
    ours = sample("lynx-hare")
    assert np.array_equal(ours.times, theirs["year"])
    assert np.array_equal(ours.states, np.stack([theirs["hare_thousand_pelts"], theirs["lynx_thousand_pelts"]], axis=1))


def test_coefficients_are_read_off_the_law_by_term(learned: Learned) -> None:
    found = coefficients(learned.model)
    assert found["z"] == pytest.approx({"z": -2.667, "x*y": 1.0}, abs=1e-6)


def test_importing_inscape_imports_none_of_its_machinery() -> None:
    import subprocess
    import sys

    heavy = ["numpy", "scipy", "sympy", "pandas", "heyoka", "sklearn", "torch", "plotly", "numba", "xarray", "joblib"]
    code = f"import inscape, inscape.app.cli, sys; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_public_names_are_found_when_they_are_asked_for() -> None:
    assert inscape.learn is learn
    assert inscape.zoo["Lorenz"].name == "Lorenz"
    assert set(inscape.__all__) <= set(dir(inscape))
    with pytest.raises(AttributeError, match="nowhere"):
        _ = inscape.nowhere


def test_a_long_gap_parts_the_run_and_nothing_is_drawn_across_it() -> None:
    t = np.concatenate([np.arange(150), 1e12 + np.arange(150)]) * 0.1
    found = prepare(Trajectory(t, np.stack([np.sin(t), np.cos(t)], axis=1)))
    assert found.runs.lengths == (150, 150)
    assert any("parted there into 2 runs" in note for note in found.notes)


def test_a_short_gap_is_bridged_and_the_note_says_so() -> None:
    t = np.delete(np.arange(200), [60, 61]) * 0.1
    found = prepare(Trajectory(t, np.sin(t)[:, None]))
    assert found.runs.lengths == (200,)
    assert any("resampled" in note for note in found.notes)


def test_time_that_is_mostly_gaps_is_refused_before_it_fills_the_memory() -> None:
    t = np.concatenate([np.arange(20) + 1e9 * block for block in range(10)])
    with pytest.raises(InputError, match="expected few gaps"):
        prepare(Trajectory(t, np.sin(t)[:, None]))


def test_a_run_of_one_sample_beside_longer_ones_is_left_out_and_named() -> None:
    long = Trajectory(np.arange(200) * 0.1, wheel())
    found = prepare([long, long[:1]])
    assert found.runs.lengths == (200,)
    assert found.notes == ("1 of 2 runs hold one sample and were left out",)


@pytest.mark.parametrize("factor", [1e200, 1e-200])
def test_numbers_whose_products_leave_the_range_of_floats_are_refused(factor: float) -> None:
    with pytest.raises(InputError, match="give it another unit"):
        learn(wheel() * factor, dt=0.1)


def test_an_empty_list_of_laws_is_refused() -> None:
    with pytest.raises(InputError, match="laws: none named"):
        learn(wheel(), dt=0.1, laws=[], jobs=1)


def test_a_guessed_time_column_is_said_once_among_the_findings(tmp_path: Path) -> None:
    file = tmp_path / "zeit.csv"
    file.write_text("Zeit,x\n" + "\n".join(f"{k / 10},{np.sin(k / 10)}" for k in range(100)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = prepare(file)
    assert sum("taken as time" in finding.message for finding in found.findings) == 1
