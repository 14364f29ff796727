"""The command line as a stranger meets it: exit codes, one clear line, nothing half-written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from inscape.trajectories import Trajectory, write


def inscape(*arguments: object, timeout: float = 500.0, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "inscape", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
    )


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    t = np.arange(400) * 0.1
    rows = ["time,speed,angle", *(f"{a:.9g},{np.sin(a):.12g},{np.cos(a):.12g}" for a in t)]
    file = tmp_path / "wheel.csv"
    file.write_text("\n".join(rows) + "\n")
    return file


def refused(*arguments: object) -> str:
    """The one line that a refused command says."""
    done = inscape(*arguments)
    assert done.returncode == 2, done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("inscape: ")
    assert "Traceback" not in done.stderr
    return lines[0]


def test_help_names_the_commands_and_teaches_by_example() -> None:
    done = inscape("--help")
    assert done.returncode == 0
    for command in ("learn", "forecast", "demo", "doctor", "systems", "study"):
        assert command in done.stdout
    assert "inscape learn recording.csv --report report.html" in done.stdout
    for command in (["learn"], ["forecast"], ["systems", "simulate"], ["study", "run"]):
        assert f"inscape {' '.join(command)}" in inscape(*command, "--help").stdout


def test_learning_prints_the_law_and_writes_report_and_model(wheel: Path) -> None:
    report, folder = wheel.parent / "wheel.html", wheel.parent / "wheel-law"
    done = inscape("learn", wheel, "--laws", "dmd,sindy", "--report", report, "--save", folder, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    assert "Law found" in done.stdout
    assert "\x1b[" not in done.stdout
    assert done.stderr == ""
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    ahead = inscape("forecast", folder, "--horizon", "3", "--json")
    assert ahead.returncode == 0, ahead.stderr
    found = json.loads(ahead.stdout)
    assert found["times"] == pytest.approx([40.0, 40.1, 40.2])
    assert np.asarray(found["states"])[:, 0] == pytest.approx(np.sin([40.0, 40.1, 40.2]), abs=1e-5)


def test_json_is_the_only_thing_on_standard_output(wheel: Path) -> None:
    done = inscape("learn", wheel, "--laws", "dmd", "--json", "--jobs", "1")
    found = json.loads(done.stdout)
    assert found["recording"]["states"] == ["speed", "angle"]
    assert found["settings"]["laws"] == ["dmd"]


def test_a_forecast_from_a_recording_goes_to_a_file(wheel: Path) -> None:
    from inscape.trajectories import read

    out = wheel.parent / "next.csv"
    done = inscape("forecast", wheel, "--horizon", "5", "--out", out, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    found = read(out)
    assert isinstance(found, Trajectory)
    assert found.states[:, 1] == pytest.approx(np.cos(np.arange(400, 405) * 0.1), abs=1e-4)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert "no such file" in refused("learn", tmp_path / "nothing.csv")


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    assert "empty.csv" in refused("learn", tmp_path / "empty.csv")


def test_a_text_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "poem.csv").write_text("season of mists\nand mellow fruitfulness\nclose bosom-friend\n")
    assert "poem.csv" in refused("learn", tmp_path / "poem.csv")


def test_a_column_without_a_number_is_named(tmp_path: Path) -> None:
    file = tmp_path / "hole.csv"
    file.write_text("time,x,gone\n" + "".join(f"{k},{np.sin(k / 5)},nan\n" for k in range(60)))
    assert "gone" in refused("learn", file)


def test_an_unknown_column_is_answered_with_the_nearest(wheel: Path) -> None:
    assert "nearest: angle" in refused("learn", wheel, "--columns", "angel")


def test_one_sample_is_too_few(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("time,x\n0,1\n")
    assert "sample" in refused("learn", tmp_path / "one.csv")


def test_a_recording_without_time_is_asked_for_dt(tmp_path: Path) -> None:
    np.savez(tmp_path / "bare.npz", x=np.sin(np.arange(80) / 5))
    assert "dt" in refused("learn", tmp_path / "bare.npz")


def test_an_unknown_option_command_law_or_sample_is_told_in_one_line(wheel: Path) -> None:
    assert "--bananas" in refused("learn", wheel, "--bananas")
    assert "learn" in refused("laern", wheel)
    assert "sindy" in refused("learn", wheel, "--laws", "sindi")
    assert "lynx-hare" in refused("learn", "--sample", "lynx")
    assert "Lorenz" in refused("systems", "show", "Lorentz")
    assert "desk" in refused("study", "run", "22", "--scale", "desc")


def test_a_report_that_cannot_be_written_is_told_before_the_work(wheel: Path) -> None:
    started = time.perf_counter()
    line = refused("learn", wheel, "--report", wheel.parent / "nowhere" / "report.html")
    assert "does not exist" in line
    assert time.perf_counter() - started < 20


def test_a_refused_recording_leaves_no_report_behind(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("time,x\n0,1\n")
    refused("learn", tmp_path / "one.csv", "--report", tmp_path / "report.html", "--save", tmp_path / "law")
    assert [p.name for p in tmp_path.iterdir()] == ["one.csv"]


def test_the_traceback_is_there_for_who_asks(tmp_path: Path) -> None:
    done = inscape("learn", tmp_path / "nothing.csv", INSCAPE_DEBUG="1")
    assert "Traceback" in done.stderr


def test_an_interrupt_ends_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    t = np.arange(20_000) * 0.01
    rng = np.random.default_rng(0)
    states = np.stack([np.sin(t * k) for k in range(1, 9)], axis=1) + 0.1 * rng.normal(size=(len(t), 8))
    write(Trajectory(t, states), tmp_path / "long.npz")
    process = subprocess.Popen(
        [sys.executable, "-m", "inscape", "learn", str(tmp_path / "long.npz"), "--report", str(tmp_path / "r.html")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background job hears no interrupt, and the tests may run in one.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        time.sleep(4.0)
        assert process.poll() is None, "the work was over before the interrupt"
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=300)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 130, said
    assert said.strip() == "inscape: interrupted; nothing was left half-written"
    assert [p.name for p in tmp_path.iterdir()] == ["long.npz"]


def test_times_out_of_order_and_twice_are_mended_on_request(tmp_path: Path) -> None:
    rows = [f"{k},{np.sin(k / 3):.6f}" for k in (*range(30), 12, 7)]
    file = tmp_path / "jumbled.csv"
    file.write_text("\n".join(["t,x", *rows]) + "\n")
    assert "--sort" in refused("learn", file)
    assert "--duplicates" in refused("learn", file, "--sort")
    done = inscape("learn", file, "--sort", "--duplicates", "first", "--laws", "persistence", "--json")
    assert done.returncode == 0, done.stderr


def test_a_reader_that_stops_reading_is_no_error() -> None:
    command = f"{sys.executable} -m inscape systems list | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0


def test_systems_are_listed_shown_and_simulated(tmp_path: Path) -> None:
    from inscape.trajectories import read

    listed = json.loads(inscape("systems", "list", "--kind", "map", "--json").stdout)
    assert len(listed) == 23
    shown = inscape("systems", "show", "lorenz")
    assert "Deterministic nonperiodic flow" in shown.stdout
    out = tmp_path / "lorenz.csv"
    made = inscape("systems", "simulate", "Lorenz", "--periods", "2", "--set", "rho=35", "--out", out)
    assert made.returncode == 0, made.stderr
    run = read(out)
    assert isinstance(run, Trajectory)
    assert 200 <= len(run) <= 201
    assert run.states[:, 2].max() > 45  # rho = 28 stays below 48 and rarely above 45 within two periods


def test_a_parameter_that_is_no_number_is_told(tmp_path: Path) -> None:
    assert "rho=35" in refused("systems", "simulate", "Lorenz", "--set", "rho", "--out", tmp_path / "x.csv")
    assert "rho" in refused("systems", "simulate", "Lorenz", "--set", "rhoo=1", "--out", tmp_path / "x.csv")


def test_studies_are_listed() -> None:
    done = inscape("study", "list", "--json")
    assert done.returncode == 0, done.stderr
    assert isinstance(json.loads(done.stdout), list)


def test_an_output_that_cannot_be_written_is_refused_before_anything_is_learned(wheel: Path, tmp_path: Path) -> None:
    assert "suffix not known" in refused("forecast", wheel, "--out", tmp_path / "next.xyz")
    assert "is there already" in refused("forecast", wheel, "--out", wheel)
    assert "no such folder" in refused("forecast", wheel, "--out", tmp_path / "nowhere" / "next.csv")
    assert "is no model folder" in refused("learn", wheel, "--save", wheel)


def test_a_folder_that_is_no_recording_is_called_a_folder(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").mkdir()
    assert "is a folder" in refused("learn", tmp_path / "rows.csv")
    assert "is a folder" in refused("learn", tmp_path)


def test_noise_without_bounds_is_refused(tmp_path: Path) -> None:
    assert "--noise" in refused("systems", "simulate", "Lorenz", "--noise", "inf", "--out", tmp_path / "a.csv")
    assert not list(tmp_path.iterdir())


def test_a_history_is_taken_by_the_names_of_its_columns(wheel: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert inscape("learn", wheel, "--laws", "sindy", "--jobs", "1", "--save", kept).returncode == 0
    rows = [line.split(",") for line in wheel.read_text().split()]
    turned, other = tmp_path / "turned.csv", tmp_path / "other.csv"
    turned.write_text("\n".join(f"{t},{angle},{'load' if t == 'time' else 7},{speed}" for t, speed, angle in rows))
    other.write_text(wheel.read_text().replace("angle", "height"))
    straight = json.loads(inscape("forecast", kept, "--history", wheel, "--horizon", "3", "--json").stdout)
    mixed = json.loads(inscape("forecast", kept, "--history", turned, "--horizon", "3", "--json").stdout)
    assert mixed == straight
    assert "column of the model 'angle' is not known" in refused("forecast", kept, "--history", other)
