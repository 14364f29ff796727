"""`inscape serve`: what it refuses in one line, and how it begins and ends."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="the gallery needs: pip install 'inscape[web]'")

from inscape.app import serve_command
from inscape.app.cli import main
from inscape.app.gallery.jobs import Jobs
from inscape.app.serve_command import invitation


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["serve", *arguments])
    assert ended.value.code == 2
    said = capsys.readouterr().err.strip()
    assert "\n" not in said
    return said


def test_an_address_that_others_reach_needs_a_token(capsys):
    assert "--token" in refused(capsys, "--host", "0.0.0.0", "--port", "0")


def test_a_taken_port_is_said_with_another_one(capsys):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        assert f"--port {port + 1}" in refused(capsys, "--port", str(port))


def test_an_address_that_is_no_address_is_refused(capsys):
    assert "not an address" in refused(capsys, "--host", "no such host", "--token", "long-enough")


def test_without_the_web_extra_it_says_in_one_line_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert "pip install 'inscape[web]'" in refused(capsys, "--port", "0")


def test_the_demo_ends_with_what_to_type_and_what_to_install_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = tmp_path / ".venv" / "bin" / "inscape"
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", "")
    assert invitation().endswith("in the browser: .venv/bin/inscape serve --open")
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    assert invitation().endswith("in the browser: inscape serve --open")
    monkeypatch.setattr(serve_command, "NEEDED", ("fastapi", "no_such_module"))
    assert invitation().endswith("pip install 'inscape[web]', then inscape serve --open")


def test_a_folder_that_cannot_be_used_is_refused_before_anything_is_served(capsys, tmp_path):
    file = tmp_path / "file"
    file.write_text("kept")
    assert f"--folder: {file} cannot be written" in refused(capsys, "--port", "0", "--folder", str(file))
    options = ("--port", "0", "--folder", str(tmp_path / "gallery"), "--runs", str(file))
    assert f"--runs: {file} is no folder" in refused(capsys, *options)
    assert file.read_text() == "kept"


@pytest.fixture
def served(tmp_path):
    """A gallery in a process of its own, and its address."""
    options = ["--port", "0", "--folder", str(tmp_path / "gallery"), "--runs", str(tmp_path / "runs")]
    command = [sys.executable, "-m", "inscape", "serve", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        found = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
        assert found
        yield server, found.group()
        server.kill()


def begin_a_contest(address):
    """Take a sample as a page does; the job's id."""
    with urllib.request.urlopen(urllib.request.Request(f"{address}learn", headers={"accept": "text/html"})) as answer:
        token = re.search(r'name="csrf-token" content="(\w+)"', answer.read().decode()).group(1)
        visitor = answer.headers["set-cookie"].partition(";")[0]
    headers = {"x-csrf-token": token, "cookie": visitor}
    asked = urllib.request.Request(f"{address}learn/sample/lorenz-noisy", method="POST", headers=headers)
    with urllib.request.urlopen(asked, timeout=300) as answer:
        return json.load(answer)["job"]


def test_it_answers_where_it_says_and_ends_when_told(served):
    server, address = served
    with urllib.request.urlopen(address, timeout=300) as answer:
        assert b"inscape" in answer.read()
    server.send_signal(signal.SIGINT)
    _, said = server.communicate(timeout=300)
    assert "Traceback" not in said


def test_it_ends_quietly_while_a_page_follows_a_job_however_often_it_is_told(served, tmp_path):
    server, address = served
    job = begin_a_contest(address)
    with urllib.request.urlopen(f"{address}api/jobs/{job}/events", timeout=300) as progress:
        assert progress.readline().startswith(b"data: ")
        server.send_signal(signal.SIGINT)
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=300)
    assert "Traceback" not in said
    kept = json.loads((tmp_path / "gallery" / "jobs" / job / "job.json").read_text())
    assert (kept["state"], "stopped" in kept["message"]) == ("failed", True)


def workers_of(job):
    """Processes that are at work for a job."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if job in (place / "cmdline").read_text():
                found.append(place.name)
    return found


def test_a_gallery_that_is_killed_leaves_no_worker_behind_and_its_job_as_failed(served, tmp_path):
    server, address = served
    job = begin_a_contest(address)
    with urllib.request.urlopen(f"{address}api/jobs/{job}/events", timeout=300) as progress:
        told = (json.loads(line.removeprefix(b"data: ")) for line in progress if line.startswith(b"data: "))
        assert any(job["label"] for job in told)  # By then the worker is awake.
    assert workers_of(job)
    server.kill()
    server.wait(300)
    end = time.monotonic() + 300
    while workers_of(job) and time.monotonic() < end:
        time.sleep(0.1)
    assert workers_of(job) == []
    assert Jobs(tmp_path / "gallery" / "jobs").get(job).state == "failed"


def test_a_second_gallery_on_the_same_folder_is_sent_to_the_first_and_leaves_its_work_alone(served, capsys, tmp_path):
    _, address = served
    job = begin_a_contest(address)
    said = refused(capsys, "--port", "0", "--folder", str(tmp_path / "gallery"), "--runs", str(tmp_path / "runs"))
    assert f"a gallery works in {tmp_path / 'gallery'} already, at {address}" in said
    with urllib.request.urlopen(f"{address}api/jobs/{job}", timeout=300) as answer:
        assert json.load(answer)["state"] == "running"


def test_a_token_stands_in_the_address_as_an_address_can_hold_it():
    assert serve_command._address("localhost", 1, "a b&c=ü") == "http://localhost:1/?token=a%20b%26c%3D%C3%BC"
