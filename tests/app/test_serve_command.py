"""`inscape serve`: what it refuses in one line, and how it begins and ends."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

pytest.importorskip("uvicorn", reason="the gallery needs: pip install 'inscape[web]'")

from inscape.app import serve_command
from inscape.app.cli import main
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


def test_it_prints_its_address_answers_there_and_ends_when_told(tmp_path):
    command = [
        sys.executable,
        "-m",
        "inscape",
        "serve",
        "--port",
        "0",
        "--folder",
        str(tmp_path),
        "--runs",
        str(tmp_path / "r"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
        assert found
        with urllib.request.urlopen(found.group(), timeout=300) as answer:
            assert b"inscape" in answer.read()
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=300)
    assert "Traceback" not in said
